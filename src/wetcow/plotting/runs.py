"""Runs: lines of a few modes, stacked traces of more, a carpet of many; spikes; synchrony."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from wetcow.plotting.names import choose, names_of
from wetcow.plotting.style import (
    BLUE,
    FONT_SIZE,
    GREY,
    INCH,
    MOST_LINES,
    SIGNED,
    UNKNOWN,
    colors,
    figure_of,
    finish,
    named_ticks,
    spread,
    time_of,
)
from wetcow.synchrony import order_parameter, phase, spike_times
from wetcow.synchrony.silence import require

MOST_TRACES = 40
MOST_SAMPLES = 2000  # of a carpet
RUN_WIDTH = 9.0


def draw_run(run: xr.Dataset, modes: Any = None) -> Figure:
    """Draw the amplitudes, phases or spikes, and order parameter of a recorded run.

    Parameters
    ----------
    run : xarray.Dataset
        (time, mode).
    modes : optional
        As of `wetcow.plot`; the order parameter is that of all.

    Returns
    -------
    matplotlib.figure.Figure
    """
    require(run)
    chosen = choose(run, modes)
    return (_lines if chosen.sizes["mode"] <= MOST_LINES else _many)(run, chosen)


def _lines(run: xr.Dataset, chosen: xr.Dataset) -> Figure:
    several = run.sizes["mode"] > 1
    figure, axes = figure_of(RUN_WIDTH, 5.5 if several else 4, 3 if several else 2, 1, sharex=True)
    time, label = time_of(run)
    turns = phase(chosen).transpose("time", "mode").values / (2 * np.pi)
    size = np.abs(chosen["a"].transpose("time", "mode").values)
    names, kind = names_of(chosen)
    for index, color in enumerate(colors(len(names))):
        axes[0, 0].plot(time, size[:, index], color=color, lw=1, label=names[index])
        axes[1, 0].plot(time, turns[:, index], color=color, lw=1)
    axes[0, 0].set_ylabel("amplitude |a|")
    axes[1, 0].set_ylabel("phase (turns)")
    if several:
        figure.legend(
            title=kind, title_fontsize=FONT_SIZE, fontsize=FONT_SIZE, frameon=False,
            loc="outside right upper",
        )  # fmt: skip
        _draw_order(axes[2, 0], run, "order parameter")
    axes[-1, 0].set_xlabel(label)
    finish(axes)
    return figure


def _many(run: xr.Dataset, chosen: xr.Dataset) -> Figure:
    """Traces or a carpet of the waves Re a, a raster of spikes, and the order parameter."""
    names, kind = names_of(chosen)
    stacked = len(names) <= MOST_TRACES
    height = 0.17 * len(names) if stacked else min(max(3.5, 0.1 * len(names)), 8.0)
    spikes_height = min(max(1.2, 0.03 * len(names)), 2.5)
    figure, axes = figure_of(
        RUN_WIDTH, height + spikes_height + 2, 3, 1, sharex=True,
        height_ratios=(height, spikes_height, 1),
    )  # fmt: skip
    waves, spikes, order = axes[:, 0]
    time, label = time_of(run)
    values = np.real(chosen["a"].transpose("time", "mode").values)
    (_draw_traces if stacked else _draw_carpet)(waves, time, values)
    named_ticks(waves.yaxis, names, height)
    waves.set(ylabel=kind, ylim=(len(names) - (0.2 if stacked else 0.5), -0.8 if stacked else -0.5))
    times = [np.interp(one, run["time"].values, time) for one in spike_times(chosen)]
    draw_spikes(spikes, times, spikes_height)
    spikes.set_ylabel(f"spikes of\neach {kind}")
    _draw_order(order, run, "order\nparameter")
    order.set_xlabel(label)
    finish(axes)
    figure.align_ylabels(axes[1:, 0])
    waves.set_xlim(time[0], time[-1])
    return figure


def _draw_traces(axis: Any, time: np.ndarray, values: np.ndarray) -> None:
    known = np.abs(values[np.isfinite(values)])
    scale = 2 * float(np.percentile(known, 99.5)) if known.size else 1.0
    scale = scale or 1.0
    for index in range(values.shape[1]):
        axis.plot(time, index - values[:, index] / scale, color=BLUE, lw=0.7)
    # A bar that says how large the waves are.
    across = axis.get_yaxis_transform()
    axis.plot([1.015, 1.015], [0, 1], color="black", lw=2, transform=across, clip_on=False)
    axis.text(
        1.025, 0.5, f"{scale:.2g}", transform=across, va="center", fontsize=FONT_SIZE
    )  # fmt: skip
    axis.set_title("waves Re a", loc="left", fontsize=FONT_SIZE + 1)


def _draw_carpet(axis: Any, time: np.ndarray, values: np.ndarray) -> None:
    kept = spread(len(time), MOST_SAMPLES)
    known = np.abs(values[np.isfinite(values)])
    largest = float(np.percentile(known, 99)) if known.size else 1.0
    drawn = axis.pcolormesh(
        time[kept], np.arange(values.shape[1]), values[kept].T, cmap=SIGNED,
        vmin=-(largest or 1.0), vmax=largest or 1.0, shading="nearest", rasterized=True,
    )  # fmt: skip
    axis.set_facecolor(UNKNOWN)
    axis.figure.colorbar(drawn, ax=axis, label="wave Re a", extend="both", pad=0.01)


def draw_spikes(axis: Any, times: list[np.ndarray], height: float) -> None:
    """Draw a raster: a stroke for each spike, a row for each mode, the first at the top.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    times : list of array
        Of each mode, in the unit of the axis.
    height : float
        Of the axis, inches.
    """
    rows = np.repeat(np.arange(len(times)), [len(one) for one in times])
    length = min(max(0.8 * height * INCH / max(len(times), 1), 1.5), 20)
    everywhere = np.concatenate([np.asarray(one, float) for one in times])
    axis.plot(everywhere, rows, "|", color="black", ms=length, mew=0.6)
    axis.set_ylim(len(times) - 0.4, -0.6)
    axis.yaxis.get_major_locator().set_params(integer=True, nbins=4)
    if not rows.size:
        _say(axis, "no spikes")


def _draw_order(axis: Any, run: xr.Dataset, label: str) -> None:
    order = order_parameter(run)
    axis.plot(time_of(run)[0], order.values, color=GREY, lw=1)
    axis.set(ylabel=label, ylim=(0, 1.02))
    if np.isnan(order.values).all():
        _say(axis, "not defined: fewer than two modes move")


def _say(axis: Any, text: str) -> None:
    axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", va="center", color=GREY)
