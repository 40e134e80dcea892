"""Methods beside each other on several problems: results that are kept, rows, who is best.

Used by `tables.py` and `series.py`. Results are `{data: {method: {seed: numbers}}}`, with a `score`
of which more is better. None stands for what a method cannot take. Methods are compared by the
seeds that they have in common with waves, for a run may have been stopped.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable

import numpy as np

from wetcow.files import write_whole

Results = dict[str, dict[str, dict[str, dict[str, float] | None]]]
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
        self, data: str, method: str, seed: int, measure: Callable[[], dict[str, float] | None]
    ) -> None:
        """Measure once, and write it to the file."""
        seeds = self.results.setdefault(data, {}).setdefault(method, {})
        if str(seed) in seeds:
            return
        seeds[str(seed)] = measure()
        if self.path is not None:
            write_whole(self.path, json.dumps(self.results, indent=1).encode())


def scores_of(results: Results, data: str) -> dict[str, np.ndarray]:
    """Scores of the methods that can take the data, of the seeds that waves were measured with.

    A method that was measured with others, since it draws nothing, has all of its scores.
    """
    seeds = [*results[data][WAVES]]
    found = {}
    for method, by_seed in results[data].items():
        chosen = [by_seed[seed] for seed in seeds if seed in by_seed]
        if len(chosen) < len(seeds):
            chosen = [*by_seed.values()]
        scores = [one["score"] for one in chosen if one is not None]
        if scores and len(scores) == len(chosen):
            found[method] = np.array(scores)
    return found


def standard_error(values: np.ndarray) -> float:
    """Standard error of the mean; 0 of a single number."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def is_level(own: np.ndarray, other: np.ndarray) -> bool:
    """Whether the other is at most one standard error ahead, seed by seed.

    Seeds are the same for all, so it is their differences that scatter. A method that draws nothing
    is measured with one seed.

    Examples
    --------
    >>> is_level(np.array([0.9, 0.8]), np.array([0.9, 0.9])), is_level(np.ones(1), np.full(2, 1.1))
    (True, False)
    """
    difference = other - own
    return bool(difference.mean() <= standard_error(difference))


def standing(results: Results, ridge: str) -> str:
    """In how many problems waves are best or level, whether worse than ridge, and mean ranks."""
    level, behind = [], []
    ranks: dict[str, list[int]] = {}
    for data in results:
        scores = scores_of(results, data)
        means = {method: float(values.mean()) for method, values in scores.items()}
        best = max(means, key=means.__getitem__)
        if is_level(scores[WAVES], scores[best]):
            level.append(data)
        if not is_level(scores[WAVES], scores[ridge]):
            behind.append(data.replace("_", " "))
        for method, mean in means.items():
            ranks.setdefault(method, []).append(1 + sum(each > mean for each in means.values()))
    worse = f"worse than {ridge} in {', '.join(behind)}" if behind else f"never worse than {ridge}"
    order = sorted(ranks, key=lambda method: float(np.mean(ranks[method])))
    mean_ranks = ", ".join(f"{method} {np.mean(ranks[method]):.2f}" for method in order)
    return (
        f"Waves are best, or within one standard error of the best, in {len(level)} of "
        f"{len(results)} problems, and {worse}. Mean ranks, each of the problems a method can "
        f"take: {mean_ranks}."
    )
