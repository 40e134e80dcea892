"""Class modes in closed form, from sufficient statistics that merge [26, 27].

One mode per class receives the pooled codes x of the hidden modes through couplings w with phases
δ ∈ {0, π}, so that Σ w sin δ = 0 [27] holds by itself and w cos δ is any real number. They are
asked to bring a mode to its critical point for its own class, and to leave it at rest otherwise:
Σ_j w_j cos δ_j x_j + γ = γ_c or 0 [26]. More images than couplings make this a least-squares
problem, a ridge one to keep couplings weak.

Excitations are in units of γ_c throughout: what a class mode has is its criticality cr.

The class read out is that of the mode which comes *nearest to its critical point from below*. A
mode driven beyond has already passed it; the furthest beyond passes first. That order is
argmax cr, the usual one of a linear classifier. (Taking |1 − cr| instead would punish a confident
answer; at useful penalties the two hardly differ.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import scipy.linalg
import scipy.optimize
import scipy.special

from wetcow.learning.model.statistics import Statistics

RIDGES = (0.001, 0.01, 0.1, 0.3, 1.0, 3.0)
"""Penalties compared by generalised cross-validation.

None is smaller: rounding of single-precision products moves the eigenvalues of Σxxᵀ/n by up to
about 1e-7·sqrt(d), and with more features than samples GCV would reward that.
"""

_LOG_TEMPERATURE = (-2.0, 7.0)  # bounds of the inverse temperature of probabilities


class ClassModes(NamedTuple):
    """Solved class modes.

    Attributes
    ----------
    coupling : float64 array (d, classes)
        w cos δ, in units of γ_c.
    gamma : float64 array (classes,)
        Excitation without input, in units of γ_c.
    ridge : float
        Penalty λ per sample.
    mean : float64 array (d,)
        Mean of the features solved with.
    factor : float array (d, d)
        Lower Cholesky factor of Σ(x − x̄)(x − x̄)ᵀ + nλ; single precision where it is only kept
        for `leverage`.
    count : float
        Number of samples, or the sum of their weights.
    """

    coupling: np.ndarray
    gamma: np.ndarray
    ridge: float
    mean: np.ndarray
    factor: np.ndarray
    count: float

    def criticality(self, features: np.ndarray) -> np.ndarray:
        """Return cr of all class modes, float64 (n, classes)."""
        return features.astype(np.float64) @ self.coupling + self.gamma


def _factor(gram: np.ndarray, penalty: float) -> np.ndarray | None:
    """Lower Cholesky factor of gram + penalty·I, or None if that is not positive definite."""
    # LAPACK itself, in its own order: scipy.linalg's checks and copies cost as much as the work.
    (cholesky,) = scipy.linalg.get_lapack_funcs(("potrf",), (gram,))
    shifted = np.array(gram, order="F")
    np.fill_diagonal(shifted, shifted.diagonal() + penalty)
    factor, failed = cholesky(shifted, lower=1, overwrite_a=1, clean=1)
    return None if failed else factor


def _forward(factor: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return L⁻¹ right."""
    (solve_triangular,) = scipy.linalg.get_blas_funcs(("trsm",), (factor,))
    return solve_triangular(1.0, factor, right, lower=1)


def _backward(factor: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return L⁻ᵀ right."""
    (solve_triangular,) = scipy.linalg.get_blas_funcs(("trsm",), (factor,))
    return solve_triangular(1.0, factor, right, lower=1, trans_a=1)


def substitute(factor: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve L Lᵀ z = right."""
    return _backward(factor, _forward(factor, right))


def solve(statistics: Statistics, ridge: float) -> ClassModes:
    """Solve [26, 27] in the least-squares sense by one Cholesky factorisation.

    Minimises Σ|y − γ − wᵀx|² + nλ|w|²; γ is not penalised.

    Parameters
    ----------
    statistics : Statistics
        Of standardised features and targets: 1 (critical) for the own class, else 0 (at rest).
    ridge : float
        λ > 0, in units of the variance of a feature.

    Returns
    -------
    ClassModes

    Raises
    ------
    ValueError
        If λ is too small for a nearly singular matrix.

    Examples
    --------
    >>> x = np.array([[-1.0], [1.0]])
    >>> modes = solve(Statistics.of(x, (x + 1) / 2), ridge=1.0)
    >>> modes.coupling.tolist(), modes.gamma.tolist()
    ([[0.25]], [0.5])
    """
    gram, cross, _ = statistics.centred()
    factor = _factor(gram, ridge * statistics.count)
    if factor is None:
        raise ValueError(
            f"the features are too nearly dependent for ridge={ridge:.3g}; increase ridge"
        )
    coupling = substitute(factor, cross)
    mean = statistics.x / statistics.count
    gamma = statistics.y / statistics.count - mean @ coupling
    return ClassModes(
        coupling=coupling,
        gamma=gamma,
        ridge=ridge,
        mean=mean,
        factor=factor,
        count=statistics.count,
    )


def _gcv_score(moments: tuple, count: float, ridge: float) -> float:
    """GCV(λ) = (RSS/n) / (1 − tr H/n)², infinite where rounding makes the matrix indefinite."""
    gram, cross, spread = moments
    penalty = ridge * count
    factor = _factor(gram, penalty)
    if factor is None:
        return math.inf
    half = _forward(factor, cross)
    coupling = _backward(factor, half)
    # RSS = yᵀy − bᵀ(G + nλ)⁻¹b − nλ|w|²
    residual = (spread - (half**2).sum(axis=0) - penalty * (coupling**2).sum(axis=0)).sum()
    (invert,) = scipy.linalg.get_lapack_funcs(("trtri",), (factor,))
    inverse, _ = invert(factor, lower=1, overwrite_c=1)
    trace_hat = 1 + len(gram) - penalty * np.vdot(inverse, inverse)
    free = max(1 - trace_hat / count, np.finfo(float).eps)
    return float(max(residual, 0.0) / count / free**2)


def cross_validate(
    statistics: Statistics, ridges: Iterable[float] = RIDGES
) -> tuple[float, dict[float, float]]:
    """Choose λ by generalised cross-validation, from the statistics alone.

    GCV(λ) = (RSS/n) / (1 − tr H/n)², with the residuals of all classes and the hat matrix H.
    The search starts in the middle of the sorted penalties and walks downhill while that lowers
    the score, so it finds a minimum without trying all.

    Parameters
    ----------
    statistics : Statistics
        As for `solve`.
    ridges : iterable of float
        Penalties; each one tried costs a Cholesky factorisation and a triangular inverse.

    Returns
    -------
    float, dict
        The best λ, and the scores of those tried; infinite where the matrix is not positive
        definite.

    Raises
    ------
    ValueError
        If that is so for all that were tried.
    """
    ordered = sorted(ridges)
    moments = statistics.centred()
    scores: dict[float, float] = {}

    def score(index: int) -> float:
        ridge = ordered[index]
        if ridge not in scores:
            scores[ridge] = _gcv_score(moments, statistics.count, ridge)
        return scores[ridge]

    best = start = len(ordered) // 2
    # Ties (nothing left to explain, or indefinite) go to the larger penalty.
    while best + 1 < len(ordered) and score(best + 1) <= score(best):
        best += 1
    while best <= start and best > 0 and score(best - 1) < score(best):
        best -= 1
    if not math.isfinite(score(best)):
        raise ValueError(f"none of the penalties {[*scores]} determines the couplings")
    return ordered[best], scores


def leverage(modes: ClassModes, features: np.ndarray) -> np.ndarray:
    """Predictive variance of each sample in units of the noise: h = 1/n + (x − x̄)ᵀA⁻¹(x − x̄).

    A = Σ(x − x̄)(x − x̄)ᵀ + nλ. For a sample among those solved with, h is its diagonal element of
    the hat matrix.

    Parameters
    ----------
    modes : ClassModes
        Solved class modes.
    features : array (n, d)
        Standardised features.

    Returns
    -------
    float64 array (n,)
    """
    return 1 / modes.count + (_whitened(modes, features) ** 2).sum(axis=0, dtype=np.float64)


def _whitened(modes: ClassModes, features: np.ndarray) -> np.ndarray:
    """Return L⁻¹(x − x̄), (d, n)."""
    centred = (features - modes.mean).astype(modes.factor.dtype)
    return _forward(modes.factor, np.asfortranarray(centred.T))


def leave_one_out(
    modes: ClassModes,
    features: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Criticalities that a sample would get from class modes solved without it, exactly.

    Parameters
    ----------
    modes : ClassModes
        Solved with these samples among others.
    features, targets : arrays (n, k, d), (n, classes)
        Some or all of the samples, each with its k − 1 copies, without which it is left.
    weights : array (n,), optional
        Of these samples and their copies, if they differ. A sample is left out with all its weight.

    Returns
    -------
    criticality : float64 array (n, classes)
        The first row of (1 − H)⁻¹(ŷ − H y), H the block of the hat matrix for a sample and its
        copies; without copies (ŷ − h y)/(1 − h), h its `leverage` times its weight.
    variance : float64 array (n,)
        What the leverage of the sample would be if it were not among those solved with,
        the first element of (1 − H)⁻¹H, divided by its weight.
    """
    n, k, d = features.shape
    flat = features.reshape(-1, d)
    whitened = _whitened(modes, flat).reshape(d, n, k)
    hat = 1 / modes.count + np.einsum("dni,dnj->nij", whitened, whitened, dtype=np.float64)
    each = np.ones(n) if weights is None else weights
    hat *= each[:, None, None]
    # One or two samples of a kind: nothing is left without them.
    values, vectors = np.linalg.eigh(hat)
    values = np.minimum(values, 1 - 1e-6)
    first = np.einsum("nj,nkj->njk", vectors[:, 0], vectors)  # of Σ_j v_j v_jᵀ, their first rows
    fitted = modes.criticality(flat).reshape(n, k, -1)
    without = np.einsum("nj,njk->nk", 1 / (1 - values), first)
    leverages = np.einsum("nj,njk->nk", values / (1 - values), first)
    criticality = np.einsum("nk,nkc->nc", without, fitted) - leverages.sum(1)[:, None] * targets
    return criticality, leverages[:, 0] / each


def fit_temperature(
    criticality: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Inverse temperature β at which softmax(β cr) is the most likely, ≥ e⁻² and ≤ e⁷.

    Parameters
    ----------
    criticality, targets : arrays (n, classes)
        Of samples that the class modes have not been solved with, see `leave_one_out`.
    weights : array (n,), optional
        Of the samples, if they differ.

    Returns
    -------
    float
    """

    def loss(logarithm: float) -> float:
        logits = np.exp(logarithm) * criticality
        each = -(targets * scipy.special.log_softmax(logits, axis=1)).sum(axis=1)
        return float(np.average(each, weights=weights))

    found = scipy.optimize.minimize_scalar(loss, bounds=_LOG_TEMPERATURE, method="bounded")
    return float(np.exp(found.x))
