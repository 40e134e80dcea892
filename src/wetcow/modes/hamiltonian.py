"""The Hamiltonian of wave modes and motion as its Wirtinger derivative [6, 9, 10].

H is written as a function of a and a† as if they were independent; motion is da/dt = ∂H/∂a†,
obtained by automatic differentiation. The constants are rescaled as the paper prints it, β_a† →
β_a†/2 and α → α/3, so that [10] has β_a†, β_a and α without factors.

The network term is a†·R·a, of which ∂/∂a† is R a, the coupling of [19, 20]. The paper's [9] has
the two conjugate terms a_n r_nm a†_m + a†_n r*_nm a_m; their derivative is (r* + rᵀ) a, which is
Hermitian, and so allows only w_ij = w_ji, δ_ij = −δ_ji, whereas [19, 20] allow any w, δ. For
r* + rᵀ = R both are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from wetcow.modes.mode import Mode
from wetcow.process import check_process


def hamiltonian(a: Any, a_dagger: Any, mode: Mode) -> Any:
    """Sum of H_s(a, a†) [6] over modes.

    Parameters
    ----------
    a, a_dagger : complex arrays (n,)
        Amplitudes and their conjugates, as independent variables.
    mode : Mode
        Parameters.

    Returns
    -------
    complex scalar
    """
    check_process()
    # Complex numbers before they meet: strict promotion of types allows no other way.
    dtype = jnp.result_type(a)
    w_a, w_phi, alpha, gamma, omega, psi = (
        jnp.asarray(value).astype(dtype)
        for value in (mode.w_a, mode.w_phi, mode.alpha, mode.gamma, mode.omega, mode.psi)
    )
    beta_a = (w_a * jnp.exp(-1j * psi) + 1j * w_phi) / 2
    beta_dagger = (w_a * jnp.exp(1j * psi) + 1j * w_phi) / 2
    square = a * a_dagger
    at_rest = square == 0  # the root has no derivative there; its term of the motion is zero
    modulus = jnp.where(at_rest, 0, jnp.sqrt(jnp.where(at_rest, 1, square)))
    harmonic = gamma + 1j * omega
    cubic = beta_a * a + beta_dagger / 2 * a_dagger - 2 * (alpha / 3) * modulus
    return jnp.sum(square * (harmonic + cubic))


def network_hamiltonian(a: Any, a_dagger: Any, mode: Mode, coupling: Callable) -> Any:
    """H of coupled modes [9], Σ H_s + a†·(R a); `coupling` maps a to R a.

    Parameters and return as in `hamiltonian`.
    """
    return hamiltonian(a, a_dagger, mode) + jnp.sum(a_dagger * coupling(a))


def motion(energy: Callable, a: Any, *args: Any) -> Any:
    """Return da/dt = ∂H/∂a† [10], the Wirtinger derivative of ``energy(a, a_dagger, *args)``.

    Parameters
    ----------
    energy : callable
        Complex-valued, holomorphic in a and in a†, like `hamiltonian`.
    a : complex array (n,)
        Amplitudes.
    *args
        Passed on to `energy`.

    Returns
    -------
    complex array (n,)

    Examples
    --------
    >>> import numpy as np
    >>> a = np.array([0.3 + 0.4j])
    >>> bool(np.allclose(motion(hamiltonian, a, Mode(gamma=1.0)), Mode(gamma=1.0).field(a)))
    True
    """
    check_process()
    a = jnp.asarray(a)
    return jax.grad(energy, argnums=1, holomorphic=True)(a, jnp.conj(a), *args)
