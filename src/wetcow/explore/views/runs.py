"""Runs for the eye: fixed steps, so that all of a size share what was compiled once."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import xarray as xr

from wetcow.config.writing import configuration_of
from wetcow.modes.mode import Mode
from wetcow.modes.system import System
from wetcow.networks.network import Network
from wetcow.simulation.simulate import simulate
from wetcow.synchrony.spikes import spiking_frequency

DURATION = 100.0  # time units
LONGEST = 1600.0
PER_UNIT = 20  # samples in a time unit
VIEW_STEP = 0.025  # at most; the fastest of the sliders' modes turn by a tenth of a radian in it
SETTLED_PERIODS = 4.5  # periods after which the second half of a run holds two spikes
NETWORK_START = 0.1  # amplitude at time zero

TOO_FEW = "too few spikes to say"


def run(
    system: System,
    seed: int | None = None,
    a0: complex | np.ndarray | None = None,
    duration: float = DURATION,
) -> xr.Dataset:
    """Integrate a system from random or given amplitudes; see `wetcow.simulate`.

    Examples
    --------
    >>> from wetcow.modes.mode import Mode
    >>> run(Mode(gamma=1.0), a0=0.1).sizes["time"]
    2001
    """
    samples = int(PER_UNIT * duration) + 1
    return simulate(system, duration, num_samples=samples, dt=VIEW_STEP, seed=seed, a0=a0)


def run_as_needed(
    system: System,
    seed: int | None = None,
    a0: complex | np.ndarray | None = None,
    rate: float = 0.0,
    modes: slice = slice(None),
) -> tuple[xr.Dataset, np.ndarray]:
    """Integrate until each mode has spiked or is silent, and return that with its frequencies.

    Runs last 100 time units or twice, four, … times as long, at most `LONGEST`.

    Parameters
    ----------
    system, seed, a0
        As of `run`.
    rate : float
        Spiking frequency to be expected, radians/time, if it is known; 0: try.
    modes : slice
        Which modes to look at.

    Returns
    -------
    run : xarray.Dataset
    frequencies : float64 array (modes,)
        Of the second half, radians/time. NaN where even the longest run holds too few spikes.
    """
    needed = SETTLED_PERIODS * 2 * np.pi / rate if rate > 0 else 0.0
    duration = DURATION
    while duration < min(needed, LONGEST):
        duration *= 2
    while True:
        motion = run(system, seed, a0, duration).isel(mode=modes)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*spiked less than twice")
            frequencies = spiking_frequency(motion).values
        if duration >= LONGEST or not np.isnan(frequencies).any():
            return motion, frequencies
        duration *= 2


def configuration_of_run(system: Mode | Network, a0: Any, motion: xr.Dataset) -> str:
    """The file with which ``wetcow simulate`` makes a run of a view again."""
    return configuration_of(
        system,
        a0,
        t1=float(motion.time[-1]),
        num_samples=motion.sizes["time"],
        dt=VIEW_STEP,
    )


def phases(seed: int, size: int) -> np.ndarray:
    """Initial amplitudes of random phase, complex (size,)."""
    return NETWORK_START * np.exp(1j * np.random.default_rng(seed).uniform(0, 2 * np.pi, size))


def wrapped(phase: np.ndarray) -> np.ndarray:
    """Phases between −π and π, radians, with a gap (NaN) where a line would jump.

    Examples
    --------
    >>> wrapped(np.array([3.0, 3.1, 3.2])).round(1).tolist()
    [3.0, 3.1, nan]
    """
    turned = np.angle(np.exp(1j * phase))
    turned[1:][np.abs(np.diff(turned)) > np.pi] = np.nan
    return turned


def number_text(value: float, digits: int = 4, unknown: str = TOO_FEW) -> str:
    """A number as pages show it: zero has no sign, and what is not known is said in words.

    Examples
    --------
    >>> number_text(-0.00001), number_text(float("nan"))
    ('0.0000', 'too few spikes to say')
    """
    return unknown if np.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}"
