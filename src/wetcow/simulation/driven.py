"""A system with input in time, as it is integrated: `Driven`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from wetcow.modes.system import System
from wetcow.networks.baselines import Kuramoto, LeakyIntegrateAndFire
from wetcow.precision import of_one_time
from wetcow.simulation.course import Course, alike, course_of, padded_length
from wetcow.simulation.drive import Drive


class Driven(System):
    """A system with a course of input; parameters and copies are those of the system.

    Parameters
    ----------
    system : System
    course : Course
    """

    system: System
    course: Course

    @property
    def size(self) -> int:
        return self.system.size

    @property
    def coupling(self) -> Any:
        """Of the system; an AttributeError if it has none."""
        return self.system.coupling  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def stops(self) -> Any:
        return self.course.stops

    @property
    def longest_step(self) -> Any:
        return self.course.longest_step

    @property
    def delays(self) -> tuple[float, float]:
        return self.system.delays

    @property
    def can_be_silent(self) -> bool:
        """As of the system."""
        return self.system.can_be_silent

    def field(self, a: Any, past: Any = None) -> Any:
        raise TypeError("the field of a driven system depends on time: field_at(t, a, past)")

    def field_at(self, t: Any, a: Any, past: Any = None) -> Any:
        change = self.system.field(a, past)
        rate, additive = self.course.at(jnp.asarray(t))
        if rate is not None:
            change = change + rate * a
        return change if additive is None else change + additive

    def rate(self) -> Any:
        rate = self.system.rate() + self.course.fastest
        if self.course.additive is None:
            return rate
        # Where modes saturate, α|a|² ≈ |u|, amplitudes fall at the rate α|a|.
        alpha = getattr(getattr(self.system, "modes", self.system), "alpha", 1.0)
        return rate + 2 * jnp.sqrt(jnp.max(alpha) * jnp.max(jnp.abs(self.course.additive)))

    def parameters(self) -> dict[str, Any]:
        return self.system.parameters()

    def replace(self, **parameters: Any) -> Driven:
        course = parameters.pop("drive", self.course)
        system = self.system.replace(**parameters) if parameters else self.system
        return Driven(system, course)

    def compiled_layout(self) -> Driven:
        return Driven(self.system.compiled_layout(), self.course)

    def observe(self, a: Any) -> Any:
        return self.system.observe(a)

    def initial(self, key: Any = None) -> Any:
        return self.system.initial(key)


def driven(system: System, drive: Drive | None, times: Any) -> System:
    """Return the system with an input; itself without one.

    Raises
    ------
    TypeError
        For what is no drive.
    ValueError
        For one that does not fit the system or the times of the run.
    """
    if drive is None:
        return system
    check_drive(drive, system)
    return Driven(system, course_of(drive, times))


def swept(
    system: System | Callable[..., System], drive: Any, times: Any
) -> tuple[System | Callable[..., System], dict[str, Any]]:
    """Return the system of a sweep, or the function that builds it, with its input.

    Several drives are returned as values of the parameter "drive".
    """
    if drive is None or isinstance(drive, Drive):
        if drive is None or isinstance(system, System) or not callable(system):
            return driven(system, drive, times) if isinstance(system, System) else system, {}
        return _building(system, lambda built: driven(built, drive, times)), {}
    if isinstance(drive, str) or not isinstance(drive, Mapping | Sequence):
        raise TypeError(
            "drive must be a wetcow.Drive or wetcow.pulse(…), or several as a list or a dict, got "
            f"a {type(drive).__name__}"
        )
    if not len(drive):
        raise ValueError("drive must not be empty: give at least one")
    named = dict(drive) if isinstance(drive, Mapping) else dict(enumerate(drive))
    if not isinstance(system, System):
        raise ValueError("several drives are for one system, not for a function that builds it")
    for one in named.values():
        check_drive(one, system)
        if len(one.arrays()) < len(one.inputs()):
            raise ValueError("a sweep over drives takes arrays and pulses, no functions of time")
    length = max(padded_length(one) for one in named.values())
    courses = alike([course_of(one, times, length) for one in named.values()])
    return Driven(system, courses[0]), {"drive": dict(zip(named, courses, strict=True))}


def _building(function: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def build(*args: Any, **kwargs: Any) -> Any:
        built = function(*args, **kwargs)
        return change(built) if isinstance(built, System) else built

    return build


def check_drive(drive: Any, system: System) -> None:
    """Raise for an input that a system cannot have."""
    if not isinstance(drive, Drive):
        raise TypeError(
            f"drive must be a wetcow.Drive or wetcow.pulse(…), got a {type(drive).__name__}"
        )
    kind = type(system).__name__
    if isinstance(system, LeakyIntegrateAndFire):
        raise ValueError(f"{kind} takes no drive: its input is the parameter current")
    if isinstance(system, Kuramoto) and set(drive.inputs()) != {"omega"}:
        raise ValueError(f"{kind} has no amplitude to drive: only omega, got {[*drive.inputs()]}")
    if drive.num_modes not in (None, system.size):
        raise ValueError(
            f"the drive is for {drive.num_modes} modes, but this {kind} has {system.size}"
        )
    for name, value in drive.inputs().items():
        if callable(value):
            _check_function(name, value, system.size)


def _check_function(name: str, function: Any, size: int) -> None:
    found = of_one_time(f"the drive's function of time {name}", function, np.float32)
    shape = found.shape
    if shape not in ((), (1,), (size,)):
        raise ValueError(
            f"the drive's function of time {name} must return a number or one for each of {size} "
            f"modes, got shape {shape}"
        )
    if name != "additive" and jnp.issubdtype(found.dtype, jnp.complexfloating):
        raise ValueError(f"the drive's function of time {name} must return real numbers")


def undriven(system: System) -> System:
    """Return the system without its input."""
    return system.system if isinstance(system, Driven) else system
