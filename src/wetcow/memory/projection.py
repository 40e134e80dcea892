"""The couplings nearest to a draw that satisfy linear conditions within bounds.

Per row (one mode), with complex x_j ∈ S_j = {|x| ≤ w_j, |arg x| ≤ p_j}, convex for p_j ≤ π/2 and
for p_j = π:

    minimise ½ Σ_j |x_j − d_j|²   subject to   Σ_j F_kj x_j = t_k.

At the solution x_j = P_j(d_j + Σ_k μ_k F_kj), P_j the projection onto S_j, and the multipliers μ
minimise the convex, once differentiable dual

    θ(μ) = Σ_j [Re(x_j* z_j) − ½|x_j|²] − Re Σ_k μ_k* t_k,    z = d + μF,  ∇θ = F x − t.

Semismooth Newton on ∇θ = 0, all rows at once. The dual is unbounded if the conditions cannot be
met; some iterate μ then proves it (Farkas): the support functions of S_j bound Re Σ μ_k* (F x)_k
by less than Re Σ μ_k* t_k.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

TOLERANCE = 1e-15
ACCEPTABLE = 1e-12
MAX_NEWTON_STEPS = 150
MAX_HALVINGS = 50
CERTAIN = 1e-9


class Projection(NamedTuple):
    """P(z) and its derivative dP = `same` dz + `mirrored` dz*."""

    value: Complex
    same: Real
    mirrored: Complex


def project(z: Any, weight: Any, phase: Any) -> Projection:
    """Project onto {|x| ≤ weight, |arg x| ≤ phase}; arrays that broadcast.

    First onto the sector, then the modulus is clipped: this is the projection onto the
    intersection, because the disc is centred on the sector's apex.

    Parameters
    ----------
    z : complex array
    weight : array
        Largest modulus, may be infinite.
    phase : array
        Largest |arg|, radians, in [0, π/2] or π.

    Returns
    -------
    Projection

    Examples
    --------
    >>> project(np.array([3.0, -1 + 0.5j, 0.1j]), 2.0, np.pi / 2).value.round(4)
    array([2.+0.j , 0.+0.5j, 0.+0.1j])
    """
    beyond = np.abs(np.angle(z)) - phase
    inside = beyond <= 0
    at_edge = ~inside & (beyond < np.pi / 2)
    edge = np.exp(1j * np.copysign(phase, z.imag))
    along = np.where(at_edge, np.maximum((edge.conj() * z).real, 0), 0)
    in_sector = np.where(inside, z, edge * along)
    modulus = np.abs(in_sector)
    clipped = modulus > weight
    modulus = np.where(clipped, modulus, 1)
    value = in_sector * np.where(clipped, weight / modulus, 1)

    on_arc = np.where(clipped, weight / modulus, 1) / 2
    radial = np.where(clipped, in_sector / modulus, 0)
    same = np.where(inside, np.where(clipped, on_arc, 1), np.where(at_edge & ~clipped, 0.5, 0))
    mirrored = np.where(inside, -on_arc * radial**2, np.where(at_edge & ~clipped, edge**2 / 2, 0))
    return Projection(value=value, same=same, mirrored=mirrored)


class Row(NamedTuple):
    """The problem of m rows with n unknowns and K conditions each."""

    draw: Complex  # d, complex (m, n)
    factor: Real  # F, (m, K, n)
    total: Real  # t, (m, 2, K): real and imaginary parts, as for every multiplier here
    weight: Real  # (m, n)
    phase: Real  # (m, n)


class Point(NamedTuple):
    """The dual at multipliers μ."""

    mu: Real  # (m, 2, K)
    projection: Projection  # (m, n)
    dual: Real  # θ, (m,)
    gradient: Real  # F x − t, (m, 2, K)


def take(problem: Any, rows: Any) -> Any:
    """Select rows of a `Row` or `Point`."""
    return jax.tree.map(lambda value: value[rows], problem)


def _inner(a: Real, b: Real) -> Any:
    return np.sum(a * b, axis=(-2, -1))


def _combined(mu: Real, factor: Real) -> Complex:
    """Σ_k μ_k F_kj, complex (m, n)."""
    combined = mu @ factor
    return combined[:, 0] + 1j * combined[:, 1]


def _evaluate(row: Row, mu: Real) -> Point:
    z = row.draw + _combined(mu, row.factor)
    projection = project(z, row.weight, row.phase)
    x = projection.value
    reached = np.stack([x.real, x.imag], axis=1) @ row.factor.swapaxes(1, 2)
    dual = np.sum((x.conj() * z).real - np.abs(x) ** 2 / 2, axis=1) - _inner(mu, row.total)
    return Point(mu=mu, projection=projection, dual=dual, gradient=reached - row.total)


def _newton_step(row: Row, point: Point, regularisation: Real) -> Any:
    """−(∇²θ + λ)⁻¹ ∇θ, (m, 2, K)."""
    _, same, mirrored = point.projection

    def weighted(values):
        return (row.factor * values[:, None, :]) @ row.factor.swapaxes(1, 2)

    cross = weighted(mirrored.imag)
    hessian = np.block([[weighted(same + mirrored.real), cross],
                        [cross, weighted(same - mirrored.real)]])  # fmt: skip
    hessian += regularisation[:, None, None] * np.eye(hessian.shape[-1])
    flat = point.gradient.reshape(len(hessian), -1, 1)
    return -np.linalg.solve(hessian, flat).reshape(point.gradient.shape)


def shortfall(row: Row, direction: Real) -> Any:
    """How far conditions lie beyond reach along a unit `direction`, (m, 2, K); proof if positive.

    Re Σ_k u_k* t_k − max_x Re Σ_k u_k* (F x)_k, where the maximum is a sum of support functions,
    w_j times the modulus of the projection of (uF)_j onto the sector.
    """
    z = _combined(direction, row.factor)
    along = np.abs(project(z, np.inf, row.phase).value)
    # Rounding must not turn an unbounded link that does not help into one that helps infinitely.
    helps = along > CERTAIN * np.abs(_combined(np.abs(direction), row.factor))
    return _inner(direction, row.total) - np.sum(np.where(helps, row.weight, 0) * along, axis=1)


class Solution(NamedTuple):
    """What `nearest` found.

    Attributes
    ----------
    x : complex array (m, n)
        Meaningless in unsolved rows.
    solved, impossible : bool arrays (m,)
        Whether the conditions hold; whether they are proven to contradict the bounds.
    direction : array (m, 2, K)
        Real and imaginary parts of the unit multipliers that prove it.
    """

    x: Complex
    solved: NDArray[np.bool_]
    impossible: NDArray[np.bool_]
    direction: Real


def nearest(row: Row) -> Solution:
    """Solve all rows; the arguments are not checked.

    In solved rows residuals are as small as rounding allows, and at most 1e-12 of max_k |t_k| +
    max_k Σ_j F_kj |d_j|.
    """
    size = len(row.draw)
    scale = np.max(np.hypot(*row.total.swapaxes(0, 1)), axis=-1)
    scale += np.max(np.sum(row.factor * np.abs(row.draw)[:, None], axis=-1), axis=-1)
    scale[scale == 0] = 1
    stiffness = np.maximum(np.max(np.sum(row.factor**2, axis=-1), axis=-1), 1e-300)

    x = np.zeros_like(row.draw)
    solved, impossible = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    direction = np.zeros_like(row.total)
    pending = np.arange(size)
    point = _evaluate(row, np.zeros_like(row.total))
    best = np.full(size, np.inf)
    for _ in range(MAX_NEWTON_STEPS):
        error = np.max(np.abs(point.gradient), axis=(-2, -1)) / scale
        stalled = (error <= ACCEPTABLE) & (error > best / 2)
        done = (error <= TOLERANCE) | stalled
        solved[pending[done]] = True
        x[pending[done]] = point.projection.value[done]
        beyond = np.zeros_like(done)
        # Either may prove it first: μ runs off along a proof, and the residual −∇θ tends to one.
        for candidate in (point.mu, -point.gradient):
            length = np.maximum(np.sqrt(_inner(candidate, candidate)), 1e-300)
            unit = candidate / length[:, None, None]
            proven = ~done & ~beyond & (shortfall(row, unit) > CERTAIN * scale)
            direction[pending[proven]] = unit[proven]
            beyond |= proven
        impossible[pending[beyond]] = True
        keep = ~(done | beyond)
        if not keep.any():
            break
        if not keep.all():
            pending, row, point = pending[keep], take(row, keep), take(point, keep)
            scale, stiffness, best, error = scale[keep], stiffness[keep], best[keep], error[keep]
        best = np.minimum(best, error)
        # Vanishing quadratically, it neither slows Newton nor flattens a dual that only falls
        # as 1/|μ|, at the very edge of what is possible.
        step = _newton_step(
            row, point, stiffness * np.maximum(1e-3 * np.minimum(error, 1) ** 2, 1e-15)
        )
        point = _search(row, point, step, best * scale)
    return Solution(x=x, solved=solved, impossible=impossible, direction=direction)


def _search(row: Row, point: Point, step: Real, best: Real) -> Point:
    """Halve the step until it makes progress: θ falls, or the best residual so far halves.

    By convexity θ has fallen if its slope is still negative at the new point. Unlike differences
    of θ, the slope and the residual resolve the last digits.
    """
    slope = _inner(point.gradient, step)
    trial = _evaluate(row, point.mu + step)
    searching = np.arange(len(slope))
    mu = trial.mu.copy()
    length = 1.0
    current = trial
    for _ in range(MAX_HALVINGS):
        s = searching
        falls = current.dual <= point.dual[s] + 1e-4 * length * slope[s]
        falling = _inner(current.gradient, step[s]) <= 0
        smaller = np.max(np.abs(current.gradient), axis=(-2, -1)) <= best[s] / 2
        searching = s[~(falls | falling | smaller)]
        if not len(searching):
            break
        length /= 2
        mu[searching] = point.mu[searching] + length * step[searching]
        current = _evaluate(take(row, searching), mu[searching])
    return trial if length == 1 else _evaluate(row, mu)
