"""What the fields of a connectome must be, and how weights are scaled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from wetcow.validation import array

Normalisation = Literal["none", "max", "mean", "row", "spectral"]
NORMALISATIONS = ("none", "max", "mean", "row", "spectral")
LARGEST_NUMBER_OF_REGIONS = 2**14  # a matrix of 2 GB
LONGEST_TRACT = 1e4  # mm, beyond any animal's brain
MOST_LINKED = 2**13  # regions of a list of links or a graph, whose matrix is larger than the file
SMALLEST, LARGEST = 1e-9, 1e9  # speed, m/s, and frequency, Hz; beyond them numbers overflow
MANY_LINKS = 6  # all of four regions
LISTED = 3  # names, in messages


class ConnectomeError(ValueError):
    """A connectome that cannot be used; the message says where and why."""


def square_matrix(name: str, value: Any, size: int | None) -> NDArray[np.float64]:
    """Return a copy of `value` as a square matrix of real numbers of the right size."""
    try:
        matrix = array(name, value, finite=False, empty=True)
    except ValueError as error:
        raise ConnectomeError(str(error)) from None
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ConnectomeError(f"{name} must be a square matrix (n, n), got shape {matrix.shape}")
    if size is None and len(matrix) < 2:
        raise ConnectomeError(f"a connectome has two or more regions, got {len(matrix)}")
    if size is not None and len(matrix) != size:
        raise ConnectomeError(
            f"{name} must have shape ({size}, {size}) as the weights have, got {matrix.shape}"
        )
    return np.array(matrix)


def places(value: NDArray[np.float64], names: Sequence[str]) -> NDArray[np.float64]:
    """Return positions of regions, checked."""
    shape = (len(names), 3)
    try:
        value = np.array(array("positions", value))
    except ValueError as error:
        raise ConnectomeError(str(error)) from None
    if value.shape != shape:
        raise ConnectomeError(
            f"positions must have shape {shape} for {len(names)} regions, got {value.shape}"
        )
    extent = np.ptp(value, axis=0).max()
    _refuse_metres(extent, f"positions are in mm; the whole brain would be {extent:g} mm across")
    return value


def _refuse_metres(size: float, message: str) -> None:
    """Raise for what is as small in mm as only numbers in metres are."""
    if 0 < size < 1:
        raise ConnectomeError(f"{message}. In metres? Multiply by 1000")


def finite(name: str, value: NDArray[np.float64], names: Sequence[str]) -> None:
    """Raise for entries that are NaN or infinite, with the place of the first."""
    bad = np.argwhere(~np.isfinite(value))
    if len(bad):
        i, j = bad[0]
        raise ConnectomeError(
            f"{name} must be finite; {len(bad)} entries are missing, NaN or infinite, the first in "
            f"row {i + 1} ({names[i]}), column {j + 1} ({names[j]})"
        )


def checked_weights(weights: NDArray[np.float64], names: Sequence[str]) -> None:
    """Raise for weights that are not finite or negative."""
    finite("weights", weights, names)
    if np.any(weights < 0):
        i, j = np.argwhere(weights < 0)[0]
        raise ConnectomeError(
            f"weights must not be negative; the link from region {j} to {i} has "
            f"{weights[i, j]:g}. If a correlation matrix was meant, it is no structural one"
        )


def checked_lengths(lengths: NDArray[np.float64], names: Sequence[str]) -> None:
    """Raise for lengths of links that are not finite, negative, or in another unit than mm."""
    finite("tract_lengths", lengths, names)
    if np.any(lengths < 0):
        raise ConnectomeError(f"tract_lengths must not be negative, got {lengths.min():g}")
    longest = lengths.max()
    _refuse_metres(longest, f"tract_lengths are in mm; the longest would be {longest:g} mm")
    if longest > LONGEST_TRACT:
        raise ConnectomeError(
            f"tract_lengths are in mm; the longest would be {longest / 1000:g} m. In micrometres? "
            "Divide by 1000"
        )


def one_sided(matrix: NDArray[np.float64]) -> bool:
    """Whether all links lie on one side of the diagonal, or would in another order of regions.

    So it is if they make no circle; those of a network that is meant to be one-way, as a rule, do.
    Of few links that says little: they count only as they are.
    """
    from scipy.sparse.csgraph import connected_components

    linked = matrix != 0
    np.fill_diagonal(linked, False)
    if not linked.any() or np.any(linked & linked.T):
        return False
    if linked.sum() < MANY_LINKS:
        return not (np.tril(linked).any() and np.triu(linked).any())
    return connected_components(linked, connection="strong", return_labels=False) == len(linked)


def refuse_one_sided(name: str) -> None:
    """Raise for what says nothing of the other direction."""
    raise ConnectomeError(
        f"{name} hold each pair of regions in one direction only, as a triangular matrix does. "
        "Give symmetric=True if links go both ways (the other direction is then filled in), or "
        "symmetric=False if they are one-way as they are"
    )


def mirrored(name: str, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill in the other direction of each pair that has one only."""
    other = matrix.T
    differs = (matrix != 0) & (other != 0) & ~np.isclose(matrix, other, rtol=1e-6, equal_nan=True)
    if differs.any():
        i, j = np.argwhere(differs)[0]
        raise ConnectomeError(
            f"symmetric=True, but {name} have {matrix[i, j]:g} from region {j} to {i} and "
            f"{matrix[j, i]:g} back"
        )
    return np.where(matrix == 0, other, matrix)


def symmetrised(
    weights: NDArray[np.float64], lengths: NDArray[np.float64] | None, symmetric: bool | None
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Weights, and lengths of links, in both directions as `symmetric` says."""
    if symmetric not in (None, True, False):
        raise ConnectomeError(f"symmetric must be None, True or False, got {symmetric!r}")
    if symmetric:
        weights = mirrored("weights", weights)
        if lengths is not None:
            # What a file says about pairs without a link does not matter.
            lengths = mirrored("tract_lengths", np.where(weights != 0, lengths, 0.0))
    elif lengths is not None:
        lengths = np.where(weights != 0, lengths, 0.0)
    if symmetric is None:
        if one_sided(weights):
            refuse_one_sided("weights")
        if lengths is not None and one_sided(lengths):
            refuse_one_sided("tract_lengths")
    return weights, lengths


def scaled(weights: NDArray[np.float64], how: str) -> NDArray[np.float64]:
    """Weights normalised; see `Connectome.normalised`."""
    if how not in NORMALISATIONS:
        raise ConnectomeError(f"normalisation must be one of {NORMALISATIONS}, got {how!r}")
    if how == "none":
        return weights
    # A power of two, which is exact, keeps sums of the largest numbers finite.
    weights = np.ldexp(weights, -np.frexp(weights.max())[1])
    received = weights.sum(axis=1)
    if how == "max":
        scale: Any = weights.max()
    elif how == "mean":
        scale = received.mean()
    elif how == "row":
        scale = np.where(received > 0, received, 1)[:, None] if received.any() else 0.0
    else:
        scale = np.abs(np.linalg.eigvals(weights)).max()
        # Of a nilpotent matrix the radius is zero, but not what rounding makes of it.
        scale = scale if scale > 1e-8 * weights.max() else 0.0
    if not np.all(scale > 0):
        raise ConnectomeError(
            f"normalisation {how!r} is not defined: the connectome has too few links"
        )
    return weights / scale


def named(regions: Any, size: int) -> tuple[str, ...]:
    """Return unique names of regions, or made-up ones."""
    if regions is None:
        return tuple(f"region_{index:03d}" for index in range(size))
    if isinstance(regions, str):
        raise ConnectomeError(f"regions must be a sequence of names, got the text {regions!r}")
    names = tuple(str(name) for name in regions)
    if len(names) != size:
        raise ConnectomeError(f"{len(names)} region names for {size} regions")
    seen: set[str] = set()
    twice = [name for name in names if name in seen or seen.add(name)]
    if twice:
        raise ConnectomeError(f"region names must be unique; repeated: {sorted(twice)[:LISTED]}")
    return names


def only_numbered(names: Sequence[Any]) -> bool:
    """Whether names only count, 0 to n - 1 or 1 to n."""
    texts = [str(name) for name in names]
    return any(texts == [str(first + i) for i in range(len(texts))] for first in (0, 1))


def common_names(
    rows: Sequence[Any] | None, columns: Sequence[Any] | None, where: str
) -> tuple[str, ...] | None:
    """Names of regions from those of rows and columns, which are the same or mere numbers."""
    both = [tuple(str(name) for name in one) for one in (columns, rows) if one is not None]
    real = [names for names in both if not only_numbered(names)]
    if len(real) == 2 and real[0] != real[1]:
        raise ConnectomeError(
            f"{where} names its rows and columns differently: {real[1][:LISTED]}…, "
            f"{real[0][:LISTED]}…; both must list the regions in the same order"
        )
    return (real or both or [None])[0]


def frame_names(name: str, value: Any) -> tuple[str, ...] | None:
    """Names that a DataFrame or DataArray has for its rows and columns; None of anything else."""
    if isinstance(value, xr.DataArray):
        rows, columns = (_along(value, dimension) for dimension in (value.dims + (None,) * 2)[:2])
    elif hasattr(value, "columns") and hasattr(value, "index"):
        rows, columns = list(value.index), list(value.columns)
    else:
        return None
    found = common_names(rows, columns, name)
    return None if found is None or only_numbered(found) else found


def _along(value: xr.DataArray, dimension: Any) -> list[Any] | None:
    """Names along a dimension: those that `Connectome.label` gave, or of its own coordinate."""
    for coordinate in ("region", "region_from", dimension):
        if coordinate in value.coords and value.coords[coordinate].dims == (dimension,):
            return value.coords[coordinate].values.tolist()
    return None
