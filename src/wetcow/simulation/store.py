"""Where the samples of runs go: memory, or a zarr folder that survives interruptions.

One store holds one run or a sweep of them: its variables have the dimensions of the sweep, if any,
before ("time", "mode"). All runs advance through time together, so that what is certain after an
interruption is a number of samples.
"""

from __future__ import annotations

import hashlib
import io
import os
import pathlib
from typing import Any, Self

import jax
import numpy as np
import xarray as xr

from wetcow.files import write_whole
from wetcow.simulation.results import AMPLITUDE, load_run, pack

# In the folder of an array: in that of the group, zarr warns of files that it does not know.
CHECKPOINT = "mode/wetcow-checkpoint.npz"
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
        return self.labels.assign(variables)

    def dataset(self) -> xr.Dataset:
        """Return what has been written."""
        return self.finish({})


def _fingerprint(labels: xr.Dataset, arguments: dict[str, Any]) -> str:
    """Hash of everything that the result of a run depends on."""
    digest = hashlib.sha256()
    for name in sorted(labels.attrs):
        value = np.asarray(labels.attrs[name])
        digest.update(f"{name} {value.dtype} {value.shape}".encode() + value.tobytes())
    for name, coordinate in labels.coords.items():
        digest.update(str(name).encode() + np.asarray(coordinate).tobytes())
    digest.update(repr(arguments).encode())
    return digest.hexdigest()


def _opened(path: pathlib.Path) -> Any:
    import zarr

    return zarr.open_group(path, mode="r+")


class ZarrStore:
    """Samples written to a folder as they come, with checkpoints to continue from: `open_store`."""

    def __init__(
        self,
        path: str | os.PathLike,
        labels: xr.Dataset,
        *,
        dtype: Any,
        record: bool,
        arguments: dict[str, Any],
    ):
        self.path = pathlib.Path(path)
        if self.path.suffix != ".zarr":
            raise ValueError(f"path must end in .zarr, got {self.path.name!r}; save_run writes .nc")
        self.labels, self.record, self.dtype = labels, record, dtype
        self.num_samples = labels.sizes["time"]
        self.samples_done = 0
        self.finished = False
        identity = _fingerprint(labels, arguments)
        if self.path.exists():
            self._open(identity)
        else:
            self._create(identity)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def _group(self) -> Any:
        return _opened(self.path)

    def _open(self, identity: str) -> None:
        try:
            attrs = self._group().attrs.asdict()
            known, done = attrs["identity"], int(attrs["samples_done"])
        except Exception as error:
            raise FileExistsError(
                f"{self.path} exists and is not a run of simulate(); choose another path"
            ) from error
        if known != identity:
            raise FileExistsError(
                f"{self.path} has a run with other arguments; choose another path or delete it"
            )
        self.finished = done == self.num_samples
        checkpoint = self.path / CHECKPOINT
        if checkpoint.exists():
            with np.load(checkpoint) as stored:
                self.samples_done = int(stored["samples_done"])

    def _create(self, identity: str) -> None:
        # Under another name until complete: a killed creation must not look like a run.
        partial = self.path.with_name(f".{self.path.stem}.{os.getpid()}.partial.zarr")
        pack(self.labels).to_zarr(partial, mode="w", consolidated=False)
        group = _opened(partial)
        dims = (*_swept(self.labels), "time", "mode")
        shape = tuple(self.labels.sizes[name] for name in dims)
        if self.record:
            for part in ("a_real", "a_imag"):
                group.create_array(
                    part,
                    shape=shape,
                    chunks=(*shape[:-2], min(256, shape[-2]), shape[-1]),
                    dtype=np.finfo(self.dtype).dtype,
                    fill_value=np.nan,
                    dimension_names=dims,
                )
        group.attrs.update({"identity": identity, "samples_done": 0})
        os.replace(partial, self.path)

    def write(self, low: int, samples: np.ndarray) -> None:
        """Append samples (sweep…, j, m), the first of which is number `low`."""
        group = self._group()
        where = (..., slice(low, low + samples.shape[-2]), slice(None))
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
        self._group().attrs["samples_done"] = min(samples_done, self.num_samples - 1)

    def resume(self, like: Any) -> Any:
        """Return the state of the last checkpoint, a pytree with the structure of `like`."""
        leaves, structure = jax.tree.flatten(like)
        with np.load(self.path / CHECKPOINT) as stored:
            return structure.unflatten(
                [
                    jax.numpy.asarray(stored[f"leaf_{index}"], leaf.dtype)
                    for index, leaf in enumerate(leaves)
                ]
            )

    def finish(self, results: dict[str, np.ndarray]) -> xr.Dataset:
        """Add the results of reducers, and return everything; arguments as of `MemoryStore`."""
        group = self._group()
        # Not by xarray, which would replace the attributes of the group.
        for name, variable in pack(xr.Dataset(_results(self.labels, results))).variables.items():
            group.create_array(
                str(name), data=variable.values, dimension_names=variable.dims, overwrite=True
            )
        group.attrs["samples_done"] = self.num_samples
        (self.path / CHECKPOINT).unlink(missing_ok=True)
        return self.dataset()

    def dataset(self) -> xr.Dataset:
        """Return the runs from their folder."""
        return load_run(self.path)
