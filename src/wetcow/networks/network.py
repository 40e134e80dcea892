"""Networks of wave modes coupled in amplitude and phase [19, 20, 28-30]."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import numpy as np

from wetcow.modes.criticality import CANONICAL
from wetcow.modes.mode import Mode
from wetcow.modes.system import System
from wetcow.networks.coupling import Coupling
from wetcow.precision import in_double


class Coupled(System):
    """A system of as many variables as its `coupling` joins."""

    coupling: eqx.AbstractVar[Coupling]

    @property
    def size(self) -> int:
        return self.coupling.size

    @property
    def delays(self) -> tuple[float, float]:
        return self.coupling.delays

    def arranged(self) -> Coupled:
        return eqx.tree_at(lambda one: one.coupling, self, self.coupling.arranged())


class Network(Coupled):
    """Coupled modes, da/dt = F(a) + R a, with F the field of uncoupled modes.

    In polar form these are [19, 20]: input j excites mode i by w_ij A_j cos(φ_j − φ_i − δ_ij) and
    turns its phase by w_ij A_j sin(φ_j − φ_i − δ_ij)/A_i.

    Parameters
    ----------
    gamma, omega, w_a, w_phi, psi, alpha : float or array (n,)
        Parameters of the modes; see `wetcow.Mode`.
    coupling : Coupling
        `Dense`, `Sparse`, `Sheet`, `LowRank` or `Delayed`, for n modes.

    Raises
    ------
    ValueError
        If the parameters are invalid or their number is not that of the coupling.

    Examples
    --------
    >>> from wetcow.networks.structured import LowRank
    >>> net = Network(gamma=0.2, omega=np.linspace(0.5, 1.5, 10), coupling=LowRank.uniform(10, 0.4))
    >>> net.size
    10
    """

    modes: Mode
    coupling: Coupling

    def __init__(
        self,
        gamma: Any,
        omega: Any,
        coupling: Coupling,
        w_a: Any = CANONICAL.w_a,
        w_phi: Any = CANONICAL.w_phi,
        psi: Any = CANONICAL.psi,
        alpha: Any = CANONICAL.alpha,
    ):
        if not isinstance(coupling, Coupling):
            raise TypeError(
                f"coupling must be one such as wetcow.Dense(R), got a {type(coupling).__name__}"
            )
        self.modes = Mode(gamma, omega, w_a, w_phi, psi, alpha)
        self.coupling = coupling
        if self.modes.shape not in ((), (coupling.size,)):
            raise ValueError(
                f"the coupling joins {coupling.size} modes but the parameters describe "
                f"{self.modes.size}; give scalars or arrays of length {coupling.size}"
            )

    def field(self, a: Any, past: Any = None) -> Any:
        return self.modes.field(a) + self.coupling(a, past)

    def rate(self) -> Any:
        return self.modes.rate() + self.coupling.bound()

    def parameters(self) -> dict[str, Any]:
        kind = {"coupling": type(self.coupling).__name__}
        return {**self.modes.parameters(), **kind, **self.coupling.parameters()}

    def replace(self, **parameters: Any) -> Network:
        """Return a copy with parameters of the modes, `coupling` or `coupling_strength` changed.

        `coupling_strength` multiplies R.
        """
        coupling = parameters.pop("coupling", self.coupling)
        strength = parameters.pop("coupling_strength", None)
        if strength is not None:
            coupling = coupling.scaled(strength)
        modes = self.modes.replace(**parameters).parameters()
        return Network(coupling=coupling, **modes)

    def synchronized(self) -> Mode:
        """Return the modes as they run when all have equal amplitude and phase.

        Then Σ_j R_ij a_j = (Σ_j R_ij) a_i, so that mode i is a single mode with total excitation
        γ̄_i = γ_i + Σ_j w_ij cos δ_ij [29] and total frequency ω̄_i = ω_i − Σ_j w_ij sin δ_ij
        ([30], with the sign that follows from [20]). Its ``spiking_frequency()`` is that of [28].
        """
        total = in_double(_row_sums)(self.coupling)
        return self.modes.replace(
            gamma=self.modes.gamma + total.real, omega=self.modes.omega + total.imag
        )


def _row_sums(coupling: Coupling) -> Any:
    ones = np.ones(coupling.size, dtype=complex)
    return coupling(ones, lambda delay: np.ones_like(delay))
