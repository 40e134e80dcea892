"""b-values and b-vectors: text files, checks and shells."""

from __future__ import annotations

import io
import os
import pathlib
import warnings
from typing import Any

import numpy as np

from wetcow.tissue.errors import GradientTableError
from wetcow.validation import array

UNWEIGHTED = 50.0  # s/mm²; b-values up to this count as none
FEWEST_DIRECTIONS = 6  # a tensor has six numbers
LARGEST_B = 1e6  # s/mm²; larger ones have another unit
SMALLEST_B = 20.0  # s/mm²; if none is larger they are in ms/µm²
_SAME_SHELL = 0.05  # relative; scanners differ by little from the b-value asked for
_UNIT_WITHIN = 0.1  # of the norm of b-vectors; beyond it they are no unit vectors at all


def read_numbers(path: str | os.PathLike, what: str) -> np.ndarray:
    """Numbers of a text file, two-dimensional; `what` they are, for messages."""
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
    weighted = _check_values(bvals, b0_threshold)
    unit = _unit_vectors(bvecs, weighted)
    x, y, z = unit[weighted].T
    numbers = np.stack([x * x, y * y, z * z, x * y, x * z, y * z], axis=1)
    rank = np.linalg.matrix_rank(numbers, tol=1e-3) if numbers.size else 0
    if rank < FEWEST_DIRECTIONS:
        raise GradientTableError(
            f"a tensor needs weighted volumes in {FEWEST_DIRECTIONS} independent directions, these "
            f"have {rank}"
        )
    return bvals, unit


def _check_values(bvals: np.ndarray, b0_threshold: float) -> np.ndarray:
    """Which volumes are weighted, bool (n,)."""
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
    return weighted


def _unit_vectors(bvecs: np.ndarray, weighted: np.ndarray) -> np.ndarray:
    """b-vectors of length 1, zero where volumes are not weighted."""
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
    return np.divide(bvecs, length[:, None], out=np.zeros_like(bvecs), where=weighted[:, None])


def in_shells(bvals: np.ndarray, shells: Any, b0_threshold: float) -> np.ndarray:
    """Which volumes are unweighted or of one of the shells, bool (n,)."""
    used = bvals <= b0_threshold
    for shell in np.ravel(array("shells", shells)):
        near = (bvals > b0_threshold) & (np.abs(bvals - shell) <= _SAME_SHELL * shell)
        if not near.any():
            there = np.unique(np.round(bvals[bvals > b0_threshold], -2)).tolist()
            raise GradientTableError(f"no volume has b = {shell:g} s/mm²; there are about {there}")
        used |= near
    return used
