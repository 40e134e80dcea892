"""A whole brain of 76 regions: phase diagram, functional connectivity, delays, and a memory.

    pip install tvb-data                     # has a measured connectome of 76 regions
    python examples/whole_brain.py --out pictures --json -

Without tvb-data, or a file that is named, it runs on a made-up connectome.

Takes three to seven minutes on two cores; ``--quick`` is coarse and takes half of one.
"""

from __future__ import annotations

import argparse
import importlib.util
import pathlib
import sys
import time
import warnings
from typing import Any, Literal

import numpy as np
import xarray as xr

import wetcow as wc
from wetcow.cli.output import write_json
from wetcow.files import save_figure
from wetcow.networks.connectome import Connectome, load_connectome
from wetcow.plotting import (
    figure_connectivity,
    figure_phase_approximation,
    figure_phase_diagram,
    plot_brain,
)
from wetcow.synchrony import Frequency, MeanOrder
from wetcow.synchrony.connectivity import compare_connectivity, functional_connectivity

SPREAD = 0.05  # standard deviation of the regions' frequencies, of their mean
GAMMA = 0.5  # criticality 0.25 of a region alone
COUPLINGS = ("no delay", "phase delay at ω", "phase delay at the settled frequency", "exact delay")


def example_brain(path: pathlib.Path | None) -> Connectome:
    """The file's connectome; or the 76 regions in the package tvb-data; or a made-up one."""
    spec = importlib.util.find_spec("tvb_data")
    if path is None and spec is not None and spec.origin is not None:
        path = pathlib.Path(spec.origin).parent / "connectivity" / "connectivity_76.zip"
    if path is None:
        print("no file and no tvb-data: the connectome is made up")
        return Connectome.example(frequency=10.0, speed=3.0)
    return load_connectome(path, frequency=10.0, speed=3.0)


def phase_diagram(brain: Connectome, omega: Any, steps: int, t1: float) -> xr.Dataset:
    """One sweep over coupling strength × excitation, reduced while running."""
    return wc.sweep(
        brain.to_network(omega=omega, coupling_strength=1.0),
        t1=t1,
        num_samples=int(10 * t1) + 1,
        seed=0,
        precision="single",
        rtol=1e-4,
        coupling_strength=np.linspace(0, 1.2, steps),
        gamma=np.linspace(0, 2.4, steps),
        record=False,
        reduce={"frequency": Frequency(t1 / 2), "order": MeanOrder(t1 / 2)},
    )


def critical_line(brain: Connectome) -> tuple[np.ndarray, np.ndarray]:
    """Where [29, 30] put the critical point of an average region: γ̄ = γ_c(ω̄)."""
    total = np.asarray(brain.coupling().matrix()).sum(axis=1).mean()
    strength = np.linspace(0, 1.2, 50)
    gamma = 2 * (1 + strength * total.imag) - strength * total.real
    return strength[gamma >= 0], gamma[gamma >= 0] / 2


def connectivity_by_strength(
    brain: Connectome, omega: Any, strengths: Any, t1: float
) -> tuple[xr.Dataset, xr.DataArray]:
    """Phase locking against structure for several coupling strengths; and that of the best."""
    runs = wc.sweep(
        brain.to_network(gamma=GAMMA, omega=omega, coupling_strength=1.0),
        t1=t1,
        num_samples=int(5 * t1) + 1,
        seed=0,
        precision="single",
        rtol=1e-4,
        coupling_strength=strengths,
    )
    # A region without any link has phases, but no place in a comparison with links.
    links = brain.links | brain.links.T
    upper = np.triu(np.ones_like(links), 1)
    # Names of regions begin with their hemisphere, l or r.
    side = np.array([name[0] for name in brain.regions or ()])
    sides = side[:, None] == side
    rows, matrices = [], []
    for index in range(len(strengths)):
        locked = functional_connectivity(runs.isel(coupling_strength=index), after=t1 / 3)
        agreement = compare_connectivity(brain.weights, locked)
        value = locked.values
        rows.append(
            (
                agreement.pearson,
                agreement.spearman,
                compare_connectivity(brain.weights, locked, sides).pearson,
                value[upper & links].mean(),
                value[upper & ~links].mean(),
            )
        )
        matrices.append(locked)
    names = ("pearson", "spearman", "pearson_within_hemispheres", "linked", "unlinked")
    table = xr.Dataset(
        {
            name: ("coupling_strength", np.array(column))
            for name, column in zip(names, zip(*rows, strict=True), strict=True)
        },
        {"coupling_strength": strengths},
    )
    best = int(np.argmax(table["pearson"].values))
    return table.assign_attrs(shown=float(strengths[best])), brain.label(matrices[best])


class Outcome:
    """Frequencies and phase locking of networks that differ in their seeds only."""

    def __init__(self, network: wc.Network, seeds: Any, t1: float, **stepping: Any):
        runs = wc.sweep(
            network, t1=t1, num_samples=int(10 * t1) + 1, seed=seeds, precision="single", **stepping
        )
        each = [runs.isel(seed=index) for index in range(len(seeds))]
        self.frequency = np.array([wc.spiking_frequency(run).values for run in each])
        self.order = float(
            np.mean([wc.order_parameter(run).sel(time=slice(t1 / 2, None)) for run in each])
        )
        self.locking = [functional_connectivity(run) for run in each]

    def agreement(self, other: Outcome) -> float:
        """Mean correlation of phase locking over pairs of runs, none with itself."""
        pairs = [
            compare_connectivity(a, b).pearson
            for a in self.locking
            for b in other.locking
            if a is not b
        ]
        return float(np.mean(pairs))


def phase_approximation(
    brain: Connectome, omega: Any, gammas: Any, speeds: Any, num_seeds: int, t1: float
) -> xr.Dataset:
    """Networks with phase delays beside the same with exact ones."""
    seeds, strength = range(num_seeds), 0.4
    errors = np.empty((len(gammas), len(speeds), len(COUPLINGS)))
    connectivity, order, frequency = (np.empty_like(errors) for _ in range(3))
    for i, gamma in enumerate(gammas):
        for j, speed in enumerate(speeds):
            one = brain.replace(speed=speed)

            def network(one=one, gamma=gamma, **delays):
                return one.to_network(gamma, strength, omega=omega, **delays)

            step = min(0.05, one.coupling(delays="exact").delays[0])
            exact = Outcome(network(delays="exact"), seeds, t1, dt=step)
            # Slower waves are delayed less: iterate to the frequency that the delays lead to.
            settled, hertz = None, brain.frequency
            for _ in range(5):
                settled = Outcome(network(frequency=hertz), seeds, t1, rtol=1e-4)
                hertz = max(brain.frequency * settled.frequency.mean(), 0.0)
            assert settled is not None
            outcomes = (
                Outcome(network(delays="none"), seeds, t1, rtol=1e-4),
                Outcome(network(), seeds, t1, rtol=1e-4),
                settled,
                exact,
            )
            for k, outcome in enumerate(outcomes):
                difference = outcome.frequency.mean(axis=0) - exact.frequency.mean(axis=0)
                if outcome is exact:  # the scatter between its seeds
                    difference = outcome.frequency[0] - outcome.frequency[-1]
                errors[i, j, k] = brain.frequency * np.sqrt(np.mean(difference**2))
                connectivity[i, j, k] = exact.agreement(outcome)
                order[i, j, k] = outcome.order
                frequency[i, j, k] = brain.frequency * outcome.frequency.mean()
    dims = ("gamma", "speed", "coupling")
    return xr.Dataset(
        {
            "frequency_error": (dims, errors),
            "connectivity": (dims, connectivity),
            "order": (dims, order),
            "frequency": (dims, frequency),
        },
        {
            "gamma": list(gammas),
            "speed": list(speeds),
            "coupling": [*COUPLINGS[:-1], "exact delay, another seed"],
        },
    )


def memory(brain: Connectome, num_starts: int, t1: float) -> dict[str, Any]:
    """Ask the connectome's links, and no others, to hold a critically synchronized memory.

    Weights are bounded by the structural ones (times two over their mean). The couplings nearest to
    zero, those nearest to random ones, and those that `memorize` makes of these as they do not
    attract, all satisfy the conditions [26-30].
    """
    linked = brain.select(np.flatnonzero(brain.links.any(axis=1)).tolist())
    omega = np.random.default_rng(1).normal(1, 0.2, linked.size)
    target = wc.Mode(gamma=1.9)
    wanted = float(target.spiking_frequency())
    outcome: dict[str, Any] = {"regions": linked.size, "frequency_wanted": wanted}
    constructed: tuple[tuple[str, int | None, Literal["warn", "ignore"]], ...] = (
        ("nearest to zero", None, "warn"),
        ("nearest to random", 0, "ignore"),
        ("nearest to random that attract", 0, "warn"),
    )
    for name, seed, unstable in constructed:
        network = wc.memorize(
            target,
            omega,
            background=0.5,
            links=linked.links,
            max_weight=2 * linked.weights / linked.weights[linked.links].mean(),
            max_phase=np.pi / 2,
            seed=seed,
            unstable=unstable,
        )
        runs = wc.sweep(
            network,
            t1=t1,
            num_samples=int(10 * t1) + 1,
            seed=range(num_starts),
            rtol=1e-6,
            atol=1e-8,
        )
        deviation = [
            float(abs(wc.spiking_frequency(runs.isel(seed=index)) / wanted - 1).max())
            for index in range(num_starts)
        ]
        weights = np.abs(np.asarray(network.coupling.matrix()))
        outcome[name] = {
            "links_outside_the_connectome": int((weights[~linked.links] > 0).sum()),
            "mean_sum_of_weights": float(weights.sum(axis=1).mean()),
            "starts": num_starts,
            "replays": int(np.sum(np.array(deviation) < 0.005)),
            "order_at_the_end": float(wc.order_parameter(runs).isel(time=-1).mean()),
        }
    return outcome


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="A whole brain of 76 regions.")
    parser.add_argument("connectome", nargs="?", type=pathlib.Path, help="default: tvb-data's")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("docs/images"))
    parser.add_argument("--json", help="write the numbers to this file, or - for the screen")
    parser.add_argument("--quick", action="store_true", help="coarse and short")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run everything; return the numbers."""
    options = parse(arguments)
    quick, began = options.quick, time.perf_counter()

    # Where an amplitude passes by zero its phase turns at once: in one sample of 300,000, and with
    # the same frequencies at four times as many samples.
    warnings.filterwarnings("ignore", message="phases turn")

    brain = example_brain(options.connectome)
    omega = np.random.default_rng(0).normal(1, SPREAD, brain.size)
    print(brain)

    # In 90 units phases of coupled regions have not yet settled to their links.
    t1 = 200.0 if quick else 600.0
    strengths = np.array([0.0, 0.4]) if quick else np.linspace(0, 0.8, 17)
    if quick:
        runs = phase_diagram(brain, omega, steps=3, t1=60.0)
        scores = phase_approximation(
            brain, omega, gammas=(0.5,), speeds=(3.0,), num_seeds=2, t1=60.0
        )
        remembered = memory(brain, num_starts=2, t1=100.0)
    else:
        runs = phase_diagram(brain, omega, steps=17, t1=400.0)
        scores = phase_approximation(
            brain, omega, gammas=(0.5, 1.0), speeds=(12.0, 6.0, 3.0, 1.5), num_seeds=3, t1=400.0
        )
        remembered = memory(brain, num_starts=6, t1=300.0)
    table, locked = connectivity_by_strength(brain, omega, strengths, t1=t1)
    # The frequencies of the run whose phase locking is drawn.
    shown = table.attrs["shown"]
    one = wc.simulate(
        brain.to_network(GAMMA, shown, omega=omega), t1=t1, num_samples=int(10 * t1) + 1, seed=0
    )
    hertz = brain.frequency * wc.spiking_frequency(brain.label(one)).values
    pictures = {
        "brain_phase_diagram": figure_phase_diagram(runs, brain, critical_line(brain)),
        "brain_connectivity": figure_connectivity(brain, locked, table),
        "brain_map": plot_brain(brain, hertz, "spiking frequency (Hz)"),
        "brain_delays": figure_phase_approximation(scores),
    }
    for name, figure in pictures.items():
        save_figure(figure, options.out / f"{name}.png", dpi=110)
    numbers = {
        "connectome": repr(brain),
        "connectivity": table.to_dict(data="list"),
        "delays": scores.to_dict(data="list"),
        "memory": remembered,
        "seconds": time.perf_counter() - began,
    }
    write_json(numbers, options.json)
    return numbers


if __name__ == "__main__":
    main(sys.argv[1:])
