"""Time series of regions or sensors: what they must be, and how far samples are apart."""

from __future__ import annotations

from typing import Any

import xarray as xr

from wetcow.synchrony import series as series_times


def channels_of(series: Any) -> str:
    """Dimension of the regions or sensors of a time series.

    Raises
    ------
    TypeError, ValueError
        For what is no time series with evenly spaced samples, or has several such dimensions.
    """
    if not isinstance(series, xr.DataArray):
        hint = (
            "; take its waves, run.a.real, or bold(run)" if isinstance(series, xr.Dataset) else ""
        )
        raise TypeError(
            f"this is of a time series, a DataArray, not a {type(series).__name__}{hint}"
        )
    if "time" not in series.dims or series.sizes["time"] < 2:
        raise ValueError(f"a time series needs several times, got the sizes {dict(series.sizes)}")
    found = [dim for dim in ("mode", "sensor") if dim in series.dims]
    if len(found) != 1:
        raise ValueError(f"a time series has a dimension mode or sensor, got {series.dims}")
    return found[0]


def interval_of(series: xr.DataArray) -> float:
    """Time between samples, s.

    Raises
    ------
    ValueError
        If times are uneven, or not known to be seconds.
    """
    interval, unit = series_times.interval_of(series)
    if unit != "s":
        raise ValueError(
            "the times of this series are not known to be seconds: label the run by its connectome "
            'before, connectome.label(run), or say so, series.time.attrs["units"] = "s"'
        )
    return interval


def in_seconds(array: xr.DataArray, time_unit: float | None = None) -> xr.DataArray:
    """With times in seconds, where they are known by a label or by a unit of time, s."""
    if time_unit is not None:
        seconds = array["time"].values * time_unit
    elif "seconds" in array.coords and array["seconds"].dims == ("time",):
        seconds = array["seconds"].values
    else:
        return array
    found = array.drop_vars("seconds", errors="ignore")
    return found.assign_coords(time=("time", seconds, {"long_name": "time", "units": "s"}))


def over_time(series: xr.DataArray, values: Any) -> xr.DataArray:
    """Like `series` with other values, (time, …) in the order of `time_first`."""
    return time_first(series).copy(data=values).transpose(*series.dims)


def time_first(series: xr.DataArray) -> xr.DataArray:
    """With time as the first dimension."""
    return series.transpose("time", ...)
