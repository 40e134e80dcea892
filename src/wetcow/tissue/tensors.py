"""Small symmetric tensors on grids: checks and changes of frame."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from wetcow.tissue.errors import NonPositiveTensorError, ShapeMismatchError, TissueError
from wetcow.validation import refuse_masked

SYMMETRIC_WITHIN = 1e-4  # of the trace; single precision and files in text
POSITIVE_WITHIN = 1e-5  # of the trace


def _first(bad: np.ndarray) -> str:
    """How many voxels are bad, and which is the first."""
    first = tuple(int(index) for index in np.argwhere(bad)[0])
    return f"{int(bad.sum())} of {bad.size} voxels, the first at {first}"


def check_finite(name: str, tensors: np.ndarray, mask: np.ndarray | None = None) -> None:
    """Raise `TissueError` if tensors (*grid, d, d) inside `mask` have NaN or infinite entries."""
    bad = ~np.all(np.isfinite(tensors), axis=(-1, -2))
    bad = bad if mask is None else bad & mask
    if bad.any():
        raise TissueError(
            f"{name} has NaN or infinite entries in {_first(bad)}; leave such voxels out by a mask"
        )


def check_symmetric(name: str, tensors: np.ndarray) -> None:
    """Raise `TissueError` if tensors (*grid, d, d) are not symmetric."""
    scale = np.abs(np.trace(tensors, axis1=-2, axis2=-1))[..., None, None]
    uneven = np.abs(tensors - np.swapaxes(tensors, -1, -2)) > SYMMETRIC_WITHIN * scale
    bad = uneven.any((-1, -2))
    if bad.any():
        raise TissueError(f"{name} must be symmetric tensors; they are not in {_first(bad)}")


def is_semi_definite(tensors: np.ndarray) -> np.ndarray:
    """Where tensors (*grid, d, d) have no negative eigenvalue, bool (*grid,).

    By the signs of all principal minors, which is many times faster than eigenvalues.
    """
    dimension = tensors.shape[-1]
    trace = np.trace(tensors, axis1=-2, axis2=-1)
    unit = tensors / np.where(trace > 0, trace, 1)[..., None, None]
    good = (trace > 0) | (np.abs(tensors).max((-1, -2)) == 0)
    for size in range(1, dimension + 1):
        for chosen in itertools.combinations(range(dimension), size):
            good &= _determinant(unit[..., chosen, :][..., chosen]) >= -POSITIVE_WITHIN
    return good


def _determinant(m: np.ndarray) -> np.ndarray:
    if m.shape[-1] == 1:
        return m[..., 0, 0]
    if m.shape[-1] == 2:
        return m[..., 0, 0] * m[..., 1, 1] - m[..., 0, 1] * m[..., 1, 0]
    total: Any = sum(
        m[..., 0, i] * (m[..., 1, j] * m[..., 2, k] - m[..., 1, k] * m[..., 2, j])
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1))
    )
    return total


def check_semi_definite(name: str, tensors: np.ndarray) -> None:
    """Raise `NonPositiveTensorError` if tensors (*grid, d, d) have negative eigenvalues."""
    bad = ~is_semi_definite(tensors)
    if bad.any():
        raise NonPositiveTensorError(
            f"{name} must have no negative eigenvalue (a passive tissue cannot amplify); it has in "
            f"{_first(bad)}"
        )


def check_positive(name: str, eigenvalues: np.ndarray, mask: np.ndarray, advice: str) -> None:
    """Raise `NonPositiveTensorError` if eigenvalues (*grid, d) inside `mask` are not positive."""
    bad = ~(eigenvalues > 0).all(-1) & mask
    if bad.any():
        raise NonPositiveTensorError(
            f"{name} must be positive definite; it is not in {_first(bad)}. {advice}"
        )


def check_mask(mask: Any, grid: tuple[int, ...]) -> np.ndarray:
    """Return `mask` as bool (*grid,), or say why it does not fit."""
    refuse_masked("the mask", mask)
    mask = np.asarray(mask)
    if mask.dtype.kind not in "biuf":
        raise TissueError(f"the mask must be of booleans or numbers, got {mask.dtype}")
    if mask.shape != grid:
        raise ShapeMismatchError(
            f"the mask must have the shape of the grid, {grid}, got {mask.shape}"
        )
    mask = np.isfinite(mask) & (mask != 0)  # NaN is outside
    if not mask.any():
        raise TissueError("the mask leaves no voxel")
    return mask


def rotated(tensors: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """R T Rᵀ of tensors (..., d, d)."""
    return rotation @ tensors @ rotation.T
