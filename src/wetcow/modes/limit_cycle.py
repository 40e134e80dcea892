"""The limit cycle of a spiking mode, solved to rounding as a periodic boundary-value problem.

Dividing [11] by [12] removes time. With u(φ) = γ/A the orbit obeys, for c = γ/ω,

    (u + c w_φ cos φ) u' + c u (u − D(φ)) = 0,    D(φ) = α − w_a cos(φ − ψ),

which is quadratic in u and knows γ and ω only through c. Newton's method solves it by
collocation. Towards criticality the orbit lingers near φ = π − φ_c for a time ~ 1/x with
x = sqrt(1 − cr); the nodes are equally spaced in θ,

    φ = π − φ_c + 2 arctan( sqrt(x) tan(θ/2) ),

which resolves that passage (width x in φ, hence sqrt(x) in θ) and the rest of the orbit alike,
so that the trigonometric interpolant converges spectrally at every cr.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.modes.criticality import Constants, critical_phase, critical_ratio

NUM_NODES = 256
NUM_NEWTON_STEPS = 16  # quadratic convergence: 8 reach rounding for every cr ≤ 0.99999


class LimitCycle(NamedTuple):
    """What a solved limit cycle tells, for ω = 1.

    Attributes
    ----------
    frequency : array
        Spiking frequency ω_s/ω.
    mean_amplitude : array
        Time average of A/ω.
    slowest : array
        Smallest phase velocity on the nodes, in units of A·γ; not positive if the solution is
        not a limit cycle along which the phase advances.
    residual : array
        Largest last Newton correction of u.
    """

    frequency: Any
    mean_amplitude: Any
    slowest: Any
    residual: Any


def _differentiation_matrix(num_nodes: int) -> np.ndarray:
    """Exact d/dθ of the trigonometric interpolant on an even number of equispaced nodes."""
    index = np.arange(num_nodes)
    apart = index[:, None] - index[None, :]
    off_diagonal = apart != 0
    matrix = np.zeros((num_nodes, num_nodes))
    matrix[off_diagonal] = (
        0.5 * (-1.0) ** apart[off_diagonal] / np.tan(np.pi * apart[off_diagonal] / num_nodes)
    )
    return matrix


def limit_cycle(distance: Any, constants: Constants) -> LimitCycle:
    """Solve the limit cycle at x = sqrt(1 − cr), for ω = 1 [11, 12].

    Parameters
    ----------
    distance : float scalar
        x = sqrt(1 − cr), in (0, 1). Use ``jax.vmap`` for many.
    constants : Constants
        Scalars.

    Returns
    -------
    LimitCycle
        Scalars. Differentiable in all arguments.
    """
    w_a, w_phi, psi, alpha = constants
    c = (1 - distance**2) / critical_ratio(constants)
    theta = 2 * np.pi * (np.arange(NUM_NODES) + 0.5) / NUM_NODES - np.pi
    width = jnp.sqrt(distance)
    phase = np.pi - critical_phase(constants) + 2 * jnp.arctan(width * jnp.tan(theta / 2))
    stretch = width / (jnp.cos(theta / 2) ** 2 + width**2 * jnp.sin(theta / 2) ** 2)
    derivative = _differentiation_matrix(NUM_NODES) / stretch[:, None]

    turning = c * w_phi * jnp.cos(phase)
    adiabatic = alpha - w_a * jnp.cos(phase - psi)
    # The solution of the linear part, u' + c(u − D) = 0: the adiabatic orbit with its exact lag.
    lagging = alpha - w_a * c * (c * jnp.cos(phase - psi) + jnp.sin(phase - psi)) / (1 + c**2)

    def newton(u, _):
        slope = derivative @ u
        residual = (u + turning) * slope + c * u * (u - adiabatic)
        jacobian = jnp.diag(slope + c * (2 * u - adiabatic)) + (u + turning)[:, None] * derivative
        step = jnp.linalg.solve(jacobian, residual)
        return u - step, jnp.max(jnp.abs(step))

    u, steps = jax.lax.scan(newton, lagging, None, length=NUM_NEWTON_STEPS)
    velocity = u + turning
    passage = stretch / velocity
    duration = jnp.sum(u * passage)
    return LimitCycle(
        frequency=NUM_NODES / duration,
        mean_amplitude=c * jnp.sum(passage) / duration,
        slowest=jnp.min(velocity),
        residual=steps[-1],
    )
