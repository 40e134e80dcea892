"""Measures of pairs of modes."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

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

    def locking(a: np.ndarray) -> np.ndarray:
        unit = np.exp(1j * np.angle(a))
        return np.abs(np.swapaxes(unit, -1, -2) @ unit.conj()) / a.shape[-2]

    return of_pairs(run, locking, after, "phase_locking")


def of_pairs(run: xr.Dataset, measure: Any, after: float | None, name: str) -> xr.DataArray:
    """A measure of pairs, from amplitudes (…, time, mode) to (…, mode, mode_from)."""
    end = Settled.of(run, after)
    hidden = end.silent
    a = end.run["a"].transpose(..., "time", "mode")
    value = measure(a.values.astype(complex))
    value = np.where(hidden[..., :, None] | hidden[..., None, :], np.nan, value)
    leading = a.dims[:-2]
    mode = run["mode"].values
    coords: dict[Any, Any] = {dim: run[dim].values for dim in leading if dim in run.coords}
    coords |= {"mode": mode, "mode_from": mode, "silent_share": (leading, hidden.mean(axis=-1))}
    for label, values in run.coords.items():
        if values.dims == ("mode",) and label != "mode":  # such as regions
            coords[label] = ("mode", values.values, values.attrs)
            coords[f"{label}_from"] = ("mode_from", values.values, values.attrs)
    found = xr.DataArray(value, coords, (*leading, "mode", "mode_from"))
    return measured(found, name, name.replace("_", " "))
