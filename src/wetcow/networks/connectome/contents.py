"""What a file of structural connectivity says, whatever its form.

Only what a network needs is read: weights, tract lengths, region names and positions.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from wetcow.networks.connectome.archive import read_archive, refuse_large
from wetcow.networks.connectome.cells import decoded_text
from wetcow.networks.connectome.cifti import read_cifti
from wetcow.networks.connectome.edges import read_edges
from wetcow.networks.connectome.entries import (
    FUNCTIONAL,
    NO_WEIGHTS,
    WEIGHTS,
    Entry,
    lengths_of,
    matrix_of,
    names_of,
    positions_of,
)
from wetcow.networks.connectome.forms import form_of
from wetcow.networks.connectome.graphml import read_graphml
from wetcow.networks.connectome.hdf5 import hdf5_entries
from wetcow.networks.connectome.matlab import mat_entries
from wetcow.networks.connectome.npy import npz_entries, read_npy
from wetcow.networks.connectome.preparation import (
    LISTED,
    ConnectomeError,
    only_numbered,
)
from wetcow.networks.connectome.tables import (
    ConnectomeTable,
    read_centres,
    read_region_table,
    read_table,
)

Kind = Literal["matrix", "edges"]
ARRAYS = {"npz": npz_entries, "mat": mat_entries, "hdf5": hdf5_entries}
FIBERS, FIBER_LENGTH = "number_of_fibers", "fiber_length_mean"  # as the Connectome Mapper has them


class Contents(NamedTuple):
    """What a file says.

    Attributes
    ----------
    weights : float array (n, n)
        Entry [i, j] is the link from region j to region i, units of the file.
    tract_lengths : float array (n, n) or None
        mm.
    regions : tuple of n str or None
    positions : float array (n, 3) or None
        mm.
    """

    weights: Any
    tract_lengths: Any = None
    regions: tuple[str, ...] | None = None
    positions: Any = None


def read_contents(
    path: pathlib.Path,
    *,
    kind: Kind | None,
    regions: Sequence[str] | None,
    symmetric: bool | None,
    weight: str | None,
    length: str | None,
) -> Contents:
    """What a file says, by its content; arguments as of `load_connectome`."""
    form = form_of(path)
    if kind is not None and form != "text":
        raise ValueError(f"kind is of text, such as .csv, .tsv and .txt; got {path.name!r}")
    if form == "zip":
        return _read_zip(path)
    if form == "graphml":
        names = weight or FIBERS, length or FIBER_LENGTH
        weights, lengths, regions, positions = read_graphml(path, _bytes(path), *names)
        return Contents(
            weights=weights, tract_lengths=lengths, regions=regions, positions=positions
        )
    if form in ARRAYS:
        return _read_entries(ARRAYS[form](path), str(path), weight, length)
    if form == "cifti":
        weights, regions, positions = read_cifti(path)
        return Contents(weights, regions=regions, positions=positions)
    if kind == "edges":
        known = None if regions is None else tuple(str(name) for name in regions)
        table = read_edges(_read_text(path), str(path), known, symmetric)
        return Contents(weights=table.matrix, tract_lengths=table.lengths, regions=table.regions)
    table = read_matrix(path, kind)
    return Contents(table.matrix, regions=_named(table.regions))


def _read_entries(
    entries: dict[str, Entry], where: str, weight: str | None, length: str | None
) -> Contents:
    """What several arrays of one file say, by their names and shapes."""
    weights = matrix_of(entries, where, "weight", chosen=weight, known=WEIGHTS, others=NO_WEIGHTS)
    names = names_of(entries, len(weights))
    return Contents(
        weights=weights,
        tract_lengths=lengths_of(entries, where, length),
        regions=None if names is None else _named(names),
        positions=positions_of(entries, len(weights)),
    )


def _read_zip(path: pathlib.Path) -> Contents:
    texts = read_archive(path)
    weights, regions, _ = _table(texts["weights"] or "", f"weights in {path}")
    lengths = positions = None
    text = texts["tract_lengths"]
    if text is not None and text.strip():  # an empty file says that there are none
        lengths = of_the_same(_table(text, f"tract_lengths in {path}"), regions, str(path))
    if texts["centres"] is not None:
        centres, positions = read_centres(texts["centres"], f"centres in {path}")
        if regions is not None and regions != centres:
            raise ConnectomeError(f"{path} names its regions differently in weights and centres")
        regions = centres
    return Contents(weights=weights, tract_lengths=lengths, regions=regions, positions=positions)


def _table(text: str, where: str) -> ConnectomeTable:
    """A matrix that is known to be one; mere numbers are no names."""
    table = read_table(text, where, asked=True)
    return table._replace(regions=_named(table.regions))


def _named(regions: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if regions is None or only_numbered(regions) else regions


def of_the_same(table: ConnectomeTable, regions: Sequence[str] | None, where: str) -> np.ndarray:
    """Lengths, which must be of the same regions as the weights."""
    theirs = _named(table.regions)
    if theirs is not None and regions is not None and theirs != tuple(regions):
        raise ConnectomeError(
            f"{where}: tract lengths are of the regions {[*theirs[:LISTED]]}…, the weights of "
            f"{[*regions[:LISTED]]}…: both must have the same in the same order"
        )
    return table.matrix


def read_matrix(
    path: str | os.PathLike,
    kind: Kind | None = "matrix",
    *,
    name: str | None = None,
    argument: str = "name",
    known: tuple[str, ...] = FUNCTIONAL,
) -> ConnectomeTable:
    """Read a matrix, and the names of its regions, from a file of any form but graphs and zips.

    Parameters
    ----------
    path : path
    kind : {"matrix", "edges"}, optional
        Of text, as of `load_connectome`.
    name : str, optional
        Of the array, in files that hold several.
    argument : str
        What a caller calls `name`, for messages.
    known : tuple of str
        Names that say which array is meant.
    """
    path = pathlib.Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"no matrix at {path}")
    form = form_of(path)
    if form == "npy":
        return ConnectomeTable(read_npy(path), None)
    if form == "cifti":
        matrix, regions, _ = read_cifti(path)
        return ConnectomeTable(matrix, regions)
    if form in ARRAYS:
        entries = ARRAYS[form](path)
        matrix = matrix_of(entries, str(path), argument, chosen=name, known=known)
        return ConnectomeTable(matrix, names_of(entries, len(matrix)))
    if form != "text":
        raise ConnectomeError(f"{path} is a connectome of the form {form}, where a matrix is read")
    return read_table(_read_text(path), str(path), asked=kind == "matrix")


def read_regions(path: str | os.PathLike) -> tuple[tuple[str, ...], np.ndarray | None]:
    """Names and, where they are there, positions (n, 3) of regions from a table.

    Columns are named, as in BIDS (``name``, ``label``; ``x``, ``y``, ``z``), or they are
    ``name x y z`` without a header, as in The Virtual Brain's ``centres.txt``.
    """
    path = pathlib.Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"no table of regions at {path}")
    return read_region_table(_read_text(path), str(path))


def _read_text(path: pathlib.Path) -> str:
    return decoded_text(_bytes(path), str(path))


def _bytes(path: pathlib.Path) -> bytes:
    refuse_large(path.stat().st_size, str(path))
    return path.read_bytes()
