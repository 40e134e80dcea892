"""The limit cycle of a spiking mode, solved as a periodic boundary-value problem.

Dividing [11] by [12] removes time. With u(φ) = γ/A the orbit obeys, for c = γ/ω,

    (u + c w_φ cos φ) u' + c u (u − D(φ)) = 0,    D(φ) = α − w_a cos(φ − ψ),

which is quadratic in u and knows γ and ω only through c. Below criticality φ advances along it:
on the line Re a = −ω/w_φ, where φ rests, every motion crosses towards larger Re a. Towards
criticality the orbit lingers near φ = π − φ_c for a time ~ 1/x with x = sqrt(1 − cr); equal
intervals of θ,

    φ = π − φ_c + 2 arctan( sqrt(x) tan(θ/2) ),

resolve that passage (width x in φ, hence sqrt(x) in θ) and the rest of the orbit alike: by Newton's
method, for u at the ends of intervals and at Gauss's points inside (`wetcow.modes.collocation`).

The same lines run in NumPy, for numbers (nothing to compile: a batch of 64 in a few hundredths of
a second), and in JAX, for values that are traced. Arrays are (points, intervals, orbits).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.modes import collocation
from wetcow.modes.collocation import INTERVAL, THETA, WEIGHTS, Equation
from wetcow.modes.criticality import Constants, critical_phase, critical_ratio
from wetcow.precision import in_double, is_traced

NUM_AT_ONCE = 32  # orbits, in NumPy: what a cache holds
DIFFERENTIABLE_STEPS = 2  # the last steps carry derivatives, exact to the third order


class LimitCycle(NamedTuple):
    """What a solved limit cycle tells, for ω = 1.

    Attributes
    ----------
    frequency : array
        Spiking frequency ω_s/ω.
    mean_amplitude : array
        Time average of A/ω.
    error : array
        Estimate of the relative error: how far the logarithm of A is from returning after one
        turn, per turn of excitation, and the last Newton correction, if that is larger.
        Infinite if no curve was found along which the phase advances.
    """

    frequency: Any
    mean_amplitude: Any
    error: Any


class Orbit(NamedTuple):
    """A limit cycle over θ, for ω = 1; ends and slopes make u everywhere.

    Attributes
    ----------
    ends, slopes : arrays (intervals, orbits), (points, intervals, orbits)
        u at the beginning of each interval, and du/dθ at its Gauss points.
    error : array (orbits,)
        The last Newton correction, relative; infinite if it did not converge.
    """

    ends: Any
    slopes: Any
    error: Any


class _Course(NamedTuple):
    """φ(θ), and dφ/dθ."""

    phase: Any
    stretch: Any


def course(xp: Any, theta: Any, distance: Any, at: Any) -> _Course:
    """Return the phase at θ, and its derivative; `distance` is x, `at` φ_c."""
    width = xp.sqrt(distance)
    phase = np.pi - at + 2 * xp.arctan(width * np.tan(theta / 2))
    stretch = width / (np.cos(theta / 2) ** 2 + width**2 * np.sin(theta / 2) ** 2)
    return _Course(phase=phase, stretch=stretch)


def _equation(xp: Any, c: Any, constants: Constants, way: _Course) -> Equation:
    w_a, w_phi, psi, alpha = constants
    pull = alpha - w_a * xp.cos(way.phase - psi)
    return Equation(turning=c * w_phi * xp.cos(way.phase), pull=pull, rate=c * way.stretch)


def solve_orbit(
    xp: Any, distance: Any, constants: Constants, at: Any, ratio: Any
) -> tuple[Orbit, _Course, Equation]:
    """Solve for u(θ); arguments as of `limit_cycle`, with φ_c and w of the constants."""
    w_a, _, psi, alpha = constants
    c = (1 - distance**2) / ratio
    theta = THETA.reshape(THETA.shape + (1,) * distance.ndim)
    way = course(xp, theta, distance, at)
    equation = _equation(xp, c, constants, way)
    # The solution of the linear part, u' + c(u − D) = 0: the adiabatic orbit with its exact lag.
    lead = way.phase - psi
    lagging = alpha - w_a * c * (c * xp.cos(lead) + xp.sin(lead)) / (1 + c**2)
    start = (equation, lagging, 0.1 * alpha * distance)
    if xp is np:
        state, found = collocation.solve(xp, *start)
    else:
        state, found = jax.lax.stop_gradient(collocation.solve(xp, *jax.lax.stop_gradient(start)))

    def free(state, _=None):
        change = collocation.correction(xp, state, equation)
        moved = (state[0] + change[0], state[1] + change[1])
        return moved, xp.max(xp.abs(change[0] / state[0]), axis=0)

    if xp is np:  # nothing to differentiate
        state, last = free(state)
    else:
        state, sizes = jax.lax.scan(free, state, length=DIFFERENTIABLE_STEPS)
        last = sizes[-1]
    ends, slopes = state
    orbit = Orbit(ends=ends, slopes=slopes, error=xp.where(found, last, np.inf))
    return orbit, way, equation


def _limit_cycle(xp: Any, distance: Any, constants: Constants, at: Any, ratio: Any) -> LimitCycle:
    orbit, way, equation = solve_orbit(xp, distance, constants, at, ratio)
    u = collocation.inside(xp, (orbit.ends, orbit.slopes))
    velocity = u + equation.turning
    passage = way.stretch / velocity

    def around(values):
        return INTERVAL * xp.sum(xp.tensordot(WEIGHTS, values, 1), axis=0)

    duration = around(u * passage)
    unclosed = xp.abs(around((equation.pull - u) * passage)) / duration
    advances = (xp.min(velocity, axis=(0, 1)) > 0) & (xp.min(u, axis=(0, 1)) > 0)
    return LimitCycle(
        frequency=2 * np.pi / duration,
        mean_amplitude=(1 - distance**2) / ratio * around(passage) / duration,
        error=xp.where(advances, xp.maximum(unclosed, orbit.error), np.inf),
    )


def limit_cycle(distance: Any, constants: Constants) -> LimitCycle:
    """Solve limit cycles at x = sqrt(1 − cr), for ω = 1 [11, 12].

    Parameters
    ----------
    distance : float array, any shape
        x = sqrt(1 − cr), in (0, 1).
    constants : Constants
        Scalars, or arrays that broadcast with `distance`.

    Returns
    -------
    LimitCycle
        Arrays of the broadcast shape: NumPy's in double precision for numbers; for traced values
        JAX's, differentiable in all arguments.
    """
    if is_traced(distance, constants):
        at, ratio = critical_phase(constants), critical_ratio(constants)
        every = jnp.broadcast_arrays(*map(jnp.asarray, (distance, *constants, at, ratio)))
        return _limit_cycle(jnp, every[0], Constants(*every[1:5]), *every[5:])
    at, ratio = in_double(critical_phase)(constants), in_double(critical_ratio)(constants)
    every = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (distance, *constants, at, ratio))
    )
    shape, flat = every[0].shape, [value.ravel() for value in every]
    parts = []
    with np.errstate(all="ignore"):  # where there is no orbit; `error` says so
        for first in range(0, len(flat[0]), NUM_AT_ONCE):
            some = [value[first : first + NUM_AT_ONCE] for value in flat]
            parts.append(_limit_cycle(np, some[0], Constants(*some[1:5]), *some[5:]))
    return LimitCycle(*(np.concatenate(part).reshape(shape) for part in zip(*parts, strict=True)))
