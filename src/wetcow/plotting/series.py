"""Values in time, of modes, and spikes: what measures return."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from wetcow.plotting.names import names_of
from wetcow.plotting.runs import draw_spikes
from wetcow.plotting.style import (
    BLUE,
    FONT_SIZE,
    MOST_LINES,
    amplitude,
    colors,
    figure_of,
    finish,
    label_of,
    named_ticks,
    time_of,
    value_of,
)
from wetcow.plotting.sweeps import UNIT_RANGE, draw_arrays, draw_heat


def draw_series(array: xr.DataArray) -> Figure:
    """Draw a time series: a line, several of them, a heat map of many, or a sweep of late means.

    Parameters
    ----------
    array : xarray.DataArray
        With the dimension time. Complex values are drawn as amplitudes.

    Returns
    -------
    matplotlib.figure.Figure
    """
    array = amplitude(array)
    label = label_of(array)
    others = [str(dim) for dim in array.dims if dim != "time"]
    if len(others) > 1:
        late = array["time"].values >= float(array["time"][0] + array["time"][-1]) / 2
        mean = array.isel(time=late).mean("time", keep_attrs=True)
        mean.attrs["long_name"] = f"{array.name or 'value'}, second half".replace("_", " ")
        return draw_arrays([mean])
    many = bool(others) and array.sizes[others[0]] > MOST_LINES
    height = min(max(3.0, 0.1 * array.sizes[others[0]]), 8.0) if many else 3.0
    figure, axes = figure_of(8, height + 0.6 * many, 1, 1)
    axis = axes[0, 0]
    if many:
        limits = (0.0, 1.0) if array.name in UNIT_RANGE else None
        draw_heat(axis, array.transpose(others[0], "time"), label, limits, height)
        return figure
    time, time_label = time_of(array)
    if others:
        dim = others[0]
        names, kind = _labels(array, dim)
        values = array.transpose(dim, "time").values
        for name, one, color in zip(names, values, colors(len(names)), strict=True):
            axis.plot(time, one, color=color, lw=1, label=name)
        figure.legend(
            title=kind, title_fontsize=FONT_SIZE, fontsize=FONT_SIZE, frameon=False,
            loc="outside right upper",
        )  # fmt: skip
    else:
        axis.plot(time, array.values, color=BLUE, lw=1)
    axis.set(xlabel=time_label, ylabel=label)
    if array.name in UNIT_RANGE:
        axis.set_ylim(0, 1.02)
    finish(axes)
    return figure


def _labels(array: xr.DataArray, dim: str) -> tuple[list[str], str | None]:
    if dim in ("mode", "wave") or dim not in array.coords:
        return names_of(array, dim)
    return [value_of(one) for one in array[dim]], None


def draw_values(arrays: list[xr.DataArray]) -> Figure:
    """Draw values of each mode below each other.

    Parameters
    ----------
    arrays : list of xarray.DataArray (mode,)

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = figure_of(8, 2.4 * len(arrays) + 0.6, len(arrays), 1, sharex=True)
    names, kind = names_of(arrays[0])
    for array, axis in zip(arrays, axes[:, 0], strict=True):
        axis.plot(np.arange(len(names)), np.asarray(array.values, float), "o", color=BLUE, ms=4)
        axis.set_ylabel(label_of(array).replace(" (", "\n("))  # low axes: the unit below
        axis.grid(axis="x", color="0.93")
        axis.set_axisbelow(True)
    last = axes[-1, 0]
    named_ticks(last.xaxis, names, 6.5, turned=max(map(len, names)) > 3)
    last.set_xlabel(kind)
    finish(axes)
    last.set_xlim(-0.5, len(names) - 0.5)
    return figure


def draw_raster(times: list[np.ndarray]) -> Figure:
    """Draw spike times of each mode.

    Parameters
    ----------
    times : list of array
        From `wetcow.spike_times`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    height = min(max(1.5, 0.1 * len(times)), 6.0)
    figure, axes = figure_of(8, height + 0.8, 1, 1)
    draw_spikes(axes[0, 0], times, height)
    axes[0, 0].set(xlabel="time", ylabel="mode")
    axes[0, 0].spines[["top", "right"]].set_visible(False)
    return figure


def draw_table(array: xr.DataArray) -> Figure:
    """Draw the spikes of a sweep, each mode of each run in its row.

    Parameters
    ----------
    array : xarray.DataArray (…, spike)
        From `wetcow.spike_times`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = array.transpose(..., "spike").values.reshape(-1, array.sizes["spike"])
    figure = draw_raster([row[np.isfinite(row)] for row in rows])
    figure.axes[0].set_ylabel("run and mode")
    return figure
