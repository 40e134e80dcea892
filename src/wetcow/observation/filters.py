"""Filters of time series, by SciPy: bands, analytic signals, sampling rates, the global signal."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import xarray as xr

from wetcow.observation.series import channels_of, interval_of, over_time, time_first
from wetcow.validation import integer, number

LARGEST_RATIO = 1000  # of whole numbers, by which a sampling rate is changed
FLAT = 1e-12  # of the mean square, below which there is no global signal


def band_pass(
    series: xr.DataArray, low: float | None, high: float | None, *, order: int = 2
) -> xr.DataArray:
    """Frequencies from `low` to `high` of a time series, without a shift in time.

    Parameters
    ----------
    series : xarray.DataArray
        On time (s) and mode or sensor: `bold`, `eeg`, or ``run.a.real`` of a labelled run.
    low, high : float or None
        Hz; None: no border there.
    order : int
        Of the Butterworth filter, which is applied forward and back.

    Returns
    -------
    xarray.DataArray

    Raises
    ------
    ValueError
        For borders that are not in order or beyond half the sampling rate, samples that are uneven
        or not in seconds, or too few of them.

    Examples
    --------
    >>> time = xr.DataArray(np.arange(0, 100, 0.5), dims="time", attrs={"units": "s"})
    >>> slow, fast = np.sin(2 * np.pi * 0.05 * time), np.sin(2 * np.pi * 0.5 * time)
    >>> series = (slow + fast).expand_dims(mode=1).assign_coords(time=time)
    >>> left = band_pass(series, None, 0.2) - slow
    >>> bool(abs(left.isel(time=slice(40, 160))).max() < 0.03)
    True
    """
    from scipy.signal import butter, sosfiltfilt

    channels_of(series)
    interval = interval_of(series)
    borders = [number(n, v, above=0) for n, v in (("low", low), ("high", high)) if v is not None]
    if not borders:
        raise ValueError("band_pass() needs a border: low or high, in Hz")
    if len(borders) == 2 and borders[0] >= borders[1]:
        raise ValueError(f"low must be below high, got {low} and {high} Hz")
    if borders[-1] * interval >= 0.5:
        raise ValueError(
            f"{borders[-1]:g} Hz is beyond half the sampling rate, {0.5 / interval:.4g} Hz"
        )
    kind = "bandpass" if len(borders) == 2 else "highpass" if high is None else "lowpass"
    order = integer("order", order, minimum=1)
    wanted = borders if len(borders) == 2 else borders[0]
    sections = np.asarray(butter(order, wanted, kind, fs=1 / interval, output="sos"))
    whole = time_first(series)
    if len(whole) <= 3 * (2 * len(sections) + 1):
        raise ValueError(f"{len(whole)} samples are too few for a filter of order {order}")
    return over_time(series, sosfiltfilt(sections, whole.values, axis=0))


def analytic_signal(series: xr.DataArray) -> xr.DataArray:
    """Complex time series whose real part this is, by the Hilbert transform.

    Of a narrow band: its modulus is the envelope, its angle the phase.

    Parameters
    ----------
    series : xarray.DataArray
        Real, on time and mode or sensor; filter it before (`band_pass`).

    Returns
    -------
    xarray.DataArray of complex

    Raises
    ------
    ValueError
        For a series that is complex already.
    """
    from scipy.signal import hilbert

    channels_of(series)
    if series.dtype.kind == "c":
        raise ValueError("this series is complex already: modulus and angle are those of itself")
    return over_time(series, hilbert(time_first(series).values, axis=0))


def resample(series: xr.DataArray, rate: float) -> xr.DataArray:
    """Time series at another sampling rate, without the frequencies that it cannot hold.

    Parameters
    ----------
    series : xarray.DataArray
        On time (s) and mode or sensor.
    rate : float
        Hz. The next ratio of whole numbers up to 1000 to the old one is taken; the times say which.

    Returns
    -------
    xarray.DataArray

    Raises
    ------
    ValueError
        For samples that are uneven or not in seconds, or a rate out of range.

    Examples
    --------
    >>> run = xr.DataArray(np.zeros((101, 1)), {"time": np.arange(101) / 10}, ("time", "mode"))
    >>> run.time.attrs["units"] = "s"
    >>> resample(run, 4.0).time.values[:3].tolist()
    [0.0, 0.25, 0.5]
    """
    from scipy.signal import resample_poly

    channels_of(series)
    interval = interval_of(series)
    ratio = number("rate", rate, above=0) * interval
    if not 1 / LARGEST_RATIO <= ratio <= LARGEST_RATIO:
        raise ValueError(
            f"{rate:g} Hz is {ratio:.3g} times the sampling rate of {1 / interval:.4g} Hz; at most "
            f"{LARGEST_RATIO} times more or less"
        )
    way = Fraction(ratio).limit_denominator(LARGEST_RATIO)
    whole = time_first(series)
    values = resample_poly(
        whole.values, way.numerator, way.denominator, axis=0, padtype="line"
    ).astype(series.dtype, copy=False)
    start = float(whole["seconds" if "seconds" in whole.coords else "time"][0])
    time = start + np.arange(len(values)) * interval * way.denominator / way.numerator
    coords = {name: one for name, one in whole.coords.items() if "time" not in one.dims}
    stamps = ("time", time, {"long_name": "time", "units": "s"})
    found = xr.DataArray(
        data=values,
        coords={**coords, "time": stamps},
        dims=whole.dims,
        name=whole.name,
        attrs=whole.attrs,
    )
    return found.transpose(*series.dims)


def regress_global(series: xr.DataArray) -> xr.DataArray:
    """Time series without what is proportional to their mean over regions or sensors.

    Known as global signal regression. It shifts correlations down, and makes some of them negative
    whatever the data: do it to model and data alike, or to neither.

    Parameters
    ----------
    series : xarray.DataArray
        Real, on time and mode or sensor.

    Returns
    -------
    xarray.DataArray
        Of mean zero in time.
    """
    channel = channels_of(series)
    centred = series - series.mean("time")
    whole = centred.mean(channel)
    power = (whole**2).mean("time")
    share = (centred * whole).mean("time") / power.where(power > FLAT * (centred**2).mean(), np.inf)
    return (centred - share * whole).transpose(*series.dims).assign_attrs(series.attrs)
