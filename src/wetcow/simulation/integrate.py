"""The one place that integrates: a system from sample to sample.

The Cartesian complex form is integrated as real pairs (Re, Im). Smooth systems take adaptive steps;
delays, resets and noise need fixed steps. Both are pure functions of the state, so they can be
compiled, batched, differentiated, stopped at any sample and continued from there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import lineax
import numpy as np

from wetcow.modes.system import System, check_system
from wetcow.precision import is_traced
from wetcow.process import bound_compiled_calls, check_process
from wetcow.simulation import solvers
from wetcow.simulation.pairs import as_complex, as_real, joined, pair
from wetcow.validation import array, number

EIGHTH_ORDER = 1e-9  # relative tolerance below which the method of eighth order is taken
EIGHTH_ORDER_TO_THE_END = 3e-7  # the same where nothing is sampled on the way
SMALLEST_STEP = 1e-12  # of the time between two samples; smaller steps mean a singular solution


class Adaptive(NamedTuple):
    """Adaptive steps: Tsitouras 5(4), for small tolerances Dormand-Prince 8(7); see `_method`.

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
        Number of fixed steps taken.
    values, slopes : complex arrays (history, n)
        Ring buffer of past amplitudes and their derivatives; empty without delays.
    """

    a: Any
    step: Any
    values: Any
    slopes: Any


def initial_state(a0: Any, stepping: Adaptive | Fixed) -> State:
    """State at the start; before it the amplitudes are taken to have been constant."""
    a0 = jnp.asarray(a0)
    depth = stepping.history if isinstance(stepping, Fixed) else 0
    values = jnp.broadcast_to(a0, (depth, a0.size))
    return State(a0, jnp.zeros((), int), values, jnp.zeros_like(values))


def advance(
    system: System,
    state: State,
    times: Any,
    stepping: Adaptive | Fixed,
    noise: Any = 0.0,
    key: Any = None,
    adjoint: diffrax.AbstractAdjoint | None = None,
    max_steps: int | None = None,
    count: Any = None,
    eighth_order: bool | None = None,
) -> tuple[Any, State]:
    """Integrate from ``times[0]``, where the system is in `state`, through all of `times`.

    Parameters
    ----------
    system : System
        What to integrate.
    state : State
        At ``times[0]``.
    times : float array (k + 1,)
        Increasing; equally spaced by ``dt · steps_per_sample`` if stepping is fixed.
    stepping : Adaptive or Fixed
        Its numbers may be traced (`traced_stepping`), so that one compiled call serves them all.
    noise : float
        σ of additive noise, amplitude/sqrt(time); see `simulate`.
    key : JAX key, optional
        Of the noise.
    adjoint, max_steps : optional
        As of ``diffrax.diffeqsolve``, for gradients through adaptive steps.
    count : int, optional
        Traced number of intervals that count; all later times repeat the last one. One compiled
        call then serves all numbers of samples up to k. Has no reverse-mode gradients.
    eighth_order : bool, optional
        Method of adaptive steps; needed if tolerances are traced.

    Returns
    -------
    samples : complex array (k, n)
        Amplitudes at ``times[1:]``; not finite from where the integration failed.
    state : State
        At ``times[-1]``.
    """
    system = system.compiled_layout()
    if isinstance(stepping, Adaptive):
        sampled = times.shape[0] > 2
        if eighth_order is None:
            eighth_order = takes_eighth_order(stepping.rtol, sampled or max_steps is not None)
        samples = _adaptive(system, state.a, times, stepping, adjoint, max_steps, eighth_order)
        return samples, state._replace(a=samples[-1])
    return _fixed(system, state, times, stepping, noise, key, count)


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
        return Adaptive(rtol=jnp.asarray(stepping.rtol), atol=jnp.asarray(stepping.atol))
    steps = jnp.asarray(stepping.steps_per_sample, int)
    return stepping._replace(dt=jnp.asarray(stepping.dt), steps_per_sample=steps)


def _present(a: Any) -> Any:
    """The past of a system without delays: the amplitudes now."""
    return lambda delay: jnp.broadcast_to(a, delay.shape)


def _smallest_step(times):
    """Below it the solution is singular, or steps would vanish in the rounding of time."""
    rounding = jnp.finfo(times.dtype).eps * jnp.max(jnp.abs(times[jnp.array([0, -1])]))
    return jnp.maximum(SMALLEST_STEP * (times[1] - times[0]), 4 * rounding)


def _method(eighth_order: bool, differentiable: bool) -> diffrax.AbstractSolver:
    """Choose the method of adaptive steps.

    Reverse-mode gradients repeat steps from checkpoints, and must find the same step sizes: to the
    last bit, since the first steps have errors of the size of rounding. Stages that are written out
    are compiled differently there than in the simulation, stages in a loop are not.
    """
    methods = diffrax if differentiable else solvers
    return methods.Dopri8() if eighth_order else methods.Tsit5()


class _Field(eqx.Module):
    """The field of real pairs. A pytree: other parameters are arguments of what is compiled."""

    system: System

    def __call__(self, t: Any, y: Any, args: Any) -> Any:
        own = self.system if args is None else as_complex(args, self.system)
        a = joined(y)
        return pair(own.field(a, _present(a)))


def _field_of(system: System) -> Any:
    """As diffrax wants it: complex numbers, of which it warns, are no arguments but closed in."""
    field = _Field(system)
    if any(jnp.iscomplexobj(leaf) for leaf in jax.tree.leaves(system)):
        return lambda t, y, args: field(t, y, args)
    return field


def _adaptive(system, a, times, stepping, adjoint, max_steps, eighth_order):
    # BacksolveAdjoint has gradients for arguments alone, not for what is closed over.
    backwards = isinstance(adjoint, diffrax.BacksolveAdjoint)
    sampled = times.shape[0] > 2  # on the way, where steps are interpolated
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(_field_of(system)),
        _method(eighth_order, max_steps is not None),
        t0=times[0],
        t1=times[-1],
        dt0=None,
        y0=pair(a),
        args=as_real(system) if backwards else None,
        saveat=diffrax.SaveAt(ts=times[1:]) if sampled else diffrax.SaveAt(t1=True),
        stepsize_controller=diffrax.PIDController(
            rtol=stepping.rtol,
            atol=stepping.atol,
            dtmin=_smallest_step(times),
            force_dtmin=False,
            **solvers.STEP_CONTROL,
        ),
        adjoint=adjoint or diffrax.RecursiveCheckpointAdjoint(),
        max_steps=max_steps,
        throw=False,
    )
    assert solution.ys is not None
    # Without samples on the way the last state is returned, wherever it is.
    ended = True if sampled else diffrax.is_okay(solution.result)
    return jax.vmap(joined)(jnp.where(ended, solution.ys, jnp.inf))


def _repeat(body, carry, number):
    """Apply ``body(carry, None) -> (carry, _)``; a traced number has no reverse-mode gradients."""
    if isinstance(number, jax.Array):
        return jax.lax.fori_loop(0, number, lambda _, carry: body(carry, None)[0], carry)
    return jax.lax.scan(lambda carry, _: (body(carry, None)[0], None), carry, None, length=number)[
        0
    ]


def _fixed(system, state, times, stepping, noise, key, count):
    start, dt = times[0], stepping.dt
    first = state.step
    size = state.a.size
    jumps = system.resets or stepping.history  # slopes then differ at the end of a step
    solver: Any = solvers.Tsit5()
    if stepping.noisy or jumps:
        solver = diffrax.ShARK() if stepping.noisy else diffrax.Tsit5()
    spread = lineax.DiagonalLinearOperator(jnp.full((2, size), noise / np.sqrt(2), times.dtype))

    def terms(step, past) -> Any:
        def field(t, y, args):
            a = joined(y)
            return pair(system.field(a, past(t) or _present(a)))

        drift = diffrax.ODETerm(field)
        if not stepping.noisy:
            return drift
        # A key per step, so that the path does not depend on where a run was cut.
        path = diffrax.UnsafeBrownianPath(
            jax.ShapeDtypeStruct((2, size), times.dtype),
            jax.random.fold_in(key, step),
            levy_area=diffrax.SpaceTimeLevyArea,
        )
        return diffrax.MultiTerm(drift, diffrax.ControlTerm(lambda t, y, args: spread, path))

    def lookup(step, now, values, slopes):
        """Map t to the function delays → a_j(t − delay_ij), by cubic Hermite interpolation."""
        if not stepping.history:
            return lambda t: None

        def past(t):
            def at(delay):
                back = (t - delay - now) / dt  # in steps from the latest stored one, ≤ 0
                left = jnp.clip(jnp.floor(back), 2 - stepping.history, -1)
                s = back - left
                index = (step + left.astype(step.dtype)) % stepping.history
                after = (index + 1) % stepping.history
                source = jnp.arange(size)[None, :]
                between = (
                    (1 + 2 * s) * (1 - s) ** 2 * values[index, source]
                    + s**2 * (3 - 2 * s) * values[after, source]
                    + dt * s * (1 - s) ** 2 * slopes[index, source]
                    - dt * s**2 * (1 - s) * slopes[after, source]
                )
                return jnp.where(step + left < 0, values[index, source], between)

            return at

        return past

    def one_step(carry, _):
        state, solver_state = carry
        step, values, slopes = state.step, state.values, state.slopes
        t = start + (step - first) * dt
        if stepping.history:
            slot = step % stepping.history
            values = values.at[slot].set(state.a)
            past = lookup(step, t, values, slopes)
            slopes = slopes.at[slot].set(system.field(state.a, past(t)))
        past = lookup(step, t, values, slopes)
        y, _, _, solver_state, _ = solver.step(
            terms(step, past), t, t + dt, pair(state.a), None, solver_state, system.resets
        )
        a = system.after_step(joined(y))
        return (State(a, step + 1, values, slopes), solver_state), None

    def one_sample(carry, _):
        carry = _repeat(one_step, carry, stepping.steps_per_sample)
        return carry, carry[0].a

    at_start = lookup(first, start, state.values, state.slopes)
    solver_state = solver.init(terms(first, at_start), start, start + dt, pair(state.a), None)
    carry, length = (state, solver_state), times.shape[0] - 1
    if count is None:
        (state, _), samples = jax.lax.scan(one_sample, carry, None, length=length)
        return samples, state

    def one_more(index, loop):
        carry, samples = loop
        carry, sample = one_sample(carry, None)
        return carry, samples.at[index].set(sample)

    samples = jnp.zeros((length, size), state.a.dtype)
    (state, _), samples = jax.lax.fori_loop(0, count, one_more, (carry, samples))
    return samples, state


def integrate(
    system: System,
    a0: Any,
    times: Any,
    *,
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
    rtol, atol : float
        Tolerances of the adaptive steps.
    adjoint : diffrax.AbstractAdjoint, optional
        How gradients are formed; default: checkpointed back-propagation through the steps, which
        is exact for the steps taken and needs little memory.
    max_steps : int or None
        Bound on the number of steps; None is two to three times as fast for small networks,
        but allows no reverse-mode gradients. Where it
        is exceeded the result is infinite. Gradients are the faster the lower it is.

    Returns
    -------
    complex array (k, n)

    Raises
    ------
    ValueError
        For systems that need fixed steps, times that are not finite and increasing, amplitudes and
        tolerances that make no sense. What is traced cannot be checked: the result is NaN then.
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
    return jnp.where(ordered, samples, jnp.nan)


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
