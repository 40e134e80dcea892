"""The critical point of a single mode: phase, ratio and criticality [15-18]."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np


class Constants(NamedTuple):
    """The constants of the nonlinear terms of [11, 12].

    Attributes
    ----------
    w_a : float or array
        Phase-dependent part of the amplitude nonlinearity, 1/(amplitude · time).
    w_phi : float or array
        Amplitude-dependent part of the phase velocity, 1/(amplitude · time).
    psi : float or array
        Phase of the amplitude nonlinearity, radians.
    alpha : float or array
        Saturation, 1/(amplitude · time).
    """

    w_a: Any
    w_phi: Any
    psi: Any
    alpha: Any


CANONICAL = Constants(
    w_a=float(np.sqrt(5.0)), w_phi=float(np.sqrt(5.0)), psi=float(2 * np.arctan(1 / 3)), alpha=3.0
)
"""The constants of the paper's figures: φ_c = arctan ½, w = ½, γ_c = 2ω."""


def critical_phase(constants: Constants) -> Any:
    """Phase φ_c of [17], radians; the silent point of a mode at criticality is at π − φ_c."""
    w_a, _, psi, alpha = constants
    in_quadrature = w_a * jnp.sin(psi)
    return jnp.arctan(in_quadrature / jnp.sqrt(alpha**2 - in_quadrature**2))


def critical_ratio(constants: Constants) -> Any:
    """Ratio w = ω/γ_c of [16], dimensionless; NaN without a critical point, 0 for w_φ = 0.

    A mode rests where α − w_a cos(φ − ψ) = (γ/ω) w_φ |cos φ| and cos φ < 0. With φ = π + s that is
    (γ/ω) w_φ = α sec s + w_a cos ψ + w_a sin ψ tan s, whose least value over |s| < π/2, at
    s = −φ_c, is sqrt(α² − (w_a sin ψ)²) + w_a cos ψ = w_φ/w: the same as [16]. A positive critical
    excitation thus needs α > |w_a sin ψ| and this sum to be positive.
    """
    w_a, w_phi, psi, alpha = constants
    phase = critical_phase(constants)
    opposing = alpha + w_a * jnp.cos(phase + psi)
    exists = (alpha > 0) & (opposing > 0)  # neither, if the phase is NaN
    return jnp.where(exists, w_phi * jnp.cos(phase) / jnp.where(exists, opposing, 1.0), jnp.nan)
