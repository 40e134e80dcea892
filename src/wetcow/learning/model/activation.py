"""What a mode answers to a drive: its two codes, or the paper's analytic rate [28].

A drive adds to the excitation and the frequency of a mode, γ̄ = γ + Re(R·x) and ω̄ = ω + Im(R·x).
The settled mode then has

- the mean amplitude ω̄ M(γ̄/ω̄), a rectified linear unit with a kink at criticality, and
- the spiking frequency ω̄ f(γ̄/ω̄), a band-pass of excitation: zero outside 0 < γ̄ < γ_c.

`wetcow.modes.response` has f and M to ten digits. Here they are **approximated** for speed in
single precision: below criticality by polynomials of degree 8 in x = sqrt(1 − cr), in which both
are analytic; the amplitude beyond criticality is exact. The absolute error is below `CODE_ERROR`,
in units of ω̄.

As a *code* the rate of a silent mode is zero. So it is at γ̄ ≤ 0, where theory has f = 1 (a damped
mode rings at ω, but with vanishing amplitude).
"""

from __future__ import annotations

import functools
from typing import Any, Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from numpy.polynomial import polynomial

from wetcow.modes.criticality import CANONICAL, Constants, critical_ratio
from wetcow.modes.response import response as exact_response

Response = Literal["both", "amplitude", "rate", "analytic", "relu"]
RESPONSES: tuple[str, ...] = get_args(Response)

DEGREE = 8
CODE_ERROR = 2e-4
"""Bound on the absolute error of f and M, canonical constants, single precision included."""

_NUM_NODES = 64
SMALLEST_OMEGA = 1e-12
_STEEPEST = 0.05
"""Roots are differentiated as if they were not smaller: at critical points slopes are infinite."""

# What `_polynomials` finds for the canonical constants, so that no one has to wait for it.
_CANONICAL_FIT = (
    (
        *(0.9797052907872006, 0.5582139272247818, -0.8405748222645679, 3.6296614255155015),
        *(-17.59769523756949, 45.46889058818668, -64.99862276970734, 48.1374328255053),
        -14.337021308876912,
    ),
    (
        *(0.24997531698985656, 0.1165159153291601, -0.09634784856561183, 0.5769040314692693),
        *(-1.9964105366028697, 3.2740799691876377, -1.9717634322875879, -0.6581317596937207),
        0.8386005928105945,
    ),
)


class CodeFit(NamedTuple):
    """Polynomials of the codes below criticality, lowest power first, and the exact rest.

    Attributes
    ----------
    rate : tuple of float
        f/x as a polynomial in x = sqrt(1 − cr).
    amplitude : tuple of float
        M/c, likewise.
    rate_slope, amplitude_slope : tuple of float
        x df/dc and x dM/dc, likewise.
    ratio : float
        w = ω/γ_c [16].
    shift, slope, bend : float
        Beyond criticality M = slope·k + bend·sqrt(k² − k_c²), where k = c − shift and k_c is its
        value at criticality.
    """

    rate: tuple[float, ...]
    amplitude: tuple[float, ...]
    rate_slope: tuple[float, ...]
    amplitude_slope: tuple[float, ...]
    ratio: float
    shift: float
    slope: float
    bend: float


@functools.cache
def fit_codes(constants: Constants = CANONICAL) -> CodeFit:
    """Fit the polynomials for one set of constants (Python floats).

    Beyond criticality [12] is zero at A cos φ = −1/w_φ, for ω = 1. With s = A sin φ, b = w_a sin ψ
    and k = c − (w_a/w_φ) cos ψ, [11] becomes (k + b s)² = α² (s² + 1/w_φ²), quadratic in s. Of its
    two roots the one of larger amplitude A = (k + b s)/α is the node, on which the mode settles.

    Examples
    --------
    >>> fit_codes().ratio
    0.5
    """
    # The caller may be tracing: evaluate now, not as part of what is traced.
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        ratio = float(critical_ratio(constants))
    w_a, w_phi, psi, alpha = constants
    denominator = alpha**2 - (w_a * np.sin(psi)) ** 2
    rates, amplitudes = _CANONICAL_FIT if constants == CANONICAL else _polynomials(constants)

    def slopes(code: np.ndarray) -> tuple[float, ...]:
        """Slope by c, times x, of a polynomial in x: c = (1 − x²)/w, so that dx/dc = −w/(2x)."""
        return tuple((-ratio / 2 * polynomial.polyder(code)).tolist())

    return CodeFit(
        rate=rates,
        amplitude=amplitudes,
        rate_slope=slopes(polynomial.polymulx(rates)),
        amplitude_slope=slopes(polynomial.polymul([1 / ratio, 0, -1 / ratio], amplitudes)),
        ratio=ratio,
        shift=float(w_a / w_phi * np.cos(psi)),
        slope=float(alpha / denominator),
        bend=float(w_a * np.sin(psi) / denominator),
    )


def _polynomials(constants: Constants) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Fit f/x and M/c by polynomials in x = sqrt(1 − cr)."""
    nodes = (1 + np.cos(np.pi * (np.arange(_NUM_NODES) + 0.5) / _NUM_NODES)) / 2
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        c = (1 - nodes**2) / float(critical_ratio(constants))
        exact = jax.jit(exact_response, static_argnums=1)  # its many steps are slow one by one
        rate, amplitude = (np.asarray(code) for code in exact(c, constants))
    rates = polynomial.polyfit(nodes, rate / nodes, DEGREE)
    amplitudes = polynomial.polyfit(nodes, amplitude / c, DEGREE)
    return tuple(rates.tolist()), tuple(amplitudes.tolist())


def _power_series(coefficients: tuple[float, ...], x: Any) -> Any:
    value = jnp.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = value * x + coefficient
    return value


def _roots(c: Any, fit: CodeFit) -> tuple[Any, Any, Any]:
    """Whether c is beyond criticality, k, and the root that each side needs."""
    beyond = c * fit.ratio >= 1
    k, k_critical = c - fit.shift, 1 / fit.ratio - fit.shift
    squared = jnp.where(beyond, k**2 - k_critical**2, 1 - jnp.maximum(c, 0) * fit.ratio)
    return beyond, k, jnp.sqrt(jnp.maximum(squared, 0))


# Slopes are written out, for speed: that of a power series is another.
@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _amplitude(c: Any, fit: CodeFit) -> Any:
    """M(c)."""
    beyond, k, root = _roots(c, fit)
    below = c * _power_series(fit.amplitude, jnp.where(beyond, 0, root))
    return jnp.where(c <= 0, 0, jnp.where(beyond, fit.slope * k + fit.bend * root, below))


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _rate(c: Any, fit: CodeFit) -> Any:
    """f(c), but zero for a silent mode."""
    beyond, _, root = _roots(c, fit)
    return jnp.where(beyond | (c <= 0), 0, root * _power_series(fit.rate, root))


@_amplitude.defjvp
def _(fit: CodeFit, at: tuple[Any], change: tuple[Any]) -> tuple[Any, Any]:
    beyond, k, root = _roots(*at, fit)
    below = _power_series(fit.amplitude_slope, jnp.where(beyond, 0, root))
    steep = jnp.where(beyond, fit.slope * root + fit.bend * k, below)
    slope = jnp.where(at[0] <= 0, 0, steep / jnp.maximum(root, _STEEPEST))
    return _amplitude(*at, fit), slope * change[0]


@_rate.defjvp
def _(fit: CodeFit, at: tuple[Any], change: tuple[Any]) -> tuple[Any, Any]:
    beyond, _, root = _roots(*at, fit)
    steep = _power_series(fit.rate_slope, root) / jnp.maximum(root, _STEEPEST)
    return _rate(*at, fit), jnp.where(beyond | (at[0] <= 0), 0, steep) * change[0]


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def bounded_root(squared: Any, smallest: float = _STEEPEST) -> Any:
    """Square root, zero below zero, with a derivative of at most 1/(2 · smallest).

    Examples
    --------
    >>> float(bounded_root(jnp.array(0.0))), float(jax.grad(bounded_root)(0.0))
    (0.0, 10.0)
    """
    del smallest
    return jnp.sqrt(jnp.maximum(squared, 0))


@bounded_root.defjvp
def _bounded_slope(smallest: float, primals: Any, tangents: Any) -> tuple[Any, Any]:
    (squared,), (change,) = primals, tangents
    root = jnp.sqrt(jnp.maximum(squared, 0))
    return root, change / (2 * jnp.maximum(root, smallest))


def codes(gamma: Any, omega: Any, fit: CodeFit | None = None) -> tuple[Any, Any]:
    """Both codes of modes with total excitation γ̄ and frequency ω̄, approximated (see `CODE_ERROR`).

    Parameters
    ----------
    gamma, omega : float arrays that broadcast
        γ̄ and ω̄, 1/time. ω̄ ≤ 0 counts as the limit ω̄ → 0: no rate, and an amplitude
        proportional to the excitation.
    fit : CodeFit, optional
        From `fit_codes`; default: the canonical constants.

    Returns
    -------
    amplitude, rate : arrays of the broadcast shape, in the precision of the arguments
        Zero for γ̄ ≤ 0. Differentiable away from γ̄ = 0, where the rate jumps; slopes near the
        critical point, where those of both codes are infinite, are bounded (`bounded_root`).

    Examples
    --------
    >>> amplitude, rate = codes(jnp.array([-1.0, 1.0, 3.0]), 1.0)
    >>> amplitude.round(3).tolist(), rate.round(3).tolist()  # doctest: +ELLIPSIS
    ([0.0, 0.3..., 1.26...], [0.0, 0.78..., 0.0])
    """
    fit = fit_codes() if fit is None else fit
    omega = jnp.maximum(omega, SMALLEST_OMEGA)
    c = gamma * (1 / omega)
    return omega * _amplitude(c, fit), omega * _rate(c, fit)


def analytic_rate(gamma: Any, omega: Any, ratio: float = 0.5) -> Any:
    """Evaluate the paper's rate ω_s = sqrt(ω̄² − γ̄² w²) [28] as a code, sqrt(p₊ q₊).

    Parameters
    ----------
    gamma, omega : float arrays that broadcast
        γ̄ and ω̄, 1/time.
    ratio : float
        w of [16]; default: that of the canonical constants.

    Returns
    -------
    array of the broadcast shape
        With p = ω̄ − wγ̄ and q = ω̄ + wγ̄; zero unless both are positive. Even in γ̄.

    Examples
    --------
    >>> round(float(analytic_rate(jnp.array(1.2), jnp.array(1.0))), 3)
    0.8
    """
    p, q = omega - ratio * gamma, omega + ratio * gamma
    return bounded_root(jnp.maximum(p, 0) * jnp.maximum(q, 0))


def respond(gamma: Any, omega: Any, response: Response = "both") -> tuple[Any, ...]:
    """Return the chosen codes, a tuple of one array or two.

    Parameters
    ----------
    gamma, omega : float arrays that broadcast
        γ̄ and ω̄, 1/time.
    response : {"both", "amplitude", "rate", "analytic", "relu"}
        "both" is (amplitude, rate); "analytic" is [28]; "relu" is max(γ̄, 0), which is no wave but
        the control that waves are compared with.

    Returns
    -------
    tuple of arrays of the broadcast shape

    Examples
    --------
    >>> [code.shape for code in respond(jnp.ones(3), 1.0)]
    [(3,), (3,)]
    """
    if response == "analytic":
        return (analytic_rate(gamma, omega, fit_codes().ratio),)
    if response == "relu":
        return (jnp.maximum(gamma, 0),)
    amplitude, rate = codes(gamma, omega)
    return {"both": (amplitude, rate), "amplitude": (amplitude,), "rate": (rate,)}[response]
