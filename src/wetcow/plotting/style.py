"""What all figures share: colours, names, units, and how they are laid out."""

from __future__ import annotations

import io
import re
from typing import Any

import matplotlib
import numpy as np
import xarray as xr
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogLocator, NullFormatter

GREEN, RED, BLUE, GREY = "#2a8a3e", "#c8352b", "#2b5fa8", "#777777"
MAP, SIGNED = "viridis", "RdBu_r"
UNKNOWN = "0.85"  # behind maps, where nothing is known
FONT_SIZE = 8  # points
INCH = 72  # points
MOST_LINES = 10  # of which each has a colour and a name
FLAT = 1e-4  # relative range of what is uniform
MM = 1e3  # in a metre
PREFIXES = {1e-9: "n", 1e-6: "µ", 1e-3: "m", 1.0: "", 1e3: "k", 1e6: "M"}


class ShownFigure(Figure):
    """A figure that a notebook shows when a cell ends with it.

    Otherwise only figures of pyplot are shown there, and these stay in memory until closed.
    """

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=self.dpi)
        return buffer.getvalue()


def figure_of(width: float, height: float, rows: int, columns: int, **layout: Any) -> Any:
    """Return a figure and its axes (rows, columns)."""
    figure = ShownFigure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.07))
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


def amplitude(array: xr.DataArray) -> xr.DataArray:
    """Absolute values of complex ones; others as they are."""
    if array.dtype.kind != "c":
        return array
    found = array.copy(data=np.abs(array.values))
    found.attrs["long_name"] = f"|{label_of(array.drop_attrs())}|"
    return found


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
    if high - low > FLAT * max(abs(low), abs(high)):
        return low, high
    around = 0.05 * abs(low) or 1.0  # colours should not show rounding
    return low - around, high + around


def named_ticks(axis: Any, names: list[str], length: float, turned: bool = False) -> None:
    """Name positions 0, 1, … along an axis of so many inches; only as many as are legible."""
    size = float(np.clip(0.8 * length * INCH / max(len(names), 1), 5.5, FONT_SIZE))
    chosen = spread(len(names), max(2, int(length * INCH / (1.2 * size))))
    if len(chosen) < len(names):  # equally far from each other
        chosen = np.arange(0, len(names), -(-len(names) // len(chosen)))
    axis.set_ticks(chosen, [names[i] for i in chosen], fontsize=size, rotation=90 if turned else 0)


def plain_ticks(axis: Axis) -> None:
    """Label 1, 2 and 5 of each decade of a logarithmic axis, without powers of ten.

    For axes that span about a decade.
    """
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())
