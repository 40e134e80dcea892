"""The arguments of a run, checked before any work starts."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetcow.modes.system import System
from wetcow.networks.noise import noise_factor
from wetcow.precision import in_double
from wetcow.process import available_memory
from wetcow.simulation.chunks import LONGEST_CHUNK
from wetcow.simulation.steps.stepping import Adaptive, Fixed, takes_eighth_order
from wetcow.validation import array, integer, number, reasonable_size

MAX_STEPS = 10**8  # of one run; some minutes for a small network
STEPS_PER_RATE = 20  # automatic step: this fraction of the fastest linear time scale
COPIES_OF_TIMES = 9  # held at once while a run to a file starts, measured; in memory 3
ROUNDED_TURN = 0.01  # rad between two neighbouring times in single precision, at most
TOLERANCES = {"double": (1e-8, 1e-10), "single": (1e-5, 1e-7)}
HISTORY_BYTES = (
    96.0  # of a mode and a step: amplitude and slope, in a ring, and twice while stepping
)
MORE_HISTORY = 8  # steps kept beyond the longest delay, between which what arrives is interpolated
TYPES = {"double": np.complex128, "single": np.complex64}


def check_noise(noise: Any, size: int) -> tuple[Any, Any]:
    """Return noise as it is recorded, and as steps take it (`noise_factor`).

    Raises
    ------
    ValueError
        For strengths that are negative, and what is no covariance, of `size` modes.
    """
    factor = noise_factor(noise, size)
    return (np.asarray(noise) if np.ndim(factor) == 2 else factor), factor


def sample_times(t0: Any, t1: Any, num_samples: Any) -> np.ndarray:
    """Return `num_samples` equally spaced times from t0 to t1, both included."""
    start, end = number("t0", t0), number("t1", t1)
    if end <= start:
        raise ValueError(f"t1 must be later than t0, got t0={start}, t1={end}")
    count = integer("num_samples", num_samples, minimum=2, maximum=2**53)
    reasonable_size(
        f"num_samples={count}",
        8.0 * COPIES_OF_TIMES * count,
        "take fewer samples",
        limit=available_memory(),
    )
    interval = (end - start) / (count - 1)
    if not np.isfinite(interval) or start + interval == start or end - interval == end:
        raise ValueError(
            f"{count} samples from t0={start:g} to t1={end:g} are closer than the rounding of "
            "time, or infinitely far apart"
        )
    return np.linspace(start, end, count)


def steps_between(rate: float, interval: float, stepping: Adaptive | Fixed) -> float:
    """Number of steps between two samples: exact for fixed steps, estimated for adaptive ones."""
    if isinstance(stepping, Fixed):
        return float(stepping.steps_per_sample)
    order = 8 if takes_eighth_order(stepping.rtol, sampled=True) else 5
    per_radian = 5 * (1e-8 / stepping.rtol) ** (1 / order)
    return max(per_radian * rate * interval, 1e-3)


def check_effort(
    system: System,
    times: np.ndarray,
    stepping: Adaptive | Fixed,
    *,
    runs: int = 1,
    rate: float | None = None,
    max_steps: int = MAX_STEPS,
    recorded: int | None = None,
) -> float:
    """Refuse what would take for ever, or more memory than there is, before it starts.

    Parameters
    ----------
    system : System
    times : float array
        Of the samples.
    stepping : Adaptive or Fixed
    runs : int
        Held at once.
    rate : float, optional
        Fastest linear rate; default: the system's own.
    max_steps : int
        Steps that one run may take.
    recorded : int, optional
        Modes whose samples are held in memory.

    Returns
    -------
    float
        Estimated steps between two samples.

    Raises
    ------
    ValueError
        That says what is too large, and what to do.
    """
    rate = fastest_rate(system) if rate is None else rate
    most = integer("max_steps", max_steps, minimum=1)
    each = steps_between(rate, float(times[1] - times[0]), stepping)
    if isinstance(stepping, Adaptive) and system.stops is not None:
        shortest = (times[-1] - times[0]) / system.longest_step
        each = max(each, shortest / (times.size - 1)) + np.size(system.stops) / times.size
    steps = each * (times.size - 1)
    if not steps <= most:
        raise ValueError(
            f"this needs about {steps:.2g} steps, more than max_steps={most:.2g}: rates are up to "
            f"{rate:.3g} per time unit, over {times[-1] - times[0]:.3g} time units. Are rates and "
            "times in the same unit, and is the coupling normalised? If so, shorten the run, or "
            "pass a larger max_steps"
        )
    free = available_memory()
    if isinstance(stepping, Fixed) and stepping.history:
        reasonable_size(
            f"the history of delays ({stepping.history} steps of {system.size} modes)",
            HISTORY_BYTES * stepping.history * system.size * runs,
            f"the longest delay is {stepping.history * stepping.dt:.3g} time units and a step "
            f"{stepping.dt:.3g}: rates are up to {rate:.3g} (is the coupling normalised?)",
            limit=free,
        )
    if recorded:
        reasonable_size(
            f"the trajectory ({times.size} samples of {recorded} modes, {runs} runs)",
            # Those of a chunk are put together, beside all of them.
            16.0 * (times.size + 2 * min(times.size, LONGEST_CHUNK)) * recorded * runs,
            "record fewer samples or modes, pass path=, or record=False with reducers",
            limit=free,
        )
    return each


def fastest_rate(system: System) -> float:
    """Fastest linear rate of a system, 1/time.

    Raises
    ------
    ValueError
        If it is not finite.
    """
    return number(
        "the fastest rate of the system", np.max(in_double(lambda one: one.rate())(system))
    )


def uses_eighth_order(stepping: Adaptive | Fixed, length: int) -> bool | None:
    """Method of adaptive steps for chunks of `length` samples; None for fixed steps."""
    if isinstance(stepping, Fixed):
        return None
    return takes_eighth_order(stepping.rtol, sampled=length > 1)


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
    delays = system.delays if delays is None else delays
    if dt is None and not (noisy or system.resets or delays[1]):
        if precision == "single":
            _require_times(fastest_rate(system), times)
        return _adaptive_steps(rtol, atol, precision)
    if rtol is not None or atol is not None:
        raise ValueError(
            "tolerances are for adaptive steps; a run with dt, noise, delays or resets takes "
            "fixed steps: give dt only"
        )
    longest = float(np.min(system.longest_step))
    return fixed_steps(fastest_rate(system), float(times[1] - times[0]), dt, delays, noisy, longest)


def _require_times(rate: float, times: np.ndarray) -> None:
    """Single precision rounds late times by more than adaptive steps would notice."""
    latest = float(np.max(np.abs(times)))
    if rate * float(np.spacing(np.float32(latest))) > ROUNDED_TURN:
        raise ValueError(
            f"in single precision times near {latest:g} are too coarse for adaptive steps at rates "
            f"of {rate:.3g}: take precision='double', or fixed steps, dt=…, which are counted"
        )


def _adaptive_steps(rtol: float | None, atol: float | None, precision: str) -> Adaptive:
    default_rtol, default_atol = TOLERANCES[precision]
    rtol = default_rtol if rtol is None else number("rtol", rtol, above=0)
    atol = default_atol if atol is None else number("atol", atol, above=0)
    finest = 1e-14 if precision == "double" else 1e-6
    if not finest <= rtol <= 0.1:
        raise ValueError(
            f"rtol must lie between {finest} (rounding in {precision} precision) and 0.1, "
            f"got {rtol}"
        )
    return Adaptive(rtol, atol)


def fixed_steps(
    rate: float,
    interval: float,
    dt: float | None,
    delays: tuple[float, float],
    noisy: bool,
    longest_step: float,
) -> Fixed:
    """Steps that resolve a rate and the shortest delay, and divide the time between samples."""
    shortest, longest = delays
    if dt is None:
        dt = min(1 / (STEPS_PER_RATE * rate), interval) if rate else interval
        dt = min(dt, shortest, longest_step) if longest else min(dt, longest_step)
    dt = number("dt", dt, above=0)
    if dt * rate > 1:
        raise ValueError(
            f"dt={dt:g} is too long a step for a system with rates up to {rate:g}: "
            f"use dt ≤ {1 / rate:.3g}"
        )
    if longest and dt > shortest * (1 + 1e-12):
        raise ValueError(f"dt={dt:g} exceeds the shortest delay: use dt ≤ {shortest:g}")
    # Samples lie on steps: the step is shortened to divide the time between samples.
    wanted = interval / dt * (1 - 1e-12)
    if not 0 < wanted < 2**53:
        raise ValueError(
            f"samples {interval:.3g} time units apart cannot be reached in steps of {dt:.3g}: "
            "check dt, t1 and num_samples"
        )
    steps = int(np.ceil(wanted))
    step = interval / steps
    history = _rounded_up(int(np.ceil(longest / step)) + MORE_HISTORY) if longest else 0
    return Fixed(dt=step, steps_per_sample=steps, history=history, noisy=noisy)


def _rounded_up(length: int) -> int:
    """The next of eight lengths in each octave, so that few are compiled.

    Examples
    --------
    >>> _rounded_up(7), _rounded_up(100)
    (7, 104)
    """
    unit = 1 << max(length.bit_length() - 4, 0)
    return -(-length // unit) * unit


def check_initial(system: System, a0: Any, key: Any) -> np.ndarray:
    """Initial amplitudes (n,), given or the system's own."""
    if a0 is None:
        return np.asarray(in_double(system.initial)(key), dtype=complex)
    a0 = array("a0", a0, dtype=np.complex128, empty=True)
    if a0.shape not in ((), (system.size,)):
        raise ValueError(f"a0 must be a number or have shape ({system.size},), got {a0.shape}")
    return np.broadcast_to(a0, system.size).copy()


def check_seed(seed: Any, noise: Any) -> int | None:
    """Return the seed, which noise requires."""
    if seed is None:
        if np.any(np.asarray(noise) != 0):
            raise ValueError("noise needs a seed: results must be reproducible; pass seed=0")
        return None
    return integer("seed", seed, minimum=0, maximum=2**63 - 1)


SYNONYMS = {
    "duration": "t1",
    "T": "t1",
    "t_max": "t1",
    "tmax": "t1",
    "time": "t1",
    "t_end": "t1",
    "tstart": "t0",
    "t_start": "t0",
    "n_samples": "num_samples",
    "samples": "num_samples",
    "steps": "num_samples",
    "step": "dt",
    "sigma": "noise",
    "y0": "a0",
    "initial": "a0",
    "random_state": "seed",
    "stimulus": "drive",
    "stimuli": "drive",
    "forcing": "drive",
    "input": "drive",
    "reducers": "reduce",
    "out": "path",
    "file": "path",
}
"""Names that other simulators give to arguments of `simulate`."""
