"""A single nonlinear wave mode: its parameters, states and rates [11-18]."""

from __future__ import annotations

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.modes import spiking
from wetcow.modes.criticality import CANONICAL, Constants, critical_phase, critical_ratio
from wetcow.modes.response import can_spike_beyond, response
from wetcow.modes.system import System
from wetcow.precision import in_double, is_traced
from wetcow.process import check_process
from wetcow.validation import array, refuse_masked

LINEAR_BELOW = 0.1  # there the spiking frequency is within 1.5 % of omega
CRITICAL_WITHIN = 1e-9
SMALLEST = 1e-100  # w_phi other than 0: ratios of smaller numbers overflow


def _parameter(value: Any) -> Any:
    """Keep JAX arrays (they may be traced); everything else becomes float64 NumPy."""
    if isinstance(value, jax.Array):
        return value
    if callable(value):
        raise ValueError(
            f"parameters of a Mode are constants, not functions of time, got {value!r}; for input "
            "in time give simulate a drive, such as drive=wetcow.Drive(gamma=…)"
        )
    refuse_masked("a parameter of a Mode", value)
    try:
        given = np.asarray(value)
        if given.dtype.kind in "SU":
            raise TypeError
        return given.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"a parameter of a Mode must be numbers, got {value!r}") from None


class Mode(System):
    """One wave mode, or a row of uncoupled ones, in amplitude-phase form [11, 12].

    In Cartesian form, a = A e^{iφ}:

        da/dt = (γ + iω) a + a [w_a Re(a e^{−iψ}) − α|a| + i w_φ Re a]

    Parameters
    ----------
    gamma : float or array (n,)
        Excitation γ (negative: damping), 1/time; with a sensory input γ_0 it is γ_0 + γ_i [21, 22].
    omega : float or array (n,)
        Linear angular frequency ω, radians/time. Criticality and spiking frequency are defined
        for ω > 0.
    w_a, w_phi, alpha : float or array (n,)
        Constants of the nonlinear terms, 1/(amplitude · time). Default: the paper's, √5, √5, 3.
    psi : float or array (n,)
        Phase of the amplitude nonlinearity, radians. Default: the paper's, 2 arctan(1/3).

    Raises
    ------
    ValueError
        For values that are masked, not finite or not numbers, shapes that do not broadcast, α ≤ 0,
        w_φ < 0, or where no critical point exists: |w_a sin ψ| ≥ α [17], or w_a cos ψ < 0 and
        |w_a| ≥ α [16]. Traced values cannot be checked; there criticality and rates are NaN.

    Examples
    --------
    >>> mode = Mode(gamma=1.9)
    >>> print(round(float(mode.criticality), 3), float(mode.critical_gamma), mode.state)
    0.95 2.0 subcritical
    >>> print(round(float(mode.spiking_frequency()), 4))
    0.2409
    """

    gamma: Any = eqx.field(converter=_parameter)
    omega: Any = eqx.field(converter=_parameter, default=1.0)
    w_a: Any = eqx.field(converter=_parameter, default=CANONICAL.w_a)
    w_phi: Any = eqx.field(converter=_parameter, default=CANONICAL.w_phi)
    psi: Any = eqx.field(converter=_parameter, default=CANONICAL.psi)
    alpha: Any = eqx.field(converter=_parameter, default=CANONICAL.alpha)

    def __check_init__(self):
        values = self.parameters()
        try:
            shape = np.broadcast_shapes(*(np.shape(value) for value in values.values()))
        except ValueError:
            shapes = {name: np.shape(value) for name, value in values.items()}
            raise ValueError(f"the parameters of a Mode must broadcast; got {shapes}") from None
        if len(shape) > 1:
            raise ValueError(
                f"a Mode holds scalars or one row of modes, got parameters of shape {shape}; "
                "use sweep() to vary parameters"
            )
        if is_traced(values):
            return
        for name, value in values.items():
            array(name, value)
        if np.any(np.asarray(self.alpha) <= 0):
            raise ValueError(f"alpha must be positive (it saturates the mode), got {self.alpha}")
        if np.any(np.asarray(self.w_phi) < 0):
            raise ValueError(
                f"w_phi must not be negative, got {self.w_phi}; shift the phase by pi instead, "
                "which flips the signs of w_phi and w_a together"
            )
        if np.any((np.asarray(self.w_phi) > 0) & (np.asarray(self.w_phi) < SMALLEST)):
            raise ValueError(f"w_phi must be 0 or at least {SMALLEST:g}, got {self.w_phi}")
        w_a, psi, alpha = (np.asarray(value) for value in (self.w_a, self.psi, self.alpha))
        if np.any(np.abs(w_a * np.sin(psi)) >= alpha):
            raise ValueError(
                f"|w_a sin(psi)| must be smaller than alpha, or no critical point exists [17]; got "
                f"w_a={w_a}, psi={psi}, alpha={alpha}"
            )
        if np.any(np.sqrt(alpha**2 - (w_a * np.sin(psi)) ** 2) + w_a * np.cos(psi) <= 0):
            raise ValueError(
                "no critical point exists [16]: with w_a cos(psi) < 0, |w_a| must be smaller than "
                f"alpha, or gamma_c is not positive; got w_a={w_a}, psi={psi}, alpha={alpha}"
            )

    def parameters(self) -> dict[str, Any]:
        """Return all parameters by name."""
        return {name: getattr(self, name) for name in ("gamma", "omega", *Constants._fields)}

    def replace(self, **parameters: Any) -> Mode:
        """Return a copy with some parameters changed; accepts the names of the constructor."""
        unknown = set(parameters) - set(self.parameters())
        if unknown:
            raise ValueError(f"a Mode has no parameter {sorted(unknown)}; {[*self.parameters()]}")
        return Mode(**(self.parameters() | parameters))

    @property
    def constants(self) -> Constants:
        """The constants w_a, w_φ, ψ, α."""
        return Constants(w_a=self.w_a, w_phi=self.w_phi, psi=self.psi, alpha=self.alpha)

    @property
    def shape(self) -> tuple[int, ...]:
        """``()`` for one mode, ``(n,)`` for a row."""
        return np.broadcast_shapes(*(np.shape(value) for value in self.parameters().values()))

    @property
    def size(self) -> int:
        """Number of modes."""
        return int(np.prod(self.shape))

    def field(self, a: Any, past: Any = None) -> Any:
        """Time derivative of the amplitudes `a`, complex (..., n): [11, 12] in Cartesian form."""
        check_process()
        a = jnp.asarray(a)
        x, y = a.real, a.imag
        # In real numbers, because |a| of complex ones is guarded against overflow, which is slow
        # and not needed here. With `tiny` its gradient is 0 at a = 0, and no digit changes.
        amplitude = jnp.sqrt(x * x + y * y + jnp.finfo(a.dtype).tiny)
        growth = self.gamma + self.w_a * (x * jnp.cos(self.psi) + y * jnp.sin(self.psi))
        growth = growth - self.alpha * amplitude
        turning = self.omega + self.w_phi * x
        return jax.lax.complex(growth * x - turning * y, growth * y + turning * x)

    def rate(self) -> Any:
        """Fastest linear rate |γ| + |ω| of the modes, 1/time; bounds the step size."""
        check_process()
        return jnp.max(jnp.abs(self.gamma) + jnp.abs(self.omega))

    def _check_positive_frequency(self) -> None:
        if not is_traced(self.omega) and np.any(np.asarray(self.omega) <= 0):
            raise ValueError(
                f"criticality [18] and spiking frequency [14] need omega > 0, got {self.omega}"
            )

    @property
    def critical_phase(self) -> Any:
        """φ_c of [17, 25], radians."""
        return in_double(critical_phase)(self.constants)

    @property
    def critical_ratio(self) -> Any:
        """Ratio w = ω/γ_c of [16, 24]."""
        return in_double(critical_ratio)(self.constants)

    @property
    def critical_gamma(self) -> Any:
        """Excitation γ_c = ω/w at which the mode falls silent [15]."""
        self._check_positive_frequency()
        with np.errstate(divide="ignore"):  # infinite for w_φ = 0: such a mode is never silent
            return self.omega / self.critical_ratio

    @property
    def critical_omega(self) -> Any:
        """Frequency ω_c = γw below which the mode is silent [15]."""
        return self.gamma * self.critical_ratio

    @property
    def criticality(self) -> Any:
        """Cr = wγ/ω [18]."""
        self._check_positive_frequency()
        return self.critical_omega / self.omega

    @property
    def state(self) -> Any:
        """State of the mode, a string (or an array of strings).

        "damped" for γ < 0; "linear" for 0 ≤ cr < 0.1, where the oscillation is nearly harmonic;
        "subcritical" (spiking) for cr < 1; "critical" for |cr − 1| ≤ 1e-9; "supercritical" (one
        spike, then silence) beyond; but for some constants with w_a < 0 "bistable" from cr = 1 on
        as far as the mode can still spike, depending on its start (docs/theory.md).
        """
        criticality = np.asarray(self.criticality)
        states = np.select(
            [
                can_spike_beyond(np.asarray(self.gamma / self.omega), self.constants),
                criticality < 0,
                criticality < LINEAR_BELOW,
                np.abs(criticality - 1) <= CRITICAL_WITHIN,
                criticality < 1,
            ],
            ["bistable", "damped", "linear", "critical", "subcritical"],
            "supercritical",
        )
        return states.item() if states.ndim == 0 else states

    def spiking_frequency(self, method: Literal["exact", "analytic", "adiabatic"] = "exact") -> Any:
        """Angular frequency of spiking ω_s, radians/time; zero when silent, ω when damped.

        Parameters
        ----------
        method : {"exact", "analytic", "adiabatic"}
            "exact": from solved limit cycles (relative error below 1e-6); "analytic": the paper's
            approximation [13, 14, 23]; "adiabatic": the corrected integral, an approximation that
            is good near criticality. All are differentiable.

        Returns
        -------
        float64 scalar or array (n,)
            "exact" is NaN, with a UserWarning, where the mode is "bistable" (see `state`).

        Raises
        ------
        ValueError
            For an unknown method, or ω ≤ 0.
        """
        if method not in spiking.SPIKING_METHODS:
            raise ValueError(f"method must be one of {[*spiking.SPIKING_METHODS]}, got {method!r}")
        self._check_positive_frequency()
        return in_double(spiking.SPIKING_METHODS[method])(self.gamma, self.omega, self.constants)

    def mean_amplitude(self) -> Any:
        """Time-averaged amplitude ω M(γ/ω) of the settled mode; zero when damped (docs/theory.md).

        NaN, with a UserWarning, where the mode is "bistable" (see `state`).
        """
        self._check_positive_frequency()
        amplitude = in_double(lambda c, constants: response(c, constants)[1])
        return self.omega * amplitude(self.gamma / self.omega, self.constants)
