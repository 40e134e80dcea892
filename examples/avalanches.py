"""Look for power laws in the avalanches of near-critical, noisy regions of a brain.

    pip install tvb-data                     # has connectomes
    python examples/avalanches.py --out pictures --json -

Every region is brought to the same distance beyond its critical point, where it is silent until
noise makes it spike. The coupling then decides how far spikes spread. Takes four to eight minutes
on two cores; ``--quick`` takes half of one.
"""

from __future__ import annotations

import argparse
import importlib.util
import pathlib
import sys
import time
import warnings
from typing import Any

import numpy as np

import wetcow as wc
from wetcow.cli.output import write_json
from wetcow.files import save_figure
from wetcow.networks.connectome import Connectome, load_connectome
from wetcow.plotting import figure_avalanches
from wetcow.synchrony.avalanches import (
    Avalanches,
    Events,
    crackling,
    find_avalanches,
    find_events,
    shuffled,
)
from wetcow.synchrony.power_law import PowerLaw, fit_power_law

BEYOND = 0.01  # criticality is 1.01 everywhere
NOISE = 0.05  # amplitude/sqrt(time)
SETTLED = 100.0  # time units left out at the start


def example_file(regions: int) -> pathlib.Path:
    """Path of a connectome in the package tvb-data."""
    spec = importlib.util.find_spec("tvb_data")
    if spec is None or spec.origin is None:
        raise SystemExit("no connectome: give a file, or `pip install tvb-data`")
    return pathlib.Path(spec.origin).parent / "connectivity" / f"connectivity_{regions}.zip"


def near_critical(brain: Connectome, strength: float) -> wc.Network:
    """Network whose regions all rest at the same criticality: γ̄_i = 1.01 γ_c(ω̄_i), [29, 30]."""
    total = np.asarray(brain.coupling(strength).matrix()).sum(axis=1)
    gamma = 2 * (1 + BEYOND) * (1 + total.imag) - total.real
    return brain.to_network(gamma, strength)


def record(network: wc.Network, t1: float, num_seeds: int) -> list[Events]:
    """Spikes of several noisy runs."""
    runs = wc.sweep(
        network,
        t1=t1,
        num_samples=int(5 * t1) + 1,
        seed=range(num_seeds),
        noise=NOISE,
        dt=0.05,
        precision="single",
    )
    return [find_events(runs.isel(seed=index), after=SETTLED) for index in range(num_seeds)]


def joined(recordings: list[Events], bins: float = 1.0) -> Avalanches:
    """Avalanches of all recordings, with bins in units of the mean interval between events."""
    number = sum(len(one.time) for one in recordings)
    interval = sum(one.end - one.start for one in recordings) / number
    first, *others = (find_avalanches(one, bins * interval) for one in recordings)
    return first.joined(*others)


def describe(fit: PowerLaw) -> dict[str, Any]:
    """What is worth printing of a fit."""
    return {
        "exponent": fit.exponent,
        "error": fit.error,
        "from": fit.xmin,
        "share": fit.num_tail / fit.num_values,
        "decades": fit.decades,
        "p_value": fit.p_value,
        "better": [name for name, (ratio, p) in fit.alternatives.items() if ratio < 0 and p < 0.1],
        "verdict": fit.verdict,
    }


def study(
    brain: Connectome, strength: float, t1: float, num_seeds: int, bins: tuple[float, ...]
) -> tuple[dict[str, Any], list[Events], Avalanches, Avalanches, PowerLaw]:
    """Record, find avalanches, fit; and the same for independent modes."""
    recordings = record(near_critical(brain, strength), t1, num_seeds)
    found = joined(recordings)
    independent = joined([shuffled(one, seed) for seed, one in enumerate(recordings)])
    sizes, durations = fit_power_law(found.size), fit_power_law(found.duration)
    bounded = fit_power_law(found.size, xmax=brain.size)
    numbers = {
        "coupling": strength,
        "events": sum(len(one.time) for one in recordings),
        "avalanches": len(found.size),
        "largest": int(found.size.max()),
        "largest_independent": int(independent.size.max()),
        "branching_ratio": found.branching_ratio,
        "branching_ratio_independent": independent.branching_ratio,
        "sizes": describe(sizes),
        "sizes_bounded_by_regions": describe(bounded),
        "durations": describe(durations),
        "crackling": crackling(found, sizes, durations)._asdict(),
        "exponent_of_sizes_by_bin": {
            f"{one:g}": fit_power_law(joined(recordings, one).size, num_bootstrap=0).exponent
            for one in bins
        },
    }
    return numbers, recordings, found, independent, sizes


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run everything; return the numbers."""
    parser = argparse.ArgumentParser(description="Avalanches of near-critical, noisy regions.")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("docs/images"))
    parser.add_argument("--json", help="write the numbers to this file, or - for the screen")
    parser.add_argument("--quick", action="store_true", help="one network, short")
    options = parser.parse_args(arguments)
    quick, began = options.quick, time.perf_counter()

    # Where an amplitude passes by zero its phase turns at once; in a sample of thousands.
    warnings.filterwarnings("ignore", message="phases turn")
    strengths = (0.0, 0.35) if quick else (0.0, 0.15, 0.25, 0.35, 0.5, 0.7)
    lasting = {76: 2000.0} if quick else {76: 6000.0, 192: 3000.0}
    numbers: dict[str, Any] = {"criticality": 1 + BEYOND, "noise": NOISE}
    for regions, t1 in lasting.items():
        # Rows that sum to one, or regions would differ in how much spreads to them.
        brain = load_connectome(example_file(regions), normalisation="row")
        rows, found, shown, fits, independent = [], {}, None, {}, None
        for strength in strengths:
            row, recordings, one, alone, fit = study(
                brain, strength, t1, 2 if quick else 3, (0.5, 1.0, 2.0)
            )
            rows.append({"seconds_recorded": len(recordings) * t1 * brain.time_unit, **row})
            found[f"{strength:g}"] = one
            if strength == 0.35:
                shown, independent = recordings[0], alone
                fits[f"{strength:g}"] = fit
        assert shown is not None and independent is not None
        figure = figure_avalanches(shown, found, fits, independent, brain.size, span=150.0)
        save_figure(figure, options.out / f"avalanche_{regions}.png", dpi=110)
        numbers[f"{regions} regions"] = rows
    numbers["seconds"] = time.perf_counter() - began
    write_json(numbers, options.json)
    return numbers


if __name__ == "__main__":
    main(sys.argv[1:])
