"""Rows of measurements as a figure."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.figure import Figure

from wetcow.bench.brains import BIOLOGY
from wetcow.bench.tables import ERROR, Rows, beside


def figure(found: dict[str, Rows]) -> Figure:
    """Draw what was measured: a panel for each part."""
    panels = [(part, draw) for part, draw in _PANELS if part in found]
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    drawn = Figure(figsize=(6.5 * columns, 5 * rows), layout="constrained")
    axes = drawn.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[len(panels) :]:
        axis.remove()
    for (part, draw), axis in zip(panels, axes, strict=False):
        draw(axis, found[part])
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize="x-small", loc="upper left", bbox_to_anchor=(1, 1))
    return drawn


def _groups(rows: Rows, *keys: str) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for row in rows:
        found.setdefault(", ".join(str(row[key]) for key in keys), []).append(row)
    return found


def _limits(axis: Any, rows: Rows) -> None:
    for name, own in _groups(rows[1:], "what").items():
        axis.semilogx([row["n"] for row in own], [row["of_limit"] for row in own], "o-", label=name)
    axis.axhline(1, color="0.6", lw=1)
    axis.set(xlabel="modes", ylabel="share of the limit", ylim=(0, None))


def _growth(axis: Any, rows: Rows) -> None:
    for name, own in _groups(rows, "what").items():
        if name in ("dense", "sparse", "sheet"):
            seconds = [row["seconds"] / row["steps"] for row in own]
            axis.loglog([row["n"] for row in own], seconds, "o-", label=name)
    axis.set(xlabel="modes", ylabel="time for a step (s)")


def _methods(axis: Any, rows: Rows) -> None:
    spiking = [row for row in rows if row["regime"] == "spiking"]
    for name, own in _groups(spiking, "method", "precision").items():
        style = "o-" if "double" in name else "x--"
        axis.loglog(
            [row["error"] for row in own], [row["seconds"] for row in own], style, label=name
        )
    axis.set(xlabel="error of amplitude at the end", ylabel="time (s)")


def _devices(axis: Any, rows: Rows) -> None:
    for name, own in _groups(rows, "processes").items():
        label = f"{name} process" + "es" * (name != "1")
        axis.loglog([row["n"] for row in own], [row["seconds"] for row in own], "o-", label=label)
    sizes = sorted({row["n"] for row in rows})
    axis.set_xticks(sizes, map(str, sizes))
    axis.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    axis.set(xlabel="modes", ylabel="time for an evaluation (s)")


def _sweeps(axis: Any, rows: Rows) -> None:
    for name, own in _groups(rows, "devices").items():
        label = f"{name} device" + "s" * (name != "1")
        axis.loglog(
            [row["batch"] for row in own], [row["seconds"] for row in own], "o-", label=label
        )
    axis.set(xlabel="runs", ylabel="time for a sweep (s)")


def _peers(axis: Any, rows: Rows) -> None:
    for name, own in _groups(beside(rows), "method").items():
        axis.loglog([row["n"] for row in own], [row["seconds"] for row in own], "o-", label=name)
    axis.set(xlabel="modes", ylabel=f"time of a run to an error of {ERROR:g} (s)")


def _kuramoto(axis: Any, rows: Rows) -> None:
    _peers(axis, rows)
    axis.set_xlabel("Kuramoto oscillators")


def _brains(axis: Any, rows: Rows) -> None:
    """Of the smallest brain: time against error, a point for each step."""
    smallest = min(row["n"] for row in rows)
    own = [row for row in rows if row["n"] == smallest and "seconds" in row]
    for name, points in _groups(own, "method").items():
        errors = [row["error"] for row in points]
        axis.loglog(errors, [row["seconds"] for row in points], "o-", label=name)
    axis.set(
        xlabel=f"error of {smallest} regions with delays",
        ylabel=f"time for {BIOLOGY:g} s of biology (s)",
    )


def _work_precision(axis: Any, rows: Rows) -> None:
    """Of the size that most methods run, or the largest of such."""
    methods: dict[int, set[str]] = {}
    for row in rows:
        if "error" in row:
            methods.setdefault(row["n"], set()).add(row["method"])
    size = max(methods, key=lambda n: (len(methods[n]), n))
    for name, own in _groups([row for row in rows if row["n"] == size], "method").items():
        own = [row for row in own if "error" in row and math.isfinite(row["error"])]
        style = "o-" if name.startswith("wetcow") else "x--"
        axis.loglog(
            [row["error"] for row in own], [row["seconds"] for row in own], style, label=name
        )
    axis.set(xlabel=f"error of {size} amplitudes at the end", ylabel="time of a run (s)")


_PANELS = [
    ("limits", _limits),
    ("growth", _growth),
    ("methods", _methods),
    ("devices", _devices),
    ("sweeps", _sweeps),
    ("peers", _peers),
    ("peers", _work_precision),
    ("kuramoto", _kuramoto),
    ("brains", _brains),
]
