"""Memories of waves that travel: each mode moves like the one before it, a part of a period later.

    python benchmarks/travelling.py
    python benchmarks/travelling.py --sizes 60 --ridges 0.01 --starts 10
    python benchmarks/travelling.py --results docs/results/8_travelling_waves.json

The wave goes on if after a number of periods every mode has its peak within 2 % of a period of
where it is asked for, all turned alike, and of the height asked for within 5 %. It is started
beside the wave, each mode up to several hundredths of a period early or late, and at random.
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

import numpy as np

import wetcow as wc
from wetcow.files import write_whole
from wetcow.memory import UnstableMemoryWarning, wave_family
from wetcow.modes.waveform import one_period
from wetcow.reports.experiments import frequencies

GAMMA, BACKGROUND = 1.5, 0.5
PERIODS, SAMPLES = 40, 256
SHAKEN = 0.03  # standard deviation of what modes are early or late, periods
LATE, HEIGHT = 0.02, 0.05
OUTCOMES = ("exponent", "goes on, beside", "goes on, random", "synchrony, random")


def measure(size: int, ridge: float, starts: int, seed: int) -> dict[str, Any]:
    """One row of the table."""
    target, lags = wc.Mode(gamma=np.full(size, GAMMA)), np.arange(size) / size
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnstableMemoryWarning)
        network = wc.memorize(
            wc.Mode(gamma=GAMMA), frequencies(size), BACKGROUND, ridge=ridge, lags=lags
        )
    seconds = time.perf_counter() - began
    row = {
        "modes": str(size),
        "ridge": f"{ridge:g}",
        "effective rank": f"{wave_family(target, ridge, lags=lags).rank:.1f}",
        "largest w": f"{np.abs(np.asarray(network.coupling.matrix())).max():.2f}",
        "seconds": f"{seconds:.1f}",
    }
    try:
        found = wc.stability(network, near=target, lags=lags)
    except ValueError:  # near the wave there is no periodic motion
        return {**row, **dict.fromkeys(OUTCOMES, "no motion")}
    rng = np.random.default_rng(seed)
    beside = [
        one_period(target, [0.0], lags + SHAKEN * rng.normal(size=size)).a[:, 0]
        for _ in range(starts)
    ]
    random = 0.1 * np.exp(2j * np.pi * rng.random((starts, size)))
    end, samples = PERIODS * found.period, PERIODS * SAMPLES + 1
    peak = float(np.abs(one_period(wc.Mode(gamma=GAMMA), [0.0]).a[0, 0]))
    ends = np.array(
        [
            _end(np.abs(run.a.values[-SAMPLES:]), lags, peak)
            for run in (
                wc.simulate(network, end, num_samples=samples, rtol=1e-6, a0=a0)
                for a0 in [*beside, *random]
            )
        ]
    )
    values = [
        f"{found.largest:.4f}",
        f"{np.mean(ends[:starts] == 'wave'):.2f}",
        f"{np.mean(ends[starts:] == 'wave'):.2f}",
        f"{np.mean(ends[starts:] == 'synchrony'):.2f}",
    ]
    return {**row, **dict(zip(OUTCOMES, values, strict=True))}


def _end(amplitude: np.ndarray, lags: np.ndarray, peak: float) -> str:
    """What a last period, (samples, modes), is."""
    if np.abs(amplitude.max(axis=0) / peak - 1).max() > HEIGHT:
        return "else"
    times = amplitude.argmax(axis=0) / len(amplitude)
    for name, asked in (("wave", lags), ("synchrony", 0 * lags)):
        turned = np.exp(2j * np.pi * (times - asked))
        if np.abs(np.angle(turned / turned.mean())).max() <= 2 * np.pi * LATE:
            return name
    return "else"


def main() -> None:
    """Print the table, and keep it if asked."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 40, 60])
    parser.add_argument("--ridges", type=float, nargs="+", default=[0.1, 0.01, 0.001])
    parser.add_argument("--starts", type=int, default=10, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=pathlib.Path, metavar="FILE", help="a results table")
    given = parser.parse_args()
    rows = []
    for size in given.sizes:
        for ridge in given.ridges:
            rows.append(measure(size, ridge, given.starts, given.seed))
            print("  ".join(f"{name}: {value}" for name, value in rows[-1].items()), flush=True)
    if given.results:
        content = json.dumps(_table(rows, given), indent=1, ensure_ascii=False)
        write_whole(given.results, content.encode())


def _table(rows: list[dict[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    """The section of the results page."""
    sizes, ridges = (" ".join(map(str, each)) for each in (given.sizes, given.ridges))
    return {
        "title": "Memories of waves that travel",
        "command": f"python benchmarks/travelling.py --sizes {sizes} --ridges {ridges} "
        f"--starts {given.starts} --seed {given.seed}",
        "machine": f"{os.cpu_count()} cores of {platform.processor() or platform.machine()}",
        "date": datetime.date.today().isoformat(),
        "seed": given.seed,
        "before": (
            f"Modes that move like one of γ = {GAMMA:g}, each the same part of a period later, "
            f"once around; carried by modes with ω from 0.08 to 1.92 and background "
            f"{BACKGROUND:g}, couplings without bounds. *effective rank* is how many independent "
            "motions there are for the ridge, which is tried first; weaker ones follow until the "
            "wave attracts. *exponent* is the largest Floquet exponent of the wave, 1/time. "
            f"*goes on*: share of {given.starts} starts after {PERIODS} periods, "
            f"beside the wave (modes early or late by {SHAKEN:g} periods, standard deviation) and "
            "from random phases; some of the latter end in synchrony, which the same couplings "
            "hold. *seconds* are those of `memorize`."
        ),
        "columns": list(rows[0]),
        "rows": [list(row.values()) for row in rows],
        "after": "",
    }


if __name__ == "__main__":
    main()
