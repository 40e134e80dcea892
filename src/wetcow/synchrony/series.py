"""Time series that measures take: waves of runs, or what sensors and scanners see."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wetcow.synchrony.silence import require

UNEVEN = 1e-3  # of the time between samples


def is_series(value: Any) -> bool:
    """Whether this is a time series of modes or sensors, rather than a run."""
    return isinstance(value, xr.DataArray)


def series_of(value: Any) -> xr.DataArray:
    """A time series on (time, …, mode); of a run its amplitudes.

    Sensors become modes, whose coordinate are their names.

    Raises
    ------
    ValueError
        For what is neither, or has too few samples.
    """
    if not is_series(value):
        return require(value).transpose("time", ..., "mode")
    if "sensor" in value.dims:
        value = value.rename(sensor="mode")
    if not {"time", "mode"} <= set(value.dims) or value.sizes["time"] < 2 or not value.size:
        raise ValueError(
            "a time series has several times and a dimension mode or sensor, got the sizes "
            f"{dict(value.sizes)}"
        )
    if value.dtype.kind not in "iufc":
        raise ValueError(f"a time series must be numbers, got {value.dtype}")
    return value.transpose("time", ..., "mode")


def times_of(series: xr.DataArray) -> tuple[np.ndarray, str]:
    """Times of samples, and their unit: "s" where seconds are known, else "1"."""
    if "seconds" in series.coords and series["seconds"].dims == ("time",):
        return series["seconds"].values, "s"
    if "time" not in series.coords:
        raise ValueError("the series has no times: give it a coordinate time")
    return series["time"].values, str(series["time"].attrs.get("units", "1"))


def interval_of(series: xr.DataArray) -> tuple[float, str]:
    """Time between samples, and its unit.

    Raises
    ------
    ValueError
        If samples are not evenly spaced.
    """
    time, unit = times_of(series)
    each = np.diff(time)
    if not each.min() > 0 or np.ptp(each) > UNEVEN * each.mean():
        raise ValueError("samples must be evenly spaced in time; interpolate them, .interp()")
    return float(time[-1] - time[0]) / (len(time) - 1), unit


def labels_of(series: xr.DataArray) -> dict[Any, Any]:
    """Coordinates that do not depend on time."""
    return {name: one for name, one in series.coords.items() if "time" not in one.dims}
