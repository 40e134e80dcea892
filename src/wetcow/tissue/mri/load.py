"""Diffusion-weighted images as FSL, dcm2niix and dipy write them, read and checked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from wetcow.tissue.errors import ShapeMismatchError, TissueError
from wetcow.tissue.mri.gradients import UNWEIGHTED, check_gradients, in_shells, read_numbers
from wetcow.tissue.mri.images import check_same_place, read_image
from wetcow.tissue.tensors import check_mask
from wetcow.validation import number


class DiffusionData(NamedTuple):
    """A diffusion-weighted volume.

    Attributes
    ----------
    signal : float32 array (x, y, z, n)
    affine : array (4, 4)
        From voxel indices to world coordinates, mm.
    bvals : array (n,)
        s/mm².
    bvecs : array (n, 3)
        Unit vectors along the array's axes; zero where b is.
    mask : bool array (x, y, z)
    b0_threshold : float
        s/mm²; volumes up to it count as unweighted.
    """

    signal: np.ndarray
    affine: np.ndarray
    bvals: np.ndarray
    bvecs: np.ndarray
    mask: np.ndarray
    b0_threshold: float = UNWEIGHTED


def load_diffusion(
    dwi: str | os.PathLike,
    bvals: str | os.PathLike,
    bvecs: str | os.PathLike,
    mask: str | os.PathLike | None = None,
    *,
    bvecs_frame: Literal["fsl", "array"] = "fsl",
    b0_threshold: float = UNWEIGHTED,
    shells: Sequence[float] | None = None,
) -> DiffusionData:
    """Read and check a diffusion-weighted volume.

    Parameters
    ----------
    dwi : path
        4-D NIfTI image; lengths in the unit that its header names, mm if it names none.
    bvals, bvecs : path
        Text files, as FSL, dcm2niix and dipy write them; b in s/mm². Commas may separate numbers.
    mask : path, optional
        3-D NIfTI image on the same grid, tissue where it is neither zero nor NaN. Default: all
        voxels with signal; give a mask for anything with air or bone in it.
    bvecs_frame : {"fsl", "array"}
        "fsl": FSL's convention, along the array's axes, the first one reversed if the affine has a
        positive determinant. "array": along the array's axes as they are.
    b0_threshold : float
        s/mm²; volumes with b up to it count as unweighted.
    shells : sequence of float, optional
        b-values, s/mm², to use beside the unweighted volumes, each ± 5 %. Default: all.

    Returns
    -------
    DiffusionData

    Raises
    ------
    FileNotFoundError
        If an image does not exist.
    GradientTableError
        For b-values or b-vectors that are missing, incomplete or too few.
    ShapeMismatchError
        For images that do not fit each other.
    TissueError
        For damaged images, axes that are not at right angles, or an empty mask.
    """
    if bvecs_frame not in ("fsl", "array"):
        raise TissueError(f"bvecs_frame must be 'fsl' or 'array', got {bvecs_frame!r}")
    b0_threshold = number("b0_threshold", b0_threshold, minimum=0)
    signal, affine = read_image(dwi, "diffusion image")
    if signal.ndim != 4:
        raise ShapeMismatchError(
            f"{dwi} must have four axes, three of space and one of volumes; got {signal.shape}"
        )
    check_right_angles(affine)
    values, vectors = check_gradients(
        read_numbers(bvals, "b-values"),
        read_numbers(bvecs, "b-vectors"),
        signal.shape[3],
        b0_threshold,
    )
    if shells is not None:
        used = in_shells(values, shells, b0_threshold)
        signal = signal[..., used]
        values, vectors = check_gradients(
            values[used], vectors[used], int(used.sum()), b0_threshold
        )
    if bvecs_frame == "fsl" and np.linalg.det(affine[:3, :3]) > 0:
        vectors = vectors * [-1, 1, 1]
    unweighted = signal[..., values <= b0_threshold].mean(-1)
    usable = np.isfinite(signal).all(-1) & (unweighted > 0)
    if mask is not None:
        usable &= _read_mask(mask, affine, signal.shape[:3])
    inside = check_mask(usable, signal.shape[:3])
    return DiffusionData(
        signal=signal,
        affine=affine,
        bvals=values,
        bvecs=vectors,
        mask=inside,
        b0_threshold=b0_threshold,
    )


def _read_mask(mask: str | os.PathLike, affine: np.ndarray, grid: tuple[int, ...]) -> np.ndarray:
    """Where a mask image is neither zero nor NaN, bool (x, y, z), on the grid of the data."""
    chosen, where = read_image(mask, "mask")
    chosen = chosen[..., 0] if chosen.ndim == 4 and chosen.shape[3] == 1 else chosen
    if chosen.shape != grid:
        raise ShapeMismatchError(
            f"mask {mask} has shape {chosen.shape}, the diffusion image {grid}"
        )
    check_same_place(where, affine, grid, (f"mask {mask}", "the diffusion image"))
    return np.isfinite(chosen) & (chosen != 0)


def check_right_angles(affine: np.ndarray) -> None:
    """Raise `TissueError` if the axes of an image are not at right angles."""
    axes = affine[:3, :3]
    sizes = np.linalg.norm(axes, axis=0)
    if not np.all(np.isfinite(affine)) or np.any(sizes == 0):
        raise TissueError("the image's affine is not invertible")
    angles = (axes / sizes).T @ (axes / sizes) - np.eye(3)
    if np.abs(angles).max() > 1e-3:
        raise TissueError("the image's axes are not at right angles (sheared); resample it first")
