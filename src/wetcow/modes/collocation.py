"""Newton's method for the periodic solution of an equation over θ, by collocation.

    (u + turning) du/dθ + rate u (u − pull) = 0,    −π ≤ θ < π

In each of equal intervals u is a polynomial that obeys the equation at Gauss's points (order 8 at
the ends), and Newton's method solves all intervals at once: the points of an interval are
eliminated, and a recurrence of two terms is left, which the periodicity closes.

The same lines run in NumPy (nothing to compile) and in JAX, by the argument `xp`. Arrays are
(points, intervals, solutions).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

NUM_INTERVALS = 128
NUM_POINTS = 4  # of Gauss in each interval
MOST_STEPS = 36  # of Newton, from two guesses; 5 to 8 suffice for most constants
TO_THE_BORDER = 0.9  # share of the way to where the phase would rest that one step may go


class Equation(NamedTuple):
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
    if xp is np:
        slope, offset = slopes.copy(), offsets.copy()
        reach = 1
        while reach < len(slope):  # steps are joined two, four, eight… together
            offset[reach:] += slope[reach:] * offset[:-reach]
            slope[reach:] = slope[reach:] * slope[:-reach]
            reach *= 2
        last = offset[-1] / (1 - slope[-1])
        return np.concatenate([last[None], slope[:-1] * last + offset[:-1]])

    def follow(carry, row):
        slope, offset = carry
        return (row[0] * slope, row[0] * offset + row[1]), carry

    carry = (xp.ones_like(slopes[0]), xp.zeros_like(slopes[0]))
    carry, (slope, offset) = jax.lax.scan(follow, carry, (slopes, offsets))
    return slope * (carry[1] / (1 - carry[0])) + offset


def inside(xp: Any, state: tuple[Any, Any]) -> Any:
    """Return u at the points, from u at the ends of intervals and du/dθ at the points."""
    ends, slopes = state
    return ends + INTERVAL * xp.tensordot(INTEGRALS, slopes, 1)


def correction(xp: Any, state: tuple[Any, Any], equation: Equation) -> tuple[Any, Any]:
    """Newton's correction of u at the ends of intervals and of du/dθ at the points."""
    turning, pull, rate = equation
    ends, slopes = state
    u = inside(xp, state)
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


def _damped(xp: Any, state: tuple[Any, Any], equation: Equation) -> tuple[Any, Any]:
    """One step of Newton's method, and its relative size for each orbit (1 if it was cut)."""
    change = correction(xp, state, equation)
    u, by = inside(xp, state), inside(xp, change)
    # Neither u nor the phase's velocity u + turning may change its sign.
    room = xp.minimum(u, u + equation.turning)
    share = TO_THE_BORDER / xp.maximum(xp.max(-by / room, axis=(0, 1)), TO_THE_BORDER)
    size = xp.where(share < 1, 1.0, xp.max(xp.abs(by / u), axis=(0, 1)))
    return (state[0] + share * change[0], state[1] + share * change[1]), size


def _guesses(xp: Any, equation: Equation, lagging: Any, floor: Any) -> Iterator[Any]:
    """First guesses: for weak excitation, and for where the phase lingers."""
    turning, pull, _ = equation
    least = xp.maximum(0.0, -turning)
    # Where the phase lingers the lag vanishes, and u is the pull.
    adiabatic = xp.maximum(pull + turning, floor**2)
    lag = xp.clip(lagging - pull, -0.5 * adiabatic, adiabatic)
    for u in (xp.maximum(lagging, least + floor), xp.maximum(pull + lag, least + adiabatic / 2)):
        ends = (u[0] + xp.roll(u[-1], 1, 0)) / 2
        yield ends, 0 * u + (xp.roll(ends, -1, 0) - ends) / INTERVAL


def solve(xp: Any, equation: Equation, lagging: Any, floor: Any) -> tuple[Any, Any]:
    """Solve from guesses that are `lagging`, and at least about `floor`.

    Returns u at the ends of intervals and du/dθ at the points, and for each solution whether
    Newton's method converged.
    """
    first, second = _guesses(xp, equation, lagging, floor)
    # Of the last step: what is left is about its square, and one step or two follow.
    enough = 1e-5 if lagging.dtype == np.float64 else 1e-3

    if xp is np:
        return _solve_each(equation, first, second, enough)

    def step(carry):
        state, size, count = carry
        again = (count == MOST_STEPS // 2) & ~(size <= enough)
        state = (jnp.where(again, second[0], state[0]), jnp.where(again, second[1], state[1]))
        return *_damped(jnp, state, equation), count + 1

    def unfinished(carry):
        return jnp.any(~(carry[1] <= enough)) & (carry[2] < MOST_STEPS)

    carry = jax.lax.while_loop(unfinished, step, (first, jnp.ones_like(floor), 0))
    return carry[0], carry[1] <= enough


def _solve_each(equation: Equation, first: Any, second: Any, enough: float) -> tuple[Any, Any]:
    """As `solve`, in NumPy; when most are solved, steps are made for the others only."""
    ends, slopes = first
    size = np.ones(ends.shape[-1])
    for count in range(MOST_STEPS):
        rest = np.flatnonzero(~(size <= enough))
        if not len(rest):
            break
        again = count == MOST_STEPS // 2
        now = second if again else (ends, slopes)
        # To take some out takes as long as a step of them.
        some: Any = rest if again or 2 * len(rest) < len(size) else slice(None)
        part = Equation(*(value[..., some] for value in equation))
        found, size[some] = _damped(np, (now[0][..., some], now[1][..., some]), part)
        ends[..., some], slopes[..., some] = found
    return (ends, slopes), size <= enough
