"""From water diffusion to conductivity: the tensors share their eigenvectors (Tuch et al. 2001)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from wetcow.tissue.errors import ShapeMismatchError, TissueError
from wetcow.tissue.tensors import check_finite, check_mask, check_positive, check_symmetric
from wetcow.validation import number, refuse_masked

TUCH_SLOPE = 0.844  # S·s/mm³; Tuch et al., PNAS 98:11697 (2001): 0.844 ± 0.0545, r² = 0.945
MEAN_CONDUCTIVITY = 0.33  # S/m; customary for grey matter in EEG source models
DiffusionMapping = Literal["linear", "volume-normalised"]
MAPPINGS = ("linear", "volume-normalised")
_ADVICE = "Leave such voxels out by a mask, or correct the data (noise, motion, wrong b-vectors)"


def conductivity_of_diffusion(
    diffusion: Any,
    mapping: DiffusionMapping = "linear",
    *,
    slope: float = TUCH_SLOPE,
    mean_conductivity: Any = MEAN_CONDUCTIVITY,
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Map diffusion tensors D to conductivity tensors σ.

    Parameters
    ----------
    diffusion : array (*grid, d, d)
        D, mm²/s; symmetric and positive definite inside the mask.
    mapping : {"linear", "volume-normalised"}
        "linear": σ = slope · D. "volume-normalised": σ = mean_conductivity · D / (det D)^(1/d),
        which keeps the shape of D and has a geometric mean eigenvalue that is given.
    slope : float
        For "linear", S·s/mm³. Default: Tuch's 0.844.
    mean_conductivity : float or array (*grid,)
        For "volume-normalised", S/m; an array gives each tissue its own.
    mask : bool array (*grid,), optional
        Outside it the result is zero.

    Returns
    -------
    float array (*grid, d, d)
        σ, S/m.

    Raises
    ------
    NonPositiveTensorError
        If a diffusion tensor is not positive definite.
    TissueError
        For an unknown mapping, parameters that are not positive, or tensors that are not symmetric
        or finite.

    Examples
    --------
    >>> D = np.diag([1.7e-3, 0.3e-3, 0.3e-3])
    >>> conductivity_of_diffusion(D).diagonal().round(4).tolist()
    [1.4348, 0.2532, 0.2532]
    >>> sigma = conductivity_of_diffusion(D, "volume-normalised", mean_conductivity=0.126)
    >>> round(float(np.linalg.det(sigma) ** (1 / 3)), 4)
    0.126
    """
    if mapping not in MAPPINGS:
        raise TissueError(f"mapping must be one of {', '.join(MAPPINGS)}, got {mapping!r}")
    refuse_masked("diffusion", diffusion)
    refuse_masked("mean_conductivity", mean_conductivity)
    diffusion = np.asarray(diffusion)
    if diffusion.ndim < 2 or diffusion.shape[-1] != diffusion.shape[-2]:
        raise ShapeMismatchError(
            f"diffusion must be tensors (*grid, d, d), got shape {diffusion.shape}"
        )
    grid = diffusion.shape[:-2]
    inside = np.ones(grid, bool) if mask is None else check_mask(mask, grid)
    check_finite("diffusion", diffusion, inside)
    diffusion = np.where(inside[..., None, None], diffusion, 0)
    check_symmetric("diffusion", diffusion)
    check_positive("diffusion", np.linalg.eigvalsh(diffusion), inside, _ADVICE)
    if mapping == "linear":
        try:
            slope = number("slope (S·s/mm³)", slope, above=0)
        except ValueError as error:
            raise TissueError(str(error)) from None
        return 1e3 * slope * diffusion  # S/mm to S/m
    mean = np.asarray(mean_conductivity, diffusion.dtype)
    if mean.shape not in ((), grid):
        raise ShapeMismatchError(
            f"mean_conductivity must be a number or have the shape {grid}, got {mean.shape}"
        )
    if not np.all(np.isfinite(mean[() if mean.ndim == 0 else inside])) or np.any(
        mean[() if mean.ndim == 0 else inside] <= 0
    ):
        raise TissueError("mean_conductivity must be finite and positive (S/m) inside the mask")
    size = np.linalg.det(diffusion) ** (1 / diffusion.shape[-1])
    factor = np.divide(mean, size, out=np.zeros(grid, diffusion.dtype), where=inside)
    return factor[..., None, None] * diffusion
