"""Seeded random runs, measured by the package and by a few lines of NumPy.

``cases(seed, number)`` are dictionaries that say how a run is made; ``check(case)`` makes it,
measures it and returns "ok", "refused" (a ValueError), or what was wrong.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

import wetcow as wc
from wetcow.synchrony import silent_modes
from wetcow.synchrony.connectivity import MEASURES

KINDS = ("spiking", "slow", "silent", "damped", "still", "noise")
DAMAGES = ("none", "sliced", "nan_end", "one_sample", "backwards", "masked", "empty", "late")
TOLERANCE = 1e-9


def cases(seed: int, number: int) -> Iterator[dict[str, Any]]:
    """Random runs: kinds of modes, samples, leading dimensions, and what is done to them."""
    rng = np.random.default_rng(seed)
    for index in range(number):
        yield {
            "seed": int(rng.integers(2**31)),
            "kinds": [str(kind) for kind in rng.choice(KINDS, rng.integers(1, 6))],
            "lanes": [int(size) for size in rng.integers(1, 4, rng.integers(0, 3))],
            "samples": int(rng.integers(300, 1500)),
            "damage": DAMAGES[index % len(DAMAGES)],
            "measure": str(rng.choice(MEASURES)),
        }


def _mode(kind: str, time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Complex amplitude of one mode, (samples,); time runs from 0 to 100."""
    start, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0.8, 3.0)
    steady = rng.uniform(0.2, 1.0) * (1 + 0.3 * np.sin(speed * time))
    if kind == "spiking":  # slower and faster, but ever onward
        return steady * np.exp(1j * (start + speed * time + 0.6 * np.sin(speed * time)))
    if kind == "slow":  # less than a turn in the second half
        return steady * np.exp(1j * (start + rng.uniform(0.005, 0.05) * time))
    if kind == "silent":  # falls silent before a third of the run
        return 0.5 * np.exp(1j * (start + 3 * np.exp(-rng.uniform(0.5, 1.0) * time)))
    if kind == "damped":
        return 0.3 * np.exp((1j * speed - rng.uniform(1.0, 2.0)) * time)
    if kind == "still":
        return np.full(time.shape, 0.4 * np.exp(1j * start))
    shake = rng.normal(size=time.size) * 10 ** rng.uniform(-3, -1)
    return 0.5 * np.exp(1j * (start + shake))  # trembles, goes nowhere


def make(case: dict[str, Any]) -> tuple[xr.Dataset, np.ndarray]:
    """The run of a case, and which modes are silent by its end, (…, mode)."""
    rng = np.random.default_rng(case["seed"])
    time = np.linspace(0, 100, case["samples"])
    shape = (*case["lanes"], len(case["kinds"]))
    a = np.empty((*shape, time.size), complex)
    for place in np.ndindex(shape):
        a[place] = _mode(case["kinds"][place[-1]], time, rng)
    if not any(kind in ("spiking", "slow", "silent", "still", "noise") for kind in case["kinds"]):
        a[..., 0, :] = _mode("spiking", time, rng)  # beside which the others are nothing
        case = {**case, "kinds": ["spiking", *case["kinds"][1:]]}
    quiet = np.array([kind not in ("spiking", "slow") for kind in case["kinds"]])
    leading = [f"axis_{axis}" for axis in range(len(case["lanes"]))]
    run = xr.Dataset(
        {"a": ((*leading, "time", "mode"), np.swapaxes(a, -1, -2))},
        {"time": time, "mode": np.arange(len(case["kinds"]))},
        {"omega": 1.0},
    )
    return run, np.broadcast_to(quiet, shape)


def _damaged(run: xr.Dataset, damage: str) -> xr.Dataset:
    time = run["time"].values
    if damage == "sliced":
        return run.isel(time=slice(time.size // 10, None), mode=slice(None, None, -1))
    if damage == "nan_end":
        run = run.copy(deep=True)
        run["a"].values[..., -5:, 0] = np.nan
    if damage == "one_sample":
        return run.isel(time=[0])
    if damage == "backwards":
        return run.isel(time=slice(None, None, -1))
    if damage == "masked":  # Xarray makes NaN of it
        a = np.ma.masked_invalid(run["a"].values)
        a[..., 3, :] = np.ma.masked
        return run.assign(a=(run["a"].dims, a.filled(np.nan)))
    if damage == "empty":
        return run.isel(mode=slice(0))
    return run


def _rate(time: np.ndarray, a: np.ndarray) -> float:
    """2π(n − 1) over the time of n first passages of multiples of 2π; NaN for fewer than two."""
    phase = np.unwrap(np.angle(a))
    spikes = []
    level = (math.floor(phase[0] / (2 * np.pi)) + 1) * 2 * np.pi
    for index in range(1, time.size):
        while phase[index] >= level:
            slope = (phase[index] - phase[index - 1]) / (time[index] - time[index - 1])
            spikes.append(time[index - 1] + (level - phase[index - 1]) / slope)
            level += 2 * np.pi
    return 2 * np.pi * (len(spikes) - 1) / (spikes[-1] - spikes[0]) if len(spikes) > 1 else math.nan


def _pair(measure: str, a: np.ndarray, b: np.ndarray) -> float:
    turn = np.angle(a) - np.angle(b)
    if measure == "phase_locking":
        return abs(np.exp(1j * turn).mean())
    if measure == "phase_lag_index":
        sine = np.sin(turn)
        return abs(np.sign(np.where(abs(sine) < 1e-6, 0, sine)).mean())
    if measure == "imaginary_coherency":
        return (a * b.conj()).mean().imag / np.sqrt((abs(a) ** 2).mean() * (abs(b) ** 2).mean())
    x, y = (abs(a), abs(b)) if measure == "envelope" else (a.real, b.real)
    return np.corrcoef(x, y)[0, 1]


def _differ(what: str, found: Any, wanted: Any, tolerance: float = TOLERANCE) -> str | None:
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    if found.shape != wanted.shape:
        return f"{what}: shape {found.shape}, not {wanted.shape}"
    if np.allclose(found, wanted, rtol=tolerance, atol=tolerance, equal_nan=True):
        return None
    return f"{what}: {found.ravel()[:5]}, not {wanted.ravel()[:5]}"


def check(case: dict[str, Any]) -> str:
    """Measure a case in both ways."""
    run, quiet = make(case)
    run = _damaged(run, case["damage"])
    if case["damage"] == "sliced":
        quiet = quiet[..., ::-1]
    after = 1000.0 if case["damage"] == "late" else 40.0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            found = {
                "silent": silent_modes(run, after),
                "rate": wc.spiking_frequency(run, after),
                "order": wc.order_parameter(run),
                "time": wc.time_to_synchrony(run, 0.5, period=1.0),
                "pairs": wc.functional_connectivity(run, case["measure"], after),
                "spikes": wc.spike_times(run),
            }
    except ValueError as error:
        return "refused" if len(str(error)) > 20 else f"refused without a reason: {error}"
    if case["damage"] not in ("none", "sliced", "nan_end", "masked"):
        return f"{case['damage']} was measured"
    problems = _compared(case, run, quiet, found, after)
    return next((problem for problem in problems if problem), "ok")


def _compared(
    case: dict[str, Any], run: xr.Dataset, quiet: np.ndarray, found: dict[str, Any], after: float
) -> Iterator[str | None]:
    time = run["time"].values
    a = run["a"].transpose(..., "mode", "time").values
    late = time >= after
    broken = ~np.isfinite(a[..., late]).all(axis=-1)
    if not broken.any():
        yield _differ("silent modes", found["silent"], quiet)
    rate, pairs = np.empty(quiet.shape), np.full((*quiet.shape, quiet.shape[-1]), np.nan)
    for place in np.ndindex(quiet.shape):
        here = a[place]
        if broken[place]:
            rate[place] = np.nan
            continue
        rate[place] = 0.0 if quiet[place] else _rate(time[late], here[late])
        for other in range(quiet.shape[-1]):
            there = (*place[:-1], other)
            if not (quiet[place] or quiet[there] or broken[there]):
                pairs[(*place, other)] = _pair(case["measure"], here[late], a[there][late])
    yield _differ("spiking frequency", found["rate"], rate)
    # Rounding decides the sign of a difference near zero.
    loose = 5e-3 if case["measure"] == "phase_lag_index" else 1e-7
    yield _differ(case["measure"], found["pairs"], pairs, loose)
    # At the end, for what is there.
    number = (~quiet).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.where(quiet, 0, np.exp(1j * np.angle(a[..., -1]))).sum(axis=-1)
        order = np.where(number < min(2, quiet.shape[-1]), np.nan, abs(total) / number)
    order = np.where(np.isfinite(a[..., -1]).all(axis=-1), order, np.nan)
    if case["damage"] != "masked":
        yield _differ("order at the end", found["order"].isel(time=-1), order)
        share = found["order"]["silent_share"].isel(time=-1)
        if not broken.any():
            yield _differ("share of silent modes", share, quiet.mean(axis=-1))
        undefined = np.isnan(found["time"].values)
        yield _differ("where synchrony is undefined", undefined, np.isnan(order))
    r = np.moveaxis(found["order"].values, found["order"].get_axis_num("time"), -1)
    for place in np.ndindex(r.shape[:-1]):
        if np.isnan(r[place][-1]):
            continue
        below = np.flatnonzero(~(r[place] >= 0.5))
        last = below[-1] if below.size else -1
        wanted = np.inf if last == time.size - 1 else time[last + 1] - time[0]
        value = found["time"].values[place]
        if value != wanted and not abs(value - wanted) < TOLERANCE:
            yield f"time to synchrony: {value}, not {wanted}"
