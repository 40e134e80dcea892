"""The measures of synchrony as reducers, for `simulate(reduce=…)` and `sweep(reduce=…)`."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from wetcow.simulation.reduce import Reducer


class MeanAmplitude(Reducer):
    """Time average of |a| of each mode over samples from `after` on."""

    after: float = 0.0

    def init(self, t: Any, a: Any) -> Any:
        return self.update((jnp.zeros_like(t), jnp.zeros(a.shape, t.dtype)), t, a)

    def update(self, accumulator: Any, t: Any, a: Any) -> Any:
        counts = (t >= self.after).astype(t.dtype)
        return accumulator[0] + counts, accumulator[1] + counts * jnp.abs(a)

    def result(self, accumulator: Any) -> Any:
        return accumulator[1] / accumulator[0]


class MeanOrder(Reducer):
    """Time average of the phase order parameter over samples from `after` on."""

    after: float = 0.0

    def init(self, t: Any, a: Any) -> Any:
        return self.update((jnp.zeros_like(t), jnp.zeros_like(t)), t, a)

    def update(self, accumulator: Any, t: Any, a: Any) -> Any:
        counts = (t >= self.after).astype(t.dtype)
        return accumulator[0] + counts, accumulator[1] + counts * _order(a)

    def result(self, accumulator: Any) -> Any:
        return accumulator[1] / accumulator[0]


class Frequency(Reducer):
    """Angular spiking frequency of each mode from `after` on, as of `spiking_frequency`."""

    after: float = 0.0

    def init(self, t: Any, a: Any) -> Any:
        unset = jnp.full(a.shape, jnp.nan, t.dtype)
        turned = jnp.angle(a)
        start = jnp.where(t >= self.after, turned, unset)
        # time, angle, phase and its maximum now; phase and time at the start; first, last and
        # number of spikes
        began = jnp.where(t >= self.after, t, jnp.nan)
        number = jnp.zeros(a.shape, t.dtype)
        return t, turned, turned, turned, start, began, unset, unset, number

    def update(self, accumulator: Any, t: Any, a: Any) -> Any:
        before, angle, old, top, start, began, first, last, number = accumulator
        turn = jnp.angle(a) - angle
        new = old + turn - 2 * np.pi * jnp.round(turn / (2 * np.pi))
        counting = t >= self.after
        level = 2 * np.pi * jnp.floor(new / (2 * np.pi))
        spike = counting & (before >= self.after) & (level > top)
        at = before + (level - top) / jnp.where(spike, new - top, 1) * (t - before)
        return (
            t,
            jnp.angle(a),
            new,
            jnp.where(before >= self.after, jnp.maximum(top, new), new),
            jnp.where(counting & jnp.isnan(start), new, start),
            jnp.where(counting & jnp.isnan(began), t, began),
            jnp.where(spike & jnp.isnan(first), at, first),
            jnp.where(spike, at, last),
            number + spike,
        )

    def result(self, accumulator: Any) -> Any:
        t, _, now, _, start, began, first, last, number = accumulator
        spikes = number >= 2
        between = jnp.where(spikes, last - first, 1)
        return jnp.where(spikes, 2 * np.pi * (number - 1) / between, (now - start) / (t - began))


class SynchronyTime(Reducer):
    """Time (not periods) after which the order parameter stays at or above `threshold`."""

    threshold: float = 0.99

    def init(self, t: Any, a: Any) -> Any:
        below = _order(a) < self.threshold
        return t, jnp.where(below, jnp.inf, t)

    def update(self, accumulator: Any, t: Any, a: Any) -> Any:
        start, since = accumulator
        reached = jnp.where(jnp.isinf(since), t, since)
        return start, jnp.where(_order(a) >= self.threshold, reached, jnp.inf)

    def result(self, accumulator: Any) -> Any:
        return accumulator[1] - accumulator[0]


def _order(a: Any) -> Any:
    return jnp.abs(jnp.mean(jnp.exp(1j * jnp.angle(a))))
