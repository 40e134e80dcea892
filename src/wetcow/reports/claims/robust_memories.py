"""Whether memories are robust: replayed in noise, with modes lost, frequencies changed, delays.

Kuramoto's oscillators get the same couplings, which meet the condition of synchrony for them too:
their total frequencies are equal. Both start from random phases and get the same disturbances.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from wetcow.memory import memorize
from wetcow.modes.mode import Mode
from wetcow.networks.baselines import Kuramoto
from wetcow.networks.delayed import Delayed
from wetcow.networks.network import Network
from wetcow.reports import experiments
from wetcow.reports.evidence import Claim, Effort, Evidence, EvidenceTable, by_rule
from wetcow.simulation.sweep import sweep
from wetcow.synchrony import Frequency

MODELS = WAVES, PHASES = "waves", "Kuramoto"
TARGET, BACKGROUND, WEIGHT, PHASE = 1.8, 0.5, 0.2, np.pi / 2
CLOSE, TOGETHER = 0.1, 0.9
STRENGTHS = {
    "noise": (0.0, 0.02, 0.05, 0.1, 0.2, 0.4),
    "lost modes": (0.0, 0.1, 0.2, 0.3, 0.5),
    "frequencies": (0.0, 0.01, 0.02, 0.05, 0.1, 0.2),
    "delays": (0.0, 0.005, 0.01, 0.02, 0.05, 0.1),
}
UNITS = {
    "noise": "noise σ, amplitude/√time",
    "lost modes": "share of modes lost",
    "frequencies": "standard deviation of changes of ω_i",
    "delays": "mean delay, periods of ω = 1",
}
_FULL = (10, 4, 5, 240.0)  # modes, memories, starts of each, time
_QUICK = (10, 1, 2, 100.0)
_EVERY = 2  # strength, in quick form: the weakest delay makes all steps short


def run(effort: Effort) -> Evidence:
    """Disturb memories and Kuramoto's networks alike."""
    size, draws, starts, t1 = _QUICK if effort.quick else _FULL
    effort.say(f"{draws} memories of {size} modes, disturbed")
    return evidence_of(size, draws, starts, t1, effort.seed, every=_EVERY if effort.quick else 1)


def evidence_of(
    size: int, draws: int, starts: int, t1: float, seed: int, every: int = 1
) -> Evidence:
    """Evidence from so many modes, memories and starts of each, for a time.

    Of the strengths the first is taken and `every` other one.
    """
    disturbances = {kind: strengths[::every] for kind, strengths in STRENGTHS.items()}
    omega = np.asarray(experiments.frequencies(size))
    couplings = [_coupling(omega, seed + draw) for draw in range(draws)]
    rows = [
        {"disturbance": kind, "strength": strength}
        for kind, strengths in disturbances.items()
        for strength in strengths
    ]
    for model in MODELS:
        found = _shares(model, omega, couplings, disturbances, starts, t1, seed)
        for row, (replaying, together) in zip(rows, found, strict=True):
            row |= {model: replaying, f"{model}, together": together}
    caption = (
        f"{draws} memories of a mode with γ = {TARGET} in {size} modes with ω_i equally spaced "
        f"in [0.08, 1.92], background {BACKGROUND}, w ≤ {WEIGHT}, |δ| ≤ π/2; {starts} random "
        f"starts, {t1:g} time units. In synchrony: over the second half all modes that are left "
        f"have one rate within {CLOSE:.0%} and an order parameter of at least {TOGETHER}. "
        f"Replayed: in synchrony, and the rates are within {CLOSE:.0%} of the target's; for "
        "Kuramoto's oscillators, of ω_s = 1. "
        + "; ".join(f"{kind}: {unit}" for kind, unit in UNITS.items())
        + "."
    )
    labels = {
        "disturbance": "disturbance",
        "strength": "strength",
        WAVES: "waves replay",
        f"{WAVES}, together": "waves in synchrony",
        PHASES: "Kuramoto replays",
        f"{PHASES}, together": "Kuramoto in synchrony",
    }
    table = EvidenceTable(name="robust_memories", rows=rows, labels=labels, caption=caption)
    texts = [
        "Lost modes take their links with them, so that the totals of those that are left are no "
        "longer equal. Noise is added to complex amplitudes, for Kuramoto's oscillators to points "
        "of the unit circle, so that the same σ turns waves of small amplitude more. Near "
        "criticality the rate of waves answers strongly to what excites them, where oscillators "
        "only turn."
    ]
    return Evidence(
        title="Memories that are disturbed", claims=[_claim(rows)], tables=[table], texts=texts
    )


def _coupling(omega: np.ndarray, seed: int) -> np.ndarray:
    network = memorize(
        Mode(gamma=TARGET),
        omega=omega,
        background=BACKGROUND,
        max_weight=WEIGHT,
        max_phase=PHASE,
        seed=seed,
    )
    return np.asarray(network.coupling.matrix())


class _Case(NamedTuple):
    """A memory, disturbed: frequencies (n,), coupling, and modes that are left (n,)."""

    omega: np.ndarray
    coupling: Delayed
    left: np.ndarray


def _disturbed(omega: np.ndarray, r: np.ndarray, kind: str, strength: float, rng: Any) -> _Case:
    """Anything but noise."""
    left, delay = np.ones(len(r), bool), np.zeros(r.shape)
    if kind == "lost modes":
        left = rng.permutation(len(r)) >= round(strength * len(r))
        r = np.where(np.outer(left, left), r, 0)
    elif kind == "frequencies":
        omega = omega + strength * rng.normal(size=len(r))
    elif kind == "delays":
        delay = 2 * np.pi * strength * rng.uniform(0.5, 1.5, r.shape)
    return _Case(omega=omega, coupling=Delayed(r, delay), left=left)


def _shares(
    model: str,
    omega: np.ndarray,
    couplings: list[np.ndarray],
    disturbances: dict[str, tuple[float, ...]],
    starts: int,
    t1: float,
    seed: int,
) -> list[tuple[float, float]]:
    """Shares of starts that replay and that are in synchrony, in the order of the rows."""
    memories = [
        _Case(omega=omega, coupling=Delayed(r, np.zeros(r.shape)), left=np.ones(len(r), bool))
        for r in couplings
    ]
    noise = list(disturbances["noise"])
    noisy = _outcomes(model, memories, starts, t1, noise=noise)
    found = [tuple(one) for one in noisy.mean(("case", "seed")).transpose("noise", "what").values]
    cases = [
        _disturbed(omega, r, kind, strength, np.random.default_rng([seed, number]))
        for kind, strengths in disturbances.items()
        if kind != "noise"
        for strength in strengths
        for number, r in enumerate(couplings)
    ]
    others = _outcomes(model, cases, starts, t1).mean("seed").transpose("case", "what").values
    found += map(tuple, others.reshape(-1, len(couplings), 2).mean(axis=1))
    return [(float(replaying), float(together)) for replaying, together in found]


def _outcomes(
    model: str, cases: list[_Case], starts: int, t1: float, noise: Any = 0.0
) -> xr.DataArray:
    """Whether each run replays and whether it is in synchrony, on the dimension `what`."""

    def system(case: int) -> Network | Kuramoto:
        if model == WAVES:
            return Network(gamma=BACKGROUND, omega=cases[case].omega, coupling=cases[case].coupling)
        return Kuramoto(cases[case].omega, cases[case].coupling)

    with warnings.catch_warnings():
        # Modes that spiked less than twice have no rate, and do not replay.
        warnings.filterwarnings("ignore", "rate: .*spiked less than twice")
        runs = sweep(
            system,
            t1=t1,
            num_samples=round(4 * t1) + 1,
            reduce={"rate": Frequency(after=t1 / 2)},
            case=range(len(cases)),
            noise=noise,
            seed=range(starts),
        )
    rate = float(Mode(gamma=TARGET).spiking_frequency()) if model == WAVES else 1.0
    left = xr.DataArray(np.array([case.left for case in cases]), dims=("case", "mode"))
    rates = runs["rate"].where(left)
    late = runs["a"].sel(time=slice(t1 / 2, None))
    order = abs((late / abs(late)).where(left).mean("mode")).mean("time")

    def close(to: Any) -> xr.DataArray:
        return ((abs(runs["rate"] / to - 1) <= CLOSE) | ~left).all("mode")

    together = close(rates.median("mode")) & (order >= TOGETHER)
    both = {"replays": together & close(rate), "together": together}
    return xr.Dataset(both).to_dataarray("what")


def _claim(rows: list[dict[str, Any]]) -> Claim:
    """Judge by the strength to which half of all starts replay, beside Kuramoto's."""
    lasts = {
        kind: [_lasts([row for row in rows if row["disturbance"] == kind], of) for of in MODELS]
        for kind in STRENGTHS
    }
    ahead = sum(waves >= phases and waves > 0 for waves, phases in lasts.values())
    texts = [
        f"{kind}: waves to {waves:g}, Kuramoto to {phases:g}"
        for kind, (waves, phases) in lasts.items()
    ]
    return Claim(
        claim="Critically synchronized waves are a robust basis for memory",
        where="title, abstract",
        verdict=by_rule(ahead == len(lasts), ahead > 0),
        measured="Strongest disturbance up to which at least half of all starts replay, "
        + "; ".join(texts)
        + ".",
    )


def _lasts(rows: list[dict[str, Any]], model: str) -> float:
    """The strength before the first at which fewer than half of all starts replay."""
    good = [row[model] >= 0.5 for row in rows]
    number = good.index(False) if False in good else len(good)
    return rows[number - 1]["strength"] if number else 0.0


def draw(evidence: Evidence) -> dict[str, Figure]:
    """Draw the share that replays against the strength of each disturbance."""
    rows = evidence.tables[0].rows
    figure = Figure(figsize=(10, 3.4), layout="constrained")
    axes = figure.subplots(1, len(STRENGTHS), sharey=True)
    for axis, kind in zip(axes, STRENGTHS, strict=True):
        own = [row for row in rows if row["disturbance"] == kind]
        places = np.arange(len(own))
        for number, model in enumerate(MODELS):
            shares = [[row[name] for row in own] for name in (model, f"{model}, together")]
            colour = f"C{number}"
            axis.plot(places, shares[0], "os"[number] + "-", color=colour, ms=7 - 3 * number, lw=1)
            # Dashes of one lie in the gaps of the other, where both are the same.
            axis.plot(places, shares[1], color=colour, lw=2, ls=(4 * number, (4, 4)))
        axis.set_xticks(places, [f"{row['strength']:g}" for row in own])
        axis.set(xlabel=UNITS[kind], ylim=(-0.03, 1.03))
        axis.xaxis.label.set_fontsize(8)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("share of starts")
    labels = [f"{model}, {what}" for model in MODELS for what in ("replayed", "in synchrony")]
    look = {"loc": "outside lower center", "ncols": 4, "fontsize": 8, "frameon": False}
    figure.legend(axes[0].lines, labels, **look)
    return {"robust_memories": figure}
