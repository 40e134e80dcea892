"""Count the memory maps of one process that simulates and fits many times.

    python benchmarks/memory_maps.py --json docs/results/9_memory_maps.json  # for the results page
    python benchmarks/memory_maps.py --simulations 100 --fits 5

XLA keeps some hundred memory maps for each compiled call, and the kernel ends a process that has
more than ``vm.max_map_count``. Simulations of random systems, lengths, tolerances and steps, then
fits of random budgets of hidden modes, must therefore share what is compiled or drop it
(`wetcow.process`). The maps have levelled off if the last half of each part has added none, or
stay below half of what the kernel allows.
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
from rich.progress import track
from rich.table import Table

import wetcow as wc
from wetcow.files import write_whole
from wetcow.process import SHARE_OF_MAPS, count_maps

POINTS = 20  # at which maps are counted, in each part
QUARTERS = (0.25, 0.5, 0.75, 1.0)


def main() -> None:
    """Parse the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--fits", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if min(options.simulations, options.fits) < 1:
        parser.error("--simulations and --fits must be at least 1")
    if count_maps() is None:
        parser.error("this system does not say how many memory maps a process has")
    rng = np.random.default_rng(options.seed)
    parts = {
        "simulations": measure("simulations", options.simulations, lambda: simulate(rng)),
        "fits": measure("fits", options.fits, lambda: fit(rng)),
    }
    _, allowed = count_maps() or (0, 0)
    result: dict[str, Any] = {"allowed": allowed, "parts": parts}
    show(result)
    if options.json:
        content = results_table(result, options.seed)
        write_whole(options.json, json.dumps(content, indent=1, ensure_ascii=False).encode())


def simulate(rng: np.random.Generator) -> None:
    """One run of random length, duration, tolerances or step, of one of a few sizes."""
    size = int(rng.choice([1, 4, 20]))
    r = rng.uniform(0, 0.5 / size, (size, size))
    np.fill_diagonal(r, 0)
    network = wc.Network(rng.uniform(0.5, 1.9, size), rng.uniform(0.8, 1.2, size), wc.Dense(r))
    steps: dict[str, float] = {"rtol": 10.0 ** rng.uniform(-8, -4)}
    if rng.random() < 0.5:
        steps = {"dt": rng.uniform(0.01, 0.1)}
    wc.simulate(network, rng.uniform(1, 20), num_samples=int(rng.integers(2, 3000)), **steps)


def fit(rng: np.random.Generator) -> None:
    """One fit to a random number of random images."""
    count, side = int(rng.integers(20, 200)), int(rng.integers(4, 9))
    images = rng.uniform(size=(count, side * side))
    labels = np.arange(count) % 3
    wc.WaveClassifier(n_modes=int(rng.integers(20, 60))).fit(images, labels)


def measure(name: str, number: int, one: Any) -> dict[str, Any]:
    """Do something many times; maps and seconds on the way."""
    done, maps, start = [], [], time.perf_counter()
    marks = set(np.linspace(0, number, POINTS + 1).astype(int).tolist())
    for index in track(range(1, number + 1), description=name):
        one()
        if index in marks:
            done.append(index)
            maps.append((count_maps() or (0, 0))[0])
    return {"done": done, "maps": maps, "seconds": time.perf_counter() - start}


def results_table(result: dict[str, Any], seed: int) -> dict[str, Any]:
    """Maps after each quarter of each part, as a table of the results page."""
    rows = []
    for name, part in result["parts"].items():
        number = part["done"][-1]
        nearest = [
            int(np.argmin(np.abs(np.array(part["done"]) - share * number))) for share in QUARTERS
        ]
        maps = [f"{part['maps'][index]:,}" for index in nearest]
        rows.append([f"{number:,} {name}", *maps, f"{max(part['maps']):,}"])
    counts = " ".join(f"--{name} {part['done'][-1]}" for name, part in result["parts"].items())
    allowed = result["allowed"]
    return {
        "title": "Memory maps of a process that goes on and on",
        "command": f"python benchmarks/memory_maps.py {counts} --seed {seed}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "date": datetime.date.today().isoformat(),
        "seed": seed,
        "before": "One process simulates networks of 1, 4 and 20 modes with random couplings, "
        "lengths, tolerances and steps, and then fits classifiers of random sizes to random "
        "images. The table has its memory maps after a quarter, a half, three quarters and all "
        f"of each. The kernel ends a process that has more than {allowed:,} of them.",
        "columns": ["done", *(f"after {share:.0%}" for share in QUARTERS), "most"],
        "rows": rows,
        "after": "Compiled calls, which hold the maps, are dropped when there are more than "
        f"{int(SHARE_OF_MAPS * allowed):,}, and compiled again where they are needed.",
    }


def show(result: dict[str, Any]) -> None:
    """Print maps on the way, and whether they level off."""
    console = Console()
    for name, part in result["parts"].items():
        table = Table(title=f"memory maps after {name} (the kernel allows {result['allowed']:,})")
        table.add_column(name, justify="right")
        table.add_column("maps", justify="right")
        for done, maps in zip(part["done"], part["maps"], strict=True):
            table.add_row(f"{done:,}", f"{maps:,}")
        console.print(table)
        console.print(f"most: {max(part['maps']):,}; {part['seconds']:.0f} s")


if __name__ == "__main__":
    main()
