"""HDF5: The Virtual Brain's, xarray's, one's own, and MATLAB's of version 7.3."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from wetcow.hdf5 import refuse_endless_texts
from wetcow.networks.connectome.entries import Entry, refuse_many_bytes
from wetcow.networks.connectome.preparation import ConnectomeError

MATLAB_CLASS = "MATLAB_class"  # an attribute that only MATLAB's files have
MATLAB_SPARSE = "MATLAB_sparse"  # number of rows
OF_MATLAB_ITSELF = ("#refs#", "#subsystem#")
MOST_OBJECTS = 10_000


def hdf5_entries(path: Path) -> dict[str, Entry]:
    """The arrays of a file by their paths: shapes now, values when they are read.

    MATLAB stores columns first, so that its matrices are turned round.
    """
    import h5py

    entries: dict[str, Entry] = {}
    seen = 0

    def visit(name: str, item: Any) -> bool | None:
        nonlocal seen
        seen += 1
        if name.split("/")[0] in OF_MATLAB_ITSELF:
            return None
        if MATLAB_SPARSE in item.attrs:
            rows, columns = int(item.attrs[MATLAB_SPARSE]), len(item["jc"]) - 1
            entries[name] = Entry(
                shape=(rows, columns), kind="numbers", read=lambda: _opened(path, name, _sparse)
            )
        elif isinstance(item, h5py.Dataset) and item.shape is not None:
            entries[name] = _entry(path, name, item)
        return True if seen > MOST_OBJECTS else None

    try:
        refuse_endless_texts(path)
        with h5py.File(path, "r") as file:
            file.visititems(visit)
    except Exception as error:  # h5py raises anything for damaged bytes
        raise ConnectomeError(f"{path} is damaged or truncated: {error}") from error
    inside = [name for name in entries if any(name.startswith(f"{one}/") for one in entries)]
    return {name: one for name, one in entries.items() if name not in inside}


def _entry(path: Path, name: str, item: Any) -> Entry:
    import h5py

    matlab = _class(item)
    shape = tuple(item.shape)[::-1] if matlab else tuple(item.shape)
    if matlab == "cell":
        return Entry(shape=shape, kind="text", read=lambda: _opened(path, name, _cells))
    if matlab == "char":
        return Entry(shape=shape[:1], kind="text", read=lambda: _opened(path, name, _characters))
    if h5py.check_string_dtype(item.dtype) is not None:
        return Entry(
            shape=shape, kind="text", read=lambda: _opened(path, name, lambda one: one.asstr()[()])
        )
    kind = "numbers" if item.dtype.kind in "biuf" else "other"
    return Entry(shape=shape, kind=kind, read=lambda: _opened(path, name, _numbers))


def _opened(path: Path, name: str, read: Any) -> Any:
    """What `read` makes of an object of a file."""
    import h5py

    where = f"{name!r} in {path}"
    try:
        with h5py.File(path, "r") as file:
            item = file[name]
            if isinstance(item, h5py.Dataset):
                refuse_many_bytes(math.prod(item.shape) * item.dtype.itemsize, where)
            return read(item)
    except ConnectomeError:
        raise
    except Exception as error:  # as above
        raise ConnectomeError(f"{where} is damaged: {error}") from error


def _class(item: Any) -> str:
    """MATLAB's name of a type, else empty."""
    found = item.attrs.get(MATLAB_CLASS, b"")
    return found.decode() if isinstance(found, bytes) else str(found)


def _numbers(item: Any) -> np.ndarray:
    values = item[()]
    return values.T if _class(item) else values


def _sparse(item: Any) -> np.ndarray:
    from scipy.sparse import csc_matrix

    rows, columns = int(item.attrs[MATLAB_SPARSE]), len(item["jc"]) - 1
    refuse_many_bytes(8 * rows * columns, f"{item.name!r}")
    values = item["data"][()] if "data" in item else np.zeros(0)  # of no entries at all
    index = item["ir"][()] if "ir" in item else np.zeros(0, int)
    found = csc_matrix((values.astype(float), index, item["jc"][()]), shape=(rows, columns))
    return found.toarray()


def _characters(item: Any) -> np.ndarray:
    """Rows of text: a column of codes each, as MATLAB stores them."""
    codes = np.atleast_2d(item[()])
    return np.array(["".join(map(chr, row)).strip() for row in codes.T])


def _cells(item: Any) -> np.ndarray:
    """Texts that cells refer to."""
    texts = []
    for reference in np.ravel(item[()]):
        cell = item.file[reference]
        if _class(cell) != "char":
            raise ConnectomeError(f"{item.name!r} holds cells that are no texts")
        texts.append("".join(map(chr, np.ravel(cell[()]))))
    return np.array(texts)
