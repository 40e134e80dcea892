"""Distributions of integers beside the power law, by maximum likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import erfc, log_ndtr, zeta
from scipy.stats import chi2

Ints = NDArray[np.int64]
TABLE = 4096  # values that are drawn from a table, and summed one by one


def normaliser(exponent: Any, xmin: Any, xmax: int | None) -> Any:
    """Σ x^{−exponent} over xmin ≤ x ≤ xmax."""
    whole = zeta(exponent, xmin)
    return whole if xmax is None else whole - zeta(exponent, xmax + 1.0)


def alternatives(
    tail: Ints, exponent: float, xmin: int, xmax: int | None
) -> dict[str, tuple[float, float]]:
    """Normalised log-likelihood ratios and their probabilities, by name."""
    x, count = np.unique(tail, return_counts=True)
    x = x.astype(float)
    power = -exponent * np.log(x) - np.log(normaliser(exponent, float(xmin), xmax))
    others = {
        "exponential": _exponential(x, count, xmin, xmax),
        "lognormal": _lognormal(x, count, exponent, xmin, xmax),
        "truncated_power_law": _truncated(x, count, exponent, xmin, xmax),
    }
    compared = {}
    for name, other in others.items():
        ratio = np.sum(count * (power - other))
        if name == "truncated_power_law":
            ratio = min(ratio, 0.0)  # without a cutoff it is the power law; the rest is rounding
        mean = ratio / tail.size
        spread = np.sqrt(np.sum(count * (power - other - mean) ** 2))
        normalised = ratio / spread if spread > 0 else 0.0
        if name == "truncated_power_law":
            probability = chi2.sf(-2 * ratio, 1)
        else:
            probability = erfc(abs(normalised) / np.sqrt(2))
        compared[name] = (float(normalised), float(probability))
    return compared


def _best(log_likelihood: Any, starts: list[list[float]], count: Ints) -> NDArray[np.float64]:
    """Log-likelihood of each value, at the best parameters found from several starts."""

    def cost(parameters):
        value = -np.sum(count * log_likelihood(parameters))
        return value if np.isfinite(value) else 1e300

    found = [
        minimize(cost, start, method="Nelder-Mead", options={"maxiter": 2000}) for start in starts
    ]
    return log_likelihood(min(found, key=lambda one: one.fun).x)


def _exponential(x, count, xmin, xmax):
    def log_likelihood(parameters):
        rate = np.exp(parameters[0])
        norm = -np.log(-np.expm1(-rate))
        if xmax is not None:
            norm += np.log(-np.expm1(-rate * (xmax - xmin + 1)))
        return -rate * (x - xmin) - norm

    mean = np.sum(count * (x - xmin)) / count.sum()
    return _best(log_likelihood, [[np.log(np.log1p(1 / mean))]], count)


def _lognormal(x, count, exponent, xmin, xmax):
    """Rounded to integers: the probability of x is that of the interval x ± 1/2."""

    def between(low, high):
        # From the side on which the difference does not cancel.
        low, high = np.where(low > 0, -high, low), np.where(low > 0, -low, high)
        first, second = log_ndtr(high), log_ndtr(low)
        return first + np.log1p(-np.exp(np.minimum(second - first, -1e-300)))

    def log_likelihood(parameters):
        center, spread = parameters[0], np.exp(np.clip(parameters[1], -10, 5))

        def scaled(value):
            return (np.log(value) - center) / spread

        end = np.inf if xmax is None else scaled(xmax + 0.5)
        with np.errstate(divide="ignore", invalid="ignore"):
            return between(scaled(x - 0.5), scaled(x + 0.5)) - between(scaled(xmin - 0.5), end)

    logs = np.log(x)
    mean = np.sum(count * logs) / count.sum()
    spread = np.sqrt(np.sum(count * (logs - mean) ** 2) / count.sum())
    # In the limit of a wide lognormal its flank is the power law itself.
    wide = [[logs[0] - (exponent - 1) * s**2, np.log(s)] for s in (2.0, 5.0)]
    return _best(log_likelihood, [[mean, np.log(spread)], *wide], count)


def _truncated(x, count, exponent, xmin, xmax):
    """x^{−exponent} e^{−rate x}."""
    end = xmin + TABLE if xmax is None else xmax + 1
    each = np.arange(xmin, end, dtype=float)
    rest = np.linspace(np.log(end - 0.5), np.log(end - 0.5) + 30, 2000)

    def log_likelihood(parameters):
        power, rate = parameters[0], np.exp(np.clip(parameters[1], -60, 5))
        norm = np.sum(each**-power * np.exp(-rate * (each - xmin)))
        if xmax is None:
            terms = np.exp((1 - power) * rest - rate * (np.exp(rest) - xmin))
            norm += np.trapezoid(terms, rest)
        return -power * np.log(x) - rate * (x - xmin) - np.log(norm)

    starts = [[exponent, np.log(rate / x[-1])] for rate in (1e-3, 1.0)]
    return _best(log_likelihood, [*starts, [0.5, -np.log(x.mean())]], count)
