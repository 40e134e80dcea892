"""Input in time: what is added to the excitation, frequency and motion of modes while they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax
import numpy as np

from wetcow import validation
from wetcow.precision import is_traced

INPUTS = ("gamma", "omega", "additive")


def _as_input(name: str, value: Any) -> Any:
    """Checked numbers, as NumPy unless they are JAX's; functions as they are."""
    if value is None or callable(value) or is_traced(value):
        return value
    kind = np.complex128 if name == "additive" else np.float64
    found = validation.array(f"the drive's {name}", value, dtype=kind)
    return value if isinstance(value, jax.Array) else found


class _Scaled(eqx.Module):
    """A function of time, times a factor."""

    function: Any
    factor: Any

    def __call__(self, t: Any) -> Any:
        return self.factor * self.function(t)


def _scaled(value: Any, factor: Any) -> Any:
    if value is None:
        return None
    return _Scaled(value, factor) if callable(value) else factor * value


class Drive(eqx.Module):
    """Time-varying input of modes: excitation, frequency, or something added to their motion.

        da_i/dt = F_i(a) + [g_i(t) + i v_i(t)] a_i + u_i(t)

    with F the field of the system without input, g of `gamma`, v of `omega` and u of `additive`. A
    sensory input γ_0 of [21, 22] is a `gamma`. Each is an array over `times`, interpolated linearly
    between them, or a function of time. `simulate`, `sweep` and `integrate` take it as ``drive=``.

    Parameters
    ----------
    times : float array (k,), optional
        Increasing; k ≥ 2 where arrays are given. A time given twice is a jump, from the first
        value to the second one. Adaptive steps end at each of these times, and fixed ones are cut
        there, so that no short pulse is missed. For functions: where they are not smooth.
    gamma, omega : float array (k,) or (k, n), or function of time
        Added to γ and ω of all modes, or of each of n, 1/time and radians/time. A function is
        written with `jax.numpy`, takes a time and returns a number or (n,).
    additive : complex array (k,) or (k, n), or function of time
        Added to da/dt, amplitude/time.
    outside : {"zero", "hold"}, optional
        What arrays are before the first and after the last time: nothing, or their first and last
        values. Default: a run that is longer than `times` is refused.
    max_step : float, optional
        The longest step, time. Default: for functions the interval between two samples, so that
        what lasts longer than that is seen; for arrays there is none, because steps end at `times`.

    Raises
    ------
    ValueError
        For values that are not finite, times that are not in order, numbers of values or modes
        that do not agree, or no input at all. What is traced by JAX cannot be checked.

    Notes
    -----
    Arrays are arguments of what is compiled, with lengths rounded up to powers of two: other values
    or times compile nothing new. A function is part of what is compiled.

    Results are differentiable with respect to values, and to times between which values change
    without a jump; `integrate` has the gradients.

    `Kuramoto` has no amplitude, and takes `omega` alone. `LeakyIntegrateAndFire` takes none.

    Examples
    --------
    A mode that is damped by itself, excited from t = 10 to t = 40:

    >>> import wetcow as wc
    >>> drive = Drive([0, 10, 10, 40, 40, 60], gamma=[0, 0, 1.5, 1.5, 0, 0])
    >>> run = wc.simulate(wc.Mode(gamma=-0.2), 60.0, num_samples=601, drive=drive)
    >>> size = abs(run.a[:, 0])
    >>> bool(size.sel(time=35.0) > 0.1), bool(size[-1] < 0.02)
    (True, True)
    """

    times: Any
    gamma: Any
    omega: Any
    additive: Any
    outside: Literal["zero", "hold"] | None = eqx.field(static=True)
    max_step: float | None = eqx.field(static=True)

    def __init__(
        self,
        times: Any = None,
        *,
        gamma: Any | Callable[[Any], Any] = None,
        omega: Any | Callable[[Any], Any] = None,
        additive: Any | Callable[[Any], Any] = None,
        outside: Literal["zero", "hold"] | None = None,
        max_step: float | None = None,
    ):
        self.times = times if times is None or is_traced(times) else _checked_times(times)
        self.gamma = _as_input("gamma", gamma)
        self.omega = _as_input("omega", omega)
        self.additive = _as_input("additive", additive)
        if outside not in (None, "zero", "hold"):
            raise ValueError(f'outside must be "zero" or "hold", got {outside!r}')
        self.outside = outside
        self.max_step = (
            None if max_step is None else validation.number("max_step", max_step, above=0)
        )
        if not self.inputs():
            raise ValueError("a drive needs gamma, omega or additive: an array or a function")
        sizes = {}
        for name, value in self.arrays().items():
            self._check(name, value)
            if np.ndim(value) == 2:
                sizes[name] = np.shape(value)[1]
        if len(set(sizes.values())) > 1:
            raise ValueError(f"a drive's inputs are for different numbers of modes: {sizes}")

    def _check(self, name: str, value: Any) -> None:
        if self.times is None:
            raise ValueError(f"{name} is an array: give the times of its values as well")
        num = len(self.times)
        if num < 2 or np.ndim(value) not in (1, 2) or np.shape(value)[0] != num:
            raise ValueError(
                f"{name} must have one row for each of at least two times, ({num},) or ({num}, n), "
                f"got shape {np.shape(value)}"
            )

    def inputs(self) -> dict[str, Any]:
        """What is given of gamma, omega and additive, by name."""
        found = {name: getattr(self, name) for name in INPUTS}
        return {name: value for name, value in found.items() if value is not None}

    def arrays(self) -> dict[str, Any]:
        """What is given as an array, by name."""
        return {name: value for name, value in self.inputs().items() if not callable(value)}

    @property
    def num_modes(self) -> int | None:
        """Number of modes that arrays are for; None where all modes get the same."""
        return next((np.shape(v)[1] for v in self.arrays().values() if np.ndim(v) == 2), None)

    def scaled(self, factor: Any) -> Drive:
        """Return the drive times a number.

        Examples
        --------
        >>> pulse(0.0, 5.0, gamma=1.0).scaled(0.5).gamma.tolist()
        [0.0, 0.5, 0.5, 0.0]
        """
        if not is_traced(factor):
            factor = validation.number("the factor", factor)
        return Drive(
            self.times,
            gamma=_scaled(self.gamma, factor),
            omega=_scaled(self.omega, factor),
            additive=_scaled(self.additive, factor),
            outside=self.outside,
            max_step=self.max_step,
        )

    def parameters(self) -> dict[str, Any]:
        """Everything by name, as the attributes of results have it."""
        from wetcow.simulation.files.identity import content_digest

        found = {"drive_times": self.times, "drive_outside": self.outside}
        found["drive_max_step"] = self.max_step
        for name, value in self.inputs().items():
            if callable(value):
                called = getattr(value, "__name__", type(value).__name__)
                value = f"function {called}, {content_digest(value)[:16]}"
            found[f"drive_{name}"] = value
        return {name: value for name, value in found.items() if value is not None}


def _checked_times(times: Any) -> np.ndarray:
    found = validation.array("the drive's times", times, ndim=1)
    steps = np.diff(found)
    if np.any(steps < 0):
        first = int(np.argmax(steps < 0))
        raise ValueError(
            f"the drive's times must be in order, but {found[first + 1]:g} comes after "
            f"{found[first]:g}"
        )
    if np.any((steps[1:] == 0) & (steps[:-1] == 0)):
        raise ValueError("a time may be given twice, for a jump, but not more often")
    return found


def pulse(
    start: float,
    duration: float,
    *,
    gamma: Any = None,
    omega: Any = None,
    additive: Any = None,
    rise: float = 0.0,
    period: float | None = None,
    count: int = 1,
) -> Drive:
    """Drive of one or several pulses; nothing before, between and after them.

    Parameters
    ----------
    start, duration : float
        Of the first pulse, time.
    gamma, omega, additive : float or array (n,), complex for `additive`
        Height for all modes, or for each; see `Drive`.
    rise : float
        Time in which a pulse rises from nothing, linearly, and in which it falls at its end; both
        are parts of `duration`. Default: jumps.
    period : float, optional
        From one start to the next, longer than `duration`.
    count : int
        Number of pulses; several need a `period`.

    Returns
    -------
    Drive

    Raises
    ------
    ValueError
        For a duration that is not positive, a rise longer than half of it, or pulses that overlap.

    Examples
    --------
    >>> drive = pulse(10.0, 30.0, gamma=[1.9, 0.0])
    >>> drive.times.tolist(), drive.gamma.shape
    ([10.0, 10.0, 40.0, 40.0], (4, 2))
    """
    start = validation.number("start", start)
    duration = validation.number("duration", duration, above=0)
    rise = validation.number("rise", rise, minimum=0, maximum=duration / 2)
    count = validation.integer("count", count, minimum=1)
    if count > 1 and period is None:
        raise ValueError("several pulses need a period, the time from one start to the next")
    period = 0.0 if period is None else validation.number("period", period, above=duration)
    validation.reasonable_size(f"a drive of {count:.3g} pulses", 96.0 * count, "take fewer")
    corners = np.array([0.0, rise, duration - rise, duration])
    times = (start + period * np.arange(count)[:, None] + corners).ravel()
    shape = np.tile([0.0, 1.0, 1.0, 0.0], count)
    return Drive(
        times,
        gamma=_of_height("gamma", gamma, shape),
        omega=_of_height("omega", omega, shape),
        additive=_of_height("additive", additive, shape),
        outside="zero",
    )


def _of_height(name: str, height: Any, shape: np.ndarray) -> Any:
    """Values (k,) or (k, n) of a pulse with this shape (k,)."""
    if height is None:
        return None
    if callable(height) or np.ndim(height) > 1:
        raise ValueError("a pulse's height is a number, or one for each mode")
    height = _as_input(name, height)
    return shape[:, None] * height if np.ndim(height) else shape * height
