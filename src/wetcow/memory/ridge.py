"""Couplings that make wave fronts of each other: a ridge regression for each row, within bounds.

    minimise  ⟨|Σ_j R_ij b_j − κ_i b_i|²⟩ / B² + ρ Σ_j |R_ij − D_ij|²

with the mean over a period, B² that of all |b|², D what is drawn and ρ the ridge
(`wetcow.memory.fronts`). All that it knows of the motions b is their Gram matrix.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wetcow.memory.projection import project

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

MOST_ITERATIONS = 20_000
SOLVED = 1e-10


class Asked(NamedTuple):
    """The problem that does not change: modes as they are, bounds, what is drawn."""

    own: Complex  # γ_i + iω_i
    weight: Real
    phase: Real
    draw: Complex


def gram_of(motions: Complex) -> Complex:
    """⟨b_i* b_j⟩, in units of the mean of |b|²."""
    gram = motions.conj().T @ motions
    return gram / np.mean(np.diag(gram).real)


def residual(r: Complex, needed: Any, gram: Complex) -> Real:
    """⟨|Σ_j R_ij b_j − κ_i b_i|²⟩^½ relative to that of κ_i b_i, (n,)."""
    left = r - np.diag(needed)
    size = np.einsum("ij,jk,ik->i", left.conj(), gram, left).real
    return np.sqrt(np.maximum(size, 0) / (np.abs(needed) ** 2 * np.diag(gram).real))


def couplings(gram: Complex, needed: Any, asked: Asked, ridge: float) -> Complex:
    """Solve all rows: directly, or by accelerated projected gradients where bounds hold them."""
    size = len(gram)
    curved = gram + ridge * np.eye(size)
    pull = needed[:, None] * gram.T + ridge * asked.draw  # rows x of x Gᵀ = (G xᵀ)ᵀ
    r = np.zeros_like(gram)
    for i in range(size):
        used = np.flatnonzero(asked.weight[i] > 0)
        r[i, used] = np.linalg.solve(curved[np.ix_(used, used)], pull[i, used])
    allowed = project(r, asked.weight, asked.phase).value
    if np.array_equal(allowed, r):
        return r
    return _within_bounds(curved, pull, allowed, asked, ridge)


def _within_bounds(
    curved: Complex, pull: Complex, start: Complex, asked: Asked, ridge: float
) -> Complex:
    """Nesterov's method for strongly convex functions, with projections."""
    steepest = float(np.linalg.eigvalsh(curved)[-1])
    root = np.sqrt(ridge / steepest)
    ahead = (1 - root) / (1 + root)
    x = before = start
    for _ in range(MOST_ITERATIONS):
        y = x + ahead * (x - before)
        gradient = y @ curved.T - pull
        before, x = x, project(y - gradient / steepest, asked.weight, asked.phase).value
        if np.abs(x - before).max() <= SOLVED * root * max(np.abs(x).max(), 1e-300):
            break
    return x
