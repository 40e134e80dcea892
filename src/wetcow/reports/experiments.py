"""The computations behind the figures: everything here is integrated, nothing is drawn."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from wetcow.memory import memorize
from wetcow.modes.equal_rate import equal_rate
from wetcow.modes.mode import Mode
from wetcow.networks.baselines import Kuramoto, amplitude_only, phase_only
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.simulation.simulate import simulate
from wetcow.simulation.sweep import sweep
from wetcow.synchrony import (
    Frequency,
    MeanOrder,
    SilentShare,
    SynchronyTime,
    spiking_frequency,
)

SUPPLEMENT = (0.125, 0.25, 0.5, 0.75, 0.945, 0.99, 0.995, 0.9975)  # cr of figures S1–S8


def frequencies(size: int) -> np.ndarray:
    """Return so many equally spaced ω_i around 1, float64 (size,)."""
    return np.linspace(1 - 0.9165, 1 + 0.9165, size)


OMEGA = frequencies(10)  # mean 1, standard deviation 0.585
MAX_WEIGHT, MAX_PHASE = 0.2, np.pi / 2  # the paper's ranges of w_ij and δ_ij


class Replay(NamedTuple):
    """A memory of figure 2 or 3: what to replay, and the excitation the modes have without it.

    The paper gives neither. Nine links of at most 0.2 add up to 1.8, so the background has to make
    up for the rest of γ_s, with room for the frequencies and for random couplings.
    """

    gamma: float
    background: float
    t1: float


REPLAYS = {
    "fig2": Replay(gamma=1.5, background=0.4, t1=50.0),
    "fig3": Replay(gamma=1.98, background=0.8, t1=200.0),
}


def single_modes(criticality: Any = SUPPLEMENT, t1: float = 800.0) -> xr.Dataset:
    """Integrate single modes at given criticality, ω = 1, canonical constants; a on (gamma, time).

    At cr = 0.9975 the period is 125: 800 time units hold six.
    """
    gamma = np.asarray(criticality) * Mode(gamma=0.0).critical_gamma
    return sweep(Mode(gamma=0.0), t1=t1, num_samples=int(20 * t1) + 1, gamma=gamma)


def frequency_table(runs: xr.Dataset) -> list[dict[str, float]]:
    """Rows of "analytic / adiabatic / exact / integrated" for the runs of `single_modes`."""
    modes = Mode(gamma=runs["gamma"].values)
    after = 0.25 * float(runs["time"][-1])
    integrated = spiking_frequency(runs, after=after).isel(mode=0).values
    columns = {
        "criticality": modes.criticality,
        "analytic": modes.spiking_frequency("analytic"),
        "adiabatic": modes.spiking_frequency("adiabatic"),
        "exact": modes.spiking_frequency("exact"),
        "integrated": integrated,
    }
    return [
        {name: float(value[row]) for name, value in columns.items()} for row in range(modes.size)
    ]


def replay(which: str, seed: int) -> tuple[Network, xr.Dataset, xr.Dataset]:
    """Build the memory of a figure; return it with the runs of the single mode and the network."""
    target, background, t1 = REPLAYS[which]
    network = memorize(
        Mode(gamma=target),
        omega=OMEGA,
        background=background,
        max_weight=MAX_WEIGHT,
        max_phase=MAX_PHASE,
        seed=seed,
    )
    samples = int(20 * t1) + 1
    single = simulate(Mode(gamma=target), t1=t1, num_samples=samples)
    return network, single, simulate(network, t1=t1, num_samples=samples, seed=seed)


SPREAD, FRONTS_WEIGHT = 0.2, 0.4


def replay_fronts(which: str, seed: int) -> tuple[Mode, Network, xr.Dataset]:
    """As `replay`, but each mode keeps a wave front of its own; return what each is to be first.

    The fronts are of modes with ω̄ from 0.8 to 1.2 that spike at the rate of the single mode. They
    need weights of up to 0.4, twice the paper's.
    """
    gamma, background, t1 = REPLAYS[which]
    rate = float(Mode(gamma=gamma).spiking_frequency())
    target = equal_rate(rate, np.linspace(1 - SPREAD, 1 + SPREAD, len(OMEGA)))
    network = memorize(
        target,
        omega=OMEGA,
        background=background,
        max_weight=FRONTS_WEIGHT,
        max_phase=MAX_PHASE,
        seed=seed,
    )
    run = simulate(network, t1=2 * t1, num_samples=int(80 * t1) + 1, seed=seed)
    return target, network, run


def contenders(
    which: str, num_draws: int, seed: int, size: int = 10
) -> dict[str, tuple[Any, list[Dense]]]:
    """The same modes with `num_draws` random memories, and what is left of them in other models.

    Weights of more or fewer than ten modes are such that they can add up to as much.

    Returns, by name, a system and the couplings to put into it.
    """
    target, background, _ = REPLAYS[which]
    omega = frequencies(size)
    networks = [
        memorize(
            Mode(gamma=target),
            omega=omega,
            background=background,
            max_weight=MAX_WEIGHT * (9 / (size - 1)),
            max_phase=MAX_PHASE,
            seed=seed + draw,
        )
        for draw in range(num_draws)
    ]

    def couplings(change):
        return [Dense(np.asarray(change(network).coupling.matrix())) for network in networks]

    full = couplings(lambda network: network)
    undelayed = [Dense(np.abs(coupling.r)) for coupling in full]
    return {
        "phase and amplitude": (networks[0], full),
        "phase only": (networks[0], couplings(phase_only)),
        "amplitude only": (networks[0], couplings(amplitude_only)),
        "Kuramoto, same w and δ": (Kuramoto(omega, full[0]), full),
        "Kuramoto, same w, δ = 0": (Kuramoto(omega, undelayed[0]), undelayed),
    }


def synchronization(
    which: str = "fig2",
    num_draws: int = 100,
    num_starts: int = 2,
    seed: int = 0,
    size: int = 10,
    t1: float | None = None,
) -> xr.Dataset:
    """Score each model over random couplings × random initial phases.

    Parameters
    ----------
    which : {"fig2", "fig3"}
        The memory.
    num_draws, num_starts : int
        Numbers of couplings and of initial phases.
    seed : int
        Of both.
    size : int
        Number of modes.
    t1 : float, optional
        Length of a run, 1/ω. Default: six times that of the figure, whose second half holds several
        spikes also near criticality.

    Returns
    -------
    xarray.Dataset
        On (model, draw, start): ``order`` (phase order parameter of the modes that move, mean over
        the second half; NaN if fewer than two do), ``silent`` (share of modes that are silent at
        the end), ``periods`` (linear periods until the order parameter stays ≥ 0.99; infinite if
        never, or if modes fall silent), ``frequency`` (mean over modes), ``deviation`` (largest
        relative deviation of a mode from the target's). The last two are NaN where a mode that
        moves spikes too seldom to be counted.
    """
    t1 = 6 * REPLAYS[which].t1 if t1 is None else t1
    target = float(Mode(gamma=REPLAYS[which].gamma).spiking_frequency())
    models = contenders(which, num_draws, seed, size)
    kinds: dict[type, list[str]] = {}  # each is compiled once
    for name, (system, _) in models.items():
        kinds.setdefault(type(system), []).append(name)
    scores = {}
    for names in kinds.values():
        couplings = [one for name in names for one in models[name][1]]
        seeds = range(seed, seed + num_starts)
        runs = _scores(_reduced(models[names[0]][0], couplings, seeds, t1), target)
        for place, name in enumerate(names):
            own = runs.isel(draw=slice(place * num_draws, (place + 1) * num_draws))
            scores[name] = own.assign_coords(draw=np.arange(num_draws))
    joined = xr.concat([scores[name] for name in models], xr.IndexVariable("model", [*models]))
    return joined.assign_attrs(target=target, which=which, seed=seed, t1=t1)


def _reduced(system: Any, couplings: list[Dense], seeds: range, t1: float) -> xr.Dataset:
    """Run all couplings and seeds; of what is NaN, `synchronization` says why."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*spiked less than twice")
        return sweep(
            system,
            t1=t1,
            num_samples=int(10 * t1) + 1,
            rtol=1e-6,
            coupling=couplings,
            seed=seeds,
            record=False,
            reduce={
                "order": MeanOrder(t1 / 2),
                "silent": SilentShare(),
                "until_synchrony": SynchronyTime(0.99),
                "each": Frequency(t1 / 2),
            },
        )


def _scores(runs: xr.Dataset, target: float) -> xr.Dataset:
    """What `synchronization` returns, of the reduced runs of a sweep, on (draw, start)."""
    periods = runs["until_synchrony"] / (2 * np.pi / OMEGA.mean())
    return xr.Dataset(
        {
            "order": runs["order"],
            "silent": runs["silent"],
            "periods": periods.where(runs["silent"] == 0, np.inf),
            "frequency": runs["each"].mean("mode", skipna=False),
            "deviation": abs(runs["each"] / target - 1).max("mode", skipna=False),
        }
    ).rename(coupling="draw", seed="start")


def quartiles(values: Any) -> tuple[float, float, float]:
    """Median and quartiles; infinite entries count as large, NaN are left out."""
    ordered = np.sort(np.ravel(values))
    ordered = ordered[~np.isnan(ordered)]
    if not ordered.size:
        return float("nan"), float("nan"), float("nan")
    middle, low, high = (float(ordered[int(q * (ordered.size - 1))]) for q in (0.5, 0.25, 0.75))
    return middle, low, high


def synchronization_table(scores: xr.Dataset) -> list[dict[str, Any]]:
    """One row a model: medians with quartiles, and shares of the runs."""
    rows = []
    for name in scores["model"].values:
        one = scores.sel(model=name)
        rows.append(
            {
                "model": str(name),
                "order": quartiles(one["order"]),
                "silent": float(one["silent"].mean()),
                "periods": quartiles(one["periods"]),
                "synchronized": float(np.isfinite(one["periods"]).mean()),
                "within_one_period": float((one["periods"] < 1).mean()),
                "frequency": quartiles(one["frequency"]),
                "replays": float((one["deviation"] < 0.005).mean()),
            }
        )
    return rows
