"""Spike times, frequencies, order parameters and time to synchrony of results.

Phases are accumulated from sample to sample, so samples must be dense enough that no phase turns
by more than π between two; the functions warn above 2.5 radians.
"""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr

LARGEST_TURN = 2.5


def _require(run: xr.Dataset) -> xr.DataArray:
    if "a" not in run or "time" not in run["a"].dims:
        raise ValueError("this needs recorded amplitudes: run simulate() with record=True")
    if run.sizes["time"] < 2:
        raise ValueError("this needs at least two samples")
    return run["a"]


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
    a = _require(run)
    axis = a.get_axis_num("time")
    unwrapped = np.unwrap(np.angle(a.values), axis=axis)
    turn = np.nanmax(np.abs(np.diff(unwrapped, axis=axis)), initial=0.0)
    if turn > LARGEST_TURN:
        warnings.warn(
            f"phases turn by up to {turn:.2f} rad between samples, too much to be counted surely: "
            "simulate with more samples",
            stacklevel=3,
        )
    return a.copy(data=unwrapped).rename("phase").assign_attrs(units="rad")


def _crossings(time: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Times at which a phase (k,) first exceeds multiples of 2π, linearly interpolated."""
    turns = np.maximum.accumulate(phase) / (2 * np.pi)
    levels = np.arange(np.floor(turns[0]) + 1, np.floor(turns[-1]) + 1)
    after = np.searchsorted(turns, levels, side="left")
    before = after - 1
    share = (levels - turns[before]) / (turns[after] - turns[before])
    return time[before] + share * (time[after] - time[before])


def spike_times(run: xr.Dataset) -> list[np.ndarray]:
    """Times of spikes of each mode: passages of its phase through 0, where it turns fastest.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate`, recorded; (time, mode).

    Returns
    -------
    list of float arrays
        One for each mode, time units of the run.

    Examples
    --------
    >>> import wetcow as wc
    >>> run = wc.simulate(wc.Mode(gamma=[1.0, 1.5]), t1=40.0, num_samples=401)
    >>> [len(times) for times in spike_times(run)]
    [5, 3]
    """
    phases = phase(run).transpose("time", "mode").values
    time = run["time"].values
    return [_crossings(time, column) for column in phases.T]


def spiking_frequency(run: xr.Dataset, after: float | None = None) -> xr.DataArray:
    """Angular spiking frequency of each mode, radians/time.

    2π(n − 1) over the time between the first and the last of n spikes; for modes with fewer than
    two spikes, the accumulated phase over time.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`, recorded.
    after : float, optional
        Use samples from this time on; default: the second half.

    Returns
    -------
    xarray.DataArray
        The dimensions of ``run.a`` without time.

    Examples
    --------
    >>> import wetcow as wc
    >>> run = wc.simulate(wc.Mode(gamma=[1.0, 1.5]), t1=40.0, num_samples=401)
    >>> spiking_frequency(run).values.round(3).tolist()
    [0.785, 0.564]
    """
    time = run["time"].values
    after = (time[0] + time[-1]) / 2 if after is None else after
    keep = time >= after
    if keep.sum() < 2:
        raise ValueError(f"fewer than two samples after {after}; the run ends at {time[-1]}")

    def one(phases):
        if not np.all(np.isfinite(phases)):
            return np.nan
        spikes = _crossings(time[keep], phases)
        if spikes.size < 2:
            return (phases[-1] - phases[0]) / (time[-1] - time[keep][0])
        return 2 * np.pi * (spikes.size - 1) / (spikes[-1] - spikes[0])

    # Of the samples kept alone: a mode that starts near 0, where phases jump, counts surely later.
    kept = phase(run.isel(time=keep))
    result = xr.apply_ufunc(one, kept, input_core_dims=[["time"]], vectorize=True)
    return result.rename("spiking_frequency").assign_attrs(units="rad/time")


def order_parameter(run: xr.Dataset) -> xr.DataArray:
    """Phase order parameter r(t) = |⟨e^{iφ}⟩| over modes: 1 if all phases agree, ~ 1/√n if none.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`, recorded.
    """
    a = _require(run)
    return np.abs(np.exp(1j * xr.apply_ufunc(np.angle, a)).mean("mode")).rename("order_parameter")


def amplitude_order_parameter(run: xr.Dataset) -> xr.DataArray:
    """|Σ a|/Σ |a| over modes at each time: the order parameter weighted by amplitude."""
    a = _require(run)
    return (abs(a.sum("mode")) / abs(a).sum("mode")).rename("amplitude_order_parameter")


def phase_locking(run: xr.Dataset, after: float | None = None) -> xr.DataArray:
    """Phase-locking value |⟨e^{i(φ_i − φ_j)}⟩_t| of each pair: 1 for a constant difference.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate`, recorded.
    after : float, optional
        Use samples from this time on; default: the second half.
    """
    a = _require(run).transpose("time", "mode")
    time = run["time"].values
    keep = time >= ((time[0] + time[-1]) / 2 if after is None else after)
    unit = np.exp(1j * np.angle(a.values[keep]))
    value = np.abs(unit.T @ unit.conj()) / keep.sum()
    mode = run["mode"].values
    return xr.DataArray(value, {"mode": mode, "mode_from": mode}, ("mode", "mode_from"))


def linear_period(run: xr.Dataset) -> float:
    """2π over the mean linear frequency ω of the modes, from the attributes."""
    if "omega" not in run.attrs:
        raise ValueError("these results have no omega; give the period as a number")
    return 2 * np.pi / float(np.mean(run.attrs["omega"]))


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
        Infinite where synchrony is not reached or lost again.

    Examples
    --------
    >>> time = np.linspace(0, 10, 101)
    >>> phases = np.stack([0 * time, np.clip(1 - time, 0, 1)], axis=1)
    >>> run = xr.Dataset({"a": (("time", "mode"), np.exp(1j * phases))}, {"time": time})
    >>> float(time_to_synchrony(run, threshold=0.99, period=1.0).round(1))
    0.8
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must lie in (0, 1], got {threshold}")
    order = order_parameter(run).transpose(..., "time")
    time = run["time"].values
    below = ~(order.values >= threshold)
    # Position of the last sample below the threshold; -1 if there is none.
    last = np.where(below.any(-1), time.size - 1 - np.argmax(below[..., ::-1], axis=-1), -1)
    first = np.minimum(last + 1, time.size - 1)
    value = np.where(last == time.size - 1, np.inf, time[first] - time[0])
    unit = linear_period(run) if period is None else period
    return order.isel(time=0, drop=True).copy(data=value / unit).rename("time_to_synchrony")
