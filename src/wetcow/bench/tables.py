"""Rows of measurements as tables and figures."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure
from rich.table import Table

from wetcow.bench.growth import exponent

Rows = list[dict[str, Any]]

_ERROR = 1e-4  # of the amplitude at the end, for which methods are compared
_OTHERS = {
    "peers": "Other simulators",
    "kuramoto": "Kuramoto oscillators",
}


def _number(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}"


def _table(title: str, columns: dict[str, str], rows: Rows) -> Table:
    """Columns by heading and key; those that no row has are left out."""
    used = {head: key for head, key in columns.items() if any(key in row for row in rows)}
    table = Table(title=title, title_justify="left")
    for place, head in enumerate(used):
        table.add_column(head, justify="left" if place == 0 else "right")
    for row in rows:
        table.add_row(*(_number(row.get(key, "")) for key in used.values()))
    return table


def tables(found: dict[str, Rows]) -> list[Table]:
    """One table for each part, two for growth."""
    makers: dict[str, Callable[[Rows], list[Table]]] = {
        "limits": _limits_tables,
        "growth": _growth_tables,
        "methods": _methods_tables,
        "devices": _devices_tables,
        "sweeps": _sweeps_tables,
        **{part: functools.partial(_peers_tables, title) for part, title in _OTHERS.items()},
    }
    return [
        table for part, make in makers.items() if found.get(part) for table in make(found[part])
    ]


def _limits_tables(rows: Rows) -> list[Table]:
    memory, *rest = rows
    title = (
        f"One product R·a; memory {memory['bytes_per_second'] / 1e9:.1f} GB/s, "
        f"matrix products {memory['flops'] / 1e9:.0f} GFLOP/s"
    )
    columns = {"coupling": "what", "modes": "n", "seconds": "seconds", "of limit": "of_limit"}
    return [_table(title, columns, rest)]


def _growth_tables(rows: Rows) -> list[Table]:
    columns = {
        "what": "what",
        "modes": "n",
        "runs": "batch",
        "steps": "steps",
        "compile [s]": "compile_seconds",
        "run [s]": "seconds",
        "MB": "megabytes",
        "modes × steps / s": "mode_steps_per_second",
        "error": "error",
    }
    return [
        _table("Runs, single precision", columns, rows),
        _table("Growth", {"of": "what", "with": "against", "∝": "power"}, powers(rows)),
    ]


def _methods_tables(rows: Rows) -> list[Table]:
    title = f"Methods, {rows[0]['n']} modes: seconds to an error of {_ERROR:g}"
    regimes = dict.fromkeys(row["regime"] for row in rows)
    columns = {"method": "method", "precision": "precision", **{one: one for one in regimes}}
    return [_table(title, columns, reaching(rows))]


def _devices_tables(rows: Rows) -> list[Table]:
    columns = {
        "modes": "n",
        "processes": "processes",
        "seconds": "seconds",
        "efficiency": "efficiency",
    }
    return [_table("One evaluation of a network that processes share", columns, rows)]


def _sweeps_tables(rows: Rows) -> list[Table]:
    columns = {
        "runs": "batch",
        "devices": "devices",
        "seconds": "seconds",
        "efficiency": "efficiency",
    }
    return [_table(f"A sweep that devices share, {rows[0]['n']} modes", columns, rows)]


def _peers_tables(title: str, rows: Rows) -> list[Table]:
    columns = {
        "method": "method",
        "modes": "n",
        "units of time": "span",
        "prepare [s]": "prepare_seconds",
        "run [s]": "seconds",
        "times wetcow's": "ratio",
    }
    return [_table(f"{title}, to an error of {_ERROR:g}", columns, beside(rows))]


_AGAINST = {"dense": "n", "sparse": "n", "sheet": "n", "batch": "batch", "time": "steps"}


def powers(rows: Rows) -> Rows:
    """Exponents of time, memory and compilation with what is varied."""
    found = []
    for what, against in _AGAINST.items():
        own = [row for row in rows if row["what"] == what]
        for value in ("seconds", "megabytes", "compile_seconds"):
            if len(own) > 1:
                power = exponent(own, against, value)
                found.append({"what": f"{what}: {value}", "against": against, "power": power})
    return found


def reaching(rows: Rows) -> Rows:
    """For each method and precision the time to `_ERROR` in each regime, where it gets there."""
    found: dict[tuple, dict[str, Any]] = {}
    runs: dict[tuple, Rows] = {}
    for row in rows:
        key = row["method"], row["precision"]
        found.setdefault(key, dict(zip(("method", "precision"), key, strict=True)))
        runs.setdefault((key, row["regime"]), []).append(row)
    for (key, regime), own in runs.items():
        if (seconds := _seconds_to_error(own)) is not None:
            found[key][regime] = seconds
    return list(found.values())


def beside(rows: Rows) -> Rows:
    """For each method and size its time to `_ERROR`, and that in units of wetcow's."""
    runs: dict[tuple[int, str], Rows] = {}
    for row in rows:
        if "error" in row:
            runs.setdefault((row["n"], row["method"]), []).append(row)
    found = {key: _seconds_to_error(own) for key, own in runs.items()}
    return [
        {
            "method": method,
            "n": n,
            "span": runs[n, method][0]["span"],
            "prepare_seconds": max(row["prepare_seconds"] for row in runs[n, method]),
            "seconds": seconds,
            "ratio": seconds / ours,
        }
        for (n, method), seconds in found.items()
        if seconds is not None and (ours := found.get((n, "wetcow"))) is not None
    ]


def _seconds_to_error(runs: Rows) -> float | None:
    """Time to `_ERROR`, of a method whose runs reach it; that of the fastest if all do.

    Between a run that reaches it and a faster one that does not, time is taken for a power of the
    error: tolerances and steps are few, and no two methods make the same error with them.
    """
    enough = [row for row in runs if row["error"] <= _ERROR]
    if not enough:
        return None
    reached = min(enough, key=lambda row: row["seconds"])
    less = [
        row
        for row in runs
        if _ERROR < row["error"] < math.inf and row["seconds"] < reached["seconds"]
    ]
    if not less:
        return reached["seconds"]
    before = min(less, key=lambda row: row["error"])
    part = math.log(before["error"] / _ERROR) / math.log(before["error"] / reached["error"])
    return before["seconds"] * (reached["seconds"] / before["seconds"]) ** part


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
    axis.set(xlabel="modes", ylabel=f"time of a run to an error of {_ERROR:g} (s)")


def _kuramoto(axis: Any, rows: Rows) -> None:
    _peers(axis, rows)
    axis.set_xlabel("Kuramoto oscillators")


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
]
