"""Rows of measurements as tables."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from rich.table import Table

from wetcow.bench.brains import beside_ours
from wetcow.bench.growth import exponent

Rows = list[dict[str, Any]]

ERROR = 1e-4  # of the amplitude at the end, for which methods are compared
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
        "brains": _brains_tables,
        "fits": _fits_tables,
        "bold": _bold_tables,
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
    title = f"Methods, {rows[0]['n']} modes: seconds to an error of {ERROR:g}"
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
    return [_table(f"{title}, to an error of {ERROR:g}", columns, beside(rows))]


def _brains_tables(rows: Rows) -> list[Table]:
    columns = {
        "method": "method",
        "regions": "n",
        "step [ms]": "step",
        "error": "error",
        "run [s]": "seconds",
        "times ours of no larger error": "ratio",
    }
    rows = [row for row in beside_ours(rows) if "seconds" in row]
    return [_table("Brains with conduction delays, seconds for ten of biology", columns, rows)]


_COST = {
    "run [s]": "seconds",
    "CPU [s]": "cpu_seconds",
    "memory [MB]": "peak_mb",
    "lines": "lines",
    "missing": "missing",
}


def _fits_tables(rows: Rows) -> list[Table]:
    columns = {
        "method": "method",
        "what is fitted": "parameters",
        "weights": "weights",
        "numbers": "numbers",
        "fitted subjects": "fitted",
        "others": "others",
        **_COST,
    }
    return [_table("Brains fitted on four subjects, correlation of connectivity", columns, rows)]


def _bold_tables(rows: Rows) -> list[Table]:
    columns = {
        "method": "method",
        "regions": "regions",
        **_COST,
    }
    return [_table("Ten minutes of BOLD, of a part of them, once compiled", columns, rows)]


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
    """For each method and precision the time to `ERROR` in each regime, where it gets there."""
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
    """For each method and size its time to `ERROR`, and that in units of wetcow's."""
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
    """Time to `ERROR`, of a method whose runs reach it; that of the fastest if all do.

    Between a run that reaches it and a faster one that does not, time is taken for a power of the
    error: tolerances and steps are few, and no two methods make the same error with them.
    """
    enough = [row for row in runs if row["error"] <= ERROR]
    if not enough:
        return None
    reached = min(enough, key=lambda row: row["seconds"])
    less = [
        row
        for row in runs
        if ERROR < row["error"] < math.inf and row["seconds"] < reached["seconds"]
    ]
    if not less:
        return reached["seconds"]
    before = min(less, key=lambda row: row["error"])
    part = math.log(before["error"] / ERROR) / math.log(before["error"] / reached["error"])
    return before["seconds"] * (reached["seconds"] / before["seconds"]) ** part
