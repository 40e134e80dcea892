"""Spectra, spectrograms, and how connectivity changes in time."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from wetcow.plotting.names import names_of
from wetcow.plotting.style import (
    BLUE,
    FONT_SIZE,
    MAP,
    MOST_LINES,
    SIGNED,
    colors,
    figure_of,
    finish,
    label_of,
)

BAND = (0.1, 0.9)  # quantiles over modes
DECADES = 4  # of colours


def draw_spectrum(array: xr.DataArray) -> Figure:
    """Draw power spectra: a line for each mode; of many, their median and 80 % of them.

    Parameters
    ----------
    array : xarray.DataArray (…, frequency, mode)
        From `power_spectrum`. Of a sweep all runs are drawn together.

    Returns
    -------
    matplotlib.figure.Figure
    """
    array = array.transpose(..., "frequency", "mode").where(array["frequency"] > 0, drop=True)
    several = array.ndim > 2
    lines = np.moveaxis(array.values, -2, -1).reshape(-1, array.sizes["frequency"])
    frequency = array["frequency"].values
    figure, axes = figure_of(7, 3.6, 1, 1)
    axis = axes[0, 0]
    if several or len(lines) > MOST_LINES:
        low, high = np.quantile(lines, BAND, axis=0)
        axis.fill_between(frequency, low, high, color=BLUE, alpha=0.2, lw=0, label="80 %")
        axis.plot(frequency, np.median(lines, axis=0), color=BLUE, lw=1.2, label="median")
        kind = "of all runs and modes" if several else f"of {len(lines)} {names_of(array)[1]}s"
    else:
        names, kind = names_of(array)
        for name, line, color in zip(names, lines, colors(len(names)), strict=True):
            axis.plot(frequency, line, color=color, lw=1, label=name)
    figure.legend(
        title=kind, title_fontsize=FONT_SIZE, fontsize=FONT_SIZE, frameon=False,
        loc="outside right upper",
    )  # fmt: skip
    axis.set(xlabel=label_of(array["frequency"]), ylabel=label_of(array), yscale="log")
    finish(axes)
    return figure


def draw_spectrogram(array: xr.DataArray) -> Figure:
    """Draw a spectrogram, the mean over modes.

    Parameters
    ----------
    array : xarray.DataArray (…, frequency, time, mode)
        From `spectrogram`; of a sweep the mean over runs.

    Returns
    -------
    matplotlib.figure.Figure
    """
    others = [dim for dim in array.dims if dim not in ("frequency", "time")]
    mean = array.mean(others, keep_attrs=True).transpose("frequency", "time")
    mean = mean.where(mean["frequency"] > 0, drop=True)
    figure, axes = figure_of(8, 3.6, 1, 1)
    top = float(mean.max())
    drawn = axes[0, 0].pcolormesh(
        mean["time"], mean["frequency"], mean.values, cmap=MAP, shading="nearest", rasterized=True,
        norm=LogNorm(top * 10.0**-DECADES, top) if top > 0 else None,
    )  # fmt: skip
    axes[0, 0].set(xlabel=label_of(mean["time"]), ylabel=label_of(mean["frequency"]))
    figure.colorbar(drawn, ax=axes, label=label_of(mean), extend="min")
    return figure


def draw_dynamics(array: xr.DataArray) -> Figure:
    """Draw connectivity dynamics: how the correlations of two times agree.

    Parameters
    ----------
    array : xarray.DataArray (window, window_from)
        From `connectivity_dynamics`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    middle = array["window"].values
    half = (middle[1] - middle[0]) / 2 if middle.size > 1 else 0.5
    figure, axes = figure_of(5.4, 4.6, 1, 1)
    drawn = axes[0, 0].imshow(
        array.values, cmap=SIGNED, vmin=-1, vmax=1, origin="lower", interpolation="nearest",
        extent=[middle[0] - half, middle[-1] + half] * 2,
    )  # fmt: skip
    axes[0, 0].set(xlabel=label_of(array["window"]), ylabel=label_of(array["window"]))
    figure.colorbar(drawn, ax=axes, label=label_of(array), shrink=0.85)
    return figure
