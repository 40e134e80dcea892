"""Phases, spike times and frequencies of results.

Phases are accumulated from sample to sample, so samples must be dense enough that no phase turns
by more than π between two; the functions warn above 2.5 radians. Modes that do not move have no
phase: see `wetcow.synchrony.silence`.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import xarray as xr

from wetcow.synchrony.needed import advice
from wetcow.synchrony.silence import Settled, damped, measured, require, unwrapped

LARGEST_TURN = 2.5


def phase(run: xr.Dataset) -> xr.DataArray:
    """Accumulated phase of each mode, radians, with the dimensions of ``run.a``.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`, recorded.

    Raises
    ------
    ValueError
        If nothing was recorded.
    """
    a = require(run)
    found = unwrapped(run)
    _warn_if_undersampled(found, damped(run))
    ordered = a.transpose("time", ..., "mode")
    result = ordered.copy(data=found).transpose(*a.dims)
    return measured(result, "phase", "accumulated phase", "rad")


def _warn_if_undersampled(phase: np.ndarray, unseen: np.ndarray) -> None:
    """Warn where phases (time, …) turn too far between samples; `unseen` ones do not count."""
    turn = np.abs(np.diff(phase, axis=0))
    turn[unseen[1:] | unseen[:-1] | np.isnan(turn)] = 0
    if turn.size and turn.max() > LARGEST_TURN:
        warnings.warn(
            f"phases turn by up to {turn.max():.2f} rad between samples, too much to be counted "
            "surely: simulate with more samples",
            stacklevel=3,
        )


def _crossings(time: np.ndarray, phase: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """Times at which a phase (k,) first exceeds multiples of 2π, linearly interpolated.

    Up to the first sample that is not finite, and without `unseen` ones.
    """
    bad = np.flatnonzero(~np.isfinite(phase))
    number = bad[0] if bad.size else phase.size
    if number < 2:
        return np.empty(0)
    turns = np.maximum.accumulate(phase[:number]) / (2 * np.pi)
    levels = np.arange(np.floor(turns[0]) + 1, np.floor(turns[-1]) + 1)
    after = np.searchsorted(turns, levels, side="left")
    before = after - 1
    share = (levels - turns[before]) / (turns[after] - turns[before])
    return (time[before] + share * (time[after] - time[before]))[~unseen[after]]


def spike_times(run: xr.Dataset) -> Any:
    """Times of spikes of each mode: passages of its phase through 0, where it turns fastest.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`, recorded.

    Returns
    -------
    list of float arrays, or xarray.DataArray
        One array for each mode, time units of the run. For a sweep, on its dimensions, mode and
        "spike", NaN after the last spike of a mode. A mode that is damped to zero has none.

    Examples
    --------
    >>> import wetcow as wc
    >>> run = wc.simulate(wc.Mode(gamma=[1.0, 1.5]), t1=40.0, num_samples=401)
    >>> [len(times) for times in spike_times(run)]
    [5, 3]
    >>> runs = wc.sweep(wc.Mode(gamma=0.0), t1=40.0, num_samples=401, gamma=[1.0, 1.5])
    >>> dict(spike_times(runs).sizes)
    {'gamma': 2, 'mode': 1, 'spike': 5}
    """
    require(run)
    time, phases, unseen = run["time"].values, unwrapped(run), damped(run)
    _warn_if_undersampled(phases, unseen)
    shape = phases.shape[1:]
    columns = (each.reshape(len(time), -1).T for each in (phases, unseen))
    spikes = [_crossings(time, *column) for column in zip(*columns, strict=True)]
    if len(shape) == 1:
        return spikes
    table = np.full((len(spikes), max(one.size for one in spikes)), np.nan)
    for row, one in zip(table, spikes, strict=True):
        row[: one.size] = one
    like = run["a"].transpose("time", ..., "mode").isel(time=0, drop=True)
    wide = like.expand_dims(spike=table.shape[1], axis=-1)
    result = wide.copy(data=table.reshape(*shape, -1))
    return measured(result, "spike_times", "time of spike", "time")


def spiking_frequency(run: xr.Dataset, after: float | None = None) -> xr.DataArray:
    """Angular spiking frequency of each mode, radians/time.

    2π(n − 1) over the time between the first and the last of n spikes, if n ≥ 2.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`, recorded.
    after : float, optional
        Use samples from this time on; default: the second half.

    Returns
    -------
    xarray.DataArray
        The dimensions of ``run.a`` without time. 0 for a mode that is silent by the end
        (`silent_modes`): damped to zero, or at rest beyond criticality. NaN, with a warning, for
        one that still moves but has spiked less than twice: run longer, the warning says how long.
        NaN where amplitudes are not finite.

    Raises
    ------
    ValueError
        If nothing was recorded, or fewer than two samples are left.

    Examples
    --------
    >>> import wetcow as wc
    >>> run = wc.simulate(wc.Mode(gamma=[1.0, 1.5, 2.5]), t1=40.0, num_samples=401)
    >>> spiking_frequency(run).values.round(3).tolist()
    [0.785, 0.564, 0.0]
    """
    end = Settled.of(run, after)
    time, phases, rest = end.run["time"].values, end.phase, end.silent
    # A mode that is silent counts as such; what its phase seems to do does not matter.
    unseen = np.broadcast_to(rest, phases.shape) | damped(run)[end.keep]
    _warn_if_undersampled(phases, unseen)

    def one(phase: np.ndarray) -> float:
        spikes = _crossings(time, phase, np.zeros(time.size, dtype=bool))
        if spikes.size < 2 or not np.all(np.isfinite(phase)):
            return np.nan
        return 2 * np.pi * (spikes.size - 1) / (spikes[-1] - spikes[0])

    rate = np.where(rest, 0.0, np.apply_along_axis(one, 0, phases))
    like = end.like()
    dims = [dim for dim in run["a"].dims if dim != "time"]
    result = like.copy(data=rate).transpose(*dims)
    unknown = np.isnan(rate) & np.isfinite(phases).all(axis=0)
    if unknown.any():
        warnings.warn(advice(run, like.copy(data=unknown), time, after), stacklevel=2)
    return measured(result, "spiking_frequency", "angular spiking frequency", "rad/time")
