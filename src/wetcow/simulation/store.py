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

from wetcow.files import write_whole
from wetcow.simulation.results import load_run, pack

# In the folder of an array: in that of the group, zarr warns of files that it does not know.
CHECKPOINT = "a_real/wetcow-checkpoint.npz"


def _fingerprint(attrs: dict[str, Any], modes: np.ndarray, reducers: dict[str, Any]) -> str:
    """Hash of everything that the result of a run depends on."""
    digest = hashlib.sha256()
    for name in sorted(attrs):
        value = np.asarray(attrs[name])
        digest.update(f"{name} {value.dtype} {value.shape}".encode() + value.tobytes())
    digest.update(modes.tobytes() + repr(reducers).encode())
    return digest.hexdigest()


def _labelled(results: dict[str, np.ndarray]) -> dict[str, Any]:
    return {name: (("mode",) * value.ndim, value) for name, value in results.items()}


def _opened(path: pathlib.Path) -> Any:
    import zarr

    return zarr.open_group(path, mode="r+")


class MemoryStore:
    """Samples of one run, held in memory.

    Parameters
    ----------
    times : float array (k,)
    modes : int array (m,)
        Recorded modes.
    attrs : dict
        Parameters and settings.
    """

    samples_done = 0
    finished = False

    def __init__(self, times: np.ndarray, modes: np.ndarray, attrs: dict[str, Any]):
        self.times, self.modes, self.attrs = times, modes, attrs
        self.parts: list[np.ndarray] = []

    def write(self, low: int, samples: np.ndarray) -> None:
        """Append samples (j, m), the first of which is number `low`."""
        self.parts.append(samples)

    def checkpoint(self, samples_done: int, state: Any) -> None:
        """Nothing outlives this process, so there is nothing to do."""

    def resume(self, like: Any) -> Any:
        """A run in memory starts from the beginning."""
        return like

    def finish(self, results: dict[str, np.ndarray]) -> xr.Dataset:
        """Return the trajectory, if any was written, and the results of reducers."""
        variables = _labelled(results)
        coords = {"mode": self.modes}
        if self.parts:
            coords["time"] = self.times
            variables["a"] = (("time", "mode"), np.concatenate(self.parts))
        return xr.Dataset(variables, coords=coords, attrs=self.attrs)

    def dataset(self) -> xr.Dataset:
        """Return what has been written."""
        return self.finish({})


class ZarrStore:
    """Samples of one run, written to a folder as they come, with checkpoints to continue from.

    Parameters
    ----------
    path : path
        The folder, ``….zarr``.
    times, modes, attrs
        As of `MemoryStore`; with `reducers` they identify the run.
    dtype : complex NumPy dtype
    reducers : dict
        By name.

    Raises
    ------
    ValueError
        If the path does not end in ``.zarr``.
    FileExistsError
        If the folder has another run, or none at all.
    """

    def __init__(self, path, times, modes, attrs, dtype, reducers):
        self.path = pathlib.Path(path)
        if self.path.suffix != ".zarr":
            raise ValueError(f"path must end in .zarr, got {self.path.name!r}; save_run writes .nc")
        self.num_samples = times.size
        self.samples_done = 0
        self.finished = False
        identity = _fingerprint(attrs, modes, reducers)
        if self.path.exists():
            self._open(identity)
        else:
            labels = xr.Dataset(coords={"time": times, "mode": modes}, attrs=attrs)
            self._create(labels, np.finfo(dtype).dtype, identity)

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

    def _create(self, labels: xr.Dataset, real: Any, identity: str) -> None:
        # Under another name until complete: a killed creation must not look like a run.
        partial = self.path.with_name(f".{self.path.stem}.{os.getpid()}.partial.zarr")
        pack(labels).to_zarr(partial, mode="w", consolidated=False)
        group = _opened(partial)
        shape = (labels.sizes["time"], labels.sizes["mode"])
        for part in ("a_real", "a_imag"):
            group.create_array(
                part,
                shape=shape,
                chunks=(min(256, shape[0]), shape[1]),
                dtype=real,
                fill_value=np.nan,
                dimension_names=("time", "mode"),
            )
        group.attrs.update({"identity": identity, "samples_done": 0})
        os.replace(partial, self.path)

    def write(self, low: int, samples: np.ndarray) -> None:
        """Append samples (j, m), the first of which is number `low`."""
        group = self._group()
        group["a_real"][low : low + len(samples)] = np.real(samples)
        group["a_imag"][low : low + len(samples)] = np.imag(samples)

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
        """Add the results of reducers, and return everything."""
        group = self._group()
        # Not by xarray, which would replace the attributes of the group.
        for name, variable in pack(xr.Dataset(_labelled(results))).variables.items():
            group.create_array(
                str(name), data=variable.values, dimension_names=variable.dims, overwrite=True
            )
        group.attrs["samples_done"] = self.num_samples
        (self.path / CHECKPOINT).unlink(missing_ok=True)
        return self.dataset()

    def dataset(self) -> xr.Dataset:
        """Return the run from its folder."""
        return load_run(self.path)
