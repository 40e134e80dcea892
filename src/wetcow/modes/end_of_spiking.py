"""Where spiking ends: at γ_c, or beyond it if the cycle passes beside node and saddle.

With u = γ/A and c = γ/ω the orbit obeys (u + c w_φ cos φ) u' + c u (u − D(φ)) = 0,
D = α − w_a cos(φ − ψ). Where φ advances, u falls whenever u > D, so that no cycle exceeds
max D = α + |w_a|. An orbit that starts there stays above any cycle: it either turns for ever, and
falls towards the outermost one, or reaches a phase that rests, and there is none.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from wetcow.modes.criticality import CANONICAL, Constants, critical_ratio

MOST_TURNS = 200
UNCHANGED = 1e-8  # relative change of u in one turn
ACCURACY = 1e-5  # of the excitation at which spiking ends, relative
LARGEST_CRITICALITY = 64.0  # largest cr looked at


class _MayRest(Exception):
    """A step of an integrator came near to where the phase rests."""


def keeps_turning(c: float, constants: Constants) -> bool:
    """Whether a mode with γ/ω = c, started with a small amplitude, spikes for ever."""
    from scipy.integrate import odeint, solve_ivp  # slow to import, and seldom needed

    w_a, w_phi, psi, alpha = constants
    barely = 1e-7 * alpha  # velocity of a phase that rests

    def velocity(phase, state):
        return float(state[0]) + c * w_phi * math.cos(phase)

    def slope(phase, state):
        u = float(state[0])
        return -c * u * (u - alpha + w_a * math.cos(phase - psi)) / velocity(phase, state)

    def slope_of_turning(phase, state):
        if velocity(phase, state) <= barely:
            raise _MayRest
        return slope(phase, state)

    def rests(phase, state):
        return velocity(phase, state) - barely

    rests.terminal = True
    # Both are LSODA, since it is stiff for large c, where other methods take a hundred times as
    # long. The first looks for no rest, in a tenth of the time.
    rtol, atol = 1e-9, 1e-11
    once = (0.0, 2 * math.pi)
    u = alpha + abs(w_a)
    for _ in range(MOST_TURNS):
        before = u
        try:
            turned = odeint(
                slope_of_turning, u, once, tfirst=True, mxstep=100_000, rtol=rtol, atol=atol
            )
            u = float(turned[-1, 0])
        except _MayRest:
            followed = solve_ivp(slope, once, [before], "LSODA", events=rests, rtol=rtol, atol=atol)
            if followed.status != 0:
                return False
            u = float(followed.y[0, -1])
        if abs(u - before) <= UNCHANGED * u:
            return True
    return True


@functools.lru_cache(maxsize=1024)
def end_of_spiking(constants: Constants) -> float:
    """Largest γ/ω at which a mode can go on spiking; 1/w if the cycle ends at the critical point.

    Constants are floats. Infinite if no end was found.
    """
    critical = 1 / float(critical_ratio(constants))
    if constants == CANONICAL or not keeps_turning((1 + ACCURACY) * critical, constants):
        return critical
    low, high = critical, 1.25 * critical
    while keeps_turning(high, constants):
        low, high = high, 1.25 * high
        if high > LARGEST_CRITICALITY * critical:
            return np.inf
    while high - low > ACCURACY * high:
        middle = (low + high) / 2
        low, high = (middle, high) if keeps_turning(middle, constants) else (low, middle)
    return high


@functools.lru_cache(maxsize=4096)
def goes_on(c: float, constants: Constants) -> bool:
    """Whether a mode with γ/ω = c, at or beyond criticality, can go on spiking.

    For a few modes, this is faster than to find the end.
    """
    if constants == CANONICAL:
        return False
    return keeps_turning(max(c, (1 + ACCURACY) / float(critical_ratio(constants))), constants)
