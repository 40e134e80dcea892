"""Fields of tissue: a picture of position and time, or slices at several times; maps; rays."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from wetcow.plotting.style import (
    BLUE,
    FONT_SIZE,
    MAP,
    MM,
    SIGNED,
    UNKNOWN,
    amplitude,
    figure_of,
    finish,
    label_of,
    limits_of,
    prefixed,
    spread,
    value_of,
)
from wetcow.plotting.sweeps import is_signed
from wetcow.plotting.tissue import draw_rays
from wetcow.tissue.conductivity import AXES

MOST_TIMES = 5
PANEL = 2.7  # inches


def axes_of(array: Any) -> list[str]:
    """Return the dimensions that are positions in tissue."""
    return [name for name in AXES if name in array.dims]


def is_field_of_tissue(result: Any) -> bool:
    """Whether results are those of `wetcow.simulate_field`."""
    return isinstance(result, xr.Dataset) and "psi" in result and "time" in result["psi"].dims


def potential(field: xr.Dataset) -> tuple[xr.DataArray, str]:
    """Return the real potential in a unit that fits it, and its label."""
    psi = field["psi"].transpose("time", *axes_of(field["psi"]))
    size, unit = prefixed(psi.values, "V")
    name = "Re Ψ" if np.iscomplexobj(psi) else "potential Ψ"
    return psi.copy(data=np.real(psi.values) / size), f"{name} ({unit})"


def planes(array: xr.DataArray) -> list[tuple[xr.DataArray, str]]:
    """Return two-dimensional slices through the middle, (up, across), and where they are.

    Parameters
    ----------
    array : xarray.DataArray
        On two or three axes of tissue, and others.

    Returns
    -------
    list of (xarray.DataArray, str)
    """
    names = axes_of(array)
    if len(names) == 2:
        return [(array, "")]
    found = []
    for out in reversed(names):
        middle = array.isel({out: array.sizes[out] // 2})
        found.append((middle, f"{out} = {float(middle[out]) * MM:.3g} mm"))
    return found


def show(axis: Any, array: xr.DataArray, low: float, high: float, cmap: str) -> Any:
    """Draw a slice (two axes of tissue) in mm; the first axis runs across."""
    across, up = axes_of(array)
    ends = []
    for name in (across, up):
        place = array[name].values * MM
        half = (place[1] - place[0]) / 2 if len(place) > 1 else 0.5
        ends += [place[0] - half, place[-1] + half]
    drawn = axis.imshow(
        array.transpose(up, across).values, origin="lower", extent=tuple(ends), cmap=cmap,
        vmin=low, vmax=high, interpolation="nearest",
    )  # fmt: skip
    axis.set(xlabel=f"{across} (mm)", ylabel=f"{up} (mm)", facecolor=UNKNOWN)
    return drawn


def draw_field(field: xr.Dataset, times: Any = None) -> Figure:
    """Draw the potential of a field: slices at several times, and for one axis all times.

    Parameters
    ----------
    field : xarray.Dataset
        From `wetcow.simulate_field`.
    times : float or sequence of float, optional
        Times (s), of which the nearest samples are drawn. Default: five.

    Returns
    -------
    matplotlib.figure.Figure
    """
    psi, label = potential(field)
    low, high = limits_of(psi.values, signed=True)
    size, unit = prefixed(psi["time"].values, "s")
    names = axes_of(psi)
    if times is None:
        chosen = psi.isel(time=spread(psi.sizes["time"], MOST_TIMES))
    else:
        chosen = psi.sel(time=np.atleast_1d(np.asarray(times, float)), method="nearest")
    if len(names) == 1:
        figure, axes = figure_of(7, 3.6, 1, 1)
        axis, place = axes[0, 0], psi[names[0]].values * MM
        if times is not None:
            for one in chosen:
                when = f"{float(one['time']) / size:.3g} {unit}"
                axis.plot(place, one.values, lw=1.2, label=when)
            figure.legend(
                fontsize=FONT_SIZE, frameon=False, loc="outside right upper", title="time"
            )
            axis.set(xlabel=f"{names[0]} (mm)", ylabel=label)
            finish(axes)
            return figure
        drawn = axis.pcolormesh(
            psi["time"].values / size, place, psi.values.T, cmap=SIGNED, vmin=low, vmax=high,
            shading="nearest", rasterized=True,
        )  # fmt: skip
        axis.set(xlabel=f"time ({unit})", ylabel=f"{names[0]} (mm)")
        figure.colorbar(drawn, ax=axis, label=label)
        return figure
    rows = planes(chosen)
    number = chosen.sizes["time"]
    heights = [_height(array) for array, _ in rows]
    figure, axes = figure_of(
        PANEL * number + 1, sum(heights) + 0.8 * len(rows), len(rows), number,
        height_ratios=heights,
    )  # fmt: skip
    drawn: Any = None
    for row, (array, where) in zip(axes, rows, strict=True):
        for index, axis in enumerate(row):
            drawn = show(axis, array.isel(time=index), low, high, SIGNED)
            when = f"{float(array['time'][index]) / size:.3g} {unit}"
            axis.set_title(f"{when}, {where}" if where else when, fontsize=FONT_SIZE + 1)
            if index:
                axis.set_ylabel("")
    figure.colorbar(drawn, ax=axes, label=label)
    return figure


def _height(array: xr.DataArray) -> float:
    """Of a panel in which a slice has its shape, inches."""
    across, up = (float(np.ptp(array[name].values)) for name in axes_of(array))
    return 0.8 * PANEL * float(np.clip(up / across if across else 1.0, 0.3, 2.0))


def draw_maps(maps: xr.Dataset) -> Figure:
    """Draw maps of tissue, such as damping and frequency of waves, in the middle slice.

    Parameters
    ----------
    maps : xarray.Dataset
        From `wetcow.survival`, `wetcow.dispersion` or `wetcow.spatial_mode_amplitudes`. Of the
        other dimensions (wave, wave_number, …) the middle is drawn; vectors are left out.

    Returns
    -------
    matplotlib.figure.Figure
    """
    found = [one for one in maps.data_vars.values() if axes_of(one) and "component" not in one.dims]
    figure, axes = figure_of(3.4 * len(found), 3.3, 1, len(found))
    for axis, array in zip(axes[0], found, strict=True):
        array = amplitude(array)
        label = label_of(array)
        where = []
        for dim in array.dims:
            if dim not in AXES:
                array = array.isel({dim: array.sizes[dim] // 2})
                where.append(value_of(array[dim]) if dim in array.coords else f"middle {dim}")
        label = textwrap.fill(label, 30)
        names = axes_of(array)
        if len(names) == 1:
            axis.plot(array[names[0]].values * MM, array.values, color=BLUE, lw=1.2)
            axis.set(xlabel=f"{names[0]} (mm)", ylabel=label)
            axis.spines[["top", "right"]].set_visible(False)
        else:
            plane, place = planes(array)[0]
            where += [place] if place else []
            values = np.asarray(plane.values, float)
            signed = is_signed(values)
            drawn = show(axis, plane, *_most(values, signed), SIGNED if signed else MAP)
            figure.colorbar(drawn, ax=axis, orientation="horizontal", label=label, extend="both")
        axis.set_title("\n".join(where), fontsize=FONT_SIZE)
    return figure


def _most(values: np.ndarray, signed: bool) -> tuple[float, float]:
    """Range of colours: all but the outermost 2 %."""
    known = values[np.isfinite(values)]
    if known.size:
        known = np.clip(known, *np.percentile(known, [2, 98]))
    return limits_of(known, signed)


def draw_ray_paths(rays: xr.Dataset) -> Figure:
    """Draw rays, coloured by their remaining amplitude, seen along each axis.

    Parameters
    ----------
    rays : xarray.Dataset
        From `wetcow.trace_rays`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    dimension = rays.sizes["component"]
    pairs = ((0, 1), (0, 2), (1, 2)) if dimension == 3 else ((0, dimension - 1),)
    figure, axes = figure_of(4.2 * len(pairs) + 0.8, 3.8, 1, len(pairs))
    lines: Any = None
    low = float(rays["log_amplitude"].min()) / np.log(10)
    for axis, pair in zip(axes[0], pairs, strict=True):
        lines = draw_rays(rays, axis, pair)
        lines.set_clim(min(low, -1e-9), 0)
        axis.autoscale_view()
        axis.set(xlabel=f"{AXES[pair[0]]} (mm)", ylabel=f"{AXES[pair[1]]} (mm)")
        axis.set_aspect("equal", adjustable="datalim")
    figure.colorbar(lines, ax=axes, label="log₁₀ of the remaining amplitude")
    return figure
