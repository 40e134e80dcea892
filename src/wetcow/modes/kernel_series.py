"""The wave kernel as a power series: what a continuum of random modes makes of two inputs.

Modes look at an input x of unit length through couplings w ~ N(0, 1): each is driven by z = w·x,
normally distributed, and answers φ(z) = ω M((z − θ)/ω), if it speaks by its mean amplitude M.
θ is its threshold and ω its frequency, both in units of the spread of z. For infinitely many modes
the inner product of all answers to x and x' depends on the cosine ρ = x·x' alone,

    κ(ρ) = E[φ(z) φ(z')] / E[φ²] = Σ_k a_k² ρ^k / Σ_k a_k²,    a_k = E[φ(z) He_k(z)/√k!].

No coefficient is negative: κ is positive definite on the unit sphere of any dimension (Schoenberg).

**Accuracy.** The first K = 2048 coefficients come from quadrature (`wetcow.modes.hermite`),
accurate to about 1e-13. By Parseval's equation E[φ²] = Σ a_k², so that the mass of all others,
`tail`, is known, too. It is spread over higher degrees as theory says they fall: where φ has a
jump, a root or a kink, a_k² falls like k^(−3/2), k^(−2), k^(−5/2). So κ(1) = 1, no coefficient is
negative, and the error is at most 2 · tail · |ρ|^K whatever the others are (`KernelSeries.bound`).

**Evaluation.** In the angle t = arccos ρ all these kernels are smooth, κ(cos t) being linear in t
for a step. `KernelSeries.__call__` interpolates in t to about 1e-12, in double precision.
`KernelSeries.chebyshev` is a short series in t for single precision.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, Literal, get_args

import numpy as np
from numpy.polynomial import chebyshev
from scipy.interpolate import CubicHermiteSpline

from wetcow.modes.criticality import CANONICAL, critical_ratio
from wetcow.modes.hermite import hermite_coefficients
from wetcow.modes.response import response
from wetcow.precision import in_double

Code = Literal["amplitude", "rate", "both", "analytic", "relu", "step"]
CODES: tuple[str, ...] = get_args(Code)

LEAST_ANSWER = 1e-12  # mean square of a code, below which modes are as good as silent
SINGLE_ERROR = 1e-6
"""Wanted of the short series, on top of rounding in single precision."""

_LEAST_SINE = 1e-4  # of angles by which slopes are divided
_NUM_NODES = 2048  # of the interpolation
_CELL, _FURTHEST = 1.05, 1e10  # ratio of neighbouring degrees of the tail, and of the last to K
_DEGREES = (8, 12, 16, 24, 32, 48, 64)
_DECAY = {"jump": 1.5, "root": 2.0, "kink": 2.5}  # a_k² falls like k to the minus this
_SINGULARITY = {
    "amplitude": "root",
    "rate": "jump",
    "both": "jump",
    "analytic": "root",
    "relu": "kink",
    "step": "jump",
}


def answers(code: Code, c: np.ndarray) -> tuple[np.ndarray, ...]:
    """What modes with ω = 1 answer to the excitation c = γ/ω, one array for each code they speak.

    Parameters
    ----------
    code : {"amplitude", "rate", "both", "analytic", "relu", "step"}
        Mean amplitude; spiking frequency, zero for a silent mode; the one and the other, as two
        answers; sqrt(1 − w²c²) of [28]; and two that are no waves, max(c, 0) and c > 0.
    c : float64 array

    Returns
    -------
    tuple of float64 arrays of the shape of `c`

    Examples
    --------
    >>> [round(float(one), 3) for one in answers("both", np.array(1.0))]
    [0.316, 0.785]
    """
    if code == "relu":
        return (np.maximum(c, 0.0),)
    if code == "step":
        return ((c > 0).astype(float),)
    if code == "analytic":
        return (np.sqrt(np.maximum(1 - (c * _ratio()) ** 2, 0.0)),)
    rate, amplitude = response(c)
    rate = np.where(c > 0, rate, 0.0)
    return {"amplitude": (amplitude,), "rate": (rate,), "both": (amplitude, rate)}[code]


@functools.cache
def _ratio() -> float:
    return float(in_double(critical_ratio)(CANONICAL))


def _singular_points(code: Code) -> tuple[float, ...]:
    """Excitations c at which a code jumps or has a kink or an infinite slope."""
    if code in ("relu", "step"):
        return (0.0,)
    if code == "analytic":
        return (-1 / _ratio(), 1 / _ratio())
    return (0.0, 1 / _ratio())


@dataclasses.dataclass(frozen=True, eq=False)
class KernelSeries:
    """κ(ρ) = Σ_k c_k ρ^k with c_k ≥ 0 and Σ c_k = 1; see the module for how accurate it is.

    Attributes
    ----------
    coefficients : float64 array (terms,)
        c_k of k = 0, 1, …, from quadrature.
    degrees : float64 array (m,)
        Even numbers k; the terms of k and k + 1 stand for all higher ones.
    shares : float64 array (m, 2)
        Their c_k.
    tail : float
        Sum of `shares`: 1 − Σ coefficients.
    """

    coefficients: np.ndarray
    degrees: np.ndarray
    shares: np.ndarray
    tail: float

    def bound(self, rho: Any) -> Any:
        """Bound on the error of κ(ρ), from all that quadrature leaves out."""
        return 2 * self.tail * np.abs(rho) ** len(self.coefficients)

    def sum(self, rho: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """κ(ρ) and its slope dκ/dρ, term by term, for 0 < |ρ| < 1; slow.

        Parameters
        ----------
        rho : float64 array (n,)

        Returns
        -------
        value, slope : float64 arrays (n,)
        """
        value, slope = np.zeros_like(rho), np.zeros_like(rho)
        for coefficient in self.coefficients[::-1]:
            slope = slope * rho + value
            value = value * rho + coefficient
        powers = np.exp(np.log(np.abs(rho))[:, None] * self.degrees)  # even ones
        even, odd = powers @ self.shares[:, 0], powers @ self.shares[:, 1]
        steeper = powers @ (self.shares * self.degrees[:, None])
        value += even + rho * odd
        slope += steeper[:, 0] / rho + steeper[:, 1] + odd
        return value, slope

    @functools.cached_property
    def _spline(self) -> CubicHermiteSpline:
        """κ(cos t) in 0 ≤ t ≤ π, with nodes that are closer towards both ends."""
        angles = np.pi / 2 * (1 - np.cos(np.pi * np.arange(1, _NUM_NODES) / _NUM_NODES))
        value, slope = self.sum(np.cos(angles))
        signs = (-1.0) ** np.arange(len(self.coefficients))
        opposite = signs @ self.coefficients + self.shares.sum(0) @ [1, -1]
        slope = -np.sin(angles) * slope
        # At the ends the slope by t is zero, or for a jump that of the neighbours.
        return CubicHermiteSpline(
            x=np.array([0.0, *angles, np.pi]),
            y=np.array([1.0, *value, opposite]),
            dydx=np.array([slope[0], *slope, slope[-1]]),
        )

    def __call__(self, rho: Any) -> np.ndarray:
        """κ(ρ), float64; cosines that rounding moved beyond ±1 count as ±1."""
        angle = np.arccos(np.clip(np.asarray(rho, np.float64), -1, 1))
        return np.asarray(self._spline(angle))

    def with_slope(self, rho: Any) -> tuple[np.ndarray, np.ndarray]:
        """κ(ρ) and dκ/dρ, float64; where it is infinite, at ρ = ±1 for most codes, it is bounded.

        Parameters
        ----------
        rho : float64 array

        Examples
        --------
        >>> relu = kernel_series("relu", threshold=0.0)
        >>> value, slope = relu.with_slope(0.0)
        >>> round(float(slope), 3), round(float(relu(0.001) - relu(-0.001)) / 0.002, 3)
        (0.5, 0.5)
        """
        angle = np.arccos(np.clip(np.asarray(rho, np.float64), -1, 1))
        steep = np.asarray(self._spline(angle, 1))
        return np.asarray(self._spline(angle)), -steep / np.maximum(np.sin(angle), _LEAST_SINE)

    @functools.cached_property
    def chebyshev(self) -> tuple[np.ndarray, float]:
        """Short Chebyshev series of κ(cos t) in 2t/π − 1, float32, and its largest error."""
        t = (np.cos(np.pi * (np.arange(512) + 0.5) / 512) + 1) * np.pi / 2
        between = np.linspace(0, 1, 4001) ** 2 * np.pi
        wanted, exact = self._spline(t), self._spline(between)
        for degree in _DEGREES:
            series = chebyshev.chebfit(2 * t / np.pi - 1, wanted, degree).astype(np.float32)
            found = chebyshev.chebval(2 * between / np.pi - 1, series.astype(float))
            error = float(np.abs(found - exact).max())
            if error <= SINGLE_ERROR:
                break
        return series, error


@functools.lru_cache(maxsize=64)
def kernel_series(
    code: Code = "amplitude", threshold: float = 0.5, omega: float = 0.5
) -> KernelSeries:
    """Compute the wave kernel of a code; takes some hundredths of a second, kept for next time.

    Parameters
    ----------
    code : {"amplitude", "rate", "both", "analytic", "relu", "step"}
        What modes answer, see `answers`; with "both" the inner product is over both answers, so
        that a_k² is the sum of that of either.
    threshold : float
        θ, drive below which a mode is silent, in units of the spread of drives.
    omega : float
        ω > 0, frequency of the modes in the same units. No matter for "relu" and "step".

    Returns
    -------
    KernelSeries

    Raises
    ------
    ValueError
        If hardly any mode answers.

    Examples
    --------
    >>> step = kernel_series("step", threshold=0.0)
    >>> round(float(step(0.5)), 6)  # 1 − arccos(ρ)/π
    0.666667
    """
    singular = threshold + omega * np.array(_singular_points(code))
    with np.errstate(over="ignore"):
        each, squares = hermite_coefficients(
            lambda z: answers(code, (z - threshold) / omega), singular
        )
    total = squares.sum()
    if not (np.isfinite(total) and total * min(omega, 1.0) ** 2 > LEAST_ANSWER):
        raise ValueError(
            f"modes with threshold={threshold:g} and omega={omega:g}, in units of the spread of "
            f"their drives, hardly ever answer by their {code}: choose a lower threshold"
        )
    coefficients = (each**2).sum(0) / total
    tail = max(1 - coefficients.sum(), 0.0)
    degrees, shares = _higher(coefficients, tail, _DECAY[_SINGULARITY[code]])
    return KernelSeries(coefficients=coefficients, degrees=degrees, shares=shares, tail=tail)


def _higher(coefficients: np.ndarray, tail: float, decay: float) -> tuple[np.ndarray, np.ndarray]:
    """Degrees and shares of what follows the coefficients: `tail` in all, falling like k^−decay.

    Even and odd degrees, of which some codes have but one kind, share it as among the last known.
    """
    count = len(coefficients)
    edges = count * _CELL ** np.arange(np.log(_FURTHEST) / np.log(_CELL))
    beyond = (edges / count) ** (1 - decay)  # share of all that lies beyond each edge
    weights = tail * np.append(beyond[:-1] - beyond[1:], beyond[-1])
    degrees = 2 * np.round(np.append(np.sqrt(edges[:-1] * edges[1:]), edges[-1]) / 2)
    last = coefficients[count // 2 :]  # from an even degree
    kinds = np.array([last[::2].sum(), last[1::2].sum()])
    kinds = kinds / kinds.sum() if kinds.any() else np.full(2, 0.5)
    return degrees, np.outer(weights, kinds)
