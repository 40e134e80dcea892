"""The network that everything is measured with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wetcow.modes.criticality import CANONICAL
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network

EXCITATION, STRENGTH, SPREAD = 0.5, 1.0, 0.25


class NetworkProblem(NamedTuple):
    """All-to-all coupled modes, some of which spike.

    Attributes
    ----------
    gamma, omega : float64 arrays (n,)
        Excitations and frequencies of the modes.
    r : complex128 array (n, n)
        R_ij = w_ij e^{−iδ_ij}; rows of w add up to `STRENGTH`.
    a0 : complex128 array (n,)
        Initial amplitudes.
    """

    gamma: np.ndarray
    omega: np.ndarray
    r: np.ndarray
    a0: np.ndarray

    @property
    def size(self) -> int:
        """Number of modes n."""
        return self.gamma.size

    @property
    def weight(self) -> np.ndarray:
        """w_ij, float64 (n, n)."""
        return np.abs(self.r)

    @property
    def phase(self) -> np.ndarray:
        """δ_ij, float64 (n, n)."""
        return -np.angle(self.r)

    def network(self) -> Network:
        """The same for `wetcow.simulate`."""
        return Network(gamma=self.gamma, omega=self.omega, coupling=Dense(self.r))


def problem(num_modes: int, seed: int = 0) -> NetworkProblem:
    """Draw a network of so many modes.

    Examples
    --------
    >>> problem(4).network().size
    4
    """
    rng = np.random.default_rng(seed)
    shape = num_modes, num_modes
    weight = rng.uniform(0, 2 * STRENGTH / max(num_modes - 1, 1), shape)
    r = weight * np.exp(-1j * rng.uniform(-np.pi / 4, np.pi / 4, shape))
    np.fill_diagonal(r, 0)
    omega = rng.uniform(1 - SPREAD, 1 + SPREAD, num_modes)
    phases = rng.uniform(-np.pi, np.pi, num_modes)
    a0 = 0.1 * np.exp(1j * phases)
    return NetworkProblem(gamma=np.full(num_modes, EXCITATION), omega=omega, r=r, a0=a0)


def cartesian(a: Any, one: NetworkProblem) -> np.ndarray:
    """da/dt in NumPy, complex (n,): the modes [11, 12] in Cartesian form, and R a."""
    w_a, w_phi, psi, alpha = (getattr(CANONICAL, k) for k in ("w_a", "w_phi", "psi", "alpha"))
    nonlinear = (
        w_a * (a.real * np.cos(psi) + a.imag * np.sin(psi))
        - alpha * np.abs(a)
        + 1j * w_phi * a.real
    )
    return a * (one.gamma + 1j * one.omega + nonlinear) + one.r @ a


def polar(
    amplitude: np.ndarray,
    phi: np.ndarray,
    one: NetworkProblem,
    weight: np.ndarray,
    phase: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """dA/dt and dφ/dt in NumPy, float (n,): [19, 20] as printed, but for the sign of [20].

    With n² cosines and sines, as anyone would write them down; `weight` and `phase` are those of
    the problem, which are taken from R once.
    """
    w_a, w_phi, psi, alpha = (getattr(CANONICAL, k) for k in ("w_a", "w_phi", "psi", "alpha"))
    difference = phi[None, :] - phi[:, None] - phase
    reaching = weight * amplitude[None, :]
    d_amplitude = (
        one.gamma * amplitude
        + w_a * amplitude**2 * np.cos(phi - psi)
        - alpha * amplitude**2
        + np.sum(reaching * np.cos(difference), axis=1)
    )
    d_phi = (
        one.omega
        + w_phi * amplitude * np.cos(phi)
        + np.sum(reaching * np.sin(difference), axis=1) / amplitude
    )
    return d_amplitude, d_phi


def parts(a: np.ndarray) -> np.ndarray:
    """Real and imaginary part, float64 (2, ...)."""
    return np.stack([np.real(a), np.imag(a)])
