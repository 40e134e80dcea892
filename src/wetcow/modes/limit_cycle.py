"""The limit cycle of a spiking mode, solved as a periodic boundary-value problem.

Dividing [11] by [12] removes time. With u(φ) = γ/A the orbit obeys, for c = γ/ω,

    (u + c w_φ cos φ) u' + c u (u − D(φ)) = 0,    D(φ) = α − w_a cos(φ − ψ),

which is quadratic in u and knows γ and ω only through c. Below criticality φ advances along it:
on the line Re a = −ω/w_φ, where φ rests, every motion crosses towards larger Re a. Towards
criticality the orbit lingers near φ = π − φ_c for a time ~ 1/x with x = sqrt(1 − cr); equal
intervals of θ,

    φ = π − φ_c + 2 arctan( sqrt(x) tan(θ/2) ),

resolve that passage (width x in φ, hence sqrt(x) in θ) and the rest of the orbit alike. In each
interval u is a polynomial that obeys the equation at Gauss's points (order 8 at the ends), and
Newton's method solves all intervals at once: the points of an interval are eliminated, and a
recurrence of two terms is left, which the periodicity closes.

The same lines run in NumPy, for numbers (nothing to compile: a batch of 64 in a few hundredths of
a second), and in JAX, for values that are traced. Arrays are (points, intervals, orbits).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.modes.criticality import Constants, critical_phase, critical_ratio
from wetcow.precision import in_double, is_traced

NUM_INTERVALS = 128
NUM_AT_ONCE = 64  # orbits, in NumPy: what a cache holds
NUM_POINTS = 4  # of Gauss in each interval
MOST_STEPS = 36  # of Newton, from two guesses; 5 to 8 suffice for most constants
TO_THE_BORDER = 0.9  # share of the way to where the phase would rest that one step may go
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


class _Equation(NamedTuple):
    """The equation at the points in θ, (u + turning) u' + rate u (u − pull) = 0."""

    turning: Any
    pull: Any
    rate: Any


def _gauss() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gauss's points in [0, 1], their weights, and the integrals of Lagrange's polynomials."""
    points, weights = np.polynomial.legendre.leggauss(NUM_POINTS)
    points = (points + 1) / 2
    powers = np.arange(NUM_POINTS)
    lagrange = np.linalg.inv(points[:, None] ** powers)  # coefficients of powers, by column
    integrals = (points[:, None] ** (powers + 1) / (powers + 1)) @ lagrange
    return points, weights / 2, integrals


POINTS, WEIGHTS, INTEGRALS = _gauss()
INTERVAL = 2 * np.pi / NUM_INTERVALS
THETA = -np.pi + INTERVAL * (np.arange(NUM_INTERVALS) + POINTS[:, None])


def _eliminate(matrix: list[list[Any]], right: list[list[Any]]) -> Any:
    """Solve small systems without pivots: near the orbit the velocity leads.

    NumPy's own solver takes four times as long. JAX compiles its own in half the time of these
    lines.
    """
    size = len(matrix)
    for pivot in range(size):
        for row in range(pivot + 1, size):
            factor = matrix[row][pivot] / matrix[pivot][pivot]
            for column in range(pivot + 1, size):
                matrix[row][column] = matrix[row][column] - factor * matrix[pivot][column]
            right[row] = [a - factor * b for a, b in zip(right[row], right[pivot], strict=True)]
    for row in reversed(range(size)):
        for column in range(row + 1, size):
            factor = matrix[row][column]
            right[row] = [a - factor * b for a, b in zip(right[row], right[column], strict=True)]
        right[row] = [value / matrix[row][row] for value in right[row]]
    return np.moveaxis(np.array(right), 1, 0)


def _close(xp: Any, slopes: Any, offsets: Any) -> Any:
    """Periodic solution of d_{k+1} = slopes_k d_k + offsets_k, (intervals, orbits)."""

    def follow(carry, row):
        slope, offset = carry
        return (row[0] * slope, row[0] * offset + row[1]), carry

    carry = (xp.ones_like(slopes[0]), xp.zeros_like(slopes[0]))
    if xp is np:
        passed = []
        for row in zip(slopes, offsets, strict=True):
            carry, before = follow(carry, row)
            passed.append(before)
        slope, offset = np.stack([row[0] for row in passed]), np.stack([row[1] for row in passed])
    else:
        carry, (slope, offset) = jax.lax.scan(follow, carry, (slopes, offsets))
    return slope * (carry[1] / (1 - carry[0])) + offset


def _inside(xp: Any, state: tuple[Any, Any]) -> Any:
    ends, slopes = state
    return ends + INTERVAL * xp.tensordot(INTEGRALS, slopes, 1)


def _correction(xp: Any, state: tuple[Any, Any], equation: _Equation) -> tuple[Any, Any]:
    """Newton's correction of u at the ends of intervals and of du/dθ at the points."""
    turning, pull, rate = equation
    ends, slopes = state
    u = _inside(xp, state)
    velocity = u + turning
    residual = velocity * slopes + rate * u * (u - pull)
    by_u = slopes + rate * (2 * u - pull)
    if xp is np:
        several = range(NUM_POINTS)
        matrix = [
            [
                INTERVAL * INTEGRALS[i, j] * by_u[i] + (velocity[i] if i == j else 0.0)
                for j in several
            ]
            for i in several
        ]
        fixed, moving = _eliminate(matrix, [[-residual[i], -by_u[i]] for i in several])
    else:
        matrix = INTERVAL * jnp.moveaxis(by_u, 0, -1)[..., None] * INTEGRALS
        matrix = matrix + jnp.moveaxis(velocity, 0, -1)[..., None] * np.eye(NUM_POINTS)
        right = jnp.moveaxis(jnp.stack([-residual, -by_u], axis=-1), 0, -2)
        fixed, moving = jnp.moveaxis(jnp.linalg.solve(matrix, right), (-1, -2), (0, 1))
    gap = ends + INTERVAL * xp.tensordot(WEIGHTS, slopes + fixed, 1) - xp.roll(ends, -1, 0)
    change = _close(xp, 1 + INTERVAL * xp.tensordot(WEIGHTS, moving, 1), gap)
    return change, fixed + moving * change


def _damped(xp: Any, state: tuple[Any, Any], equation: _Equation) -> tuple[Any, Any]:
    """One step of Newton's method, and its relative size for each orbit (1 if it was cut)."""
    change = _correction(xp, state, equation)
    u, by = _inside(xp, state), _inside(xp, change)
    # Neither u nor the phase's velocity u + turning may change its sign.
    room = xp.minimum(u, u + equation.turning)
    share = TO_THE_BORDER / xp.maximum(xp.max(-by / room, axis=(0, 1)), TO_THE_BORDER)
    size = xp.where(share < 1, 1.0, xp.max(xp.abs(by / u), axis=(0, 1)))
    return (state[0] + share * change[0], state[1] + share * change[1]), size


def _guesses(xp: Any, equation: _Equation, lagging: Any, floor: Any) -> Iterator[Any]:
    """First guesses: for weak excitation, and for where the phase lingers."""
    turning, pull, _ = equation
    least = xp.maximum(0.0, -turning)
    # Where the phase lingers the lag vanishes, and u is D.
    adiabatic = xp.maximum(pull + turning, floor**2)
    lag = xp.clip(lagging - pull, -0.5 * adiabatic, adiabatic)
    for u in (xp.maximum(lagging, least + floor), xp.maximum(pull + lag, least + adiabatic / 2)):
        ends = (u[0] + xp.roll(u[-1], 1, 0)) / 2
        yield ends, 0 * u + (xp.roll(ends, -1, 0) - ends) / INTERVAL


def _solve(xp: Any, equation: _Equation, lagging: Any, floor: Any) -> tuple[Any, Any]:
    """The orbit, and for each whether Newton's method converged."""
    first, second = _guesses(xp, equation, lagging, floor)
    enough = 1e-7 if lagging.dtype == np.float64 else 1e-3  # two more steps follow

    def step(carry):
        state, size, count = carry
        again = (count == MOST_STEPS // 2) & ~(size <= enough)
        state = tuple(xp.where(again, other, now) for now, other in zip(state, second, strict=True))
        return *_damped(xp, state, equation), count + 1

    def unfinished(carry):
        return xp.any(~(carry[1] <= enough)) & (carry[2] < MOST_STEPS)

    carry = (first, xp.ones_like(floor), 0)
    if xp is np:
        while unfinished(carry):
            carry = step(carry)
    else:
        carry = jax.lax.while_loop(unfinished, step, carry)
    return carry[0], carry[1] <= enough


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


def _equation(xp: Any, c: Any, constants: Constants, way: _Course) -> _Equation:
    w_a, w_phi, psi, alpha = constants
    pull = alpha - w_a * xp.cos(way.phase - psi)
    return _Equation(turning=c * w_phi * xp.cos(way.phase), pull=pull, rate=c * way.stretch)


def solve_orbit(
    xp: Any, distance: Any, constants: Constants, at: Any, ratio: Any
) -> tuple[Orbit, _Course, _Equation]:
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
        state, found = _solve(xp, *start)
    else:
        state, found = jax.lax.stop_gradient(_solve(xp, *jax.lax.stop_gradient(start)))

    def free(state, _=None):
        change = _correction(xp, state, equation)
        moved = (state[0] + change[0], state[1] + change[1])
        return moved, xp.max(xp.abs(change[0] / state[0]), axis=0)

    if xp is np:
        for _ in range(DIFFERENTIABLE_STEPS):
            state, last = free(state)
    else:
        state, sizes = jax.lax.scan(free, state, length=DIFFERENTIABLE_STEPS)
        last = sizes[-1]
    ends, slopes = state
    orbit = Orbit(ends=ends, slopes=slopes, error=xp.where(found, last, np.inf))
    return orbit, way, equation


def _limit_cycle(xp: Any, distance: Any, constants: Constants, at: Any, ratio: Any) -> LimitCycle:
    orbit, way, equation = solve_orbit(xp, distance, constants, at, ratio)
    u = _inside(xp, (orbit.ends, orbit.slopes))
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
