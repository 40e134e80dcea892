"""Which columns of a table matter, and how much: a scale for each, by the evidence of examples.

As for a Gaussian process: with targets y as values of one whose covariance is s(K + λ), s as it
fits best, examples are the likelier the smaller

    L = ½ n log(yᵀ G y) + ½ log det(K + λ),    G = (K + λ)⁻¹,

the mean over columns of y. L falls along its gradient by the scales of the columns and λ, from what
is common to all, to which it holds them by ½ Σ log²(scale/common)/`_FREEDOM`².
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.linalg
import scipy.optimize

from wetcow.modes.kernel_series import KernelSeries

_FREEDOM = 1.0  # of logarithms of scales
_STEPS, _ENOUGH = 40, 1e-5  # steps at most, and relative change of L that ends them
_MOST_NOISE = 1e3
_FURTHEST = 7.0  # of logarithms of scales from what is common to all


class Seen(NamedTuple):
    """How rows are seen.

    Attributes
    ----------
    scales : float64 array (columns,)
        Factors of standardised columns.
    noise : float
        λ.
    """

    scales: np.ndarray
    noise: float


def find_relevance(
    columns: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    series: KernelSeries,
    common: Seen,
    least_noise: float,
) -> Seen:
    """Return scales of columns for which examples are likelier, and the λ that goes with them.

    Parameters
    ----------
    columns : float64 array (n, d)
        Standardised, and divided by the root of their number.
    targets : float array (n, outputs)
    weights : float array (n,)
        How often each counts.
    series : KernelSeries
        κ.
    common : Seen
        From where to start: all scales are equal.
    least_noise : float
        Smallest λ.

    Returns
    -------
    Seen

    Examples
    --------
    Of two columns, one has to do with the values:

    >>> from wetcow.modes.kernel_series import kernel_series
    >>> columns = np.random.default_rng(0).normal(size=(60, 2)) / np.sqrt(2)
    >>> values = np.sin(2 * columns[:, :1])
    >>> common = Seen(np.ones(2), 0.03)
    >>> found = find_relevance(columns, values, np.ones(60), kernel_series(), common, 1e-4)
    >>> bool(found.scales[0] > 5 * found.scales[1])
    True
    """
    centred = targets - np.average(targets, axis=0, weights=weights)
    centred = centred[:, np.average(centred**2, axis=0, weights=weights) > 0]
    if not centred.shape[1]:
        return common
    low = min(least_noise, common.noise)
    start = np.append(np.log(common.scales), np.log(common.noise))
    bounds = [(one - _FURTHEST, one + _FURTHEST) for one in start[:-1]]
    found = scipy.optimize.minimize(
        evidence,
        start,
        args=(columns, centred, weights, series, start[:-1]),
        jac=True,
        method="L-BFGS-B",
        bounds=[*bounds, (np.log(low), np.log(_MOST_NOISE))],
        options={"maxiter": _STEPS, "ftol": _ENOUGH},
    )
    return Seen(np.exp(found.x[:-1]), float(np.exp(found.x[-1])))


def evidence(
    x: np.ndarray,
    columns: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    series: KernelSeries,
    common: np.ndarray,
) -> tuple[float, np.ndarray]:
    """L, and its slopes by the logarithms of scales and noise.

    Parameters
    ----------
    x : float64 array (columns + 1,)
        These logarithms.
    columns, targets, weights, series
        As of `find_relevance`; means of targets are zero.
    common : float64 array (columns,)
        Logarithms of the scales by which others are held.
    """
    squares, noise = np.exp(2 * x[:-1]), np.exp(x[-1])
    cosines, lengths = cosines_of(columns, np.exp(x[:-1]))
    above = np.triu_indices(len(columns), 1)
    values, steep = series.with_slope(cosines[above])
    inner, bent = np.eye(len(columns)), np.zeros_like(cosines)  # a row is itself at any scale
    inner[above] = inner.T[above] = values
    bent[above] = bent.T[above] = steep
    try:
        factor = scipy.linalg.cho_factor(inner + np.diag(noise / weights), lower=True)
    except np.linalg.LinAlgError:
        return np.inf, np.zeros_like(x)
    total, outputs = weights.sum(), targets.shape[1]
    solved = scipy.linalg.cho_solve(factor, targets)
    fit = (targets * solved).sum(axis=0)
    away = x[:-1] - common
    # Examples that count several times have the noise of all of these, and their values' scatter.
    half_log_det = np.log(np.diag(factor[0])).sum()
    value = 0.5 * total * np.log(fit).mean() + half_log_det + 0.5 * (away @ away) / _FREEDOM**2
    inverse = scipy.linalg.cho_solve(factor, np.eye(len(columns)))
    along = inverse / 2 - (solved * (total / (2 * outputs * fit))) @ solved.T
    bent *= along
    pairs = bent / lengths / lengths[:, None]
    slopes = ((pairs @ columns) * columns).sum(axis=0)
    slopes -= ((bent * cosines).sum(axis=1) / lengths**2) @ columns**2
    by_noise = noise * (np.diag(along) / weights).sum()
    return float(value), np.append(2 * squares * slopes + away / _FREEDOM**2, by_noise)


def cosines_of(columns: np.ndarray, scales: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosines (n, n) between rows of scaled columns and a constant 1, and lengths (n,) of these."""
    rows = columns * scales
    inner = rows @ rows.T + 1
    lengths = np.sqrt(np.diag(inner))
    return np.clip(inner / lengths / lengths[:, None], -1, 1), lengths
