"""MATLAB's files of version 5 (`save` without `-v7.3`); those of 7.3 are HDF5."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wetcow.networks.connectome.entries import Entry, refuse_many_bytes
from wetcow.networks.connectome.preparation import ConnectomeError

HEADER = 128  # bytes
MATRIX, COMPRESSED = 14, 15  # types of elements
CHUNK = 2**20


def mat_entries(path: Path) -> dict[str, Entry]:
    """The variables of a file by name, fields of structures as ``name.field``."""
    from scipy.io import loadmat

    _check_elements(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of what cannot be read, or is there twice
            found = loadmat(path, squeeze_me=True)
    except Exception as error:  # SciPy's readers raise anything for damaged bytes
        raise ConnectomeError(f"{path} is damaged: {error}") from error
    entries = {}
    for name, value in found.items():
        if not name.startswith("__"):
            entries.update(_flat(name, value))
    return entries


def _check_elements(path: Path) -> None:
    """Raise unless all elements are whole, before they are read.

    What is compressed is unpacked in small pieces, to its checksum, and thrown away.
    """
    total = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(HEADER)
        order = "<" if header[126:128] == b"IM" else ">"
        at, unpacked = HEADER, 0
        while at < total:
            tag = file.read(8)
            kind, size = struct.unpack(f"{order}II", tag) if len(tag) == 8 else (0, total)
            if kind not in (MATRIX, COMPRESSED) or size > total - at - 8:
                raise ConnectomeError(
                    f"{path} is damaged or truncated: what begins at byte {at} is no whole array"
                )
            if kind == COMPRESSED:
                unpacked += _unpacked(file.read(size), str(path))
            else:
                file.seek(size, 1)
                unpacked += size
            refuse_many_bytes(unpacked, str(path))
            at += 8 + size


def _unpacked(content: bytes, where: str) -> int:
    """Bytes that an element unpacks to."""
    unpacking, size = zlib.decompressobj(), 0
    try:
        piece = unpacking.decompress(content, CHUNK)
        while piece or unpacking.unconsumed_tail:
            size += len(piece)
            refuse_many_bytes(size, where)
            piece = unpacking.decompress(unpacking.unconsumed_tail, CHUNK)
    except zlib.error as error:
        raise ConnectomeError(f"{where} is damaged: {error}") from error
    if not unpacking.eof:
        raise ConnectomeError(f"{where} is damaged: an array in it is not whole")
    return size


def _flat(name: str, value: Any) -> Iterator[tuple[str, Entry]]:
    """Arrays and texts, those of structures too."""
    if hasattr(value, "toarray"):  # sparse
        yield name, Entry(shape=value.shape, kind="numbers", read=value.toarray)
        return
    if isinstance(value, str):
        value = np.array([value])
    value = np.asarray(value)
    if value.dtype.names is not None:
        if value.size == 1:
            for field in value.dtype.names:
                yield from _flat(f"{name}.{field}", value.reshape(())[field][()])
        return
    if value.dtype == object and value.size and all(isinstance(one, str) for one in value.flat):
        value = value.astype(str)
    kind = (
        "text" if value.dtype.kind == "U" else "numbers" if value.dtype.kind in "biuf" else "other"
    )
    yield name, Entry(shape=value.shape, kind=kind, read=lambda: value)
