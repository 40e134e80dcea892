"""Which modes of a run do not move, so that they have no phase, and what a run must be at all.

A mode is silent at a sample if

- it is **damped to zero**: |a| is at most a millionth of the largest amplitude that any mode of the
  run had until then (or ten absolute tolerances of the solver); or
- it **does not turn**: for at least the second half of the time from the start of the window to the
  sample, its accumulated phase has kept within 10⁻⁴ rad of what it was, or has gone back as far as
  forth: within a wider band, up to a quarter turn to each side, along a path of `RETURNS` times the
  range it covers. So trembles a mode that noise or its neighbours shake at rest. Or it **comes to
  rest**: within 10⁻² rad for that half, it has kept within 3·10⁻⁵ rad for the last quarter of the
  time. What crawls moves a third to a half as far in the quarter as in the half, so that the first
  band already decides on it; where a mode has moved farther in the half, it slows down
  exponentially.

One sample never decides: a mode that spikes dwells, but crawls on. Close to criticality its period
must be about 10⁵ time units before it looks at rest in a window as long as that; shorter windows
tell less. Just beyond criticality modes come to rest slowly, and count as moving until then.

Oscillators of Kuramoto's model (``attrs["system"]``) are never silent: they are phases alone, and
at rest where they turn with the frame from which they are seen.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from wetcow import validation

BANDS = (3e-5, 1e-4, 1e-3, 1e-2, 1e-1, np.pi / 2)  # radians
RETURNS = 12.0
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
    largest = np.fmax.accumulate(np.fmax.reduce(size, axis=-1, keepdims=True), axis=0)
    # What a slice of a run doesn't show of its start, its tolerance says.
    floor = _UNRESOLVED * float(run.attrs.get("stepping_atol", 0.0))
    return size <= np.maximum(NEGLIGIBLE * largest, floor)


def at_rest(time: np.ndarray, phase: np.ndarray) -> Bools:
    """Where phases (time, …) have not turned for the second half of the time until then.

    The first sample, of which nothing can be said, is as the second.
    """
    columns = phase.reshape(len(time), -1)
    rest = np.zeros(columns.shape, dtype=bool)
    # To be at rest a mode must be near where it was half the time ago: most never are, but early.
    half = np.searchsorted(time, (time + time[0]) / 2, side="right")
    near = np.abs(columns - columns[np.minimum(half, np.arange(len(time)))]) <= 2 * BANDS[-1]
    near[0] = False
    end = np.where(near.any(axis=0), len(time) - np.argmax(near[::-1], axis=0), 0)
    # Modes that may be at rest until late, and those that may be so early, not to waste time.
    for late in (end > len(time) // 2, end <= len(time) // 2):
        if late.any():
            stop = end[late].max()
            rest[:stop, late] = _followed(time[:stop], columns[:stop, late])
    rest[0] = rest[1]
    return rest.reshape(phase.shape)


def _followed(time: np.ndarray, phase: np.ndarray) -> Bools:
    """As `at_rest`, of phases (time, k), sample by sample; False at the first."""
    bands = np.reshape(BANDS, (-1, 1))
    rest = np.zeros(phase.shape, dtype=bool)
    if not len(time):
        return rest
    anchor = np.tile(phase[0], (len(BANDS), 1))
    low, high, path = anchor.copy(), anchor.copy(), np.zeros(anchor.shape)
    since = np.full(anchor.shape, time[0], dtype=float)
    steps = np.abs(np.diff(phase, axis=0))
    for index in range(1, len(time)):
        now = phase[index]
        left = ~(np.abs(now - anchor) <= bands)
        path += steps[index - 1]
        np.minimum(low, now, out=low)
        np.maximum(high, now, out=high)
        if left.any():  # what has left its band is measured anew from here
            np.copyto(path, 0, where=left)
            for value in (anchor, low, high):
                np.copyto(value, now, where=left)
            np.copyto(since, time[index], where=left)
        kept, whole = time[index] - since, time[index] - time[0]
        if (kept >= whole / 2).any():  # else none rests
            rest[index] = rests(path, high - low, kept, whole)
    return rest


def rests(path: Any, extent: Any, kept: Any, whole: Any) -> Any:
    """Which modes are at rest, (n,), for NumPy and JAX alike.

    Parameters
    ----------
    path, extent : arrays (bands, n)
        How far each mode has gone within each band, and the range that it covered.
    kept : array (bands, n)
        For how long, time.
    whole : float
        Time since the start of the window.
    """
    long = kept >= whole / 2
    stays, comes_to_rest = long[1], (kept[0] >= whole / 4) & long[3]
    return stays | comes_to_rest | (long & (path >= RETURNS * extent)).any(axis=0)


def unwrapped(run: xr.Dataset) -> np.ndarray:
    """Accumulated phases, (time, …, mode)."""
    angle = np.angle(run["a"].transpose("time", ..., "mode").values)
    return np.unwrap(angle.astype(np.float64), axis=0)


def silent(run: xr.Dataset, phase: np.ndarray, keep: Bools | None = None) -> Bools:
    """Which modes are silent at each sample of a window, given its phases; (time, …, mode)."""
    keep = np.ones(run.sizes["time"], dtype=bool) if keep is None else keep
    found = damped(run)[keep]
    if run.attrs.get("system") != "Kuramoto":
        found |= at_rest(run["time"].values[keep], phase)
    found[0] = found[1]
    return found


class Settled(NamedTuple):
    """The window of a run in which its modes have settled.

    Attributes
    ----------
    run : xarray.Dataset
        The samples of the window alone: a mode that starts near 0, where phases jump, counts surely
        later.
    keep : bool array
        Which of all samples these are.
    phase : array (time, …, mode)
    silent : bool array (…, mode)
        Which modes are silent by the end.
    """

    run: xr.Dataset
    keep: Bools
    phase: NDArray[np.float64]
    silent: Bools

    @classmethod
    def of(cls, run: xr.Dataset, after: float | None) -> Settled:
        """From `after` on, or the second half; raises as `require` and `window` do."""
        require(run)
        keep = window(run, after)
        kept = run.isel(time=keep)
        phase = unwrapped(kept)
        return cls(kept, keep, phase, silent(run, phase, keep)[-1])

    def like(self) -> xr.DataArray:
        """An array on the dimensions of the amplitudes without time, modes last."""
        return self.run["a"].transpose("time", ..., "mode").isel(time=0, drop=True)


def measured(values: xr.DataArray, name: str, long_name: str, units: str = "1") -> xr.DataArray:
    """Values under the name of a measure, without the attributes of what was measured."""
    return values.rename(name).drop_attrs(deep=False).assign_attrs(long_name=long_name, units=units)


def silent_modes(run: xr.Dataset, after: float | None = None) -> xr.DataArray:
    """Which modes do not move by the end of a run: damped to zero, or at rest beyond criticality.

    `wetcow.synchrony.silence` states the rule.

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
        the largest of the run, or if for the second half of the window the phase has kept within
        10⁻⁴ rad, has gone back as far as forth, or comes to rest exponentially. Oscillators of
        `Kuramoto` are never silent.

    Examples
    --------
    >>> import wetcow as wc
    >>> run = wc.simulate(wc.Mode(gamma=[-0.5, 1.5, 1.99, 2.5]), t1=100.0)
    >>> silent_modes(run).values.tolist()
    [True, False, False, True]
    """
    end = Settled.of(run, after)
    return measured(end.like().copy(data=end.silent), "silent", "mode does not move")
