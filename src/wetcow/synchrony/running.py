"""The measures of synchrony as reducers, for `simulate(reduce=…)` and `sweep(reduce=…)`.

What a silent mode is, and why it has no phase: `wetcow.synchrony.silence`. With ``resting=True``
modes at rest count as moving. Default: as the system says, true of `Kuramoto` oscillators, which
turn with the frame when they rest.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.modes.system import System
from wetcow.precision import is_traced
from wetcow.simulation.reduce import Reducer
from wetcow.synchrony.needed import advice
from wetcow.synchrony.silence import BANDS, NEGLIGIBLE, rests


class _Watch(NamedTuple):
    """What tells silent modes: see `wetcow.synchrony.silence.at_rest` and `damped`."""

    start: Any  # of the window
    time: Any  # of the last sample
    angle: Any
    phase: Any
    anchor: Any  # of each band, (bands, n), as what follows
    since: Any
    low: Any
    high: Any
    path: Any
    largest: Any  # amplitude until now
    size: Any


def _watch(t: Any, a: Any) -> _Watch:
    angle, size = jnp.angle(a), jnp.abs(a)
    each = jnp.broadcast_to(angle, (len(BANDS), *angle.shape))
    since, path = jnp.full_like(each, t), jnp.zeros_like(each)
    return _Watch(
        start=t,
        time=t,
        angle=angle,
        phase=angle,
        anchor=each,
        since=since,
        low=each,
        high=each,
        path=path,
        largest=_largest(size),
        size=size,
    )


def _largest(size: Any) -> Any:
    return jnp.max(jnp.where(jnp.isnan(size), 0, size), initial=0)


def _watched(seen: _Watch, t: Any, a: Any, after: Any = None) -> _Watch:
    """With one more sample; `after` is where the window starts, if not at the first sample."""
    angle, size = jnp.angle(a), jnp.abs(a)
    turn = angle - seen.angle
    phase = seen.phase + turn - 2 * np.pi * jnp.round(turn / (2 * np.pi))
    outside = jnp.asarray(False) if after is None else seen.time < after
    bands = jnp.asarray(BANDS, angle.dtype)[:, None]
    left = outside | ~(jnp.abs(phase - seen.anchor) <= bands)
    return _Watch(
        start=jnp.where(outside, t, seen.start),
        time=t,
        angle=angle,
        phase=phase,
        anchor=jnp.where(left, phase, seen.anchor),
        since=jnp.where(left, t, seen.since),
        low=jnp.where(left, phase, jnp.minimum(seen.low, phase)),
        high=jnp.where(left, phase, jnp.maximum(seen.high, phase)),
        path=jnp.where(left, 0, seen.path + jnp.abs(phase - seen.phase)),
        largest=jnp.maximum(seen.largest, _largest(size)),
        size=size,
    )


def _silent(seen: _Watch, resting: bool | None) -> Any:
    """Which modes are silent, (n,)."""
    damped = seen.size <= NEGLIGIBLE * seen.largest
    if resting:
        return damped
    kept, whole = seen.time - seen.since, seen.time - seen.start
    return damped | rests(seen.path, seen.high - seen.low, kept, whole)


class _After(Reducer):
    """A reducer of samples from `after` on."""

    after: float = 0.0

    def __check_init__(self):
        if not is_traced(self.after):
            validation.number("after", self.after)

    def check(self, start: float, end: float) -> None:
        if self.after > end:
            raise ValueError(f"no sample is after {self.after:g}; the run ends at {end:g}")


class MeanAmplitude(_After):
    """Time average of |a| of each mode over samples from `after` on."""

    def init(self, t: Any, a: Any) -> Any:
        return self.update((jnp.zeros_like(t), jnp.zeros(a.shape, t.dtype)), t, a)

    def update(self, accumulator: Any, t: Any, a: Any) -> Any:
        counts = (t >= self.after).astype(t.dtype)
        return accumulator[0] + counts, accumulator[1] + counts * jnp.abs(a)

    def result(self, accumulator: Any) -> Any:
        return accumulator[1] / accumulator[0]


class _Watching(Reducer):
    """A reducer that leaves silent modes out; subclasses have a field `resting`, bool or None."""

    def for_system(self, system: System) -> Reducer:
        fields: dict[str, Any] = vars(self)
        if fields["resting"] is not None:
            return self
        return dataclasses.replace(self, resting=not system.can_be_silent)


class Silent(_Watching, _After):
    """Which modes are silent by the end, over samples from `after` on, as of `silent_modes`."""

    resting: bool | None = None

    def init(self, t: Any, a: Any) -> Any:
        return _watch(t, a)

    def update(self, accumulator: Any, t: Any, a: Any) -> Any:
        return _watched(accumulator, t, a, self.after)

    def result(self, accumulator: Any) -> Any:
        return _silent(accumulator, self.resting)


class SilentShare(Silent):
    """Share of modes that are silent by the end: what stands beside `MeanOrder`."""

    def result(self, accumulator: Any) -> Any:
        return jnp.mean(_silent(accumulator, self.resting), dtype=accumulator.size.dtype)


class MeanOrder(_Watching, _After):
    """Time average of the phase order parameter over samples from `after` on.

    As of `order_parameter`: over the modes that move at a sample. NaN if at one of the samples
    fewer than two did: `SilentShare` says how many.
    """

    resting: bool | None = None

    def init(self, t: Any, a: Any) -> Any:
        return _watch(t, a), jnp.zeros_like(t), jnp.zeros_like(t)

    def update(self, accumulator: Any, t: Any, a: Any) -> Any:
        before, number, total = accumulator
        seen = _watched(before, t, a)
        silent = _silent(seen, self.resting)
        counts = t >= self.after
        # Of the first sample nothing can be said before the second.
        first = (before.time == before.start) & (before.time >= self.after)
        total = total + jnp.where(counts, _order(seen.angle, silent), 0)
        total = total + jnp.where(first, _order(before.angle, silent), 0)
        return seen, number + counts + first, total

    def result(self, accumulator: Any) -> Any:
        _, number, total = accumulator
        return total / number


class Frequency(_Watching, _After):
    """Angular spiking frequency of each mode from `after` on, as of `spiking_frequency`.

    0 for a mode that is silent by the end; NaN for one that still moves but spiked less than twice.
    """

    resting: bool | None = None

    def init(self, t: Any, a: Any) -> Any:
        unset = jnp.full(a.shape, jnp.nan, t.dtype)
        # phase's maximum; first, last and number of spikes
        return _watch(t, a), jnp.angle(a), unset, unset, jnp.zeros(a.shape, t.dtype)

    def update(self, accumulator: Any, t: Any, a: Any) -> Any:
        before, top, first, last, number = accumulator
        seen = _watched(before, t, a, self.after)
        counting, new = before.time >= self.after, seen.phase
        level = 2 * np.pi * jnp.floor(new / (2 * np.pi))
        spike = counting & (level > top)
        share = (level - top) / jnp.where(spike, new - top, 1)
        at = before.time + share * (t - before.time)
        return (
            seen,
            jnp.where(counting, jnp.maximum(top, new), new),
            jnp.where(spike & jnp.isnan(first), at, first),
            jnp.where(spike, at, last),
            number + spike,
        )

    def result(self, accumulator: Any) -> Any:
        seen, _, first, last, number = accumulator
        known = (number >= 2) & jnp.isfinite(seen.phase)
        rate = 2 * np.pi * (number - 1) / jnp.where(known, last - first, 1)
        # A window without a second sample says nothing.
        silent = _silent(seen, self.resting) & (seen.time > seen.start)
        silent = silent & (seen.start >= self.after)
        return jnp.where(silent, 0, jnp.where(known, rate, jnp.nan))

    def remark(self, found: xr.DataArray, results: xr.Dataset) -> str | None:
        unknown, reason = found.isnull(), "still move but spiked less than twice"
        if "a" in results:
            unknown &= np.isfinite(results["a"].isel(time=-1, drop=True))
        elif len(found.dims) > 1:  # a single run that became singular was refused
            reason = f"{reason}, or became singular,"
        start, end = max(self.after, results.attrs["t0"]), results.attrs["t1"]
        if not unknown.any() or start >= end:
            return None
        return advice(results, unknown, np.array([start, end]), self.after, reason)


class SynchronyTime(_Watching):
    """Time (not periods) after which the order parameter stays at or above `threshold`.

    As of `time_to_synchrony`: infinite if it does not, NaN if fewer than two modes move at the end.
    """

    threshold: float = 0.99
    resting: bool | None = None

    def __check_init__(self):
        if not is_traced(self.threshold):
            validation.number("threshold", self.threshold, above=0, maximum=1)

    def init(self, t: Any, a: Any) -> Any:
        return _watch(t, a), jnp.asarray(jnp.inf, t.dtype), jnp.asarray(jnp.nan, t.dtype)

    def update(self, accumulator: Any, t: Any, a: Any) -> Any:
        before, since, _ = accumulator
        seen = _watched(before, t, a)
        silent = _silent(seen, self.resting)
        begun = _order(before.angle, silent) >= self.threshold
        # Of the first sample nothing can be said before the second.
        since = jnp.where((before.time == before.start) & begun, before.time, since)
        order = _order(seen.angle, silent)
        reached = jnp.where(jnp.isinf(since), t, since)
        return seen, jnp.where(order >= self.threshold, reached, jnp.inf), order

    def result(self, accumulator: Any) -> Any:
        seen, since, order = accumulator
        return jnp.where(jnp.isnan(order), jnp.nan, since - seen.start)


def _order(angle: Any, silent: Any) -> Any:
    """Order parameter over the modes that move; NaN for fewer than two of several."""
    number = jnp.sum(~silent)
    total = jnp.abs(jnp.sum(jnp.where(silent, 0, jnp.exp(1j * angle))))
    enough = number >= min(2, silent.size)
    return jnp.where(enough, total / jnp.where(enough, number, 1), jnp.nan).astype(angle.dtype)
