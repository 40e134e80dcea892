"""Fixed steps of networks with delays, in blocks.

A block is no longer than most delays. What arrives during it was on its way when it began: it is
read from the past at once, at the ends of all its steps. Within a step it is interpolated there, so
that links cost the same for a method of many stages as for one of few. The error of that falls as
the sixth power of the step, or with noise as the fourth.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.networks.delayed_links import DelayedLinks
from wetcow.networks.lag_products import LagProducts
from wetcow.networks.links import History
from wetcow.simulation.steps.delay_buffer import DelayBuffer, interpolated
from wetcow.simulation.steps.fixed import FixedSteps
from wetcow.simulation.steps.pairs import joined, pair
from wetcow.simulation.steps.stepping import State, within

_POINTS, _POINTS_OF_NOISE = 6, 4  # more would make more of the noise between them, not less


class _Moving(NamedTuple):
    """What steps carry on.

    Attributes
    ----------
    a, step
        As of `State`.
    history : History
        Up to this step.
    arrived : complex array (points, n)
        What arrives at this step and at those before it.
    slope : complex array (n,)
        At this step.
    method : pytree
        Of the method of a step; None where that is the slope.
    """

    a: Any
    step: Any
    history: History
    arrived: Any
    slope: Any
    method: Any


class BlockSteps(NamedTuple):
    """Steps of one system whose links are laid out, from one sample on.

    Attributes
    ----------
    steps : FixedSteps
        Without the past.
    products : LagProducts or None
        If all links are one product.
    """

    steps: FixedSteps
    products: LagProducts | None

    @classmethod
    def of(cls, steps: FixedSteps) -> BlockSteps:
        """Make matrices once for all steps, if links are such a product."""
        blocks = cls(steps=steps, products=None)
        if not blocks.links.longest:
            return blocks
        products = LagProducts.of(
            blocks.links,
            length=steps.stepping.history,
            points=blocks.points,
            shares=blocks.shares,
        )
        return blocks._replace(products=products)

    @property
    def links(self) -> DelayedLinks:
        """Of the system."""
        return self.steps.system.coupling  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def points(self) -> int:
        """Ends of steps between which what arrives is interpolated."""
        return _POINTS_OF_NOISE if self.steps.stepping.noisy else _POINTS

    @property
    def smooth(self) -> bool:
        """Whether the slope at the end of a step is that at the start of the next."""
        return not (self.steps.jumps or self.steps.stepping.noisy)

    @property
    def between(self) -> list[float]:
        """Stages in noise, shares of a step: what is rough is read at them, not interpolated."""
        if not self.steps.stepping.noisy or self.steps.system.stops is not None:
            return []
        return [float(c) for c in self.steps.method.tableau.c if 0 < c < 1]

    @property
    def shares(self) -> list[float]:
        """Places where what arrives is read, in steps from the end of one."""
        return [*(c - 1 for c in self.between), 0.0]

    def read(self, one: Callable[..., Any], history: History, step: Any, count: int) -> Any:
        """Read links up to the ends of `count` steps, the first at `step`; or None.

        Complex (count, stages, n): at the stages between, and at the ends.
        """
        dt = self.steps.stepping.dt
        rows = [one(history, step, count, dt, share) for share in self.shares]
        return None if rows[0] is None else jnp.stack(rows, axis=1)

    def read_near(self, history: History, step: Any) -> Any:
        """Read near links up to the end of a step, at `step`: complex (1, stages, n); or None."""
        if self.products is None:
            return self.read(self.links.arriving_near, history, step, 1)
        near = self.products.near
        return None if near is None else near.arriving(history, step, 1)

    def read_far(self, history: History, step: Any, count: int | None = None) -> Any:
        """Read far links for so many steps, as many as a block has: (steps, stages, n); or None."""
        count = self.links.block if count is None else count
        if self.products is None:
            return self.read(self.links.arriving_far, history, step, count)
        far = self.products.far
        return None if far is None else far.arriving(history, step, count)

    def read_all(self, history: History, step: Any) -> Any:
        """What arrives over all links at `step`, complex (n,)."""
        parts = [self.read_near(history, step), self.read_far(history, step, 1)]
        return _sum(parts)[0, -1]

    def begin(self, state: State, carried: Any = None) -> _Moving:
        """Go on from a state, with what `end` returned if it is not at a sample."""
        buffer, step = state.buffer, jnp.asarray(state.step)
        values, slopes = (jnp.tile(rows.T, 2) for rows in (buffer.values, buffer.slopes))
        rows = None if self.products is None else jnp.tile(buffer.values, (2, 1))
        history = History(values=values, slopes=slopes, rows=rows)
        a, dt = jnp.asarray(state.a), self.steps.stepping.dt
        if carried is None:
            earliest = step - self.points + 1
            read = (self.links.arriving_near, self.links.arriving_far)
            arrived = _sum([one(history, earliest, self.points, dt) for one in read])
            if self.products is not None:  # as they were read when steps ended there
                ends = earliest + jnp.arange(self.points)
                again = jax.vmap(lambda end: self.read_all(history, end))(ends)
                arrived = jnp.where((ends > history.length)[:, None], again, arrived)
            method = None
            if not self.smooth:
                past = self.past(arrived)
                method = self.steps.init(a, step, lambda since: past(since + dt))
            carried = arrived, self.slope(step, a, arrived), method
        arrived, slope, method = carried
        history = history.store(step, a, slope)
        return _Moving(a=a, step=step, history=history, arrived=arrived, slope=slope, method=method)

    def end(self, moving: _Moving) -> tuple[State, Any]:
        """State, and what is carried on beside it."""
        history = moving.history
        buffer = DelayBuffer(
            values=history.values[:, : history.length].T,
            slopes=history.slopes[:, : history.length].T,
        )
        state = State(a=moving.a, step=moving.step, buffer=buffer)
        return state, (moving.arrived, moving.slope, moving.method)

    def slope(self, step: Any, a: Any, arrived: Any) -> Any:
        """Derivative at the start of a step, where the last of what arrived arrives."""
        t = self.steps.time(step)
        return self.steps.system.field_at(within(t, t, t + self.steps.stepping.dt), a, arrived[-1])

    def past(self, arrived: Any) -> Callable[[Any], Any]:
        """Map times since the start of the last step to what arrives then."""
        dt = self.steps.stepping.dt
        return lambda since: interpolated(since / dt, arrived)

    def block(self, moving: _Moving, count: Any, after: Callable[[_Moving, Any], Any], kept: Any):
        """Take `count` steps, at most as many as a block has, and fold them into what is kept."""
        ahead = (
            self.read_far(moving.history, moving.step + 1),
            self.steps.draws(moving.step, self.links.block),
        )

        def one(index, carry):
            moving, kept = carry
            moving = self.step(moving, *jax.tree.map(lambda every: every[index], ahead))
            return moving, after(moving, kept)

        return jax.lax.fori_loop(0, count, one, (moving, kept))

    def first_step(self, moving: _Moving) -> _Moving:
        """Take one step while the start arrives, where slopes jump: nothing is interpolated."""
        dt = self.steps.stepping.dt

        def arriving(share: Any) -> Any:
            return self.links.arriving_within(moving.history, moving.step, share, dt)

        # All stages at once; with stops between them it is not known when they are.
        stages = np.unique([0.0, *self.steps.method.tableau.c, 1.0])
        stages = stages.astype(self.steps.start.dtype)
        rows = jax.vmap(arriving)(stages)

        def past(since: Any) -> Any:
            if self.steps.system.stops is not None:
                return arriving(since / dt)
            return _nearest(stages, rows, since / dt)

        drawn = jax.tree.map(lambda every: every[0], self.steps.draws(moving.step, 1))
        return self.ended(moving, past, rows[-1], drawn)

    def step(self, moving: _Moving, far: Any, drawn: Any) -> _Moving:
        """Take one step; over far links `far` arrives, as of `read`; None without them.

        `drawn` is the noise in it, as of `FixedSteps.draws`.
        """
        near = self.read_near(moving.history, moving.step + 1)
        rows = _sum([far, None if near is None else near[0]])
        past = self.past_with(moving, rows)
        return self.ended(moving, past, rows[-1], drawn, slopes=self.products is None)

    def past_with(self, moving: _Moving, rows: Any) -> Callable[[Any], Any]:
        """As `past`, of the step to come; over all links `rows` arrive, (stages, n)."""
        dt = self.steps.stepping.dt
        if not self.between:
            return self.past(jnp.concatenate([moving.arrived[1:], rows]))
        stages = np.array([0.0, *self.between, 1.0], self.steps.start.dtype)
        seen = jnp.concatenate([moving.arrived[-1:], rows])
        return lambda since: _nearest(stages, seen, since / dt)

    def ended(
        self,
        moving: _Moving,
        past: Callable[[Any], Any],
        arriving: Any,
        drawn: Any,
        *,
        slopes: bool = True,
    ) -> _Moving:
        """Take one step during which there is a past; at its end `arriving` arrives.

        `drawn` is the noise in it. Without `slopes`, none is computed for the history.
        """
        a, step, history, arrived, slope, method = moving
        arrived = jnp.concatenate([arrived[1:], arriving[None]])
        method = pair(slope) if self.smooth else method
        y, method = self.steps.take(step, drawn, past, pair(a), method)
        a = self.steps.system.after_step(joined(y))
        if self.smooth:
            slope, method = joined(method), None
        elif slopes:
            slope = self.slope(step + 1, a, arrived)
        return _Moving(
            a=a,
            step=step + 1,
            history=history.store(step + 1, a, slope if slopes else None),
            arrived=arrived,
            slope=slope,
            method=method,
        )

    def go(self, moving: _Moving, count: Any, after: Callable[[_Moving, Any], Any], kept: Any):
        """Take `count` steps; of a traced number there are no reverse-mode gradients."""
        block, length = self.links.block, moving.history.length

        def first(carry):
            begun = self.first_step(carry[0])
            return begun, after(begun, carry[1])

        def some(carry, number):
            return self.block(carry[0], number, after, carry[1])

        def repeated(body, carry, number):
            return jax.lax.scan(lambda carry, _: (body(carry), None), carry, None, length=number)[0]

        if not isinstance(count, jax.Array):
            begin = min(count, length)  # at the start; later they are as exact, if slower
            whole, rest = divmod(int(count) - begin, block)
            carry = repeated(first, (moving, kept), begin)
            carry = repeated(lambda carry: some(carry, block), carry, whole)
            return some(carry, rest) if rest else carry
        until = moving.step + count
        begun = jnp.minimum(until, length)
        carry = jax.lax.while_loop(lambda carry: carry[0].step < begun, first, (moving, kept))
        return jax.lax.while_loop(
            lambda carry: carry[0].step < until,
            lambda carry: some(carry, jnp.minimum(block, until - carry[0].step)),
            carry,
        )


def _nearest(stages: np.ndarray, rows: Any, share: Any) -> Any:
    """The row of the stage at a share of a step, up to the rounding of time."""
    return rows[jnp.argmin(jnp.abs(stages - share))]


def _sum(parts: list[Any]) -> Any:
    """Of those that are not None; one at least."""
    return functools.reduce(jnp.add, (part for part in parts if part is not None))
