"""What there is to see of a single mode: its motion, its criticality and its rates [11-18]."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from wetcow.explore.views.runs import (
    PER_UNIT,
    VIEW_STEP,
    configuration_of_run,
    run_as_needed,
    wrapped,
)
from wetcow.modes.criticality import CANONICAL
from wetcow.modes.mode import Mode

SHOWN_METHODS = ("analytic", "adiabatic", "exact")
MODE_START = 0.05  # amplitude at time zero, phase zero
_NUM_CURVE = 121
_CURVE_TO = 1.2  # excitations of the curves, in units of γ_c

STATES = {
    "damped": "silent: damps to rest",
    "linear": "spiking: nearly harmonic",
    "subcritical": "spiking: below criticality",
    "critical": "critical: at the end of spiking",
    "bistable": "bistable: spikes or rests, by its start",
    "supercritical": "beyond criticality: spikes once, then silent",
}


class ModeView(NamedTuple):
    """One mode, seen.

    Attributes
    ----------
    time, amplitude, phase : float64 arrays (samples,)
        The motion from a small amplitude; phase in radians, NaN where it jumps from π to −π.
    criticality, critical_gamma : float
        cr [18] and γ_c [15].
    regime : str
        What the mode does, in words.
    frequencies : dict of float
        ω_s by each of `METHODS` and "integrated", radians/time. The latter is NaN if even a run of
        1600 time units has too few spikes to say, and 0 for a mode that is silent by its end.
    curve_gamma : float64 array (points,)
        Excitations at which the curves are drawn.
    curves : dict of float64 arrays (points,)
        ω_s against them by each of `METHODS`.
    code : str
        Python that computes the numbers with the package alone.
    configuration : str
        The same motion as a file of ``wetcow simulate``.
    run : xarray.Dataset
        The motion, as that Python has it.
    """

    time: np.ndarray
    amplitude: np.ndarray
    phase: np.ndarray
    criticality: float
    critical_gamma: float
    regime: str
    frequencies: dict[str, float]
    curve_gamma: np.ndarray
    curves: dict[str, np.ndarray]
    code: str
    configuration: str
    run: xr.Dataset


def _curve() -> np.ndarray:
    """Excitations of the curves in units of γ_c, close where rates are steep and where they end.

    Not zero, where the adiabatic rate is not defined.
    """
    below = 1 - np.linspace(1, 0, _NUM_CURVE) ** 2
    return np.append(below[1:], _CURVE_TO)


def look_at_mode(
    gamma: float,
    omega: float = 1.0,
    w_a: float = CANONICAL.w_a,
    w_phi: float = CANONICAL.w_phi,
    psi: float = CANONICAL.psi,
) -> ModeView:
    """Integrate a mode and find its rates.

    Parameters
    ----------
    gamma, omega, w_a, w_phi, psi : float
        See `wetcow.Mode`; α is the paper's.

    Returns
    -------
    ModeView

    Raises
    ------
    ValueError
        For parameters at which there is no critical point.

    Examples
    --------
    >>> view = look_at_mode(1.5)
    >>> view.criticality, view.regime
    (0.75, 'spiking: below criticality')
    >>> [round(rate, 3) for rate in view.frequencies.values()]
    [0.661, 0.578, 0.564, 0.564]
    """
    mode = Mode(gamma=gamma, omega=omega, w_a=w_a, w_phi=w_phi, psi=psi)
    critical = float(mode.critical_gamma)
    # The mode itself is the first of a row: one call for both.
    row = mode.replace(gamma=np.concatenate([[gamma], critical * _curve()]))
    rates = {name: _rates(row, name) for name in SHOWN_METHODS}
    frequencies = {name: float(values[0]) for name, values in rates.items()}
    motion, integrated = run_as_needed(mode, a0=MODE_START, rate=frequencies["exact"])
    a = motion.a.values[:, 0]
    return ModeView(
        time=motion.time.values,
        amplitude=np.abs(a),
        phase=wrapped(np.angle(a)),
        criticality=float(mode.criticality),
        critical_gamma=critical,
        regime=STATES[mode.state],
        frequencies={**frequencies, "integrated": float(integrated[0])},
        curve_gamma=row.gamma[1:],
        curves={name: values[1:] for name, values in rates.items()},
        code=_code(mode, float(motion.time[-1])),
        configuration=configuration_of_run(mode, MODE_START, motion),
        run=motion,
    )


def _rates(row: Mode, method: Any) -> np.ndarray:
    """NaN where a method has no rates, so that only its curve is missing."""
    try:
        return np.asarray(row.spiking_frequency(method))
    except ValueError:
        return np.full(row.gamma.shape, np.nan)


def _code(mode: Mode, duration: float) -> str:
    values = {name: value.item() for name, value in mode.parameters().items()}
    given = ", ".join(f"{name}={value!r}" for name, value in values.items())
    samples = int(PER_UNIT * duration) + 1
    return f"""import wetcow as wc

mode = wc.Mode({given})
run = wc.simulate(mode, {duration!r}, num_samples={samples}, dt={VIEW_STEP!r}, a0={MODE_START!r})
criticality, critical_gamma = mode.criticality, mode.critical_gamma
rates = {{name: mode.spiking_frequency(name) for name in {SHOWN_METHODS!r}}}
rates["integrated"] = wc.spiking_frequency(run)[0]
"""
