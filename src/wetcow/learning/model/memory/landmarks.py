"""Landmarks: some examples that stand for all, in a memory and where a memory is solved.

With m landmarks and L Lᵀ = K_mm, an example x has m features φ(x) = L⁻¹ κ(landmarks, x), whose
inner product is the part of κ(x, x') that landmarks know of; it is κ if all are landmarks.
Ridge regression on them is a memory of any number of examples in sums of m² numbers, which merge:
`wetcow.learning.model.statistics` and `wetcow.learning.model.ridge` do the rest, on a cluster too,
where rows stay on their workers.
"""

from __future__ import annotations

import functools

import jax.numpy as jnp
import numpy as np
import scipy.linalg

from wetcow.learning.model.ridge import ClassModes, solve
from wetcow.learning.model.statistics import Statistics
from wetcow.modes.kernel_matrix import BLOCK, kernel_matrix, kernel_tile
from wetcow.modes.kernel_series import KernelSeries

JITTER = 1e-5  # added to the diagonal of K_mm, which is 1


class Landmarks:
    """Features of examples from landmarks.

    Parameters
    ----------
    rows : float32 array (m, d)
        Landmarks, of unit length.
    series : KernelSeries
        κ.

    Attributes
    ----------
    rows : float32 array (m, d)
        As given.
    factor : float64 array (m, m)
        L, of K_mm + jitter; computed when it is needed first.
    """

    def __init__(self, rows: np.ndarray, series: KernelSeries):
        self.rows = rows
        self._series = series

    @functools.cached_property
    def factor(self) -> np.ndarray:
        """L."""
        square = kernel_matrix(self.rows.astype(np.float64), None, self._series)
        np.fill_diagonal(square, 1 + JITTER)
        return np.linalg.cholesky(square)

    def features(self, rows: np.ndarray) -> np.ndarray:
        """φ of unit rows (n, d), float32 (n, m)."""
        found = np.empty((len(rows), len(self.rows)), np.float32)
        placed, short = jnp.asarray(self.rows), jnp.asarray(self._series.chebyshev[0])
        for start in range(0, len(rows), BLOCK):
            some = slice(start, start + BLOCK)
            tile = kernel_tile(placed, jnp.asarray(rows[some], jnp.float32), short)
            tile = np.asarray(tile, np.float64)
            found[some] = scipy.linalg.solve_triangular(
                self.factor, tile, lower=True, overwrite_b=True, check_finite=False
            ).T
        return found


def solve_landmarks(statistics: Statistics, noise: float) -> ClassModes:
    """Class modes on features of landmarks: Σ|y − γ − wᵀφ|² + λ|w|² at its least.

    Parameters
    ----------
    statistics : Statistics
        Of features (n, m) and targets, of all examples in any order.
    noise : float
        λ, as in `wetcow.learning.model.memory.memorize`.

    Returns
    -------
    ClassModes
        With its leave-one-out predictions and leverages (`wetcow.learning.model.ridge`).
    """
    return solve(statistics, noise / statistics.count)


class Variance:
    """Predictive variance of criticalities: what stored examples leave open.

    σ²(x) = κ(1) − k(x)ᵀ(K + λ1)⁻¹k(x), from landmarks as 1 − |φ|² + λ φᵀ(Σφφᵀ + λ1)⁻¹φ. With all
    examples as landmarks that is σ² itself; with fewer it is larger, since they know less. Between
    0 and 1 = κ(1), which an input unlike all examples has; the same for all classes.

    Parameters
    ----------
    landmarks : Landmarks
        Some of the examples.
    factor : float array (m, m)
        Lower Cholesky factor of Σφφᵀ + λ1 over all examples.
    noise : float
        λ.
    """

    def __init__(self, landmarks: Landmarks, factor: np.ndarray, noise: float):
        self.landmarks, self.factor, self.noise = landmarks, factor, noise

    @classmethod
    def of(cls, landmarks: Landmarks, square: np.ndarray, noise: float) -> Variance:
        """From Σφφᵀ of all examples, float64 (m, m), whose lower triangle is used."""
        shifted = np.tril(square)
        np.fill_diagonal(shifted, shifted.diagonal() + noise)
        return cls(landmarks, scipy.linalg.cholesky(shifted, lower=True, overwrite_a=True), noise)

    def quadratic(self) -> np.ndarray:
        """M, float64 (m, m), with which σ² is 1 − kᵀMk, k the kernel between x and landmarks.

        M = L⁻ᵀ (1 − λ(Σφφᵀ + λ1)⁻¹) L⁻¹.
        """
        count = len(self.factor)
        inverse = scipy.linalg.cho_solve((self.factor.astype(np.float64), True), np.eye(count))
        inner = np.eye(count) - self.noise * inverse
        half = scipy.linalg.solve_triangular(self.landmarks.factor, inner, lower=True, trans=1)
        return scipy.linalg.solve_triangular(self.landmarks.factor, half.T, lower=True, trans=1)

    def in_single(self) -> Variance:
        """Return the same with a factor in single precision, which takes half the memory."""
        return Variance(
            landmarks=self.landmarks, factor=self.factor.astype(np.float32), noise=self.noise
        )

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """σ² of unit rows (n, d), float64 (n,)."""
        missing, known = self._parts(rows)
        return np.clip(missing + self.noise * known, 0, 1)

    def left_out(self, rows: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """σ² of examples, as if each had never been seen; none of them may be a landmark.

        Weights (n,) are those with which they were summed, if these differ.
        """
        missing, known = self._parts(rows)
        # Sherman and Morrison; rounding must not let an example say more than all.
        share = np.minimum(known if weights is None else weights * known, 1 - 1e-6)
        return np.clip(missing + self.noise * known / (1 - share), 0, 1)

    def _parts(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """1 − |φ|², of which landmarks know nothing, and φᵀ(Σφφᵀ + λ1)⁻¹φ."""
        missing, known = np.empty(len(rows)), np.empty(len(rows))
        for start in range(0, len(rows), BLOCK):
            some = slice(start, start + BLOCK)
            features = self.landmarks.features(rows[some]).astype(self.factor.dtype)
            missing[some] = np.maximum(1 - (features**2).sum(1, dtype=np.float64), 0)
            solved = scipy.linalg.solve_triangular(
                self.factor, features.T, lower=True, check_finite=False
            )
            known[some] = (solved**2).sum(0, dtype=np.float64)
        return missing, known
