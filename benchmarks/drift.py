"""Streams that drift: waves that learn on, beside trees of river, each row asked before learned.

    pip install river
    python benchmarks/drift.py --json docs/results/4_drift.json    # for the results page

Streams are river's: SEA, whose threshold changes after each quarter, Agrawal, whose rule does, and
a hyperplane that turns all the time. All methods answer a batch of rows, and learn it then. Waves
learn on in three ways: from all rows so far (`partial_fit`, which forgets nothing), from the last
1,000 alone, and from all since the last change, which is where a batch is answered worse than left-
out rows were, by more than three standard errors.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import os
import pathlib
import platform
import time
from typing import Any

import numpy as np
from rich.console import Console

import wetcow as wc
from wetcow.files import write_whole

BATCH, WINDOW, ERRORS = 250, 1000, 3.0
ALL, LATEST, SINCE = "waves, all rows", "waves, last 1,000", "waves, since a change"
TREE, ADAPTIVE = "Hoeffding tree", "adaptive Hoeffding tree"
METHODS = (ALL, LATEST, SINCE, TREE, ADAPTIVE)
STREAMS = ("SEA", "Agrawal", "Hyperplane")


def stream(name: str, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and labels of a stream that drifts."""
    from river.datasets import synth

    def part(source: Any, number: int) -> list[tuple[list[float], bool]]:
        return [(list(x.values()), bool(y)) for x, y in itertools.islice(source, number)]

    if name == "Hyperplane":
        turning = synth.Hyperplane(seed=seed, n_features=10, n_drift_features=4, mag_change=0.002)
        rows = part(turning, count)
    else:
        kind, key, which = {
            "SEA": (synth.SEA, "variant", (0, 3, 1, 2)),
            "Agrawal": (synth.Agrawal, "classification_function", (0, 3, 6, 1)),
        }[name]
        rows = []
        for number, value in enumerate(which):
            rows += part(kind(**{key: value}, seed=10 * seed + number), count // 4)
    return np.array([x for x, _ in rows], float), np.array([y for _, y in rows])


class Waves:
    """A classifier of waves that learns on.

    Parameters
    ----------
    way : str
        `ALL`, `LATEST` or `SINCE`.
    seed : int
    """

    def __init__(self, way: str, seed: int):
        self.way, self.seed = way, seed
        self.model: Any = None
        self.X, self.y = np.empty((0, 0)), np.empty(0)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels."""
        return self.model.predict(X)

    def learn(self, X: np.ndarray, y: np.ndarray) -> None:
        """Learn a batch that was answered before."""
        changed = self.model is not None and self.way == SINCE and self._changed(X, y)
        if self.model is None or changed or self.way == LATEST:
            kept = self.way == LATEST and self.model is not None
            self.X = np.concatenate([self.X, X])[-WINDOW:] if kept else X
            self.y = np.concatenate([self.y, y])[-WINDOW:] if kept else y
            self.model = wc.WaveClassifier(image_shape=None, random_state=self.seed)
            self.model.fit(self.X, self.y)
        else:
            self.model.partial_fit(X, y, classes=[False, True])

    def _changed(self, X: np.ndarray, y: np.ndarray) -> bool:
        """Whether a batch is answered worse than left-out rows were."""
        known = self.model.record_.left_out_accuracy
        error = np.sqrt(max(known * (1 - known), 1e-4) / len(y))
        return bool(self.model.score(X, y) < known - ERRORS * error)


class Tree:
    """A tree of river, row by row.

    Parameters
    ----------
    name : str
        `TREE` or `ADAPTIVE`.
    seed : int
    """

    def __init__(self, name: str, seed: int):
        from river import tree

        adaptive = name == ADAPTIVE
        self.model: Any = (
            tree.HoeffdingAdaptiveTreeClassifier(seed=seed)
            if adaptive
            else tree.HoeffdingTreeClassifier()
        )

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels."""
        answers = [self.model.predict_one(dict(enumerate(row))) for row in X]
        return np.array([bool(answer) for answer in answers])

    def learn(self, X: np.ndarray, y: np.ndarray) -> None:
        """Learn a batch that was answered before."""
        for row, label in zip(X, y, strict=True):
            self.model.learn_one(dict(enumerate(row)), bool(label))


def measure(name: str, X: np.ndarray, y: np.ndarray, seed: int) -> dict[str, Any]:
    """Ask and learn batch by batch; the first is learned alone."""
    method: Any = Waves(name, seed) if name in (ALL, LATEST, SINCE) else Tree(name, seed)
    start, scores = time.perf_counter(), []
    for low in range(0, len(y), BATCH):
        rows, labels = X[low : low + BATCH], y[low : low + BATCH]
        if low:
            scores.append(float(np.mean(method.predict(rows) == labels)))
        method.learn(rows, labels)
    return {"scores": scores, "seconds": time.perf_counter() - start}


def row_of(data: str, name: str, found: list[dict[str, Any]]) -> list[str]:
    """One line of the table."""
    means = np.array([np.mean(one["scores"]) for one in found])
    error = f"{means.std(ddof=1) / np.sqrt(len(means)):.4f}" if len(means) > 1 else ""
    last = np.mean([np.mean(one["scores"][-4:]) for one in found])
    seconds = np.median([one["seconds"] for one in found])
    return [data, name, f"{means.mean():.4f}", error, f"{last:.4f}", f"{seconds:.1f}"]


def main() -> None:
    """Parse the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", nargs="+", default=[*STREAMS])
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--machine", default=f"{os.cpu_count()} cores, {platform.machine()}")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    rows: list[list[str]] = []
    for data in given.data:
        for name in METHODS:
            found = [measure(name, *stream(data, given.rows, seed), seed) for seed in given.seeds]
            rows.append(row_of(data, name, found))
            Console().print(*rows[-1])
    if given.json:
        content = json.dumps(table(rows, given), indent=1, ensure_ascii=False)
        write_whole(given.json, content.encode())


def table(rows: list[list[str]], given: argparse.Namespace) -> dict[str, Any]:
    """The section of the results page."""
    best = {}
    for data, name, score, *_ in rows:
        if data not in best or float(score) > float(best[data][1]):
            best[data] = (name, score)
    seeds = " ".join(map(str, given.seeds))
    return {
        "title": "Streams that drift",
        "command": f"python benchmarks/drift.py --data {' '.join(given.data)} --rows {given.rows} "
        f"--seeds {seeds}",
        "machine": given.machine,
        "date": datetime.date.today().isoformat(),
        "seed": ", ".join(map(str, given.seeds)),
        "before": (
            f"Streams of river, {given.rows:,} rows, answered and then learned in batches of "
            f"{BATCH}. Accuracy is the mean of all batches but the first, the error that of the "
            "mean of seeds; *at the end* is that of the last four batches. Waves from all rows "
            "forget nothing (`partial_fit`); those since a change begin anew where a batch is "
            f"answered worse than left-out rows were by {ERRORS:g} standard errors."
        ),
        "columns": ["stream", "method", "accuracy", "error", "at the end", "seconds"],
        "rows": rows,
        "after": " ".join(f"Best on {data}: {name}." for data, (name, _) in best.items()),
    }


if __name__ == "__main__":
    main()
