"""The arguments of a run, checked before any work starts."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetcow.modes.system import System
from wetcow.precision import in_double
from wetcow.simulation.integrate import Adaptive, Fixed

SHORTEST_SEGMENT, LONGEST_SEGMENT = 32, 512
STEPS_PER_RATE = 20  # automatic step: this fraction of the fastest linear time scale
TOLERANCES = {"double": (1e-8, 1e-10), "single": (1e-5, 1e-7)}
TYPES = {"double": np.complex128, "single": np.complex64}


def check_number(name: str, value: Any, *, positive: bool = False) -> float:
    """Return `value` as a float, or say what is wrong with it."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, got {value!r}") from None
    if not np.isfinite(number) or (positive and number <= 0):
        raise ValueError(f"{name} must be finite{' and positive' * positive}, got {value}")
    return number


def check_noise(noise: Any) -> float:
    """Return the strength of noise, not negative."""
    strength = check_number("noise", noise)
    if strength < 0:
        raise ValueError(f"noise must not be negative, got {noise}")
    return strength


def sample_times(t0: Any, t1: Any, num_samples: Any) -> np.ndarray:
    """Return `num_samples` equally spaced times from t0 to t1, both included."""
    start, end = check_number("t0", t0), check_number("t1", t1)
    if end <= start:
        raise ValueError(f"t1 must be later than t0, got t0={start}, t1={end}")
    if int(num_samples) != num_samples or num_samples < 2:
        raise ValueError(f"num_samples must be an integer of at least 2, got {num_samples}")
    return np.linspace(start, end, int(num_samples))


def segment_length(num_samples: int) -> int:
    """Samples per compiled call: a divisor of the whole if there is one, so one shape is compiled.

    It depends on the number of samples alone, so that a run in pieces is cut where a whole one is.
    """
    steps = num_samples - 1
    divisor = max(length for length in range(1, LONGEST_SEGMENT + 1) if steps % length == 0)
    return divisor if divisor >= SHORTEST_SEGMENT or divisor == steps else LONGEST_SEGMENT


def choose_stepping(
    system: System,
    times: np.ndarray,
    dt: float | None,
    rtol: float | None,
    atol: float | None,
    noisy: bool,
    precision: str,
    delays: tuple[float, float] | None = None,
) -> Adaptive | Fixed:
    """Adaptive steps where they are possible and no `dt` is given, else fixed ones.

    `delays` replaces the shortest and longest delay of `system` where several systems share a step.

    Raises
    ------
    ValueError
        For a precision other than "double" and "single", tolerances out of range or together with
        a fixed step, and steps too long for the system's rates or delays.
    """
    if precision not in TOLERANCES:
        raise ValueError(f"precision must be 'double' or 'single', got {precision!r}")
    shortest, longest = system.delays if delays is None else delays
    if dt is None and not (noisy or system.resets or longest):
        default_rtol, default_atol = TOLERANCES[precision]
        rtol = default_rtol if rtol is None else check_number("rtol", rtol, positive=True)
        atol = default_atol if atol is None else check_number("atol", atol, positive=True)
        finest = 1e-14 if precision == "double" else 1e-6
        if not finest <= rtol <= 0.1:
            raise ValueError(
                f"rtol must lie between {finest} (rounding in {precision} precision) and 0.1, "
                f"got {rtol}"
            )
        return Adaptive(rtol, atol)
    if rtol is not None or atol is not None:
        raise ValueError(
            "tolerances are for adaptive steps; a run with dt, noise, delays or resets takes "
            "fixed steps: give dt only"
        )
    rate = float(np.max(in_double(lambda one: one.rate())(system)))
    interval = float(times[1] - times[0])
    if dt is None:
        dt = min(1 / (STEPS_PER_RATE * rate), interval) if rate else interval
        dt = min(dt, shortest) if longest else dt
    dt = check_number("dt", dt, positive=True)
    if dt * rate > 1:
        raise ValueError(
            f"dt={dt:g} is too long a step for a system with rates up to {rate:g}: "
            f"use dt ≤ {1 / rate:.3g}"
        )
    if longest and dt > shortest * (1 + 1e-12):
        raise ValueError(f"dt={dt:g} exceeds the shortest delay: use dt ≤ {shortest:g}")
    # Samples lie on steps: the step is shortened to divide the time between samples.
    steps = int(np.ceil(interval / dt * (1 - 1e-12)))
    step = interval / steps
    history = int(np.ceil(longest / step)) + 2 if longest else 0
    return Fixed(step, steps, history, noisy)


def check_initial(system: System, a0: Any, key: Any) -> np.ndarray:
    """Initial amplitudes (n,), given or the system's own."""
    if a0 is None:
        return np.asarray(in_double(system.initial)(key), dtype=complex)
    a0 = np.asarray(a0, dtype=complex)
    if a0.shape not in ((), (system.size,)):
        raise ValueError(f"a0 must be a number or have shape ({system.size},), got {a0.shape}")
    if not np.all(np.isfinite(a0)):
        raise ValueError("a0 must be finite; it has NaN or infinite entries")
    return np.broadcast_to(a0, system.size).copy()


def check_seed(seed: Any, noise: Any) -> int | None:
    """Return the seed, which noise requires."""
    if seed is None:
        if np.any(np.asarray(noise) != 0):
            raise ValueError("noise needs a seed: results must be reproducible; pass seed=0")
        return None
    if int(seed) != seed or seed < 0:
        raise ValueError(f"seed must be a non-negative integer, got {seed}")
    return int(seed)
