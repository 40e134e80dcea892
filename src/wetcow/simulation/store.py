"""Where the samples of runs go: memory, or a zarr folder that survives interruptions.

One store holds one run or a sweep of them: its variables have the dimensions of the sweep, if any,
before ("time", "mode"). All runs advance through time together, so that what is certain after an
interruption is a number of samples.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pathlib
import re
import shutil
import struct
import warnings
import zipfile
import zlib
from typing import Any, Self

import jax
import numpy as np
import xarray as xr

from wetcow.files import only_writer, remove_folder, standing, write_whole
from wetcow.simulation.containers import (
    ZarrFile,
    add_array,
    check_ours,
    complete_chunks,
    create_group,
    empty_array,
    open_group,
)
from wetcow.simulation.identity import identity
from wetcow.simulation.packing import Packed
from wetcow.simulation.results import AMPLITUDE, TIME, load_run
from wetcow.version import __version__

# In the folder of an array: in that of the group, zarr warns of files that it does not know.
CHECKPOINT = "mode/wetcow-checkpoint.npz"
SAMPLES_PER_CHUNK, CHUNK_BYTES = 256, 2**23
_EARLIER_CHECKPOINT = "a_real/wetcow-checkpoint.npz"
_RESTART = "delete the folder to start from the beginning (the command has --restart for that)"
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(OSError, EOFError, KeyError, ValueError, RuntimeError, NotImplementedError),
)


def open_store(
    path: str | os.PathLike | None,
    labels: xr.Dataset,
    *,
    dtype: Any = np.complex128,
    record: bool = True,
    arguments: dict[str, Any] | None = None,
) -> MemoryStore | ZarrStore:
    """Return a store for one run or a sweep; use it in a ``with`` block.

    Parameters
    ----------
    path : path or None
        A ``.zarr`` folder; None: memory.
    labels : xarray.Dataset
        No variables; the coordinates, whose dimensions are those of the sweep in order, "time" and
        "mode", and the attributes (`describe`).
    dtype : complex NumPy dtype
        Of the samples.
    record : bool
        Whether there are samples.
    arguments : dict, optional
        What the results depend on besides labels, such as the system and reducers; each is
        recognised by its content.

    Raises
    ------
    ValueError
        If the path does not end in ``.zarr``.
    FileExistsError
        If the folder has another run, or none at all, or another process writes to it.

    Examples
    --------
    A sweep over two values, of which three samples of one mode are written in two steps:

    >>> import numpy as np
    >>> coords = {"gamma": [0.5, 1.0], "time": [0.0, 1.0, 2.0], "mode": [0]}
    >>> with open_store(None, xr.Dataset(coords=coords)) as store:
    ...     store.write(0, np.zeros((2, 1, 1), complex))
    ...     store.write(1, np.ones((2, 2, 1), complex))
    ...     runs = store.finish({"order": np.array([0.1, 0.2])})
    >>> runs.a.dims, runs.order.dims
    (('gamma', 'time', 'mode'), ('gamma',))
    """
    if "time" in labels.coords and labels.variables["time"].attrs != TIME:
        labels = labels.assign_coords(time=labels.time.assign_attrs(TIME))
    if path is None:
        return MemoryStore(labels, record=record)
    return ZarrStore(path, labels, dtype=dtype, record=record, arguments=arguments or {})


def _swept(labels: xr.Dataset) -> tuple[str, ...]:
    """Dimensions of the sweep."""
    return tuple(str(name) for name in labels.sizes if name not in ("time", "mode"))


def _results(labels: xr.Dataset, results: dict[str, np.ndarray]) -> dict[str, xr.Variable]:
    """Variables of reducers: one value for each run, or one for each of its modes."""
    swept = _swept(labels)
    return {
        name: xr.Variable((*swept, "mode")[: np.ndim(value)], value)
        for name, value in results.items()
    }


class CheckpointError(ValueError):
    """A checkpoint that is damaged; the message says what to do."""


class MemoryStore:
    """Samples held in memory; see `open_store`."""

    samples_done = 0
    finished = False

    def __init__(self, labels: xr.Dataset, *, record: bool = True):
        self.labels = labels if record else labels.drop_dims("time", errors="ignore")
        self.parts: list[np.ndarray] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, low: int, samples: np.ndarray) -> None:
        """Append samples (sweep…, j, m), the first of which is number `low`."""
        self.parts.append(samples)

    def checkpoint(self, samples_done: int, state: Any) -> None:
        """Nothing outlives this process, so there is nothing to do."""

    def resume(self, like: Any) -> Any:
        """A run in memory starts from the beginning."""
        return like

    def finish(self, results: dict[str, np.ndarray]) -> xr.Dataset:
        """Return the samples, if any were written, and the results of reducers.

        Parameters
        ----------
        results : dict of name to array (sweep…) or (sweep…, m)
        """
        variables = _results(self.labels, results)
        if self.parts:
            samples = np.concatenate(self.parts, axis=-2)
            dims = (*_swept(self.labels), "time", "mode")
            variables["a"] = xr.Variable(dims, samples, AMPLITUDE)
        return xr.Dataset(variables, coords=self.labels.coords, attrs=self.labels.attrs)

    def dataset(self) -> xr.Dataset:
        """Return what has been written."""
        return self.finish({})


class ZarrStore:
    """Samples written to a folder as they come, with checkpoints to continue from: `open_store`.

    A folder that has a finished run is only read. Otherwise no other process may write to it until
    this store is closed.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        labels: xr.Dataset,
        *,
        dtype: Any,
        record: bool,
        arguments: dict[str, Any],
    ):
        self.path = pathlib.Path(path).expanduser()
        if self.path.suffix != ".zarr":
            raise ValueError(f"path must end in .zarr, got {self.path.name!r}; save_run writes .nc")
        self.num_samples = labels.sizes["time"]
        self.labels = labels if record else labels.drop_dims("time")
        self.samples_done = 0
        self.finished = False
        coords = {str(name): np.asarray(value) for name, value in labels.coords.items()}
        known = identity({**coords, **arguments})
        reducers = arguments.get("reduce", {})
        self._open_block = contextlib.ExitStack()
        if standing(self.path).exists():
            self._recognise(standing(self.path), known, labels, reducers)
        if self.finished:
            return
        with contextlib.ExitStack() as block:
            block.enter_context(only_writer(self.path))
            if self.path.exists():
                self._recognise(self.path, known, labels, reducers)
                self._read_checkpoint()
            else:
                self._create(known, dtype, record)
            self._open_block = block.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open_block.close()

    def _recognise(
        self, path: pathlib.Path, known: dict[str, str], labels: xr.Dataset, reducers: Any
    ) -> None:
        """Check that the folder has this run, and see whether it is finished."""
        try:
            file = ZarrFile(path)
            done, found = int(file.attrs["samples_done"]), file.attrs["identity"]
            total = int(file.attrs["num_samples"])
            attrs = dict(file.results(lazy=True).attrs) if file.contents else _earlier_attrs(path)
        except Exception as error:
            raise FileExistsError(
                f"{self.path} exists and is not a run of simulate() or sweep(), or a damaged one "
                f"({error}); choose another path, or delete it"
            ) from error
        finished = done == total
        version = attrs.get("wetcow_version")
        if isinstance(found, dict):
            differing = _differing(attrs, labels.attrs, version == __version__)
            # A system is described by its attributes; its inner form may change with versions.
            ignored = set() if version == __version__ else {"system"}
            named = [
                name
                for name in sorted({*found, *known} - ignored)
                if found.get(name) != known.get(name)
            ]
            differing += [name for name in named if name not in ("time", "system") or not differing]
        else:
            differing = _differing(attrs, labels.attrs, False)
            if not differing and found != _earlier_identity(attrs, labels, reducers):
                differing = ["modes or reduce"]
        if differing:
            raise FileExistsError(
                f"{self.path} has a run with other arguments: {'; '.join(differing)}. Choose "
                "another path or delete it"
            )
        if not finished and (version != __version__ or not isinstance(found, dict)):
            raise FileExistsError(
                f"{self.path} has an unfinished run of wetcow {version} in another form, which "
                f"this version cannot continue to the same result: choose another path, or "
                f"{_RESTART}"
            )
        self.finished = finished

    def _create(self, known: dict[str, str], dtype: Any, record: bool) -> None:
        # Under another name until complete: a killed creation must not look like a run.
        partial = self.path.resolve().with_name(f".{self.path.name}.{os.getpid()}.partial")
        packed = Packed(self.labels)
        sizes, dims = self.labels.sizes, (*_swept(self.labels), "time", "mode")
        try:
            group = create_group(partial, packed.attrs)
            for name, stored in packed.arrays.items():
                add_array(group, name, stored)
            if record:
                shape = tuple(sizes[name] for name in dims)
                chunk = _samples_chunk(shape, np.dtype(dtype).itemsize // 2)
                for part in ("a_real", "a_imag"):
                    real = np.finfo(dtype).dtype
                    empty_array(group, part, dims, shape, real, chunks=chunk, attrs=AMPLITUDE)
                kind = np.dtype(dtype).str
                packed.announce("a", ["a_real", "a_imag"], dims, shape, kind, AMPLITUDE)
            group.update_attributes(
                {
                    **packed.table(),
                    "identity": known,
                    "samples_done": 0,
                    "num_samples": self.num_samples,
                }
            )
            os.replace(partial, self.path.resolve())
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def write(self, low: int, samples: np.ndarray) -> None:
        """Append samples (sweep…, j, m), the first of which is number `low`."""
        group = open_group(self.path, "r+")
        where = (..., slice(low, low + samples.shape[-2]), slice(None))
        with complete_chunks():
            group["a_real"][where] = np.real(samples)
            group["a_imag"][where] = np.imag(samples)

    def checkpoint(self, samples_done: int, state: Any) -> None:
        """Make everything written so far permanent, with what continuing needs."""
        leaves: dict[str, Any] = {
            f"leaf_{index}": np.asarray(leaf) for index, leaf in enumerate(jax.tree.leaves(state))
        }
        buffer = io.BytesIO()
        np.savez(buffer, samples_done=np.asarray(samples_done), **leaves)
        write_whole(self.path / CHECKPOINT, buffer.getvalue())
        # All samples are there before the reducers' results are: the run is not finished yet.
        certain = min(samples_done, self.num_samples - 1)
        open_group(self.path, "r+").update_attributes({"samples_done": certain})

    def _read_checkpoint(self) -> None:
        path = self.path / CHECKPOINT
        self._leaves: dict[str, np.ndarray] = {}
        if not path.exists():
            return
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                self._leaves = dict(file)
            self.samples_done = int(self._leaves.pop("samples_done"))
            if not 0 < self.samples_done <= self.num_samples:
                raise ValueError(f"{self.samples_done} of {self.num_samples} samples")
        except _DAMAGE as error:
            raise CheckpointError(f"{path} is damaged: {error}; {_RESTART}") from error

    def resume(self, like: Any) -> Any:
        """Return the state of the last checkpoint, a pytree with the structure of `like`.

        Raises
        ------
        CheckpointError
            If the file has another state.
        """
        leaves, structure = jax.tree.flatten(like)
        found = [self._leaves.get(f"leaf_{index}") for index in range(len(leaves))]
        for leaf, one in zip(leaves, found, strict=True):
            if one is None or one.shape != np.shape(leaf) or len(found) != len(self._leaves):
                raise CheckpointError(
                    f"{self.path / CHECKPOINT} has not the state of this run; {_RESTART}"
                )
        return structure.unflatten(
            jax.numpy.asarray(one, leaf.dtype) for one, leaf in zip(found, leaves, strict=True)
        )

    def finish(self, results: dict[str, np.ndarray]) -> xr.Dataset:
        """Add the results of reducers, and return everything; arguments as of `MemoryStore`."""
        group = open_group(self.path, "r+")
        packed = Packed.more(ZarrFile(self.path).contents or {})
        for name, variable in _results(self.labels, results).items():
            packed.add(name, variable, coordinate=False)
        for name, stored in packed.arrays.items():
            add_array(group, name, stored)
        # In one step, which makes the run a finished one.
        group.update_attributes({**packed.table(), "samples_done": self.num_samples})
        (self.path / CHECKPOINT).unlink(missing_ok=True)
        return self.dataset()

    def dataset(self) -> xr.Dataset:
        """Return the runs from their folder; samples are read when they are used."""
        return load_run(self.path, lazy=True)


def discard_run(path: pathlib.Path) -> None:
    """Delete a run of this package, finished or not, so that it starts from the beginning.

    Raises
    ------
    FileExistsError
        If there is something else.
    """
    with only_writer(path):
        if path.exists():
            check_ours(path)
            remove_folder(path)


def _samples_chunk(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Chunk of samples: some hundred of them, of as many runs as fit."""
    *swept, num_samples, size = shape
    chunk = [min(SAMPLES_PER_CHUNK, num_samples), size]
    for axis in reversed(range(len(swept))):
        room = max(1, CHUNK_BYTES // (int(np.prod(chunk)) * itemsize))
        chunk.insert(0, min(swept[axis], room))
    return tuple(chunk)


def _differing(there: dict[str, Any], now: dict[str, Any], same_version: bool) -> list[str]:
    """Which attributes differ, and how; of another version only those that both have."""
    names = {*there} & {*now} if not same_version else {*there} | {*now}
    return [
        f"{name} ({_shown(there, name)} there, {_shown(now, name)} now)"
        for name in sorted(names - {"wetcow_version"})
        if not _same(there.get(name), now.get(name))
    ]


def _same(first: Any, second: Any) -> bool:
    one, other = np.asarray(first), np.asarray(second)
    numbers = one.dtype.kind in "biufc" and other.dtype.kind in "biufc"
    return one.shape == other.shape and np.array_equal(one, other, equal_nan=numbers)


def _shown(attrs: dict[str, Any], name: str) -> str:
    if name not in attrs:
        return "none"
    value = attrs[name]
    return f"an array {value.shape}" if np.ndim(value) else repr(value)


def _earlier_attrs(path: pathlib.Path) -> dict[str, Any]:
    """Attributes of a run that an earlier version wrote."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may be unfinished
        return load_run(path).attrs


def _earlier_identity(attrs: dict[str, Any], labels: xr.Dataset, reducers: Any) -> str:
    """Hash by which earlier versions recognised a run."""
    digest = hashlib.sha256()
    for name in sorted(attrs):
        value = np.asarray(attrs[name])
        digest.update(f"{name} {value.dtype} {value.shape}".encode() + value.tobytes())
    # Reducers had fewer fields then.
    listed = re.sub(r"(, )?resting=\w+", "", repr(reducers))
    digest.update(labels.mode.values.tobytes() + listed.encode())
    return digest.hexdigest()
