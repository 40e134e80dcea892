"""What can be integrated: the small interface that modes, networks and baselines share."""

from __future__ import annotations

import abc
import warnings
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

INITIAL_AMPLITUDE = 0.1


def former_layout(instance: Any) -> Any:
    """`compiled_layout` of a system or coupling, asked for by its former name."""
    warnings.warn(
        "arranged() is now called compiled_layout(); the old name goes with the next release",
        DeprecationWarning,
        stacklevel=3,
    )
    return instance.compiled_layout()


def accept_former_layout(cls: Any) -> None:
    """Take a method `arranged` that a subclass defines for its `compiled_layout`."""
    if "arranged" in vars(cls) and "compiled_layout" not in vars(cls):
        warnings.warn(
            f"{cls.__name__}.arranged is now called compiled_layout: rename it; the old name goes "
            "with the next release",
            DeprecationWarning,
            stacklevel=4,
        )
        cls.compiled_layout = vars(cls)["arranged"]


class System(eqx.Module):
    """A system of `size` complex variables a with da/dt = ``field(a, past)``."""

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """Number of complex variables."""

    @abc.abstractmethod
    def field(self, a: Any, past: Any = None) -> Any:
        """Time derivative of the state.

        Parameters
        ----------
        a : complex array (n,)
            State.
        past : callable, optional
            For delayed systems: maps delays (n, n) to a_j(t − delay_ij), (n, n).

        Returns
        -------
        complex array (n,)
        """

    def field_at(self, t: Any, a: Any, past: Any = None) -> Any:
        """Time derivative at a time; default: `field`, which does not depend on it."""
        del t
        return self.field(a, past)

    @abc.abstractmethod
    def rate(self) -> Any:
        """Fastest linear rate, 1/time; a step must resolve it."""

    @abc.abstractmethod
    def parameters(self) -> dict[str, Any]:
        """Every parameter by name, as scalars and arrays: the attributes of results."""

    @abc.abstractmethod
    def replace(self, **parameters: Any) -> System:
        """Return a copy with some parameters changed."""

    def compiled_layout(self) -> System:
        """The same system, laid out for many evaluations of its field; default: itself."""
        return self

    def arranged(self) -> System:
        """Deprecated: the former name of `compiled_layout`."""
        return former_layout(self)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        accept_former_layout(cls)

    @property
    def delays(self) -> tuple[float, float]:
        """Smallest and largest nonzero delay, in units of time; (0, 0) without delays."""
        return 0.0, 0.0

    @property
    def stops(self) -> Any:
        """Sorted times (k,) between which `field_at` is smooth; None if it does not use time."""
        return None

    @property
    def longest_step(self) -> Any:
        """Longest step that sees all of what changes in time, time."""
        return np.inf

    @property
    def resets(self) -> bool:
        """Whether `after_step` does anything; such systems need a fixed step."""
        return False

    @property
    def can_be_silent(self) -> bool:
        """Whether a variable at rest is silent, so that it has no phase."""
        return True

    def after_step(self, a: Any) -> Any:
        """Discontinuous change at the end of a step (threshold and reset); default: none."""
        return a

    def observe(self, a: Any) -> Any:
        """Complex amplitude to record for state `a`; its phase is the phase of the mode."""
        return a

    def initial(self, key: Any = None) -> Any:
        """Initial state, complex (n,): amplitude 0.1; phase 0, or random with a JAX `key`."""
        if key is None:
            return np.full(self.size, INITIAL_AMPLITUDE, dtype=complex)
        phase = jax.random.uniform(key, (self.size,), maxval=2 * np.pi)
        return INITIAL_AMPLITUDE * jnp.exp(jax.lax.complex(jnp.zeros_like(phase), phase))


def check_system(system: Any) -> None:
    """Raise for what is not a system to integrate, and say what to make of it.

    Raises
    ------
    TypeError
        For anything but a `System`.
    """
    if isinstance(system, System):
        return
    hint = "give a Mode, a Network, a baseline or another System"
    if isinstance(system, type) and issubclass(system, System):
        hint = f"this is the class; give one, such as {system.__name__}(…)"
    elif hasattr(system, "to_network"):
        hint = "call its to_network() first, and simulate what that returns"
    raise TypeError(f"a {type(system).__name__} cannot be integrated: {hint}")
