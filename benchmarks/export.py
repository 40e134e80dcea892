"""An exported classifier beside itself: `python benchmarks/export.py mnist --n-train 10000`.

Constructs a classifier, writes it as ONNX, and compares what onnxruntime makes of the file with
`predict_proba` on the images that were not learned (not with their labels): the largest difference
of a probability for each image, and processor time per image in one thread.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
import onnxruntime

from wetcow import WaveClassifier, datasets
from wetcow.cli.output import machine, versions
from wetcow.learning.settings.presets import DATASET_DEFAULTS

BATCHES = (1, 8, 32)
_TIMED = 64  # images


def processor_ms(work: Callable[[], object], count: int) -> float:
    """Processor time of all threads for each of `count` images, in milliseconds."""
    work()  # what is compiled or allocated once is not counted
    start = time.process_time()
    work()
    return 1e3 * (time.process_time() - start) / count


def measure(
    data: str, n_train: int | None, n_compared: int, seed: int, data_dir: str | None = None
) -> dict:
    """Construct, export and compare.

    Parameters
    ----------
    data : str
        A name that `wetcow.datasets.load` knows.
    n_train : int or None
        Learn only the first images.
    n_compared : int
        Images of the other part to compare on, at most.
    seed : int
        Of the sampled couplings.
    data_dir : path, optional
        See `wetcow.datasets.load`.
    """
    X, y = datasets.load(data, split="train", flat=True, data_dir=data_dir)
    X, y = X[:n_train], y[:n_train]
    rows = datasets.load(data, split="test", flat=True, data_dir=data_dir)[0][:n_compared]
    rows = np.asarray(rows, np.float32)
    classifier = WaveClassifier(random_state=seed, **DATASET_DEFAULTS[data]).fit(X, y)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "model.onnx"
        classifier.to_onnx(file)
        size = file.stat().st_size
        session = onnxruntime.InferenceSession(file, options)

    def run(count: int, of: np.ndarray) -> list[list[np.ndarray]]:
        return [session.run(None, {"X": of[i : i + count]}) for i in range(0, len(of), count)]

    found = run(8, rows)
    labels, probabilities = (np.concatenate([part[i] for part in found]) for i in (0, 1))
    difference = np.abs(probabilities - classifier.predict_proba(rows)).max(axis=1)
    few = rows[:_TIMED]
    return {
        "data": data,
        "n_train": len(y),
        "n_compared": len(rows),
        "file_mb": size / 1e6,
        "median_difference": float(np.median(difference)),
        "difference_99_percent": float(np.quantile(difference, 0.99)),
        "largest_difference": float(difference.max()),
        "other_labels": int(np.sum(labels != classifier.predict(rows))),
        "predict_proba_ms": processor_ms(lambda: classifier.predict_proba(rows), len(rows)),
        "onnx_ms": {
            count: processor_ms(lambda c=count: run(c, few), len(few)) for count in BATCHES
        },
        "seed": seed,
        "machine": machine(),
        "versions": {**versions(), "onnxruntime": onnxruntime.__version__},
    }


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", choices=[*DATASET_DEFAULTS])
    parser.add_argument("--n-train", type=int)
    parser.add_argument("--n-compared", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-dir")
    asked = parser.parse_args()
    result = measure(asked.data, asked.n_train, asked.n_compared, asked.seed, asked.data_dir)
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
