"""Fixed steps: for delays, resets and noise, or where a step is given.

Within a step time is counted from its start. Differences of times that have grown large would be
rounded, in single precision so much that frequencies and noise came out wrong.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import diffrax
import jax
import jax.numpy as jnp

from wetcow.modes.system import System
from wetcow.simulation.steps import solvers
from wetcow.simulation.steps.delay_buffer import present
from wetcow.simulation.steps.noise import Drawn, increments, spread_of
from wetcow.simulation.steps.pairs import joined, pair
from wetcow.simulation.steps.stepping import Fixed, Piece, State, within

DRAWN = 8  # steps whose noise is drawn at once


class FixedSteps(NamedTuple):
    """Steps of one system from one sample on.

    Attributes
    ----------
    system : System
    stepping : Fixed
    start : float array ()
        Time of that sample.
    first : int array ()
        Number of steps taken at that sample.
    noise : float, float array (n,) or complex array (n, n)
        As of `spread_of`.
    key : JAX key or None
        Of the noise.
    """

    system: System
    stepping: Fixed
    start: Any
    first: Any
    noise: Any
    key: Any

    @property
    def method(self) -> Any:
        """The method of a step."""
        if self.stepping.noisy:
            return solvers.ShARK()
        # With jumps, slopes differ at the end of a step and at the start of the next.
        return diffrax.Tsit5() if self.jumps else solvers.Tsit5()

    @property
    def jumps(self) -> bool:
        """Whether state or field may change between two steps."""
        return self.system.resets or self.system.stops is not None

    @property
    def draws_ahead(self) -> bool:
        """Whether noise is drawn for some steps at once: where there is some, and none is cut."""
        return self.stepping.noisy and self.system.stops is None

    def terms(self, drawn: Any, past: Any, start: Any, begin: Any, until: Any) -> Any:
        """Drift and noise of a step that starts at `start`, as diffrax has them.

        `drawn` are `increments`; it goes from `begin` to `until`, in times since the start.
        """

        def field(since, y, args):
            a = joined(y)
            found = past(since)
            found = present(a) if found is None else found
            t = within(start + since, start + begin, start + until)
            return pair(self.system.field_at(t, a, found))

        drift = diffrax.ODETerm(field)
        if not self.stepping.noisy:
            return drift
        spread = spread_of(self.noise, self.system.size, self.start.dtype)
        noise = diffrax.ControlTerm(lambda t, y, args: spread, Drawn(drawn))
        return diffrax.MultiTerm(drift, noise)

    @property
    def length(self) -> Any:
        """Of a step, in the type of times."""
        return jnp.asarray(self.stepping.dt, self.start.dtype)

    def init(self, a: Any, step: Any, past: Any) -> Any:
        """What the method carries on, at the start of a step."""
        start, none = self.time(step), jnp.zeros_like(self.start)
        drawn = self.draw(self.key_of(step), self.length)
        terms = self.terms(drawn, past, start, none, self.length)
        return self.method.init(terms, none, self.length, pair(a), None)

    def time(self, step: Any) -> Any:
        """At which a step begins."""
        return self.start + (step - self.first).astype(self.start.dtype) * self.stepping.dt

    def key_of(self, step: Any) -> Any:
        """A key per step, so that the path does not depend on where a run was cut."""
        return jax.random.fold_in(self.key, step) if self.stepping.noisy else None

    def draw(self, key: Any, length: Any) -> Any:
        """Noise of a step or a part of one, as of `increments`; None without noise."""
        return increments(key, self.system.size, length) if self.stepping.noisy else None

    def draws(self, step: Any, count: int) -> Any:
        """Noise of `count` steps from `step` on, which takes little longer than that of one.

        None where it is not drawn ahead.
        """
        if not self.draws_ahead:
            return None
        steps = step + jnp.arange(count)
        return jax.vmap(lambda one: self.draw(self.key_of(one), self.length))(steps)

    def step(self, carry: tuple[State, Any], drawn: Any) -> tuple[State, Any]:
        """Take one step, with the noise of `draws` in it."""
        (a, step, buffer), method_state = carry
        dt, t = self.stepping.dt, self.time(step)
        if self.stepping.history:
            buffer = buffer.store(step, a)
            past = buffer.past(step, dt)(jnp.zeros_like(t))
            slope = self.system.field_at(within(t, t, t + dt), a, past)
            buffer = buffer.store_slope(step, slope)
        past = buffer.past(step, dt)
        y, method_state = self.take(step, drawn, past, pair(a), method_state)
        a = self.system.after_step(joined(y))
        return State(a=a, step=step + 1, buffer=buffer), method_state

    def take(self, step: Any, drawn: Any, past: Any, y: Any, method_state: Any) -> tuple[Any, Any]:
        """Go through a step, in parts where the field is not smooth; `past` of times in it."""
        start, none = self.time(step), jnp.zeros_like(self.start)
        if self.system.stops is None:
            # XLA aborts where it makes one kernel of steps whose time is not used at all.
            length = self.length + (start - start)
            return self.one(drawn, past, start, none, length, y, method_state)
        return self.cut(self.key_of(step), past, start, y, method_state)

    def one(
        self, drawn: Any, past: Any, start: Any, begin: Any, until: Any, y: Any, method_state: Any
    ) -> tuple[Any, Any]:
        """Go from `begin` to `until`, in times since the start."""
        terms = self.terms(drawn, past, start, begin, until)
        found = self.method.step(terms, begin, until, y, None, method_state, self.jumps)
        return found[0], found[3]

    def cut(self, key: Any, past: Any, start: Any, y: Any, method_state: Any) -> tuple[Any, Any]:
        """Go through a step in several, which end where the field is not smooth."""
        end = self.length
        stops = jnp.asarray(self.system.stops, start.dtype)
        stops = jnp.append(stops, jnp.inf) - start
        apart = 1e-9 * end + 16 * jnp.finfo(start.dtype).eps * jnp.abs(start + end)

        def go(carry):
            begin, number, y, state = carry
            stop = stops[jnp.searchsorted(stops, begin + apart, side="right")]
            until = jnp.where(stop < end - apart, stop, end)
            # The first part has the key of the whole step, so that one without stops is the same.
            own = key
            if self.stepping.noisy:
                own = jax.lax.cond(
                    number == 0, lambda: key, lambda: jax.random.fold_in(key, number)
                )
            drawn = self.draw(own, until - begin)
            y, state = self.one(drawn, past, start, begin, until, y, state)
            return until, number + 1, y, state

        first = go((jnp.zeros_like(start), jnp.zeros((), int), y, method_state))
        *_, y, method_state = jax.lax.while_loop(lambda carry: carry[0] < end, go, first)
        return y, method_state

    def begin(self, state: State) -> Any:
        """What the method carries on, at the sample."""
        return self.init(state.a, self.first, state.buffer.past(self.first, self.stepping.dt))

    def repeat(self, carry: tuple[State, Any], number: Any) -> tuple[State, Any]:
        """Take steps; a traced number of them has no reverse-mode gradients."""
        if not self.draws_ahead:
            return self.some(carry, number)
        if isinstance(number, jax.Array):
            until = carry[0].step + number
            return jax.lax.while_loop(
                lambda carry: carry[0].step < until,
                lambda carry: self.some(carry, jnp.minimum(DRAWN, until - carry[0].step)),
                carry,
            )
        whole, rest = divmod(int(number), DRAWN)
        carry = jax.lax.fori_loop(0, whole, lambda _, carry: self.some(carry, DRAWN), carry)
        return self.some(carry, rest) if rest else carry

    def some(self, carry: tuple[State, Any], number: Any) -> tuple[State, Any]:
        """Take steps; with noise up to `DRAWN` of them."""
        drawn = self.draws(carry[0].step, DRAWN)

        def one(index, carry):
            return self.step(carry, jax.tree.map(lambda every: every[index], drawn))

        return jax.lax.fori_loop(0, number, one, carry)


def advance_fixed(
    system: System,
    state: State,
    times: Any,
    stepping: Fixed,
    noise: Any,
    key: Any,
    count: Any,
) -> tuple[Any, State]:
    """Through all samples; see `wetcow.simulation.steps.advance.advance`."""
    steps = FixedSteps(
        system=system, stepping=stepping, start=times[0], first=state.step, noise=noise, key=key
    )
    carry, length = (state, steps.begin(state)), times.shape[0] - 1

    def one_sample(carry, _):
        carry = steps.repeat(carry, stepping.steps_per_sample)
        return carry, carry[0].a

    if count is None:
        (state, _), samples = jax.lax.scan(one_sample, carry, None, length=length)
        return samples, state

    def one_more(index, loop):
        carry, samples = loop
        carry, sample = one_sample(carry, None)
        return carry, samples.at[index].set(sample)

    samples = jnp.zeros((length, state.a.size), state.a.dtype)
    (state, _), samples = jax.lax.fori_loop(0, count, one_more, (carry, samples))
    return samples, state


def first_fixed_piece(
    system: System, state: State, times: Any, stepping: Fixed, noise: Any, key: Any
) -> Piece:
    """At a sample."""
    steps = FixedSteps(
        system=system, stepping=stepping, start=times[0], first=state.step, noise=noise, key=key
    )
    return Piece(
        state=state, first=state.step, time=times[0], method=steps.begin(state), control=None
    )


def next_fixed_piece(
    system: System,
    piece: Piece,
    times: Any,
    stepping: Fixed,
    limit: Any,
    noise: Any,
    key: Any,
) -> Piece:
    """Take `limit` steps, or as many as are left to the next sample.

    Steps are counted from the last sample, so that they are the same ones in pieces of any size.
    """
    steps = FixedSteps(
        system=system, stepping=stepping, start=times[0], first=piece.first, noise=noise, key=key
    )
    left = stepping.steps_per_sample - (piece.state.step - piece.first)
    state, method = steps.repeat((piece.state, piece.method), jnp.minimum(limit, left))
    return piece._replace(state=state, method=method)
