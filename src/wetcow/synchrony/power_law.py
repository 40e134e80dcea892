"""Power laws of integers: maximum likelihood, goodness of fit, and other distributions beside.

The method of Clauset, Shalizi and Newman (2009), with a bounded power law where a finite network
bounds its avalanches. The package powerlaw finds the same exponents, a test compares them; but its
lognormal fits can stop far from the optimum, and it makes one or two fits a second, of which the
test of goodness needs hundreds.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wetcow import validation
from wetcow.synchrony.distributions import TABLE, alternatives, normaliser

Ints = NDArray[np.int64]
EXPONENTS = (1.0001, 12.0)
FEWEST_IN_TAIL, SMALLEST_SHARE = 50, 0.1
MOST_CANDIDATES = 40
LARGEST = 2**52  # beyond it floats leave out integers
GOLDEN = (np.sqrt(5) - 1) / 2


class PowerLaw(NamedTuple):
    """A power law P(x) ~ x^{−exponent} of integers from `xmin` on, and how good it is.

    Attributes
    ----------
    exponent, error : float
        Maximum likelihood and its standard error.
    xmin, xmax : int
        Where the power law begins, and the largest value.
    bounded : bool
        Whether the fitted distribution ends at `xmax`.
    num_tail, num_values : int
        Values from `xmin` on, and all.
    distance : float
        Kolmogorov-Smirnov distance between data and fit from `xmin` on.
    p_value : float
        Share of samples drawn from the fit that are farther from their own fits than the data are
        from theirs; NaN without bootstrap. Small (below 0.1): a power law is ruled out. Large: it
        is not, which is no proof of one.
    alternatives : dict of str to (float, float)
        By name of another distribution: the normalised log-likelihood ratio, positive if the power
        law is better, and the probability of one as large if both were equally good.
    """

    exponent: float
    error: float
    xmin: int
    xmax: int
    bounded: bool
    num_tail: int
    num_values: int
    distance: float
    p_value: float
    alternatives: dict[str, tuple[float, float]]

    @property
    def decades(self) -> float:
        """Orders of magnitude that the power law spans; below two there is little to see."""
        return float(np.log10(self.xmax / self.xmin))

    @property
    def verdict(self) -> str:
        """In words: what is ruled out, and which alternatives are better (both at 0.1)."""
        better = [name for name, (ratio, p) in self.alternatives.items() if ratio < 0 and p < 0.1]
        if self.p_value < 0.1:
            said = f"a power law is ruled out (p = {self.p_value:.2f})"
        elif np.isnan(self.p_value):
            said = "the fit was not tested"
        else:
            said = f"a power law is not ruled out (p = {self.p_value:.2f})"
        return f"{said}; better: {', '.join(better).replace('_', ' ')}" if better else said


def fit_power_law(
    values: Any,
    *,
    xmin: int | None = None,
    xmax: int | None = None,
    num_bootstrap: int = 100,
    seed: int = 0,
) -> PowerLaw:
    """Fit and test a power law of positive integers.

    The exponent maximises the likelihood of the values from `xmin` on; `xmin` minimises the
    Kolmogorov-Smirnov distance. The test draws samples from the fit (below `xmin` from the data),
    fits each in the same way, and compares distances. The alternatives (exponential, lognormal,
    power law with exponential cutoff) are fitted to the same tail by maximum likelihood and
    compared by Vuong's test; the last, which contains the power law, by the likelihood ratio test.

    Some far tail of anything looks like a power law, so what matters is also how many values and
    how many decades are in it: ``num_tail`` and ``decades``.

    Parameters
    ----------
    values : int array (k,)
        At least 50, such as ``find_avalanches(events).size``.
    xmin : int, optional
        Beginning of the power law. Default: searched for among values (40 at most) that leave a
        tenth of all values and at least 50.
    xmax : int, optional
        End of the distribution, for instance what a finite network allows; larger values are left
        out. Default: none.
    num_bootstrap : int
        Samples of the test; the p-value is a multiple of its inverse. 0: no test.
    seed : int
        Of the samples.

    Returns
    -------
    PowerLaw

    Raises
    ------
    ValueError
        For values that are not positive integers, or too few or all equal from `xmin` on.

    Examples
    --------
    >>> values = np.random.default_rng(0).zipf(2.5, size=2000)
    >>> fit = fit_power_law(values, num_bootstrap=20)
    >>> print(fit.xmin, round(fit.exponent, 1), fit.verdict)
    1 2.5 a power law is not ruled out (p = 0.25)
    """
    given = validation.array("values", values, ndim=1, empty=True)
    if not (np.all(given >= 1) and np.all(given % 1 == 0)):
        raise ValueError("values must be positive integers; bin continuous quantities first")
    if given.size and given.max() > LARGEST:
        raise ValueError(f"values must be at most {LARGEST}, got {given.max():g}")
    integers = given.astype(np.int64)
    num_bootstrap = validation.integer("num_bootstrap", num_bootstrap, minimum=0)
    seed = validation.integer("seed", seed, minimum=0)
    if xmin is not None:
        xmin = validation.integer("xmin", xmin, minimum=1)
    if xmax is not None:
        xmax = validation.integer("xmax", xmax, minimum=1)
        integers = integers[integers <= xmax]
    kept = integers if xmin is None else integers[integers >= xmin]
    if kept.size < FEWEST_IN_TAIL or kept.min() == kept.max():
        raise ValueError(
            f"a power law needs {FEWEST_IN_TAIL} or more values that are not all equal; there are "
            f"{kept.size} in the range asked for"
        )
    exponent, begin, distance = _fit(integers, xmin, xmax)
    tail, body = integers[integers >= begin], integers[integers < begin]
    rng = np.random.default_rng(seed)
    # P(X > x) for the first values, in which most draws are found.
    table = _above(exponent, begin, xmax, begin + np.arange(TABLE, dtype=float))
    farther = 0
    for _ in range(num_bootstrap):
        num_tail = rng.binomial(integers.size, tail.size / integers.size)
        drawn = _draw(rng.uniform(size=num_tail), table, exponent, begin, xmax)
        sample = np.concatenate([drawn, rng.choice(body, integers.size - num_tail)])
        farther += _fit(sample, xmin, xmax)[2] >= distance
    return PowerLaw(
        exponent=exponent,
        error=_standard_error(exponent, begin, xmax, tail.size),
        xmin=begin,
        xmax=int(tail.max()),
        bounded=xmax is not None,
        num_tail=tail.size,
        num_values=integers.size,
        distance=distance,
        p_value=farther / num_bootstrap if num_bootstrap else float("nan"),
        alternatives=alternatives(tail, exponent, begin, xmax),
    )


def _above(exponent: Any, xmin: Any, xmax: int | None, x: Any) -> Any:
    """Probability of values beyond `x`."""
    beyond = normaliser(exponent, x + 1.0, xmax) / normaliser(exponent, xmin, xmax)
    return beyond if xmax is None else np.where(x < xmax, beyond, 0.0)


def _fit(values: Ints, xmin: int | None, xmax: int | None) -> tuple[float, int, float]:
    """Return exponent, xmin and distance, from all candidates of xmin at once."""
    unique, count = np.unique(values, return_counts=True)
    num_from = np.cumsum(count[::-1])[::-1]  # values at or above each unique one
    log_from = np.cumsum((count * np.log(unique))[::-1])[::-1]
    if xmin is None:
        fewest = max(FEWEST_IN_TAIL, SMALLEST_SHARE * values.size)
        begins = unique[(num_from >= fewest) & (unique < unique[-1])]
        # Only a sample of equal values has none.
        begins = begins if begins.size else unique[:1]
        if begins.size > MOST_CANDIDATES:
            spread = np.geomspace(1, begins.size, MOST_CANDIDATES).astype(int) - 1
            begins = begins[np.unique(spread)]
    else:
        begins = np.array([xmin])
    at = np.searchsorted(unique, begins)
    number, logs = num_from[at], log_from[at]
    start = begins.astype(float)

    def cost(exponent):
        return number * np.log(normaliser(exponent, start, xmax)) + exponent * logs

    exponent = _minimise(cost, np.ones(len(begins)))
    # Both distributions are steps; between two values of the data the fitted one goes on.
    power, first = exponent[:, None], start[:, None]
    after = _above(power, first, xmax, unique.astype(float))
    before = _above(power, first, xmax, unique - 1.0)
    gap = np.maximum(
        np.abs(after - (num_from - count) / number[:, None]),
        np.abs(before - num_from / number[:, None]),
    )
    distance = np.where(unique >= first, gap, 0).max(axis=1)
    best = int(np.argmin(distance))
    return float(exponent[best]), int(begins[best]), float(distance[best])


def _minimise(cost: Any, shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """Golden-section search of many one-dimensional convex functions at once."""
    low, high = EXPONENTS[0] * shape, EXPONENTS[1] * shape
    for _ in range(45):  # to 1e-8
        width = GOLDEN * (high - low)
        left, right = high - width, low + width
        lower = cost(left) < cost(right)
        high, low = np.where(lower, right, high), np.where(lower, low, left)
    return (low + high) / 2


def _standard_error(exponent: float, xmin: int, xmax: int | None, number: int) -> float:
    """1/sqrt(number · variance of log x): the inverse Fisher information."""
    step = 1e-3
    at = np.log(normaliser(exponent + step * np.array([-1.0, 0.0, 1.0]), float(xmin), xmax))
    return float(1 / np.sqrt(number * (at[0] - 2 * at[1] + at[2]) / step**2))


def _draw(above: Any, table: Any, exponent: float, xmin: int, xmax: int | None) -> Ints:
    """Smallest integers beyond which the probability is less than `above`, by bisection."""
    last = len(table) - 1
    low = xmin + np.minimum(np.searchsorted(-table, -above, side="right"), last).astype(float)
    rare = np.flatnonzero(table[-1] >= above)
    left, right = low[rare], np.full(rare.size, 2.0**52)
    while np.any(left < right):
        middle = np.floor((left + right) / 2)
        reached = _above(exponent, xmin, xmax, middle) < above[rare]
        left, right = np.where(reached, left, middle + 1), np.where(reached, middle, right)
    low[rare] = left
    return low.astype(np.int64)
