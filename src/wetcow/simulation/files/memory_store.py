"""Samples of runs held in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import xarray as xr

from wetcow.simulation.files.results import AMPLITUDE
from wetcow.simulation.reduce import Reducer


def swept_dims(labels: xr.Dataset) -> tuple[str, ...]:
    """Dimensions of the sweep."""
    return tuple(str(name) for name in labels.sizes if name not in ("time", "mode"))


def result_variables(
    labels: xr.Dataset, results: dict[str, np.ndarray], reducers: Mapping[str, Reducer]
) -> tuple[dict[str, xr.Variable], dict[str, xr.Variable]]:
    """Variables of reducers, and coordinates of those that have axes of their own.

    Each has one value for each run, or one for each of its modes; along its axes, many.
    """
    swept = swept_dims(labels)
    variables, coords = {}, {}
    for name, value in results.items():
        axes = reducers[name].axes(name) if name in reducers else {}
        dims = (*swept, *axes, "mode")[: np.ndim(value)]
        kept = {dim: slice(axis.size) for dim, axis in axes.items()}
        variables[name] = xr.Variable(dims, value).isel(kept)
        coords |= axes
    return variables, coords


class MemoryStore:
    """Samples held in memory; see `open_store`."""

    samples_done = 0
    finished = False

    def __init__(
        self,
        labels: xr.Dataset,
        *,
        record: bool = True,
        reducers: Mapping[str, Reducer] | None = None,
    ):
        self.reducers = reducers or {}
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
        variables, own = result_variables(self.labels, results, self.reducers)
        if self.samples is not None:
            dims = (*swept_dims(self.labels), "time", "mode")
            variables["a"] = xr.Variable(dims=dims, data=self.samples, attrs=AMPLITUDE)
        coords = {**self.labels.coords, **own}
        return xr.Dataset(variables, coords=coords, attrs=self.labels.attrs)

    def dataset(self) -> xr.Dataset:
        """Return what has been written."""
        return self.finish({})
