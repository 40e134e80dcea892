"""Measure one method, in a process of its own: `python measure.py TASK`, used by `learning.py`.

TASK is JSON: data, split, data_dir, n_train, method, seed, epochs, minutes. The last line on stdout
is the result, again JSON. Without a method only the data are loaded.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

import numpy as np
from peers import METHODS, Effort, Learner

from wetcow import datasets
from wetcow.cli.output import peak_memory_mb

_HELD_OUT = 10_000  # images: the conventional validation part of both large data sets
_HELD_OUT_OF_DIGITS = 0.2
_SINGLE_CALLS = 50


def load_split(
    data: str, split: str, n_train: int | None = None, data_dir: str | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Load images to learn and images to judge by.

    Parameters
    ----------
    data : str
        A name that `wetcow.datasets.load` knows.
    split : {"validation", "test"}
        "test": the data set's own parts. "validation": the end of its training part, 10,000 images
        or a fifth of the digits, judges what is learned from the rest.
    n_train : int, optional
        Learn only the first ones.
    data_dir : path, optional
        See `wetcow.datasets.load`.

    Returns
    -------
    X, y, X_judged, y_judged : arrays
        Images float32 (n, pixels), labels int64 (n,).

    Raises
    ------
    ValueError
        If there are fewer than `n_train` images.
    """
    X, y = datasets.load(data, "train", flat=True, data_dir=data_dir)
    if split == "test":
        judged = datasets.load(data, "test", flat=True, data_dir=data_dir)
    else:
        held_out = int(_HELD_OUT_OF_DIGITS * len(y)) if data == "digits" else _HELD_OUT
        judged = X[-held_out:], y[-held_out:]
        X, y = X[:-held_out], y[:-held_out]
    if n_train is not None and n_train > len(y):
        raise ValueError(f"{data} has {len(y)} images to learn, --n-train asks for {n_train}")
    return X[:n_train], y[:n_train], *judged


def measure(
    learner: Learner, X: np.ndarray, y: np.ndarray, X_judged: np.ndarray, y_judged: np.ndarray
) -> dict[str, float]:
    """Fit and judge a learner.

    Returns
    -------
    dict
        accuracy; fit_seconds, with compilation; predict_seconds of all images to judge, without;
        single_seconds, the median time to predict one image.
    """
    start = time.perf_counter()
    learner.fit(X, y)
    fit_seconds = time.perf_counter() - start

    learner.predict(X_judged[:1])  # what is compiled or allocated once
    start = time.perf_counter()
    predicted = learner.predict(X_judged)
    predict_seconds = time.perf_counter() - start

    singles = []
    for call in range(_SINGLE_CALLS):
        index = call % len(X_judged)
        start = time.perf_counter()
        learner.predict(X_judged[index : index + 1])
        singles.append(time.perf_counter() - start)
    return {
        "accuracy": float(np.mean(predicted == y_judged)),
        "fit_seconds": fit_seconds,
        "predict_seconds": predict_seconds,
        "single_seconds": statistics.median(singles),
    }


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Do a task; see the module for its keys, and `learning.py` for those of the result."""
    images = load_split(task["data"], task["split"], task["n_train"], task["data_dir"])
    sizes = {"n_train": len(images[1]), "n_judged": len(images[3])}
    if task["method"] is None:
        return sizes
    baseline = peak_memory_mb()
    try:
        effort = Effort(*(task[name] for name in Effort._fields))
        learner = METHODS[task["method"]].make(effort)
    except ImportError as error:
        return {"status": "not installed", "detail": str(error)}
    return {
        "status": "ok",
        **sizes,
        **measure(learner, *images),
        "peak_memory_mb": peak_memory_mb(),
        "baseline_memory_mb": baseline,
    }


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]))))
