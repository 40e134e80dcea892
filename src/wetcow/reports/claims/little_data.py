"""Learning from little data: one to a hundred images of each class."""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import scipy.stats
from matplotlib.figure import Figure
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from wetcow.images.frame import HANDWRITING
from wetcow.reports.claims.data import (
    IMAGES,
    TITLES,
    Images,
    Part,
    accuracy,
    load_images,
    percent,
    points,
    wave,
)
from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable, by_rule
from wetcow.reports.peers.line_up import NO_TORCH, OnPixels, has_torch, small_network

_COPIES = {1: 50, 5: 30, 10: 20, 50: 5, 100: 3}  # deformed ones beside each image, by size
_SIZES, _QUICK_SIZES = (1, 5, 10, 50, 100), (1, 10, 50)
_DRAWS, _QUICK_DRAWS = 20, 3
_TEST, _QUICK_TEST = 1_000, 500
_QUICK_MODES, _QUICK_COPIES = 32, 10
_RIDGE = 0.1
_STEPS = 300
_CONFIDENCE = 0.95

OURS = "wetcow"
_COLOURS = {
    OURS: "#2a8a3e",
    "1-NN, pixels": "#bbbbbb",
    "SVM, pixels": "#8fb4e3",
    "1-NN": "#777777",
    "SVM": "#5b8fd0",
    "SVM, copies": "#1f4a8a",
    "convolutional network": "#c8352b",
    "LightGBM": "#b8860b",
}


def draw_few(part: Part, per_class: int, seed: int) -> Part:
    """Draw as many images of each class, without repetition.

    Parameters
    ----------
    part : Part
        To draw from.
    per_class : int
    seed : int

    Returns
    -------
    Part
        Class after class.

    Examples
    --------
    >>> part = Part(np.arange(6.0), np.array([0, 1, 0, 1, 0, 1]))
    >>> draw_few(part, 2, seed=0).labels.tolist()
    [0, 0, 1, 1]
    """
    rng = np.random.default_rng([seed, per_class])
    rows = [
        rng.choice(np.flatnonzero(part.labels == label), per_class, replace=False)
        for label in np.unique(part.labels)
    ]
    return Part(part.images[np.concatenate(rows)], part.labels[np.concatenate(rows)])


def learners(name: str, per_class: int, *, quick: bool) -> dict[str, Callable[[int], Any]]:
    """Return how to make every method for a seed, ours first."""
    copies = _copies(per_class, quick)
    frame = HANDWRITING if name == "mnist" else None
    waves: dict[str, Any] = {"ridge": _RIDGE, "copies": copies, "margin_passes": 0}
    if quick:
        waves["n_modes"] = _QUICK_MODES

    def nearest(_: int) -> Any:
        return KNeighborsClassifier(1)

    def vectors(_: int) -> Any:
        return SVC(C=10, gamma="scale")

    def pixels(make: Callable[[int], Any], seed: int, **how: Any) -> Any:
        return OnPixels(make(seed), **how, name=name, seed=seed)

    def of(make: Callable[[int], Any], **how: Any) -> Callable[[int], Any]:
        return functools.partial(pixels, make, **how)

    found: dict[str, Callable[[int], Any]] = {OURS: lambda seed: wave(name, seed, **waves)}
    if frame is not None:
        found["1-NN, pixels"] = of(nearest)
        found["SVM, pixels"] = of(vectors)
    found["1-NN"] = of(nearest, frame=frame)
    found["SVM"] = of(vectors, frame=frame)
    found["SVM, copies"] = of(vectors, frame=frame, copies=copies)
    if quick:
        return found
    if has_torch():
        network = functools.partial(_network, name)
        found["convolutional network"] = of(network, frame=frame)
    if importlib.util.find_spec("lightgbm") is not None:
        found["LightGBM"] = of(_trees, frame=frame)
    return found


def _network(name: str, seed: int) -> Any:
    return small_network(name, _STEPS, seed, few=True)


def _trees(seed: int) -> Any:
    from lightgbm import LGBMClassifier  # pyright: ignore[reportMissingImports]

    # As many leaves and columns as so few images allow; with its defaults it learns nothing here.
    return LGBMClassifier(
        min_child_samples=5,
        num_leaves=15,
        colsample_bytree=0.3,
        n_jobs=1,
        random_state=seed,
        verbosity=-1,
    )


def _copies(per_class: int, quick: bool) -> int:
    return min(_COPIES[per_class], _QUICK_COPIES) if quick else _COPIES[per_class]


def measure(data: Images, sizes: Sequence[int], draws: int, effort: Effort) -> list[dict[str, Any]]:
    """Score every method on one data set.

    Parameters
    ----------
    data : Images
    sizes : sequence of int
        Images of each class.
    draws : int
        How often images are drawn; as many are learned at once as there are processors.
    effort : Effort

    Returns
    -------
    list of dict
        A row for each size and method: "data", "title", "size", "method", "accuracy", "spread"
        (standard deviation over draws), "each" (draw); and of peers what ours is ahead by in the
        same draws, "ahead" (mean), "low" and "high" (its 95 % interval).
    """

    def score(make: Callable[[int], Any], seed: int, few: Part) -> float:
        return accuracy(make(seed).fit(*few), data.test)

    rows = []
    for size in sizes:
        effort.say(f"{data.title}: {size} images of each class, {draws} draws")
        seeds = [effort.seed + number for number in range(draws)]
        drawn = [draw_few(data.train, size, seed) for seed in seeds]
        reached: dict[str, list[float]] = {}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for label, make in learners(data.name, size, quick=effort.quick).items():
                reached[label] = list(pool.map(functools.partial(score, make), seeds, drawn))
        for label, each in reached.items():
            row = {
                "data": data.name,
                "title": data.title,
                "size": size,
                "method": label,
                "accuracy": float(np.mean(each)),
                "spread": float(np.std(each, ddof=1)),
                "each": each,
                "ahead": None,
                "low": None,
                "high": None,
            }
            if label != OURS:
                row |= _paired(np.subtract(reached[OURS], each))
            rows.append(row)
    return rows


def _paired(differences: np.ndarray) -> dict[str, float]:
    """Mean of paired differences and its interval by Student's t."""
    n = len(differences)
    mean, error = float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(n))
    wide = error * float(scipy.stats.t.ppf((1 + _CONFIDENCE) / 2, n - 1))
    return {"ahead": mean, "low": mean - wide, "high": mean + wide}


def judge(rows: Sequence[dict[str, Any]]) -> Claim:
    """Ours must be ahead of every peer almost everywhere, and behind none."""
    cases = list(dict.fromkeys((row["data"], row["size"]) for row in rows))
    peers = {
        case: [r for r in rows if (r["data"], r["size"]) == case and r["method"] != OURS]
        for case in cases
    }
    ahead = [case for case in cases if all(row["low"] > 0 for row in peers[case])]
    behind = [case for case in cases if any(row["high"] < 0 for row in peers[case])]
    said = []
    for name in dict.fromkeys(data for data, _ in cases):
        parts = []
        for case in [case for case in cases if case[0] == name]:
            (ours,) = (r for r in rows if (r["data"], r["size"]) == case and r["method"] == OURS)
            best = max(peers[case], key=lambda row: row["accuracy"])
            parts.append(
                f"{case[1]}: {percent(ours['accuracy'])}, {points(best)} to {best['method']}"
            )
        said.append(f"{TITLES[name]}, images of each class: {'; '.join(parts)}.")
    return Claim(
        claim="Extreme data efficiency: well-informed decisions based on small amounts of data",
        where="abstract, conclusion",
        verdict=by_rule(not behind and 2 * len(ahead) > len(cases), bool(ahead)),
        measured=f"Ahead of every peer in {len(ahead)} of {len(cases)} cases, behind one or more "
        f"in {len(behind)}. Differences in points to the best peer, with 95 % intervals. "
        + " ".join(said),
    )


def run(effort: Effort, names: Sequence[str] = IMAGES) -> Evidence:
    """Learn from few images, drawn anew several times."""
    sizes = _QUICK_SIZES if effort.quick else _SIZES
    draws = _QUICK_DRAWS if effort.quick else _DRAWS
    count = _QUICK_TEST if effort.quick else _TEST
    rows = []
    for name in names:
        data = load_images(name, effort, n_test=count)
        rows += measure(data, sizes, draws, effort)
    labels = {
        "title": "data",
        "size": "images of a class",
        "method": "method",
        "accuracy": "test accuracy",
        "spread": "standard deviation",
        "ahead": "ours ahead by",
        "low": "95 % from",
        "high": "to",
    }
    return Evidence(
        title="Learning from little data",
        claims=[judge(rows)],
        tables=[
            EvidenceTable(
                name="little_data",
                rows=rows,
                labels=labels,
                caption=_caption(sizes, draws, count, quick=effort.quick),
            )
        ],
        texts=_remarks(rows, quick=effort.quick),
    )


def _caption(sizes: Sequence[int], draws: int, count: int, *, quick: bool) -> str:
    copies = ", ".join(f"{_copies(size, quick)} copies at {size}" for size in sizes)
    network = ""
    if quick:
        copies = f"{_QUICK_MODES} hidden modes, {copies}"
    else:
        network = f"; network {_STEPS} steps of 32 deformed images, Adam"
    return (
        f"Test accuracy on {count:,} test images, the same for all, drawn once; mean and standard "
        f"deviation of {draws} draws of training images. Fixed beforehand with validation "
        f"images (the last 10,000 training images): ours λ = {_RIDGE:g}, no margin passes, "
        f"{copies} images of a class; SVM RBF, C = 10, γ = 1 / (pixels × variance){network}. On "
        "MNIST all but those marked “pixels” see images in the same frame as ours."
    )


def _remarks(rows: Sequence[dict[str, Any]], *, quick: bool) -> list[str]:
    texts = [
        "Much of what is learned from one image is in what is known beforehand: the frame, and how "
        "images may be deformed. The rows of SVM show what each is worth without waves."
    ]
    if quick:
        return [*texts, "Few draws and few peers; the full report has a network and LightGBM."]
    methods = {row["method"] for row in rows}
    if "convolutional network" not in methods:
        texts.append(NO_TORCH)
    if "LightGBM" not in methods:
        texts.append('LightGBM was left out: it is not installed (pip install "wetcow[bench]").')
    return texts


def draw(evidence: Evidence) -> dict[str, Figure]:
    """Accuracy against the number of images of each class."""
    rows = evidence.tables[0].rows
    names = list(dict.fromkeys(row["data"] for row in rows))
    figure = Figure(figsize=(4.6 * len(names) + 1.8, 3.9), layout="constrained")
    axes = figure.subplots(1, len(names), squeeze=False)[0]
    shown: dict[str, Any] = {}
    for axis, name in zip(axes, names, strict=True):
        for label, colour in _COLOURS.items():
            line = [row for row in rows if row["data"] == name and row["method"] == label]
            if not line:
                continue
            size, mean, spread = (
                np.array([row[key] for row in line]) for key in ("size", "accuracy", "spread")
            )
            width, dashed = (2.5 if label == OURS else 1.4), "pixels" in label
            (shown[label],) = axis.plot(
                size, mean, "--o" if dashed else "-o", color=colour, ms=3.5, lw=width
            )
            if label == OURS:
                axis.fill_between(size, mean - spread, mean + spread, color=colour, alpha=0.15)
        axis.set(title=TITLES[name], xscale="log", xlabel="images of each class")
        sizes = sorted({row["size"] for row in rows})
        axis.set_xticks(sizes, [str(size) for size in sizes], minor=False)
        axis.set_xticks([], minor=True)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("test accuracy")
    figure.legend(shown.values(), shown, loc="outside right upper", frameon=False, fontsize=9)
    return {"little_data": figure}
