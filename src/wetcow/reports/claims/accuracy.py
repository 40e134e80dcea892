"""Table I: how well images are learned in a single iteration and after training, and how fast."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from wetcow.images.augmentation import GARMENTS, HANDWRITING
from wetcow.plotting.style import plain_ticks
from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable, by_rule
from wetcow.reports.images.data import IMAGES, Images, Part, accuracy, cut, load_images, wave

_SEEDS = 3
_MINUTES = 3.0  # "several minutes"
_SEVERAL_SECONDS = 10.0
_LEARNING_RATE = 0.002  # of the peer; see benchmarks/learning.py

CONSTRUCTED, TRAINED, PEER = "wetcow, constructed", "wetcow, trained", "residual network"
_DEFORMED = {"mnist": HANDWRITING, "fashion-mnist": GARMENTS}


class Printed(NamedTuple):
    """A row of the paper's table.

    Attributes
    ----------
    lowest, highest : float
        Accuracy; the same if one is given.
    time : str
        As it is printed.
    """

    lowest: float
    highest: float
    time: str


PAPER = {
    ("mnist", CONSTRUCTED): Printed(lowest=0.9858, highest=0.9883, time="several seconds"),
    ("mnist", TRAINED): Printed(lowest=0.9986, highest=0.9986, time="several minutes"),
    ("fashion-mnist", CONSTRUCTED): Printed(lowest=0.9385, highest=0.9385, time="several seconds"),
    ("fashion-mnist", TRAINED): Printed(lowest=0.9742, highest=0.9742, time="several minutes"),
}
"""Table I, by data set and method."""


def measure(data: Images, effort: Effort) -> list[dict[str, Any]]:
    """Score every configuration on one data set, its test images once for each seed.

    Returns
    -------
    list of dict
        A row for each configuration: "data", "title", "method", "size", "accuracy" and "seconds"
        (means of seeds), "each", "spread" (standard deviation of seeds) and "paper".
    """
    budgets = {"seconds": 1} if effort.quick else {"seconds": _SEEDS, "minute": 1}
    rows = []
    for budget, seeds in budgets.items():
        models = [wave(data.name, effort.seed + i, budget=budget) for i in range(seeds)]
        rows.append(_scored(data, CONSTRUCTED, f"budget “{budget}”", models, effort))
    if effort.quick:
        return rows
    trained = wave(data.name, effort.seed, train_minutes=_MINUTES)
    rows.append(_scored(data, TRAINED, f"{_MINUTES:g} minutes", [trained], effort))
    if importlib.util.find_spec("torch") is not None:
        peer = _residual(data.name, effort.seed)
        rows.append(_scored(data, PEER, f"{_MINUTES:g} minutes", [peer], effort))
    return rows


def _residual(name: str, seed: int) -> Any:
    """Return a small ResNet that is trained as long, on images deformed in the same way."""
    from wetcow.reports.peers.convolutional import Residual
    from wetcow.reports.peers.torch_training import TrainedInTime

    return TrainedInTime(
        Residual,
        minutes=_MINUTES,
        learning_rate=_LEARNING_RATE,
        augmentation=_DEFORMED[name],
        seed=seed,
        num_threads=os.cpu_count() or 1,
    )


def _scored(
    data: Images, method: str, size: str, models: Sequence[Any], effort: Effort
) -> dict[str, Any]:
    train, test = (_in_rows(part) for part in (data.train, data.test))
    scores, seconds = [], []
    for number, model in enumerate(models):
        effort.say(f"{data.title}: {method}, {size}, {number + 1} of {len(models)}")
        start = time.perf_counter()
        model.fit(train.images, train.labels)
        seconds.append(time.perf_counter() - start)
        scores.append(accuracy(model, test))
    printed = PAPER.get((data.name, method))
    return {
        "data": data.name,
        "title": data.title,
        "method": method,
        "size": size,
        "accuracy": float(np.mean(scores)),
        "seconds": float(np.mean(seconds)),
        "each": scores,
        "spread": float(np.std(scores, ddof=1)) if len(scores) > 1 else None,
        "paper": None if printed is None else f"{_range(printed)}, {printed.time}",
    }


def _in_rows(part: Part) -> Part:
    """Return images as rows of pixels, which every learner takes."""
    return Part(part.images.reshape(len(part.images), -1), part.labels)


def _range(printed: Printed) -> str:
    low, high = printed.lowest, printed.highest
    return f"{low:.4f}" if low == high else f"{low:.4f}–{high:.4f}"


def _best(rows: Sequence[dict[str, Any]], name: str, method: str) -> dict[str, Any] | None:
    """Return the smallest configuration of a method, which the claims are about."""
    return next((r for r in rows if r["data"] == name and r["method"] == method), None)


def _without_training(row: dict[str, Any]) -> Claim:
    printed = PAPER[row["data"], CONSTRUCTED]
    reached = row["accuracy"] >= printed.lowest
    return Claim(
        claim=f"A single iteration without back-propagation learns {row['title']} to "
        f"{_range(printed)} in {printed.time}",
        where="table I",
        verdict=by_rule(reached and row["seconds"] <= _SEVERAL_SECONDS, reached),
        measured=f"{cut(row['accuracy'])} in {row['seconds']:.0f} s ({row['size']}).",
    )


def _with_training(rows: Sequence[dict[str, Any]], row: dict[str, Any]) -> list[Claim]:
    printed = PAPER[row["data"], TRAINED]
    start = _best(rows, row["data"], CONSTRUCTED)
    assert start is not None
    gain = row["accuracy"] - start["each"][0]
    claims = [
        Claim(
            claim=f"Training for {printed.time} takes {row['title']} to {_range(printed)}",
            where="table I",
            verdict=by_rule(row["accuracy"] >= printed.lowest, False),
            measured=f"{cut(row['accuracy'])} after {row['seconds'] / 60:.1f} minutes: {gain:+.4f} "
            "to the constructed network of the same size and seed.",
        )
    ]
    peer = _best(rows, row["data"], PEER)
    if peer is not None:
        ahead = row["accuracy"] - peer["accuracy"]
        claims.append(
            Claim(
                claim=f"{row['title']}: to be better than deep networks it takes orders of "
                "magnitude less training time",
                where="section VI",
                verdict=by_rule(start["accuracy"] >= peer["accuracy"], ahead >= 0),
                measured=f"A small residual network has {cut(peer['accuracy'])} after as many "
                f"minutes, {-ahead:+.4f} to ours; constructed in {start['seconds']:.0f} s, ours "
                f"has {cut(start['accuracy'])}.",
            )
        )
    return claims


def judge(rows: Sequence[dict[str, Any]]) -> list[Claim]:
    """Verdicts on the data sets that the paper reports, from the rows of `measure`."""
    claims = []
    for row in rows:
        if (row["data"], row["method"]) not in PAPER:
            continue
        if row["method"] == TRAINED:
            claims += _with_training(rows, row)
        elif row is _best(rows, row["data"], CONSTRUCTED):
            claims.append(_without_training(row))
    return claims


def run(effort: Effort, names: Sequence[str] = IMAGES) -> Evidence:
    """Construct, and in the full report train, a classifier of each data set."""
    rows: list[dict[str, Any]] = []
    for name in names:
        rows += measure(load_images(name, effort), effort)
    texts = [
        "The paper gives neither the construction nor how it trained; both are ours. Seconds "
        "include compilation where it was needed."
    ]
    if effort.quick:
        texts.append("One seed and the smallest budget; the full report also trains.")
    elif not any(row["method"] == PEER for row in rows):
        texts.append("PyTorch is not installed, so the residual network was left out.")
    labels = {
        "title": "data",
        "method": "method",
        "size": "size",
        "accuracy": "test accuracy",
        "spread": "standard deviation",
        "seconds": "seconds",
        "paper": "paper",
    }
    caption = "Means of seeds where there is a standard deviation, one seed otherwise."
    return Evidence(
        title="Table I: accuracy",
        claims=judge(rows),
        tables=[EvidenceTable(name="accuracy", rows=rows, labels=labels, caption=caption)],
        texts=texts,
    )


def draw(evidence: Evidence) -> dict[str, Figure]:
    """Errors of each configuration against its time, the paper's beside them."""
    rows = evidence.tables[0].rows
    names = list(dict.fromkeys(row["data"] for row in rows))
    figure = Figure(figsize=(4.6 * len(names), 3.6), layout="constrained")
    axes = figure.subplots(1, len(names), squeeze=False)[0]
    colours = {CONSTRUCTED: "#2a8a3e", TRAINED: "#2b5fa8", PEER: "#c8352b"}
    for axis, name in zip(axes, names, strict=True):
        chosen = [row for row in rows if row["data"] == name]
        for method, colour in colours.items():
            some = [row for row in chosen if row["method"] == method]
            if some:
                axis.plot(
                    [row["seconds"] for row in some],
                    [100 * (1 - row["accuracy"]) for row in some],
                    "o",
                    color=colour,
                    label=method,
                )
        for method in (CONSTRUCTED, TRAINED):
            printed = PAPER.get((name, method))
            if printed is not None and any(row["method"] == method for row in chosen):
                error = 100 * (1 - printed.highest)
                axis.axhline(error, color=colours[method], ls=":", lw=1.2)
                axis.annotate(
                    f"paper, {printed.time}",
                    (0.98, error),
                    xycoords=("axes fraction", "data"),
                    ha="right",
                    va="bottom",
                    fontsize=8,
                    color=colours[method],
                )
        axis.set(title=chosen[0]["title"], xlabel="seconds", ylabel="test errors (%)", xscale="log")
        axis.set_ylim(0, 1.1 * axis.get_ylim()[1])
        plain_ticks(axis.xaxis)
        axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return {"accuracy": figure}
