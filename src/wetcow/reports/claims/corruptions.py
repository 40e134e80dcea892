"""Robustness: accuracy on corrupted images, of learners that saw none of these corruptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.neighbors import KNeighborsClassifier

from wetcow.images.frame import HANDWRITING
from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable, by_rule
from wetcow.reports.images.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from wetcow.reports.images.data import (
    IMAGES,
    OURS,
    TITLES,
    Images,
    load_images,
    percent,
    points,
    wave,
)
from wetcow.reports.peers.line_up import NO_TORCH, OnPixels, has_torch, small_network

_TEST, _QUICK_TEST = 1_000, 500
_QUICK_TRAIN, _QUICK_MODES = 3_000, 32
_QUICK_STRENGTHS = (2, 4)
_STEPS, _QUICK_STEPS = 1_500, 100
_NEIGHBOURS = 3
_DEVIATIONS = 1.96  # of a mean, for a 95 % interval

NETWORK, FRAMED_NETWORK = "convolutional network", "network, same frame"
NEAREST, FRAMED_NEAREST = "nearest neighbours", "neighbours, same frame"
_STYLES = {
    OURS: ("#2a8a3e", "-"),
    NETWORK: ("#c8352b", "-"),
    FRAMED_NETWORK: ("#c8352b", "--"),
    NEAREST: ("#777777", "-"),
    FRAMED_NEAREST: ("#777777", "--"),
}


def learners(name: str, *, quick: bool, seed: int) -> dict[str, Callable[[], Any]]:
    """Return how to make each method, ours first."""
    frame = HANDWRITING if name == "mnist" else None
    modes = {"n_modes": _QUICK_MODES} if quick else {}
    steps = _QUICK_STEPS if quick else _STEPS
    found: dict[str, Callable[[], Any]] = {OURS: lambda: wave(name, seed, **modes)}
    if has_torch():
        found[NETWORK] = lambda: small_network(name, steps, seed)
        if frame is not None and not quick:
            found[FRAMED_NETWORK] = lambda: OnPixels(small_network(name, steps, seed), frame)
    found[NEAREST] = lambda: OnPixels(KNeighborsClassifier(_NEIGHBOURS))
    if frame is not None:
        found[FRAMED_NEAREST] = lambda: OnPixels(KNeighborsClassifier(_NEIGHBOURS), frame)
    return found


def right_answers(
    learner: Any, data: Images, strengths: Sequence[int], seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Ask for the labels of test images as they are and corrupted.

    Parameters
    ----------
    learner : object with predict
    data : Images
        Whose test images are corrupted.
    strengths : sequence of int
        Of each corruption.
    seed : int
        Of the corruptions, which are the same for all learners.

    Returns
    -------
    clean : bool array (images,)
        Whether the label is right.
    corrupted : bool array (kinds, strengths, images)
        The same for corrupted images.
    """
    images, labels = data.test
    corrupted = [
        [learner.predict(corrupt(images, kind, strength, seed)) == labels for strength in strengths]
        for kind in CORRUPTIONS
    ]
    return learner.predict(images) == labels, np.array(corrupted)


def measure(
    data: Images, strengths: Sequence[int], effort: Effort
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Let every method learn clean images, and score it on corrupted ones.

    Returns
    -------
    summary : list of dict
        A row for each method: "data", "title", "method", "clean" and "corrupted" accuracy (mean
        over kinds, strengths and images); and of peers what ours is "ahead" by, with "low" and
        "high" of its 95 % interval over images.
    kinds : list of dict
        A row for each kind of corruption: accuracies by method, means over strengths; and
        "strengths" and "curves", accuracies by method and strength.
    """
    right: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for label, make in learners(data.name, quick=effort.quick, seed=effort.seed).items():
        effort.say(f"{data.title}, corrupted: {label}")
        learner = make()
        learner.fit(*data.train)
        right[label] = right_answers(learner, data, strengths, effort.seed)
    where = {"data": data.name, "title": data.title}
    of_images = {label: answers.mean(axis=(0, 1)) for label, (_, answers) in right.items()}
    summary = [
        {
            **where,
            "method": label,
            "clean": float(clean.mean()),
            "corrupted": float(answers.mean()),
            **_ahead(of_images[OURS] - of_images[label], label != OURS),
        }
        for label, (clean, answers) in right.items()
    ]
    kinds = []
    for number, kind in enumerate(CORRUPTIONS):
        curves = {
            label: answers[number].mean(axis=1).tolist() for label, (_, answers) in right.items()
        }
        means = {label: float(np.mean(curve)) for label, curve in curves.items()}
        kinds.append({**where, "kind": kind, **means, "strengths": [*strengths], "curves": curves})
    return summary, kinds


def _ahead(differences: np.ndarray, wanted: bool) -> dict[str, float | None]:
    """Mean of paired differences over images, and its interval."""
    if not wanted:
        return dict.fromkeys(("ahead", "low", "high"))
    mean = float(differences.mean())
    wide = _DEVIATIONS * float(differences.std(ddof=1)) / len(differences) ** 0.5
    return {"ahead": mean, "low": mean - wide, "high": mean + wide}


def judge(summary: Sequence[dict[str, Any]], kinds: Sequence[dict[str, Any]]) -> Claim:
    """Ours must be ahead of every peer on all data; in part, ahead of one that knows as much."""
    names = list(dict.fromkeys(row["data"] for row in summary))
    ahead, beaten, said = [], [], []
    for name in names:
        rows = [row for row in summary if row["data"] == name]
        ours, peers = rows[0], rows[1:]
        ahead.append(all(row["low"] > 0 for row in peers))
        beaten.append(any(row["low"] > 0 for row in peers if row["method"] != NEAREST))
        of_kinds = [row["curves"] for row in kinds if row["data"] == name]
        best = sum(
            np.mean(curves[OURS]) >= max(np.mean(curve) for curve in curves.values())
            for curves in of_kinds
        )
        beside = "; ".join(
            f"{row['method']} {percent(row['corrupted'])} ({points(row)})" for row in peers
        )
        said.append(
            f"{TITLES[name]}: {percent(ours['corrupted'])} corrupted and {percent(ours['clean'])} "
            f"clean, best for {best} of {len(of_kinds)} kinds. Corrupted, and ours ahead by "
            f"points with 95 % intervals: {beside}."
        )
    return Claim(
        claim="Robust; will push the bounds on out-of-distribution generalization.",
        where="abstract, conclusion",
        verdict=by_rule(all(ahead), any(beaten)),
        measured=" ".join(said),
    )


def run(effort: Effort, names: Sequence[str] | None = None) -> Evidence:
    """Learn clean images and classify corrupted ones."""
    if names is None:
        names = IMAGES[:1] if effort.quick else IMAGES
    numbers = (_QUICK_TRAIN, _QUICK_TEST) if effort.quick else (None, _TEST)
    strengths = _QUICK_STRENGTHS if effort.quick else STRENGTHS
    summary, kinds, sizes = [], [], []
    for name in names:
        data = load_images(name, effort, *numbers)
        found = measure(data, strengths, effort)
        summary += found[0]
        kinds += found[1]
        sizes.append(f"{data.title} {len(data.train.labels):,} and {len(data.test.labels):,}")
    caption = (
        f"Mean accuracy over {len(CORRUPTIONS)} kinds of corruption in strengths "
        f"{', '.join(map(str, strengths))}, the same images for all. Learned, clean, and scored: "
        f"{'; '.join(sizes)}. {_methods(effort.quick)}"
    )
    return Evidence(
        title="Corrupted images",
        claims=[judge(summary, kinds)],
        tables=_tables(summary, kinds, caption),
        texts=_remarks(effort.quick),
    )


def _methods(quick: bool) -> str:
    """What a caption says of how all learn."""
    modes = f" Ours with {_QUICK_MODES} hidden modes." if quick else ""
    steps = _QUICK_STEPS if quick else _STEPS
    return (
        f"One seed; intervals are over images.{modes} Network: {steps:,} steps of 64 randomly "
        f"deformed images; neighbours: {_NEIGHBOURS}."
    )


def _tables(
    summary: list[dict[str, Any]], kinds: list[dict[str, Any]], caption: str
) -> list[EvidenceTable]:
    """Means over kinds, and accuracy by kind."""
    labels = {
        "title": "data",
        "method": "method",
        "clean": "clean",
        "corrupted": "corrupted",
        "ahead": "ours ahead by",
        "low": "95 % from",
        "high": "to",
    }
    methods = list(dict.fromkeys(row["method"] for row in summary))
    return [
        EvidenceTable(name="corruptions", rows=summary, labels=labels, caption=caption),
        EvidenceTable(
            name="corruption_kinds",
            rows=[{**dict.fromkeys(methods), **row} for row in kinds],
            labels={"title": "data", "kind": "corruption", **{one: one for one in methods}},
            caption="Accuracy by kind, means over strengths.",
        ),
    ]


def _remarks(quick: bool) -> list[str]:
    texts = [
        "The network has seen turned, sheared and shifted images while it was trained, ours none; "
        "the common frame undoes shifts, sizes and shears, and takes the ground away. What is "
        "ground was chosen on validation images of MNIST with noise, fog, contrast and brightness "
        "of these kinds; garments have no frame."
    ]
    if quick:
        texts.append("The network is trained briefly here; only the full report trains it well.")
    if not has_torch():
        texts.append(NO_TORCH)
    return texts


def draw(evidence: Evidence) -> dict[str, Figure]:
    """Accuracy against strength, for each kind."""
    summary, kinds = (table.rows for table in evidence.tables)
    return {
        f"corruptions_{name}": _draw_kinds(
            [row for row in summary if row["data"] == name],
            [row for row in kinds if row["data"] == name],
        )
        for name in dict.fromkeys(row["data"] for row in summary)
    }


def _draw_kinds(summary: Sequence[dict[str, Any]], kinds: Sequence[dict[str, Any]]) -> Figure:
    figure = Figure(figsize=(11, 6.4), layout="constrained")
    axes = figure.subplots(3, 5, sharex=True, sharey=True)
    for axis, row in zip(axes.flat, kinds, strict=True):
        for one in summary:
            colour, line = _STYLES[one["method"]]
            axis.plot(
                [0, *row["strengths"]],
                [one["clean"], *row["curves"][one["method"]]],
                color=colour,
                ls=line,
                label=one["method"],
                lw=2.4 if one["method"] == OURS else 1.4,
            )
        axis.set_title(row["kind"], fontsize=10)
        axis.set(ylim=(0, 1.02), xticks=[0, *row["strengths"]])
        axis.spines[["top", "right"]].set_visible(False)
    axes[2, 2].set_xlabel("strength (0: clean)")
    axes[1, 0].set_ylabel("accuracy")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    figure.suptitle(summary[0]["title"])
    return figure
