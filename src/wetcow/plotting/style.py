"""What all figures share: colours, names, units, and how they are laid out."""

from __future__ import annotations

import re
from typing import Any

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

GREEN, RED, BLUE, GREY = "#2a8a3e", "#c8352b", "#2b5fa8", "#777777"
MAP, SIGNED = "viridis", "RdBu_r"
MISSING = "0.85"  # behind maps, where nothing is known
SMALL = 8  # points
INCH = 72  # points
MM = 1e3  # in a metre
PREFIXES = {1e-9: "n", 1e-6: "µ", 1e-3: "m", 1.0: "", 1e3: "k", 1e6: "M"}


def figure_of(width: float, height: float, rows: int, columns: int, **layout: Any) -> Any:
    """Return a figure and its axes (rows, columns)."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **layout)


def finish(axes: Any) -> None:
    """Leave away what curves do not need."""
    for axis in np.ravel(axes):
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(x=0)


def colors(number: int) -> Any:
    """Return well-separated colours in the order of a map."""
    return matplotlib.colormaps[MAP](np.linspace(0, 0.9, number))


def spread(number: int, most: int) -> np.ndarray:
    """Positions of at most so many of a number of things, evenly, with the first and the last.

    Examples
    --------
    >>> spread(3, 10).tolist(), spread(11, 3).tolist()
    ([0, 1, 2], [0, 5, 10])
    """
    return np.linspace(0, number - 1, min(number, most)).round().astype(int)


def label_of(array: xr.DataArray) -> str:
    """Name and unit.

    Examples
    --------
    >>> label_of(xr.DataArray(1.0, name="group_delay", attrs={"units": "s"}))
    'group delay (s)'
    """
    name = str(array.attrs.get("long_name", ""))
    # What was computed of amplitudes may have kept their attributes.
    if not name or (name.startswith("complex") and array.dtype.kind != "c"):
        name = str(array.name or "value").replace("_", " ")
    name = re.sub(r" \[[\d, –-]+\]", "", name)  # numbers of equations
    units = str(array.attrs.get("units", "1"))
    return name if units in ("1", "") else f"{name} ({units})"


def value_of(coordinate: xr.DataArray) -> str:
    """One value of a coordinate, as "gamma = 1.5"."""
    value = coordinate.values.item()
    units = str(coordinate.attrs.get("units", "1"))
    unit = "" if units == "1" else f" {units}"
    text = f"{value:.4g}" if isinstance(value, int | float) else str(value)
    name = str(coordinate.name).replace("_", " ")
    return f"{name} {text}" if name in ("mode", "wave", "ray") else f"{name} = {text}{unit}"


def prefixed(values: Any, unit: str) -> tuple[float, str]:
    """Return what to divide by, and the unit, such that the largest value is one to a thousand.

    Examples
    --------
    >>> prefixed([0.0, 2e-3], "s")
    (0.001, 'ms')
    """
    sizes = np.abs(np.asarray(values))
    largest = float(np.max(sizes, where=np.isfinite(sizes), initial=0.0))
    fitting = [size for size in PREFIXES if size <= largest * (1 + 1e-9)]
    size = 1.0 if largest == 0 else max(fitting, default=min(PREFIXES))
    return size, PREFIXES[size] + unit


def time_of(result: Any) -> tuple[np.ndarray, str]:
    """Return times and their label: seconds where they are known."""
    if "seconds" in result.coords and result["seconds"].dims == ("time",):
        return result["seconds"].values, "time (s)"
    times = result["time"]
    if times.attrs.get("units") == "s":
        size, unit = prefixed(times.values, "s")
        return times.values / size, f"time ({unit})"
    return times.values, "time"


def limits_of(values: Any, signed: bool) -> tuple[float, float]:
    """Range of colours: all finite values, around 0 if signed."""
    known = np.asarray(values)[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    if signed:
        largest = float(np.abs(known).max()) or 1.0
        return -largest, largest
    low, high = float(known.min()), float(known.max())
    return low, (high if high > low else low + max(abs(low), 1.0) * 1e-6)


def named_ticks(axis: Any, names: list[str], length: float, turned: bool = False) -> None:
    """Name positions 0, 1, … along an axis of so many inches; only as many as are legible."""
    size = float(np.clip(0.8 * length * INCH / max(len(names), 1), 5.5, SMALL))
    chosen = spread(len(names), max(2, int(length * INCH / (1.2 * size))))
    if len(chosen) < len(names):  # equally far from each other
        chosen = np.arange(0, len(names), -(-len(names) // len(chosen)))
    axis.set_ticks(chosen, [names[i] for i in chosen], fontsize=size, rotation=90 if turned else 0)
