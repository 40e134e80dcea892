"""Files of structural connectivity: The Virtual Brain's zip, GraphML, and plain matrices.

Only what a network needs is read: weights, tract lengths, region names and positions. Archives are
read member by member in memory; nothing is unpacked to disk.
"""

from __future__ import annotations

import bz2
import csv
import os
import pathlib
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from typing import Any, NamedTuple

import numpy as np


class ConnectomeError(ValueError):
    """A connectome that cannot be used; the message says where and why."""


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


def read(path: str | os.PathLike, weight: str, length: str) -> Contents:
    """Read a connectome by the suffix of its name; `weight` and `length` are for GraphML."""
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no connectome at {path}")
    if path.suffix == ".zip":
        return _read_zip(path)
    if path.suffix == ".graphml":
        return _read_graphml(path, weight, length)
    return Contents(*_matrix_file(path))


def read_matrix(path: str | os.PathLike) -> np.ndarray:
    """Read a matrix from a text file or ``.npy``."""
    return _matrix_file(pathlib.Path(path))[0]


def _matrix_file(path: pathlib.Path) -> tuple[np.ndarray, None, tuple[str, ...] | None]:
    """Weights, no lengths, and the region names if rows or columns have them."""
    if not path.exists():
        raise FileNotFoundError(f"no matrix at {path}")
    if path.suffix == ".npy":
        try:
            return np.load(path, allow_pickle=False).astype(np.float64), None, None
        except (ValueError, TypeError, OSError, EOFError) as error:
            raise ConnectomeError(f"{path} is damaged or no numeric array: {error}") from error
    if path.suffix not in (".csv", ".tsv", ".txt"):
        raise ConnectomeError(
            f"a connectome is a .zip (The Virtual Brain), .graphml, or a matrix in .csv, .tsv, "
            f".txt or .npy; got {path.name!r}"
        )
    matrix, columns, rows = _table(_decode(path.read_bytes(), str(path)), str(path))
    if columns and rows and columns != rows:
        raise ConnectomeError(f"{path} names its rows and columns differently: {rows}, {columns}")
    return matrix, None, columns or rows


def _decode(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConnectomeError(f"{where} is not a text file: {error}") from error


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _table(
    text: str, where: str
) -> tuple[np.ndarray, tuple[str, ...] | None, tuple[str, ...] | None]:
    """Matrix of a text table, with the names in its first row and in its first column, if any."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise ConnectomeError(f"{where} is empty")
    delimiter = next((one for one in (",", ";", "\t") if one in lines[0]), None)
    if delimiter is None:
        cells = [line.split() for line in lines]
    else:
        cells = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    columns = rows = None
    if len(cells) > 1 and any(_number(cell) is None for cell in cells[0][1:]):
        columns, cells = tuple(cells[0]), cells[1:]
    if all(_number(row[0]) is None for row in cells):
        rows, cells = tuple(row[0] for row in cells), [row[1:] for row in cells]
        # The corner over the names of rows names neither.
        if columns and len(columns) == len(cells[0]) + 1:
            columns = columns[1:]
    width = len(cells[0])
    matrix = np.empty((len(cells), width))
    for i, row in enumerate(cells):
        if len(row) != width:
            raise ConnectomeError(
                f"{where}: row {i + 1} has {len(row)} entries where row 1 has {width}; the file "
                "may be truncated"
            )
        for j, cell in enumerate(row):
            value = _number(cell)
            if value is None:
                raise ConnectomeError(f"{where}: {cell!r} in row {i + 1} is not a number")
            matrix[i, j] = value
    return matrix, columns, rows


def _read_zip(path: pathlib.Path) -> Contents:
    try:
        with zipfile.ZipFile(path) as archive:
            members = {
                key: _member(archive, key, path) for key in ("weights", "tract_lengths", "centres")
            }
    except zipfile.BadZipFile as error:
        raise ConnectomeError(f"{path} is damaged or truncated: {error}") from error
    if members["weights"] is None:
        raise ConnectomeError(f"{path} has no weights.txt, so it is no connectome of TVB")
    weights, lengths = (
        None if text is None else _table(text, f"{key} in {path}")[0]
        for key, text in members.items()
        if key != "centres"
    )
    regions = positions = None
    if members["centres"] is not None:
        regions, positions = _centres(members["centres"], f"centres in {path}")
    return Contents(weights, lengths, regions, positions)


def _member(archive: zipfile.ZipFile, key: str, path: pathlib.Path) -> str | None:
    """Text of the member that is called `key`, also in a folder or compressed; None if absent."""
    for info in archive.infolist():
        name = pathlib.PurePosixPath(info.filename).name
        if name not in (f"{key}.txt", f"{key}.txt.bz2"):
            continue
        try:
            content = archive.read(info)
            if name.endswith(".bz2"):
                content = bz2.decompress(content)
        except (zlib.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError) as e:
            raise ConnectomeError(f"{info.filename} in {path} is damaged: {e}") from e
        return _decode(content, f"{info.filename} in {path}")
    return None


def _centres(text: str, where: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Names and positions of lines "name x y z", further columns ignored."""
    names, positions = [], []
    for number, line in enumerate(filter(str.strip, text.splitlines()), start=1):
        cells = line.split()
        position = [_number(cell) for cell in cells[1:4]]
        if len(position) < 3 or None in position:
            raise ConnectomeError(f"{where}: line {number} is not 'name x y z' but {line!r}")
        names.append(cells[0])
        positions.append(position)
    return tuple(names), np.asarray(positions, dtype=np.float64)


_GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"


def _read_graphml(path: pathlib.Path, weight: str, length: str) -> Contents:
    """GraphML of the Connectome Mapper, as braingraph.org publishes it."""
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise ConnectomeError(f"{path} is damaged or truncated: {error}") from error
    graph = root.find(f"{_GRAPHML}graph")
    if graph is None:
        raise ConnectomeError(f"{path} has no <graph>, so it is no GraphML file")
    names = {key.get("id"): key.get("attr.name") for key in root.iter(f"{_GRAPHML}key")}

    def data(element: ElementTree.Element) -> dict[str | None, str]:
        found = element.iter(f"{_GRAPHML}data")
        return {names.get(one.get("key")): (one.text or "").strip() for one in found}

    nodes = [(node.get("id"), data(node)) for node in graph.iter(f"{_GRAPHML}node")]
    if not nodes:
        raise ConnectomeError(f"{path} has no nodes")
    index = {identity: position for position, (identity, _) in enumerate(nodes)}
    weights = np.zeros((len(nodes), len(nodes)))
    lengths = np.zeros_like(weights)
    directed = graph.get("edgedefault") == "directed"
    measured = False
    for edge in graph.iter(f"{_GRAPHML}edge"):
        ends = edge.get("source"), edge.get("target")
        if ends[0] not in index or ends[1] not in index:
            raise ConnectomeError(f"{path}: the edge {ends[0]}-{ends[1]} joins an unknown node")
        source, target = index[ends[0]], index[ends[1]]
        values = data(edge)
        if weight not in values:
            raise ConnectomeError(
                f"{path}: the edge {ends[0]}-{ends[1]} has no {weight!r}; it has "
                f"{sorted(filter(None, values))}: choose one as weight="
            )
        one = _number(values[weight])
        how_long = _number(values.get(length, "nan"))
        measured |= length in values
        if one is None or how_long is None:
            raise ConnectomeError(f"{path}: the edge {ends[0]}-{ends[1]} has values {values}")
        weights[target, source], lengths[target, source] = one, how_long
        if not directed:
            weights[source, target], lengths[source, target] = one, how_long
    regions = tuple(
        attributes.get("dn_name") or attributes.get("dn_fsname") or str(identity)
        for identity, attributes in nodes
    )
    axes = [[attributes.get(f"dn_position_{axis}") for axis in "xyz"] for _, attributes in nodes]
    positions = None
    if all(value is not None for row in axes for value in row):
        positions = np.array([[_number(str(value)) for value in row] for row in axes], dtype=float)
    return Contents(weights, lengths if measured else None, regions, positions)
