"""Spectra as a falling background and peaks on it: `fit_spectrum`."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.optional import optional

NARROWEST = 2.0  # width of peaks, in distances of frequencies
WIDEST = 1 / 3  # of the range
FEWEST = 8  # frequencies
PEAK = ("peak_frequency", "peak_height", "peak_width")  # as specparam orders them
LONG_NAMES = {
    "peak_frequency": "frequency of the peak",
    "peak_height": "log10 of its power over the background",
    "peak_width": "width of the peak",
}


def fit_spectrum(
    spectrum: xr.DataArray,
    low: float | None = None,
    high: float | None = None,
    *,
    knee: bool = False,
    max_peaks: int = 6,
) -> xr.Dataset:
    """Aperiodic slope of power spectra, and the peaks above it, by specparam [1]_.

    Parameters
    ----------
    spectrum : xarray.DataArray (…, frequency, mode)
        From `power_spectrum`.
    low, high : float, optional
        Which frequencies to fit, in the unit of the spectrum. Default: all above zero.
    knee : bool
        Whether the background may bend: 10^offset/(knee + f^exponent) in place of
        10^offset/f^exponent.
    max_peaks : int
        How many peaks there may be; 0 for a straight line alone.

    Returns
    -------
    xarray.Dataset
        On (…, mode): ``exponent`` (the slope, positive where power falls), ``offset`` (log10), with
        ``knee`` if asked for, and ``r_squared`` of the logarithms; on (…, mode, peak):
        ``peak_frequency``, ``peak_height`` (log10 of power over the background) and ``peak_width``,
        NaN where there are fewer; on (…, frequency, mode): ``power``, ``background`` and ``model``.
        NaN where a spectrum cannot be fitted.

    Raises
    ------
    ImportError
        Without the extra ``measures``.
    ValueError
        For what is no spectrum, or a range with too few frequencies.

    Notes
    -----
    A single slope is what is assumed, not found: look at the picture, and at ``r_squared``.

    References
    ----------
    .. [1] T. Donoghue et al., "Parameterizing neural power spectra into periodic and aperiodic
       components", Nature Neuroscience 23, 1655 (2020).

    Examples
    --------
    >>> f = np.arange(1.0, 41.0)
    >>> power = xr.DataArray((3 * f**-1.5)[:, None], {"frequency": f}, ("frequency", "mode"))
    >>> float(fit_spectrum(power, max_peaks=0).exponent.round(2)[0])  # doctest: +SKIP
    1.5
    """
    specparam = optional("specparam", "measures", "fit_spectrum()")
    kept = _range_of(spectrum, low, high)
    count = validation.integer("max_peaks", max_peaks, minimum=0)
    frequency = kept["frequency"].values
    apart = float(np.diff(frequency).max())
    settings = {
        "peak_width_limits": (
            NARROWEST * apart,
            max(WIDEST * float(np.ptp(frequency)), 3 * apart),
        ),
        "max_n_peaks": count,
    }
    flat = np.asarray(kept.transpose(..., "mode", "frequency").values, dtype=float)
    leading = flat.shape[:-1]
    model = specparam.SpectralModel(
        aperiodic_mode="knee" if knee else "fixed", algorithm_settings=settings, verbose=False
    )
    names = ("offset", "knee", "exponent") if knee else ("offset", "exponent")
    one = [
        _fitted(model, frequency, power, names, count) for power in flat.reshape(-1, len(frequency))
    ]
    dims = kept.transpose(..., "mode", "frequency").dims[:-1]
    found: dict[str, Any] = {
        name: (dims, np.reshape([each[name] for each in one], leading))
        for name in (*names, "r_squared")
    }
    for i, name in enumerate(PEAK):
        values = np.stack([each["peaks"][:, i] for each in one]).reshape(*leading, count)
        unit = "1" if name == "peak_height" else kept["frequency"].attrs.get("units", "1")
        found[name] = ((*dims, "peak"), values, {"units": unit, "long_name": LONG_NAMES[name]})
    for name in ("background", "model"):
        values = np.stack([each[name] for each in one]).reshape(*leading, len(frequency))
        found[name] = ((*dims, "frequency"), values, dict(kept.attrs))
    result = xr.Dataset(found).assign_coords(kept.coords).assign(power=kept)
    return result.transpose(..., "frequency", "mode", "peak", missing_dims="ignore")


def _range_of(spectrum: Any, low: float | None, high: float | None) -> xr.DataArray:
    """The part of a spectrum that is fitted."""
    if not isinstance(spectrum, xr.DataArray) or not {"frequency", "mode"} <= set(spectrum.dims):
        raise ValueError(
            "this fits spectra on frequency and mode, from power_spectrum(), got "
            f"{getattr(spectrum, 'dims', type(spectrum).__name__)}"
        )
    frequency = spectrum["frequency"].values
    low = 0.0 if low is None else validation.number("low", low, minimum=0)
    high = np.inf if high is None else validation.number("high", high, above=low)
    kept = spectrum.isel(frequency=(frequency > 0) & (frequency >= low) & (frequency <= high))
    if kept.sizes["frequency"] < FEWEST:
        raise ValueError(
            f"only {kept.sizes['frequency']} frequencies are from {low:g} to {high:g}; a fit needs "
            f"{FEWEST}"
        )
    return kept


def _fitted(
    model: Any, frequency: np.ndarray, power: np.ndarray, names: tuple[str, ...], count: int
) -> dict[str, Any]:
    """What one spectrum is made of; NaN if it cannot be said."""
    unknown = np.full(len(frequency), np.nan)
    found: dict[str, Any] = dict.fromkeys((*names, "r_squared"), np.nan)
    found |= {"peaks": np.full((count, 3), np.nan), "background": unknown, "model": unknown}
    if not np.all(np.isfinite(power) & (power > 0)):
        return found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of covariances that least squares did not get
        model.fit(frequency, power)
    if not model.results.has_model:
        return found
    found |= dict(zip(names, np.ravel(model.get_params("aperiodic")), strict=True))
    peaks = np.reshape(model.get_params("peak"), (-1, 3)) if count else np.empty((0, 3))
    peaks = peaks[np.isfinite(peaks).all(axis=1)]
    found["peaks"][: len(peaks)] = peaks
    fitted = 10.0 ** np.asarray(model.results.model.modeled_spectrum)
    bend = found.get("knee", 0.0)
    found["background"] = 10.0 ** found["offset"] / (bend + frequency ** found["exponent"])
    found["model"] = fitted
    log = np.log10(power)
    found["r_squared"] = 1 - np.sum((log - np.log10(fitted)) ** 2) / np.sum((log - log.mean()) ** 2)
    return found
