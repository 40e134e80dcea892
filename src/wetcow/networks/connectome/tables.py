"""Matrices with or without names, and lists of regions, in the forms that programs write them."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from wetcow.networks.connectome.cells import as_number, is_text, split_cells, with_points
from wetcow.networks.connectome.preparation import (
    LARGEST_NUMBER_OF_REGIONS,
    ConnectomeError,
    common_names,
    only_numbered,
)

NAME_COLUMNS = ("name", "label", "region", "region_name", "node")  # the first that there is


class ConnectomeTable(NamedTuple):
    """Numbers (rows, columns), NaN where missing; names of the regions and lengths if known."""

    matrix: np.ndarray
    regions: tuple[str, ...] | None
    lengths: np.ndarray | None = None


def read_table(text: str, where: str, *, asked: bool = False) -> ConnectomeTable:
    """Read a matrix, with or without names of its rows and columns.

    `asked`: it was said to be a matrix, so that a list of links is not suspected.
    """
    cells, delimiter = split_cells(text, where)
    cells = with_points(cells, delimiter, where)
    numbers, columns, rows = _without_names(cells)
    if not asked and _looks_like_edges(cells, numbers, columns, rows):
        raise ConnectomeError(
            f"{where} looks like a list of links (from, to, weight): give kind='edges' to read it "
            "as one, or kind='matrix'"
        )
    return ConnectomeTable(
        _numbers(numbers, columns, rows, where), common_names(rows, columns, where)
    )


def _without_names(
    cells: list[list[str]],
) -> tuple[list[list[str]], tuple[str, ...] | None, tuple[str, ...] | None]:
    """Cells without names, the names of the columns, and those of the rows."""
    first, rest = cells[0], cells[1:]
    left = [row[0] for row in rest]
    lengths = {len(row) for row in rest}
    if not rest or 0 in map(len, cells):
        return cells, None, None
    if len(first) > 1 and first[0] == "" and "" not in first[1:] and "" not in left:
        # An empty corner; but a matrix whose diagonal is empty has one too.
        counts = only_numbered(first[1:]) and only_numbered(left)
        empty = all(row[i] == "" for i, row in enumerate(cells) if i < len(row))
        if any(map(is_text, first[1:] + left)) or counts or not empty:
            return [row[1:] for row in rest], tuple(first[1:]), tuple(left)
    if lengths == {len(first) + 1} and all(
        any(map(is_text, names)) or only_numbered(names) for names in (first, left)
    ):  # as R writes names of columns and rows
        return [row[1:] for row in rest], tuple(first), tuple(left)
    named_rows = all(is_text(name) for name in left)
    if any(map(is_text, first[1:])):
        if named_rows:
            columns = tuple(first[1:] if lengths == {len(first)} else first)
            return [row[1:] for row in rest], columns, tuple(left)
        if is_text(first[0]) and only_numbered(left) and len(rest) == len(first) - 1:
            return [row[1:] for row in rest], tuple(first[1:]), tuple(left)
        return rest, tuple(first), None
    if named_rows and is_text(first[0]):
        return [row[1:] for row in cells], None, (first[0], *left)
    if lengths == {len(first)}:  # numbers of an atlas above or beside a square matrix
        if len(rest) == len(first) and _ids(first) and _hollow(rest):
            return rest, tuple(first), None
        beside = [row[1:] for row in cells]
        if len(cells) == len(first) - 1 and _ids([first[0], *left]) and _hollow(beside):
            return beside, None, (first[0], *left)
    return cells, None, None


def _hollow(cells: list[list[str]]) -> bool:
    """Whether the diagonal is zero or missing, as that of a connectome is."""
    return all(row[i] == "" or as_number(row[i]) == 0 for i, row in enumerate(cells))


def _ids(cells: list[str]) -> bool:
    """Whether these may be the numbers of regions: whole, each once."""
    return all(re.fullmatch(r"\d+", cell, re.ASCII) for cell in cells) and len(set(cells)) == len(
        cells
    )


def _numbers(
    cells: list[list[str]],
    columns: tuple[str, ...] | None,
    rows: tuple[str, ...] | None,
    where: str,
) -> np.ndarray:
    width = len(cells[0])
    if columns is not None and len(columns) != width:
        raise ConnectomeError(f"{where} has {len(columns)} names above {width} columns of numbers")
    if max(width, len(cells)) > LARGEST_NUMBER_OF_REGIONS:
        raise ConnectomeError(
            f"{where} has more than {LARGEST_NUMBER_OF_REGIONS} regions, which is the limit"
        )
    matrix = np.empty((len(cells), width))
    for i, row in enumerate(cells):
        row_name = f"row {i + 1}" + (f" ({rows[i]})" if rows else "")
        if len(row) != width:
            raise ConnectomeError(
                f"{where}: {row_name} has {len(row)} entries where row 1 has {width}; the file "
                "may be truncated"
            )
        for j, cell in enumerate(row):
            value = as_number(cell)
            if value is None:
                column = f"column {j + 1}" + (f" ({columns[j]})" if columns else "")
                raise ConnectomeError(f"{where}: {cell!r} in {row_name}, {column} is not a number")
            matrix[i, j] = value
    return matrix


def _looks_like_edges(
    cells: list[list[str]],
    numbers: list[list[str]],
    columns: tuple[str, ...] | None,
    rows: tuple[str, ...] | None,
) -> bool:
    """Whether a table may be a list of links, with or without numbers of lines in front.

    `numbers`, `columns` and `rows`: the same table as a matrix, see `_without_names`.
    """
    if rows is not None and rows == columns:
        return False
    square = all(len(row) == len(numbers) for row in numbers)
    if square and _hollow(numbers):  # a list would need a link of weight 0 for that
        return False
    # Numbers of lines have a name that is empty, or none, as pandas and R write them.
    numbered = len(cells) > 1 and (cells[0][0] == "" or len(cells[0]) == len(cells[1]) - 1)
    lines = [row[1:] for row in cells[1:]] if numbered else cells
    if {len(row) for row in lines} not in ({3}, {4}):
        return False
    if not numbered and is_text(lines[0][2]):
        lines = lines[1:]
    if not lines or any(is_text(cell) for row in lines for cell in row[2:]):
        return False
    if all(is_text(row[0]) and is_text(row[1]) for row in lines):
        return True
    return all(re.fullmatch(r"\d+(\.0*)?", cell, re.ASCII) for row in lines for cell in row[:2])


def read_centres(text: str, where: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Names and positions of lines "name x y z", further columns ignored."""
    cells, delimiter = split_cells(text, where)
    cells = with_points(cells, delimiter, where)
    if len(cells) > 1 and len(cells[0]) >= 4 and all(map(is_text, cells[0])):
        cells = cells[1:]
    names, positions = [], []
    for number, row in enumerate(cells, start=1):
        position = [as_number(cell) for cell in row[1:4]]
        if len(position) < 3 or None in position:
            raise ConnectomeError(
                f"{where}: line {number} is not 'name x y z' but {delimiter.join(row)!r}"
            )
        names.append(row[0])
        positions.append(position)
    return tuple(names), np.asarray(positions, dtype=np.float64)


def read_region_table(text: str, where: str) -> tuple[tuple[str, ...], np.ndarray | None]:
    """Names of regions, and positions where there are some: named columns, or "name x y z"."""
    cells, _ = split_cells(text, where)
    header = [cell.strip().lower() for cell in cells[0]]
    column = next((header.index(one) for one in NAME_COLUMNS if one in header), None)
    if column is None:
        if len(cells[0]) == 1:
            return tuple(row[0] for row in cells), None
        return read_centres(text, where)
    if any(len(row) != len(header) for row in cells):
        raise ConnectomeError(f"{where}: a row has another number of entries than the first")
    rows = cells[1:]
    names = tuple(row[column] for row in rows)
    if not {"x", "y", "z"} <= set(header):
        return names, None
    places = [[as_number(row[header.index(axis)]) for axis in "xyz"] for row in rows]
    return names, np.array(places, dtype=float)  # None becomes NaN, which is refused
