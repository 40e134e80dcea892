"""NumPy's arrays: `.npy`, and the members of `.npz`, whose headers are compared before work."""

from __future__ import annotations

import math
import tokenize
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from wetcow.networks.connectome.entries import Entry, refuse_many_bytes, refuse_many_regions
from wetcow.networks.connectome.preparation import ConnectomeError

# A header is a dictionary as Python writes it.
_BAD_HEADER = (
    *(ValueError, TypeError, OSError, EOFError, SyntaxError, RecursionError, MemoryError),
    tokenize.TokenError,
)
_BAD_MEMBER = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError),
    *(RuntimeError, NotImplementedError, OverflowError),
)


def read_npy(path: Path) -> np.ndarray:
    """A square matrix of real numbers."""
    with path.open("rb") as file:
        shape, fortran, dtype = _header(file, str(path))
        if dtype.kind not in "biuf":
            raise ConnectomeError(
                f"{path} is damaged or no numeric array: it holds {dtype}, where a connectome has "
                "real numbers"
            )
        if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 0:
            raise ConnectomeError(f"{path} must hold a square matrix (n, n), got shape {shape}")
        refuse_many_regions(shape, str(path))
        there = path.stat().st_size - file.tell()
        found = _values(file.read(), shape, fortran, dtype, there, str(path))
    with np.errstate(over="ignore"):
        return found.astype(np.float64)


def npz_entries(path: Path) -> dict[str, Entry]:
    """The arrays of an archive by name: headers now, values when they are read."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {}
            for info in archive.infolist():
                with archive.open(info) as file:
                    shape, _, dtype = _header(file, f"{info.filename} in {path}")
                entries[info.filename.removesuffix(".npy")] = Entry(
                    shape=shape,
                    kind={"U": "text", "S": "text"}.get(
                        dtype.kind, "numbers" if dtype.kind in "biuf" else "other"
                    ),
                    read=lambda name=info.filename: _member(path, name),
                )
    except ConnectomeError:
        raise
    except _BAD_MEMBER as error:
        raise ConnectomeError(f"{path} is damaged or truncated: {error}") from error
    return entries


def _member(path: Path, name: str) -> np.ndarray:
    where = f"{name} in {path}"
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            shape, fortran, dtype = _header(file, where)
            declared = math.prod(shape) * dtype.itemsize
            refuse_many_bytes(declared, where)
            content = file.read(declared + 1)  # to its end, where the checksum is compared
            found = _values(content, shape, fortran, dtype, len(content), where)
    except ConnectomeError:
        raise
    except _BAD_MEMBER as error:
        raise ConnectomeError(f"{where} is damaged: {error}") from error
    return np.char.decode(found, "utf-8", "replace") if dtype.kind == "S" else found


def _header(file: Any, where: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order and type of an array; the file is then where its values begin."""
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
            return read(file)
    except _BAD_HEADER as error:
        raise ConnectomeError(f"{where} is damaged or no numeric array: {error}") from error


def _values(
    content: bytes, shape: tuple[int, ...], fortran: bool, dtype: np.dtype, there: int, where: str
) -> np.ndarray:
    declared = math.prod(shape) * dtype.itemsize
    if there != declared:
        raise ConnectomeError(
            f"{where} is damaged: its header declares {declared} bytes of numbers, and {there} "
            "are there"
        )
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
