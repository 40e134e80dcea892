"""Whether phase and amplitude together synchronize faster than either, and than Kuramoto's model.

Networks of several sizes get random memories that meet the condition [26–30]. Other models get what
is left of the same couplings, and the same initial phases, so that runs are compared in pairs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from wetcow.reports import experiments
from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable, by_rule
from wetcow.reports.figures import GREY

_WAVES = "phase and amplitude"
_NEVER = "never"
_FULL = ((5, 10, 30, 100), 50, 2, 200.0)  # sizes, couplings, initial phases, time
_QUICK = ((10, 30), 8, 1, 100.0)
_LABELS = {
    "size": "modes",
    "model": "coupling",
    "periods": "linear periods to r ≥ 0.99 (median)",
    "low": "first quartile",
    "high": "third quartile",
    "within_one_period": "share within one period",
    "slower": "share slower than waves",
    "order": "order parameter",
    "silent": "share of silent modes",
    "replays": "share replaying the target",
}


def run(effort: Effort) -> Evidence:
    """Integrate all models over sizes, couplings and initial phases."""
    sizes, draws, starts, t1 = _QUICK if effort.quick else _FULL
    rows = []
    for size in sizes:
        effort.say(f"synchronization of {size} modes")
        scores = experiments.synchronization("fig2", draws, starts, effort.seed, size, t1)
        rows += _rows(size, scores)
    caption = (
        f"Memories of a mode with γ = {experiments.REPLAYS['fig2'].gamma} in networks with "
        f"ω_i equally spaced in [0.08, 1.92] and |δ| ≤ π/2; {draws} random couplings × {starts} "
        f"random initial phases, {t1:g} time units. Slower than waves: in how many pairs of runs "
        "with the same couplings and initial phases waves are synchronized first."
    )
    texts = [
        "All couplings are those that give each mode the target's total excitation and frequency. "
        "Kuramoto oscillators with all of the coupling profit from that too: their total "
        "frequencies are equal. Those with a part of it do not."
    ]
    table = EvidenceTable(name="synchronization_sizes", rows=rows, labels=_LABELS, caption=caption)
    return Evidence(
        title="Synchronization over seeds and sizes",
        claims=_claims(rows),
        tables=[table],
        texts=texts,
    )


def _rows(size: int, scores: xr.Dataset) -> list[dict[str, Any]]:
    waves = scores["periods"].sel(model=_WAVES)
    rows = []
    for row in experiments.synchronization_table(scores):
        middle, low, high = (value if np.isfinite(value) else _NEVER for value in row["periods"])
        own = scores["periods"].sel(model=row["model"])
        rows.append(
            {
                "size": size,
                **{name: row[name] for name in ("model", "within_one_period", "silent", "replays")},
                "periods": middle,
                "low": low,
                "high": high,
                "order": row["order"][0],
                "slower": None if row["model"] == _WAVES else float((waves < own).mean()),
            }
        )
    return rows


def _claims(rows: list[dict[str, Any]]) -> list[Claim]:
    """Judge by the size at which waves do worst."""
    names = {row["model"] for row in rows}
    waves = [row for row in rows if row["model"] == _WAVES]
    sizes = ", ".join(str(row["size"]) for row in waves)
    claims = []
    for kind, claimed in (
        ("Kuramoto", "Waves synchronize faster than Kuramoto oscillators"),
        ("phase only", "Phase and amplitude together synchronize faster than phase alone"),
        ("amplitude only", "Phase and amplitude together synchronize faster than amplitude alone"),
    ):
        others = [row for row in rows if row["model"].startswith(kind)]
        least = min(row["slower"] for row in others)
        worst = min(others, key=lambda row: row["slower"])
        own = next(row for row in waves if row["size"] == worst["size"])
        claims.append(
            Claim(
                claim=claimed,
                where="abstract, discussion",
                verdict=by_rule(least >= 0.95, least > 0.5),
                measured=f"In at least {least:.1%} of pairs of runs at each size ({sizes} modes); "
                f"least beside “{worst['model']}” for {worst['size']} modes, where the medians are "
                f"{_text(own['periods'])} linear periods and {_text(worst['periods'])}.",
            )
        )
    within = min(row["within_one_period"] for row in waves)
    slowest = max(waves, key=lambda row: row["periods"] if row["periods"] != _NEVER else np.inf)
    claims.append(
        Claim(
            claim=f"Networks of {waves[0]['size']} to {waves[-1]['size']} modes synchronize within "
            "one linear period",
            where="figure 2",
            verdict=by_rule(within >= 0.99, within >= 0.5),
            measured=f"At least {within:.1%} of runs at each size ({sizes} modes); the largest "
            f"median is {_text(slowest['periods'])}. Best of the {len(names) - 1} others: "
            f"{max(row['within_one_period'] for row in rows if row['model'] != _WAVES):.1%}.",
        )
    )
    return claims


def _text(periods: Any) -> str:
    return periods if periods == _NEVER else f"{periods:.3f}"


def draw(evidence: Evidence) -> dict[str, Figure]:
    """Draw the time to synchrony, and how many runs replay the memory, against size."""
    rows = evidence.tables[0].rows
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    times, replays = figure.subplots(1, 2)
    finite = [row[name] for row in rows for name in ("periods", "high") if row[name] != _NEVER]
    never = 3 * max(finite, default=1.0)
    names = list(dict.fromkeys(row["model"] for row in rows))
    for place, name in enumerate(names):
        own = [row for row in rows if row["model"] == name]
        sizes = np.array([row["size"] for row in own]) * 1.04 ** (place - len(names) / 2)
        middle, low, high = (
            np.array([never if row[column] == _NEVER else row[column] for row in own])
            for column in ("periods", "low", "high")
        )
        error = [middle - low, high - middle]
        (line, *_) = times.errorbar(sizes, middle, error, fmt="o-", ms=4, capsize=2, label=name)
        shares = [row["replays"] for row in own]
        replays.plot(sizes, shares, "o-", ms=4, color=line.get_color())
    times.axhline(1, color=GREY, ls="--", lw=1)
    times.axhline(never, color=GREY, ls=":", lw=1)
    times.set_title("dotted: never; dashed: one linear period", fontsize=8, color=GREY, loc="right")
    times.set(yscale="log", ylabel="linear periods to r ≥ 0.99 (quartiles)")
    replays.set(ylim=(-0.03, 1.03), ylabel="share of runs that replay the memory")
    ticks = sorted({row["size"] for row in rows})
    for axis in (times, replays):
        axis.set(xscale="log", xlabel="modes")
        axis.set_xticks(ticks, [str(size) for size in ticks], minor=False)
        axis.minorticks_off()
        axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    return {"synchronization_sizes": figure}
