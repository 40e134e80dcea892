"""Tables: the wave classifier and regressor beside their peers, all with settings untouched.

    pip install river
    python benchmarks/tables.py --json docs/results/4_tables.json    # for the results page
    python benchmarks/tables.py --data iris wine --seeds 0 --folds 3

Data are those that scikit-learn brings, or makes, and that river brings (`table_problems`). Each
seed shuffles the rows into folds anew; a method learns all folds but one and is judged on that one.
Peers are those of scikit-learn behind a `StandardScaler`, with their own defaults but for the
kernel of Gaussian processes of values, whose default knows no noise. Digits are rows of 64 columns
to all of them, not images.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import json
import os
import pathlib
import platform
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from beside import WAVES, Kept, Results, losses_of, standard_error, standing
from rich.console import Console
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import RidgeClassifierCV, RidgeCV
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR
from table_problems import CLASSES, FRIEDMAN_ROWS, VALUES, Problem, load

import wetcow as wc
from wetcow.files import write_whole

_CHOSEN = (
    "Rules by which scales are chosen were made on other data (scikit-learn's generators), but "
    "that scales of each column must prove themselves on rows they are not of was added when wine, "
    "with seeds of this table, showed that it was needed."
)
_MOST_GAUSSIAN = 600  # rows that a Gaussian process of classes learns in reasonable time


def scaled(model: Any) -> Any:
    """A model of standardised columns."""
    return make_pipeline(StandardScaler(), model)


def of_values(model: Any, outputs: int) -> Any:
    """A model of one value for each of several, in standardised units."""
    each = MultiOutputRegressor(model) if outputs > 1 else model
    return TransformedTargetRegressor(scaled(each), transformer=StandardScaler())


def gaussian_process() -> GaussianProcessRegressor:
    """With noise, whose size it finds as it finds the length."""
    return GaussianProcessRegressor(
        ConstantKernel() * RBF() + WhiteKernel(), normalize_y=True, random_state=0
    )


def methods(problem: Problem, seed: int) -> dict[str, Callable[[], Any]]:
    """What is compared on a problem, by name."""
    if problem.classes:
        found: dict[str, Callable[[], Any]] = {
            WAVES: lambda: wc.WaveClassifier(image_shape=None, random_state=seed),
            "boosting": lambda: HistGradientBoostingClassifier(random_state=seed),
            "RBF SVC": lambda: scaled(SVC()),
            "ridge": lambda: scaled(RidgeClassifierCV()),
        }
        if len(problem.X) <= _MOST_GAUSSIAN:
            found["Gaussian process"] = lambda: scaled(GaussianProcessClassifier(random_state=0))
        return found
    outputs = problem.y.reshape(len(problem.y), -1).shape[1]
    return {
        WAVES: lambda: wc.WaveRegressor(image_shape=None, random_state=seed),
        "boosting": lambda: of_values(HistGradientBoostingRegressor(random_state=seed), outputs),
        "RBF SVR": lambda: of_values(SVR(), outputs),
        "ridge": lambda: of_values(RidgeCV(), outputs),
        "Gaussian process": lambda: scaled(gaussian_process()),
    }


def measure(problem: Problem, name: str, seed: int, folds: int) -> dict[str, Any]:
    """Fit and judge a method on all folds of a seed.

    Returns
    -------
    dict
        score, accuracy or R² (the mean of outputs and folds); fit_seconds and answer_seconds, of a
        fold; within_95, the share of values within 1.96 standard deviations, if there are any;
        losses, what each row was answered wrong by when it was not learned.
    """
    split = StratifiedKFold if problem.classes else KFold
    rows = split(folds, shuffle=True, random_state=seed).split(problem.X, problem.y)
    found: dict[str, list[float]] = {"score": [], "fit_seconds": [], "answer_seconds": []}
    answers = np.empty_like(problem.y, dtype=None if problem.classes else float)
    for learned, judged in rows:
        model = methods(problem, seed)[name]()
        start = time.perf_counter()
        model.fit(problem.X[learned], problem.y[learned])
        fitted = time.perf_counter()
        answers[judged] = model.predict(problem.X[judged])
        found["answer_seconds"].append(time.perf_counter() - fitted)
        found["fit_seconds"].append(fitted - start)
        found["score"].append(model.score(problem.X[judged], problem.y[judged]))
        if not problem.classes and name in (WAVES, "Gaussian process"):
            mean, std = model.predict(problem.X[judged], return_std=True)
            within = np.abs(problem.y[judged] - mean) <= 1.96 * std
            found.setdefault("within_95", []).append(float(np.mean(within)))
    times = ("fit_seconds", "answer_seconds")
    losses = losses_of(answers, problem.y, classes=problem.classes)
    return {"losses": losses} | {
        key: float(np.median(values) if key in times else np.mean(values))
        for key, values in found.items()
    }


def main() -> None:
    """Parse the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", nargs="+", default=[*CLASSES, *VALUES])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--methods", nargs="+", help="default: all")
    parser.add_argument("--kept", type=pathlib.Path, help="file of results: a run goes on from it")
    parser.add_argument("--report", action="store_true", help="of what is kept; measure nothing")
    parser.add_argument("--machine", default=f"{os.cpu_count()} cores, {platform.machine()}")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)  # of peers, whose defaults are kept
    kept = Kept(given.kept)
    for data in given.data:
        problem = load(data)
        for name in methods(problem, 0):
            if given.methods and name not in given.methods:
                continue
            for seed in [] if given.report else given.seeds:
                measured = functools.partial(measure, problem, name, seed, given.folds)
                kept.measured(data, name, seed, measured)
            Console().print(data, name, *row_of(data, name, kept.results)[2:])
        if given.json:
            content = json.dumps(table(kept.results, given), indent=1, ensure_ascii=False)
            write_whole(given.json, content.encode())


def row_of(data: str, name: str, results: Results) -> list[str]:
    """One line of the table."""
    seeds: list[Any] = list(results[data][name].values())
    scores = np.array([one["score"] for one in seeds])
    fit, answer = (
        float(np.median([one[key] for one in seeds])) for key in ("fit_seconds", "answer_seconds")
    )
    within = [one["within_95"] for one in seeds if "within_95" in one]
    return [
        data.replace("_", " "),
        name,
        f"{scores.mean():.4f}",
        f"{standard_error(scores):.4f}",
        str(len(scores)),
        f"{fit:.3f}",
        f"{answer:.3f}",
        f"{np.mean(within):.3f}" if within else "",
    ]


def table(results: Results, given: argparse.Namespace) -> dict[str, Any]:
    """The section of the results page."""
    seeds = " ".join(map(str, given.seeds))
    return {
        "title": "Tables, beside peers with settings untouched",
        "command": f"python benchmarks/tables.py --data {' '.join(results)} --seeds {seeds} "
        f"--folds {given.folds}",
        "machine": given.machine,
        "date": datetime.date.today().isoformat(),
        "seed": ", ".join(map(str, given.seeds)),
        "before": (
            "Accuracy of classes and R² of values (the mean of outputs) on rows that were not "
            f"learned: {given.folds} folds, shuffled anew by each of {len(given.seeds)} seeds. The "
            "error is that of the mean of seeds. The error of rows, below, is that of the mean "
            "difference of what two methods are off by, row by row. Seconds are medians of a fold. "
            "*Within 95 %* is "
            "the share of values within 1.96 standard deviations, which should be 0.95. "
            f"Friedman's problems have {FRIEDMAN_ROWS} rows. A Gaussian process of classes is "
            f"left out for more than {_MOST_GAUSSIAN} rows. Waves are compared with others by the "
            "seeds both were measured with."
        ),
        "columns": [
            *("data", "method", "accuracy or R²", "error", "seeds"),
            *("seconds to fit", "to answer", "within 95 %"),
        ],
        "rows": [
            row_of(data, name, results) for data, methods in results.items() for name in methods
        ],
        "after": f"{standing(results, 'ridge')} {_CHOSEN}",
    }


if __name__ == "__main__":
    main()
