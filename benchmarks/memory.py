"""How many random starts replay a memory, beside what is left of it in other models.

    python benchmarks/memory.py                                      # the whole table
    python benchmarks/memory.py --sizes 5 10 --draws 2 --starts 10
    python benchmarks/memory.py --results docs/results/8_memory.json  # for the results page
    python benchmarks/memory.py --fronts --results docs/results/8_wave_fronts.json

Memories are drawn from seeds for targets of several excitations, numbers of modes and bounds of
couplings. Each is started from random phases. It is replayed if all modes have the target's rate
within 2 % and an order parameter of at least 0.99 over the second half of the run; oscillators of
Kuramoto's model, which do not spike, have to turn at ω_s instead. `drawn` are the couplings nearest
to the draw, whether they attract or not; `memorize` those that it returns.

With --fronts, modes keep wave fronts of their own. With --margins 0.05 0.2 0.5, how often memories
are replayed that attract more or less strongly.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import platform
import time
import warnings
from typing import Any

import jax.numpy as jnp
import numpy as np

import wetcow as wc
from wetcow.files import write_whole
from wetcow.memory import UnstableMemoryWarning, fronts, wave_family
from wetcow.memory.ridge import Asked
from wetcow.modes.waveform import one_period
from wetcow.reports.experiments import frequencies

TARGETS, SIZES, BACKGROUND = (1.2, 1.8, 1.95), (5, 10, 20, 50, 100), 0.5
BOUNDS = {"the paper's": (0.2, np.pi / 2), "wide": (2.0, np.pi)}
TIME, ACCURACY = 240.0, 1e-5
CLOSE, TOGETHER = 0.02, 0.99


def weight(bounds: str, size: int) -> float:
    """Largest weight: for the paper's bounds such that they can add up to those of ten modes."""
    largest = BOUNDS[bounds][0]
    return largest if bounds == "wide" else largest * 9 / (size - 1)


def shares(system: Any, couplings: dict[str, list], rate: float, starts: int) -> dict[str, float]:
    """Share of starts, over all couplings of a kind, that end in synchrony at `rate`."""
    runs = wc.sweep(
        system,
        t1=TIME,
        num_samples=481,
        rtol=ACCURACY,
        atol=ACCURACY / 100,
        seed=range(starts),
        coupling=[one for each in couplings.values() for one in each],
        record=False,
        reduce={
            "rate": wc.synchrony.Frequency(after=TIME / 2),
            "order": wc.synchrony.MeanOrder(after=TIME / 2),
        },
    )
    close = (np.abs(runs["rate"] / rate - 1) <= CLOSE).all("mode")
    good = (close & (runs["order"] >= TOGETHER)).mean("seed").values
    ends = np.cumsum([len(each) for each in couplings.values()])[:-1]
    return {
        name: float(part.mean()) for name, part in zip(couplings, np.split(good, ends), strict=True)
    }


def measure(bounds: str, gamma: float, size: int, draws: int, starts: int, seed: int) -> dict:
    """One row of the table."""
    target, omega = wc.Mode(gamma=gamma), np.asarray(frequencies(size))
    seeds = range(seed, seed + draws)

    def memories(unstable: Any) -> list[wc.Network]:
        return [
            wc.memorize(
                target,
                omega,
                BACKGROUND,
                max_weight=weight(bounds, size),
                max_phase=BOUNDS[bounds][1],
                seed=one,
                unstable=unstable,
            )
            for one in seeds
        ]

    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnstableMemoryWarning)
        ours = memories("warn")
    seconds = (time.perf_counter() - began) / draws
    drawn = memories("ignore")

    def couplings(networks: list[wc.Network], change: Any = None) -> list[wc.Dense]:
        changed = [one if change is None else change(one) for one in networks]
        return [wc.Dense(np.asarray(one.coupling.matrix())) for one in changed]

    kinds = {
        "memorize": couplings(ours),
        "drawn": couplings(drawn),
        "amplitude only": couplings(ours, wc.amplitude_only),
        "phase only": couplings(ours, wc.phase_only),
    }
    found = shares(ours[0], kinds, float(target.spiking_frequency()), starts)
    phases = wc.Kuramoto(omega, ours[0].coupling)
    found |= shares(phases, {"Kuramoto": couplings(ours)}, 1.0, starts)
    largest = [max(wc.stability(one).largest for one in each) for each in (drawn, ours)]
    return {
        "bounds": bounds,
        "γ": gamma,
        "modes": size,
        "exponent, drawn": largest[0],
        "exponent": largest[1],
        **found,
        "seconds": seconds,
    }


def basins(margins: list[float], draws: int, starts: int, seed: int) -> dict[str, float]:
    """Share of starts that replay memories of ten modes, target 1.2, wide bounds, by margin."""
    target, omega = wc.Mode(gamma=TARGETS[0]), np.asarray(frequencies(10))
    most, angle = BOUNDS["wide"]
    couplings = {}
    for margin in margins:
        networks = [
            wc.memorize(
                target,
                omega,
                BACKGROUND,
                max_weight=most,
                max_phase=angle,
                seed=one,
                margin=margin,
            )
            for one in range(seed, seed + draws)
        ]
        couplings[f"margin {margin:g}"] = [one.coupling for one in networks]
    system = wc.Network(BACKGROUND, omega, couplings[f"margin {margins[0]:g}"][0])
    return shares(system, couplings, float(target.spiking_frequency()), starts)


class Peak(wc.Reducer):
    """Largest amplitude of each mode from a time on."""

    after: float

    def init(self, t, a):
        return jnp.zeros(a.shape, jnp.abs(a).dtype)

    def update(self, accumulator, t, a):
        return jnp.where(t < self.after, accumulator, jnp.maximum(accumulator, jnp.abs(a)))

    def result(self, accumulator):
        return accumulator


PEAKS, MEMBERS = (0.79, 1.45), 20
FRONT_BOUNDS = {
    "none": (np.inf, np.pi),
    "|δ| ≤ π/2": (np.inf, np.pi / 2),
    "|δ| ≤ π/4": (np.inf, np.pi / 4),
    "w ≤ 0.2, |δ| ≤ π/2": (0.2, np.pi / 2),
}


def family() -> wc.Mode:
    """Twenty modes that spike at the rate of one with γ = 1.9, with equally spaced peaks."""
    rate = float(wc.Mode(gamma=1.9).spiking_frequency())
    omega = np.linspace(0.6, 1.3, 29)
    heights = np.abs(one_period(wc.equal_rate(rate, omega), [0.0]).a[:, 0])
    return wc.equal_rate(rate, np.interp(np.linspace(*PEAKS, MEMBERS), heights, omega))


def wave_fronts(starts: int, seed: int) -> list[dict]:
    """Rows of the table of different wave fronts."""
    target, omega = family(), frequencies(MEMBERS)
    modes = wc.Mode(BACKGROUND, omega)
    heights = np.abs(one_period(target, [0.0]).a[:, 0])
    rate = float(np.mean(target.spiking_frequency()))
    end = 24 * 2 * np.pi / rate
    cases = [("none", ridge, most) for ridge in (0.1, 0.01, 1e-4) for most in (1, 12)]
    cases += [(bounds, 0.1, 12) for bounds in list(FRONT_BOUNDS)[1:]]
    rows, networks = [], []
    for count, (bounds, ridge, most) in enumerate(cases[:1] + cases):
        weight, phase = (np.full((MEMBERS, MEMBERS), value) for value in FRONT_BOUNDS[bounds])
        np.fill_diagonal(weight, 0)
        asked = Asked(BACKGROUND + 1j * omega, weight, phase, np.zeros_like(weight) + 0j)
        began = time.perf_counter()
        found = fronts.corrected(target, modes, asked, ridge, most)
        seconds = time.perf_counter() - began
        if not count:
            continue  # it compiled
        networks.append(wc.Dense(found.r))
        orbit = found.orbit
        rows.append(
            {
                "bounds": bounds,
                "ridge": f"{ridge:g}",
                "put right": "no" if most == 1 else "yes",
                "effective rank": wave_family(target, ridge).rank,
                "residual": f"{found.residual:.2%}",
                "largest w": float(np.abs(found.r).max()),
                "rate or peak, error": "no motion" if orbit is None else f"{found.error:.2%}",
                "exponent": np.nan if orbit is None else orbit.stability.largest,
                "seconds": seconds,
            }
        )
        print(rows[-1], flush=True)
    runs = wc.sweep(
        wc.Network(BACKGROUND, omega, networks[0]),
        t1=end,
        num_samples=24 * 1024 + 1,
        rtol=ACCURACY,
        atol=ACCURACY / 100,
        seed=range(seed, seed + starts),
        coupling=networks,
        record=False,
        reduce={"rate": wc.synchrony.Frequency(after=0.75 * end), "peak": Peak(0.75 * end)},
    )
    close = (np.abs(runs["rate"] / rate - 1) <= 0.01).all("mode")
    close &= (np.abs(runs["peak"] / heights - 1) <= 0.02).all("mode")
    for row, share in zip(rows, close.mean("seed").values, strict=True):
        row["replay"] = float(share)
    return rows


def main() -> None:
    """Print the table, and keep it if asked."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of modes")
    parser.add_argument("--draws", type=int, default=2, help="memories of each kind")
    parser.add_argument("--starts", type=int, default=10, help="random starts of each memory")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=pathlib.Path, metavar="FILE", help="a results table")
    parser.add_argument("--fronts", action="store_true", help="different wave fronts instead")
    parser.add_argument("--margins", type=float, nargs="+", help="basins by margin instead")
    given = parser.parse_args()
    if given.margins:
        print(basins(given.margins, given.draws, given.starts, given.seed))
        return
    if given.fronts:
        rows = [
            {name: _short(value) for name, value in row.items()}
            for row in wave_fronts(given.starts, given.seed)
        ]
        print(*rows, sep="\n")
        if given.results:
            content = json.dumps(_table_of_fronts(rows, given), indent=1, ensure_ascii=False)
            write_whole(given.results, content.encode())
        return
    rows = []
    # Systems of one size share what is compiled.
    for size in given.sizes:
        for bounds in BOUNDS:
            for gamma in TARGETS:
                row = measure(bounds, gamma, size, given.draws, given.starts, given.seed)
                rows.append({name: _short(value) for name, value in row.items()})
                print("  ".join(f"{name}: {value}" for name, value in rows[-1].items()), flush=True)
                if given.results:
                    content = json.dumps(_table(rows, given), indent=1, ensure_ascii=False)
                    write_whole(given.results, content.encode())


def _short(value) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _table(rows: list[dict], given: argparse.Namespace) -> dict:
    """The section of the results page."""
    arguments = f"--draws {given.draws} --starts {given.starts} --seed {given.seed}"
    sizes = " ".join(dict.fromkeys(row["modes"] for row in rows))  # those that are done
    return {
        "title": "Memories that replay",
        "command": f"python benchmarks/memory.py --sizes {sizes} {arguments}",
        "machine": f"{os.cpu_count()} cores of {platform.processor() or platform.machine()}",
        "date": datetime.date.today().isoformat(),
        "seed": given.seed,
        "before": (
            f"Shares of random starts from which memories are replayed: {given.draws} of each "
            f"kind, {given.starts} starts of each, background {BACKGROUND}, run for "
            f"{TIME:g} time units. The paper's bounds are weights up to 0.2 for ten modes (so that "
            "they add up to as much for other numbers) and phases within ±π/2; wide are weights up "
            "to 2 and any phase. *drawn* are the couplings nearest to the draw; *memorize* goes "
            "on to ones that attract; the largest exponents (1/time) are those of the slowest. "
            "Amplitude-only, phase-only and Kuramoto's are the same couplings in "
            " other models; Kuramoto's oscillators need to turn together at ω_s. *seconds* are "
            "those of one call of `memorize`."
        ),
        "columns": list(rows[0]),
        "rows": [list(row.values()) for row in rows],
        "after": "",
    }


def _table_of_fronts(rows: list[dict], given: argparse.Namespace) -> dict:
    """The section of the results page."""
    return {
        "title": "Memories with different wave fronts",
        "command": f"python benchmarks/memory.py --fronts --starts {given.starts} "
        f"--seed {given.seed}",
        "machine": f"{os.cpu_count()} cores of {platform.processor() or platform.machine()}",
        "date": datetime.date.today().isoformat(),
        "seed": given.seed,
        "before": (
            f"{MEMBERS} modes of one rate, that of γ = 1.9, whose peaks are to be from {PEAKS[0]} "
            f"to {PEAKS[1]}, carried by modes with ω from 0.08 to 1.92 and background "
            f"{BACKGROUND}. *residual* is what is left of Σ R_ij b_j = κ_i b_i, relative, of the "
            "worst row; *put right* says whether what is asked for was changed until the true "
            "periodic motion has the rate and the peaks that were wanted, and *error* is the "
            "largest relative one of both then; *exponent* is the largest of that motion, 1/time; "
            f"*replay* is the share of {given.starts} random starts that end with every rate "
            "within 1 % and every peak within 2 %."
        ),
        "columns": list(rows[0]),
        "rows": [list(row.values()) for row in rows],
        "after": "",
    }


if __name__ == "__main__":
    main()
