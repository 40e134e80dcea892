"""Methods beside each other on several problems: results that are kept, rows, who is best.

Used by `tables.py` and `series.py`. Results are `{data: {method: {seed: numbers}}}`, with a `score`
of which more is better, and the `losses` of all rows that were answered, in their order. None
stands for what a method cannot take. Methods are compared by the seeds that they have in common
with waves, for a run may have been stopped.

Two errors are asked for. That of **seeds**, of folds or of what a method draws, tells whether the
same few rows would be answered better once more. That of **rows** tells whether others of their
kind would be: rows are what a problem has few of.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from wetcow.files import write_whole

Results = dict[str, dict[str, dict[str, dict[str, Any] | None]]]
WAVES = "waves"


class Kept:
    """Results in a file, so that an interrupted run goes on; what is there is not measured again.

    Parameters
    ----------
    path : path, optional
        File of JSON; None: nothing is kept.
    """

    def __init__(self, path: pathlib.Path | None):
        self.path = path
        self.results: Results = {}
        if path is not None and path.exists():
            self.results = json.loads(path.read_text("utf-8"))

    def measured(
        self, data: str, method: str, seed: int, measure: Callable[[], dict[str, Any] | None]
    ) -> None:
        """Measure once, and write it to the file."""
        seeds = self.results.setdefault(data, {}).setdefault(method, {})
        if str(seed) in seeds:
            return
        seeds[str(seed)] = measure()
        if self.path is not None:
            write_whole(self.path, json.dumps(self.results, separators=(",", ":")).encode())


def losses_of(found: np.ndarray, wanted: np.ndarray, *, classes: bool) -> list[float]:
    """What answers are off by, for each row: 1 for a wrong class, or squares over the variance.

    Squares of several outputs are averaged. Three digits are kept.

    Examples
    --------
    >>> losses_of(np.array([1.0, 2.0]), np.array([1.0, 4.0]), classes=False)
    [0.0, 1.78]
    >>> losses_of(np.array(["a", "b"]), np.array(["a", "c"]), classes=True)
    [0, 1]
    """
    if classes:
        return (found != wanted).astype(int).tolist()
    squares = (found - wanted) ** 2 / np.var(wanted, axis=0)
    squares = squares.reshape(len(squares), -1).mean(axis=1)
    return [float(f"{one:.3g}") for one in squares]


def measured_of(results: Results, data: str, what: str) -> dict[str, np.ndarray]:
    """Scores or losses of methods that can take the data, of seeds waves were measured with.

    A method that was measured with others, since it draws nothing, has all of its own.

    Returns
    -------
    dict of method to array (seeds,), or of losses (seeds, rows)
    """
    seeds = [*results[data][WAVES]]
    found = {}
    for method, by_seed in results[data].items():
        chosen = [by_seed[seed] for seed in seeds if seed in by_seed]
        if len(chosen) < len(seeds):
            chosen = [*by_seed.values()]
        values = [one[what] for one in chosen if one is not None]
        if values and len(values) == len(chosen):
            found[method] = np.array(values, float)
    return found


def standard_error(values: np.ndarray) -> float:
    """Standard error of the mean; 0 of a single number."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def is_level(own: np.ndarray, other: np.ndarray) -> bool:
    """Whether the other is at most one standard error ahead, seed by seed, or row by row.

    Seeds and rows are the same for all, so it is their differences that scatter. A method that
    draws nothing is measured with one seed.

    Examples
    --------
    >>> is_level(np.array([0.9, 0.8]), np.array([0.9, 0.9])), is_level(np.ones(1), np.full(2, 1.1))
    (True, False)
    """
    difference = other - own
    # Of a single row that differs both are the same, up to rounding.
    return bool(difference.mean() <= (1 + 1e-9) * standard_error(difference))


def standing(results: Results, ridge: str) -> str:
    """In how many problems waves are best or level, whether worse than ridge, and mean ranks.

    Problems of which waves or ridge were not measured yet, in a run that was stopped, are left
    out.
    """
    results = {data: methods for data, methods in results.items() if {WAVES, ridge} <= {*methods}}
    not_level: dict[str, list[str]] = {"rows": [], "seeds": []}
    behind: dict[str, list[str]] = {"rows": [], "seeds": []}
    ranks: dict[str, list[int]] = {}
    for data in results:
        scores = measured_of(results, data, "score")
        gains = {
            method: -losses.mean(axis=0)
            for method, losses in measured_of(results, data, "losses").items()
        }
        means = {method: float(values.mean()) for method, values in scores.items()}
        best = max(means, key=means.__getitem__)
        for error, values in (("rows", gains), ("seeds", scores)):
            for other, names in ((best, not_level), (ridge, behind)):
                if not is_level(values[WAVES], values[other]):
                    names[error].append(data.replace("_", " "))
        for method, mean in means.items():
            ranks.setdefault(method, []).append(1 + sum(each > mean for each in means.values()))
    order = sorted(ranks, key=lambda method: float(np.mean(ranks[method])))
    mean_ranks = ", ".join(f"{method} {np.mean(ranks[method]):.2f}" for method in order)
    by_rows, by_seeds = (
        f"best, or within one standard error of the best, in {len(results) - len(behind_best)} of "
        f"{len(results)} problems (all but {', '.join(behind_best) or 'none'}), and worse than "
        f"{ridge} in {', '.join(behind[error]) or 'none'}"
        for error, behind_best in not_level.items()
    )
    return (
        f"By the error of rows, waves are {by_rows}. By the error of seeds alone, which asks for "
        f"these rows and no others, they are {by_seeds}. Mean ranks, each of the problems a method "
        f"can take: {mean_ranks}."
    )
