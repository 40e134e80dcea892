"""Reduction while running: what `simulate(reduce=…)` and `sweep(reduce=…)` accept."""

from __future__ import annotations

import abc
from typing import Any

import equinox as eqx
import jax


class Reducer(eqx.Module):
    """A statistic of a trajectory that is updated sample by sample and never holds samples.

    `wetcow.synchrony` has those for frequency, amplitude and order. A new one implements three pure
    functions of arrays.
    """

    @abc.abstractmethod
    def init(self, t: Any, a: Any) -> Any:
        """Accumulator after the first sample: time `t` and amplitudes `a`, complex (n,)."""

    @abc.abstractmethod
    def update(self, accumulator: Any, t: Any, a: Any) -> Any:
        """Accumulator after one more sample."""

    @abc.abstractmethod
    def result(self, accumulator: Any) -> Any:
        """Return the statistic: a scalar, or an array (n,)."""


def fold(reducers: dict[str, Reducer], accumulators: Any, times: Any, samples: Any) -> Any:
    """Update all accumulators by samples (k, n) at times (k,), in order."""

    def step(accumulators, sample):
        return {
            name: reducer.update(accumulators[name], *sample) for name, reducer in reducers.items()
        }, None

    return jax.lax.scan(step, accumulators, (times, samples))[0]
