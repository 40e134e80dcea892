"""`wetcow reproduce`: the paper's figures from our integration, and what they show."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wetcow.modes.mode import Mode
from wetcow.reports import experiments, figures
from wetcow.reports.page import Page
from wetcow.synchrony import order_parameter, spiking_frequency, time_to_synchrony

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
    "periods": "linear periods to r ≥ 0.99",
    "synchronized": "share synchronized",
    "within_one_period": "share within one period",
    "frequency": "mean frequency",
    "replays": "share replaying the target",
}


def _frequency_table(page: Page, rows: list[dict[str, Any]]) -> None:
    rows = [
        {**row, "paper": "drawn, not printed", "excess": row["analytic"] / row["integrated"] - 1}
        for row in rows
    ]
    page.table("spiking_frequency", rows, _FREQUENCIES)
    last = rows[-1]
    page.finding(
        f"Spiking frequency ω_s for ω = 1. [14] has the right square-root law and the exact "
        f"critical point, but at cr = {last['criticality']:g} it lies {last['excess']:.1%} above "
        f"the integrated frequency. The paper prints no values of its numerical solutions."
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


def fig1(page: Page, seed: int) -> None:
    """Figure 1: spiking frequency against criticality."""
    page.heading("Figure 1: firing rate of a single mode [13–18]")
    _constants(page)
    runs = experiments.single_modes()
    rows = experiments.frequency_table(runs)
    page.figure(
        "fig1",
        figures.figure_1(runs, rows),
        "Effective spiking frequency against criticality; right: integrated amplitudes.",
    )
    _frequency_table(page, rows)


def fig_s(page: Page, seed: int) -> None:
    """Figures S1–S8: single modes."""
    page.heading("Figures S1–S8: amplitude and phase of single modes")
    runs = experiments.single_modes()
    for index, criticality in enumerate(experiments.SUPPLEMENT):
        figure = figures.figure_supplement(runs.isel(gamma=index), criticality, index + 1)
        page.figure(f"figS{index + 1}", figure, f"Figure S{index + 1}: cr = {criticality}.")
    if "spiking_frequency" not in page.tables:
        _frequency_table(page, experiments.frequency_table(runs))


def _memory(page: Page, which: str, seed: int) -> None:
    number = which.removeprefix("fig")
    target, background, _ = experiments.REPLAYS[which]
    network, single, run = experiments.replay(which, seed)
    regime = {"fig2": "subcritical", "fig3": "close to critical"}[which]
    page.heading(f"Figure {number}: ten modes replay a {regime} mode [26–30]")
    page.figure(
        which,
        figures.figure_memory(single, run, f"Figure {number}"),
        f"Single mode with γ_s = {target}; ten modes with γ_i = {background}, no sensory input.",
    )
    coupling = network.coupling.matrix()
    links = coupling[~np.eye(network.size, dtype=bool)]
    each = spiking_frequency(run).values
    wanted = float(Mode(gamma=target).spiking_frequency())
    rows = [
        {
            "quantity": "standard deviation of ω_i (mean 1)",
            "paper": "0.58–0.59",
            "ours": f"{experiments.OMEGA.std():.4f}",
        },
        {
            "quantity": "range of w_ij",
            "paper": "0 to 0.2",
            "ours": f"{np.abs(links).min():.3f} to {np.abs(links).max():.3f}",
        },
        {
            "quantity": "range of δ_ij (rad)",
            "paper": "−π/2 to π/2",
            "ours": f"{-np.angle(links).max():.3f} to {-np.angle(links).min():.3f}",
        },
        {
            "quantity": "spiking frequency of the single mode",
            "paper": f"[14]: {float(Mode(gamma=target).spiking_frequency('analytic')):.5f}",
            "ours": f"{wanted:.5f} (adiabatic: "
            f"{float(Mode(gamma=target).spiking_frequency('adiabatic')):.5f})",
        },
        {
            "quantity": "spiking frequencies of the ten modes",
            "paper": "the same",
            "ours": f"{each.min():.5f} to {each.max():.5f}",
        },
        {
            "quantity": "order parameter at the end",
            "paper": "“very strong and precise”",
            "ours": f"{float(order_parameter(run)[-1]):.6f}",
        },
        {
            "quantity": "linear periods until r stays ≥ 0.99",
            "paper": "“faster than the single period”",
            "ours": f"{float(time_to_synchrony(run)):.3f}",
        },
    ]
    columns = {"quantity": "quantity", "paper": "paper", "ours": "integrated"}
    page.table(which, rows, columns)
    page.text(
        "The paper's modes keep different wavefronts; ours become copies of the target, because "
        "the couplings give every mode the target's total excitation and total frequency. The sign "
        "of [30] is the one that follows from [20] (ω̄_i = ω_i − Σ w_ij sin δ_ij)."
    )


def fig2(page: Page, seed: int) -> None:
    """Figure 2: a subcritical memory."""
    _memory(page, "fig2", seed)


def fig3(page: Page, seed: int) -> None:
    """Figure 3: a memory close to critical."""
    _memory(page, "fig3", seed)


def synchrony(page: Page, seed: int, num_draws: int = 100, which: Sequence[str] = ()) -> None:
    """Synchronization by phase and amplitude against what others keep of it."""
    for memory in which or experiments.REPLAYS:
        page.heading(f"Synchronization of the ten modes of figure {memory[-1]}, by coupling")
        scores = experiments.synchronization(memory, num_draws=num_draws, seed=seed)
        rows = experiments.synchronization_table(scores)
        number = scores.sizes["draw"] * scores.sizes["start"]
        page.figure(
            f"synchrony_{memory}",
            figures.figure_synchronization(scores),
            f"{number} runs a model: {scores.sizes['draw']} random couplings × "
            f"{scores.sizes['start']} random initial phases, {scores.attrs['t1']:g} time units.",
        )
        page.table(f"synchrony_{memory}", rows, _SCORES)
        page.finding(_verdict(rows, number))


def _verdict(rows: list[dict[str, Any]], number: int) -> str:
    by_name = {row["model"]: row for row in rows}
    both = by_name["phase and amplitude"]
    kuramoto = by_name["Kuramoto, same w and δ"]
    median, low, high = both["periods"]
    return (
        f"The paper says that synchrony comes faster than one linear period. In "
        f"{both['within_one_period']:.1%} of {number} runs it does, after a median of {median:.3f} "
        f"periods [quartiles {low:.3f}, {high:.3f}]. The same couplings in Kuramoto oscillators "
        f"need {kuramoto['periods'][0]:.3f} periods, {kuramoto['within_one_period']:.1%} of runs "
        f"less than one: part of the speed is in the condition on the couplings, which makes all "
        f"total frequencies equal. Only with amplitude and phase do the modes also replay the "
        f"target's spiking frequency ({both['replays']:.1%} of runs within 0.5 % in every mode; "
        f"Kuramoto {kuramoto['replays']:.1%})."
    )


ITEMS: dict[str, Callable[[Page, int], None]] = {
    "fig1": fig1,
    "figS": fig_s,
    "fig2": fig2,
    "fig3": fig3,
    "synchrony": synchrony,
}


def reproduce(
    items: Sequence[str],
    out: str | os.PathLike,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Reproduce parts of the paper and write the report.

    Parameters
    ----------
    items : sequence of str
        Of "fig1", "figS", "fig2", "fig3", "synchrony"; "all" or nothing for all of them.
    out : path
        Folder for ``index.html``, the figures as PNG, and ``report.json``.
    seed : int
        Of couplings and initial phases.
    say : callable, optional
        Called with the heading of each section when work on it starts.

    Returns
    -------
    dict
        "html", "figures", "findings", "tables", "provenance": what ``report.json`` holds.

    Raises
    ------
    ValueError
        For unknown items.
    """
    unknown = [item for item in items if item not in (*ITEMS, "all")]
    if unknown:
        raise ValueError(f"unknown items {unknown}; choose from {[*ITEMS, 'all']}")
    chosen = [item for item in ITEMS if not items or "all" in items or item in items]
    title = "Critically synchronized brain waves: the paper beside our integration"
    page = Page(title, out, seed, say)
    for item in chosen:
        ITEMS[item](page, seed)
    return page.save()
