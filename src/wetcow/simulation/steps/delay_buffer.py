"""The past of a network with delays: a ring buffer of amplitudes and their slopes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class DelayBuffer(NamedTuple):
    """The last steps of a run with fixed steps; step i is in row i modulo the length.

    Attributes
    ----------
    values, slopes : complex arrays (length, n)
        Amplitudes and their derivatives. No rows: there are no delays.

    Examples
    --------
    A ramp a = t in steps of 0.5, stored at t = 0, 0.5 and 1, looked up at t = 1.25:

    >>> buffer = DelayBuffer.constant(jnp.zeros(1), 4)
    >>> for step in range(3):
    ...     buffer = buffer.store(step, 0.5 * jnp.full(1, step)).store_slope(step, jnp.ones(1))
    >>> past = buffer.past(step=2, dt=0.5)
    >>> past(0.25)(jnp.array([[0.5]]))
    Array([[0.75]], dtype=float32)
    """

    values: Any
    slopes: Any

    @classmethod
    def constant(cls, a: Any, length: int) -> DelayBuffer:
        """Buffer of a run that was at `a` for ever."""
        # Plain NumPy is faster where nothing is compiled.
        numpy: Any = jnp if isinstance(a, jax.Array) else np
        values = numpy.broadcast_to(a, (length, a.size))
        return cls(values=values, slopes=numpy.zeros_like(values))

    @property
    def length(self) -> int:
        """Number of steps it holds."""
        return self.values.shape[0]

    def store(self, step: Any, a: Any) -> DelayBuffer:
        """Buffer with the amplitudes at a step, in place of the oldest ones."""
        return self._replace(values=self.values.at[step % self.length].set(a))

    def store_slope(self, step: Any, slope: Any) -> DelayBuffer:
        """Buffer with the derivatives at a step."""
        return self._replace(slopes=self.slopes.at[step % self.length].set(slope))

    def past(self, step: Any, dt: Any) -> Callable[[Any], Callable[[Any], Any] | None]:
        """Map times since a step to functions of delays (n, n) → a_j then; None without delays.

        By cubic Hermite interpolation; `step` is the last one stored.
        """
        if not self.length:
            return lambda since: None
        return lambda since: lambda delay: self._at((since - delay) / dt, jnp.asarray(step), dt)

    def _at(self, back: Any, step: Any, dt: Any) -> Any:
        """Amplitudes at places in steps from the last one, at most 0 but for rounding."""
        left = jnp.clip(jnp.floor(back), 2 - self.length, -1)
        s = back - left
        index = (step + left.astype(step.dtype)) % self.length
        after = (index + 1) % self.length
        source = jnp.arange(self.values.shape[1])[None, :]
        between = (
            (1 + 2 * s) * (1 - s) ** 2 * self.values[index, source]
            + s**2 * (3 - 2 * s) * self.values[after, source]
            + dt * s * (1 - s) ** 2 * self.slopes[index, source]
            - dt * s**2 * (1 - s) * self.slopes[after, source]
        )
        return jnp.where(step + left < 0, self.values[index, source], between)


def present(a: Any) -> Callable[[Any], Any]:
    """The past of a system without delays: the amplitudes now."""
    return lambda delay: jnp.broadcast_to(a, delay.shape)


def interpolated(s: Any, arrived: Any) -> Any:
    """Value at the share `s` of the step between the last two of equally spaced rows.

    Examples
    --------
    >>> interpolated(0.5, jnp.array([[4.0], [1.0], [0.0], [1.0]])).tolist()
    [0.25]
    """
    points = len(arrived)
    places = np.arange(2 - points, 2)
    weights = []
    for place in places:
        others = places[places != place]
        weight = 1 / float(np.prod(place - others))
        for other in others:
            weight = weight * (s - other)
        weights.append(weight)
    return functools.reduce(
        jnp.add, (weight * row for weight, row in zip(weights, arrived, strict=True))
    )
