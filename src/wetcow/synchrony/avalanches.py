"""Neuronal avalanches: cascades of events, and whether their sizes follow a power law.

Events of all modes are counted in bins of time; an avalanche is a run of bins that have events,
between two that have none (Beggs and Plenz 2003). At a critical point of branching activity the
numbers of events, S, and of bins, T, follow P(S) ~ S^{−3/2} and P(T) ~ T^{−2}. A straight line in a
log-log plot does not show that: `fit_power_law` tests it, and `shuffled` events show what remains
without any interaction.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from wetcow import validation
from wetcow.synchrony.power_law import PowerLaw
from wetcow.synchrony.silence import damped, require
from wetcow.synchrony.spikes import spike_times

Ints = NDArray[np.int64]


class Events(NamedTuple):
    """Point events of all modes, in the order of time.

    Attributes
    ----------
    time : float array (k,)
        Time units of the run.
    mode : int array (k,)
        Which mode.
    start, end : float
        The time that was watched.
    """

    time: NDArray[np.float64]
    mode: Ints
    start: float
    end: float


def _ordered(per_mode: list[np.ndarray], start: float, end: float) -> Events:
    time = np.concatenate([np.empty(0), *per_mode])
    mode = np.repeat(np.arange(len(per_mode)), [len(one) for one in per_mode])
    order = np.argsort(time, kind="stable")
    return Events(time=time[order], mode=mode[order], start=float(start), end=float(end))


def find_events(
    run: xr.Dataset,
    of: Literal["spikes", "amplitude"] = "spikes",
    *,
    deviations: float = 3.0,
    after: float | None = None,
) -> Events:
    """Events of a recorded run.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate`, recorded; (time, mode).
    of : {"spikes", "amplitude"}
        "spikes": passages of a mode's phase through 0. "amplitude": excursions of |a| beyond its
        mean by more than `deviations` standard deviations of that mode, at their peaks, as is done
        with local field potentials.
    deviations : float
        Threshold of "amplitude", standard deviations.
    after : float, optional
        Use samples from this time on, time units; default: all.

    Returns
    -------
    Events

    Raises
    ------
    ValueError
        If nothing was recorded, amplitudes are not finite, less than two samples are left, or for
        a sweep.

    Examples
    --------
    >>> import wetcow as wc
    >>> run = wc.simulate(wc.Mode(gamma=[1.0, 1.5]), t1=40.0, num_samples=401)
    >>> find_events(run).mode.tolist()
    [0, 1, 0, 1, 0, 0, 1, 0]
    """
    if of not in ("spikes", "amplitude"):
        raise ValueError(f"events are 'spikes' or of 'amplitude', got {of!r}")
    deviations = validation.number("deviations", deviations, minimum=0)
    a = require(run)
    if a.ndim != 2:
        raise ValueError(
            f"events are those of one run, (time, mode); got {a.dims}: select one run of a sweep "
            "with .isel(…)"
        )
    if not np.all(np.isfinite(a.values)):
        raise ValueError("events need finite amplitudes: the run became singular or has gaps")
    if after is not None:
        run = run.isel(time=run["time"].values >= validation.number("after", after))
    if run.sizes["time"] < 2:
        raise ValueError(f"fewer than two samples are left after {after}")
    time = run["time"].values
    if of == "spikes":
        return _ordered(spike_times(run), time[0], time[-1])
    size = np.abs(run["a"].transpose("time", "mode").values)
    # What varies by rounding, or is damped to zero, has no excursions.
    spread = size.std(axis=0)
    beyond = size > size.mean(axis=0) + deviations * spread
    beyond &= (spread > 1e-9 * size.mean(axis=0)) & ~damped(run)
    per_mode = []
    for column, above in zip(size.T, beyond.T, strict=True):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], above.astype(int), [0]])))
        peaks = [low + np.argmax(column[low:high]) for low, high in edges.reshape(-1, 2)]
        per_mode.append(time[np.array(peaks, dtype=int)])
    return _ordered(per_mode, time[0], time[-1])


def shuffled(events: Events, seed: int = 0) -> Events:
    """Shift the events of each mode by its own random time, around the end of the recording.

    Rates, intervals and bursts of the modes remain; what one mode has to do with another does not.
    Avalanches of such events are those of independent modes.
    """
    _check(events)
    if not len(events.time):
        return events
    rng = np.random.default_rng(seed)
    length = events.end - events.start
    shift = rng.uniform(0, length, size=int(events.mode.max()) + 1)
    time = events.start + (events.time - events.start + shift[events.mode]) % length
    order = np.argsort(time, kind="stable")
    return Events(time=time[order], mode=events.mode[order], start=events.start, end=events.end)


def _check(events: Events) -> None:
    """Raise for events that are not finite, in order and within the time that was watched."""
    if not isinstance(events, Events):
        raise TypeError(f"events are those of find_events(run), got a {type(events).__name__}")
    time = validation.array("the events' time", events.time, ndim=1, empty=True)
    mode = validation.array("the events' mode", events.mode, ndim=1, empty=True)
    start = validation.number("the events' start", events.start)
    end = validation.number("the events' end", events.end)
    if len(time) != len(mode):
        raise ValueError(f"events need a mode each, got {len(time)} times and {len(mode)} modes")
    if np.any(mode < 0) or np.any(mode % 1):
        raise ValueError("modes of events must be indices")
    if np.any(np.diff(time) < 0):
        raise ValueError("events must be in the order of time: sort them")
    if not start < end or (len(time) and (time[0] < start or time[-1] > end)):
        raise ValueError(f"events must lie between start and end, got {start:g} and {end:g}")


class Avalanches(NamedTuple):
    """Avalanches of a recording.

    Attributes
    ----------
    size : int array (k,)
        Numbers of events.
    duration : int array (k,)
        Numbers of bins.
    first, second : int arrays (k,)
        Events in the first and in the second bin (zero if there is none).
    bin : float
        Width of the bins, time units of the run.
    """

    size: Ints
    duration: Ints
    first: Ints
    second: Ints
    bin: float

    @property
    def branching_ratio(self) -> float:
        """Mean ratio of events in the second bin to those in the first, σ.

        1 for critical branching. Independent events at a constant rate have 0.77 with the default
        bin, so compare with `shuffled` events and not with zero.
        """
        return float(np.mean(self.second / self.first)) if len(self.size) else float("nan")

    def joined(self, *others: Avalanches) -> Avalanches:
        """Avalanches of several recordings, which may have had different bins (then ``bin`` is 0).

        Durations are in numbers of bins, so only join recordings with bins that mean the same.
        """
        every = (self, *others)
        bin_width = self.bin if all(one.bin == self.bin for one in others) else 0.0
        columns = zip(*(one[:4] for one in every), strict=True)
        size, duration, first, second = (np.concatenate(column) for column in columns)
        return Avalanches(size=size, duration=duration, first=first, second=second, bin=bin_width)


def find_avalanches(events: Events, bin: float | None = None) -> Avalanches:
    """Runs of bins that have events.

    Parameters
    ----------
    events : Events
        Of `find_events`.
    bin : float, optional
        Width of bins, time units. Default: the mean interval between successive events of the
        whole network, the usual choice, with which independent events do not merge endlessly.

    Returns
    -------
    Avalanches
        Without those that the ends of the recording cut.

    Raises
    ------
    ValueError
        For fewer than two events, or a bin that is not positive.

    Examples
    --------
    >>> time = np.array([1.2, 1.4, 2.5, 6.1, 8.3])
    >>> found = find_avalanches(Events(time, np.zeros(5, int), 0.0, 10.0), bin=1.0)
    >>> found.size.tolist(), found.duration.tolist()
    ([3, 1, 1], [2, 1, 1])
    """
    _check(events)
    if len(events.time) < 2:
        raise ValueError(f"avalanches need two or more events, got {len(events.time)}")
    mean_interval = (events.time[-1] - events.time[0]) / (len(events.time) - 1)
    if bin is None and not mean_interval > 0:
        raise ValueError("all events are at one time, so their intervals give no bin: give one")
    width = validation.number("bin", mean_interval if bin is None else bin, above=0)
    number = (events.end - events.start) / width
    validation.reasonable_size("counting events in bins", 32 * number, "take a wider bin")
    number = int(np.floor(number)) + 1
    place = np.minimum(((events.time - events.start) / width).astype(int), number - 1)
    # Without a silent bin before and after, an avalanche is cut: it is longer than what is seen.
    edges = np.concatenate([[0], np.bincount(place, minlength=number) > 0, [0]]).astype(int)
    low, high = np.flatnonzero(np.diff(edges)).reshape(-1, 2).T
    whole = (low > 0) & (high < number)
    low, high = low[whole], high[whole]
    count = np.bincount(place, minlength=number + 1)
    before = np.concatenate([[0], np.cumsum(count)])
    second = np.where(high - low > 1, count[np.minimum(low + 1, number)], 0)
    return Avalanches(
        size=before[high] - before[low],
        duration=high - low,
        first=count[low],
        second=second,
        bin=width,
    )


class Crackling(NamedTuple):
    """How mean sizes grow with duration, ⟨S⟩(T) ~ T^slope, and what the exponents demand.

    Attributes
    ----------
    slope, error : float
        Weighted least squares of the logarithms, and its standard error.
    predicted : float
        (τ_T − 1)/(τ_S − 1) from the exponents of durations and sizes: equal to `slope` at a
        critical point (Sethna et al. 2001). Independent events have a slope of 1.
    """

    slope: float
    error: float
    predicted: float


def crackling(found: Avalanches, sizes: PowerLaw, durations: PowerLaw) -> Crackling:
    """Compare the growth of sizes with durations to the exponents of both.

    Parameters
    ----------
    found : Avalanches
    sizes, durations : PowerLaw
        Fits of ``found.size`` and ``found.duration``.

    Raises
    ------
    ValueError
        If durations take fewer than three values, or are not positive.
    """
    if len(found.size) != len(found.duration):
        raise ValueError(f"{len(found.size)} sizes but {len(found.duration)} durations")
    if np.any(np.asarray(found.size) < 1) or np.any(np.asarray(found.duration) < 1):
        raise ValueError("sizes and durations of avalanches must be positive")
    duration, which, number = np.unique(found.duration, return_inverse=True, return_counts=True)
    if len(duration) < 3:
        raise ValueError(f"a slope needs three or more durations, got {len(duration)}")
    mean = np.bincount(which, found.size) / number
    design = np.stack([np.log(duration), np.ones(len(duration))], axis=1)
    weighted = design * number[:, None]
    inverse = np.linalg.inv(design.T @ weighted)
    slope, offset = inverse @ (weighted.T @ np.log(mean))
    residual = np.log(mean) - design @ np.array([slope, offset])
    scatter = (number * residual**2).sum() / (len(duration) - 2)
    predicted = (durations.exponent - 1) / (sizes.exponent - 1)
    return Crackling(
        slope=float(slope), error=float(np.sqrt(scatter * inverse[0, 0])), predicted=predicted
    )
