"""Where the samples of a run go: memory, or a zarr folder that survives interruptions."""

from __future__ import annotations

import hashlib
import io
import os
import pathlib
from typing import Any

import jax
import numpy as np
import xarray as xr

from wetcow.simulation.results import load_run, pack

CHECKPOINT = "wetcow-checkpoint.npz"


def _fingerprint(attrs: dict[str, Any], indices: np.ndarray, reducers: list[str]) -> str:
    """Hash of everything that the result of a run depends on."""
    digest = hashlib.sha256()
    for name in sorted(attrs):
        value = np.asarray(attrs[name])
        digest.update(f"{name} {value.dtype} {value.shape}".encode() + value.tobytes())
    digest.update(indices.tobytes() + repr(reducers).encode())
    return digest.hexdigest()


class Store:
    """Samples of one run, written in order.

    Parameters
    ----------
    path : path or None
        A ``.zarr`` folder, or None to hold the samples in memory.
    times : float array (k,)
    indices : int array (m,)
        Recorded modes.
    dtype : numpy dtype
        Complex.
    attrs : dict
        Parameters and settings; they identify the run.
    reducers : list of str
        Their names.

    Raises
    ------
    ValueError
        If the path does not end in ``.zarr``.
    FileExistsError
        If the folder has results of another run, or none at all.
    """

    def __init__(self, path, times, indices, dtype, attrs, reducers):
        self.path = None if path is None else pathlib.Path(path)
        self.times, self.indices, self.dtype = times, indices, dtype
        self.attrs = attrs
        self.parts: list[np.ndarray] = []
        self.samples_done = 0
        self.finished = False
        if self.path is None:
            return
        if self.path.suffix != ".zarr":
            raise ValueError(f"path must end in .zarr, got {self.path.name!r}; save_run writes .nc")
        self.identity = _fingerprint(attrs, indices, reducers)
        if self.path.exists():
            self._open()
        else:
            self._create()

    def _group(self):
        import zarr

        return zarr.open_group(self.path, mode="r+")

    def _open(self) -> None:
        try:
            group = self._group()
            identity, done = group.attrs["identity"], group.attrs["samples_done"]
        except Exception as error:
            raise FileExistsError(
                f"{self.path} exists and is not a run of simulate(); choose another path"
            ) from error
        if identity != self.identity:
            raise FileExistsError(
                f"{self.path} has a run with other arguments; choose another path or delete it"
            )
        self.finished = int(done) == self.times.size
        if (self.path / CHECKPOINT).exists():
            with np.load(self.path / CHECKPOINT) as stored:
                self.samples_done = int(stored["samples_done"])

    def _create(self) -> None:
        labels = xr.Dataset(coords={"time": self.times, "mode": self.indices}, attrs=self.attrs)
        pack(labels).to_zarr(self.path, mode="w", consolidated=False)
        group = self._group()
        real = np.finfo(self.dtype).dtype
        shape = (self.times.size, self.indices.size)
        for part in ("a_real", "a_imag"):
            group.create_array(
                part,
                shape=shape,
                chunks=(min(256, shape[0]), shape[1]),
                dtype=real,
                fill_value=np.nan,
                dimension_names=("time", "mode"),
            )
        group.attrs.update({"identity": self.identity, "samples_done": 0})

    def write(self, low: int, samples: np.ndarray) -> None:
        """Append samples (k, m) from sample `low` on."""
        if self.path is None:
            self.parts.append(samples)
            return
        group = self._group()
        group["a_real"][low : low + len(samples)] = samples.real
        group["a_imag"][low : low + len(samples)] = samples.imag

    def checkpoint(self, samples_done: int, state: Any) -> None:
        """Make everything written so far permanent, with what continuing needs."""
        self.samples_done = samples_done
        if self.path is None:
            return
        leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(state)]
        buffer = io.BytesIO()
        np.savez(
            buffer,
            samples_done=samples_done,
            **{f"leaf_{index}": leaf for index, leaf in enumerate(leaves)},
        )
        partial = self.path / f"{CHECKPOINT}.partial"
        partial.write_bytes(buffer.getvalue())
        os.replace(partial, self.path / CHECKPOINT)
        self._group().attrs["samples_done"] = min(samples_done, self.times.size - 1)

    def resume(self, like: Any) -> Any:
        """Return the state of the last checkpoint, a pytree with the structure of `like`."""
        assert self.path is not None
        leaves, structure = jax.tree.flatten(like)
        with np.load(self.path / CHECKPOINT) as stored:
            return structure.unflatten(
                [
                    jax.numpy.asarray(stored[f"leaf_{index}"], leaf.dtype)
                    for index, leaf in enumerate(leaves)
                ]
            )

    def finish(self, results: dict[str, np.ndarray], record: bool) -> xr.Dataset:
        """Add the results of reducers and return everything."""
        reduced = {
            name: (("mode",) if value.ndim else (), value) for name, value in results.items()
        }
        if self.path is None:
            coords: dict[str, Any] = {"mode": self.indices}
            if record:
                coords["time"] = self.times
                reduced["a"] = (("time", "mode"), np.concatenate(self.parts))
            return xr.Dataset(reduced, coords=coords, attrs=self.attrs)
        if reduced:
            summary = pack(xr.Dataset(reduced))
            summary.to_zarr(self.path, mode="a", consolidated=False)
        self._group().attrs["samples_done"] = self.times.size
        (self.path / CHECKPOINT).unlink(missing_ok=True)
        return self.dataset()

    def dataset(self) -> xr.Dataset:
        """Return the finished run from its folder."""
        assert self.path is not None
        return load_run(self.path)
