"""Spiking frequency of a mode in three ways: analytic [14], adiabatic, exact."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from wetcow.modes.criticality import CANONICAL, Constants, critical_ratio
from wetcow.modes.response import response

NUM_QUADRATURE = 4096  # spectral: 4096 resolve the peak of width sqrt(1 − cr) up to cr ≈ 1 − 1e-5


def _by_state(gamma: Any, omega: Any, constants: Constants, spiking) -> Any:
    """Ω for a damped mode, ``spiking(gamma)`` below criticality, zero beyond."""
    gamma, omega = jnp.asarray(gamma, float), jnp.asarray(omega, float)
    critical = omega / critical_ratio(constants)
    inside = (gamma > 0) & (gamma < critical)
    value = spiking(jnp.where(inside, gamma, 0.5 * critical))
    value = jnp.where(inside, value, jnp.where(gamma >= critical, 0.0, omega))
    return jnp.where(jnp.isnan(gamma + omega + critical), jnp.nan, value)


def analytic(gamma: Any, omega: Any, constants: Constants = CANONICAL) -> Any:
    """ω_s = ω sqrt(1 − cr²) [14], the paper's estimate.

    Its square-root law and its γ_c are exact; its coefficient at criticality is too large by √2
    (docs/theory.md). Broadcasts; differentiable.
    """
    ratio = critical_ratio(constants)

    def root(inside):
        # cr² < 1 strictly inside, but 1 − cr² may round to zero: its slope must stay finite.
        return omega * jnp.sqrt(jnp.maximum(1 - (inside * ratio / omega) ** 2, 1e-30))

    return _by_state(gamma, omega, constants, root)


def adiabatic(gamma: Any, omega: Any, constants: Constants = CANONICAL) -> Any:
    """ω_s from the slow amplitude h(φ) = γ/D(φ) and its first-order lag (docs/theory.md).

    T_s = ∫ [1 + (w_φ cos φ/γ) h'(φ)] / [ω + w_φ h(φ) cos φ] dφ with D(φ) = α − w_a cos(φ − ψ), by
    the trapezoidal rule. An approximation: asymptotically exact as cr → 1, within 2.5 % for
    cr ≥ 0.5, poor for weak excitation. Broadcasts; differentiable.
    """
    phi = np.linspace(0, 2 * np.pi, NUM_QUADRATURE, endpoint=False)
    w_a, w_phi, psi, alpha = (jnp.asarray(value)[..., None] for value in constants)
    saturation = alpha - w_a * jnp.cos(phi - psi)
    lag = -w_phi * jnp.cos(phi) * w_a * jnp.sin(phi - psi) / saturation**2

    def by_quadrature(inside):
        pace = jnp.asarray(omega, float)[..., None]
        turning = w_phi * jnp.cos(phi) * inside[..., None] / saturation
        return 1 / jnp.mean((1 + lag) / (pace + turning), axis=-1)

    return _by_state(gamma, omega, constants, by_quadrature)


def exact(gamma: Any, omega: Any, constants: Constants = CANONICAL) -> Any:
    """ω_s = ω f(γ/ω) from solved limit cycles, to a relative error below 1e-6.

    That f is a function of γ/ω alone, for given constants, follows from the scaling of the
    Cartesian field F(a; γ, ω) = (γ + iω)a + a[w_a Re(a e^{−iψ}) − α|a| + i w_φ Re a]: its linear
    part is of degree one in (γ, ω), its nonlinear part of degree two in a, so
    F(ωb; γ, ω) = ω² F(b; γ/ω, 1) for ω > 0. With a(t) = ω b(s), s = ωt, the motion of a is
    ω² db/ds = ω² F(b; γ/ω, 1): b is the mode (γ/ω, 1), run ω times faster. Its limit cycle and
    the frequency of it per unit s depend on γ/ω only, hence ω_s = ω f(γ/ω).

    Broadcasts; differentiable. See `wetcow.modes.response` for the fit.
    """
    omega = jnp.asarray(omega, float)
    return omega * response(jnp.asarray(gamma, float) / omega, constants)[0]


SPIKING_METHODS = {"exact": exact, "analytic": analytic, "adiabatic": adiabatic}
