"""Lists of links: from, to, weight, and perhaps length."""

from __future__ import annotations

import re

import numpy as np

from wetcow.networks.connectome.cells import as_number, is_text, split_cells, with_points
from wetcow.networks.connectome.preparation import (
    LISTED,
    MOST_LINKED,
    ConnectomeError,
    refuse_one_sided,
)
from wetcow.networks.connectome.tables import ConnectomeTable

MOST_LINKS = 2**22  # lines of a list


def read_edges(
    text: str, where: str, regions: tuple[str, ...] | None, symmetric: bool | None
) -> ConnectomeTable:
    """Read a list of links: from, to, weight, and perhaps length; those of one pair are one.

    Regions are in the order of `regions`, or of their numbers, or of their first appearance.
    """
    cells, delimiter = split_cells(text, where, MOST_LINKS)
    cells = with_points(cells, delimiter, where)
    cells = _without_header(cells, where)
    _check_links(cells, where)
    regions = _regions_of(cells, where, regions)
    matrix, lengths = _summed(cells, regions)
    if symmetric is None and matrix.any() and not np.any(matrix * matrix.T):
        refuse_one_sided(f"{where}: links")
    return ConnectomeTable(matrix, regions, lengths=lengths)


def _check_links(cells: list[list[str]], where: str) -> None:
    """Raise for a line that is no link, or whose numbers are negative or missing."""
    width = len(cells[0]) if cells else 3
    for number, row in enumerate(cells, start=1):
        if len(row) != width or width not in (3, 4) or "" in row[:2]:
            raise ConnectomeError(
                f"{where}: link {number} is not 'from, to, weight' or 'from, to, weight, length' "
                f"but {row}"
            )
        for what, cell in zip(("weight", "length"), row[2:], strict=False):
            value = as_number(cell)
            if value is None or not (np.isfinite(value) and value >= 0):
                raise ConnectomeError(
                    f"{where}: link {number}, {row[0]} to {row[1]}, has the {what} {cell!r}, which "
                    "is no positive number"
                )


def _regions_of(
    cells: list[list[str]], where: str, regions: tuple[str, ...] | None
) -> tuple[str, ...]:
    """Names of the regions, which are those given if any are."""
    found = list(dict.fromkeys(name for row in cells for name in row[:2]))
    if regions is None:
        if all(name.isascii() and name.isdecimal() for name in found):
            found.sort(key=int)
        regions = tuple(found)
    known = set(regions)
    if unknown := [name for name in found if name not in known]:
        raise ConnectomeError(f"{where} links {unknown[:LISTED]}, which are not among regions=")
    if len(regions) > MOST_LINKED:
        raise ConnectomeError(
            f"{where} has {len(regions)} regions; {MOST_LINKED} is the limit: save larger ones as "
            ".npy"
        )
    return regions


def _summed(
    cells: list[list[str]], regions: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Weights and, where the list has them, mean lengths of links, weighted, without diagonals."""
    index = {name: i for i, name in enumerate(regions)}
    measured = bool(cells) and len(cells[0]) == 4
    matrix = np.zeros((len(regions), len(regions)))
    products = np.zeros_like(matrix) if measured else None
    for source, target, *values in cells:
        pair = index[target], index[source]
        matrix[pair] += float(values[0])
        if products is not None:
            products[pair] += float(values[0]) * float(values[1])
    lengths = None
    if products is not None:
        lengths = np.divide(products, matrix, out=np.zeros_like(matrix), where=matrix > 0)
        np.fill_diagonal(lengths, 0)
    np.fill_diagonal(matrix, 0)
    return matrix, lengths


def _without_header(cells: list[list[str]], where: str) -> list[list[str]]:
    """Links without the names of columns and the numbers of lines, as pandas and R write them."""
    first, rest = cells[0], cells[1:]
    numbered = bool(rest) and (first[0] == "" or len(first) == len(rest[0]) - 1)
    header = first[1:] if numbered and first[0] == "" else first
    if numbered:
        rest = [row[1:] for row in rest]
    elif len(header) not in (3, 4) or not is_text(header[2]):
        return cells
    if len(header) == 4 and not re.search("len|dist|mm", header[3], re.IGNORECASE):
        raise ConnectomeError(
            f"{where} calls its fourth column {header[3]!r}, where a list of links has the tract "
            "length in mm: leave it out or call it length"
        )
    return rest
