"""Runs for the eye: fixed steps, so that all of a size share what was compiled once."""

from __future__ import annotations

import numpy as np
import xarray as xr

from wetcow.modes.system import System
from wetcow.simulation.simulate import simulate

DURATION = 100.0  # time units
NUM_SAMPLES = 2001
STEP = 0.025  # at most; the fastest of the sliders' modes turn by a tenth of a radian in it


def run(system: System, seed: int | None = None, a0: complex | None = None) -> xr.Dataset:
    """Integrate a system from random or given amplitudes; see `wetcow.simulate`.

    Examples
    --------
    >>> from wetcow.modes.mode import Mode
    >>> run(Mode(gamma=1.0), a0=0.1).sizes["time"]
    2001
    """
    return simulate(system, DURATION, num_samples=NUM_SAMPLES, dt=STEP, seed=seed, a0=a0)


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
