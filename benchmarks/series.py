"""Series: the wave classifier beside MiniRocket and nearest neighbours, settings untouched.

    pip install aeon
    python benchmarks/series.py --json docs/results/4_series.json    # for the results page
    python benchmarks/series.py --data GunPoint ArrowHead --seeds 0

Data are the classification problems that aeon brings, each split into training and test series as
it is published; nothing is chosen on the latter. Peers are aeon's `MiniRocketClassifier` (10,000
features and a ridge classifier) and one nearest neighbour by dynamic time warping.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import platform
import time
import warnings
from typing import Any

import numpy as np
from rich.console import Console
from sklearn.pipeline import make_pipeline

import wetcow as wc
from wetcow.files import write_whole

WAVES, ROCKET, WARPING = "waves", "MiniRocket", "1-NN DTW"
PROBLEMS = (
    *("ACSF1", "ArrowHead", "BasicMotions", "Covid3Month_disc", "GunPoint"),
    *("ItalyPowerDemand", "JapaneseVowels", "OSULeaf", "PickupGestureWiimoteZ", "UnitTest"),
)


def load(name: str, split: str) -> tuple[Any, np.ndarray]:
    """Series (n, channels, time), or a list of them if lengths differ, and their labels."""
    from aeon.datasets import load_classification

    return load_classification(name, split=split, load_equal_length=False)


def method(name: str, seed: int) -> Any:
    """A classifier by its name."""
    if name == WAVES:
        memory = wc.WaveClassifier(image_shape=None, response="amplitude", random_state=seed)
        return make_pipeline(wc.SeriesFeatures(random_state=seed), memory)
    if name == ROCKET:
        from aeon.classification.convolution_based import MiniRocketClassifier

        return MiniRocketClassifier(random_state=seed)
    from aeon.classification.distance_based import KNeighborsTimeSeriesClassifier

    return KNeighborsTimeSeriesClassifier(distance="dtw")


def measure(name: str, data: str, seed: int) -> dict[str, float] | None:
    """Learn the training series and answer to the others; None for what cannot take them."""
    X, y = load(data, "train")
    unseen, wanted = load(data, "test")
    model = method(name, seed)
    start = time.perf_counter()
    try:
        model.fit(X, y)
    except ValueError as error:
        if "length" not in str(error):
            raise
        return None
    fitted = time.perf_counter()
    found = model.predict(unseen)
    answered = time.perf_counter()
    return {
        "accuracy": float(np.mean(found == wanted)),
        "fit_seconds": fitted - start,
        "answer_seconds": answered - fitted,
    }


def row_of(data: str, name: str, results: dict[str, Any]) -> list[str]:
    """One line of the table."""
    seeds = results[data][name]
    if not seeds:
        return [data, name, "lengths differ", "", "", ""]
    scores = np.array([one["accuracy"] for one in seeds])
    error = f"{scores.std(ddof=1) / np.sqrt(len(scores)):.4f}" if len(scores) > 1 else ""
    fit, answer = (
        float(np.median([one[key] for one in seeds])) for key in ("fit_seconds", "answer_seconds")
    )
    return [data, name, f"{scores.mean():.4f}", error, f"{fit:.2f}", f"{answer:.2f}"]


def standing(results: dict[str, Any]) -> str:
    """In how many problems waves are best or level, and their mean rank."""
    level, ranks = 0, []
    for by_method in results.values():
        scores = {
            name: np.array([one["accuracy"] for one in seeds])
            for name, seeds in by_method.items()
            if seeds
        }
        means = {name: float(values.mean()) for name, values in scores.items()}
        own, best = scores[WAVES], max(means.values())
        others = [values for name, values in scores.items() if means[name] == best]
        error = np.hypot(*(_error(values) for values in (own, others[0])))
        level += bool(best - means[WAVES] <= error)
        ranks.append(1 + sum(mean > means[WAVES] for mean in means.values()))
    return (
        f"Waves are best, or within one standard error of the best, in {level} of {len(results)} "
        f"problems; their mean rank is {np.mean(ranks):.2f}."
    )


def _error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def table(results: dict[str, Any], given: argparse.Namespace) -> dict[str, Any]:
    """The section of the results page."""
    seeds = " ".join(map(str, given.seeds))
    return {
        "title": "Series, beside peers with settings untouched",
        "command": f"python benchmarks/series.py --seeds {seeds}",
        "machine": given.machine,
        "date": datetime.date.today().isoformat(),
        "seed": ", ".join(map(str, given.seeds)),
        "before": (
            "Accuracy on the published test series of each problem that aeon brings. The error is "
            "that of the mean of seeds; nearest neighbours draw nothing, and are measured once. "
            "Seconds are medians, the first compilation included."
        ),
        "columns": ["data", "method", "accuracy", "error", "seconds to fit", "to answer"],
        "rows": [
            row_of(data, name, results) for data, methods in results.items() for name in methods
        ],
        "after": standing(results),
    }


def main() -> None:
    """Parse the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", nargs="+", default=[*PROBLEMS])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--machine", default=f"{os.cpu_count()} cores, {platform.machine()}")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # of peers, whose defaults are kept
    results: dict[str, dict[str, list[dict[str, float]]]] = {}
    for data in given.data:
        results[data] = {}
        for name in (WAVES, ROCKET, WARPING):
            seeds = given.seeds[:1] if name == WARPING else given.seeds
            found = [measure(name, data, seed) for seed in seeds]
            results[data][name] = [one for one in found if one is not None]
            Console().print(*row_of(data, name, results))
        if given.json:
            content = json.dumps(table(results, given), indent=1, ensure_ascii=False)
            write_whole(given.json, content.encode())


if __name__ == "__main__":
    main()
