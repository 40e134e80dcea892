"""Spike times, frequencies, order parameters and time to synchrony of results.

Phases are accumulated from sample to sample, so samples must be dense enough that no phase turns
by more than π between two; the functions warn above 2.5 radians. Modes that do not move have no
phase: see `wetcow.synchrony.silence`.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.synchrony.needed import advice
from wetcow.synchrony.silence import damped, require, silent, unwrapped, window

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
    return result.rename("phase").assign_attrs(units="rad")


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
    result = wide.copy(data=table.reshape(*shape, -1)).rename("spike_times")
    return result.assign_attrs(units="time")


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
    require(run)
    keep = window(run, after)
    # Of the samples kept alone: a mode that starts near 0, where phases jump, counts surely later.
    kept = run.isel(time=keep)
    time, phases = kept["time"].values, unwrapped(kept)
    rest = silent(run, phases, keep)[-1]
    # A mode that is silent counts as such; what its phase seems to do does not matter.
    unseen = np.broadcast_to(rest, phases.shape) | damped(run)[keep]
    _warn_if_undersampled(phases, unseen)

    def one(phase: np.ndarray) -> float:
        spikes = _crossings(time, phase, np.zeros(time.size, dtype=bool))
        if spikes.size < 2 or not np.all(np.isfinite(phase)):
            return np.nan
        return 2 * np.pi * (spikes.size - 1) / (spikes[-1] - spikes[0])

    rate = np.where(rest, 0.0, np.apply_along_axis(one, 0, phases))
    like = kept["a"].transpose("time", ..., "mode").isel(time=0, drop=True)
    dims = [dim for dim in run["a"].dims if dim != "time"]
    result = like.copy(data=rate).transpose(*dims)
    unknown = np.isnan(rate) & np.isfinite(phases).all(axis=0)
    if unknown.any():
        warnings.warn(advice(run, like.copy(data=unknown), time, after), stacklevel=2)
    return result.rename("spiking_frequency").assign_attrs(units="rad/time")


def _moving(run: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Where modes count, (time, …, mode), and the share of silent ones, (time, …)."""
    hidden = silent(run, unwrapped(run))
    counted = ~hidden
    # One mode of several agrees with nothing.
    counted &= counted.sum(axis=-1, keepdims=True) >= min(2, hidden.shape[-1])
    return counted, hidden.mean(axis=-1)


def _over_modes(run: xr.Dataset, value: np.ndarray, share: np.ndarray, name: str) -> xr.DataArray:
    """A measure (time, …) over modes, with the share of silent ones beside it."""
    first = run["a"].transpose("time", ..., "mode").isel(mode=0, drop=True)
    result = first.copy(data=value).assign_coords(silent_share=(first.dims, share))
    dims = [dim for dim in run["a"].dims if dim != "mode"]
    return result.transpose(*dims).rename(name).assign_attrs({})


def order_parameter(run: xr.Dataset) -> xr.DataArray:
    """Phase order parameter r(t) = |⟨e^{iφ}⟩| over modes: 1 if all phases agree, ~ 1/√n if none.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`, recorded.

    Returns
    -------
    xarray.DataArray
        The dimensions of ``run.a`` without mode. Over the modes that move: NaN from when fewer
        than two do, in a run of several. The coordinate ``silent_share`` is the share of modes
        that are silent at each time: damped to zero, or at rest for the second half of the time
        until then (`silent_modes`).

    Raises
    ------
    ValueError
        If nothing was recorded; for an array, it says how to make a run of it.

    Examples
    --------
    >>> import wetcow as wc
    >>> silent = wc.Network(2.5, np.linspace(0.8, 1.2, 10), wc.Dense(np.zeros((10, 10))))
    >>> order = order_parameter(wc.simulate(silent, t1=100.0, seed=0))
    >>> float(order[-1]), float(order.silent_share[-1])
    (nan, 1.0)
    """
    a = require(run).transpose("time", ..., "mode").values
    counted, share = _moving(run)
    total = np.where(counted, np.exp(1j * np.angle(a)), 0).sum(axis=-1)
    return _over_modes(run, _divided(np.abs(total), counted.sum(axis=-1)), share, "order_parameter")


def amplitude_order_parameter(run: xr.Dataset) -> xr.DataArray:
    """|Σ a|/Σ |a| over modes at each time: the order parameter weighted by amplitude.

    Over the modes that move, with ``silent_share``, as `order_parameter`.
    """
    a = require(run).transpose("time", ..., "mode").values
    counted, share = _moving(run)
    total = np.abs(np.where(counted, a, 0).sum(axis=-1))
    value = _divided(total, np.where(counted, np.abs(a), 0).sum(axis=-1))
    return _over_modes(run, value, share, "amplitude_order_parameter")


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.where(below == 0, np.nan, above / np.where(below == 0, 1, below))


def phase_locking(run: xr.Dataset, after: float | None = None) -> xr.DataArray:
    """Phase-locking value |⟨e^{i(φ_i − φ_j)}⟩_t| of each pair: 1 for a constant difference.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`, recorded.
    after : float, optional
        Use samples from this time on; default: the second half.

    Returns
    -------
    xarray.DataArray
        On the dimensions of a sweep, mode and mode_from. NaN for modes that are silent by the end
        (`silent_modes`); their share is the coordinate ``silent_share``.

    Raises
    ------
    ValueError
        If nothing was recorded, or fewer than two samples are left.
    """

    def locking(a: np.ndarray) -> np.ndarray:
        unit = np.exp(1j * np.angle(a))
        return np.abs(np.swapaxes(unit, -1, -2) @ unit.conj()) / a.shape[-2]

    return of_pairs(run, locking, after).rename("phase_locking")


def of_pairs(run: xr.Dataset, measure: Any, after: float | None) -> xr.DataArray:
    """A measure of pairs, from amplitudes (…, time, mode) to (…, mode, mode_from)."""
    require(run)
    keep = window(run, after)
    kept = run.isel(time=keep)
    hidden = silent(run, unwrapped(kept), keep)[-1]
    a = kept["a"].transpose(..., "time", "mode")
    value = measure(a.values.astype(complex))
    value = np.where(hidden[..., :, None] | hidden[..., None, :], np.nan, value)
    leading = a.dims[:-2]
    mode = run["mode"].values
    coords: dict[Any, Any] = {dim: run[dim].values for dim in leading if dim in run.coords}
    coords |= {"mode": mode, "mode_from": mode, "silent_share": (leading, hidden.mean(axis=-1))}
    return xr.DataArray(value, coords, (*leading, "mode", "mode_from"))


def linear_period(run: xr.Dataset) -> float:
    """2π over the mean linear frequency ω of the modes, from the attributes.

    Raises
    ------
    ValueError
        If there is no ω, or its mean is not positive: then there is no linear period.
    """
    if "omega" not in run.attrs:
        raise ValueError("these results have no omega; give the period as a number")
    omega = float(np.mean(run.attrs["omega"]))
    if not omega > 0:
        raise ValueError(f"the mean omega is {omega:g}, which has no period; give it as a number")
    return 2 * np.pi / omega


def time_to_synchrony(
    run: xr.Dataset, threshold: float = 0.99, period: float | None = None
) -> xr.DataArray:
    """Time after which the order parameter stays at or above `threshold`, in linear periods.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`, recorded.
    threshold : float
        In (0, 1].
    period : float, optional
        Unit of the result, time; default 2π over the mean ω. ``period=1`` gives time units.

    Returns
    -------
    xarray.DataArray
        Infinite where synchrony is not reached or lost again. NaN where fewer than two modes move
        at the end, so that there is no order parameter; the share of silent modes at the end is
        the coordinate ``silent_share``.

    Raises
    ------
    ValueError
        For a threshold or a period out of range, or if there is none and no ω.

    Examples
    --------
    >>> time = np.linspace(0, 10, 101)
    >>> phases = np.stack([2 * time, 2 * time + np.clip(1 - time, 0, 1)], axis=1)
    >>> run = xr.Dataset({"a": (("time", "mode"), np.exp(1j * phases))}, {"time": time})
    >>> float(time_to_synchrony(run, threshold=0.99, period=1.0).round(1))
    0.8
    """
    threshold = validation.number("threshold", threshold, above=0, maximum=1)
    require(run)
    unit = linear_period(run) if period is None else validation.number("period", period, above=0)
    order = order_parameter(run).transpose("time", ...)
    time = run["time"].values
    below = ~(order.values >= threshold)
    # Position of the last sample below the threshold; -1 if there is none.
    last = np.where(below.any(axis=0), time.size - 1 - np.argmax(below[::-1], axis=0), -1)
    first = np.minimum(last + 1, time.size - 1)
    value = np.where(last == time.size - 1, np.inf, (time[first] - time[0]) / unit)
    value = np.where(np.isnan(order.values[-1]), np.nan, value)
    return order.isel(time=-1).drop_vars("time").copy(data=value).rename("time_to_synchrony")
