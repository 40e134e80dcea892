"""Exponential Runge-Kutta steps of fourth order: what decays uniformly is exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np


class Coefficients(NamedTuple):
    """Of one step, for du/dt = −γu + N(u, t) with decay rates γ ≥ 0.

    Attributes
    ----------
    decay, half_decay : arrays
        e^{−γh} and e^{−γh/2}.
    half : array
        Weight of N in half a step, s.
    first, middle, last : arrays
        Weights of N at the start, at each of the two middle stages, and at the end, s.
    """

    decay: Any
    half_decay: Any
    half: Any
    first: Any
    middle: Any
    last: Any


def _phi(z: np.ndarray, order: int) -> np.ndarray:
    """φ_n(z) = Σ_j z^j/(j + n)! for z ≤ 0, without cancellation."""
    series, term = np.zeros_like(z), np.ones_like(z)
    term = term / np.prod(np.arange(1, order + 1.0))
    for j in range(1, 30):
        series = series + term
        term = term * z / (order + j)
    far = np.where(np.abs(z) < 1, -1.0, z)
    closed, factorial = np.exp(far), 1.0
    for n in range(order):  # φ_{n+1} = (φ_n − 1/n!)/z
        factorial *= max(n, 1)
        closed = (closed - 1 / factorial) / far
    return np.where(np.abs(z) < 1, series, closed)


def coefficients(gamma: np.ndarray, step: float) -> Coefficients:
    """Coefficients of Cox and Matthews' scheme (J. Comput. Phys. 176:430, 2002), float64.

    Examples
    --------
    >>> one = coefficients(np.array([0.0]), 0.1)  # without decay it is the classical method
    >>> [round(float(value[0]) * 60, 6) for value in (one.first, one.middle, one.last)]
    [1.0, 2.0, 1.0]
    """
    z = -np.asarray(gamma, float) * step
    phi1, phi2, phi3 = (_phi(z, order) for order in (1, 2, 3))
    return Coefficients(
        decay=np.exp(z),
        half_decay=np.exp(z / 2),
        half=step / 2 * _phi(z / 2, 1),
        first=step * (phi1 - 3 * phi2 + 4 * phi3),
        middle=step * (2 * phi2 - 4 * phi3),
        last=step * (4 * phi3 - phi2),
    )


def exponential_step(
    u: Any, time: Any, step: float, rest: Callable[[Any, Any], Any], c: Coefficients
) -> Any:
    """One step of du/dt = −γu + rest(u, time)."""
    c = Coefficients(*(jnp.asarray(one, u.dtype) for one in c))  # complex, if spectra are
    at_start = rest(u, time)
    a = c.half_decay * u + c.half * at_start
    at_a = rest(a, time + step / 2)
    b = c.half_decay * u + c.half * at_a
    at_b = rest(b, time + step / 2)
    end = c.half_decay * a + c.half * (2 * at_b - at_start)
    at_end = rest(end, time + step)
    return c.decay * u + c.first * at_start + c.middle * (at_a + at_b) + c.last * at_end
