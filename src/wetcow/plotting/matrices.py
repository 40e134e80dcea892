"""Matrices between modes or regions, with their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from wetcow.networks.connectome import Connectome
from wetcow.plotting.hemispheres import in_blocks, mark_hemispheres, order_of, sides_of
from wetcow.plotting.names import names_of
from wetcow.plotting.style import (
    FONT_SIZE,
    MAP,
    SIGNED,
    UNKNOWN,
    figure_of,
    label_of,
    limits_of,
    named_ticks,
    spread,
    value_of,
)

SIZE = 5.0  # inches of one matrix; less of several
MOST_PANELS = 6
SHARES = ("phase_locking", "phase_lag_index")  # from 0 to 1
CORRELATIONS = ("imaginary_coherency", "envelope", "correlation")  # from -1 to 1


def draw_matrices(array: xr.DataArray) -> Figure:
    """Draw a measure of pairs, such as functional connectivity.

    Parameters
    ----------
    array : xarray.DataArray (…, mode, mode_from)
        Leading dimensions, of a sweep, become panels. Of complex numbers the size is drawn.
        Regions whose names say their hemisphere are drawn left before right.

    Returns
    -------
    matplotlib.figure.Figure
    """
    array = array.transpose(..., "mode", "mode_from")
    array, sides = _blocks(array)
    if array.dtype.kind == "c":
        array = abs(array).assign_attrs(array.attrs, long_name=f"|{label_of(array)}|", units="1")
    stacked = np.asarray(array.values, float).reshape(-1, *array.shape[-2:])
    shown = spread(len(stacked), MOST_PANELS)
    columns = min(len(shown), 3)
    rows = -(-len(shown) // columns)
    size = _size(array.sizes["mode"]) if len(shown) == 1 else 3.4
    figure, axes = figure_of(size * columns + 1, size * rows, rows, columns)
    low, high = _limits(array)
    names, kind = names_of(array)
    others = names_of(array, "mode_from")[0]
    drawn: Any = None
    for axis, number in zip(axes.ravel(), shown, strict=False):
        drawn = draw_matrix(axis, stacked[number], names, others, kind, size, (low, high))
        mark_hemispheres(axis, sides)
        where = np.unravel_index(number, array.shape[:-2])
        labels = [
            value_of(array[dim][i])
            for dim, i in zip(array.dims[:-2], where, strict=True)
            if dim in array.coords
        ]
        raised = 6 if sides is None else 14
        axis.set_title(", ".join(labels), fontsize=FONT_SIZE + 1, pad=raised)
    for axis in axes.ravel()[len(shown) :]:
        axis.set_visible(False)
    figure.colorbar(drawn, ax=axes, label=label_of(array), shrink=0.85)
    return figure


def _blocks(array: xr.DataArray) -> tuple[xr.DataArray, np.ndarray | None]:
    """Regions left before right, and their sides; others as they are."""
    names, kind = names_of(array)
    same = names == names_of(array, "mode_from")[0]
    return in_blocks(array, names) if kind == "region" and same else (array, None)


def _size(number: int) -> float:
    """Of a matrix that is alone, inches: with room for the names."""
    return float(np.clip(0.13 * number, SIZE, 10.0))


def _limits(array: xr.DataArray) -> tuple[float, float]:
    if array.name in SHARES:
        return 0.0, 1.0
    if array.name in CORRELATIONS:
        return -1.0, 1.0
    values = np.asarray(array.values, float)
    return limits_of(values, bool(np.any(values < 0)))


def draw_matrix(
    axis: Any,
    values: np.ndarray,
    names: list[str],
    others: list[str],
    kind: str,
    size: float,
    limits: tuple[float, float],
) -> Any:
    """Draw one matrix (to, from), blue to red if its limits are around 0.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    values : array (n, m)
    names, others : list of str
        Of the rows and of the columns.
    kind : str
        What the names are of.
    size : float
        Of the axis, inches.
    limits : (float, float)
        Of the colours.

    Returns
    -------
    matplotlib.image.AxesImage
        For a colour bar.
    """
    drawn = axis.imshow(
        values, cmap=SIGNED if limits[0] < 0 else MAP, vmin=limits[0], vmax=limits[1],
        interpolation="nearest",
    )  # fmt: skip
    axis.set_facecolor(UNKNOWN)
    named_ticks(axis.yaxis, names, 0.75 * size)
    named_ticks(axis.xaxis, others, 0.75 * size, turned=max(map(len, others)) > 2)
    if values.shape[0] == values.shape[1] and np.allclose(values, values.T, equal_nan=True):
        axis.set(ylabel=kind, xlabel=kind)
    else:
        axis.set(ylabel=f"to {kind}", xlabel=f"from {kind}")
    return drawn


def draw_connectome(connectome: Connectome) -> Figure:
    """Draw the weights of a connectome, and the lengths of its tracts where they are known.

    Parameters
    ----------
    connectome : Connectome

    Returns
    -------
    matplotlib.figure.Figure
    """
    linked = connectome.weights > 0
    panels = [("structural weight", np.where(linked, connectome.weights, np.nan))]
    if connectome.tract_lengths is not None:
        lengths = np.where(linked, connectome.tract_lengths, np.nan)
        panels.append(("tract length (mm)", lengths))
    names = [str(one) for one in connectome.regions or range(connectome.size)]
    sides = sides_of(names)
    order = np.arange(connectome.size) if sides is None else order_of(sides)
    names = [names[i] for i in order]
    size = _size(connectome.size)
    figure, axes = figure_of((size + 1) * len(panels), size, 1, len(panels))
    for axis, (label, values) in zip(axes[0], panels, strict=True):
        values = values[np.ix_(order, order)]
        limits = (0.0, limits_of(values, False)[1])
        drawn = draw_matrix(axis, values, names, names, "region", size, limits)
        mark_hemispheres(axis, None if sides is None else sides[order])
        figure.colorbar(drawn, ax=axis, label=label, shrink=0.85)
    return figure
