"""Sweeps: a line over one swept axis, a heat map over two, panels over more."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from wetcow.plotting.names import choose, names_of
from wetcow.plotting.style import (
    BLUE,
    FONT_SIZE,
    GREY,
    MAP,
    MOST_LINES,
    SIGNED,
    UNKNOWN,
    colors,
    figure_of,
    label_of,
    limits_of,
    named_ticks,
    spread,
    time_of,
    value_of,
)
from wetcow.synchrony import order_parameter, spiking_frequency

MOST_ROWS = 6  # of panels, for further axes
MOST_TICKS = 9
UNIT_RANGE = ("order_parameter", "amplitude_order_parameter", "order")


def swept(array: Any) -> list[str]:
    """Return the dimensions of a sweep."""
    own = ("time", "mode", "mode_from", "wave", "spike", "component")
    return [str(name) for name in array.dims if name not in own]


def measures_of(runs: xr.Dataset) -> list[xr.DataArray]:
    """Return what a sweep is drawn by: what it was reduced to, or frequency and order.

    Parameters
    ----------
    runs : xarray.Dataset
        From `wetcow.sweep`.

    Returns
    -------
    list of xarray.DataArray
        On the swept dimensions, some also on mode.
    """
    found = []
    if "a" in runs:
        frequency = spiking_frequency(runs)
        if "seconds" in runs.coords:
            unit = float(runs["seconds"][-1] - runs["seconds"][0])
            unit /= float(runs["time"][-1] - runs["time"][0])
            frequency = (frequency / (2 * np.pi * unit)).assign_attrs(units="Hz")
            frequency.attrs["long_name"] = "spiking frequency"
        found.append(frequency.rename("spiking_frequency"))
        if runs.sizes["mode"] > 1:
            order = order_parameter(runs)
            late = runs["time"].values >= float(runs["time"][0] + runs["time"][-1]) / 2
            mean = order.isel(time=late).mean("time")
            found.append(mean.assign_attrs(long_name="order parameter, second half"))
    for name, array in runs.data_vars.items():
        if name != "a" and array.dtype.kind in "fiub" and "time" not in array.dims:
            found.append(array)
    return [array for array in found if swept(array)]


def draw_sweep(runs: xr.Dataset, modes: Any = None) -> Figure:
    """Draw what the runs of a sweep came to.

    Parameters
    ----------
    runs : xarray.Dataset
        From `wetcow.sweep`.
    modes : optional
        As of `wetcow.plot`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    return draw_arrays(measures_of(choose(runs, modes)))


def draw_arrays(arrays: list[xr.DataArray]) -> Figure:
    """Draw values on swept dimensions beside each other.

    Several seeds are averaged where something else varies, and modes where two axes do.

    Parameters
    ----------
    arrays : list of xarray.DataArray
        On swept dimensions, which all share, and mode.

    Returns
    -------
    matplotlib.figure.Figure
    """
    notes, ready = [], []
    for array in arrays:
        values, note = _averaged(array)
        ready.append(values)
        notes.append(note)
    dims = max((swept(array) for array in ready), key=len)
    further = dims[:-2]
    rows = list(itertools.product(*(spread(ready[0].sizes[dim], MOST_ROWS) for dim in further)))
    rows = [rows[i] for i in spread(len(rows), MOST_ROWS)]
    width = 4.8 if len(dims) > 1 else 4.4
    figure, axes = figure_of(width * len(ready), 3.6 * len(rows), len(rows), len(ready))
    for array, note, column in zip(ready, notes, axes.T, strict=True):
        label = label_of(array) + note
        for row, axis in zip(rows, column, strict=True):
            one = array.isel(dict(zip(further, row, strict=True)), missing_dims="ignore")
            if further:
                where = ", ".join(value_of(one[dim]) for dim in further if dim in one.coords)
                axis.set_title(where, fontsize=FONT_SIZE + 1)
            if len(swept(one)) > 1:
                draw_heat(axis, one, label, limits=_limits(array))
            else:
                _draw_line(axis, one, label)
    return figure


def _averaged(array: xr.DataArray) -> tuple[xr.DataArray, str]:
    """Without seeds if something else varies, and without modes if two axes do; what was done."""
    averaged = []
    kept = array
    if "seed" in array.dims and len(swept(array)) > 1:
        averaged.append(("seed", f"{array.sizes['seed']} seeds"))
    if "mode" in array.dims and array.sizes["mode"] == 1:
        kept = kept.isel(mode=0, drop=True)
    elif "mode" in array.dims and len(swept(array)) - len(averaged) > 1:
        averaged.append(("mode", f"{array.sizes['mode']} modes"))
    if averaged:
        kept = kept.mean([name for name, _ in averaged], keep_attrs=True)
    note = " and ".join(words for _, words in averaged)
    return kept, f"\nmean over {note}" if note else ""


def _limits(array: xr.DataArray) -> tuple[float, float]:
    if array.name in UNIT_RANGE:
        return 0.0, 1.0
    return limits_of(array.values, is_signed(array.values))


def is_signed(values: np.ndarray) -> bool:
    """Whether values are on both sides of 0, far enough that colours should say which."""
    known = values[np.isfinite(values)]
    if not known.size or known.min() >= 0 or known.max() <= 0:
        return False
    return min(-known.min(), known.max()) > 0.1 * max(-known.min(), known.max())


def draw_heat(
    axis: Any,
    array: xr.DataArray,
    label: str,
    limits: tuple[float, float] | None = None,
    height: float = 2.6,
) -> None:
    """Draw a heat map of values on two dimensions, the second of which runs across.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    array : xarray.DataArray
        On two dimensions.
    label : str
        Of the colour bar.
    limits : (float, float), optional
        Of the colours.
    height : float
        Of the axis, inches.
    """
    values = np.asarray(array.values, float)
    signed = is_signed(values)
    low, high = limits_of(values, signed) if limits is None else limits
    edges = []
    for side, dim, number in ((axis.yaxis, array.dims[0], 0), (axis.xaxis, array.dims[1], 1)):
        place, scale = _place(side, array, str(dim), height)
        order = np.argsort(place)
        values = np.take(values, order, axis=number)
        edges.append(_edges(place[order], scale))
    drawn = axis.pcolormesh(
        edges[1], edges[0], np.ma.masked_invalid(values), cmap=SIGNED if signed else MAP,
        vmin=low, vmax=high, rasterized=True,
    )  # fmt: skip
    axis.set_facecolor(UNKNOWN)
    if not np.isfinite(values).all():
        axis.set_title("grey: undefined or infinite", fontsize=FONT_SIZE, color=GREY, loc="right")
    if array.dims[0] in ("mode", "wave"):
        axis.invert_yaxis()  # as rows of a table
    axis.figure.colorbar(drawn, ax=axis, label=label)


def _place(side: Any, array: xr.DataArray, dim: str, length: float = 2.6) -> tuple[np.ndarray, str]:
    """Label one axis of a figure by a dimension; return the positions on it, and its scale."""
    if dim == "time":
        place, label = time_of(array)
        side.set_label_text(label)
        return place, "linear"
    coordinate = array[dim]
    side.set_label_text(label_of(coordinate))
    values = coordinate.values
    words = values.dtype.kind not in "iufb"
    if words or dim in ("mode", "wave"):
        names, kind = names_of(array, dim)
        if not words:
            side.set_label_text(kind)
        across = side.axis_name == "x"
        named_ticks(side, names, length, turned=across and max(map(len, names)) > 3)
        return np.arange(len(names), dtype=float), "linear"
    if values.dtype.kind == "i" and dim not in ("seed", "ray") and dim in array.coords:
        side.set_label_text(f"{label_of(coordinate)} (index)")
    place = np.asarray(values, float)
    ordered = np.sort(place)
    scale = "log" if ordered[0] > 0 and ordered[-1] >= 50 * ordered[0] else "linear"
    if scale == "log":
        (side.axes.set_xscale if side.axis_name == "x" else side.axes.set_yscale)("log")
    steps = np.diff(np.log(ordered) if scale == "log" else ordered)
    if len(place) <= MOST_TICKS and (not steps.size or steps.min() >= steps.sum() / 12):
        side.set_ticks(ordered, [f"{value:.4g}" for value in ordered])
        side.set_ticks([], minor=True)
    return place, scale


def _edges(place: np.ndarray, scale: str) -> np.ndarray:
    """Borders between sorted positions, half-way on their scale."""
    where = np.log(place) if scale == "log" else place
    if len(where) == 1:
        edges = where[0] + np.array([-0.5, 0.5])
    else:
        middle = (where[1:] + where[:-1]) / 2
        edges = np.r_[2 * where[0] - middle[0], middle, 2 * where[-1] - middle[-1]]
    return np.exp(edges) if scale == "log" else edges


def _draw_line(axis: Any, array: xr.DataArray, label: str) -> None:
    """Draw values on one swept axis: of each mode if they are few, and their mean."""
    dim = swept(array)[0]
    place, _ = _place(axis.xaxis, array, dim)
    order = np.argsort(place)
    place, array = place[order], array.isel({dim: order})
    style: dict[str, Any] = {"marker": "o", "ms": 3.5}
    if "mode" in array.dims:
        names, kind = names_of(array)
        values = array.transpose("mode", dim).values
        if len(names) <= MOST_LINES:
            for name, one, color in zip(names, values, colors(len(names)), strict=True):
                axis.plot(place, one, color=color, lw=1, label=name, **style)
            axis.legend(
                title=kind, title_fontsize=FONT_SIZE, fontsize=FONT_SIZE, frameon=False,
                loc="upper left", bbox_to_anchor=(1, 1),
            )  # fmt: skip
        else:
            axis.plot(place, values.T, color=GREY, lw=0.5, alpha=0.5)
            mean = array.mean("mode").values
            axis.plot(place, mean, color=BLUE, lw=2, label=f"mean over {len(names)} modes", **style)
            axis.legend(fontsize=FONT_SIZE, frameon=False)
    else:
        axis.plot(place, array.values, color=BLUE, lw=1.5, **style)
    axis.set_ylabel(label)
    axis.spines[["top", "right"]].set_visible(False)
    if array.name in UNIT_RANGE:
        axis.set_ylim(-0.02, 1.05)
