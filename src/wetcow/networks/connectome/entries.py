"""Files that hold several arrays by name, and which of them is what.

Names are those that programs of the field give; what they leave open is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from wetcow.networks.connectome.preparation import LARGEST_NUMBER_OF_REGIONS, ConnectomeError

LARGEST_ARRAYS = 2**32  # bytes that a file may unpack to
LISTED_ARRAYS = 12  # in messages

# Last part of a name, in lower case, words joined by underscores.
WEIGHTS = (
    *("weights", "weight", "sc", "cm", "cmat", "connectivity", "connectome", "counts", "w"),
    *("structural_connectivity", "sc_weights", "adjacency", "number_of_fibers", "fiber_count"),
)
LENGTHS = (
    *("tract_lengths", "tract_length", "lengths", "length", "len", "sc_lengths"),
    *("fiber_lengths", "fiber_length", "fiber_length_mean", "fibre_lengths"),
)
FUNCTIONAL = (
    *("fc", "functional_connectivity", "functional", "correlation", "correlations", "corr"),
    *("fcmat", "fc_mat", "corrmat", "corr_mat", "emp_fc", "fc_emp"),
)
NO_WEIGHTS = (*LENGTHS, *FUNCTIONAL, "distances", "distance", "dist", "delays", "delay")
REGIONS = (
    *("region_labels", "regions", "region_names", "region", "labels", "label", "names", "name"),
    *("roi", "rois", "roi_names", "roi_labels", "node_names", "nodes", "parcels", "parcel_names"),
)
POSITIONS = (
    *("centres", "centers", "positions", "coords", "coordinates", "centroids", "xyz", "mni"),
    *("region_centres", "region_centers", "roi_centers", "roi_centres", "region_coordinates"),
)


class Entry(NamedTuple):
    """An array of a file, not read yet.

    Attributes
    ----------
    shape : tuple of int
    kind : {"numbers", "text", "other"}
    read : callable
        Returns it.
    """

    shape: tuple[int, ...]
    kind: str
    read: Callable[[], Any]

    @property
    def square(self) -> bool:
        """Whether it may be a matrix of regions."""
        return (
            self.kind == "numbers" and len(self.shape) == 2 and 1 < self.shape[0] == self.shape[1]
        )


def refuse_many_regions(shape: tuple[int, ...], where: str) -> None:
    """Raise before work for more regions than can be held."""
    if shape and shape[0] > LARGEST_NUMBER_OF_REGIONS:
        raise ConnectomeError(
            f"{where} declares {shape[0]} regions; {LARGEST_NUMBER_OF_REGIONS} is the limit"
        )


def refuse_many_bytes(size: int, where: str) -> None:
    """Raise before work for more than any connectome needs."""
    if size > LARGEST_ARRAYS:
        raise ConnectomeError(
            f"{where} unpacks to {size} bytes or more; {LARGEST_ARRAYS} is the limit"
        )


def matrix_of(
    entries: Mapping[str, Entry],
    where: str,
    argument: str,
    *,
    chosen: str | None,
    known: tuple[str, ...],
    others: tuple[str, ...] = (),
) -> np.ndarray:
    """The square matrix that is meant.

    Parameters
    ----------
    entries : dict of str to Entry
    where : str
        The file, for messages.
    argument : str
        By which a caller chooses, for messages.
    chosen : str, optional
        What was chosen.
    known : tuple of str
        Names that say it. Else the only square matrix is meant that has none of the `others`.
    others : tuple of str
        Names that say that it is something else.

    Raises
    ------
    ConnectomeError
        If it cannot be known, with what there is and how to choose.
    """
    if chosen is not None:
        return _read(entries, _by_name(entries, chosen, where, argument), where)
    square = {name: one for name, one in entries.items() if one.square}
    if not square:
        several = [name for name, one in entries.items() if _several(one)]
        hint = (
            f"; {several[0]!r} holds a matrix for each of several subjects: average them, and "
            "give the mean to wetcow.Connectome"
            if several
            else ""
        )
        raise ConnectomeError(
            f"{where} has no square matrix (n, n) of numbers, only {listing(entries)}{hint}"
        )
    named = [name for name in square if _last(name) in known]
    left = [name for name in square if _last(name) not in others]
    found = named or left
    if len(found) == 1:
        return _read(entries, found[0], where)
    first = (found or [*square])[0]
    raise ConnectomeError(
        f"{where} does not say which array holds the {argument}s: {listing(square)}. Choose one, "
        f"such as {argument}={first!r}"
    )


def lengths_of(entries: Mapping[str, Entry], where: str, chosen: str | None) -> Any:
    """Tract lengths, where a file has them by name."""
    named = [name for name, one in entries.items() if one.square and _last(name) in LENGTHS]
    if chosen is None and not named:
        return None
    return matrix_of(entries, where, "length", chosen=chosen, known=LENGTHS)


def names_of(entries: Mapping[str, Entry], size: int) -> tuple[str, ...] | None:
    """Names of the regions, where one array of as many texts says them."""
    found = [
        name
        for name, one in entries.items()
        if one.kind == "text" and _last(name) in REGIONS and _count(one.shape) == size
    ]
    if len(found) != 1:  # two lists of names: nobody knows which
        return None
    return tuple(str(one).strip() for one in np.ravel(entries[found[0]].read()))


def positions_of(entries: Mapping[str, Entry], size: int) -> Any:
    """Positions of the regions (n, 3), where one array has them."""
    shapes = ((size, 3), (3, size))
    found = [
        one
        for name, one in entries.items()
        if one.kind == "numbers" and _last(name) in POSITIONS and one.shape in shapes
    ]
    if len(found) != 1:
        return None
    values = np.asarray(found[0].read(), dtype=float)
    return values if values.shape == (size, 3) else values.T


def listing(entries: Mapping[str, Entry]) -> str:
    """Names and shapes, for messages."""
    shown = [f"{name!r} {one.shape}" for name, one in [*entries.items()][:LISTED_ARRAYS]]
    more = len(entries) - len(shown)
    return (", ".join(shown) or "nothing") + (f" and {more} more" if more > 0 else "")


def _by_name(entries: Mapping[str, Entry], chosen: str, where: str, argument: str) -> str:
    found = [name for name in entries if chosen in (name, _last(name))]
    if chosen in found:
        return chosen
    if len(found) == 1:
        return found[0]
    raise ConnectomeError(
        f"{where} has no array {chosen!r}, which was given as {argument}=; it has "
        f"{listing(entries)}"
    )


def _read(entries: Mapping[str, Entry], name: str, where: str) -> np.ndarray:
    entry = entries[name]
    if entry.kind != "numbers":
        raise ConnectomeError(f"{name!r} in {where} holds no real numbers")
    refuse_many_regions(entry.shape, f"{name!r} in {where}")
    with np.errstate(over="ignore"):
        return np.asarray(entry.read(), dtype=np.float64)


def _last(name: str) -> str:
    """The last part of a name, as it is compared."""
    return re.sub(r"[\s-]+", "_", re.split(r"[./]", name)[-1].strip()).lower()


def _several(entry: Entry) -> bool:
    shape = entry.shape
    return entry.kind == "numbers" and len(shape) == 3 and len(set(shape)) < 3


def _count(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape)) if len(shape) == 1 or 1 in shape else -1
