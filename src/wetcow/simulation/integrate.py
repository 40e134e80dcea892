"""Trajectories as a pure function: `integrate`, for gradients, batches and compiled code."""

from __future__ import annotations

import warnings
from typing import Any

import diffrax
import jax.numpy as jnp
import numpy as np

from wetcow.modes.system import System, check_system
from wetcow.precision import anew, is_traced
from wetcow.process import bound_compiled_calls, check_process
from wetcow.simulation.drive import Drive
from wetcow.simulation.driven import driven
from wetcow.simulation.laid_out import in_blocks
from wetcow.simulation.plan import (
    MAX_STEPS,
    check_effort,
    fastest_rate,
    fixed_steps,
    steps_between,
)
from wetcow.simulation.steps.advance import advance
from wetcow.simulation.steps.stepping import Adaptive, initial_state
from wetcow.validation import array, number

EVEN = 1e-6  # relative rounding of times that count as equally spaced
UNSURE = 10.0  # factor between estimated and actual steps that is not uncommon


def integrate(
    system: System,
    a0: Any,
    times: Any,
    *,
    drive: Drive | None = None,
    rtol: float = 1e-8,
    atol: float = 1e-10,
    dt: float | None = None,
    adjoint: diffrax.AbstractAdjoint | None = None,
    max_steps: int | None = 100_000,
) -> Any:
    """Trajectory as a pure, differentiable function, in the precision of its arguments.

    `simulate` is the labelled, checked and resumable way to run a system; this is the bare one, to
    use inside ``jax.jit``, ``jax.vmap`` and ``jax.grad``.

    Parameters
    ----------
    system : System
        A smooth system without resets. Delays may not be traced; couplings may.
    a0 : complex array (n,)
        Amplitudes at ``times[0]``.
    times : float array (k,)
        Increasing, at least two.
    drive : Drive, optional
        Input in time, with respect to whose arrays there are gradients, too.
    rtol, atol : float
        Tolerances of the adaptive steps.
    dt : float, optional
        For systems with delays: their fixed step, time, which is shortened to divide the time
        between samples. These are equally spaced then. Default: as of `simulate`; it must be given
        where the system is traced.
    adjoint : diffrax.AbstractAdjoint, optional
        How gradients are formed; default: checkpointed back-propagation through the steps, which
        is exact for the steps taken and needs little memory. With delays there is no choice, and
        the past of each step is kept: networks of a few modes.
    max_steps : int or None
        Bound on the number of steps; None is two to three times as fast for small networks,
        but allows no reverse-mode gradients. Where it is exceeded the result is infinite, with a
        warning where nothing is traced. Gradients are the faster the lower it is.

    Returns
    -------
    complex array (k, n)

    Raises
    ------
    ValueError
        For systems with resets, or that by their rates need far more than `max_steps`, times that
        are not finite and increasing (with delays, equally spaced), amplitudes and tolerances that
        make no sense. What is traced cannot be checked: the result is NaN then.
    TypeError
        For what is not a system.
    ForkedProcessError
        In a process that was forked after JAX was used in its parent.

    Examples
    --------
    >>> from wetcow.modes.mode import Mode
    >>> integrate(Mode(gamma=-1.0), np.array([0.1 + 0j]), np.array([0.0, 1.0])).shape
    (2, 1)
    """
    check_system(system)
    if not is_traced(system, a0, times):
        check_process()
        bound_compiled_calls()
    if system.resets:
        raise ValueError(
            f"{type(system).__name__} has resets, which have no gradients: use simulate()"
        )
    if system.delays[1]:
        return _with_delays(system, a0, times, drive, dt)
    if dt is not None:
        raise ValueError("dt is for systems with delays; others take adaptive steps: give rtol")
    rtol, atol = (
        value if is_traced(value) else number(name, value, above=0)
        for name, value in (("rtol", rtol), ("atol", atol))
    )
    times, a0 = _checked_times(times), _checked_amplitudes(a0, system.size)
    # What someone's own compiled call holds is a copy, so that the system itself stays in double.
    system = driven(anew(system), drive, times)
    if not is_traced(system, a0, times, rtol, atol):
        _refuse_endless(system, times, Adaptive(rtol, atol), max_steps)
    # Without an order among them diffrax would step for ever, or return what was not computed.
    ordered = jnp.all(jnp.isfinite(times)) & jnp.all(times[1:] > times[:-1])
    even = jnp.linspace(0, 1, times.shape[0], dtype=times.dtype)
    state = initial_state(a0, Adaptive(rtol, atol))
    samples, _ = advance(
        system,
        state,
        jnp.where(ordered, times, even),
        Adaptive(rtol, atol),
        adjoint=adjoint,
        max_steps=max_steps,
    )
    samples = jnp.concatenate([state.a[None], samples])
    if not is_traced(samples) and np.isinf(samples[-1]).any():
        warnings.warn(
            f"the result is infinite: max_steps={max_steps} were taken before the end, or the "
            "solution grows without bound",
            stacklevel=2,
        )
    return jnp.where(ordered, samples, jnp.nan)


def _with_delays(system: System, a0: Any, times: Any, drive: Drive | None, dt: Any) -> Any:
    """Trajectory by fixed steps: in blocks where the system is known, else by all pairs."""
    if is_traced(times):
        raise ValueError("times of a system with delays must be known, not traced")
    given = np.asarray(times, np.float64)
    times, a0 = _checked_times(times), _checked_amplitudes(a0, system.size)
    apart = np.diff(given)
    if np.ptp(apart) > EVEN * np.max(np.abs(given)):
        raise ValueError("times of a system with delays must be equally spaced")
    system = driven(anew(system), drive, times)
    known = not is_traced(system)
    if dt is None and not known:
        raise ValueError(
            "the step of a system with delays that is traced must be given: dt=, no longer than "
            f"the shortest delay, {system.delays[0]:g}"
        )
    rate = fastest_rate(system) if known else 0.0
    longest = float(np.min(system.longest_step)) if known else np.inf
    stepping = fixed_steps(rate, float(apart[0]), dt, system.delays, False, longest)
    if known:
        check_effort(system, given, stepping, rate=rate)
        system = in_blocks(system, stepping)
    state = initial_state(jnp.asarray(a0), stepping)
    samples, _ = advance(system, state, times, stepping)
    return jnp.concatenate([state.a[None], samples])


def _refuse_endless(system: System, times: Any, stepping: Adaptive, max_steps: int | None) -> None:
    """Raise where many times more steps are needed than may be taken, as far as rates tell."""
    rate = system.rate()
    if is_traced(rate):  # within someone's jit
        return
    rate, length = float(np.max(rate)), float(np.ptp(np.asarray(times)))
    steps = steps_between(rate, length, stepping)
    most = MAX_STEPS if max_steps is None else max_steps
    if steps > UNSURE * most:
        raise ValueError(
            f"this needs about {steps:.2g} steps, more than max_steps={most:.2g}: rates are up to "
            f"{rate:.3g} per time unit, over {length:.3g} time units. Are rates and times in the "
            "same unit? If so, shorten the run, or pass a larger max_steps"
        )


def _checked_times(times: Any) -> Any:
    if is_traced(times):
        if np.ndim(times) != 1 or np.size(times) < 2:
            raise ValueError(f"times must be at least two, got shape {np.shape(times)}")
        return times
    found = array("times", times, ndim=1)
    if found.size < 2 or not np.all(np.diff(found) > 0):
        raise ValueError(f"times must be increasing, at least two of them, got {times!r}")
    real = jnp.asarray(times)
    return real if jnp.issubdtype(real.dtype, jnp.floating) else jnp.asarray(found)


def _checked_amplitudes(a0: Any, size: int) -> Any:
    if np.shape(a0) != (size,):
        raise ValueError(f"a0 must have shape ({size},), got {np.shape(a0)}")
    if not is_traced(a0):
        array("a0", a0, dtype=np.complex128)
    return a0
