"""A brain fitted to functional connectivity, and ten minutes of BOLD, beside other packages.

    pip install --no-deps --target PEERS neurolib==0.6.2 tvboptim==0.4.0 vbjax==0.0.19
    pip install --no-deps --target PEERS numba llvmlite dill dpath numpyro multipledispatch
    pip install --no-deps --target PEERS plum-dispatch beartype
    export PYTHONPATH=PEERS
    python benchmarks/brain_peers.py --json benchmarks/brain_peers.json
    python benchmarks/brain_peers.py --json benchmarks/brain_peers.json --draw

This is `wetcow bench fits bold`, with more of the splits, methods, and kinds of weights to choose,
and a table. --splits takes more of the 35 ways to choose four of seven subjects. What is in the
file already is kept: an interrupted run goes on. --draw makes docs/results/10_brain_peers.json of
the file alone.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import itertools
import json
import pathlib
from importlib import metadata
from typing import Any

import numpy as np
from brain_subjects import write_table

from wetcow.bench.brain_fits import BIOLOGY, fit_tasks, measured, run_tasks
from wetcow.bench.brain_methods import FITS, RUNS, SCALES, BrainMethod

PEERS = ("neurolib", "tvboptim", "vbjax", "numba")


def known_versions() -> dict[str, str]:
    """Of ours and of peers that are installed."""
    from wetcow.cli.output import versions

    installed = [name for name in PEERS if importlib.util.find_spec(name)]
    return versions() | {name: metadata.version(name) for name in installed}


def cells_of(alike: list[dict[str, Any]], place: int) -> list[str]:
    """One line of the table, of the same fit on all splits."""
    first, found = alike[0]["found"][place], [row["found"][place] for row in alike]
    scores = [np.mean([one[name] or np.nan for one in found]) for name in ("fitted", "others")]
    seconds = [np.median([one["seconds"][name] for one in found]) for name in ("wall", "cpu")]
    again = first.get("compiled_seconds", {}).get("cpu")
    return [
        f"{alike[0]['method'].partition(',')[0]}: {first['what']}; weights {alike[0]['weights']}",
        str(first["numbers"]),
        *(f"{score:.3f}" for score in scores),
        f"{seconds[0]:.0f}",
        f"{seconds[1]:.0f}" + (f" ({again:.1f})" if again else ""),
        f"{first['peak_mb'] / 1e3:.1f}",
        str(alike[0]["lines"]),
    ]


def table_of(result: dict[str, Any]) -> dict[str, Any]:
    """The rows as a section of docs/results.md; see tools/results.py."""
    done = [row for row in result["rows"] if "found" in row]
    rows, said = [], []
    for name, scale in itertools.product(FITS, SCALES):
        alike = [row for row in done if (row["method"], row.get("weights")) == (name, scale)]
        places = range(len(alike[0]["found"]) if alike else 0)
        rows += [cells_of(alike, place) for place in places]
    for name in RUNS:
        runs = [row for row in done if row["method"] == name]
        found = [
            f"{row['found'][0]['seconds']['wall']:.0f} ({row['size']} regions)" for row in runs
        ]
        said.append(f"{name}: {', '.join(found)}")
    fits = {row["method"]: row["budget"] for row in done if row["part"] == "fit"}
    budgets = "; ".join(f"{name}: {budget}" for name, budget in fits.items())
    return {
        "title": "Brains fitted beside other packages",
        "command": "python benchmarks/brain_peers.py --json benchmarks/brain_peers.json",
        "machine": f"{result['machine']['cores']} cores of an {result['machine']['cpu']}",
        "date": result["date"],
        "seed": 0,
        "before": "Four subjects are fitted, three judge; Pearson correlations, 94 regions. "
        "Seconds are by the clock, and of the processor, with compilation (without). Lines are "
        "those of user code. Noise of neurolib has no seed here: its scores differ from run to "
        f"run. Budgets: {budgets}.",
        "columns": ["fitted", "numbers", "fitted subjects", "others", "s", "CPU s", "GB", "lines"],
        "rows": rows,
        "after": "Seconds for ten minutes of BOLD, by the clock, without compilation, a part of "
        f"them measured. {'; '.join(said)}.",
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--splits", type=int, default=1, help="of the 35, evenly")
    parser.add_argument("--parts", nargs="*", choices=("fit", "bold"), default=["fit", "bold"])
    parser.add_argument("--only", nargs="*", help="how names of methods begin")
    parser.add_argument("--weights", nargs="*", choices=SCALES, default=SCALES)
    parser.add_argument("--sizes", nargs="*", type=int, choices=BIOLOGY, default=[*BIOLOGY])
    parser.add_argument("--effort", type=float, default=1.0, help="less only to see that it runs")
    parser.add_argument("--json")
    parser.add_argument("--draw", action="store_true", help="table of the file alone")
    options = parser.parse_args()
    path = None if options.json is None else pathlib.Path(options.json)
    kept = json.loads(path.read_text()) if path is not None and path.exists() else {}
    result: dict[str, Any] = {"rows": [], **kept}
    if options.draw:
        write_table(table_of(result), "10_brain_peers")
        return
    from wetcow.cli.output import console, machine, write_json

    def chosen(methods: dict[str, BrainMethod]) -> list[str]:
        return [name for name in methods if name.startswith(tuple(options.only or [""]))]

    tasks = (
        fit_tasks(options.splits, chosen(FITS), options.weights) if "fit" in options.parts else []
    )
    tasks += run_tasks(options.sizes, chosen(RUNS)) if "bold" in options.parts else []
    result |= {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": known_versions(),
        "effort": options.effort,
        "seed": 0,
    }
    done = [{key: row.get(key) for key in ("part", "method", "weights", "subjects", "size")}
            for row in result["rows"]]  # fmt: skip
    for key, data in tasks:
        if {"weights": None, "subjects": None, "size": None, **key} in done:
            continue
        row = measured(key, data, options.effort)
        result["rows"].append(row)
        write_json(result, options.json)
        console().print(row)


if __name__ == "__main__":
    main()
