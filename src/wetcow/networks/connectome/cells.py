"""Text of files cut into cells: encodings, delimiters, comments, quotes and decimal commas."""

from __future__ import annotations

import codecs
import csv
import itertools
import re

import numpy as np

from wetcow.networks.connectome.preparation import LARGEST_NUMBER_OF_REGIONS, ConnectomeError

LARGEST_TEXT = 2**28  # bytes, of a file or a member of an archive
MISSING_CELLS = {"", "na", "nan", "n/a", "null", "none", "inf", "+inf", "-inf", "-nan", "infinity"}
_LINE = re.compile(r"^[^\S\r\n]*[^\s#%]", re.MULTILINE)  # that is not blank and no comment
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)


def decoded_text(content: bytes, where: str) -> str:
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


def split_cells(
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
    if ends and (first[-1] == "" or any(map(is_text, first))):
        cells = [first[:-1] if first[-1] == "" else first, *(row[:-1] for row in rest)]
    return cells, delimiter


def _without_comment(line: str, where: str) -> str:
    """The line without what follows # or % at its start or after a space, outside quotes."""
    for found in re.finditer(r"(?:^|(?<=\s))[#%]", line):
        if line.count('"', 0, found.start()) % 2 == 0:
            kept = line[: found.start()].rstrip(" ")
            before = re.split(r"[;\t,]", re.sub(r'"[^"]*"', "", kept))
            after = line[found.end() :]
            # Between delimiters a name may have spaces, so that "V #1" may be one.
            delimited = len(before) > 1 and not after[:1].isspace() and after
            if any(map(is_text, before[-1].split())) and (delimited or re.search(r"[;\t,]", after)):
                raise ConnectomeError(
                    f"{where}: {line[found.start() :][:20]!r} may be a comment or part of the name "
                    f"{before[-1].strip()[:20]!r}: quote names that have {found.group()}, and "
                    "write comments on lines of their own"
                )
            return kept
    return line


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
    return np.nan if cell.lower() in MISSING_CELLS else None


def is_text(cell: str) -> bool:
    """Whether a cell is neither a number nor a missing one."""
    return as_number(cell) is None


def with_points(cells: list[list[str]], delimiter: str, where: str) -> list[list[str]]:
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
