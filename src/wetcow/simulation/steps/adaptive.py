"""Adaptive steps: for smooth systems."""

from __future__ import annotations

from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

from wetcow.modes.system import System
from wetcow.simulation.steps import solvers
from wetcow.simulation.steps.delay_buffer import present
from wetcow.simulation.steps.pairs import as_complex, as_real, joined, pair
from wetcow.simulation.steps.stepping import Adaptive, Piece, State, within

SMALLEST_STEP = 1e-12  # of the time between two samples; smaller steps mean a singular solution


class Control(NamedTuple):
    """What the control of step sizes carries on.

    Attributes
    ----------
    time, dt : float arrays ()
        Reached, and the length of the next step.
    steps : int array ()
        Taken so far in this compiled call, refused ones included.
    errors : pytree
        Of the last steps.
    """

    time: Any
    dt: Any
    steps: Any
    errors: Any


class LimitedControl(diffrax.AbstractStepSizeController):
    """Control of step sizes that ends after a number of steps, and steps to some times.

    diffrax has that number as a part of what is compiled, and keeps neither the length of the next
    step; here it is an argument, and another call can go on where this one ended. Nor does diffrax
    go back to the length that a step had before it was cut short by a time to stop at.

    Parameters
    ----------
    inner : diffrax.PIDController
    limit : int array (), optional
    carried : Control, optional
        Where an earlier call ended.
    stops : float array (k,), optional
        Sorted times, at which the field may jump: a step ends at the number before, and the next
        one begins there.
    longest : float array (), optional
        No step is longer.
    """

    inner: diffrax.PIDController
    limit: Any = None
    carried: Control | None = None
    stops: Any = None
    longest: Any = None

    def wrap(self, direction: Any) -> LimitedControl:
        """See `diffrax.AbstractStepSizeController.wrap`: time may run backwards."""
        if self.stops is None:
            return self
        return eqx.tree_at(lambda one: one.stops, self, jnp.sort(self.stops * direction))

    def _next_stop(self, time: Any) -> Any:
        """The first number before a stop that is after `time`."""
        index = jnp.searchsorted(self.stops, time, side="right")
        last = self.stops.shape[0] - 1
        stop = jnp.where(index > last, jnp.inf, self.stops[jnp.minimum(index, last)])
        return jnp.nextafter(stop, -jnp.inf)

    def _end(self, time: Any, dt: Any) -> Any:
        """End of a step of at most `dt`."""
        if self.stops is None:
            return time + dt
        end = jnp.minimum(time + jnp.minimum(dt, self.longest), self._next_stop(time))
        return jnp.maximum(end, jnp.nextafter(time, jnp.inf))

    def init(
        self,
        terms: Any,
        t0: Any,
        t1: Any,
        y0: Any,
        dt0: Any,
        args: Any,
        func: Any,
        error_order: Any,
    ) -> tuple[Any, Control]:
        """Choose the first step, or go on with the next one of an earlier call."""
        if self.carried is not None:
            control = self.carried._replace(steps=jnp.zeros((), int))
            return self._end(t0, control.dt), control
        t_next, errors = self.inner.init(terms, t0, t1, y0, dt0, args, func, error_order)
        errors = jax.tree.map(jnp.asarray, errors)
        control = Control(time=t0, dt=t_next - t0, steps=jnp.zeros((), int), errors=errors)
        return self._end(t0, control.dt), control

    def adapt_step_size(
        self,
        t0: Any,
        t1: Any,
        y0: Any,
        y1_candidate: Any,
        args: Any,
        y_error: Any,
        error_order: Any,
        controller_state: Control,
    ) -> tuple[Any, Any, Any, Any, Control, diffrax.RESULTS]:
        """Choose the next step, or end."""
        keep, time, t_next, jump, errors, result = self.inner.adapt_step_size(
            t0, t1, y0, y1_candidate, args, y_error, error_order, controller_state.errors
        )
        steps, dt = controller_state.steps + 1, t_next - time
        if self.stops is not None:
            # A step that was cut short, and whose error was small, says little of the next one.
            short = keep & (t1 - t0 < 0.999 * controller_state.dt)
            dt = jnp.where(short, jnp.maximum(dt, controller_state.dt), dt)
            result = diffrax.RESULTS.where(short, diffrax.RESULTS.successful, result)
            there = keep & (time >= self._next_stop(time))
            time = jnp.where(there, jnp.nextafter(time, jnp.inf), time)
            jump = jump | there
        control = Control(time=time, dt=dt, steps=steps, errors=errors)
        if self.limit is not None:
            ends = diffrax.is_okay(result) & (steps >= self.limit)
            result = diffrax.RESULTS.where(ends, diffrax.RESULTS.max_steps_reached, result)
        return keep, time, self._end(time, dt), jump, control, result


class _Field(eqx.Module):
    """The field of real pairs. A pytree: other parameters are arguments of what is compiled."""

    system: System
    times: Any

    def __call__(self, t: Any, y: Any, args: Any) -> Any:
        own = self.system if args is None else as_complex(args, self.system)
        a = joined(y)
        return pair(own.field_at(within(t, self.times[0], self.times[-1]), a, present(a)))


def _field_of(system: System, times: Any) -> Any:
    """As diffrax wants it: complex numbers, of which it warns, are no arguments but closed in."""
    field = _Field(system, times)
    if any(jnp.iscomplexobj(leaf) for leaf in jax.tree.leaves(system)):
        return lambda t, y, args: field(t, y, args)
    return field


def _smallest_step(times):
    """Below it the solution is singular, or steps would vanish in the rounding of time."""
    rounding = jnp.finfo(times.dtype).eps * jnp.max(jnp.abs(times[jnp.array([0, -1])]))
    return jnp.maximum(SMALLEST_STEP * (times[1] - times[0]), 4 * rounding)


def _method(eighth_order: bool, differentiable: bool = False) -> diffrax.AbstractSolver:
    """Choose the method of adaptive steps.

    Reverse-mode gradients repeat steps from checkpoints, and must find the same step sizes: to the
    last bit, since the first steps have errors of the size of rounding. Stages that are written out
    are compiled differently there than in the simulation, stages in a loop are not.
    """
    methods = diffrax if differentiable else solvers
    return methods.Dopri8() if eighth_order else methods.Tsit5()


def _control(
    system: System,
    times: Any,
    stepping: Adaptive,
    limit: Any = None,
    carried: Control | None = None,
) -> Any:
    inner = diffrax.PIDController(
        rtol=stepping.rtol,
        atol=stepping.atol,
        dtmin=_smallest_step(times),
        force_dtmin=False,
        **solvers.STEP_CONTROL,
    )
    if system.stops is None:
        return inner if limit is None else LimitedControl(inner, limit=limit, carried=carried)
    return LimitedControl(
        inner,
        limit=limit,
        carried=carried,
        stops=jnp.asarray(system.stops, times.dtype),
        longest=jnp.asarray(system.longest_step, times.dtype),
    )


def advance_adaptive(
    system: System,
    state: State,
    times: Any,
    stepping: Adaptive,
    *,
    eighth_order: bool,
    adjoint: diffrax.AbstractAdjoint | None = None,
    max_steps: int | None = None,
    limit: Any = None,
) -> tuple[Any, State]:
    """Through all samples; see `wetcow.simulation.steps.advance.advance`."""
    # BacksolveAdjoint has gradients for arguments alone, not for what is closed over.
    backwards = isinstance(adjoint, diffrax.BacksolveAdjoint)
    sampled = times.shape[0] > 2  # on the way, where steps are interpolated
    control = _control(system, times, stepping, None if limit is None else limit - state.step)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(_field_of(system, times)),
        _method(eighth_order, max_steps is not None),
        t0=times[0],
        t1=times[-1],
        dt0=None,
        y0=pair(state.a),
        args=as_real(system) if backwards else None,
        saveat=diffrax.SaveAt(ts=times[1:]) if sampled else diffrax.SaveAt(t1=True),
        stepsize_controller=control,
        adjoint=adjoint or diffrax.RecursiveCheckpointAdjoint(),
        max_steps=max_steps,
        throw=False,
    )
    assert solution.ys is not None
    # Without samples on the way the last state is returned, wherever it is.
    ended = True if sampled else diffrax.is_okay(solution.result)
    samples = jax.vmap(joined)(jnp.where(ended, solution.ys, jnp.inf))
    step = state.step + solution.stats["num_steps"]
    return samples, state._replace(a=samples[-1], step=step)


def first_adaptive_piece(
    system: System, state: State, times: Any, stepping: Adaptive, *, eighth_order: bool
) -> Piece:
    """At a sample, with the length of the first step."""
    terms, method = diffrax.ODETerm(_field_of(system, times)), _method(eighth_order)
    start, end, y = times[0], times[-1], pair(state.a)
    after, control = _control(system, times, stepping, limit=0).init(
        terms, start, end, y, None, None, method.func, method.error_order(terms)
    )
    carried = method.init(terms, start, jnp.minimum(after, end), y, None)
    return Piece(state=state, first=state.step, time=start, method=carried, control=control)


def next_adaptive_piece(
    system: System,
    piece: Piece,
    times: Any,
    stepping: Adaptive,
    limit: Any,
    *,
    eighth_order: bool,
) -> Piece:
    """Take `limit` steps, or as many as are needed to the next sample.

    Method and step sizes go on from the last piece. A singular solution ends as infinite.
    """
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(_field_of(system, times)),
        _method(eighth_order),
        t0=piece.time,
        t1=times[-1],
        dt0=None,
        y0=pair(piece.state.a),
        saveat=diffrax.SaveAt(t1=True, solver_state=True, controller_state=True),
        stepsize_controller=_control(system, times, stepping, limit, piece.control),
        max_steps=None,
        throw=False,
        # Where the field may have jumped since, its last slope is not the next one.
        solver_state=piece.method if system.stops is None else None,
    )
    assert solution.ys is not None
    control: Any = solution.controller_state
    reached = diffrax.is_okay(solution.result)
    goes_on = solution.result == diffrax.RESULTS.max_steps_reached
    a = joined(solution.ys[-1])
    state = piece.state._replace(
        a=jnp.where(reached | goes_on, a, jnp.inf), step=piece.state.step + control.steps
    )
    # What has ended stays at the end: it takes no more steps while other runs of a batch do.
    time = jnp.where(goes_on, control.time, times[-1])
    return piece._replace(state=state, time=time, method=solution.solver_state, control=control)
