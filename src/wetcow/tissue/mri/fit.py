"""From a diffusion-weighted image to conductivity: tensors fitted by dipy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from wetcow.tissue.conductivity import BRAIN_PERMITTIVITY, Conductivity
from wetcow.tissue.diffusion import MAPPINGS, DiffusionMapping
from wetcow.tissue.errors import NonPositiveTensorError, TissueError
from wetcow.tissue.mri.gradients import UNWEIGHTED
from wetcow.tissue.mri.images import library
from wetcow.tissue.mri.load import DiffusionData, load_diffusion


def fit_diffusion(data: DiffusionData) -> tuple[np.ndarray, np.ndarray]:
    """Fit a diffusion tensor to each voxel by weighted least squares (dipy).

    Parameters
    ----------
    data : DiffusionData

    Returns
    -------
    tensors : float32 array (x, y, z, 3, 3)
        mm²/s along the array's axes; zero outside the mask.
    positive : bool array (x, y, z)
        Where the fit has three positive eigenvalues. (dipy lifts others to a tiny positive number.)
    """
    dti = library("dipy.reconst.dti")
    gradients = library("dipy.core.gradients")
    table = gradients.gradient_table(data.bvals, bvecs=data.bvecs, b0_threshold=data.b0_threshold)
    model = dti.TensorModel(table, fit_method="WLS")
    fitted = model.fit(data.signal.astype(np.float64), mask=data.mask)
    floor = 1e-6 / -model.design_matrix.min()  # dipy's, in mm²/s
    positive = data.mask & (fitted.evals.min(-1) > 1.001 * floor)
    tensors = fitted.quadratic_form * data.mask[..., None, None]
    return tensors.astype(np.float32), positive


def conductivity_from_dwi(
    dwi: str | os.PathLike,
    bvals: str | os.PathLike,
    bvecs: str | os.PathLike,
    mask: str | os.PathLike | None = None,
    *,
    mapping: DiffusionMapping = "linear",
    relative_permittivity: float = BRAIN_PERMITTIVITY,
    non_positive: Literal["raise", "exclude"] = "raise",
    bvecs_frame: Literal["fsl", "array"] = "fsl",
    b0_threshold: float = UNWEIGHTED,
    shells: Sequence[float] | None = None,
    **parameters: Any,
) -> Conductivity:
    """Fit tensors to a diffusion-weighted image and map them to conductivity.

    Parameters
    ----------
    dwi, bvals, bvecs, mask, bvecs_frame, b0_threshold, shells
        See `wetcow.tissue.mri.load_diffusion`.
    mapping : {"linear", "volume-normalised"}
        With its parameters ``slope`` (S·s/mm³) or ``mean_conductivity`` (S/m), see
        `wetcow.tissue.diffusion.conductivity_of_diffusion`.
    relative_permittivity : float
        ε/ε₀.
    non_positive : {"raise", "exclude"}
        What to do about voxels whose fitted tensor is not positive definite.

    Returns
    -------
    Conductivity
        Single precision; spacing in m, with the affine and mask of the images. Its axes are those
        of the image's array.

    Raises
    ------
    NonPositiveTensorError
        For fits that are not positive definite, unless they are to be excluded.
    FileNotFoundError, GradientTableError, ShapeMismatchError, TissueError
        As `load_diffusion`.
    ImportError
        If nibabel or dipy is not installed.

    Examples
    --------
    >>> from dipy.data import get_fnames
    >>> tissue = conductivity_from_dwi(*get_fnames(name="small_64D"), non_positive="exclude")
    >>> tissue.grid, tissue.spacing.round(4).tolist(), int(tissue.mask.sum())
    ((10, 10, 10), [0.002, 0.002, 0.002], 972)
    """
    if mapping not in MAPPINGS:
        raise TissueError(f"mapping must be one of {', '.join(MAPPINGS)}, got {mapping!r}")
    if non_positive not in ("raise", "exclude"):
        raise TissueError(f"non_positive must be 'raise' or 'exclude', got {non_positive!r}")
    data = load_diffusion(
        dwi,
        bvals,
        bvecs,
        mask,
        bvecs_frame=bvecs_frame,
        b0_threshold=b0_threshold,
        shells=shells,
    )
    tensors, positive = fit_diffusion(data)
    bad = int(data.mask.sum() - positive.sum())
    if bad and (non_positive == "raise" or not positive.any()):
        first = tuple(int(i) for i in np.argwhere(data.mask & ~positive)[0])
        raise NonPositiveTensorError(
            f"the diffusion tensors of {bad} of {data.mask.sum()} voxels are not positive "
            f"definite, the first at {first}; give a mask of tissue, check the b-vectors, or "
            "exclude such voxels (non_positive='exclude', --exclude-non-positive)"
        )
    return Conductivity.from_diffusion(
        tensors,
        np.linalg.norm(data.affine[:3, :3], axis=0) * 1e-3,  # mm to m
        relative_permittivity,
        mapping=mapping,
        mask=positive,
        affine=data.affine,
        **parameters,
    )
