"""Figures 2 and 3 from our integration: ten modes replay a mode that is remembered."""

from __future__ import annotations

import numpy as np

from wetcow.modes.mode import Mode
from wetcow.modes.waveform import one_period
from wetcow.reports import experiments, figures
from wetcow.reports.evidence import Claim, by_rule
from wetcow.reports.page import Page
from wetcow.synchrony import order_parameter, spiking_frequency, time_to_synchrony
from wetcow.synchrony.stability import stability


def _replay(page: Page, which: str, seed: int) -> None:
    number = which.removeprefix("fig")
    target, background, _ = experiments.REPLAYS[which]
    network, single, run = experiments.replay(which, seed)
    regime = {"fig2": "subcritical", "fig3": "near-critical"}[which]
    page.heading(f"Figure {number}: ten modes replay a {regime} mode [26–30]", which)
    page.figure(
        which,
        figures.figure_memory(single, run, f"Figure {number}"),
        f"Single mode with γ_s = {target}; ten modes with γ_i = {background}, no sensory input.",
    )
    coupling = network.coupling.matrix()
    links = coupling[~np.eye(network.size, dtype=bool)]
    # Three quarters of the run hold two spikes also near criticality.
    each = spiking_frequency(run, after=0.25 * float(run["time"][-1])).values
    wanted = float(Mode(gamma=target).spiking_frequency())
    order, periods = float(order_parameter(run)[-1]), float(time_to_synchrony(run))
    off = float(np.max(np.abs(each / wanted - 1)))
    for claim in _claims(
        number, regime, seed, off=off, order=order, periods=periods, wanted=wanted
    ):
        page.claim(claim)
    columns = {"quantity": "quantity", "paper": "paper", "ours": "integrated"}
    rows = _rows(links, target, each, order=order, periods=periods)
    page.table(which, rows, columns)
    _fronts(page, which, seed)


def _fronts(page: Page, which: str, seed: int) -> None:
    """The other kind of memory: fronts that differ, as those in the paper's figures."""
    target, network, run = experiments.replay_fronts(which, seed)
    found = stability(network, near=target)
    late = run.sel(time=slice(float(run["time"][-1]) - 2 * found.period, None))
    peaks = np.abs(late["a"].values).max(axis=0)
    wanted = np.abs(one_period(target, [0.0]).a[:, 0])
    rate = float(np.mean(target.spiking_frequency()))
    number = which.removeprefix("fig")
    title = f"Figure {number}: ten modes of one rate with wave fronts of their own"
    page.figure(
        f"{which}_fronts",
        figures.figure_fronts(run, found.period, title),
        f"Weights up to {experiments.FRONTS_WEIGHT:g}, phases within ±π/2, nearest to random ones.",
    )
    peaks_off = np.abs(peaks / wanted - 1).max()
    rate_off = abs(2 * np.pi / found.period / rate - 1)
    page.text(
        "The paper's modes keep different wavefronts. The memory above makes them copies of the "
        "target, because its couplings give every mode the target's total excitation and total "
        "frequency. The one in this figure is nearer to the paper's: each mode was given a front "
        f"of its own, with peaks from {wanted.min():.3f} to {wanted.max():.3f}. Integrated from "
        f"random phases they are within {peaks_off:.1%} of that, at a rate within {rate_off:.1%} "
        f"of the single mode's; the largest exponent is {found.largest:.3f}. The sign of [30] is "
        "the one that follows from [20] (ω̄_i = ω_i − Σ w_ij sin δ_ij)."
    )


def _rows(
    links: np.ndarray, target: float, each: np.ndarray, *, order: float, periods: float
) -> list[dict[str, str]]:
    """What a memory is made of and does, beside what the paper says of it."""
    single = Mode(gamma=target)
    wanted = float(single.spiking_frequency())
    adiabatic = float(single.spiking_frequency("adiabatic"))
    analytic = float(single.spiking_frequency("analytic"))
    return [
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
            "paper": f"[14]: {analytic:.5f}",
            "ours": f"{wanted:.5f} (adiabatic: {adiabatic:.5f})",
        },
        {
            "quantity": "spiking frequencies of the ten modes",
            "paper": "the same",
            "ours": f"{each.min():.5f} to {each.max():.5f}",
        },
        {
            "quantity": "order parameter at the end",
            "paper": "“very strong and precise”",
            "ours": f"{order:.6f}",
        },
        {
            "quantity": "linear periods until r stays ≥ 0.99",
            "paper": "“faster than the single period”",
            "ours": f"{periods:.3f}",
        },
    ]


def _claims(
    number: str,
    regime: str,
    seed: int,
    *,
    off: float,
    order: float,
    periods: float,
    wanted: float,
) -> list[Claim]:
    """Judge whether a memory replays its mode, and how soon."""
    return [
        Claim(
            claim=f"Ten modes of other frequencies replay a {regime} mode without its sensory "
            "input",
            where=f"figure {number}, [26–30]",
            verdict=by_rule(off < 0.005 and order > 0.99, off < 0.05 and order > 0.9),
            measured=f"All spike within {off:.1e} of its frequency {wanted:.4f}, and the order "
            f"parameter is {order:.4f}.",
        ),
        Claim(
            claim=f"They synchronize faster than a single linear period ({regime} memory)",
            where=f"figure {number}",
            verdict=by_rule(periods < 1, periods < 2),
            measured=f"r stays at 0.99 or more after {periods:.3f} linear periods (seed {seed}).",
        ),
    ]


def fig2(page: Page, seed: int, quick: bool = False) -> None:
    """Figure 2: a subcritical memory."""
    _replay(page, "fig2", seed)


def fig3(page: Page, seed: int, quick: bool = False) -> None:
    """Figure 3: a memory close to critical."""
    _replay(page, "fig3", seed)
