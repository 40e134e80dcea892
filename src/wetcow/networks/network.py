"""Networks of wave modes coupled in amplitude and phase [19, 20, 28-30]."""

from __future__ import annotations

from typing import Any, Self

import equinox as eqx
import numpy as np

from wetcow.modes.criticality import CANONICAL
from wetcow.modes.mode import Mode
from wetcow.modes.system import System
from wetcow.networks.coupling import Coupling
from wetcow.precision import in_double, is_traced
from wetcow.validation import number


class Coupled(System):
    """A system of as many variables as its `coupling` joins.

    `coupling` is R as it acts, with the factor `coupling_strength` in it.
    """

    coupling: eqx.AbstractVar[Coupling]
    coupling_strength: eqx.AbstractVar[Any]

    @property
    def size(self) -> int:
        return self.coupling.size

    @property
    def delays(self) -> tuple[float, float]:
        return self.coupling.delays

    def compiled_layout(self) -> Coupled:
        return self.coupled_by(self.coupling.compiled_layout())

    def coupled_by(self, coupling: Coupling) -> Self:
        """Return a copy with another `coupling`, which has the factor `coupling_strength` too."""
        return eqx.tree_at(lambda one: one.coupling, self, coupling)

    def coupling_parameters(self) -> dict[str, Any]:
        """Kind, strength and arrays of the coupling, by name."""
        return {
            "coupling": type(self.coupling).__name__,
            "coupling_strength": self.coupling_strength,
            **self.coupling.parameters(),
        }

    def changed_coupling(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Take `coupling` and `coupling_strength` out of `parameters`; return both, as they are.

        A new coupling is taken to be one of strength 1.

        Raises
        ------
        ValueError
            If a coupling that was made zero by its strength is to get another one.
        """
        new = parameters.pop("coupling", None)
        strength = parameters.pop("coupling_strength", None)
        now = self.coupling_strength if new is None else np.float64(1.0)
        coupling = self.coupling if new is None else new
        if strength is None:
            return {"coupling": coupling, "coupling_strength": now}
        strength = as_strength(strength)
        if not is_traced(now, strength) and now == 0:
            if strength != 0:
                raise ValueError(
                    "this system was built with coupling_strength=0, which leaves nothing to "
                    "scale: build it with another strength, or give coupling= as well"
                )
            return {"coupling": coupling, "coupling_strength": strength}
        return {"coupling": coupling.scaled(strength / now), "coupling_strength": strength}


def as_strength(value: Any) -> Any:
    """Return a coupling strength as a number, unless it is traced by JAX."""
    return value if is_traced(value) else np.float64(number("coupling_strength", value))


class Network(Coupled):
    """Coupled modes, da/dt = F(a) + R a, with F the field of uncoupled modes.

    In polar form these are [19, 20]: input j excites mode i by w_ij A_j cos(φ_j − φ_i − δ_ij) and
    turns its phase by w_ij A_j sin(φ_j − φ_i − δ_ij)/A_i.

    Parameters
    ----------
    gamma, omega, w_a, w_phi, psi, alpha : float or array (n,)
        Parameters of the modes; see `wetcow.Mode`.
    coupling : Coupling
        `Dense`, `Sparse`, `Sheet`, `LowRank` or `Delayed`, for n modes: R as it acts.
    coupling_strength : float
        The global factor that `coupling` has in it already: what ``replace`` and `sweep` then
        replace by another, and results say.

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
    coupling_strength: Any

    def __init__(
        self,
        gamma: Any,
        omega: Any,
        coupling: Coupling | None = None,
        w_a: Any = CANONICAL.w_a,
        w_phi: Any = CANONICAL.w_phi,
        psi: Any = CANONICAL.psi,
        alpha: Any = CANONICAL.alpha,
        *,
        coupling_strength: Any = 1.0,
    ):
        if isinstance(gamma, Mode) or isinstance(omega, Coupling):
            raise TypeError(
                "a network is made of numbers and a coupling: Network(gamma, omega, coupling), "
                "such as Network(mode.gamma, mode.omega, wetcow.Dense(R))"
            )
        if not isinstance(coupling, Coupling):
            raise TypeError(
                f"coupling must be one such as wetcow.Dense(R), got a {type(coupling).__name__}"
            )
        self.modes = Mode(gamma, omega, w_a=w_a, w_phi=w_phi, psi=psi, alpha=alpha)
        self.coupling = coupling
        self.coupling_strength = as_strength(coupling_strength)
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
        return {**self.modes.parameters(), **self.coupling_parameters()}

    def replace(self, **parameters: Any) -> Network:
        """Return a copy with parameters of the modes, `coupling` or `coupling_strength` changed.

        `coupling_strength` is absolute: R is what it would be if the network had been built with
        it. That of a coupling given as such is 1.

        Examples
        --------
        >>> from wetcow.networks.dense import Dense
        >>> net = Network(0.5, 1.0, Dense([[0, 2.0], [2.0, 0]]))
        >>> net = net.replace(coupling_strength=0.5)
        >>> net.replace(coupling_strength=0.25).coupling.r[0, 1].real.item()
        0.5
        """
        coupled = self.changed_coupling(parameters)
        return Network(**self.modes.replace(**parameters).parameters(), **coupled)

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
    return coupling(ones, lambda delay: np.ones(delay.shape, dtype=complex))
