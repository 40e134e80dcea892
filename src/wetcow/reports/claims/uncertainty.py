"""Uncertainty: whether probabilities are calibrated, and whether what is unlike is recognised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable, by_rule
from wetcow.reports.figures import GREY
from wetcow.reports.images.data import IMAGES, TITLES, load_images
from wetcow.reports.metrics.uncertainty import (
    COVERAGES,
    ENSEMBLE,
    NETWORK,
    OURS,
    PERCEPTRON,
    TEMPERED,
    VARIANCE,
    UncertaintySizes,
    measure,
)
from wetcow.reports.peers.line_up import NO_TORCH

_FULL = UncertaintySizes(
    train=None,
    test=None,
    held_out=2_000,
    unlike=2_000,
    seeds=3,
    members=5,
    steps=1_500,
    passes=10,
    modes=None,
)
_QUICK = UncertaintySizes(
    train=3_000,
    test=1_000,
    held_out=500,
    unlike=300,
    seeds=1,
    members=3,
    steps=100,
    passes=5,
    modes=32,
)
_MEASURES = {"ece": "calibration error", "nll": "negative log likelihood", "aurc": "AURC"}
_COLOURS = {
    OURS: "#2a8a3e",
    VARIANCE: "#8bc34a",
    ENSEMBLE: "#2b5fa8",
    **dict.fromkeys((NETWORK, PERCEPTRON), "#c8352b"),
}
_SHOWN = 0.005  # share of answers, from which a point of the reliability is drawn


def judge(rows: Sequence[dict[str, Any]]) -> list[Claim]:
    """Compare with a single network and with an ensemble, both with a temperature."""
    names = list(dict.fromkeys(row["data"] for row in rows))
    of = {(row["data"], row["method"]): row for row in rows}
    single = NETWORK if (names[0], NETWORK) in of else PERCEPTRON
    cases = [(name, key) for name in names for key in _MEASURES]

    def within(peer: str) -> int:
        return sum(of[name, OURS][key] <= of[name, peer + TEMPERED][key] for name, key in cases)

    said = []
    for name in names:
        values = "; ".join(
            f"{words} {of[name, OURS][key]:.3g}, {single} {of[name, single + TEMPERED][key]:.3g}, "
            f"ensemble {of[name, ENSEMBLE + TEMPERED][key]:.3g}"
            for key, words in _MEASURES.items()
        )
        said.append(f"{TITLES[name]}: {values}.")
    kinds = [(name, key) for name in names for key in of[name, OURS] if key.startswith("apart_")]
    kinds = [(name, key) for name, key in kinds if of[name, OURS][key] is not None]
    ahead = sum(of[name, VARIANCE][key] >= of[name, ENSEMBLE][key] for name, key in kinds)
    means = {
        method: float(np.mean([of[name, method]["apart"] for name in names]))
        for method in (VARIANCE, OURS, single, ENSEMBLE)
    }
    beside, alone = within(ENSEMBLE), within(single)
    return [
        Claim(
            claim="The algorithms can include uncertainty quantification.",
            where="abstract, conclusion",
            verdict=by_rule(beside == len(cases), 2 * alone >= len(cases)),
            measured=f"At least as good as an ensemble in {beside} of {len(cases)} measures, as a "
            f"single {single} in {alone}; both with a fitted temperature. {' '.join(said)}",
        ),
        Claim(
            claim="They respond to novel conditions: what is unlike anything learned is "
            "recognised.",
            where="abstract, conclusion",
            verdict=by_rule(ahead == len(kinds), means[VARIANCE] >= means[ENSEMBLE]),
            measured="Predictive variance is at least as good as the ensemble's confidence for "
            f"{ahead} of {len(kinds)} kinds of images. Mean AUROC: "
            + ", ".join(f"{method} {value:.3f}" for method, value in means.items())
            + ".",
        ),
    ]


def run(effort: Effort, names: Sequence[str] = IMAGES) -> Evidence:
    """Learn each data set, and score probabilities and what tells unlike images apart."""
    sizes = _QUICK if effort.quick else _FULL
    rows = []
    for name in names:
        rows += measure(load_images(name, effort, sizes.train, sizes.test), sizes, effort)
    kinds = {key: key[6:] for row in rows for key in row if key.startswith("apart_")}
    rows = [{**dict.fromkeys(kinds), **row} for row in rows]
    first = {"title": "data", "method": "method"}
    torch = any(row["method"] == NETWORK for row in rows)
    trained = f"{sizes.steps:,} steps of 64 deformed images" if torch else f"{sizes.passes} passes"
    modes = "" if sizes.modes is None else f"Ours with {sizes.modes} hidden modes. "
    caption = (
        f"Means of {sizes.seeds} seeds of ours and of the {sizes.members} members of the ensemble "
        f"({trained} each). {modes}Calibration error: of the highest probability, in 15 bins "
        "(ECE). AURC: mean share of errors among the most confident answers, over all coverages. "
        f"Temperature: one number, from {sizes.held_out:,} training images left out."
    )
    unlike_caption = (
        "Probability (AUROC) that a learner is less certain of an image of another kind than of a "
        f"test image; {sizes.unlike:,} of each. By the highest probability, or by `uncertainty`."
    )
    probabilities = [row for row in rows if row["method"] != VARIANCE]
    labels = {**first, "accuracy": "test accuracy", **_MEASURES, "seconds": "seconds of learning"}
    apart = [{k: v for k, v in row.items() if k not in ("risk", "bins")} for row in rows]
    texts = [
        "Probabilities of ours are calibrated by left-out training images, so they are to be "
        "compared with those of networks with a temperature. Predictive variance knows nothing of "
        "labels: it tells what is unlike, not what is hard."
    ]
    if effort.quick:
        texts.append("Networks are trained briefly here; only the full report trains them well.")
    if not torch:
        texts.append(NO_TORCH + " Perceptrons take their place.")
    tables = [
        EvidenceTable(name="uncertainty", rows=probabilities, labels=labels, caption=caption),
        EvidenceTable(
            name="unlike",
            rows=apart,
            labels={**first, **kinds, "apart": "mean"},
            caption=unlike_caption,
        ),
    ]
    return Evidence(title="Uncertainty", claims=judge(rows), tables=tables, texts=texts)


def draw(evidence: Evidence) -> dict[str, Figure]:
    """Reliability, risk against coverage, and AUROC of unlike images."""
    rows, unlike = (table.rows for table in evidence.tables)
    names = list(dict.fromkeys(row["data"] for row in rows))
    figure = Figure(figsize=(12, 3.4 * len(names)), layout="constrained")
    axes = figure.subplots(len(names), 3, squeeze=False)
    for (reliability, risk, apart), name in zip(axes, names, strict=True):
        for row in [row for row in rows if row["data"] == name]:
            method = row["method"].removesuffix(TEMPERED)
            style = {"color": _COLOURS[method], "lw": 2.2 if method == OURS else 1.4}
            if method == OURS or method != row["method"]:
                sure, right, _ = zip(*(b for b in row["bins"] if b[2] >= _SHOWN), strict=True)
                reliability.plot(sure, right, "o-", ms=3.5, **style)
            if method == row["method"]:
                risk.plot(COVERAGES, [100 * value for value in row["risk"]], "o-", ms=3, **style)
        reliability.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--")
        reliability.set(xlabel="confidence (networks: with a temperature)")
        reliability.set(title=TITLES[name], ylabel="share of right answers")
        risk.set(xlabel="coverage: share of answers given", ylabel="errors among them (%)")
        _draw_apart(apart, [row for row in unlike if row["data"] == name])
        for axis in (reliability, risk, apart):
            axis.spines[["top", "right"]].set_visible(False)
    handles, labels = axes[0][2].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    return {"uncertainty": figure}


def _draw_apart(axis: Any, rows: Sequence[dict[str, Any]]) -> None:
    rows = [row for row in rows if not row["method"].endswith(TEMPERED)]
    kinds = [key for key in rows[0] if key.startswith("apart_") and rows[0][key] is not None]
    for number, row in enumerate(rows):
        places = np.arange(len(kinds)) + 0.14 * (number - (len(rows) - 1) / 2)
        values = [row[kind] for kind in kinds]
        axis.plot(values, places, "o", color=_COLOURS[row["method"]], label=row["method"])
    axis.set_yticks(range(len(kinds)), [kind.removeprefix("apart_") for kind in kinds])
    axis.set(xlabel="unlike images told apart (AUROC)")
    axis.axvline(0.5, color=GREY, lw=1, ls="--")
    axis.set_xlim(right=1.02)
    axis.invert_yaxis()
