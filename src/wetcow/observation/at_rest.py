"""BOLD of a network at rest in closed form: the linear response to its spectra.

Below onset, the covariance of waves is a sum of exponentials: E[a_i(t + τ) a_j(t)*] is
Σ_k U_ik W_kj e^{λ_k τ} for τ ≥ 0, with the eigenvalues λ of A. So is that of their powers, its
squared modulus (Isserlis). The response of blood to weak activity is one as well (`Balloon.poles`),
and with it its autocorrelation Σ_p c_p e^{μ_p |τ|}. So covariances of BOLD are sums of 1/(λ + μ),
without an integral.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from wetcow.networks.resting_statistics import Resting
from wetcow.observation.balloon import STEPHAN_2007, Balloon
from wetcow.validation import array, number

INACCURATE = 1e-6  # of the covariance that the eigenvectors give back


@threadpool_limits.wrap(limits=1, user_api="blas")
def resting_bold(
    rest: Resting,
    *,
    time_unit: float,
    frequency: Any = None,
    signal: Literal["power", "real"] = "power",
    gain: float = 1.0,
    balloon: Balloon = STEPHAN_2007,
) -> xr.Dataset:
    """Covariance, correlation and spectra of BOLD of a network at rest, without simulation.

    The model is taken to be linear, as it is for activity that is small beside its constant γ: a
    gain times mean power well below 0.3/s². Linear is the response, too, to what differs from the
    mean.

    Parameters
    ----------
    rest : Resting
        From `resting`, without delays or with delays as phases; n modes.
    time_unit : float
        Seconds in a unit of time of the network, as `Connectome.time_unit`.
    frequency : array (k,), optional
        Hz, at which to compute spectra.
    signal : {"power", "real"}
        What drives the blood: |a|² or Re a.
    gain, balloon
        As of `Bold`.

    Returns
    -------
    xarray.Dataset
        ``covariance`` and ``correlation`` on (mode, mode_from), and with frequencies the
        ``spectrum`` on (frequency, mode): power density at ±f together, 1/Hz, as of
        `power_spectrum`.

    Raises
    ------
    ValueError
        For exact delays, whose covariances are no sums of exponentials; for eigenvectors so nearly
        parallel that these would not be accurate; for arguments out of range.

    Notes
    -----
    Takes n⁴ operations for power, n³ for Re a: for 94 regions some hundredths of a second, for 300
    two seconds. Each frequency of a spectrum of power takes n³.

    Examples
    --------
    >>> import wetcow as wc
    >>> pair = wc.Network(-0.5, [1.0, 1.1], wc.Dense([[0, 0.3], [0.3, 0]]))
    >>> seen = resting_bold(wc.resting(pair, noise=0.01), time_unit=0.016)
    >>> seen.correlation.values.round(3).tolist()
    [[1.0, 0.665], [0.665, 1.0]]
    """
    if not isinstance(rest, Resting):
        raise TypeError(f"resting_bold() is of what resting() returns, not a {type(rest).__name__}")
    if rest.delayed is not None:
        raise ValueError("resting_bold() needs delays as phases: resting(…, delays='phase')")
    if signal not in ("power", "real"):
        raise ValueError(f"signal must be 'power' or 'real', got {signal!r}")
    time_unit = number("time_unit", time_unit, above=0)
    gain = number("gain", gain)
    rates, u, w = _exponentials(rest)
    rates = rates / time_unit
    poles = balloon.poles()
    weights = _autocorrelation(poles)
    if signal == "power":
        half = _powers(u, w, _laplace(rates[:, None] + rates.conj(), poles.rates, weights))
    else:
        half = 0.5 * np.real((u * _laplace(rates, poles.rates, weights)) @ w)
    covariance = gain**2 * (half + half.T)
    scale = np.sqrt(np.diagonal(covariance))
    modes, pair = np.arange(rest.size), ("mode", "mode_from")
    found = xr.Dataset(
        {
            "covariance": (pair, covariance, {"units": "1"}),
            "correlation": (pair, covariance / (scale[:, None] * scale), {"units": "1"}),
        },
        coords={"mode": modes, "mode_from": modes},
        attrs={"signal": signal, "gain": gain, "time_unit": time_unit},
    )
    if frequency is None:
        return found
    frequency = array("frequency", frequency, ndim=1)
    own = _activity_spectrum(rates, u, w, frequency, signal)
    seen = 2 * gain**2 * np.abs(balloon.response(frequency)[:, None]) ** 2 * own
    units = {"long_name": "power spectrum of BOLD", "units": "1/Hz"}
    found["spectrum"] = (("frequency", "mode"), seen, units)
    return found.assign_coords(frequency=("frequency", frequency, {"units": "Hz"}))


def _exponentials(rest: Resting) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """λ, U and W of the covariance U e^{λτ} W."""
    s = np.asarray(rest.covariance)
    if not np.any(s):
        raise ValueError("without noise nothing moves at rest: resting(network, noise=…)")
    rates, u = np.linalg.eig(np.asarray(rest.matrix))
    w = np.linalg.solve(u, s)
    error = np.max(np.abs(u @ w - s)) / np.max(np.abs(s))
    lost = np.linalg.cond(u) * np.finfo(float).eps
    if not max(error, lost) < INACCURATE:
        raise ValueError(
            "the eigenvectors of this network are too nearly parallel for a closed form (relative "
            f"error about {max(error, lost):.1g}): simulate with wetcow.Bold instead"
        )
    return rates, u, w


def _autocorrelation(poles: Any) -> np.ndarray:
    """Coefficients of ∫ h(t) h(t + τ) dt = Σ_p c_p e^{μ_p τ}, τ ≥ 0."""
    return poles.residues * (poles.residues / -(poles.rates[:, None] + poles.rates)).sum(axis=1)


def _laplace(rates: Any, poles: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """∫ e^{rate τ} Σ_p c_p e^{μ_p τ} dτ over τ > 0, for each rate."""
    return (weights / -(rates[..., None] + poles)).sum(axis=-1)


def _powers(u: np.ndarray, w: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Σ_kl U_ik U_il* K_kl W_kj W_lj*, real (n, n)."""
    found = np.empty((len(u), w.shape[1]))
    for i, row in enumerate(u):
        whole = row[:, None] * row.conj() * kernel
        found[i] = ((whole @ w.conj()) * w).sum(axis=0).real
    return found


def _activity_spectrum(
    rates: np.ndarray, u: np.ndarray, w: np.ndarray, frequency: np.ndarray, signal: str
) -> np.ndarray:
    """∫ C_ii(τ) e^{−iντ} dτ of the activity, (k, n), s."""
    turns = 2j * np.pi * frequency
    own = u * w.T  # of each mode, the coefficients of its own covariance
    if signal == "real":
        both = [(own / (turn - rates)).sum(axis=1) for turn in (*turns, *-turns)]
        forward, back = np.reshape(both, (2, len(turns), -1))
        return 0.5 * np.real(forward + back)
    pairs = rates[:, None] + rates.conj()
    return np.stack(
        [2 * ((own @ (1 / (turn - pairs))) * own.conj()).sum(axis=1).real for turn in turns]
    )
