"""How long a run would have to be for its spiking frequencies to be measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wetcow.modes.mode import Mode

PERIODS = 2.5  # that a window must span; two hold two spikes


def known_rate(run: xr.Dataset, like: xr.DataArray) -> xr.DataArray | None:
    """Exact spiking frequency of each mode, with the dimensions of `like`, from a run's attributes.

    None for networks, with input in time, and where parameters are not known.
    """
    driven = any(str(name).startswith("drive") for name in (*run.attrs, *run.coords))
    if driven or run.attrs.get("system") != "Mode":
        return None
    parameters = {}
    for name in Mode(0.0).parameters():
        if name in run.attrs:
            value = np.asarray(run.attrs[name], dtype=np.float64)
            if value.ndim:
                # Those of all modes; the run may hold some.
                value = xr.DataArray(value[np.asarray(run["mode"].values)], dims="mode")
        elif name in run.coords and run[name].dtype.kind == "f" and run[name].ndim < 2:
            value = run[name].drop_vars([*run[name].coords])  # that of a sweep
        else:
            return None
        parameters[name] = np.broadcast_to(
            (like * 0 + value).transpose(*like.dims).values, like.shape
        ).ravel()
    rate = np.asarray(Mode(**parameters).spiking_frequency())
    return like.copy(data=rate.reshape(like.shape))


def advice(
    run: xr.Dataset,
    unknown: xr.DataArray,
    time: np.ndarray,
    after: Any,
    reason: str = "still move but spiked less than twice",
) -> str:
    """What to say of modes that still move but have spiked less than twice.

    Parameters
    ----------
    run : xarray.Dataset
        All of it.
    unknown : xarray.DataArray of bool
        Which modes.
    time : array
        Samples of the window.
    after : float or None
        As given.
    reason : str
        Why it is not known.
    """
    length = time[-1] - time[0]
    said = (
        f"{int(unknown.sum())} of {unknown.size} modes {reason} in the "
        f"{length:.6g} time units used: their spiking frequency is NaN. "
    )
    try:
        rate = known_rate(run, unknown.astype(float))
    except (ValueError, IndexError):
        rate = None
    if rate is None:
        return said + "Run longer, until each has spiked several times"
    slow = rate.values[unknown.values]
    if not np.all(slow > 0):
        return said + "By their parameters some are beyond criticality: run until they are at rest"
    period = 2 * np.pi / float(slow.min())
    start = time[0]
    end = start + PERIODS * period
    if after is None:
        beginning = float(run["time"].values[0])
        end = beginning + 2 * PERIODS * period
    return (
        said + f"Run to t1={np.ceil(end):.6g} or longer (the slowest has a period of {period:.4g})"
    )
