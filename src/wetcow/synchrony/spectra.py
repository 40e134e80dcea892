"""Power spectra of recorded runs and of what sensors and scanners see."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.synchrony.series import interval_of, labels_of, series_of, times_of

WINDOWS = 8  # in a series, by default; they overlap by half


def power_spectrum(
    run: Any,
    *,
    method: Literal["welch", "multitaper"] = "welch",
    window: float | None = None,
    bandwidth: float | None = None,
    after: float | None = None,
) -> xr.DataArray:
    """Power spectral density of waves Re a, or of the time series of regions or sensors.

    Parameters
    ----------
    run : xarray.Dataset or xarray.DataArray
        From `simulate` or `sweep`, recorded; or a series on time and mode or sensor, such as of
        `wetcow.bold` and `wetcow.eeg`, whose real part counts.
    method : {"welch", "multitaper"}
        Averages over windows that overlap by half [1]_, or over orthogonal tapers of the whole
        [2]_.
    window : float, optional
        Of Welch's method, in the unit of time: s where seconds are known. The resolution is about
        one over it. Default: a quarter of the length.
    bandwidth : float, optional
        Of the tapers: what is averaged over on both sides of a frequency together. Default: eight
        over the length.
    after : float, optional
        Use samples from this time on, in the unit of time. Default: all.

    Returns
    -------
    xarray.DataArray (…, frequency, mode)
        One-sided: the sum over frequencies, times their distance, is the variance. Frequencies are
        in Hz where seconds are known, else in turns per unit of time: ω/2π.

    Raises
    ------
    ValueError
        For samples that are uneven or too few, and windows or bandwidths out of range.

    References
    ----------
    .. [1] P. D. Welch, "The use of fast Fourier transform for the estimation of power spectra",
       IEEE Transactions on Audio and Electroacoustics 15, 70 (1967).
    .. [2] D. J. Thomson, "Spectrum estimation and harmonic analysis", Proceedings of the IEEE 70,
       1055 (1982).

    Examples
    --------
    >>> import wetcow as wc
    >>> run = wc.simulate(wc.Mode(gamma=0.5), t1=400.0, num_samples=8001)
    >>> spectrum = power_spectrum(run, after=100.0)
    >>> peak = spectrum.frequency[spectrum.values[:, 0].argmax()]
    >>> round(2 * np.pi * float(peak), 1), round(float(wc.Mode(gamma=0.5).spiking_frequency()), 1)
    (0.9, 0.9)
    """
    if method not in ("welch", "multitaper"):
        raise ValueError(f"method must be 'welch' or 'multitaper', got {method!r}")
    if (window if method == "multitaper" else bandwidth) is not None:
        raise ValueError("window is of method='welch', bandwidth of method='multitaper'")
    series = _late(series_of(run), after)
    interval, unit = interval_of(series)
    x = np.real(series.values)
    if method == "welch":
        frequency, power = _welch(x, interval, window)
    else:
        frequency, power = _multitaper(x, interval, bandwidth)
    coords = {**labels_of(series), "frequency": ("frequency", frequency, _in_hertz(unit))}
    found = xr.DataArray(
        data=power, coords=coords, dims=("frequency", *series.dims[1:]), name="power_spectrum"
    )
    attrs = {"long_name": "power spectral density", "units": _density(unit), "method": method}
    return found.transpose(..., "frequency", "mode").assign_attrs(attrs)


def spectrogram(run: Any, window: float, *, step: float | None = None) -> xr.DataArray:
    """Power spectral density in windows that move through time.

    Parameters
    ----------
    run : xarray.Dataset or xarray.DataArray
        As of `power_spectrum`.
    window : float
        Length, in the unit of time: s where seconds are known.
    step : float, optional
        Between windows; default: an eighth of them.

    Returns
    -------
    xarray.DataArray (…, frequency, time, mode)
        Times are the middles of windows.

    Raises
    ------
    ValueError
        For samples that are uneven, and windows or steps out of range.
    """
    from scipy.signal import spectrogram as by_scipy

    series = series_of(run)
    interval, unit = interval_of(series)
    size = _samples("window", window, interval, len(series), least=4)
    step = window / 8 if step is None else step
    apart = _samples("step", step, interval, size, least=1)
    frequency, middle, power = by_scipy(
        np.real(series.values),
        1 / interval,
        window="hann",
        nperseg=size,
        noverlap=size - apart,
        axis=0,
        detrend="constant",
    )
    time = {"long_name": "time", "units": unit}
    coords = {
        **labels_of(series),
        "frequency": ("frequency", frequency, _in_hertz(unit)),
        "time": ("time", times_of(series)[0][0] + middle, time),
    }
    dims = ("frequency", *series.dims[1:], "time")
    found = xr.DataArray(data=power, coords=coords, dims=dims, name="spectrogram")
    attrs = {"long_name": "power spectral density", "units": _density(unit)}
    return found.transpose(..., "frequency", "time", "mode").assign_attrs(attrs)


def _late(series: xr.DataArray, after: float | None) -> xr.DataArray:
    if after is None:
        return series
    kept = series.isel(time=times_of(series)[0] >= validation.number("after", after))
    if kept.sizes["time"] < 2:
        raise ValueError(f"fewer than two samples after {after:g}")
    return kept


def _samples(name: str, length: Any, interval: float, most: int, least: int) -> int:
    """A length in samples."""
    found = round(validation.number(name, length, above=0) / interval)
    if not least <= found <= most:
        raise ValueError(
            f"{name}={length:g} must be {least} to {most} samples of {interval:.4g}, it is {found}"
        )
    return found


def _welch(x: np.ndarray, interval: float, window: float | None) -> tuple[np.ndarray, np.ndarray]:
    from scipy.signal import welch

    size = max(2 * len(x) // WINDOWS, 2)
    if window is not None:
        size = _samples("window", window, interval, len(x), least=4)
    return welch(x, 1 / interval, nperseg=size, axis=0)


def _multitaper(
    x: np.ndarray, interval: float, bandwidth: float | None
) -> tuple[np.ndarray, np.ndarray]:
    from scipy.signal.windows import dpss

    whole = len(x) * interval
    half = 4.0  # bandwidth times length, over two
    if bandwidth is not None:
        half = validation.number("bandwidth", bandwidth, above=0) * whole / 2
        if not 1 <= half < len(x) / 4:
            raise ValueError(
                f"bandwidth must be {2 / whole:.4g} to {0.5 / interval:.4g}, got {bandwidth:g}"
            )
    elif len(x) <= 4 * half:
        raise ValueError(
            f"{len(x)} samples are too few for tapers, which need more than {4 * half:.0f}"
        )
    tapers = np.asarray(dpss(len(x), half, max(int(2 * half) - 1, 1)))
    deviation = x - x.mean(axis=0)
    shape = (len(x),) + (1,) * (x.ndim - 1)
    power: Any = 0.0
    for taper in tapers:
        power = power + np.abs(np.fft.rfft(deviation * taper.reshape(shape), axis=0)) ** 2
    power *= 2 * interval / len(tapers)
    power[0] /= 2
    if len(x) % 2 == 0:
        power[-1] /= 2
    return np.fft.rfftfreq(len(x), interval), power


def _in_hertz(unit: str) -> dict[str, str]:
    return {"long_name": "frequency", "units": "Hz" if unit == "s" else "1"}


def _density(unit: str) -> str:
    return "1/Hz" if unit == "s" else "1"
