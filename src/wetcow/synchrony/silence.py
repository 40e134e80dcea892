"""Which modes of a run do not move, so that they have no phase, and what a run must be at all.

A mode is silent at a sample if

- it is **damped to zero**: |a| is at most a millionth of the largest amplitude that any mode of the
  run had until then; or
- it is **at rest**: its accumulated phase has stayed within `STILL` radians of what it was, for at
  least the second half of the time from the start of the window to the sample. A single sample
  never decides: a mode that spikes dwells, but crawls on. Close to criticality it takes a period T
  of about 2·10⁵ time units until it could not be told from one at rest in a window of its period;
  shorter windows tell less.

With noise (``attrs["noise"]``) a mode at rest trembles, so that the band is π/2: one that does not
leave it has not turned. Oscillators of Kuramoto's model (``attrs["system"]``) are never silent:
they are phases alone, and at rest where they turn with the frame from which they are seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from wetcow import validation

STILL = 1e-4  # radians
TREMBLING = np.pi / 2  # radians, with noise
NEGLIGIBLE = 1e-6  # of the largest amplitude
_UNRESOLVED = 10.0  # absolute tolerances: smaller amplitudes are errors of integration

Bools = NDArray[np.bool_]


def require(run: Any) -> xr.DataArray:
    """Return the amplitudes of a run that can be measured.

    Raises
    ------
    ValueError
        That says what to pass, for what is no run, has no recorded amplitudes, or has times that
        are not increasing, or fewer than two of them.
    """
    if not isinstance(run, xr.Dataset):
        raise ValueError(
            f"this measures a run, the Dataset of simulate() or sweep(); got a "
            f"{type(run).__name__}. Amplitudes of your own become one by xarray.Dataset("
            '{"a": (("time", "mode"), a)}, {"time": times})'
        )
    if "a" not in run or "time" not in run["a"].dims:
        raise ValueError("this needs recorded amplitudes: run simulate() with record=True")
    a = run["a"]
    if "mode" not in a.dims:
        raise ValueError(
            f"amplitudes must have a dimension mode, got {a.dims}: select modes with "
            ".isel(mode=[0]) rather than .isel(mode=0)"
        )
    if a.dtype.kind not in "iufc":
        raise ValueError(f"amplitudes must be complex numbers, got {a.dtype}")
    if run.sizes["time"] < 2:
        raise ValueError(f"this needs at least two samples, got {run.sizes['time']}")
    if a.size == 0:
        raise ValueError(f"the run is empty: its amplitudes have the sizes {dict(a.sizes)}")
    if "time" not in run.coords:
        raise ValueError("the run has no times: give it a coordinate time")
    time = validation.array("time", run["time"].values, ndim=1)
    if not np.all(np.diff(time) > 0):
        raise ValueError("times must increase from sample to sample; sort the run by time")
    return a


def window(run: xr.Dataset, after: float | None) -> Bools:
    """Which samples of a run that can be measured to use: from `after` on, or the second half.

    Raises
    ------
    ValueError
        If fewer than two are left, or `after` is no number.
    """
    time = run["time"].values
    if after is None:
        after = float(time[0] + time[-1]) / 2
    after = validation.number("after", after)
    keep = time >= after
    if keep.sum() < 2:
        raise ValueError(f"fewer than two samples after {after:g}; the run ends at {time[-1]:g}")
    return keep


def damped(run: xr.Dataset) -> Bools:
    """Which modes are damped to zero at each sample; (time, …, mode)."""
    size = np.abs(run["a"].transpose("time", ..., "mode").values)
    largest = np.maximum.accumulate(np.fmax.reduce(size, axis=-1, keepdims=True), axis=0)
    # What a slice of a run doesn't show of its start, its tolerance says.
    floor = 0.0 if _noisy(run) else _UNRESOLVED * float(run.attrs.get("stepping_atol", 0.0))
    return size <= np.maximum(NEGLIGIBLE * largest, floor)


def at_rest(time: np.ndarray, phase: np.ndarray, band: float = STILL) -> Bools:
    """Where phases (time, …) have stayed within a band for the second half of the time until then.

    The first sample, of which nothing can be said, is as the second.
    """
    anchor, since = phase[0].copy(), np.full(phase.shape[1:], time[0], dtype=float)
    rest = np.empty(phase.shape, dtype=bool)
    for index in range(1, len(time)):
        left = ~(np.abs(phase[index] - anchor) <= band)
        anchor = np.where(left, phase[index], anchor)
        since = np.where(left, time[index], since)
        rest[index] = time[index] - since >= (time[index] - time[0]) / 2
    rest[0] = rest[1]
    return rest


def unwrapped(run: xr.Dataset) -> np.ndarray:
    """Accumulated phases, (time, …, mode)."""
    angle = np.angle(run["a"].transpose("time", ..., "mode").values)
    return np.unwrap(angle.astype(np.float64), axis=0)


def silent(run: xr.Dataset, phase: np.ndarray, keep: Bools | None = None) -> Bools:
    """Which modes are silent at each sample of a window, given its phases; (time, …, mode)."""
    keep = np.ones(run.sizes["time"], dtype=bool) if keep is None else keep
    found = damped(run)[keep]
    if run.attrs.get("system") != "Kuramoto":
        band = TREMBLING if _noisy(run) else STILL
        found |= at_rest(run["time"].values[keep], phase, band)
    found[0] = found[1]
    return found


def _noisy(run: xr.Dataset) -> bool:
    return bool(np.any(np.asarray(run.attrs.get("noise", 0.0)) > 0)) or "noise" in run.dims


def silent_modes(run: xr.Dataset, after: float | None = None) -> xr.DataArray:
    """Which modes do not move by the end of a run: damped to zero, or at rest beyond criticality.

    Such modes have no phase: measures of synchrony are NaN for them, or leave them out and say
    their share in a coordinate ``silent_share``.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate` or `sweep`, recorded.
    after : float, optional
        Use samples from this time on; default: the second half.

    Returns
    -------
    xarray.DataArray of bool
        The dimensions of ``run.a`` without time. True if the amplitude is at most a millionth of
        the largest of the run, or if the phase has kept within 10⁻⁴ rad for the second half of the
        window (π/2 for runs with noise). Oscillators of `Kuramoto` are never silent.

    Examples
    --------
    >>> import wetcow as wc
    >>> run = wc.simulate(wc.Mode(gamma=[-0.5, 1.5, 1.99, 2.5]), t1=100.0)
    >>> silent_modes(run).values.tolist()
    [True, False, False, True]
    """
    require(run)
    keep = window(run, after)
    kept = run.isel(time=keep)
    last = silent(run, unwrapped(kept), keep)[-1]
    like = kept["a"].transpose("time", ..., "mode").isel(time=0, drop=True)
    return like.copy(data=last).rename("silent")
