"""Kinds of steps, and the state that steps advance."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.simulation.steps.delay_buffer import DelayBuffer

EIGHTH_ORDER = 1e-9  # relative tolerance below which the method of eighth order is taken
EIGHTH_ORDER_TO_THE_END = 3e-7  # the same where nothing is sampled on the way


class Adaptive(NamedTuple):
    """Adaptive steps: Tsitouras 5(4), for small tolerances Dormand-Prince 8(7).

    Attributes
    ----------
    rtol, atol : float
        Tolerances on the local error; `atol` in units of amplitude.
    """

    rtol: Any
    atol: Any


class Fixed(NamedTuple):
    """Fixed steps: Tsitouras' fifth order, or with noise the additive SDE method ShARK.

    Attributes
    ----------
    dt : float
        Step, time.
    steps_per_sample : int
        The samples are this many steps apart.
    history : int
        Number of past steps kept for delays.
    noisy : bool
        Whether noise is added.
    """

    dt: Any
    steps_per_sample: Any
    history: int
    noisy: bool


class State(NamedTuple):
    """Everything that the continuation of a run depends on.

    Attributes
    ----------
    a : complex array (n,)
        Amplitudes now.
    step : int array ()
        Number of steps taken.
    buffer : DelayBuffer
        Amplitudes of the past; empty without delays.
    """

    a: Any
    step: Any
    buffer: DelayBuffer


class Piece(NamedTuple):
    """A run between two samples, where one compiled call ended and the next one goes on.

    Attributes
    ----------
    state : State
        Now.
    first : int array ()
        Number of steps taken at the last sample.
    time : float array ()
        Reached by adaptive steps; fixed ones are counted.
    method, control : pytree
        What the method and the control of step sizes carry from step to step.
    """

    state: State
    first: Any
    time: Any
    method: Any
    control: Any


def initial_state(a0: Any, stepping: Adaptive | Fixed) -> State:
    """State at the start; before it the amplitudes are taken to have been constant."""
    a0 = a0 if isinstance(a0, jax.Array) else np.asarray(a0)
    length = stepping.history if isinstance(stepping, Fixed) else 0
    return State(a=a0, step=np.zeros((), int), buffer=DelayBuffer.constant(a0, length))


def within(t: Any, start: Any, end: Any) -> Any:
    """Keep a time between `start` and `end`, apart from them by more than the rounding of time.

    An input that jumps at one of them is then seen as it is between them.
    """
    apart = 128 * jnp.finfo(t.dtype).eps * jnp.maximum(jnp.abs(start), jnp.abs(end))
    return jnp.clip(t, start + apart, jnp.maximum(end - apart, start + apart))


def takes_eighth_order(rtol: float, sampled: bool) -> bool:
    """Whether adaptive steps are of eighth order; `sampled` if something is interpolated.

    Fewer evaluations of eighth order reach the same error at the end of a step; between, samples
    are interpolated, and no more exactly than by the other method with its shorter steps.
    """
    return rtol < (EIGHTH_ORDER if sampled else EIGHTH_ORDER_TO_THE_END)


def traced_stepping(stepping: Adaptive | Fixed) -> Adaptive | Fixed:
    """Return stepping whose numbers are arrays: not part of what is compiled, but arguments.

    The length of the history stays, since it is the size of an array; so does whether there is
    noise, since it decides the method.
    """
    if isinstance(stepping, Adaptive):
        return Adaptive(rtol=np.asarray(stepping.rtol), atol=np.asarray(stepping.atol))
    steps = np.asarray(stepping.steps_per_sample, int)
    return stepping._replace(dt=np.asarray(stepping.dt), steps_per_sample=steps)
