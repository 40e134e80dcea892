"""Files of structural connectivity: The Virtual Brain's zip, GraphML, and plain matrices.

Only what a network needs is read: weights, tract lengths, region names and positions.
"""

from __future__ import annotations

import math
import os
import pathlib
import tokenize
import warnings
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from wetcow.networks.connectome.archive import read_archive, refuse_large
from wetcow.networks.connectome.cells import decoded_text
from wetcow.networks.connectome.edges import read_edges
from wetcow.networks.connectome.graphml import read_graphml
from wetcow.networks.connectome.model import Connectome
from wetcow.networks.connectome.preparation import (
    LARGEST_NUMBER_OF_REGIONS,
    LISTED,
    ConnectomeError,
    Normalisation,
    only_numbered,
)
from wetcow.networks.connectome.tables import ConnectomeTable, read_centres, read_table

Kind = Literal["matrix", "edges"]
# A header is a dictionary as Python writes it.
_BAD_HEADER = (
    ValueError,
    TypeError,
    OSError,
    EOFError,
    SyntaxError,
    RecursionError,
    MemoryError,
    tokenize.TokenError,
)


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


def load_connectome(
    path: str | os.PathLike,
    *,
    frequency: float = 10.0,
    speed: float = 3.0,
    normalisation: Normalisation = "spectral",
    tract_lengths: Any = None,
    regions: Sequence[str] | None = None,
    positions: Any = None,
    symmetric: bool | None = None,
    kind: Kind | None = None,
    weight: str = "number_of_fibers",
    length: str = "fiber_length_mean",
) -> Connectome:
    r"""Read structural connectivity.

    Parameters
    ----------
    path : path
        By its suffix: ``.zip``, The Virtual Brain's (``weights.txt``, and if present
        ``tract_lengths.txt`` and ``centres.txt``, under these or similar names, plain or as
        ``.bz2``); ``.graphml`` of the Connectome Mapper, as braingraph.org publishes it, networkx
        or igraph; ``.csv``, ``.tsv`` or ``.txt``, a matrix, with region names in its first row or
        column or without; ``.npy``, a matrix. Entry [i, j] is from region j to region i. Texts may
        be quoted, with comments (#), decimal commas (not between commas), in UTF-8, UTF-16 or
        Latin-1. At most 268 MB of text and 16384 regions are read (a matrix of 2 GB); of lists and
        GraphML 8192 regions (0.5 GB) and 4 million links.
    frequency : float
        Of the waves, Hz.
    speed : float
        Conduction speed, m/s.
    normalisation : str
        See `Connectome.normalised`.
    tract_lengths : path or float array (n, n), optional
        mm, for files that have none; or instead of the file's.
    regions : sequence of n str, optional
        Names instead of the file's.
    positions : float array (n, 3), optional
        mm, instead of the file's.
    symmetric : bool, optional
        Of triangular matrices and lists of links; see `Connectome`.
    kind : {"matrix", "edges"}, optional
        Of text: "edges" is a list of links, one a line: from, to, weight, and perhaps the length
        in mm. Default: a matrix, and an error that asks for what looks like a list.
    weight, length : str
        Attributes of GraphML edges that hold the weight and the tract length in mm. Parallel
        edges, and lines of a list that say the same link, are one link with the sum of their
        weights, and the mean of their lengths weighted by it.

    Returns
    -------
    Connectome

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ConnectomeError
        A ValueError for damaged files, silly sizes and values that make no sense; see `Connectome`.
    TypeError
        For an array: that is what `Connectome` takes.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "weights.csv"
    ...     _ = path.write_text("V1,V2\n0,3\n3,0\n")
    ...     load_connectome(path, frequency=40.0).regions
    ('V1', 'V2')
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f"load_connectome reads files, got a {type(path).__name__}: for weights in memory use "
            'wetcow.Connectome(weights, normalisation="spectral")'
        )
    if kind not in (None, "matrix", "edges"):
        raise ValueError(f"kind must be 'matrix' or 'edges', got {kind!r}")
    path = pathlib.Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"no connectome at {path}")
    if kind is not None and path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        raise ValueError(f"kind is of .csv, .tsv and .txt, got {path.name!r}")
    contents = _read(
        path, kind=kind, regions=regions, symmetric=symmetric, weight=weight, length=length
    )
    if isinstance(tract_lengths, str | os.PathLike):
        table = read_matrix(tract_lengths)
        tract_lengths = _of_the_same(table, regions or contents.regions, str(tract_lengths))
    given = {"tract_lengths": tract_lengths, "regions": regions, "positions": positions}
    fields = contents._asdict() | {
        name: value for name, value in given.items() if value is not None
    }
    try:
        return Connectome(
            **fields,
            speed=speed,
            frequency=frequency,
            normalisation=normalisation,
            symmetric=symmetric,
        )
    except ConnectomeError as error:
        raise ConnectomeError(f"{path}: {error}") from error


def _read(
    path: pathlib.Path,
    *,
    kind: Kind | None,
    regions: Sequence[str] | None,
    symmetric: bool | None,
    weight: str,
    length: str,
) -> Contents:
    """What a file says, by its suffix; arguments as of `load_connectome`."""
    suffix = path.suffix.lower()
    if suffix == ".zip":
        return _read_zip(path)
    if suffix == ".graphml":
        weights, lengths, names, positions = read_graphml(path, _bytes(path), weight, length)
        return Contents(weights=weights, tract_lengths=lengths, regions=names, positions=positions)
    if kind == "edges":
        known = None if regions is None else tuple(str(name) for name in regions)
        table = read_edges(_read_text(path), str(path), known, symmetric)
        return Contents(weights=table.matrix, tract_lengths=table.lengths, regions=table.regions)
    table = read_matrix(path, kind)
    return Contents(table.matrix, regions=_named(table.regions))


def _read_zip(path: pathlib.Path) -> Contents:
    texts = read_archive(path)
    weights, regions, _ = _table(texts["weights"] or "", f"weights in {path}")
    lengths = positions = None
    text = texts["tract_lengths"]
    if text is not None and text.strip():  # an empty file says that there are none
        lengths = _of_the_same(_table(text, f"tract_lengths in {path}"), regions, str(path))
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


def _of_the_same(table: ConnectomeTable, regions: Sequence[str] | None, where: str) -> np.ndarray:
    """Lengths, which must be of the same regions as the weights."""
    theirs = _named(table.regions)
    if theirs is not None and regions is not None and theirs != tuple(regions):
        raise ConnectomeError(
            f"{where}: tract lengths are of the regions {[*theirs[:LISTED]]}…, the weights of "
            f"{[*regions[:LISTED]]}…: both must have the same in the same order"
        )
    return table.matrix


def read_matrix(path: str | os.PathLike, kind: Kind | None = "matrix") -> ConnectomeTable:
    """Read a matrix, and the names of its regions, from a text file or ``.npy``."""
    path = pathlib.Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"no matrix at {path}")
    if path.suffix.lower() == ".npy":
        return ConnectomeTable(_read_npy(path), None)
    return read_table(_read_text(path), str(path), asked=kind == "matrix")


def _read_text(path: pathlib.Path) -> str:
    if path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        raise ConnectomeError(
            f"a connectome is a .zip (The Virtual Brain), .graphml, or a matrix in .csv, .tsv, "
            f".txt or .npy; got {path.name!r}"
        )
    return decoded_text(_bytes(path), str(path))


def _bytes(path: pathlib.Path) -> bytes:
    refuse_large(path.stat().st_size, str(path))
    return path.read_bytes()


def _read_npy(path: pathlib.Path) -> np.ndarray:
    """A matrix whose header was compared with the size of the file before anything is loaded."""
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            read = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }.get(version)
            if read is None:
                raise ValueError(f"version {version} is not one of numeric arrays")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that Python 2 wrote it
                shape, fortran, dtype = read(file)
        except _BAD_HEADER as error:
            raise ConnectomeError(f"{path} is damaged or no numeric array: {error}") from error
        if dtype.kind not in "biuf":
            raise ConnectomeError(
                f"{path} is damaged or no numeric array: it holds {dtype}, where a connectome has "
                "real numbers"
            )
        if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 0:
            raise ConnectomeError(f"{path} must hold a square matrix (n, n), got shape {shape}")
        if shape[0] > LARGEST_NUMBER_OF_REGIONS:
            raise ConnectomeError(
                f"{path} declares {shape[0]} regions; {LARGEST_NUMBER_OF_REGIONS} is the limit"
            )
        declared = math.prod(shape) * dtype.itemsize
        there = path.stat().st_size - file.tell()
        if there != declared:
            raise ConnectomeError(
                f"{path} is damaged: its header declares {declared} bytes of numbers, and "
                f"{there} are there"
            )
        found = np.frombuffer(file.read(), dtype).reshape(shape, order="F" if fortran else "C")
    with np.errstate(over="ignore"):
        return found.astype(np.float64)
