"""The two codes of a mode, each a universal function of c = γ/ω (docs/theory.md).

For ω > 0 the substitution a → ωa, t → t/ω turns the mode (γ, ω) into (γ/ω, 1): the Cartesian
field is homogeneous, ȧ(ωa; γ, ω) = ω² ȧ(a; γ/ω, 1). Hence a spiking frequency is ω f(γ/ω) and a
mean amplitude ω M(γ/ω), whatever γ and ω, and f and M depend on w_a, w_φ, ψ, α alone.

f and M are fitted once from solved limit cycles, by `wetcow.modes.response_fit`. Beyond criticality
M is the modulus of the silent fixed point, in closed form.
"""

from __future__ import annotations

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.modes.criticality import CANONICAL, Constants, critical_ratio
from wetcow.modes.end_of_spiking import end_of_spiking, goes_on
from wetcow.modes.limit_cycle import limit_cycle
from wetcow.modes.response_fit import (
    ACCURATE,
    ResponseFit,
    fit_response,
    response_fit,
    response_table,
)
from wetcow.precision import is_traced
from wetcow.validation import array

BESIDE = 0.03  # x at which a cycle is asked, if traced, whether it passes node and saddle
FEW = 8  # modes beyond criticality, of which each is asked by itself
FAST = 0.25  # its frequency there is then larger; else it is about x


def _series(borders: Any, coefficients: Any, distance: Any) -> tuple[Any, Any]:
    """Clenshaw's recurrence for both series in the piece that holds x.

    In NumPy for numbers, which compiles nothing; for traced values in JAX.
    """
    traced = is_traced(distance)
    if traced:
        borders, coefficients = (
            jnp.asarray(part, distance.dtype) for part in (borders, coefficients)
        )
    else:
        distance = np.asarray(distance)
    piece = (distance[..., None] >= borders[1:-1]).sum(-1)
    low, high = borders[piece], borders[piece + 1]
    z = 2 * (distance - low) / (high - low) - 1
    found = coefficients[:, :, piece]

    def follow(carry, term):
        now, before = carry
        return (term + 2 * z * now - before, now), None

    carry = (0 * found[0], 0 * found[0])
    if traced:
        carry, _ = jax.lax.scan(follow, carry, found[:0:-1])
    else:
        for term in found[:0:-1]:
            carry, _ = follow(carry, term)
    both = found[0] + z * carry[0] - carry[1]
    return both[0], both[1]


def _one_set(constants: Constants) -> Constants | None:
    """The constants as floats if they are concrete and the same for all modes, else None."""
    if is_traced(constants):
        return None
    flat = [np.unique(np.asarray(value, dtype=float)) for value in constants]
    if any(value.size != 1 for value in flat):
        return None
    return Constants(*(float(value[0]) for value in flat))


def _spiking(c: Any, constants: Constants) -> tuple[Any, Any]:
    """F and M for 0 < cr < 1; `c` must lie inside."""
    criticality = c * critical_ratio(constants)
    xp = jnp if is_traced(c, constants) else np
    distance = xp.sqrt(1 - criticality)
    single = _one_set(constants)
    if single is not None:
        frequency, amplitude = _series(*response_table(single), distance)
        return distance * xp.sqrt(1 + criticality) * frequency, c * amplitude
    # Several sets of constants, or traced ones: each limit cycle is solved on the spot.
    cycle = limit_cycle(distance, constants)
    accurate = cycle.error <= (ACCURATE if distance.dtype == np.float64 else 1e-3)
    return (
        xp.where(accurate, cycle.frequency, np.nan),
        xp.where(accurate, cycle.mean_amplitude, np.nan),
    )


def silent_amplitude(c: Any, constants: Constants) -> Any:
    """Modulus of the stable fixed point beyond criticality, for ω = 1.

    Setting [11] and [12] to zero eliminates A: α + c w_φ cos φ − w_a cos(φ − ψ) = 0, one cosine of
    amplitude ρ and phase χ, with the two solutions φ = χ ± arccos(−α/ρ): a node and a saddle,
    which meet at criticality. A = −1/(w_φ cos φ).
    """
    xp = jnp if is_traced(c, constants) else np
    return -1 / (constants.w_phi * xp.cos(_silent_phase(c, constants)))


def _silent_phase(c: Any, constants: Constants) -> Any:
    xp = jnp if is_traced(c, constants) else np
    w_a, w_phi, psi, alpha = constants
    real = c * w_phi - w_a * xp.cos(psi)
    imaginary = -w_a * xp.sin(psi)
    rho, chi = xp.hypot(real, imaginary), xp.arctan2(imaginary, real)
    return chi + xp.arccos(xp.clip(-alpha / rho, -1 + 1e-15, 1.0))


def can_spike_beyond(c: Any, constants: Constants) -> np.ndarray:
    """Where, at or beyond criticality, rest is not the only answer; concrete values only.

    Either the limit cycle goes on, or the point of rest repels: its Jacobian has the trace
    ω tan φ − γ.
    """
    every = np.broadcast_arrays(*(np.asarray(value, float) for value in (c, *constants)))
    c, each = every[0], Constants(*every[1:])
    with np.errstate(all="ignore"):
        beyond = np.asarray(c * critical_ratio(each) >= 1) & (each.w_phi > 0)
        repels = np.tan(_silent_phase(c, each)) >= c
    found = np.zeros(c.shape, bool)
    places = list(zip(*np.nonzero(np.atleast_1d(beyond)), strict=True))
    for index in places:
        at = index if c.ndim else ()
        one = Constants(*(float(value[at]) for value in each))
        if repels[at]:
            found[at] = True
        elif len(places) <= FEW:
            found[at] = goes_on(float(c[at]), one)
        else:
            found[at] = c[at] < end_of_spiking(one) * (1 - 1e-12)
    return found


def _free_amplitude(c: Any, constants: Constants) -> Any:
    """M/c for w_φ = 0: u = α − w_a c/sqrt(1 + c²) cos(φ − …), averaged as 1/u; NaN if unbounded."""
    xp = jnp if is_traced(c, constants) else np
    square = constants.alpha**2 - constants.w_a**2 * c**2 / (1 + c**2)
    return xp.where(square > 0, 1 / xp.sqrt(xp.where(square > 0, square, 1.0)), np.nan)


def response(c: Any, constants: Constants = CANONICAL) -> tuple[Any, Any]:
    """Both codes of modes with ω = 1: spiking frequency f(c) and mean amplitude M(c).

    Parameters
    ----------
    c : array, any shape
        γ/ω.
    constants : Constants
        Scalars, or arrays that broadcast with `c`. With one concrete set the shipped or cached
        fit is used; otherwise every limit cycle is solved.

    Returns
    -------
    frequency, mean_amplitude : arrays of the broadcast shape
        f = 1 and M = 0 for c ≤ 0 (a damped mode rings at ω); f = 0 beyond criticality,
        where a mode rests. NaN where `c` is NaN, constants have no critical point, or (several
        sets of constants, or traced ones) no limit cycle was found. For some constants with
        w_a < 0 a mode can either rest or go on spiking beyond criticality, up to a larger c
        (docs/theory.md), or its point of rest repels: both values are NaN there, with a
        UserWarning.
        With traced constants they are NaN for such constants wherever cr ≥ 1 and no
        warning is given; that is then told from the cycle's frequency just below criticality,
        a threshold that can miss constants at the very border. Differentiable; the slopes
        at criticality itself are one-sided.

    Examples
    --------
    >>> frequency, amplitude = response(1.0)
    >>> round(float(frequency), 4), round(float(amplitude), 4)
    (0.7848, 0.3156)
    """
    if is_traced(c, constants):
        return _response(jnp, jnp.asarray(c, dtype=jnp.result_type(float, c)), constants)
    every = Constants(*(np.asarray(value, dtype=np.float64) for value in constants))
    with np.errstate(all="ignore"):  # of values that are not chosen
        c = array("c", c, finite=False, empty=True)
        frequency, amplitude = _response(np, c, every)
    twofold = can_spike_beyond(c, every)
    if np.any(twofold):
        warnings.warn(
            "beyond criticality a mode with these constants can rest (frequency 0) or go on "
            "spiking, depending on its start: its frequency and mean amplitude are NaN; measure "
            "them with simulate() and spiking_frequency(run)",
            UserWarning,
            stacklevel=2,
        )
    return np.where(twofold, np.nan, frequency), np.where(twofold, np.nan, amplitude)


def _response(xp: Any, c: Any, constants: Constants) -> tuple[Any, Any]:
    # With w_φ = 0 the phase turns at ω whatever the amplitude does, which has a closed form.
    fixed = np if not is_traced(constants.w_phi) else jnp
    free = fixed.asarray(constants.w_phi) == 0
    of_free = c * _free_amplitude(c, constants)
    constants = constants._replace(w_phi=fixed.where(free, 1.0, constants.w_phi))
    ratio = critical_ratio(constants)
    known = ~xp.isnan(c * ratio)
    spikes = known & (c > 0) & (c * ratio < 1) & ~free
    silent = known & (c > 0) & ~spikes & ~free
    if xp is jnp or np.any(spikes):
        frequency, amplitude = _spiking(xp.where(spikes, c, 0.5 / ratio), constants)
    else:
        frequency, amplitude = np.float64(np.nan), np.float64(np.nan)
    beyond = silent_amplitude(xp.where(silent, c, 2 / ratio), constants)
    amplitude = xp.where(silent, beyond, xp.where(free, of_free, amplitude))
    at_rest = xp.where(known, 0.0, np.nan)
    frequency = xp.where(spikes, frequency, xp.where(silent, 0.0, 1.0 + at_rest))
    amplitude = xp.where(known & (c > 0), amplitude, at_rest)
    if xp is jnp:
        twofold = silent & _may_spike_beyond(c, constants, ratio)
        frequency = jnp.where(twofold, np.nan, frequency)
        amplitude = jnp.where(twofold, np.nan, amplitude)
    return frequency, amplitude


def _may_spike_beyond(c: Any, constants: Constants, ratio: Any) -> Any:
    """`can_spike_beyond` for traced values; without an end of spiking for traced constants."""
    repels = jnp.tan(_silent_phase(c, constants)) >= c
    single = _one_set(constants)
    if single is not None:
        if np.any(np.isnan(ratio)):
            return False
        return repels | (c < end_of_spiking(single) * (1 - 1e-6))  # in single precision as well
    fixed = jax.lax.stop_gradient(constants)
    return repels | (limit_cycle(jnp.asarray(BESIDE), fixed).frequency > FAST)


__all__ = [
    "ResponseFit",
    "can_spike_beyond",
    "fit_response",
    "response",
    "response_fit",
    "silent_amplitude",
]
