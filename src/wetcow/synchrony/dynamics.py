"""How connectivity and synchrony change in time: their dynamics, and metastability."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.synchrony.order import order_parameter
from wetcow.synchrony.series import interval_of, is_series, series_of, times_of
from wetcow.synchrony.silence import measured, require, window as window_of

FEWEST = 3  # samples of a window


def connectivity_dynamics(run: Any, window: float = 60.0, step: float = 2.0) -> xr.DataArray:
    """Functional connectivity dynamics: how the correlations of one time agree with another's.

    Parameters
    ----------
    run : xarray.Dataset or xarray.DataArray
        A series on time and mode or sensor, such as `wetcow.bold`, whose real part counts; or a
        run, of which it is the waves Re a. n regions, three or more.
    window : float
        Length of the windows in which regions are correlated, in the unit of time: s where seconds
        are known.
    step : float
        Between the starts of windows.

    Returns
    -------
    xarray.DataArray (window, window_from)
        Pearson correlation, over pairs of regions, of the correlations in two windows [1]_; the
        coordinates are the middles of windows. Windows that overlap agree by their common samples.

    Raises
    ------
    ValueError
        For sweeps, fewer than three regions, or windows out of range.

    References
    ----------
    .. [1] E. C. A. Hansen, D. Battaglia, A. Spiegler, G. Deco, V. K. Jirsa, "Functional
       connectivity dynamics: modeling the switching behavior of the resting state", NeuroImage 105,
       525 (2015).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> time = ("time", 2.0 * np.arange(100), {"units": "s"})
    >>> series = xr.DataArray(rng.normal(size=(100, 5)), {"time": time}, ("time", "mode"))
    >>> connectivity_dynamics(series, window=40.0, step=20.0).shape
    (9, 9)
    """
    series = series_of(run)
    if series.ndim != 2 or series.sizes["mode"] < 3:
        raise ValueError(
            "connectivity dynamics are of one series of three regions or more, got the sizes "
            f"{dict(series.sizes)}"
        )
    interval, unit = interval_of(series)
    size = round(validation.number("window", window, above=0) / interval)
    apart = max(1, round(validation.number("step", step, above=0) / interval))
    if not FEWEST <= size <= len(series) - apart:
        raise ValueError(
            f"window={window:g} must be from {FEWEST * interval:.4g} to less than the length of "
            f"the series, {len(series) * interval:.4g}, so that there are two"
        )
    x = np.real(series.values)
    starts = np.arange(0, len(x) - size + 1, apart)
    upper = np.triu_indices(x.shape[1], 1)
    with np.errstate(invalid="ignore"):  # a constant region has no correlation
        each = np.stack([np.corrcoef(x[low : low + size].T)[upper] for low in starts])
        known = np.isfinite(each).all(axis=0)
        found = np.corrcoef(each[:, known])
    middle = times_of(series)[0][starts] + 0.5 * (size - 1) * interval
    stamps = {"long_name": "time of the window", "units": unit}
    coords = {dim: (dim, middle, stamps) for dim in ("window", "window_from")}
    result = xr.DataArray(data=found, coords=coords, dims=("window", "window_from"))
    return measured(result, "connectivity_dynamics", "connectivity dynamics")


def compare_dynamics(first: Any, second: Any) -> float:
    """Kolmogorov–Smirnov distance of two distributions of connectivity dynamics.

    Parameters
    ----------
    first, second : array or xarray.DataArray (k, k)
        From `connectivity_dynamics`; of different lengths, if need be.

    Returns
    -------
    float
        Largest difference of the distribution functions over all pairs of different windows: 0 for
        the same, 1 for two that do not overlap. Choose the same window and step for both.

    Raises
    ------
    ValueError
        For what is no square matrix of two windows or more.

    Examples
    --------
    >>> compare_dynamics([[1, 0.2], [0.2, 1]], [[1, 0.6], [0.6, 1]])
    1.0
    """
    from scipy.stats import ks_2samp

    values = []
    for name, one in (("first", first), ("second", second)):
        matrix = validation.array(name, getattr(one, "values", one), ndim=2)
        if matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
            raise ValueError(f"{name} must be a square matrix of windows, got {matrix.shape}")
        values.append(matrix[np.triu_indices(len(matrix), 1)])
    found: Any = ks_2samp(*values)
    return float(found.statistic)


def metastability(run: Any, after: float | None = None) -> xr.DataArray:
    """Standard deviation in time of the order parameter: how much synchrony comes and goes.

    Parameters
    ----------
    run : xarray.Dataset or xarray.DataArray
        From `simulate` or `sweep`, recorded; or a complex series on time and mode or sensor, such
        as `wetcow.analytic_signal` of a narrow band.
    after : float, optional
        Use samples from this time on. Default: the second half of a run, all of a series.

    Returns
    -------
    xarray.DataArray
        On the dimensions of a sweep. NaN where fewer than two modes move, as `order_parameter`.

    Raises
    ------
    ValueError
        For a real series, which has no phases.

    Examples
    --------
    >>> import wetcow as wc
    >>> pair = wc.Network(0.5, [1.0, 1.3], wc.Dense(np.zeros((2, 2))))
    >>> run = wc.simulate(pair, t1=200.0)
    >>> round(float(metastability(run)), 2)
    0.28
    """
    if is_series(run):
        series = series_of(run)
        if series.dtype.kind != "c":
            raise ValueError(
                "a real series has no phases: take analytic_signal(band_pass(series, low, high))"
            )
        kept = series if after is None else series.isel(time=times_of(series)[0] >= after)
        if kept.sizes["time"] < 2:
            raise ValueError(f"fewer than two samples after {after:g}")
        unit = kept.copy(data=np.exp(1j * np.angle(kept.values)))
        order: xr.DataArray = abs(unit.mean("mode"))
    else:
        require(run)
        order = order_parameter(run).isel(time=window_of(run, after))
    found = order.std("time", skipna=False).drop_vars("silent_share", errors="ignore")
    return measured(found, "metastability", "metastability")
