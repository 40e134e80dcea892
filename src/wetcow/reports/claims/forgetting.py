"""Catastrophic forgetting: classes learned two after the other, in one pass."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from wetcow.learning.classifier import WaveClassifier
from wetcow.reports.claims.tasks import CLASSES_PER_TASK, InTurn, learn_in_turn, tasks_of
from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable, by_rule
from wetcow.reports.images.data import (
    IMAGES,
    TITLES,
    Images,
    accuracy,
    load_images,
    percent,
    wave,
)
from wetcow.reports.peers.continual import ElasticPerceptron, ReplayPerceptron, RidgeOnPixels
from wetcow.reports.peers.penalised import PenalisedPerceptron

_SEEDS = 3
_QUICK_TRAIN, _QUICK_TEST = 3_000, 1_000
_QUICK_MODES = 32
_BUFFERS = (200, 2_000)  # images that replay keeps
_STRENGTHS = (1e1, 1e2, 1e3, 1e4, 1e5)  # λ of elastic weight consolidation
_WITHIN = 0.001  # 0.1 points: as good as the same

IN_TURN = "wetcow, partial_fit"
SAME_MODES = "wetcow, all at once, same hidden modes"
JOINT = "wetcow, all at once"
TUNED = "perceptron, tuned on"
ELASTIC = "perceptron, EWC"
JOINT_PEER = "perceptron, all at once"
RIDGE = "ridge on pixels, sums"
_SEQUENTIAL = "one after the other"

_COLOURS = {IN_TURN: "#2a8a3e", TUNED: "#c8352b", ELASTIC: "#b8860b", RIDGE: "#777777"}
_REPLAY_COLOURS = ("#8fb4e3", "#2b5fa8")


def replayed(size: int) -> str:
    """Name of the row of replay with so many images kept."""
    return f"perceptron, replay of {size:,}"


def learners(
    data: Images, make: Callable[..., WaveClassifier], strength: float, seed: int
) -> dict[str, Callable[[], Any]]:
    """Return how to make each learner that is given one task after the other."""
    classes = data.n_classes
    peers: dict[str, Callable[[], Any]] = {
        IN_TURN: lambda: InTurn(make(seed)),
        RIDGE: lambda: RidgeOnPixels(classes),
        TUNED: lambda: PenalisedPerceptron(classes, seed=seed),
        ELASTIC: lambda: ElasticPerceptron(classes, strength=strength, seed=seed),
    }
    for size in _BUFFERS:
        peers[replayed(size)] = lambda size=size: ReplayPerceptron(classes, size=size, seed=seed)
    return peers


def choose_strength(data: Images, seed: int) -> float:
    """Choose λ by the final accuracy on validation images, of the five tasks in turn."""
    learned, judged = data.choosing()
    tasks = tasks_of(learned, data.n_classes)
    reached = {
        strength: learn_in_turn(
            ElasticPerceptron(data.n_classes, strength=strength, seed=seed), tasks, judged
        )["curve"][-1]
        for strength in _STRENGTHS
    }
    return max(reached, key=lambda strength: reached[strength])


def _joint(
    data: Images, make: Callable[..., WaveClassifier], tasks: Sequence[Any], seed: int
) -> dict[str, float]:
    """Accuracies of learning everything at once."""
    train = data.train
    kept = make(seed)
    first, *_ = tasks  # whose hidden modes and projection are those of learning in turn
    kept.partial_fit(first.images, first.labels, classes=np.unique(train.labels))
    rest = [np.concatenate(part) for part in zip(*tasks[1:], strict=True)]
    kept.partial_fit(rest[0], rest[1])
    model = make(seed).fit(train.images, train.labels)
    found = {SAME_MODES: accuracy(kept, data.test), JOINT: accuracy(model, data.test)}
    peer = PenalisedPerceptron(data.n_classes, passes=1, seed=seed).fit(train.images, train.labels)
    return {**found, JOINT_PEER: accuracy(peer, data.test)}


def measure(data: Images, seeds: Sequence[int], effort: Effort) -> list[dict[str, Any]]:
    """Score every method on one data set.

    Returns
    -------
    list of dict
        A row for each method: "data", "method", "order", "accuracy" and "each" (of seeds),
        "spread" (their standard deviation), and of those that learn in turn "first" and "curve",
        means over seeds; "strength" of EWC, "kept" bytes of our memory, and "pixels" of an image.
    """
    effort.say(f"{data.title}: λ of EWC, on validation images")
    ours = functools.partial(wave, data.name)
    if effort.quick:
        ours = functools.partial(ours, n_modes=_QUICK_MODES)
    strength, kept = choose_strength(data, seeds[0]), 0
    tasks = tasks_of(data.train, data.n_classes)
    runs: dict[str, list[dict[str, Any]]] = {}
    at_once: dict[str, list[float]] = {}
    for seed in seeds:
        for label, make in learners(data, ours, strength, seed).items():
            effort.say(f"{data.title}, seed {seed}: {label}")
            learner = make()
            runs.setdefault(label, []).append(learn_in_turn(learner, tasks, data.test))
            if isinstance(learner, InTurn):
                kept = learner.kept_bytes()
        effort.say(f"{data.title}, seed {seed}: everything at once")
        for label, value in _joint(data, ours, tasks, seed).items():
            at_once.setdefault(label, []).append(value)
    rows = []
    for label, found in runs.items():
        curve = np.mean([run["curve"] for run in found], axis=0).tolist()
        each = [run["curve"][-1] for run in found]
        first = float(np.mean([run["first"] for run in found]))
        rows.append(_row(data, label, _SEQUENTIAL, each) | {"curve": curve, "first": first})
    rows += [_row(data, label, "mixed", each) for label, each in at_once.items()]
    pixels = data.train.images[0].size
    return [{**row, "strength": strength, "kept": kept, "pixels": pixels} for row in rows]


def _row(data: Images, label: str, order: str, each: list[float]) -> dict[str, Any]:
    return {
        "data": data.name,
        "title": data.title,
        "method": label,
        "order": order,
        "accuracy": float(np.mean(each)),
        "spread": float(np.std(each, ddof=len(each) > 1)),
        "each": each,
        "first": None,
        "curve": None,
    }


def _by_method(rows: list[dict[str, Any]], name: str) -> dict[str, dict[str, Any]]:
    return {row["method"]: row for row in rows if row["data"] == name}


def judge(rows: list[dict[str, Any]]) -> Claim:
    """Verdict from the rows of `measure`.

    It holds if, on every data set, the same network learned one class after the other is as good as
    learned at once to 0.1 points, and not behind one whose hidden modes are made from all classes
    by more than that; partly, if only the first is so.
    """
    same, fresh, said = [], [], []
    for name in dict.fromkeys(row["data"] for row in rows):
        of = {row["method"]: row["accuracy"] for row in rows if row["data"] == name}
        same.append(abs(of[IN_TURN] - of[SAME_MODES]))
        fresh.append(of[JOINT] - of[IN_TURN])
        peers = {"tuned on": TUNED, "EWC": ELASTIC}
        peers |= {f"replay of {size:,} images": replayed(size) for size in _BUFFERS}
        others = ", ".join(f"{short} {percent(of[label])}" for short, label in peers.items())
        said.append(
            f"{TITLES[name]}: {percent(of[IN_TURN])} in turn and {percent(of[SAME_MODES])} at once "
            f"(with hidden modes from all classes {percent(of[JOINT])}). A perceptron in turn: "
            f"{others}; at once {percent(of[JOINT_PEER])}."
        )
    kept = max(same) <= _WITHIN
    return Claim(
        claim="The algorithms can be expected to be resilient to catastrophic forgetting.",
        where="sections I, VII",
        verdict=by_rule(kept and max(fresh) <= _WITHIN, kept),
        measured=" ".join(said),
    )


def run(effort: Effort, names: Sequence[str] = IMAGES) -> Evidence:
    """Learn the classes of each data set in turn, and everything at once."""
    numbers = (_QUICK_TRAIN, _QUICK_TEST) if effort.quick else (None, None)
    seeds = [effort.seed + i for i in range(1 if effort.quick else _SEEDS)]
    rows, sizes = [], []
    for name in names:
        data = load_images(name, effort, *numbers)
        rows += measure(data, seeds, effort)
        sizes.append(f"{data.title} {len(data.train.labels):,} and {len(data.test.labels):,}")
    strengths = ", ".join(
        f"{row['strength']:g} for {row['title']}" for row in rows if row["method"] == ELASTIC
    )
    modes = f"Ours with {_QUICK_MODES} hidden modes. " if effort.quick else ""
    caption = (
        f"Class-incremental: two classes after the other, every image once, all classes told apart "
        f"in the end. Images learned and scored: {'; '.join(sizes)}. Means of {len(seeds)} seeds. "
        f"{modes}Perceptrons: two hidden layers of 256 units, Adam. EWC: λ from validation images "
        f"({strengths})."
    )
    return Evidence(
        title="Catastrophic forgetting",
        claims=[judge(rows)],
        tables=[_table(rows, caption), _curves(rows)],
        texts=_remarks(rows),
    )


def _table(rows: list[dict[str, Any]], caption: str) -> EvidenceTable:
    """A row for each method: what it knows in the end."""
    labels = {
        "title": "data",
        "method": "method",
        "order": "classes",
        "accuracy": "accuracy",
        "spread": "standard deviation",
        "first": "of the first two classes, in the end",
    }
    return EvidenceTable(name="forgetting", rows=rows, labels=labels, caption=caption)


def _curves(rows: list[dict[str, Any]]) -> EvidenceTable:
    """A row for each method and task: what it knows after it."""
    curves = [
        {
            "data": row["data"],
            "title": row["title"],
            "method": row["method"],
            "classes": CLASSES_PER_TASK * (i + 1),
            "accuracy": value,
        }
        for row in rows
        for i, value in enumerate(row["curve"] or [])
    ]
    labels = {"title": "data", "method": "method", "classes": "seen", "accuracy": "accuracy"}
    return EvidenceTable(
        name="forgetting_curve",
        rows=curves,
        labels=labels,
        caption="Accuracy over the classes seen so far, after each task.",
    )


def _remarks(rows: list[dict[str, Any]]) -> list[str]:
    said = []
    for name in dict.fromkeys(row["data"] for row in rows):
        of = {row["method"]: row for row in rows if row["data"] == name}
        ours = of[IN_TURN]
        said.append(
            f"{TITLES[name]}: what is stored of the images takes {ours['kept']:,} bytes, "
            f"as much as {ours['kept'] // ours['pixels']:,} images of one byte a pixel."
        )
    return [
        "Nothing is forgotten because every image is stored, in some hundred numbers, and class "
        "modes are solved for all of them; that is not a property of waves. Ridge regression on "
        "pixels, from sums over images which merge in any order, forgets nothing either; its "
        "accuracy is lower for want of hidden modes and a memory.",
        *said,
    ]


def draw(evidence: Evidence) -> dict[str, Figure]:
    """Accuracy against the number of classes seen."""
    table = next(table for table in evidence.tables if table.name == "forgetting_curve")
    names = list(dict.fromkeys(row["data"] for row in table.rows))
    figure = Figure(figsize=(4.8 * len(names) + 1.6, 3.8), layout="constrained")
    axes = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    colours = _COLOURS | dict(zip(map(replayed, _BUFFERS), _REPLAY_COLOURS, strict=True))
    for axis, name in zip(axes, names, strict=True):
        for label, colour in colours.items():
            line = [r for r in table.rows if r["data"] == name and r["method"] == label]
            axis.plot(
                [row["classes"] for row in line],
                [row["accuracy"] for row in line],
                color=colour,
                marker="o",
                ms=4,
                label=label,
                lw=2.5 if label == IN_TURN else 1.5,
            )
        axis.set(title=TITLES[name], xlabel="classes learned", ylim=(0, 1.02))
        axis.set_xticks([row["classes"] for row in line])
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("accuracy over these classes")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=9)
    return {"forgetting": figure}
