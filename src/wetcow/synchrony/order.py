"""Order parameters of results, and the time to synchrony.

Modes that do not move have no phase and are left out: see `wetcow.synchrony.silence`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.synchrony.silence import measured, require, silent, unwrapped


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
    return measured(result.transpose(*dims), name, name.replace("_", " "))


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


def linear_period(run: xr.Dataset) -> float | xr.DataArray:
    """2π over the mean linear frequency ω of the modes, from the attributes.

    Of a sweep over ω it is that of each run, from the coordinate.

    Raises
    ------
    ValueError
        If there is no ω, or its mean is not positive: then there is no linear period.
    """
    # The coordinate of rows of modes is their number.
    if "omega" in run.coords and run["omega"].dtype.kind == "f":
        omega: Any = run["omega"].astype(float)
    elif "omega" in run.attrs:
        omega = float(np.mean(run.attrs["omega"]))
    else:
        raise ValueError("these results have no omega; give the period as a number")
    least = float(np.min(omega))
    if not least > 0:
        raise ValueError(f"the mean omega is {least:g}, which has no period; give it as a number")
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
        Unit of the result, time; default 2π over the mean ω, of each run of a sweep over ω.
        ``period=1`` gives time units.

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
    last_order = order.isel(time=-1).drop_vars("time")
    if isinstance(unit, xr.DataArray):
        unit = unit.broadcast_like(last_order).transpose(*last_order.dims).values
    below = ~(order.values >= threshold)
    # Position of the last sample below the threshold; -1 if there is none.
    last = np.where(below.any(axis=0), time.size - 1 - np.argmax(below[::-1], axis=0), -1)
    first = np.minimum(last + 1, time.size - 1)
    value = np.where(last == time.size - 1, np.inf, (time[first] - time[0]) / unit)
    value = np.where(np.isnan(order.values[-1]), np.nan, value)
    units = "linear periods" if period is None else "time" if period == 1 else f"{period:g} time"
    return measured(last_order.copy(data=value), "time_to_synchrony", "time to synchrony", units)
