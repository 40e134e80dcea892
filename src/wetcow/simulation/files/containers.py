"""The two kinds of files of results, netCDF and zarr: plain arrays in, plain arrays out.

Arrays have checksums, fletcher32 in netCDF and crc32c in zarr, and no chunk of zarr is left out, so
that a missing one can be told from one without numbers.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from wetcow.files import replace_folder, standing, write_whole
from wetcow.hdf5 import refuse_endless_texts
from wetcow.simulation.files.ownership import check_ours
from wetcow.simulation.files.packing import Packed, Stored
from wetcow.simulation.files.plain_arrays import joined
from wetcow.simulation.files.unpacking import DamageError, read_contents, unpack, values_of

CHUNK_BYTES = 2**23


def chunk_shape(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Chunks of whole rows, as many as have a size that is read at once."""
    chunk = list(shape)
    for axis, size in enumerate(shape):
        rest = math.prod(shape[axis + 1 :]) * itemsize
        chunk[axis] = max(1, min(size, CHUNK_BYTES // max(rest, 1)))
    return tuple(chunk)


def write_netcdf(packed: Packed, path: pathlib.Path) -> None:
    """Write a netCDF file, made in memory: HDF5 does not survive a disk that is full."""
    import h5netcdf
    import h5py

    buffer = io.BytesIO()
    with h5netcdf.File(buffer, "w") as file:
        file.dimensions = packed.sizes
        for name, (dims, values, attrs) in packed.arrays.items():
            text = values.dtype.kind == "O"
            plain = values.ndim == 0 or values.size == 0 or text
            checked = {} if plain else {
                "fletcher32": True, "chunks": chunk_shape(values.shape, values.itemsize)
            }  # fmt: skip
            kind = h5py.string_dtype() if text else values.dtype
            variable = file.create_variable(name, dims, kind, data=values, **checked)
            for key, value in attrs.items():
                variable.attrs[key] = value
        for key, value in (packed.attrs | packed.table()).items():
            file.attrs[key] = value
    write_whole(path, buffer.getbuffer())


def read_netcdf(path: pathlib.Path) -> Any:
    """Results in a netCDF file; None if an earlier version wrote it."""
    import h5py

    refuse_endless_texts(path)
    with h5py.File(path, "r") as file:
        contents = read_contents({name: file.attrs[name] for name in file.attrs})

        def read(name: str) -> np.ndarray:
            stored = file[name]
            if not isinstance(stored, h5py.Dataset):
                raise DamageError(f"{name} is not an array")
            text = h5py.check_string_dtype(stored.dtype) is not None
            return np.asarray(stored.asstr()[()] if text else stored[()])

        if contents is None:
            return None
        return unpack(contents, lambda entry: values_of(entry, read))


def write_zarr(packed: Packed, path: pathlib.Path) -> None:
    """Write a zarr folder in place of one of this package.

    Raises
    ------
    FileExistsError
        If there is something else.
    """
    if standing(path).exists():
        check_ours(standing(path))

    def write(partial: pathlib.Path) -> None:
        group = create_group(partial, packed.attrs | packed.table())
        for name, stored in packed.arrays.items():
            add_array(group, name, stored)

    replace_folder(path, write)


def create_group(path: pathlib.Path, attrs: dict[str, Any]) -> Any:
    """New zarr folder."""
    import zarr

    return zarr.open_group(path, mode="w", zarr_format=3, attributes=attrs)


def open_group(path: pathlib.Path, mode: Any = "r") -> Any:
    """Zarr folder that exists."""
    import zarr

    return zarr.open_group(path, mode=mode)


def add_array(group: Any, name: str, stored: Stored) -> None:
    """Write one array, in place of another of this name."""
    dims, values, attrs = stored
    values = np.asarray(values)
    if values.dtype.kind == "O":
        values = values.astype(np.dtypes.StringDType())
    empty_array(group, name, dims, values.shape, values.dtype, attrs=attrs)
    if values.size:
        with complete_chunks():
            group[name][...] = values


def empty_array(
    group: Any,
    name: str,
    dims: tuple[str, ...],
    shape: tuple[int, ...],
    dtype: Any,
    *,
    chunks: tuple[int, ...] | None = None,
    attrs: dict[str, Any] | None = None,
) -> None:
    """Create an array whose values are still to come."""
    from zarr.codecs import Crc32cCodec, ZstdCodec

    dtype = np.dtype(dtype)
    group.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=chunks or chunk_shape(tuple(max(1, size) for size in shape), dtype.itemsize),
        compressors=[ZstdCodec(), Crc32cCodec()],
        fill_value=np.nan if dtype.kind == "f" else None,
        dimension_names=dims,
        attributes=attrs or {},
        overwrite=True,
    )


@contextlib.contextmanager
def complete_chunks() -> Iterator[None]:
    """Write chunks also where they hold nothing but the fill value."""
    import zarr

    with zarr.config.set({"array.write_empty_chunks": True}):
        yield


class ZarrFile:
    """A zarr folder of this package.

    Parameters
    ----------
    path : path
        The folder.

    Attributes
    ----------
    attrs : dict
        Of the folder.
    contents : dict or None
        Table of contents; None if an earlier version wrote it.
    """

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.group = open_group(path)
        self.attrs: dict[str, Any] = self.group.attrs.asdict()
        self.contents = read_contents(self.attrs)

    def results(self, lazy: bool = False) -> Any:
        """Dataset or DataArray; with `lazy`, variables are read when they are used.

        Raises
        ------
        DamageError
            If something is not as it was written.
        """
        assert self.contents is not None
        mark = self.path.stat().st_ino

        def get(entry: dict[str, Any]) -> Any:
            parts = [self._array(name, entry) for name in entry.get("stored", ())]
            if lazy and parts and entry.get("coordinate") is False and entry["dtype"] != "text":
                return indexing.LazilyIndexedArray(
                    _Later(path=self.path, mark=mark, parts=parts, entry=entry)
                )
            return values_of(entry, self._values)

        return unpack(self.contents, get)

    def _array(self, name: str, entry: dict[str, Any]) -> Any:
        """Array in the folder, if all of it is there."""
        array = self.group[name]
        if list(array.shape) != entry["shape"]:
            raise DamageError(f"{name} has the shape {array.shape}, not {entry['shape']}")
        there = array.nchunks_initialized
        # The last chunks of a run that is not finished are still to come.
        done = self.attrs.get("samples_done")
        unfinished = done is not None and done < self.attrs["num_samples"]
        if there < array.nchunks and not (unfinished and entry.get("name") == "a"):
            raise DamageError(
                f"{array.nchunks - there} of {array.nchunks} chunks of {name} are missing"
            )
        return array

    def _values(self, name: str) -> np.ndarray:
        values = np.asarray(self.group[name][...])
        return values.astype(object) if values.dtype.kind == "T" else values


class _Later(BackendArray):
    """An array of a zarr folder that is read when it is used, and only what is used of it."""

    def __init__(self, path: pathlib.Path, mark: int, parts: list[Any], entry: dict[str, Any]):
        self.path, self.mark, self.parts = path, mark, parts
        self.shape = tuple(entry["shape"])
        self.kind = entry["dtype"]
        self.dtype = np.dtype(entry["dtype"])

    def __getitem__(self, key: Any) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )

    def _read(self, key: tuple[Any, ...]) -> Any:
        try:
            if self.path.stat().st_ino != self.mark:
                raise FileNotFoundError
        except FileNotFoundError:
            raise ValueError(
                f"{self.path} was replaced or removed since these results were opened: load them "
                "again"
            ) from None
        try:
            parts = [np.asarray(part.oindex[key]) for part in self.parts]
        except Exception as error:
            raise ValueError(f"{self.path} is damaged: {error}") from error
        return joined(parts, self.kind)


class Lazily(BackendEntrypoint):
    """Engine of xarray for zarr folders of this package."""

    open_dataset_parameters = ("filename_or_obj", "drop_variables")

    def open_dataset(self, filename_or_obj: Any, *, drop_variables: Any = None) -> xr.Dataset:
        """Results of which variables are read when they are used."""
        results = ZarrFile(pathlib.Path(os.fspath(filename_or_obj))).results(lazy=True)
        return results.drop_vars(drop_variables or [])
