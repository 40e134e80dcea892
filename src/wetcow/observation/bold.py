"""BOLD of recorded runs: `bold`."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.observation.balloon import STEPHAN_2007, Balloon
from wetcow.observation.volumes import SECONDS, Bold, singular
from wetcow.process import bound_compiled_calls, check_process
from wetcow.simulation.chunks import as_arguments
from wetcow.simulation.reduce import fold
from wetcow.synchrony.series import interval_of
from wetcow.synchrony.silence import require
from wetcow.validation import number

BLOCK = 1024  # samples of one compiled call
TURN = np.pi / 2  # between samples, above which a wave is not resolved


def bold(
    run: xr.Dataset,
    tr: float | None = None,
    *,
    signal: Literal["power", "real", "rate"] = "power",
    gain: float = 1.0,
    time_unit: float | None = None,
    balloon: Balloon = STEPHAN_2007,
) -> xr.DataArray:
    """BOLD signal of a run by the Balloon–Windkessel model, a volume each `tr` seconds.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`: recorded, with evenly spaced samples; or with the volumes that a
        `Bold` took while it ran, of which this makes a time series.
    tr : float
        Repetition time, s. Not for volumes that were taken already.
    signal, gain, balloon
        As of `Bold`.
    time_unit : float, optional
        Seconds in a unit of time of the run; 1 where rates are in 1/s. Default: as
        `Connectome.label` has told the run.

    Returns
    -------
    xarray.DataArray
        On the dimensions of a sweep, time (s) and mode, as a share of the signal at rest, with the
        regions of the run. Blood is at rest at the start: leave out the first minute, in which it
        adapts, since fluctuations may be much weaker than that.

    Raises
    ------
    ValueError
        If nothing was recorded, the unit of time is not known, or samples are uneven or farther
        apart than volumes.

    Warns
    -----
    UserWarning
        If waves turn by more than a quarter between samples, so that Re a is not resolved, and for
        activity so strong that the model has no answer, where the result is NaN.

    Notes
    -----
    The model and its sources: `wetcow.observation.balloon`. Between samples the signal is taken to
    be linear. Steps are of third order and at most 0.05 s long.

    Examples
    --------
    >>> import wetcow as wc
    >>> run = wc.simulate(wc.Mode(gamma=1.9), t1=30.0, num_samples=3001)
    >>> seen = bold(run, tr=2.0, time_unit=1.0, gain=0.1)
    >>> seen.dims, float(seen.time[-1]), seen.attrs["units"]
    (('time', 'mode'), 30.0, '1')
    """
    check_process()
    taken = _taken(run)
    if taken is not None:
        if tr is not None:
            raise ValueError("the run has volumes already; their tr was said when it was run")
        return taken
    a = require(run).transpose("time", ..., "mode")
    if tr is None:
        raise ValueError("bold() needs the time between volumes: tr=2.0, in seconds")
    time = run["time"].values
    interval_of(a)
    reducer = Bold(
        tr,
        time_unit=_unit_of(run) if time_unit is None else time_unit,
        signal=signal,
        gain=gain,
        balloon=balloon,
    ).for_times(time)
    if signal == "real":
        _require_resolved(a.values)
    columns = a.values.reshape(len(time), -1).astype(complex)
    volumes = _volumes(reducer, time, columns)
    seconds = next(iter(reducer.axes("bold").values()))
    values = volumes[: seconds.size].reshape(-1, *a.shape[1:])
    kept = {
        name: one
        for name, one in run.coords.items()
        if "time" not in one.dims and set(one.dims) <= set(a.dims)
    }
    found = xr.DataArray(
        data=values, coords={**kept, "time": ("time", seconds.values, SECONDS)}, dims=a.dims
    )
    found = _described(found, reducer).transpose(..., "time", "mode")
    if remark := singular(found):
        warnings.warn(remark, stacklevel=2)
    return found


def _taken(run: Any) -> xr.DataArray | None:
    """Volumes taken while running, as a time series."""
    if not isinstance(run, xr.Dataset):
        return None
    names = [str(name) for name in run.data_vars if f"{name}_time" in run[name].dims]
    if not names:
        return None
    if len(names) > 1:
        raise ValueError(f"the run has several kinds of volumes, {names}: select one, run[[name]]")
    name = names[0]
    found = run[name].drop_vars("time", errors="ignore").rename({f"{name}_time": "time"})
    return found.rename("bold").assign_attrs(long_name="BOLD signal change", units="1")


def _unit_of(run: xr.Dataset) -> float:
    if "seconds" in run.coords and run["seconds"].dims == ("time",):
        seconds, time = run["seconds"].values, run["time"].values
        return float((seconds[-1] - seconds[0]) / (time[-1] - time[0]))
    if "connectome_time_unit" in run.attrs:
        return number("connectome_time_unit", run.attrs["connectome_time_unit"], above=0)
    raise ValueError(
        "how long is a unit of time of this run? Label it by its connectome, connectome.label(run),"
        " or give time_unit= in seconds; 1.0 where rates are in 1/s"
    )


def _require_resolved(a: np.ndarray) -> None:
    turn = float(np.mean(np.abs(np.angle(a[1:] * a[:-1].conj()))))
    if turn > TURN:
        warnings.warn(
            f"waves turn by {turn:.2g} rad between samples: Re a is not resolved, and what looks "
            "slow in it may be fast; record more samples",
            stacklevel=3,
        )


def _volumes(reducer: Bold, time: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Volumes (length, k) of amplitudes (samples, k)."""
    bound_compiled_calls()
    with jax.enable_x64(True):
        reducers = as_arguments({"bold": reducer})
        found = {"bold": reducers["bold"].init(jnp.asarray(time[0]), jnp.asarray(a[0]))}
        for low in range(1, len(a), BLOCK):
            part = a[low : low + BLOCK]
            padded = np.concatenate([part, np.repeat(part[-1:], BLOCK - len(part), axis=0)])
            found = _block(reducers, found, padded, np.asarray(len(part)))
        return np.asarray(reducers["bold"].result(found["bold"]))


@eqx.filter_jit
def _block(reducers: Any, found: Any, samples: Any, count: Any) -> Any:
    return fold(reducers, found, jnp.zeros(len(samples)), samples, count)


def _described(found: xr.DataArray, reducer: Bold) -> xr.DataArray:
    constants = {f"balloon_{name}": value for name, value in vars(reducer.balloon).items()}
    return found.rename("bold").assign_attrs(
        long_name="BOLD signal change",
        units="1",
        tr=reducer.tr,
        signal=reducer.signal,
        gain=reducer.gain,
        **constants,
    )
