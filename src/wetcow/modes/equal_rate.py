"""Modes that spike at one rate with different wave fronts: the curve of equal exact rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetcow import validation
from wetcow.modes.criticality import CANONICAL, Constants, critical_ratio
from wetcow.modes.mode import Mode
from wetcow.modes.response import response
from wetcow.precision import in_double

MOST_STEPS = 100
CLOSE = 1e-13  # in x = sqrt(1 − cr)


def equal_rate(
    frequency: float,
    omega: Any,
    *,
    w_a: float = CANONICAL.w_a,
    w_phi: float = CANONICAL.w_phi,
    psi: float = CANONICAL.psi,
    alpha: float = CANONICAL.alpha,
) -> Mode:
    """Modes of given linear frequencies that all spike at one rate.

    The rate of a mode falls with its excitation, from ω to 0 at criticality. So for each ω above
    the rate there is one excitation γ(ω) with that rate: a curve, along which spikes become higher
    and sharper with ω.

    Parameters
    ----------
    frequency : float
        The spiking frequency ω_s that all are to have, radians/time.
    omega : float or array (n,)
        Their linear frequencies, radians/time, all above `frequency`.
    w_a, w_phi, psi, alpha : float
        Their constants; see `wetcow.Mode`.

    Returns
    -------
    Mode
        With `omega`, and γ of the shape of it, 1/time.

    Raises
    ------
    ValueError
        For frequencies that are not positive or not above the rate, or constants for which no
        excitation gives the rate.

    Examples
    --------
    >>> modes = equal_rate(0.24, [0.7, 1.0, 1.2])
    >>> modes.gamma.round(3).tolist(), modes.spiking_frequency().round(6).tolist()
    ([1.265, 1.901, 2.315], [0.24, 0.24, 0.24])
    """
    rate = validation.number("frequency", frequency, above=0)
    own = validation.array("omega", omega, ndim=(0, 1))
    if not np.all(own > rate):
        raise ValueError(
            f"modes spike more slowly than they oscillate: omega must be above the rate {rate:g}, "
            f"got {own.min():g}"
        )
    constants = Constants(
        w_a=validation.number("w_a", w_a),
        w_phi=validation.number("w_phi", w_phi, above=0),
        psi=validation.number("psi", psi),
        alpha=validation.number("alpha", alpha, above=0),
    )
    ratio = float(in_double(critical_ratio)(constants))
    wanted = rate / own
    # f rises with x = sqrt(1 − cr), from 0 to 1: bisection, all modes at once.
    low, high = np.zeros_like(own), np.ones_like(own)
    for _ in range(MOST_STEPS):
        x = (low + high) / 2
        found = np.asarray(response((1 - x**2) / ratio, constants)[0])
        low, high = np.where(found < wanted, x, low), np.where(found < wanted, high, x)
        if np.all(high - low < CLOSE):
            break
    x = (low + high) / 2
    gamma = own * (1 - x**2) / ratio
    mode = Mode(gamma=gamma, omega=own, w_a=w_a, w_phi=w_phi, psi=psi, alpha=alpha)
    reached = np.asarray(mode.spiking_frequency())
    if not np.all(np.abs(reached - rate) <= 1e-6 * rate):
        raise ValueError(f"modes with {constants} do not spike at {rate:g} for every omega")
    return mode
