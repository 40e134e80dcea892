"""BOLD while running: the Balloon–Windkessel model as a reducer, which keeps its volumes alone."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.observation.balloon import STEPHAN_2007, Balloon
from wetcow.simulation.reduce import Reducer
from wetcow.validation import number

SIGNALS = ("power", "real", "rate")
LONGEST_STEP = 0.05  # s; errors of 1e-6 of the response
FEWEST_VOLUMES = 64  # of a buffer, whose length is a power of two, so that few are compiled
ROUNDING = 1e-6  # of the time between samples, or of volumes
SECONDS = {"long_name": "time", "units": "s"}


class Grid(NamedTuple):
    """Samples and volumes of a run.

    Attributes
    ----------
    start, interval : float
        Time of the first sample and time between two of them, s.
    num_steps : int array ()
        Steps of the model between two samples.
    num_volumes : int array ()
    due : int array (length,)
        Sample at or after which each volume is; -1 where there is none.
    left : float array (length,)
        From the volume to that sample, in intervals. Both are found before the run, in double
        precision: times of a long one are rounded by more than an interval in single.
    """

    start: Any
    interval: Any
    num_steps: Any
    num_volumes: Any
    due: Any
    left: Any

    @classmethod
    def of(cls, times: np.ndarray, interval: float, start: float, tr: float) -> Grid:
        """Of samples at `times`, `interval` seconds apart."""
        count = 1 + int((times.size - 1) * interval / tr * (1 + ROUNDING))
        place = np.arange(count) * (tr / interval)
        order = np.arange(count)
        due = np.ceil(place - ROUNDING * np.maximum(place, 1)).astype(int)
        due = np.minimum(np.maximum.accumulate(due - order) + order, times.size - 1)
        length = 1 << (max(count, FEWEST_VOLUMES) - 1).bit_length()
        return cls(
            start=start,
            interval=interval,
            num_steps=np.asarray(max(1, int(np.ceil(interval / LONGEST_STEP)))),
            num_volumes=np.asarray(count),
            due=np.pad(due, (0, length - count), constant_values=-1),
            left=np.pad(np.clip(due - place, 0, 1), (0, length - count)),
        )


class Blood(NamedTuple):
    """What is carried from sample to sample.

    Attributes
    ----------
    a : complex array (n,)
        Amplitudes at the last sample.
    state : float array (4, n)
        As of `Balloon`.
    samples, taken : int array ()
        Samples after the first, and volumes, until now.
    volumes : float array (length, n)
    """

    a: Any
    state: Any
    samples: Any
    taken: Any
    volumes: Any


class Bold(Reducer):
    """What a scanner sees of the blood, a volume each `tr` seconds: for ``simulate(reduce=…)``.

    Nothing but the volumes is held, whatever the length of the run. Samples must be as dense as the
    signal needs, since it is taken to be linear between them.

    Parameters
    ----------
    tr : float
        Time between volumes, s; the first is at the start.
    time_unit : float
        Seconds in a unit of time of the system, as `Connectome.time_unit`; 1 where rates are in
        1/s.
    signal : {"power", "real", "rate"}
        What drives the blood: |a|²; Re a; or dφ/dt, radians per unit of time.
    gain : float
        Activity z for a unit of the signal, 1/s².
    balloon : Balloon
        Constants, as of `wetcow.observation.balloon`. Default: those of Stephan et al. 2007.
    grid : Grid, optional
        Set by the run.

    Raises
    ------
    ValueError
        For arguments out of range; and by the run, if its samples are farther apart than volumes.

    Notes
    -----
    The result is on (name_time, mode), as a share of the signal at rest; ``wetcow.bold(run)`` makes
    a time series of it. Blood is at rest at the start: leave out the first minute, in which it
    adapts, since fluctuations may be much weaker than that. A run in a file with volumes cannot go
    on to a later end.

    Examples
    --------
    >>> import wetcow as wc
    >>> net = wc.Network(-0.3, [1.0, 1.1], wc.Dense([[0, 0.1], [0.1, 0]]))
    >>> settings = {"noise": 0.1, "seed": 0, "record": False}
    >>> seen = {"bold": wc.Bold(tr=0.72, time_unit=0.016)}
    >>> run = wc.simulate(net, t1=500.0, num_samples=2001, reduce=seen, **settings)
    >>> dict(run.bold.sizes), wc.bold(run).time.values[:3].tolist()
    ({'bold_time': 12, 'mode': 2}, [0.0, 0.72, 1.44])
    """

    tr: Any
    time_unit: Any = dataclasses.field(kw_only=True)
    signal: str = eqx.field(default="power", static=True, kw_only=True)
    gain: Any = dataclasses.field(default=1.0, kw_only=True)
    balloon: Balloon = dataclasses.field(default=STEPHAN_2007, kw_only=True)
    grid: Grid | None = dataclasses.field(default=None, kw_only=True)

    def __check_init__(self) -> None:
        number("tr", self.tr, above=0)
        number("time_unit", self.time_unit, above=0)
        number("gain", self.gain)
        if self.signal not in SIGNALS:
            raise ValueError(f"signal must be one of {SIGNALS}, got {self.signal!r}")
        if not isinstance(self.balloon, Balloon):
            raise ValueError(f"balloon must be wetcow.observation.balloon(…), got {self.balloon!r}")

    def for_times(self, times: np.ndarray) -> Bold:
        interval = float(times[1] - times[0]) * self.time_unit
        if interval > self.tr * (1 + ROUNDING):
            raise ValueError(
                f"samples are {interval:.3g} s apart and volumes {self.tr:g} s: take more samples, "
                "as dense as the signal needs (num_samples of a run)"
            )
        start = float(times[0]) * self.time_unit
        return dataclasses.replace(self, grid=Grid.of(times, interval, start, float(self.tr)))

    def axes(self, name: str) -> dict[str, xr.Variable]:
        assert self.grid is not None
        seconds = self.grid.start + self.tr * np.arange(int(self.grid.num_volumes))
        return {f"{name}_time": xr.Variable(dims=f"{name}_time", data=seconds, attrs=SECONDS)}

    def init(self, t: Any, a: Any) -> Blood:
        assert self.grid is not None
        kind = jnp.asarray(t).dtype
        return Blood(
            a=jnp.asarray(a),
            state=jnp.zeros((4, a.size), kind),
            samples=jnp.zeros((), int),
            taken=jnp.ones((), int),
            volumes=jnp.zeros((self.grid.due.size, a.size), kind),
        )

    def update(self, accumulator: Blood, t: Any, a: Any) -> Blood:
        grid, before = self.grid, accumulator
        assert grid is not None
        state = self._after(before, a)
        samples = before.samples + 1
        due = samples == grid.due[before.taken]
        early, late = (self.balloon.signal(one) for one in (before.state, state))
        left = jnp.asarray(grid.left, state.dtype)[before.taken]
        seen = late + left * (early - late)
        kept = before.volumes[before.taken]
        return Blood(
            a=a,
            state=state,
            samples=samples,
            taken=before.taken + due.astype(int),
            volumes=before.volumes.at[before.taken].set(jnp.where(due, seen, kept)),
        )

    def result(self, accumulator: Blood) -> Any:
        return accumulator.volumes

    def _after(self, before: Blood, a: Any) -> Any:
        """State at the next sample, where amplitudes are `a`."""
        grid = self.grid
        assert grid is not None
        first, last = self._activity(before.a, a)
        share = 1 / jnp.asarray(grid.num_steps, before.state.dtype)
        length = jnp.asarray(grid.interval, before.state.dtype) * share

        def step(index: Any, state: Any) -> Any:
            at = first + (last - first) * (share * index.astype(share.dtype))
            return self.balloon.step(state, at, at + (last - first) * share, length)

        return jax.lax.fori_loop(0, grid.num_steps, step, before.state)

    def _activity(self, before: Any, a: Any) -> tuple[Any, Any]:
        """Activity z at two samples, 1/s²."""
        if self.signal == "rate":
            assert self.grid is not None
            rate = jnp.angle(a * jnp.conj(before)) * (self.time_unit / self.grid.interval)
            return self.gain * rate, self.gain * rate
        found = (jnp.abs(one) ** 2 if self.signal == "power" else one.real for one in (before, a))
        first, last = (self.gain * one for one in found)
        return first, last

    def remark(self, found: xr.DataArray, results: xr.Dataset) -> str | None:
        return singular(found)


def singular(found: xr.DataArray) -> str | None:
    """What to warn of, if blood left the model."""
    bad = ~np.isfinite(found.values)
    if not bad.any():
        return None
    return (
        f"{bad.mean():.0%} of the volumes are NaN: the activity drove the flow of blood to zero or "
        "beyond all numbers; lower the gain, or drop the start of the run"
    )
