"""How many memories over overlapping subsets one network holds, beside Kuramoto and Hopfield.

    python benchmarks/capacity.py --json docs/results/8_many_memories.json  # for the results page
    python benchmarks/capacity.py --sizes 10 --draws 1

Subsets are random. A number of memories is held if couplings within the bounds exist and every one
attracts by its exponents (`wetcow.stability`); the number is raised while that is so for half of
the draws. Kuramoto's oscillators get the couplings of the waves. Hopfield's network stores the
same subsets by its covariance rule, at its best threshold: it holds what its own update leaves as
it is. Recall: at the number that is held, a third of the members of a memory start, others hardly,
and all modes outside are kept at rest (`wetcow.memory.many.selecting`).
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import platform
import time
from typing import Any

import numpy as np
from rich.console import Console

import wetcow as wc
from wetcow.files import write_whole
from wetcow.memory.many import exponents, selecting
from wetcow.reports.experiments import frequencies

EXCITATIONS, BACKGROUND = (1.0, 1.6), 0.5
BOUNDS = {"the paper's": (0.2, np.pi / 2), "none": (np.inf, None)}  # weights: of ten members
SHARES = (0.3, 0.6)
RECALLED, TIME, DEPTH = 3, 200.0, 200.0


def main() -> None:
    """Parse the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 20])
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    rows = []
    for size in given.sizes:
        for share in SHARES:
            for bounds in BOUNDS:
                rows.append(measure(size, share, bounds, given.draws, given.seed))
                Console().print(rows[-1])
                if given.json:
                    content = json.dumps(table(rows, given), indent=1, ensure_ascii=False)
                    write_whole(given.json, content.encode())


def subsets_of(size: int, share: float, number: int, seed: int) -> list[np.ndarray]:
    """Random subsets; those of a smaller number are the first ones of a larger."""
    rng = np.random.default_rng([seed, size])
    members = max(3, round(share * size))
    return [np.sort(rng.choice(size, members, replace=False)) for _ in range(number)]


def targets_of(number: int) -> list[wc.Mode]:
    """One for each memory, of different rates: else equal couplings would hold any subset."""
    rng = np.random.default_rng(7)
    return [wc.Mode(gamma=gamma) for gamma in rng.uniform(*EXCITATIONS, number)]


def memories(size: int, bounds: str, subsets: list[np.ndarray]) -> wc.Network | None:
    """The network, nearest to zero; None if there is none."""
    weight, phase = BOUNDS[bounds]
    weight *= 9 / (len(subsets[0]) - 1)
    try:
        return wc.memorize(
            targets_of(len(subsets)),
            frequencies(size),
            BACKGROUND,
            max_weight=weight,
            max_phase=phase,
            subsets=subsets,
            unstable="ignore",
        )
    except wc.memory.InfeasibleMemoryError:
        return None


def waves_hold(size: int, bounds: str, subsets: list[np.ndarray]) -> bool:
    """Whether couplings exist, and all memories attract."""
    network = memories(size, bounds, subsets)
    return network is not None and bool(np.all(exponents(network, subsets) < 0))


def kuramoto_holds(size: int, bounds: str, subsets: list[np.ndarray]) -> bool:
    """The same of the oscillators' phases."""
    network = memories(size, bounds, subsets)
    if network is None:
        return False
    phases = wc.Kuramoto(frequencies(size), network.coupling)
    return bool(np.all(exponents(phases, subsets) < 0))


def hopfield_holds(size: int, _: str, subsets: list[np.ndarray]) -> bool:
    """Whether all subsets are fixed points of units 0 and 1, at one threshold for all."""
    patterns = np.zeros((len(subsets), size))
    for pattern, members in zip(patterns, subsets, strict=True):
        pattern[members] = 1
    centred = patterns - patterns.mean(axis=1, keepdims=True)
    weights = centred.T @ centred
    np.fill_diagonal(weights, 0)
    fields = patterns @ weights
    return bool(fields[patterns == 1].min() > fields[patterns == 0].max())


def most(holds: Any, size: int, share: float, bounds: str, draws: int, seed: int) -> int:
    """The largest number that half of the draws hold, up to four times the modes; by halving."""

    def held(number: int) -> bool:
        good = [
            holds(size, bounds, subsets_of(size, share, number, seed + draw))
            for draw in range(draws)
        ]
        return sum(good) >= draws / 2

    low, high = 0, 4 * size + 1  # held, and not held
    while high - low > 1:
        middle = min((low + high) // 2, 2 * low + 1)
        low, high = (middle, high) if held(middle) else (low, middle)
    return low


def recall(size: int, share: float, bounds: str, number: int, seed: int) -> float:
    """Share of memories that a cue completes, of the draw that a seed gives."""
    subsets = subsets_of(size, share, number, seed)
    network = memories(size, bounds, subsets)
    assert network is not None
    good = []
    rng = np.random.default_rng(seed)
    for target, members in zip(targets_of(number)[:RECALLED], subsets, strict=False):
        a0 = np.full(size, 1e-3, complex)
        cue = members[: max(1, len(members) // 3)]
        a0[cue] = 0.5 * np.exp(2j * np.pi * rng.random(len(cue)))
        drive = selecting(size, [members], [0.0, TIME], depth=DEPTH)
        run = wc.simulate(network, TIME, num_samples=801, a0=a0, drive=drive, rtol=1e-5, atol=1e-7)
        own = run.isel(mode=members)
        late = own.a.sel(time=slice(TIME / 2, None))
        order = float(abs((late / abs(late)).mean("mode")).mean())
        found, rate = np.asarray(wc.spiking_frequency(own)), float(target.spiking_frequency())
        good.append(order > 0.99 and bool(np.all(abs(found / rate - 1) < 0.05)))
    return float(np.mean(good))


def measure(size: int, share: float, bounds: str, draws: int, seed: int) -> dict[str, Any]:
    """One row."""
    began = time.perf_counter()
    kinds = {"waves": waves_hold, "Kuramoto": kuramoto_holds, "Hopfield": hopfield_holds}
    held = {name: most(one, size, share, bounds, draws, seed) for name, one in kinds.items()}
    number = held["waves"]
    holding = [
        one
        for one in range(seed, seed + draws)
        if number and waves_hold(size, bounds, subsets_of(size, share, number, one))
    ]
    found = f"{recall(size, share, bounds, number, holding[0]):.2f}" if holding else ""
    return {
        "modes": size,
        "members": len(subsets_of(size, share, 1, seed)[0]),
        "bounds": bounds,
        **held,
        "recalled from a third": found,
        "seconds": f"{time.perf_counter() - began:.0f}",
    }


def table(rows: list[dict[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    """The section of the results page."""
    sizes = " ".join(dict.fromkeys(str(row["modes"]) for row in rows))
    return {
        "title": "Many memories in one network",
        "command": f"python benchmarks/capacity.py --sizes {sizes} --draws {given.draws} "
        f"--seed {given.seed}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, beside other work",
        "date": datetime.date.today().isoformat(),
        "seed": given.seed,
        "before": (
            "Numbers of memories over random subsets that one network holds, each of its own γ, "
            f"drawn from {EXCITATIONS}; background {BACKGROUND}, ω_i equally spaced in "
            "[0.08, 1.92], couplings nearest to zero. The paper's bounds are |δ| ≤ π/2 and weights "
            "that add up to those of ten modes with w ≤ 0.2. Held: there are couplings within the "
            "bounds, and the synchronized motion of each memory attracts, its members alone; half "
            f"of {given.draws} draws at least. Kuramoto's oscillators have the same couplings. "
            "Hopfield's network stores the same subsets by its covariance rule: all are fixed "
            "points at one threshold. *Recalled*: share of up to "
            f"{RECALLED} memories that a third of their members completes, while other modes "
            "are kept at rest."
        ),
        "columns": list(rows[0]),
        "rows": [[str(value) for value in row.values()] for row in rows],
        "after": (
            "Waves add up and do not compete: what a memory is recalled by is an input that "
            "keeps other modes at rest. Hopfield's units find their memory by themselves."
        ),
    }


if __name__ == "__main__":
    main()
