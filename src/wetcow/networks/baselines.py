"""What wave networks are compared with: Kuramoto, single-sided coupling, integrate-and-fire [1]."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.networks.coupling import Coupling
from wetcow.networks.dense import part_of
from wetcow.networks.network import Coupled, Network, as_strength
from wetcow.precision import is_traced
from wetcow.process import check_process
from wetcow.validation import array


def phase_only(network: Network) -> Network:
    """Keep only the phase part of the coupling, i·Im R: every δ_ij becomes ±π/2.

    Examples
    --------
    >>> from wetcow.networks.dense import Dense
    >>> network = Network(0.2, [1.0, 1.5], Dense([[0, 1 + 2j], [3, 0]]))
    >>> phase_only(network).coupling.r[0].tolist()
    [0j, 2j]
    """
    return network.coupled_by(part_of(network.coupling, lambda r: 1j * r.imag))


def amplitude_only(network: Network) -> Network:
    """Keep only the amplitude part of the coupling, Re R: every δ_ij becomes 0 or π.

    Examples
    --------
    >>> from wetcow.networks.dense import Dense
    >>> network = Network(0.2, [1.0, 1.5], Dense([[0, 1 + 2j], [3, 0]]))
    >>> amplitude_only(network).coupling.r[0].tolist()
    [0j, (1+0j)]
    """
    return network.coupled_by(part_of(network.coupling, lambda r: r.real + 0j))


def _row(name: str, value: Any, size: int) -> Any:
    value = value if is_traced(value) else array(name, value)
    if np.shape(value) not in ((), (size,)):
        raise ValueError(f"{name} must be a number or have length {size}, got {np.shape(value)}")
    return value


def _only(system: Coupled, parameters: dict[str, Any]) -> dict[str, Any]:
    own = {field: getattr(system, field) for field in vars(system)}
    own |= system.changed_coupling(parameters)
    unknown = set(parameters) - set(own)
    if unknown:
        raise ValueError(f"{type(system).__name__} has no parameter {sorted(unknown)}: {[*own]}")
    return {**own, **parameters}


class Kuramoto(Coupled):
    """Phase oscillators, dθ_i/dt = ω_i + Σ_j w_ij sin(θ_j − θ_i − δ_ij), as points of the circle.

    The limit of [20] with small constant amplitudes. The state is a = e^{iθ}; a radial term keeps
    rounding from changing |a| and does not act on phases.

    Parameters
    ----------
    omega : float or array (n,)
        Angular frequencies, radians/time.
    coupling : Coupling
        R_ij = w_ij e^{−iδ_ij}, 1/time. For the classical model: ``LowRank.uniform(n, K)``.
    coupling_strength : float
        The factor that `coupling` has in it already; see `wetcow.Network`.

    Raises
    ------
    ValueError
        If `omega` is not finite or its length is not that of the coupling.

    Examples
    --------
    >>> from wetcow.networks.structured import LowRank
    >>> Kuramoto(np.linspace(-1, 1, 50), LowRank.uniform(50, 3.0)).size
    50
    """

    omega: Any
    coupling: Coupling
    coupling_strength: Any

    def __init__(self, omega: Any, coupling: Coupling, *, coupling_strength: Any = 1.0):
        self.coupling, self.coupling_strength = coupling, as_strength(coupling_strength)
        self.omega = _row("omega", omega, coupling.size)

    def field(self, a: Any, past: Any = None) -> Any:
        check_process()
        # In real numbers, as the modulus of complex ones and division of them are slow.
        squared = a.real**2 + a.imag**2
        inverse = jax.lax.rsqrt(squared)
        u = jax.lax.complex(a.real * inverse, a.imag * inverse)
        turning = self.omega + jnp.imag(jnp.conj(u) * self.coupling(u, past))
        return a * jax.lax.complex(jnp.asarray(1 - squared, turning.dtype), turning)

    @property
    def can_be_silent(self) -> bool:
        """Never: at rest a phase turns with the frame of reference."""
        return False

    def initial(self, key: Any = None) -> Any:
        a = super().initial(key)
        return a / abs(a)

    def rate(self) -> Any:
        check_process()
        return jnp.max(jnp.abs(self.omega)) + self.coupling.bound() + 2.0

    def parameters(self) -> dict[str, Any]:
        return {"omega": self.omega, **self.coupling_parameters()}

    def replace(self, **parameters: Any) -> Kuramoto:
        return Kuramoto(**_only(self, parameters))


class LeakyIntegrateAndFire(Coupled):
    """Leaky integrate-and-fire neurons [1], τ_m dU/dt = −(U − U_rest) + R_m I, with reset.

    A spike of j at U_j ≥ Θ resets U_j and adds Re R_ij to the synaptic current s_i, which decays
    with τ_s; I = `current` + s. The state is U + i s. Recorded is e^{2πi (U − U_reset)/(Θ −
    U_reset)}, whose phase advances by 2π from spike to spike, so that spike times, frequencies and
    order parameters mean the same as for waves. Integrated with a fixed step, at whose ends
    thresholds are checked.

    Parameters
    ----------
    current : float or array (n,)
        External input R_m I, units of potential.
    coupling : Coupling
        Real part: jump of the synaptic current per spike, units of potential.
    tau_m, tau_s : float
        Membrane and synaptic time constants, time.
    rest, threshold, reset : float
        U_rest, Θ and U_reset, units of potential.
    coupling_strength : float
        The factor that `coupling` has in it already; see `wetcow.Network`.

    Raises
    ------
    ValueError
        For non-finite values, wrong lengths, time constants that are not positive, Θ ≤ U_reset, or
        a coupling with delays.

    Examples
    --------
    >>> from wetcow.networks.structured import LowRank
    >>> LeakyIntegrateAndFire(current=1.5, coupling=LowRank.uniform(10, 0.2)).size
    10
    """

    current: Any
    coupling: Coupling
    coupling_strength: Any
    tau_m: Any
    tau_s: Any
    rest: Any
    threshold: Any
    reset: Any

    def __init__(
        self,
        current: Any,
        coupling: Coupling,
        tau_m: float = 1.0,
        tau_s: float = 0.2,
        rest: float = 0.0,
        threshold: float = 1.0,
        reset: float = 0.0,
        *,
        coupling_strength: Any = 1.0,
    ):
        self.coupling, self.coupling_strength = coupling, as_strength(coupling_strength)
        self.current = _row("current", current, coupling.size)
        self.tau_m, self.tau_s = _row("tau_m", tau_m, 1), _row("tau_s", tau_s, 1)
        self.rest, self.threshold = _row("rest", rest, 1), _row("threshold", threshold, 1)
        self.reset = _row("reset", reset, 1)
        if is_traced(vars(self)):
            return
        if self.tau_m <= 0 or self.tau_s <= 0:
            raise ValueError(f"tau_m and tau_s must be positive, got {tau_m} and {tau_s}")
        if self.threshold <= self.reset:
            raise ValueError(f"threshold must exceed reset, got {threshold} and {reset}")
        if coupling.delays[1]:
            raise ValueError("LeakyIntegrateAndFire takes instantaneous couplings only")

    @property
    def resets(self) -> bool:
        return True

    def field(self, a: Any, past: Any = None) -> Any:
        check_process()
        potential, synaptic = a.real, a.imag
        change = (self.rest - potential + self.current + synaptic) / self.tau_m
        return jax.lax.complex(change, -synaptic / self.tau_s)

    def after_step(self, a: Any) -> Any:
        spikes = a.real >= self.threshold
        # The time since the crossing, overshoot/slope at Θ, is spent rising from the reset, or the
        # rate would depend on the step to first order. It is taken to
        # be less than half a period.
        drive = self.rest + self.current + a.imag
        steeper = jnp.where(
            drive > self.threshold,
            (drive - self.reset) / jnp.where(drive > self.threshold, drive - self.threshold, 1),
            1,
        )
        gained = jnp.minimum(
            (a.real - self.threshold) * steeper, 0.5 * (self.threshold - self.reset)
        )
        potential = jnp.where(spikes, self.reset + gained, a.real)
        arriving = jnp.real(self.coupling(spikes.astype(a.dtype)))
        return jax.lax.complex(potential, jnp.asarray(a.imag + arriving, potential.dtype))

    def observe(self, a: Any) -> Any:
        turned = 2 * np.pi * (a.real - self.reset) / (self.threshold - self.reset)
        return jnp.exp(jax.lax.complex(jnp.zeros_like(turned), turned))

    def initial(self, key: Any = None) -> Any:
        progress = jnp.angle(super().initial(key)) / (2 * np.pi) % 1.0
        potential = self.reset + progress * (self.threshold - self.reset)
        return jax.lax.complex(potential, jnp.zeros_like(potential))

    def rate(self) -> Any:
        return 1 / self.tau_m + 1 / self.tau_s

    def parameters(self) -> dict[str, Any]:
        return {**vars(self), **self.coupling_parameters()}

    def replace(self, **parameters: Any) -> LeakyIntegrateAndFire:
        return LeakyIntegrateAndFire(**_only(self, parameters))
