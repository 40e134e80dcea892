"""Numerical stability: training ten times as long as usual, rates far too high, and slopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from wetcow.plotting.style import plain_ticks
from wetcow.reports.claims import borders
from wetcow.reports.claims.long_training import (
    FACTORS,
    LEARNERS,
    LONGER,
    PAPERS,
    PEER_UNITS,
    PERCEPTRON,
    RECTIFIED,
    SPIKING,
    TRUE_SLOPE,
    WAVES,
    TrainingSizes,
    measure,
    summarise,
)
from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable, by_rule
from wetcow.reports.figures import BLUE, GREEN, GREY, RED
from wetcow.reports.images.data import IMAGES, TITLES, load_images, percent

BOUND = 30.0
"""Slopes above this count as not bounded."""

_ERROR = 1e-6  # of a slope that is integrated

_COLOURS = {
    WAVES: GREEN,
    PAPERS: "#8cc63f",
    RECTIFIED: "#b8860b",
    PERCEPTRON: BLUE,
    SPIKING: RED,
    TRUE_SLOPE: GREY,
}
_FULL = TrainingSizes(
    train=6_000, validation=2_000, modes=16, steps=320, evaluations=4, learners=LEARNERS
)
_QUICK = TrainingSizes(
    train=1_000,
    validation=1_000,
    modes=8,
    steps=64,
    evaluations=4,
    learners=(WAVES, PERCEPTRON, SPIKING, TRUE_SLOPE),
)


_REMARKS = [
    "Waves begin constructed, the others at random. The training of waves clips gradients, "
    "lets the rate rise and fall, and scores a running average; high rates are met without "
    "all that.",
    "The closed form learns with what modes settle to: the spiking frequency ends, and the "
    "amplitude bends, like a square root. Training takes "
    "slopes as if the root were never below 0.05, so that gradients are bounded, and near the "
    "border not quite those of the loss.",
]


def judge(
    rows: Sequence[dict[str, Any]],
    slopes: Sequence[dict[str, Any]],
    moving: Sequence[dict[str, Any]],
    n: int,
) -> list[Claim]:
    """Verdicts.

    Parameters
    ----------
    rows : sequence of dict
        From `summarise`.
    slopes : sequence of dict
        From `borders.steepness`.
    moving : sequence of dict
        From `borders.sensitivity`.
    n : int
        Validation images, which say how much an accuracy may fall by chance: two standard errors of
        a difference.
    """
    return [_of_training(rows, n), _of_slopes(slopes, moving), _of_gradients(rows)]


def _of_training(rows: Sequence[dict[str, Any]], n: int) -> Claim:
    """Judge what long training does."""
    ours = [row for row in rows if row["learner"] == WAVES]
    others = [row for row in rows if row["learner"] != WAVES]
    finite = all(row["finite"] for row in ours)
    lost = [row for row in others if not (row["finite"] and _kept(row, n))]
    worse = "None of these got worse either, so that it is no advantage of waves."
    if lost:
        worse = f"Worse became: {', '.join(dict.fromkeys(row['learner'] for row in lost))}."
    return Claim(
        claim="Numerical stability makes the algorithms robust even in the face of extensive "
        "training",
        where="section V",
        verdict=by_rule(finite and all(_kept(row, n) for row in ours), finite),
        measured=f"After {LONGER} times the usual steps: {_long(ours)} Beside them "
        f"{_long(others)} {worse}",
    )


def _of_slopes(slopes: Sequence[dict[str, Any]], moving: Sequence[dict[str, Any]]) -> Claim:
    """Judge whether slopes exist and are bounded."""
    exact = max(row["exact"] for row in slopes)
    used = max(row["used"] for row in slopes)
    error = max(abs(row["slope"] - row["difference"]) for row in moving)
    largest = max(abs(row["slope"]) for row in moving)
    smooth = error <= _ERROR and largest <= BOUND
    return Claim(
        claim="The full range of dynamics, from linear oscillations to spiking, is perfectly "
        "differentiable",
        where="section V",
        verdict=by_rule(smooth and exact <= BOUND, smooth),
        measured="The motion of a mode is: slopes by γ of its amplitude after a time of 10 "
        f"are at most {largest:.2g}, beside both borders too, and quotients of differences "
        f"within {error:.0e}. What it settles to is not: slopes of mean amplitude and spiking "
        f"frequency beside criticality 1 grow as 1/sqrt(distance), to {exact:.0f} at "
        f"{borders.DISTANCES[-1]:.0e}. Those that training uses in their place are at most "
        f"{used:.2g}.",
    )


def _of_gradients(rows: Sequence[dict[str, Any]]) -> Claim:
    """Judge whether gradients reach hidden couplings, beside spiking neurons."""
    hidden = {row["learner"]: row["hidden"] for row in reversed(rows)}
    blocked = hidden[TRUE_SLOPE] == 0
    reached = ", ".join(_of_spiking(rows, row["data"]) for row in rows if row["learner"] == WAVES)
    return Claim(
        claim="Not subject to the non-differentiability of spiking neurons, whose derivative "
        "is zero but at threshold",
        where="section V",
        verdict=by_rule(blocked and 0 < hidden[WAVES] < np.inf, hidden[WAVES] > 0),
        measured=f"The gradient of hidden couplings has a norm of {hidden[WAVES]:.2g} with "
        f"waves and {hidden[TRUE_SLOPE]:.2g} with integrate-and-fire neurons (LIF). The "
        f"surrogate slope that is usual for these makes it {hidden[SPIKING]:.2g}, and they "
        f"reach {reached}.",
    )


def _kept(row: dict[str, Any], n: int) -> bool:
    return row["least"] >= row["usual"] - 2 * np.sqrt(2 * row["usual"] * (1 - row["usual"]) / n)


def _long(rows: Sequence[dict[str, Any]]) -> str:
    said = [
        f"{row['title']}, {row['learner']}: {percent(row['longer'])}, before "
        f"{percent(row['usual'])}{'' if row['finite'] else ', not finite'}"
        for row in rows
    ]
    return "; ".join(said) + "."


def _of_spiking(rows: Sequence[dict[str, Any]], name: str) -> str:
    of = {row["learner"]: row for row in rows if row["data"] == name}
    return (
        f"{percent(of[SPIKING]['longer'])} on {of[SPIKING]['title']} with it, "
        f"{percent(of[TRUE_SLOPE]['longer'])} without, where only class neurons learn"
    )


def run(effort: Effort, names: Sequence[str] | None = None) -> Evidence:
    """Train waves and peers for long and at high rates, and look at slopes."""
    sizes = _QUICK if effort.quick else _FULL
    names = (IMAGES[:1] if effort.quick else IMAGES) if names is None else names
    evaluations: list[dict[str, Any]] = []
    rates: list[dict[str, Any]] = []
    for name in names:
        found = measure(load_images(name, effort), sizes, effort)
        evaluations, rates = evaluations + found[0], rates + found[1]
    effort.say("slopes beside the borders of spiking")
    slopes, moving, rows = borders.steepness(), borders.sensitivity(), summarise(evaluations, rates)
    return Evidence(
        title="Numerical stability",
        claims=judge(rows, slopes, moving, sizes.validation),
        tables=[
            _training_table(rows, sizes),
            borders.slopes_table(slopes),
            borders.motion_table(moving),
        ],
        texts=list(_REMARKS),
    )


def _training_table(rows: list[dict[str, Any]], sizes: TrainingSizes) -> EvidenceTable:
    """A row for each network."""
    labels = {
        "title": "data",
        "learner": "network",
        "usual": "usual steps",
        "longer": f"{LONGER} times as many",
        "least": "least in their second half",
        "loss": "loss at last",
        "gradient": "largest gradient",
        "coupling": "largest coupling",
        "finite": "all finite",
        **{f"at_{factor}": f"rate × {factor}" for factor in FACTORS},
        "finite_rates": "all finite",
    }
    caption = (
        f"Accuracies on {sizes.validation:,} validation images (none of the test) after "
        f"{sizes.steps} and {LONGER * sizes.steps} steps with {sizes.train:,} images, framed to "
        f"7×7 pixels as in the paper; {sizes.modes} hidden modes, or {PEER_UNITS} units. The norm "
        "of the gradient and the largest coupling are in units of those at first. Rates: usual "
        "steps of plain Adam, with a constant rate so many times the usual one."
    )
    return EvidenceTable(name="stability", rows=rows, labels=labels, caption=caption)


def draw(evidence: Evidence) -> dict[str, Figure]:
    """Draw the long trainings and accuracies at high rates, and slopes beside borders."""
    rows, slopes = (table.rows for table in evidence.tables[:2])
    return {"stability": _draw_trainings(rows), "stability_slopes": _draw_slopes(slopes)}


def _draw_trainings(rows: Sequence[dict[str, Any]]) -> Figure:
    names = list(dict.fromkeys(row["data"] for row in rows))
    figure = Figure(figsize=(12, 2.9 * len(names) + 0.6), layout="constrained")
    axes = figure.subplots(len(names), 4, squeeze=False)
    usual = max(at["step"] for at in rows[0]["curve"]) / LONGER
    for row_of_axes, name in zip(axes, names, strict=True):
        for row in (row for row in rows if row["data"] == name):
            _draw_training(row_of_axes, row)
        learned, lost, steep, rated = row_of_axes
        for axis in (learned, lost, steep):
            axis.axvline(usual, color=GREY, ls=":", lw=1)
            axis.set_xlabel("steps (dotted: usual)")
        learned.set(title=TITLES[name], ylabel="validation errors (%)", yscale="log")
        learned.yaxis.set_major_formatter("{x:g}")
        lost.set(yscale="log", ylabel="loss")
        plain_ticks(learned.yaxis)
        plain_ticks(lost.yaxis)
        steep.set(yscale="log", ylabel="gradient's norm / at first")
        rated.set(xscale="log", xlabel="rate / usual rate", ylabel="accuracy, usual steps")
        rated.set_ylim(0, 1.02)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False, fontsize=9)
    for axis in axes.ravel():
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_training(axes: Any, row: dict[str, Any]) -> None:
    """Draw the errors, the loss and the gradient of one network, and what high rates do to it."""
    learned, lost, steep, rated = axes
    style = {
        "color": _COLOURS[row["learner"]],
        "label": row["learner"],
        "lw": 2.2 if row["learner"] == WAVES else 1.3,
    }
    errors = [(at["step"], 100 * (1 - at["accuracy"])) for at in row["curve"]]
    learned.plot(*zip(*errors, strict=True), **style)
    for axis, key in ((lost, "loss"), (steep, "gradient")):
        points = [(at["step"], at[key]) for at in row["curve"] if at[key] is not None]
        axis.plot(*zip(*points, strict=True), **style)
    rated.plot(FACTORS, [row[f"at_{factor}"] for factor in FACTORS], "o-", ms=4, **style)


def _draw_slopes(slopes: Sequence[dict[str, Any]]) -> Figure:
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axis = figure.subplots()
    for row, colour in zip(slopes, (GREY, GREEN, GREY, BLUE, RED, RED), strict=True):
        if "1" not in row["border"]:
            continue
        at = [one["distance"] for one in row["of"]]
        axis.plot(at, [one["exact"] for one in row["of"]], color=colour, label=row["code"])
        axis.plot(at, [one["used"] for one in row["of"]], color=colour, ls="--")
    axis.set(xscale="log", yscale="log", xlabel="distance from criticality 1 (γ̄/ω̄)")
    axis.set(ylabel="slope", title="solid: exact; dashed: in training")
    axis.legend(frameon=False, fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)
    return figure
