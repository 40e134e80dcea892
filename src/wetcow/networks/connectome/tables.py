"""Matrices, lists of links and lists of regions as text, in the forms that programs write them."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from typing import NamedTuple

import numpy as np

from wetcow.networks.connectome.preparation import (
    LARGEST_NUMBER_OF_REGIONS,
    MOST_LINKED,
    SHOWN,
    ConnectomeError,
    common_names,
    counted,
    refuse_one_sided,
)

LARGEST_TEXT = 2**28  # bytes, of a file or a member of an archive
MOST_LINKS = 2**22  # lines of a list
MISSING = {"", "na", "nan", "n/a", "null", "none", "inf", "+inf", "-inf", "-nan", "infinity"}
_LINE = re.compile(r"^[^\S\r\n]*[^\s#%]", re.MULTILINE)  # that is not blank and no comment
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)


class Table(NamedTuple):
    """Numbers (rows, columns), NaN where missing; names of the regions and lengths if known."""

    matrix: np.ndarray
    regions: tuple[str, ...] | None
    lengths: np.ndarray | None = None


def decoded(content: bytes, where: str) -> str:
    """Text of a file in UTF-8, UTF-16 with its mark, or the Latin-1 of Windows."""
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = content.decode("utf-16")
        else:
            try:
                text = content.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise ConnectomeError(f"{where} is not a text file: {error}") from error
    control = _CONTROL.search(text)
    if control:
        raise ConnectomeError(
            f"{where} is not a text file: it has the character {control.group()!r}"
        )
    return text


def _without_comment(line: str, where: str) -> str:
    """The line without what follows # or % at its start or after a space, outside quotes."""
    for found in re.finditer(r"(?:^|(?<=\s))[#%]", line):
        if line.count('"', 0, found.start()) % 2 == 0:
            kept = line[: found.start()].rstrip(" ")
            before = re.split(r"[;\t,]", re.sub(r'"[^"]*"', "", kept))
            after = line[found.end() :]
            # Between delimiters a name may have spaces, so that "V #1" may be one.
            delimited = len(before) > 1 and not after[:1].isspace() and after
            if any(map(_is_text, before[-1].split())) and (
                delimited or re.search(r"[;\t,]", after)
            ):
                raise ConnectomeError(
                    f"{where}: {line[found.start() :][:20]!r} may be a comment or part of the name "
                    f"{before[-1].strip()[:20]!r}: quote names that have {found.group()}, and "
                    "write comments on lines of their own"
                )
            return kept
    return line


def split(
    text: str, where: str, most: int = LARGEST_NUMBER_OF_REGIONS
) -> tuple[list[list[str]], str]:
    """Cells of each line that has any, and the delimiter, which is a space for white space.

    `most`: how many lines there may be, beside one of names.
    """
    _refuse_many_lines(text, where, most)
    lines = [
        cleaned
        for line in re.split(r"\r\n|\n|\r", text)
        if (cleaned := _without_comment(line, where)).strip()
    ]
    if not lines:
        raise ConnectomeError(f"{where} is empty")
    unquoted = [re.sub(r'"[^"]*"', "", line) for line in lines[:2]]
    delimiter = next((one for one in ";\t," if all(one in line for line in unquoted)), " ")
    if delimiter == "," and all(map(_spaced, unquoted)):
        delimiter = " "
    for line in lines:
        _refuse_many_cells(line, delimiter, where)
    if delimiter == " ":
        lines = [" ".join(line.split()) for line in lines]
    try:
        found = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t"))
    except csv.Error as error:
        raise ConnectomeError(f"{where} is damaged: {error}") from error
    cells = [[_unquoted(cell.strip()) for cell in row] for row in found]
    # Some programs end each line with a delimiter, or all but that of the names.
    first, rest = cells[0], cells[1:]
    ends = rest and all(len(row) > 1 and row[-1] == "" for row in rest)
    if ends and (first[-1] == "" or any(map(_is_text, first))):
        cells = [first[:-1] if first[-1] == "" else first, *(row[:-1] for row in rest)]
    return cells, delimiter


def _refuse_many_lines(text: str, where: str, most: int) -> None:
    """Raise before work for more lines than there may be, blank ones and comments left out."""
    if text.count("\n") + text.count("\r") <= most:
        return
    count = sum(1 for _ in itertools.islice(_LINE.finditer(text), most + 2))
    if count > most + 1:  # with names
        raise ConnectomeError(f"{where} has more than {most} lines of numbers, which is the limit")


def _refuse_many_cells(line: str, delimiter: str, where: str) -> None:
    """Raise before work for more cells in a line than there may be regions."""
    many = LARGEST_NUMBER_OF_REGIONS + 2  # a name, and a delimiter at the end
    if len(line) < many:
        return
    cells = re.finditer(r"\S+", line) if delimiter == " " else re.finditer(delimiter, line)
    if sum(1 for _ in itertools.islice(cells, many + 1)) > many:
        raise ConnectomeError(
            f"{where} has more than {LARGEST_NUMBER_OF_REGIONS} regions, which is the limit"
        )


def _spaced(line: str) -> bool:
    """Whether spaces divide numbers, some of which have decimal commas."""
    cells = line.split()
    return len(cells) > 1 and all(
        _NUMBER.fullmatch(cell) or _DECIMAL_COMMA.fullmatch(cell) for cell in cells
    )


def _unquoted(cell: str) -> str:
    return cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == "'" else cell


def as_number(cell: str) -> float | None:
    """A number, NaN where it is missing, or None for other text."""
    if _NUMBER.fullmatch(cell):
        return float(cell)
    return np.nan if cell.lower() in MISSING else None


def _with_points(cells: list[list[str]], delimiter: str, where: str) -> list[list[str]]:
    """Cells with decimal points in place of decimal commas."""
    if delimiter == ",":
        return cells
    commas = [cell for row in cells for cell in row if _DECIMAL_COMMA.fullmatch(cell)]
    if not commas:
        return cells
    points = any("." in cell and _NUMBER.fullmatch(cell) for row in cells for cell in row)
    if points or all(_THOUSANDS.fullmatch(cell) for cell in commas):
        raise ConnectomeError(
            f"{where}: the comma in {commas[0]!r} may be a decimal one or divide thousands; write "
            "numbers with a decimal point"
        )
    return [
        [cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell for cell in row]
        for row in cells
    ]


def _is_text(cell: str) -> bool:
    return as_number(cell) is None


def _hollow(cells: list[list[str]]) -> bool:
    """Whether the diagonal is zero or missing, as that of a connectome is."""
    return all(row[i] == "" or as_number(row[i]) == 0 for i, row in enumerate(cells))


def _ids(cells: list[str]) -> bool:
    """Whether these may be the numbers of regions: whole, each once."""
    return all(re.fullmatch(r"\d+", cell, re.ASCII) for cell in cells) and len(set(cells)) == len(
        cells
    )


def _divided(
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
        counts = counted(first[1:]) and counted(left)
        empty = all(row[i] == "" for i, row in enumerate(cells) if i < len(row))
        if any(map(_is_text, first[1:] + left)) or counts or not empty:
            return [row[1:] for row in rest], tuple(first[1:]), tuple(left)
    if lengths == {len(first) + 1} and all(
        any(map(_is_text, names)) or counted(names) for names in (first, left)
    ):  # as R writes names of columns and rows
        return [row[1:] for row in rest], tuple(first), tuple(left)
    named_rows = all(_is_text(name) for name in left)
    if any(map(_is_text, first[1:])):
        if named_rows:
            columns = tuple(first[1:] if lengths == {len(first)} else first)
            return [row[1:] for row in rest], columns, tuple(left)
        if _is_text(first[0]) and counted(left) and len(rest) == len(first) - 1:
            return [row[1:] for row in rest], tuple(first[1:]), tuple(left)
        return rest, tuple(first), None
    if named_rows and _is_text(first[0]):
        return [row[1:] for row in cells], None, (first[0], *left)
    if lengths == {len(first)}:  # numbers of an atlas above or beside a square matrix
        if len(rest) == len(first) and _ids(first) and _hollow(rest):
            return rest, tuple(first), None
        beside = [row[1:] for row in cells]
        if len(cells) == len(first) - 1 and _ids([first[0], *left]) and _hollow(beside):
            return beside, None, (first[0], *left)
    return cells, None, None


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


def read_table(text: str, where: str, *, asked: bool = False) -> Table:
    """Read a matrix, with or without names of its rows and columns.

    `asked`: it was said to be a matrix, so that a list of links is not suspected.
    """
    cells, delimiter = split(text, where)
    cells = _with_points(cells, delimiter, where)
    numbers, columns, rows = _divided(cells)
    if not asked and _looks_like_edges(cells, numbers, columns, rows):
        raise ConnectomeError(
            f"{where} looks like a list of links (from, to, weight): give kind='edges' to read it "
            "as one, or kind='matrix'"
        )
    return Table(_numbers(numbers, columns, rows, where), common_names(rows, columns, where))


def _looks_like_edges(
    cells: list[list[str]],
    numbers: list[list[str]],
    columns: tuple[str, ...] | None,
    rows: tuple[str, ...] | None,
) -> bool:
    """Whether a table may be a list of links, with or without numbers of lines in front.

    `numbers`, `columns` and `rows`: the same table as a matrix, see `_divided`.
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
    if not numbered and _is_text(lines[0][2]):
        lines = lines[1:]
    if not lines or any(_is_text(cell) for row in lines for cell in row[2:]):
        return False
    if all(_is_text(row[0]) and _is_text(row[1]) for row in lines):
        return True
    return all(re.fullmatch(r"\d+(\.0*)?", cell, re.ASCII) for row in lines for cell in row[:2])


def read_edges(
    text: str, where: str, regions: tuple[str, ...] | None, symmetric: bool | None
) -> Table:
    """Read a list of links: from, to, weight, and perhaps length; those of one pair are one.

    Regions are in the order of `regions`, or of their numbers, or of their first appearance.
    """
    cells, delimiter = split(text, where, MOST_LINKS)
    cells = _with_points(cells, delimiter, where)
    cells = _without_header(cells, where)
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
    found = list(dict.fromkeys(name for row in cells for name in row[:2]))
    if regions is None:
        if all(name.isascii() and name.isdecimal() for name in found):
            found.sort(key=int)
        regions = tuple(found)
    index = {name: i for i, name in enumerate(regions)}
    if unknown := [name for name in found if name not in index]:
        raise ConnectomeError(f"{where} links {unknown[:SHOWN]}, which are not among regions=")
    if len(regions) > MOST_LINKED:
        raise ConnectomeError(
            f"{where} has {len(regions)} regions; {MOST_LINKED} is the limit: save larger ones as "
            ".npy"
        )
    matrix = np.zeros((len(regions), len(regions)))
    products = np.zeros_like(matrix) if width == 4 else None
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
    if symmetric is None and matrix.any() and not np.any(matrix * matrix.T):
        refuse_one_sided(f"{where}: links")
    return Table(matrix, regions, lengths)


def _without_header(cells: list[list[str]], where: str) -> list[list[str]]:
    """Links without the names of columns and the numbers of lines, as pandas and R write them."""
    first, rest = cells[0], cells[1:]
    numbered = bool(rest) and (first[0] == "" or len(first) == len(rest[0]) - 1)
    header = first[1:] if numbered and first[0] == "" else first
    if numbered:
        rest = [row[1:] for row in rest]
    elif len(header) not in (3, 4) or not _is_text(header[2]):
        return cells
    if len(header) == 4 and not re.search("len|dist|mm", header[3], re.IGNORECASE):
        raise ConnectomeError(
            f"{where} calls its fourth column {header[3]!r}, where a list of links has the tract "
            "length in mm: leave it out or call it length"
        )
    return rest


def read_centres(text: str, where: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Names and positions of lines "name x y z", further columns ignored."""
    cells, delimiter = split(text, where)
    cells = _with_points(cells, delimiter, where)
    if len(cells) > 1 and len(cells[0]) >= 4 and all(map(_is_text, cells[0])):
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
