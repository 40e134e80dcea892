"""Compare the class that an integrated network gives with that of the closed form.

    python benchmarks/agreement.py --data-dir DIR --json agreement.json
    python benchmarks/agreement.py --data digits --split train --images 100

A classifier with its defaults is fitted to all training images of a data set. For each of the
first images of the split its network of hidden, random and class modes
(`wetcow.learning.dynamics.network`) is integrated by `wetcow.simulate`, and the class is read from
the trajectories of the class modes.
Integration times are chosen by ``--split train`` and reported on ``--split test``. With several
jobs as many networks are integrated at once, each in a process of its own.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import json
import math
import multiprocessing
import os
import pathlib
import statistics
import tempfile
import time
from typing import Any, Literal

import numpy as np
from learning import machine
from rich.console import Console
from rich.progress import track

from wetcow import datasets, simulate
from wetcow.cli.output import versions
from wetcow.files import plain, write_whole
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.dynamics import network as networks
from wetcow.learning.dynamics.build import build_network
from wetcow.learning.dynamics.random_modes import N_RANDOM, draw_random_modes
from wetcow.learning.dynamics.readout import LAST, read_class
from wetcow.learning.settings.presets import DATASET_DEFAULTS

SAMPLES_PER_TIME = 4  # in units of 1/ω of the hidden modes


def main() -> None:
    """Parse the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--data", choices=[*DATASET_DEFAULTS], nargs="+", default=["mnist", "fashion-mnist"]
    )
    parser.add_argument("--data-dir", type=pathlib.Path)
    parser.add_argument("--split", choices=["train", "test"], default="test")
    parser.add_argument("--images", type=int, default=500, help="the first ones of the split")
    parser.add_argument("--seed", type=int, default=0, help="of the classifier")
    parser.add_argument(
        "--n-random", type=int, default=N_RANDOM, help="random modes in place of the continuum"
    )
    parser.add_argument("--time", type=float, default=networks.SETTLING_TIME, help="of integration")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if min(options.images, options.jobs) < 1:
        parser.error("--images and --jobs must be at least 1")
    if not 0 < options.time < math.inf:
        parser.error("--time must be positive")
    result: dict[str, Any] = {
        "split": options.split,
        "seed": options.seed,
        "n_random": options.n_random,
        "integration_time": options.time,
        "averaged_share": LAST,
        "time_constant": networks.TIME_CONSTANT,
        "class_omega": networks.CLASS_OMEGA,
        "jobs": options.jobs,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "rows": [],
    }
    for data in options.data:
        row = measure(
            data,
            options.split,
            options.images,
            seed=options.seed,
            n_random=options.n_random,
            end=options.time,
            jobs=options.jobs,
            data_dir=options.data_dir,
        )
        result["rows"].append(row)
        if options.json is not None:
            write_whole(options.json, (json.dumps(plain(result), indent=1) + "\n").encode())
        _show(row)


def measure(
    data: str,
    split: Literal["train", "test"],
    images: int,
    *,
    seed: int,
    n_random: int,
    end: float,
    jobs: int,
    data_dir: Any,
) -> dict[str, Any]:
    """Fit a classifier and compare both its answers to the first images of a split.

    Returns
    -------
    dict
        See `summarise`; and accuracies of both on these images, seconds of the fit and, the median,
        of one image: building, integrating and reading its network, compilation not included.
    """
    start = time.perf_counter()
    classifier = WaveClassifier(random_state=seed, **DATASET_DEFAULTS[data])
    classifier.fit(*datasets.load(data, "train", data_dir=data_dir))
    fit_seconds = time.perf_counter() - start
    X, y = datasets.load(data, split, data_dir=data_dir)
    X, y = X[:images], y[:images]
    closed = classifier.criticality(X)
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model"
        classifier.save(model)
        # JAX has threads, which do not survive a fork.
        with concurrent.futures.ProcessPoolExecutor(
            max_workers=jobs,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(model, n_random, end),
        ) as pool:
            done = [*track(pool.map(_integrate, X), description=data, total=len(X))]
    labels, criticality, size, seconds = (np.array(column) for column in zip(*done, strict=True))
    return {
        "data": data,
        "n_images": len(X),
        "state_size": int(size[0]),
        **summarise(labels, criticality, closed, classifier.classes_),
        "accuracy": float(np.mean(labels == y)),
        "closed_form_accuracy": float(np.mean(classifier.classes_[closed.argmax(axis=1)] == y)),
        "fit_seconds": fit_seconds,
        # None if all of few images were compiled for.
        "seconds_per_image": statistics.median(s for s in seconds if s) if any(seconds) else None,
    }


def summarise(
    labels: np.ndarray, criticality: np.ndarray, closed: np.ndarray, classes: np.ndarray
) -> dict[str, Any]:
    """Compare what integrated networks say with the closed form.

    Parameters
    ----------
    labels : array (n,)
        Read from the integrated class modes.
    criticality, closed : float arrays (n, classes)
        Criticalities of the class modes, measured and in closed form. Measured ones may be minus
        infinity.
    classes : array (classes,)
        Labels.

    Returns
    -------
    dict
        agreement, the share of equal labels; criticality_agreement, the same for the label of
        highest measured criticality; disagreements, with the margin (the lead of the closed form's
        class) in both; smallest margin that the integrated networks reproduced; error of measured
        criticalities; the share of class modes of which it could not be measured.
    """
    order = np.argsort(closed, axis=1)
    first, second = order[:, -1], order[:, -2]
    rows = np.arange(len(closed))
    margin = closed[rows, first] - closed[rows, second]
    agrees = labels == classes[first]
    measured = np.isfinite(criticality)
    error = (criticality - closed)[measured]
    disagreements = []
    for row in np.flatnonzero(~agrees):
        said = int(np.flatnonzero(classes == labels[row])[0])
        disagreements.append(
            {
                "image": int(row),
                "closed_form": classes[first[row]],
                "integrated": labels[row],
                "margin": closed[row, first[row]] - closed[row, said],
                "measured_margin": criticality[row, first[row]] - criticality[row, said],
            }
        )
    return {
        "agreement": float(agrees.mean()),
        "criticality_agreement": float((criticality.argmax(axis=1) == first).mean()),
        "disagreements": disagreements,
        "margin_quantiles": {str(q): float(np.quantile(margin, q)) for q in (0.0, 0.01, 0.05, 0.5)},
        "criticality_error": {
            "rms": float(np.sqrt(np.mean(error**2))),
            "mean": float(error.mean()),
            "largest": float(np.abs(error).max()),
        },
        "vanished_share": float(1 - measured.mean()),
    }


_worker: dict[str, Any] = {}  # what a process of the pool works with


def _start(model: pathlib.Path, n_random: int, end: float) -> None:
    classifier = WaveClassifier.load(model)
    random = draw_random_modes(classifier.readout_, n_random)
    _worker.update(classifier=classifier, random=random, end=end, compiled=set())


def _integrate(x: np.ndarray) -> tuple[Any, np.ndarray, int, float]:
    """Label, criticalities, size of the state and seconds for one image."""
    classifier, end = _worker["classifier"], _worker["end"]
    start = time.perf_counter()
    network = build_network(classifier.hidden_, _worker["random"], classifier.classes_, x)
    run = simulate(
        network,
        end,
        num_samples=math.ceil(end * SAMPLES_PER_TIME) + 1,
        dt=network.step,
        precision="single",
        modes=network.class_indices,
    )
    reading = read_class(network, run)
    seconds = time.perf_counter() - start
    steps = run.attrs["stepping_steps_per_sample"]
    if steps not in _worker["compiled"]:  # a step for the first time is compiled
        _worker["compiled"].add(steps)
        seconds = 0.0
    return reading.label, reading.criticality, network.size, seconds


def _show(row: dict[str, Any]) -> None:
    console = Console(highlight=False)
    console.print(
        f"{row['data']}: {row['agreement']:.1%} of {row['n_images']} images agree "
        f"({row['criticality_agreement']:.1%} by measured criticality), error of criticality "
        f"{row['criticality_error']['rms']:.4f} (rms), "
        f"{row['seconds_per_image'] or math.nan:.2f} s an image, accuracy {row['accuracy']:.4f}, "
        f"closed form {row['closed_form_accuracy']:.4f}",
        soft_wrap=True,
    )
    for case in row["disagreements"]:
        console.print(
            f"  image {case['image']}: {case['closed_form']} in closed form, {case['integrated']} "
            f"integrated; margin {case['margin']:.4f}, measured {case['measured_margin']:.4f}"
        )


if __name__ == "__main__":
    main()
