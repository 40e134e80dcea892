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
from wetcow.simulation.plan import MAX_STEPS, steps_between
from wetcow.simulation.steps.advance import advance
from wetcow.simulation.steps.stepping import Adaptive, initial_state
from wetcow.validation import array, number

UNSURE = 10.0  # factor between estimated and actual steps that is not uncommon


def integrate(
    system: System,
    a0: Any,
    times: Any,
    *,
    drive: Drive | None = None,
    rtol: float = 1e-8,
    atol: float = 1e-10,
    adjoint: diffrax.AbstractAdjoint | None = None,
    max_steps: int | None = 100_000,
) -> Any:
    """Trajectory as a pure, differentiable function, in the precision of its arguments.

    `simulate` is the labelled, checked and resumable way to run a system; this is the bare one, to
    use inside ``jax.jit``, ``jax.vmap`` and ``jax.grad``.

    Parameters
    ----------
    system : System
        A smooth system without delays or resets.
    a0 : complex array (n,)
        Amplitudes at ``times[0]``.
    times : float array (k,)
        Increasing, at least two.
    drive : Drive, optional
        Input in time, with respect to whose arrays there are gradients, too.
    rtol, atol : float
        Tolerances of the adaptive steps.
    adjoint : diffrax.AbstractAdjoint, optional
        How gradients are formed; default: checkpointed back-propagation through the steps, which
        is exact for the steps taken and needs little memory.
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
        For systems that need fixed steps, or by their rates far more than `max_steps`, times that
        are not finite and increasing, amplitudes and tolerances that make no sense. What is
        traced cannot be checked: the result is NaN then.
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
    if system.resets or system.delays[1]:
        raise ValueError(
            f"{type(system).__name__} has delays or resets, which need fixed steps: use simulate()"
        )
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
