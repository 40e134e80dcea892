"""Measures of pairs of modes."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.synchrony.series import times_of
from wetcow.synchrony.silence import Settled, measured


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
        (`silent_modes`); their share is the coordinate ``silent_share``. What a run has along mode,
        such as ``region``, it has along both, there as ``region_from``.

    Raises
    ------
    ValueError
        If nothing was recorded, or fewer than two samples are left.
    """
    return of_pairs(run, locking, after, "phase_locking")


def locking(a: np.ndarray) -> np.ndarray:
    """Phase-locking values (…, mode, mode_from) of amplitudes (…, time, mode)."""
    unit = np.exp(1j * np.angle(a))
    return np.abs(np.swapaxes(unit, -1, -2) @ unit.conj()) / a.shape[-2]


def of_pairs(run: Any, measure: Any, after: float | None, name: str) -> xr.DataArray:
    """A measure of pairs, from amplitudes (…, time, mode) to (…, mode, mode_from)."""
    end = Settled.of(run, after)
    hidden = end.silent
    a = end.run["a"].transpose(..., "time", "mode")
    value = measure(a.values.astype(complex))
    value = np.where(hidden[..., :, None] | hidden[..., None, :], np.nan, value)
    share = {"silent_share": (a.dims[:-2], hidden.mean(axis=-1))}
    return _labelled(a, value, name).assign_coords(share)


def of_series(series: xr.DataArray, measure: Any, after: float | None, name: str) -> xr.DataArray:
    """A measure of pairs of a time series, from `wetcow.synchrony.series.series_of`."""
    if after is not None:
        series = series.isel(time=times_of(series)[0] >= validation.number("after", after))
    if series.sizes["time"] < 2:
        raise ValueError(f"fewer than two samples after {after:g}")
    series = series.transpose(..., "time", "mode")
    return _labelled(series, measure(series.values.astype(complex)), name)


def _labelled(a: xr.DataArray, value: np.ndarray, name: str) -> xr.DataArray:
    """A measure of pairs of amplitudes (…, time, mode), with what is known of modes along both."""
    leading = a.dims[:-2]
    mode = a["mode"].values
    coords: dict[Any, Any] = {dim: a[dim].values for dim in leading if dim in a.coords}
    coords |= {"mode": mode, "mode_from": mode}
    for label, values in a.coords.items():
        if values.dims == ("mode",) and label != "mode":  # such as regions
            coords[label] = ("mode", values.values, values.attrs)
            coords[f"{label}_from"] = ("mode_from", values.values, values.attrs)
    found = xr.DataArray(data=value, coords=coords, dims=(*leading, "mode", "mode_from"))
    return measured(found, name, name.replace("_", " "))
