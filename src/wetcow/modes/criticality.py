"""The critical point of a single mode: phase, ratio and criticality [15-18]."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from wetcow.precision import is_traced


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


def _numbers(constants: Constants) -> tuple[Any, Constants]:
    """NumPy and constants in double precision, or JAX and traced ones as they are."""
    if is_traced(constants):
        return jnp, constants
    return np, Constants(*(np.asarray(value, dtype=np.float64) for value in constants))


def _plain(value: Any) -> Any:
    """A single number as a float, which does not change the precision of what it meets in JAX."""
    return float(value) if isinstance(value, np.ndarray | np.generic) and not value.ndim else value


def critical_phase(constants: Constants) -> Any:
    """Phase φ_c of [17], radians; the silent point of a mode at criticality is at π − φ_c."""
    xp, (w_a, _, psi, alpha) = _numbers(constants)
    in_quadrature = w_a * xp.sin(psi)
    with np.errstate(invalid="ignore", divide="ignore"):  # NaN where there is none
        return _plain(xp.arctan(in_quadrature / xp.sqrt(alpha**2 - in_quadrature**2)))


def critical_ratio(constants: Constants) -> Any:
    """Ratio w = ω/γ_c of [16], dimensionless; NaN without a critical point, 0 for w_φ = 0.

    A mode rests where α − w_a cos(φ − ψ) = (γ/ω) w_φ |cos φ| and cos φ < 0. With φ = π + s that is
    (γ/ω) w_φ = α sec s + w_a cos ψ + w_a sin ψ tan s, whose least value over |s| < π/2, at
    s = −φ_c, is sqrt(α² − (w_a sin ψ)²) + w_a cos ψ = w_φ/w: the same as [16]. A positive critical
    excitation thus needs α > |w_a sin ψ| and this sum to be positive.
    """
    xp, (w_a, w_phi, psi, alpha) = _numbers(constants)
    phase = critical_phase(constants)
    opposing = alpha + w_a * xp.cos(phase + psi)
    exists = (alpha > 0) & (opposing > 0)  # neither, if the phase is NaN
    ratio = w_phi * xp.cos(phase) / xp.where(exists, opposing, 1.0)
    return _plain(xp.where(exists, ratio, np.nan))
