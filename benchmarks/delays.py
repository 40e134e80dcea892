"""Networks with conduction delays: steps in blocks beside looking up all pairs at each stage.

    python benchmarks/delays.py --json docs/results/9_delays.json  # for the results page
    python benchmarks/delays.py --sizes 76 --biology 1

Both are in the package: `simulate` lays links out in blocks; systems of one's own, which ask for
the past at any time, have it looked up as before. Brains are random: regions in a ball 140 mm wide,
a share of all pairs linked, 3 m/s, 10 Hz, whose period is 2π. Times are of one step, the least of
some, one beside the other in the same process; errors are against steps of a tenth.
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

import equinox as eqx
import jax
import numpy as np
from rich.console import Console
from rich.table import Table

import wetcow as wc
from wetcow.bench.brains import DENSITY, random_brain
from wetcow.files import write_whole
from wetcow.simulation.laid_out import in_blocks
from wetcow.simulation.plan import choose_stepping
from wetcow.simulation.steps.advance import advance
from wetcow.simulation.steps.stepping import Fixed, initial_state, traced_stepping

PERIOD = 2 * np.pi  # 0.1 s of biology
REPEATS, ENOUGH = 15, 60.0  # seconds after which they are not repeated
COLUMNS = (
    "regions",
    "links",
    "step before",
    "step",
    "ratio",
    "while the start arrives",
    "error before",
    "error",
)


def main() -> None:
    """Parse the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[76, 200, 500, 1000])
    parser.add_argument("--density", type=float, default=DENSITY, help="share of pairs linked")
    parser.add_argument("--biology", type=float, default=10.0, help="seconds of the whole run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    with jax.enable_x64(True):
        rows = [measure(size, options.density, options.seed) for size in options.sizes]
    whole = whole_run(options.sizes[0], options.density, options.biology, options.seed)
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*cells(row))
    Console().print(table, whole)
    if options.json:
        content = results_table(rows, whole, options)
        write_whole(options.json, json.dumps(content, indent=1, ensure_ascii=False).encode())


def brain(size: int, density: float, seed: int) -> wc.Network:
    """Random regions, linked with exact delays."""
    return random_brain(size, density, seed).to_network(delays="exact")


def measure(size: int, density: float, seed: int) -> dict[str, Any]:
    """One row: seconds of a step by both ways, and their errors."""
    network = brain(size, density, seed)
    stepping = _stepping(network)
    blocks = in_blocks(network, stepping)
    few = max(2, round(1e5 / size**2))
    first = max(10, few)
    many = min(512, max(32, round(1e7 / size**2) // 16 * 16))
    ways = {
        "before": (network, few, 10**6),
        "after": (blocks, many, 10**6),
        "first": (blocks, first, 0),
    }
    each, began = dict.fromkeys(ways, np.inf), time.perf_counter()
    for repeat in range(REPEATS + 1):  # the first compiles
        if repeat > 2 and time.perf_counter() - began > ENOUGH:
            break
        for name, (system, count, begun) in ways.items():
            each[name] = min(each[name], _seconds(system, stepping, count, begun) / count)
    row = {"regions": size, "links": int(np.count_nonzero(network.coupling.matrix())), **each}
    if size <= 100:
        row |= _errors(network, stepping)
    return row


def _stepping(network: wc.Network, dt: float | None = None) -> Fixed:
    times = np.array([0.0, PERIOD / 20])
    stepping = choose_stepping(network, times, dt, None, None, False, "double")
    assert isinstance(stepping, Fixed)
    return stepping


@eqx.filter_jit
def _advance(system: Any, state: Any, times: Any, stepping: Any, count: Any) -> Any:
    return advance(system, state, times, stepping, count=count)


def _seconds(system: Any, stepping: Fixed, count: int, begun: int) -> float:
    """Of so many steps after some, of constant amplitudes."""
    state = initial_state(system.initial(jax.random.key(0)), stepping)
    state = state._replace(step=np.asarray(begun))
    one = traced_stepping(stepping._replace(steps_per_sample=count))
    times = np.array([0.0, count * stepping.dt])
    start = time.perf_counter()
    jax.block_until_ready(_advance(system, state, times, one, np.asarray(1)))
    return time.perf_counter() - start


def _errors(network: wc.Network, stepping: Fixed, periods: int = 2) -> dict[str, float]:
    """Root mean square of the differences to ten times as many steps, by the amplitudes' own."""

    def run(laid_out: bool, step: Fixed) -> np.ndarray:
        system = in_blocks(network, step) if laid_out else network
        state = initial_state(network.initial(jax.random.key(0)), step)
        times = np.linspace(0, periods * PERIOD, 20 * periods + 1)
        return np.asarray(
            _advance(system, state, times, traced_stepping(step), np.asarray(20 * periods))[0]
        )

    finer = _stepping(network, stepping.dt / 10)
    exact = run(False, finer)
    return {
        name: float(np.linalg.norm(run(how, stepping) - exact) / np.linalg.norm(exact))
        for name, how in (("error_before", False), ("error", True))
    }


def whole_run(size: int, density: float, biology: float, seed: int) -> dict[str, float]:
    """Seconds of `simulate` for so many seconds of biology, compiled before."""
    network = brain(size, density, seed)
    count = round(200 * biology)
    for _ in range(2):
        start = time.perf_counter()
        wc.simulate(network, t1=10 * biology * PERIOD, num_samples=count + 1, seed=seed)
        seconds = time.perf_counter() - start
    return {"regions": size, "biology": biology, "seconds": seconds}


def cells(row: dict[str, Any]) -> list[str]:
    """One row of the table as text."""
    microseconds = [f"{1e6 * row[name]:,.0f} µs" for name in ("before", "after")]
    errors = [f"{row[name]:.1e}" if name in row else "" for name in ("error_before", "error")]
    return [
        f"{row['regions']:,}",
        f"{row['links']:,}",
        *microseconds,
        f"{row['before'] / row['after']:.1f}",
        f"{1e6 * row['first']:,.0f} µs",
        *errors,
    ]


def results_table(rows: list[dict[str, Any]], whole: dict[str, float], options: Any) -> dict:
    """The section of the results page."""
    sizes = " ".join(map(str, options.sizes))
    return {
        "title": "Networks with conduction delays",
        "command": f"python benchmarks/delays.py --sizes {sizes} --seed {options.seed}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, beside other work",
        "date": datetime.date.today().isoformat(),
        "seed": options.seed,
        "before": (
            f"Random brains, {options.density:.0%} of all pairs linked, 3 m/s, 10 Hz. Until now "
            "the past of all pairs was looked up at each stage of a step; now what arrives over "
            "links is read once for several steps. Both were timed in one process, each the "
            f"least of 2 to {REPEATS}. Until all links have brought the start, where slopes jump, "
            "they are read at each stage. Errors are relative, after 0.2 s of biology, against "
            "steps of a tenth."
        ),
        "columns": list(COLUMNS),
        "rows": [cells(row) for row in rows],
        "after": (
            f"`simulate` took {whole['seconds']:.1f} s for {whole['biology']:g} s of biology of "
            f"{whole['regions']} regions."
        ),
    }


if __name__ == "__main__":
    main()
