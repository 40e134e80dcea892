"""Reduction while running: what `simulate(reduce=…)` and `sweep(reduce=…)` accept."""

from __future__ import annotations

import abc
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np
import xarray as xr

from wetcow.modes.system import System


class Reducer(eqx.Module):
    """A statistic of a trajectory that is updated sample by sample and never holds samples.

    `wetcow.synchrony` has those for frequency, amplitude and order. A new one implements three pure
    functions of arrays.
    """

    def for_system(self, system: System) -> Reducer:
        """The reducer for runs of this system; default: itself."""
        return self

    def for_times(self, times: np.ndarray) -> Reducer:
        """The reducer for runs with samples at these times; default: itself."""
        return self

    def axes(self, name: str) -> dict[str, xr.Variable]:
        """Coordinates of the dimensions that the result has before those of modes; default: none.

        Of entries of the result beyond them nothing is kept, so that results of different lengths
        can share what is compiled. `name` is that of the result.
        """
        return {}

    @abc.abstractmethod
    def init(self, t: Any, a: Any) -> Any:
        """Accumulator after the first sample: time `t` and amplitudes `a`, complex (n,)."""

    @abc.abstractmethod
    def update(self, accumulator: Any, t: Any, a: Any) -> Any:
        """Accumulator after one more sample."""

    @abc.abstractmethod
    def result(self, accumulator: Any) -> Any:
        """Return the statistic: a scalar, or an array (n,); after its `axes`, if it has some."""

    def check(self, start: float, end: float) -> None:
        """Raise ValueError if it cannot say anything of a run from `start` to `end`."""

    def remark(self, found: xr.DataArray, results: xr.Dataset) -> str | None:
        """What to warn of in the statistic that was `found`; default: nothing."""


def warn_of(reducers: dict[str, Reducer], results: xr.Dataset) -> None:
    """Give the warnings of reducers, to the caller of the function that calls this."""
    for name, reducer in reducers.items():
        if remark := reducer.remark(results[name], results):
            warnings.warn(f"{name}: {remark}", stacklevel=3)


def check_reducers(
    reduce: Mapping[str, Reducer] | None,
    record: bool,
    taken: Iterable[str] = (),
    times: Sequence[float] | np.ndarray = (),
) -> dict[str, Reducer]:
    """Return the reducers by name, which become variables of the results.

    Parameters
    ----------
    reduce : mapping of name to Reducer, optional
    record : bool
        Whether the trajectory is kept as well.
    taken : iterable of str
        Names of the results besides "a", "time" and "mode", such as those of swept parameters.
    times : float array (k,)
        Of the samples, if they are known.

    Raises
    ------
    ValueError
        For names that results have already or that files cannot hold, for values that are not
        reducers or say nothing of these times, and if nothing would be kept.

    Examples
    --------
    >>> check_reducers(None, record=True)
    {}
    """
    if reduce is not None and not isinstance(reduce, Mapping):
        raise ValueError(f"reduce must be a dict of name to reducer, got {reduce!r}")
    reducers = dict(reduce or {})
    if not record and not reducers:
        raise ValueError("nothing would be kept: record=True, or pass reducers as reduce={…}")
    names = {"a", "time", "mode", *taken}
    for name, reducer in reducers.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(
                f"reduce: a name must be letters, digits and _, such as 'order', got {name!r}"
            )
        if name in names:
            raise ValueError(
                f"reduce: {name!r} is the name of something else in the results "
                f"({', '.join(sorted(names))}); choose another"
            )
        if not isinstance(reducer, Reducer):
            hint = f": did you mean {reducer.__name__}()?" if isinstance(reducer, type) else ""
            raise ValueError(f"reduce: {name!r} must be a Reducer, got {reducer!r}{hint}")
        if len(times):
            reducer.check(float(times[0]), float(times[-1]))
    return reducers


def fold(
    reducers: dict[str, Reducer], accumulators: Any, times: Any, samples: Any, count: Any = None
) -> Any:
    """Update all accumulators by samples (k, n) at times (k,), in order.

    With `count`, a traced number, only by the first so many.
    """

    def step(accumulators, sample):
        return {
            name: reducer.update(accumulators[name], *sample) for name, reducer in reducers.items()
        }, None

    if count is None:
        return jax.lax.scan(step, accumulators, (times, samples))[0]
    return jax.lax.fori_loop(
        0, count, lambda i, found: step(found, (times[i], samples[i]))[0], accumulators
    )
