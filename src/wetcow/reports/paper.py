"""The paper's figures from our integration, and which of its claims they bear out."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from wetcow.modes.mode import Mode
from wetcow.reports import experiments, figures
from wetcow.reports.evidence import Claim, by_rule
from wetcow.reports.page import Page
from wetcow.reports.replay import fig2 as fig2, fig3 as fig3
from wetcow.synchrony import spiking_frequency

_BESIDE = 0.001  # distance from the critical point on both sides of which modes are integrated
_FREQUENCIES = {
    "criticality": "cr",
    "paper": "paper: integrated (Fig. 1, S1–S8)",
    "analytic": "paper: analytic [14]",
    "adiabatic": "adiabatic with lag",
    "exact": "exact (fit)",
    "integrated": "integrated",
    "excess": "[14] above integrated",
}
_SCORES = {
    "model": "coupling",
    "order": "order parameter",
    "silent": "share of silent modes",
    "periods": "linear periods to r ≥ 0.99",
    "synchronized": "share synchronized",
    "within_one_period": "share within one period",
    "frequency": "mean frequency",
    "replays": "share replaying the target",
}


@functools.cache  # for figure 1 and figures S1-S8
def _single_modes() -> tuple[xr.Dataset, tuple[float, float]]:
    """Integrate the modes of figures S1–S8, and find the frequencies beside the critical point."""
    shown = experiments.SUPPLEMENT
    runs = experiments.single_modes((*shown, 1 - _BESIDE, 1 + _BESIDE))
    beside = runs.isel(gamma=slice(len(shown), None))
    below, above = spiking_frequency(beside, after=200.0).isel(mode=0).values
    return runs.isel(gamma=slice(len(shown))), (float(below), float(above))


def _frequency_table(page: Page, rows: list[dict[str, Any]]) -> None:
    rows = [
        {**row, "paper": "drawn, not printed", "excess": row["analytic"] / row["integrated"] - 1}
        for row in rows
    ]
    page.table("spiking_frequency", rows, _FREQUENCIES)
    page.text("Spiking frequency ω_s for ω = 1. The paper prints no values of its solutions.")


def _rate_law(rows: list[dict[str, float]]) -> Claim:
    """Judge [14] by its values, and by how the frequency vanishes at the critical point."""
    excess = [row["analytic"] / row["integrated"] - 1 for row in rows]
    before, last = rows[-2:]
    slope = np.log(before["integrated"] / last["integrated"]) / np.log(
        (1 - before["criticality"] ** 2) / (1 - last["criticality"] ** 2)
    )
    return Claim(
        claim="The spiking frequency is ω_s = ω sqrt(1 − cr²)",
        where="[14], figure 1",
        verdict=by_rule(max(map(abs, excess)) < 0.01, abs(slope - 0.5) < 0.025),
        measured=f"[14] lies {excess[0]:.1%} above the integrated frequency at cr = "
        f"{rows[0]['criticality']:g} and {excess[-1]:.1%} at cr = {last['criticality']:g}; the "
        f"exponent of 1 − cr² between the last two is {slope:.3f}, and 1/2 in the formula.",
    )


def _critical_point(below: float, above: float) -> Claim:
    """Judge [15, 18] by the frequencies of a mode on each side."""
    return Claim(
        claim="A mode spikes for ever below the critical excitation γ_c = ω/w, and is silent "
        "beyond",
        where="[13–18]",
        verdict=by_rule(below > 0.01 and abs(above) < 1e-3, below > 0.01 or abs(above) < 1e-3),
        measured=f"Integrated frequencies {below:.4f} at cr = {1 - _BESIDE:g} and {abs(above):.4f} "
        f"at cr = {1 + _BESIDE:g}, so that the critical point is exact to {_BESIDE:.1%} or better.",
    )


def _constants(page: Page) -> None:
    mode = Mode(gamma=1.0)
    rows = [
        {"quantity": "critical phase φ_c [17]", "paper": "arctan(1/2) = 0.46365", "ours": None},
        {"quantity": "ratio w [16]", "paper": "1/2", "ours": None},
        {"quantity": "critical excitation γ_c [15] for ω = 1", "paper": "2", "ours": None},
    ]
    computed = (mode.critical_phase, mode.critical_ratio, mode.critical_gamma)
    for row, value in zip(rows, computed, strict=True):
        row["ours"] = float(value)
    labels = {"quantity": "constant (w_a = w_φ = √5, ψ = 2 arctan ⅓, α = 3)"}
    page.table("constants", rows, {**labels, "paper": "paper", "ours": "computed"})
    wanted = (np.arctan(0.5), 0.5, 2.0)
    error = max(abs(row["ours"] - value) for row, value in zip(rows, wanted, strict=True))
    page.claim(
        Claim(
            claim="Its constants give φ_c = arctan ½, w = ½ and γ_c = 2ω",
            where="[15–17]",
            verdict=by_rule(error < 1e-12, error < 1e-3),
            measured="Computed, they are equal to these in every digit."
            if error == 0
            else f"Computed, none of the three is further from these than {error:.0e}.",
        )
    )


def fig1(page: Page, seed: int, quick: bool = False) -> None:
    """Figure 1: spiking frequency against criticality."""
    page.heading("Figure 1: firing rate of a single mode [13–18]", "fig1")
    _constants(page)
    runs, beside = _single_modes()
    rows = experiments.frequency_table(runs)
    page.figure(
        "fig1",
        figures.figure_1(runs, rows),
        "Effective spiking frequency against criticality; right: integrated amplitudes.",
    )
    page.claim(_rate_law(rows))
    page.claim(_critical_point(*beside))
    _frequency_table(page, rows)


def fig_s(page: Page, seed: int, quick: bool = False) -> None:
    """Figures S1–S8: single modes."""
    page.heading("Figures S1–S8: amplitude and phase of single modes", "figS")
    runs, _ = _single_modes()
    for index, criticality in enumerate(experiments.SUPPLEMENT):
        figure = figures.figure_supplement(runs.isel(gamma=index), criticality, index + 1)
        page.figure(f"figS{index + 1}", figure, f"Figure S{index + 1}: cr = {criticality}.")
    page.claim(_spikes(runs))
    if "spiking_frequency" not in page.tables:
        _frequency_table(page, experiments.frequency_table(runs))


def _spikes(runs: xr.Dataset) -> Claim:
    """Judge the change from waves to spikes by the share of time in which half a turn is made."""
    late = runs.isel(time=slice(runs.sizes["time"] // 4, None), mode=0)
    shares = []
    for index in range(runs.sizes["gamma"]):
        turning = np.gradient(np.unwrap(np.angle(late["a"].isel(gamma=index).values)))
        fastest = np.sort(turning)[::-1].cumsum()
        shares.append(float(np.mean(fastest < fastest[-1] / 2)))
    return Claim(
        claim="Towards criticality a wave turns into spikes, short beside the time between them",
        where="figures S1–S8",
        verdict=by_rule(
            bool(np.all(np.diff(shares) < 0)) and shares[-1] < 0.1, shares[-1] < shares[0]
        ),
        measured=f"Half of all turning happens in {shares[0]:.0%} of the time at cr = "
        f"{experiments.SUPPLEMENT[0]:g} and in {shares[-1]:.1%} at cr = "
        f"{experiments.SUPPLEMENT[-1]:g}.",
    )


def synchrony(page: Page, seed: int, quick: bool = False, which: Sequence[str] = ()) -> None:
    """Synchronization by phase and amplitude against what others keep of it."""
    for memory in which or (["fig2"] if quick else experiments.REPLAYS):
        heading = f"Synchronization of the ten modes of figure {memory[-1]}, by coupling"
        page.heading(heading, "synchrony")
        scores = experiments.synchronization(memory, num_draws=10 if quick else 100, seed=seed)
        rows = experiments.synchronization_table(scores)
        number = scores.sizes["draw"] * scores.sizes["start"]
        unknown = int(scores["frequency"].isnull().sum())
        page.figure(
            f"synchrony_{memory}",
            figures.figure_synchronization(scores),
            f"{number} runs a model: {scores.sizes['draw']} random couplings × "
            f"{scores.sizes['start']} random initial phases, {scores.attrs['t1']:g} time units. Of "
            f"{unknown} runs no mean frequency is drawn: a mode that moves spiked less than twice "
            "in their second half.",
        )
        for claim in _synchrony_claims(rows, number, memory[-1]):
            page.claim(claim)
        page.table(f"synchrony_{memory}", rows, _SCORES)


def _synchrony_claims(rows: list[dict[str, Any]], number: int, figure: str) -> list[Claim]:
    by_name = {row["model"]: row for row in rows}
    both = by_name.pop("phase and amplitude")
    kuramoto = by_name["Kuramoto, same w and δ"]
    median, low, high = both["periods"]
    others = max(row["replays"] for row in by_name.values())
    fast = both["within_one_period"]
    return [
        Claim(
            claim=f"Synchrony comes faster than one linear period (figure {figure}, random "
            "couplings)",
            where=f"figure {figure}",
            verdict=by_rule(fast >= 0.99, fast >= 0.5),
            measured=f"In {fast:.1%} of {number} runs, after a median of {median:.3f} periods "
            f"[quartiles {low:.3f}, {high:.3f}]. The same couplings in Kuramoto oscillators need "
            f"{kuramoto['periods'][0]:.3f} periods, {kuramoto['within_one_period']:.1%} of runs "
            "less than one: part of the speed is in the condition on the couplings, which makes "
            "all total frequencies equal.",
        ),
        Claim(
            claim=f"Only phase and amplitude together replay a memory (figure {figure})",
            where="[26–30], discussion",
            verdict=by_rule(both["replays"] >= 0.99 and others <= 0.01, both["replays"] > others),
            measured=f"{both['replays']:.1%} of runs have all modes within 0.5 % of the target's "
            f"frequency; of the other couplings at most {others:.1%}.",
        ),
    ]
