"""The Kuramoto limit beside a simulator of that model alone: the same phases, frequencies, K."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from wetcow.bench.clock import equal_steps
from wetcow.bench.peer import Peer, PeerRun
from wetcow.bench.peers import WETCOW
from wetcow.networks.baselines import Kuramoto
from wetcow.networks.structured import LowRank

_STRENGTH = 2.0  # above the critical one of these frequencies, 1.6


class MeanField(NamedTuple):
    """Phase oscillators that all hear the mean of all, dθ_i/dt = ω_i + K/n Σ_j sin(θ_j − θ_i).

    Attributes
    ----------
    omega : float64 array (n,)
        Frequencies, radians/time.
    a0 : complex128 array (n,)
        Initial states, e^{iθ}.
    """

    omega: np.ndarray
    a0: np.ndarray

    @property
    def size(self) -> int:
        """Number of oscillators n."""
        return self.omega.size

    def network(self) -> Kuramoto:
        """The same for `wetcow.simulate`."""
        return Kuramoto(self.omega, LowRank.uniform(self.size, _STRENGTH))


def mean_field(size: int, seed: int = 0) -> MeanField:
    """Draw so many oscillators, their frequencies from a normal distribution.

    Examples
    --------
    >>> mean_field(4).network().size
    4
    """
    rng = np.random.default_rng(seed)
    return MeanField(rng.standard_normal(size), np.exp(1j * rng.uniform(-np.pi, np.pi, size)))


def _jaxkuramoto(problem: MeanField, t1: float) -> PeerRun:
    import jaxkuramoto  # pyright: ignore[reportMissingImports]

    def end(omega: Any, theta: Any, dt: float) -> Any:
        # It makes one step fewer than times that it lists, which end before t1.
        count, step = equal_steps(t1, dt)

        def first(t: Any, theta: Any) -> Any:
            return theta[0]  # is kept of each step, not all phases

        return jaxkuramoto.odeint(
            jaxkuramoto.Kuramoto(omega, _STRENGTH).vector_fn,
            jaxkuramoto.solver.runge_kutta,
            0.0,
            (count + 0.5) * step,
            step,
            theta,
            first,  # pyright: ignore[reportArgumentType]
        ).final_state

    compiled = jax.jit(end, static_argnames="dt")
    with jax.enable_x64(True):
        omega, theta = jnp.asarray(problem.omega), jnp.asarray(np.angle(problem.a0))

    def run(accuracy: float) -> np.ndarray:
        with jax.enable_x64(True):
            return np.exp(1j * np.asarray(compiled(omega, theta, dt=accuracy)))

    return run


def _numpy(problem: MeanField, t1: float) -> PeerRun:
    def rates(t: float, theta: np.ndarray) -> np.ndarray:
        u = np.exp(1j * theta)
        return problem.omega + _STRENGTH * np.imag(u.conj() * u.mean())

    def run(accuracy: float) -> np.ndarray:
        start = np.angle(problem.a0)
        found = solve_ivp(rates, (0, t1), start, "DOP853", rtol=accuracy, atol=accuracy / 100)
        return np.exp(1j * found.y[:, -1])

    return run


KURAMOTO_PEERS: dict[str, Peer] = {
    **WETCOW,
    "jaxkuramoto": Peer(
        description="jaxkuramoto: Runge-Kutta 4 of phases",
        prepare=_jaxkuramoto,
        adaptive=False,
        compiles=True,
    ),
    "numpy": Peer(description="NumPy; SciPy's DOP853 of phases", prepare=_numpy, adaptive=True),
}


def kuramoto_reference(problem: MeanField, t1: float) -> np.ndarray:
    """States at `t1` by SciPy's DOP853 at a tolerance of 1e-12, complex128 (n,)."""
    return _numpy(problem, t1)(1e-12)
