"""Regions of a connectome as coordinates of results."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wetcow.networks.connectome.structure import Structure


def labelled(connectome: Structure, results: Any) -> Any:
    """Return `results` with the regions as coordinates; see `Connectome.label`."""
    if not isinstance(results, xr.Dataset | xr.DataArray):
        raise TypeError(
            f"results of runs and measures are labelled, got a {type(results).__name__}; an array "
            'of your own becomes one by xarray.DataArray(array, dims=("mode", …))'
        )
    labels: dict[str, Any] = {}
    for dimension, suffix in (("mode", ""), ("mode_from", "_from")):
        if dimension not in results.dims:
            continue
        index = np.asarray(results[dimension].values)
        _require_regions(connectome.size, index, results.attrs)
        # Of variable length, which files of zarr have a specification for.
        labels[f"region{suffix}"] = (dimension, np.array(connectome.regions, dtype=object)[index])
        if connectome.positions is not None:
            for axis, values in zip("xyz", connectome.positions[index].T, strict=True):
                labels[f"{axis}{suffix}"] = (dimension, values, {"units": "mm"})
    if not labels:
        raise ValueError(f"these results have no modes to label; dimensions: {[*results.dims]}")
    # What a sweep varies is in its coordinate: one value for all runs would be wrong.
    units = {
        f"connectome_{name}": getattr(connectome, name)
        for name in ("frequency", "speed", "normalisation")
        if name not in results.coords
    }
    if "frequency" not in results.coords:
        units["connectome_time_unit"] = connectome.time_unit
    if "time" in results.dims and "frequency" not in results.coords:
        seconds = np.asarray(results["time"].values) * connectome.time_unit
        labels["seconds"] = ("time", seconds, {"units": "s"})
    return results.assign_coords(labels).assign_attrs(units)


def _require_regions(size: int, modes: np.ndarray, attrs: Any) -> None:
    """Raise unless the results are of a system with one mode for each of `size` regions."""
    if modes.size and not (modes.min() >= 0 and modes.max() < size):
        raise ValueError(
            f"the results have mode {modes.max()}, but the connectome has {size} regions"
        )
    known = _size_of_system(attrs)
    # All modes of a smaller system look like this; some modes of a large one, as a rule, do not.
    all_of_another = np.array_equal(modes, np.arange(modes.size)) and modes.size != size
    if known != size if known is not None else all_of_another:
        found = modes.size if known is None else known
        raise ValueError(
            f"the results are of {found} modes, but the connectome has {size} regions: label "
            "results of its own to_network(), and a selection of modes before measuring it"
        )


def _size_of_system(attrs: Any) -> int | None:
    """Number of modes of the system that was integrated, if the attributes of results say it."""
    if "system" not in attrs:
        return None
    if "coupling_num_modes" in attrs:
        return int(attrs["coupling_num_modes"])
    for name in ("coupling_r", "a0"):
        if np.ndim(attrs.get(name)):
            return np.shape(attrs[name])[-1]
    return None
