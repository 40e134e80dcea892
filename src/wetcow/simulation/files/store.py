"""Where the samples of runs go: memory, or a zarr folder that survives interruptions.

One store holds one run or a sweep of them: its variables have the dimensions of the sweep, if any,
before ("time", "mode"). All runs advance through time together, so that what is certain after an
interruption is a number of samples.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
from typing import Any, Self

import numpy as np
import xarray as xr

from wetcow.files import only_writer, remove_folder, replace_folder, standing
from wetcow.simulation.files.checkpoint import (
    CHECKPOINT,
    read_checkpoint,
    state_of,
    write_checkpoint,
)
from wetcow.simulation.files.containers import (
    ZarrFile,
    add_array,
    complete_chunks,
    create_group,
    empty_array,
    open_group,
)
from wetcow.simulation.files.identity import identity
from wetcow.simulation.files.memory_store import MemoryStore, result_variables, swept_dims
from wetcow.simulation.files.ownership import check_ours, is_damaged_run
from wetcow.simulation.files.packing import Packed
from wetcow.simulation.files.recognition import recognise, samples_to_extend
from wetcow.simulation.files.results import AMPLITUDE, TIME, load_run

SAMPLES_PER_CHUNK, CHUNK_BYTES = 256, 2**23


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
        reducers = (arguments or {}).get("reduce")
        return MemoryStore(labels, record=record, reducers=reducers)
    return ZarrStore(path, labels, dtype=dtype, record=record, arguments=arguments or {})


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
        self._asked = labels
        self.labels = labels if record else labels.drop_dims("time")
        self.samples_done = 0
        self.finished = False
        self._state = np.zeros(0, np.uint8)
        coords = {str(name): np.asarray(value) for name, value in labels.coords.items()}
        known = identity({**coords, **arguments})
        reducers = self.reducers = arguments.get("reduce", {})
        self._open_block = contextlib.ExitStack()
        if standing(self.path).exists():
            self._extend(known, dtype, record, reducers)
            self.finished = recognise(standing(self.path), known, labels, reducers, named=self.path)
        if self.finished:
            return
        with contextlib.ExitStack() as block:
            block.enter_context(only_writer(self.path))
            if self.path.exists():
                self.finished = recognise(self.path, known, labels, reducers, named=self.path)
                self.samples_done, self._state = read_checkpoint(self.path, self.num_samples)
            else:
                self._create(known, dtype, record)
            self._open_block = block.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open_block.close()

    def _extend(self, known: dict[str, str], dtype: Any, record: bool, reducers: Any) -> None:
        """Make a finished run that ends earlier an unfinished one of this length."""

        def there() -> int | None:
            folder = standing(self.path)
            return samples_to_extend(folder, known, self._asked, reducers, named=self.path)

        if there() is None:
            return

        def write(partial: pathlib.Path) -> None:
            done, folder = there(), standing(self.path)
            if done is None:
                raise FileExistsError(f"{self.path} was changed by another process; try again")
            self._write_empty(partial, known, dtype, record)
            shutil.copyfile(folder / CHECKPOINT, partial / CHECKPOINT)
            group, source = open_group(partial, "r+"), open_group(folder)
            for low in range(0, done if record else 0, SAMPLES_PER_CHUNK):
                part = (..., slice(low, min(low + SAMPLES_PER_CHUNK, done)), slice(None))
                with complete_chunks():
                    for name in ("a_real", "a_imag"):
                        group[name][part] = source[name][part]
            group.update_attributes({"samples_done": done})

        replace_folder(self.path, write)

    def _create(self, known: dict[str, str], dtype: Any, record: bool) -> None:
        # Under another name until complete: a killed creation must not look like a run.
        partial = self.path.resolve().with_name(f".{self.path.name}.{os.getpid()}.partial")
        try:
            self._write_empty(partial, known, dtype, record)
            os.replace(partial, self.path.resolve())
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _write_empty(
        self, partial: pathlib.Path, known: dict[str, str], dtype: Any, record: bool
    ) -> None:
        """Write a folder without samples."""
        packed = Packed(self.labels)
        sizes, dims = self.labels.sizes, (*swept_dims(self.labels), "time", "mode")
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

    def write(self, low: int, samples: np.ndarray) -> None:
        """Append samples (sweep…, j, m), the first of which is number `low`."""
        group = open_group(self.path, "r+")
        where = (..., slice(low, low + samples.shape[-2]), slice(None))
        with complete_chunks():
            group["a_real"][where] = np.real(samples)
            group["a_imag"][where] = np.imag(samples)

    def checkpoint(self, samples_done: int, state: Any) -> None:
        """Make everything written so far permanent, with what continuing needs."""
        write_checkpoint(self.path, samples_done, state)
        # All samples are there before the reducers' results are: the run is not finished yet.
        certain = min(samples_done, self.num_samples - 1)
        open_group(self.path, "r+").update_attributes({"samples_done": certain})

    def resume(self, like: Any) -> Any:
        """Return the state of the last checkpoint, a pytree with the structure of `like`.

        Raises
        ------
        CheckpointError
            If the file has another state.
        """
        return state_of(self._state, like, self.path)

    def finish(self, results: dict[str, np.ndarray]) -> xr.Dataset:
        """Add the results of reducers, and return everything; arguments as of `MemoryStore`."""
        group = open_group(self.path, "r+")
        packed = Packed.more(ZarrFile(self.path).contents or {})
        variables, coords = result_variables(self.labels, results, self.reducers)
        for name, variable in {**variables, **coords}.items():
            packed.add(name, variable, coordinate=name in coords)
        packed.contents["indexed"] += coords
        for name, stored in packed.arrays.items():
            add_array(group, name, stored)
        # In one step, which makes the run a finished one.
        group.update_attributes({**packed.table(), "samples_done": self.num_samples})
        return self.dataset()

    def dataset(self) -> xr.Dataset:
        """Return the runs from their folder; samples are read when they are used."""
        return load_run(self.path, lazy=True)


def discard_run(path: pathlib.Path) -> pathlib.Path | None:
    """Delete a run of this package, finished or not, so that it starts from the beginning.

    Returns
    -------
    path or None
        To which a damaged run was renamed instead, as what is in it may be wanted.

    Raises
    ------
    FileExistsError
        If there is something else.
    """
    with only_writer(path):
        if not path.exists():
            return None
        try:
            check_ours(path)
        except FileExistsError:
            if not is_damaged_run(path):
                raise
            aside, number = path.with_name(f"{path.name}.old"), 1
            while aside.exists():
                number += 1
                aside = path.with_name(f"{path.name}.old{number}")
            os.rename(path, aside)
            return aside
        remove_folder(path)
        return None


def _samples_chunk(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Chunk of samples: some hundred of them, of as many runs as fit."""
    *swept, num_samples, size = shape
    chunk = [min(SAMPLES_PER_CHUNK, num_samples), size]
    for axis in reversed(range(len(swept))):
        room = max(1, CHUNK_BYTES // (int(np.prod(chunk)) * itemsize))
        chunk.insert(0, min(swept[axis], room))
    return tuple(chunk)
