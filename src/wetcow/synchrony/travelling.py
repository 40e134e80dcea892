"""Waves that travel over a parcellation: lags between regions, direction, speed."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.synchrony.pairs import of_series
from wetcow.synchrony.series import interval_of, series_of, times_of

AXES = ("x", "y", "z")
FEWEST = 4  # regions
SHUFFLES = 20
QUANTILE = 0.95
MILLI = 1e-3  # metres in mm


def lags(run: Any, longest: float, *, after: float | None = None) -> xr.DataArray:
    """By how much each region is behind each other: where their correlation in time peaks.

    Parameters
    ----------
    run : xarray.Dataset or xarray.DataArray
        A series on time and mode or sensor, such as of `wetcow.bold` and `wetcow.eeg`, whose real
        part counts; or a recorded run, of which it is the waves Re a.
    longest : float
        Lag that is looked at, in the unit of time: s where seconds are known. For waves less than
        half a period, since whole periods are no lag.
    after : float, optional
        Use samples from this time on. Default: all.

    Returns
    -------
    xarray.DataArray (mode, mode_from)
        Positive where "mode" is later than "mode_from"; antisymmetric. Between samples a parabola
        through three of them is used [1]_. NaN where the peak is at the end of the range, so that
        there is none within. The mean over "mode_from" says which regions come first.

    Raises
    ------
    ValueError
        For sweeps, uneven samples, and a range that is shorter than a sample or longer than half
        the series.

    References
    ----------
    .. [1] A. Mitra, A. Z. Snyder, C. D. Hacker, M. E. Raichle, "Lag structure in resting-state
       fMRI", Journal of Neurophysiology 111, 2374 (2014).

    Examples
    --------
    >>> time = ("time", 0.1 * np.arange(400), {"units": "s"})
    >>> values = np.sin(np.arange(400)[:, None] * 0.1 - [0.0, 0.5])
    >>> wave = xr.DataArray(values, {"time": time, "mode": [0, 1]}, ("time", "mode"))
    >>> lags(wave, 2.0).values.round(1).tolist()
    [[0.0, -0.5], [0.5, 0.0]]
    """
    series = series_of(run)
    if series.ndim != 2:
        raise ValueError(f"lags are of one series, got the sizes {dict(series.sizes)}")
    interval, unit = interval_of(series)
    reach = int(validation.number("longest", longest, above=0) / interval)
    if not 1 <= reach <= len(series) // 2:
        raise ValueError(
            f"longest={longest:g} must be from one sample, {interval:.4g}, to half the series"
        )
    if "mode" not in series.coords:
        series = series.assign_coords(mode=np.arange(series.sizes["mode"]))
    found = of_series(series, lambda a: interval * _peaks(a.real, reach), after, "lags")
    return found.assign_attrs(units=unit, long_name="lag")


def _peaks(x: np.ndarray, reach: int) -> np.ndarray:
    """Lags (n, n) in samples, of x (time, n)."""
    x = x - x.mean(axis=0)
    length = len(x)
    padded = np.fft.rfft(x, 2 * length, axis=0)
    size = x.shape[1]
    found = np.zeros((size, size))
    at = np.arange(-reach, reach + 1)
    for j in range(size):  # one column at a time: (time, n) numbers, not (time, n, n)
        cross = np.fft.irfft(padded * padded[:, j : j + 1].conj(), 2 * length, axis=0)[at]
        cross /= (length - np.abs(at))[:, None]  # of as many products as there are
        best = cross.argmax(axis=0)
        inside = (best > 0) & (best < 2 * reach)
        middle = np.clip(best, 1, 2 * reach - 1)
        left, top, right = (cross[middle + k, np.arange(size)] for k in (-1, 0, 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            shift = 0.5 * (left - right) / (left - 2 * top + right)
        found[:, j] = np.where(inside, at[middle] + shift, np.nan)
    np.fill_diagonal(found, 0)
    return (found - found.T) / 2


def travelling_waves(
    run: Any, positions: Any = None, *, neighbours: int | None = None,
    after: float | None = None, seed: int = 0,
) -> xr.Dataset:  # fmt: skip
    """Direction, speed and length of the plane wave that comes nearest to the phases of regions.

    Parameters
    ----------
    run : xarray.Dataset or xarray.DataArray
        A recorded run, or a complex series on time and mode, such as `wetcow.analytic_signal` of a
        narrow band. n regions, four or more.
    positions : array (n, 3), optional
        mm. Default: those that `Connectome.label` gave.
    neighbours : int, optional
        To how many nearest regions each is compared. Default: six, or all others if they are
        fewer. The wave must be more than twice as long as they are apart, since phases are known
        up to turns.
    after : float, optional
        Use samples from this time on. Default: all.
    seed : int
        Of shuffled regions, with which ``chance`` is found.

    Returns
    -------
    xarray.Dataset
        On "time": ``direction`` (time, axis), a unit vector along which the wave travels;
        ``wavelength`` (mm); ``speed``, m/s where seconds are known, else m per unit of time; and
        ``quality``, |⟨e^{i(φ_j + k·x_j)}⟩|, 1 for a plane wave [1]_. ``chance`` is the 95 %
        quantile of the quality when regions are shuffled: below it there is no plane wave.
        Directions and speeds of a standing pattern or of synchrony mean nothing.

    Raises
    ------
    ValueError
        For a real series, sweeps, fewer than four regions, or no positions.

    Notes
    -----
    The wave vector k is the least-squares solution of φ_i − φ_j = −k·(x_i − x_j) over pairs of
    neighbours, with differences between −π and π. Straight lines between regions are what counts,
    not the folded surface.

    References
    ----------
    .. [1] H. Zhang, A. J. Watrous, A. Patel, J. Jacobs, "Theta and alpha oscillations are traveling
       waves in the human neocortex", Neuron 98, 1269 (2018).

    Examples
    --------
    >>> x = np.random.default_rng(0).uniform(0, 50, (30, 3))
    >>> time = ("time", 0.01 * np.arange(100), {"units": "s"})
    >>> phase = 2 * np.pi * (10 * 0.01 * np.arange(100)[:, None] - x[:, 0] / 200)
    >>> wave = xr.DataArray(np.exp(1j * phase), {"time": time}, ("time", "mode"))
    >>> found = travelling_waves(wave, x)
    >>> (found.direction[0].values.round(3) + 0.0).tolist(), float(found.speed[5].round(3))
    ([1.0, 0.0, 0.0], 2.0)
    """
    series = series_of(run)
    if series.dtype.kind != "c":
        raise ValueError(
            "a real series has no phases: take analytic_signal(band_pass(series, low, high))"
        )
    if series.ndim != 2 or series.sizes["mode"] < FEWEST:
        raise ValueError(
            f"travelling waves are of one series of {FEWEST} regions or more, got the sizes "
            f"{dict(series.sizes)}"
        )
    interval, unit = interval_of(series)
    if after is not None:
        series = series.isel(time=times_of(series)[0] >= validation.number("after", after))
    if series.sizes["time"] < 3:
        raise ValueError(f"fewer than three samples after {after}")
    size = series.sizes["mode"]
    places = _places(series, positions, size)
    neighbours = min(6, size - 1) if neighbours is None else neighbours
    count = validation.integer("neighbours", neighbours, minimum=3, maximum=size - 1)
    unit_phase = np.exp(1j * np.angle(series.values))
    vector, quality = _plane_waves(unit_phase, places, count)
    turned = np.angle(np.mean(unit_phase[1:] * unit_phase[:-1].conj(), axis=1))
    rate = np.gradient(np.concatenate([[0.0], np.cumsum(turned)]), interval)  # rad/time
    length = np.linalg.norm(vector, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        direction = np.sign(rate)[:, None] * vector / length[:, None]
        speed = MILLI * np.abs(rate) / length
        wavelength = 2 * np.pi / length
    rng = np.random.default_rng(seed)
    mixed = [_plane_waves(unit_phase, rng.permutation(places), count)[1] for _ in range(SHUFFLES)]
    velocity = "m/s" if unit == "s" else "m"
    found = xr.Dataset(
        {
            "direction": (("time", "axis"), direction, {"units": "1"}),
            "wavelength": ("time", wavelength, {"units": "mm"}),
            "speed": ("time", speed, {"units": velocity, "long_name": "speed"}),
            "quality": ("time", quality, {"units": "1", "long_name": "quality of the plane wave"}),
            "chance": ((), float(np.quantile(mixed, QUANTILE)), {"units": "1"}),
        },
        {"axis": [*AXES], "time": series["time"]},
    )
    return found.assign_coords(
        {name: one for name, one in series.coords.items() if one.dims == ("time",)}
    )


def _places(series: xr.DataArray, positions: Any, size: int) -> np.ndarray:
    if positions is None:
        if not all(axis in series.coords for axis in AXES):
            raise ValueError(
                "travelling waves need positions of regions: label the run by "
                "Connectome.label(run), or give positions=(n, 3) in mm"
            )
        positions = np.stack([series[axis].values for axis in AXES], axis=1)
    found = validation.array("positions", positions, ndim=2)
    if found.shape != (size, 3):
        raise ValueError(f"positions must have shape ({size}, 3), got {found.shape}")
    return found


def _plane_waves(
    unit: np.ndarray, places: np.ndarray, neighbours: int
) -> tuple[np.ndarray, np.ndarray]:
    """Wave vectors (time, 3), rad/mm, and quality (time,), of e^{iφ} (time, n) at places (n, 3)."""
    distance = np.linalg.norm(places[:, None] - places[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    near = np.argsort(distance, axis=1)[:, :neighbours]
    first = np.repeat(np.arange(len(places)), neighbours)
    second = near.ravel()
    apart = places[first] - places[second]
    difference = np.angle(unit[:, first] * unit[:, second].conj())
    vector = -difference @ np.linalg.pinv(apart).T
    quality = np.abs(np.mean(unit * np.exp(1j * vector @ places.T), axis=1))
    return vector, quality
