"""Samples of runs held in memory."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import xarray as xr

from wetcow.simulation.files.results import AMPLITUDE


def swept_dims(labels: xr.Dataset) -> tuple[str, ...]:
    """Dimensions of the sweep."""
    return tuple(str(name) for name in labels.sizes if name not in ("time", "mode"))


def result_variables(labels: xr.Dataset, results: dict[str, np.ndarray]) -> dict[str, xr.Variable]:
    """Variables of reducers: one value for each run, or one for each of its modes."""
    swept = swept_dims(labels)
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
        self.samples: np.ndarray | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, low: int, samples: np.ndarray) -> None:
        """Keep samples (sweep…, j, m), the first of which is number `low`."""
        if self.samples is None:  # of their final size, as joining parts takes twice the memory
            *swept, _, modes = samples.shape
            count = self.labels.sizes["time"]
            self.samples = np.empty((*swept, count, modes), samples.dtype)
        self.samples[..., low : low + samples.shape[-2], :] = samples

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
        variables = result_variables(self.labels, results)
        if self.samples is not None:
            dims = (*swept_dims(self.labels), "time", "mode")
            variables["a"] = xr.Variable(dims, self.samples, AMPLITUDE)
        return xr.Dataset(variables, coords=self.labels.coords, attrs=self.labels.attrs)

    def dataset(self) -> xr.Dataset:
        """Return what has been written."""
        return self.finish({})
