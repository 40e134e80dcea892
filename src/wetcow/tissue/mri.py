"""From diffusion MRI (NIfTI, b-values, b-vectors) to conductivity; needs the extra `mri`.

Tensors are fitted by dipy, images are read by nibabel. Positions and tensors are in the frame of
the image's array: its axes, in metres from the first voxel.
"""

from __future__ import annotations

import io
import os
import pathlib
import warnings
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from wetcow.tissue.conductivity import BRAIN_PERMITTIVITY, Conductivity
from wetcow.tissue.diffusion import MAPPINGS, Mapping
from wetcow.tissue.errors import (
    GradientTableError,
    NonPositiveTensorError,
    ShapeMismatchError,
    TissueError,
)
from wetcow.tissue.images import check_same_place, library, read_image
from wetcow.tissue.tensors import check_mask
from wetcow.validation import array, number

UNWEIGHTED = 50.0  # s/mm²; b-values up to this count as none
FEWEST_DIRECTIONS = 6  # a tensor has six numbers
LARGEST_B = 1e6  # s/mm²; larger ones have another unit
SMALLEST_B = 20.0  # s/mm²; if none is larger they are in ms/µm²
_SAME_SHELL = 0.05  # relative; scanners differ by little from the b-value asked for
_UNIT_WITHIN = 0.1  # of the norm of b-vectors; beyond it they are no unit vectors at all


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


def _read_numbers(path: str | os.PathLike, what: str) -> np.ndarray:
    path = pathlib.Path(path).expanduser()
    if not path.exists():
        raise GradientTableError(f"no {what} at {path}")
    content = path.read_bytes()
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
        # Spreadsheets separate by commas or semicolons.
        rows = io.StringIO(text.replace(",", " ").replace(";", " "))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # an empty file is an error below
            values = np.loadtxt(rows, dtype=float, ndmin=2)
    except ValueError as error:
        raise GradientTableError(f"{path} has no {what}: {error}") from error
    if values.size == 0:
        raise GradientTableError(f"{path} has no {what}: it is empty")
    return values


def check_gradients(
    bvals: Any, bvecs: Any, volumes: int, b0_threshold: float = UNWEIGHTED
) -> tuple[np.ndarray, np.ndarray]:
    """Return b-values (n,) and unit b-vectors (n, 3) for n volumes, or say what is wrong.

    Parameters
    ----------
    bvals : array
        n numbers, s/mm².
    bvecs : array
        (n, 3) or (3, n). NaN or zero is allowed where b ≤ `b0_threshold`.
    volumes : int
        n.
    b0_threshold : float
        s/mm²; volumes up to it count as unweighted.

    Raises
    ------
    GradientTableError
    """
    try:
        bvals = np.ravel(array("b-values", bvals, finite=False))
        bvecs = array("b-vectors", bvecs, finite=False)
    except ValueError as error:
        raise GradientTableError(str(error)) from None
    if bvals.size != volumes:
        raise GradientTableError(f"there are {volumes} volumes but {bvals.size} b-values")
    if bvecs.shape == (3, volumes) and volumes != 3:
        bvecs = bvecs.T
    if bvecs.shape != (volumes, 3):
        raise GradientTableError(
            f"there are {volumes} volumes, which need b-vectors ({volumes}, 3) or (3, {volumes}); "
            f"got {bvecs.shape}"
        )
    if not np.all(np.isfinite(bvals)) or np.any(bvals < 0):
        raise GradientTableError("b-values must be finite and not negative (s/mm²)")
    if 0 < bvals.max() <= SMALLEST_B:
        raise GradientTableError(
            f"b-values up to {bvals.max():g} look like ms/µm²; they are in s/mm²: multiply by 1000"
        )
    if bvals.max() > LARGEST_B:
        raise GradientTableError(
            f"b-values up to {bvals.max():g} are impossible in s/mm² (more than {LARGEST_B:g}); "
            "those in s/m² are to be divided by 10⁶"
        )
    weighted = bvals > b0_threshold
    if weighted.all():
        raise GradientTableError(
            f"no volume is unweighted (b ≤ {b0_threshold:g} s/mm²), the lowest b-value is "
            f"{bvals.min():g}; if that counts as none, give b0_threshold={bvals.min():g}"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        length = np.sqrt(np.sum(bvecs**2, axis=1))
    missing = weighted & ~(length > 0)  # NaN too
    if missing.any():
        raise GradientTableError(
            f"b-vectors are missing (NaN or zero) for {missing.sum()} weighted volumes, the first "
            f"is volume {int(np.argmax(missing))}"
        )
    wrong = weighted & (np.abs(length - 1) > _UNIT_WITHIN)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise GradientTableError(
            f"b-vectors must be unit vectors; that of volume {first} has length {length[first]:.3g}"
        )
    unit = np.divide(bvecs, length[:, None], out=np.zeros_like(bvecs), where=weighted[:, None])
    x, y, z = unit[weighted].T
    numbers = np.stack([x * x, y * y, z * z, x * y, x * z, y * z], axis=1)
    rank = np.linalg.matrix_rank(numbers, tol=1e-3) if numbers.size else 0
    if rank < FEWEST_DIRECTIONS:
        raise GradientTableError(
            f"a tensor needs weighted volumes in {FEWEST_DIRECTIONS} independent directions, these "
            f"have {rank}"
        )
    return bvals, unit


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
        _read_numbers(bvals, "b-values"),
        _read_numbers(bvecs, "b-vectors"),
        signal.shape[3],
        b0_threshold,
    )
    if shells is not None:
        used = _in_shells(values, shells, b0_threshold)
        signal = signal[..., used]
        values, vectors = check_gradients(
            values[used], vectors[used], int(used.sum()), b0_threshold
        )
    if bvecs_frame == "fsl" and np.linalg.det(affine[:3, :3]) > 0:
        vectors = vectors * [-1, 1, 1]
    unweighted = signal[..., values <= b0_threshold].mean(-1)
    usable = np.isfinite(signal).all(-1) & (unweighted > 0)
    if mask is not None:
        chosen, where = read_image(mask, "mask")
        chosen = chosen[..., 0] if chosen.ndim == 4 and chosen.shape[3] == 1 else chosen
        if chosen.shape != signal.shape[:3]:
            raise ShapeMismatchError(
                f"mask {mask} has shape {chosen.shape}, the diffusion image {signal.shape[:3]}"
            )
        names = (f"mask {mask}", "the diffusion image")
        check_same_place(where, affine, signal.shape[:3], names)
        usable &= np.isfinite(chosen) & (chosen != 0)
    inside = check_mask(usable, signal.shape[:3])
    return DiffusionData(
        signal=signal,
        affine=affine,
        bvals=values,
        bvecs=vectors,
        mask=inside,
        b0_threshold=b0_threshold,
    )


def _in_shells(bvals: np.ndarray, shells: Any, b0_threshold: float) -> np.ndarray:
    """Which volumes are unweighted or of one of the shells, bool (n,)."""
    used = bvals <= b0_threshold
    for shell in np.ravel(array("shells", shells)):
        near = (bvals > b0_threshold) & (np.abs(bvals - shell) <= _SAME_SHELL * shell)
        if not near.any():
            there = np.unique(np.round(bvals[bvals > b0_threshold], -2)).tolist()
            raise GradientTableError(f"no volume has b = {shell:g} s/mm²; there are about {there}")
        used |= near
    return used


def check_right_angles(affine: np.ndarray) -> None:
    """Raise `TissueError` if the axes of an image are not at right angles."""
    axes = affine[:3, :3]
    sizes = np.linalg.norm(axes, axis=0)
    if not np.all(np.isfinite(affine)) or np.any(sizes == 0):
        raise TissueError("the image's affine is not invertible")
    angles = (axes / sizes).T @ (axes / sizes) - np.eye(3)
    if np.abs(angles).max() > 1e-3:
        raise TissueError("the image's axes are not at right angles (sheared); resample it first")


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
    mapping: Mapping = "linear",
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
