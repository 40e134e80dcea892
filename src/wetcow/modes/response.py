"""The two codes of a mode, each a universal function of c = γ/ω (theory §7).

For ω > 0 the substitution a → ωa, t → t/ω turns the mode (γ, ω) into (γ/ω, 1): the Cartesian
field is homogeneous, ȧ(ωa; γ, ω) = ω² ȧ(a; γ/ω, 1). Hence a spiking frequency is ω f(γ/ω) and a
mean amplitude ω M(γ/ω), whatever γ and ω, and f and M depend on w_a, w_φ, ψ, α alone.

f and M are fitted once from solved limit cycles. In x = sqrt(1 − cr) both
g(x) = f/sqrt(1 − cr²) and m(x) = M/c are analytic on [0, 1] (a saddle-node on an invariant
circle: the period is analytic in x up to the factor 1/x), so Chebyshev series converge
geometrically. Beyond criticality M is the modulus of the silent fixed point, in closed form.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.polynomial import chebyshev
from threadpoolctl import threadpool_limits

from wetcow.modes.criticality import CANONICAL, Constants, critical_ratio
from wetcow.modes.limit_cycle import limit_cycle
from wetcow.precision import is_traced

NUM_TERMS = 40
CLOSEST = 0.005  # smallest x solved: cr = 0.999975; the series extrapolates below
_DIRECT_BATCH = 16


class ResponseFit(NamedTuple):
    """Chebyshev coefficients in z = 2(x − CLOSEST)/(1 − CLOSEST) − 1.

    Attributes
    ----------
    frequency : tuple of float
        Series of g(x) = f/sqrt(1 − cr²).
    amplitude : tuple of float
        Series of m(x) = M/c.
    """

    frequency: tuple[float, ...]
    amplitude: tuple[float, ...]


def fit_response(constants: Constants) -> ResponseFit:
    """Fit f and M for one set of constants; takes about a second.

    Parameters
    ----------
    constants : Constants
        Python floats.

    Returns
    -------
    ResponseFit
        Relative error below 1e-10 for the canonical constants (``tools/fit_response.py`` checks).

    Raises
    ------
    ValueError
        If some limit cycle does not exist as a curve along which the phase advances.
    """
    nodes = np.cos(np.pi * (np.arange(NUM_TERMS) + 0.5) / NUM_TERMS)
    distance = CLOSEST + (1 - CLOSEST) * (nodes + 1) / 2
    # BLAS threads gain nothing on systems of this size and, where cores are busy, cost a lot.
    with (
        jax.ensure_compile_time_eval(),  # the caller may be tracing γ and ω
        jax.enable_x64(True),
        threadpool_limits(1, "blas"),
    ):
        solve = jax.jit(jax.vmap(limit_cycle, in_axes=(0, None)))
        cycle = jax.tree.map(np.asarray, solve(distance, Constants(*map(float, constants))))
        ratio = float(critical_ratio(constants))
    solved = (cycle.slowest > 0) & (cycle.residual < 1e-8) & np.isfinite(cycle.frequency)
    if not solved.all():
        worst = 1 - distance[~solved] ** 2
        raise ValueError(
            f"no limit cycle was found at criticality {worst.min():.4g} to {worst.max():.4g} for "
            f"{constants}: the spiking frequency of such a mode has to be measured with simulate() "
            "and spiking_frequency(run)"
        )
    criticality = 1 - distance**2
    c = criticality / ratio
    frequency = cycle.frequency / np.sqrt(1 - criticality**2)
    return ResponseFit(
        tuple(chebyshev.chebfit(nodes, frequency, NUM_TERMS - 1).tolist()),
        tuple(chebyshev.chebfit(nodes, cycle.mean_amplitude / c, NUM_TERMS - 1).tolist()),
    )


@functools.cache
def response_fit(constants: Constants) -> ResponseFit:
    """Return the fit for `constants`: shipped for the canonical ones, else computed once."""
    if constants == CANONICAL:
        text = importlib.resources.files("wetcow.modes").joinpath("canonical_response.json")
        stored = json.loads(text.read_text())
        return ResponseFit(tuple(stored["frequency"]), tuple(stored["amplitude"]))
    return fit_response(constants)


def _series(coefficients: tuple[float, ...], distance: Any) -> Any:
    """Clenshaw's recurrence for a Chebyshev series in x."""
    z = 2 * (distance - CLOSEST) / (1 - CLOSEST) - 1
    now, before = jnp.zeros_like(z), jnp.zeros_like(z)
    for coefficient in coefficients[:0:-1]:
        now, before = coefficient + 2 * z * now - before, now
    return coefficients[0] + z * now - before


def _one_set(constants: Constants) -> Constants | None:
    """The constants as floats if they are concrete and the same for all modes, else None."""
    if is_traced(constants):
        return None
    flat = [np.unique(np.asarray(value, dtype=float)) for value in constants]
    if any(value.size != 1 for value in flat):
        return None
    return Constants(*(float(value[0]) for value in flat))


def _spiking(c: Any, constants: Constants) -> tuple[Any, Any]:
    """F and M for 0 < cr < 1; `c` must lie inside."""
    criticality = c * critical_ratio(constants)
    distance = jnp.sqrt(1 - criticality)
    single = _one_set(constants)
    if single is not None:
        fit = response_fit(single)
        root = distance * jnp.sqrt(1 + criticality)
        return root * _series(fit.frequency, distance), c * _series(fit.amplitude, distance)
    # Several sets of constants, or traced ones: each limit cycle is solved on the spot.
    broadcast = jnp.broadcast_arrays(distance, *constants)
    flat = tuple(value.reshape(-1) for value in broadcast)
    cycle = jax.lax.map(
        lambda lane: limit_cycle(lane[0], Constants(*lane[1:])), flat, batch_size=_DIRECT_BATCH
    )
    shape = broadcast[0].shape
    return cycle.frequency.reshape(shape), cycle.mean_amplitude.reshape(shape)


def silent_amplitude(c: Any, constants: Constants) -> Any:
    """Modulus of the stable fixed point beyond criticality, for ω = 1.

    Setting [11] and [12] to zero eliminates A: α + c w_φ cos φ − w_a cos(φ − ψ) = 0, one cosine of
    amplitude ρ and phase χ, with the two solutions φ = χ ± arccos(−α/ρ): a node and a saddle,
    which meet at criticality. A = −1/(w_φ cos φ).
    """
    w_a, w_phi, psi, alpha = constants
    real = c * w_phi - w_a * jnp.cos(psi)
    imaginary = -w_a * jnp.sin(psi)
    rho, chi = jnp.hypot(real, imaginary), jnp.arctan2(imaginary, real)
    phase = chi + jnp.arccos(jnp.clip(-alpha / rho, -1 + 1e-15, 1.0))
    return -1 / (w_phi * jnp.cos(phase))


def response(c: Any, constants: Constants = CANONICAL) -> tuple[Any, Any]:
    """Both codes of modes with ω = 1: spiking frequency f(c) and mean amplitude M(c).

    Parameters
    ----------
    c : array, any shape
        γ/ω.
    constants : Constants
        Scalars, or arrays that broadcast with `c`. With one concrete set the shipped or cached
        fit is used; otherwise every limit cycle is solved.

    Returns
    -------
    frequency, mean_amplitude : arrays of the broadcast shape
        f = 1 and M = 0 for c ≤ 0 (a damped mode rings at ω); f = 0 beyond criticality.
        Differentiable; the slopes at criticality itself are one-sided.

    Examples
    --------
    >>> frequency, amplitude = response(1.0)
    >>> round(float(frequency), 4), round(float(amplitude), 4)
    (0.7848, 0.3156)
    """
    ratio = critical_ratio(constants)
    c = jnp.asarray(c, dtype=jnp.result_type(float, c))
    spikes = (c > 0) & (c * ratio < 1)
    silent = (c > 0) & ~spikes
    frequency, amplitude = _spiking(jnp.where(spikes, c, 0.5 / ratio), constants)
    beyond = silent_amplitude(jnp.where(silent, c, 2 / ratio), constants)
    return (
        jnp.where(spikes, frequency, jnp.where(silent, 0.0, 1.0)),
        jnp.where(spikes, amplitude, jnp.where(silent, beyond, 0.0)),
    )
