"""Series: waves beside MiniRocket and nearest neighbours, settings untouched.

    pip install aeon
    python benchmarks/series.py --json docs/results/4_series.json    # for the results page
    python benchmarks/series.py --data GunPoint ArrowHead --seeds 0

Data are all problems of classes and of values that aeon brings, each split into training and test
series as it is published; nothing is chosen on the latter. Peers are aeon's MiniRocket (10,000
features, and a ridge that chooses its strength) and one nearest neighbour by dynamic time warping.
MiniRocket wants equal lengths: where they differ, it is given the series of equal length that aeon
brings beside them.
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
from typing import Any

import numpy as np
from beside import WAVES, Kept, Results, losses_of, standard_error, standing
from rich.console import Console
from sklearn.pipeline import make_pipeline

import wetcow as wc
from wetcow.files import write_whole

ROCKET, WARPING = "MiniRocket", "1-NN DTW"
CLASSES = (
    *("ACSF1", "ArrowHead", "BasicMotions", "Covid3Month_disc", "GunPoint"),
    *("ItalyPowerDemand", "JapaneseVowels", "OSULeaf", "PickupGestureWiimoteZ", "UnitTest"),
)
VALUES = ("CardanoSentiment", "Covid3Month")


def load(name: str, split: str, *, equal: bool = False) -> tuple[Any, np.ndarray]:
    """Series (n, channels, time), or a list of them if lengths differ, and labels or values.

    Parameters
    ----------
    name : str
        One of `CLASSES` or `VALUES`.
    split : {"train", "test"}
    equal : bool
        Whether series are to be of equal length, for which some problems have files of their own.
    """
    import aeon.datasets

    data = pathlib.Path(aeon.datasets.__file__).parent / "data" / name
    same = data / f"{name}_eq_{split.upper()}.ts"
    if equal and same.exists():
        X, y = aeon.datasets.load_from_ts_file(str(same))
    else:
        X, y = aeon.datasets.load_from_ts_file(str(data / f"{name}_{split.upper()}.ts"))
    return X, y.astype(float) if name in VALUES else y


def method(name: str, data: str, seed: int) -> Any:
    """A classifier by its name, or a regressor for problems of values."""
    values = data in VALUES
    if name == WAVES:
        kind = wc.WaveRegressor if values else wc.WaveClassifier
        memory = kind(image_shape=None, random_state=seed)
        return make_pipeline(wc.SeriesFeatures(random_state=seed), memory)
    if name == ROCKET and values:
        from aeon.regression.convolution_based import MiniRocketRegressor

        return MiniRocketRegressor(random_state=seed)
    if name == ROCKET:
        from aeon.classification.convolution_based import MiniRocketClassifier

        return MiniRocketClassifier(random_state=seed)
    if values:
        from aeon.regression.distance_based import KNeighborsTimeSeriesRegressor

        return KNeighborsTimeSeriesRegressor(distance="dtw", n_neighbors=1)
    from aeon.classification.distance_based import KNeighborsTimeSeriesClassifier

    return KNeighborsTimeSeriesClassifier(distance="dtw", n_neighbors=1)


def measure(name: str, data: str, seed: int) -> dict[str, Any] | None:
    """Learn the training series and answer to the others."""
    equal = name == ROCKET
    X, y = load(data, "train", equal=equal)
    unseen, wanted = load(data, "test", equal=equal)
    model = method(name, data, seed)
    start = time.perf_counter()
    model.fit(X, y)
    fitted = time.perf_counter()
    found = model.predict(unseen)
    answered = time.perf_counter()
    if data in VALUES:
        score = 1 - np.mean((found - wanted) ** 2) / np.var(wanted)
    else:
        score = np.mean(found == wanted)
    return {
        "score": float(score),
        "fit_seconds": fitted - start,
        "answer_seconds": answered - fitted,
        "losses": losses_of(found, wanted, classes=data in CLASSES),
    }


def row_of(data: str, name: str, results: Results) -> list[str]:
    """One line of the table."""
    seeds: list[Any] = list(results[data][name].values())
    scores = np.array([one["score"] for one in seeds])
    error = f"{standard_error(scores):.4f}" if len(scores) > 1 else ""
    fit, answer = (
        float(np.median([one[key] for one in seeds])) for key in ("fit_seconds", "answer_seconds")
    )
    score, count = f"{scores.mean():.4f}", str(len(scores))
    return [data, name, score, error, count, f"{fit:.2f}", f"{answer:.2f}"]


def table(results: Results, given: argparse.Namespace) -> dict[str, Any]:
    """The section of the results page."""
    seeds = " ".join(map(str, given.seeds))
    return {
        "title": "Series, beside peers with settings untouched",
        "command": f"python benchmarks/series.py --data {' '.join(results)} --seeds {seeds}",
        "machine": given.machine,
        "date": datetime.date.today().isoformat(),
        "seed": ", ".join(map(str, given.seeds)),
        "before": (
            "Accuracy of classes and R² of values (CardanoSentiment, Covid3Month) on the published "
            "test series of each problem that aeon brings. The error is that of the mean of seeds; "
            "nearest neighbours draw nothing, and are measured once. The error of rows, below, is "
            "that of the mean difference of what two methods are off by, test series by test "
            "series. Seconds are medians, the first compilation included."
        ),
        "columns": [
            *("data", "method", "accuracy or R²", "error", "seeds"),
            *("seconds to fit", "to answer"),
        ],
        "rows": [
            row_of(data, name, results) for data, methods in results.items() for name in methods
        ],
        "after": (
            f"{standing(results, ROCKET)} {ROCKET} is given JapaneseVowels and "
            "PickupGestureWiimoteZ as they are shipped with equal lengths, the others as they are."
        ),
    }


def main() -> None:
    """Parse the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", nargs="+", default=[*CLASSES, *VALUES])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--methods", nargs="+", default=[WAVES, ROCKET, WARPING])
    parser.add_argument("--kept", type=pathlib.Path, help="file of results: a run goes on from it")
    parser.add_argument("--report", action="store_true", help="of what is kept; measure nothing")
    parser.add_argument("--machine", default=f"{os.cpu_count()} cores, {platform.machine()}")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # of peers, whose defaults are kept
    kept = Kept(given.kept)
    for data in given.data:
        for name in given.methods:
            seeds = given.seeds[:1] if name == WARPING else given.seeds
            for seed in [] if given.report else seeds:
                kept.measured(data, name, seed, functools.partial(measure, name, data, seed))
            Console().print(*row_of(data, name, kept.results))
        if given.json:
            content = json.dumps(table(kept.results, given), indent=1, ensure_ascii=False)
            write_whole(given.json, content.encode())


if __name__ == "__main__":
    main()
