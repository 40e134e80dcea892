"""Learning from little data: one to a hundred images of each class."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import scipy.stats
from matplotlib.figure import Figure

from wetcow.reports.claims.few_images import (
    NETWORK_STEPS,
    OURS,
    QUICK_MODES,
    copies_of,
    draw_few,
    learners,
)
from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable, by_rule
from wetcow.reports.images.data import (
    IMAGES,
    TITLES,
    Images,
    Part,
    accuracy,
    load_images,
    percent,
    points,
)
from wetcow.reports.peers.line_up import NO_TORCH

_SIZES, _QUICK_SIZES = (1, 5, 10, 50, 100), (1, 10, 50)
_DRAWS, _QUICK_DRAWS = 20, 3
_TEST, _QUICK_TEST = 1_000, 500
_CONFIDENCE = 0.95

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
    copies = ", ".join(f"{copies_of(size, quick)} copies at {size}" for size in sizes)
    network = ""
    if quick:
        copies = f"{QUICK_MODES} hidden modes, {copies}"
    else:
        network = f"; network {NETWORK_STEPS} steps of 32 deformed images, Adam"
    return (
        f"Test accuracy on {count:,} test images, the same for all, drawn once; mean and standard "
        f"deviation of {draws} draws of training images. Fixed beforehand with validation "
        f"images (the last 10,000 training images): ours with the defaults of its memory, "
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
