"""What there is to see of coupled modes: their motion, and how far they agree [19, 20]."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from wetcow.explore.runs import run
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.synchrony.measures import order_parameter, spiking_frequency, time_to_synchrony

LARGEST = 40  # modes

_SLOWEST = 0.05  # radians/time; a spread of frequencies must leave them positive


class NetworkView(NamedTuple):
    """A network, seen.

    Attributes
    ----------
    time : float64 array (samples,)
    motion : float64 array (samples, modes)
        Re a, the wave each mode makes.
    order : float64 array (samples,)
        Phase order parameter r.
    omega, frequencies : float64 arrays (modes,)
        Linear and spiking frequencies, radians/time; the latter over the second half.
    time_to_synchrony : float
        Linear periods until r stays above 0.99; infinite if it does not.
    """

    time: np.ndarray
    motion: np.ndarray
    order: np.ndarray
    omega: np.ndarray
    frequencies: np.ndarray
    time_to_synchrony: float


def look_at_network(
    size: int,
    strength: float,
    delta: float = 0.0,
    gamma: float = 0.5,
    spread: float = 0.3,
    seed: int = 0,
) -> NetworkView:
    """Integrate modes that are all coupled alike, R_ij = (K/N) e^{−iδ}.

    Parameters
    ----------
    size : int
        Modes N, from 2 to `LARGEST`.
    strength : float
        Coupling K that a mode receives from all others together, about, 1/time.
    delta : float
        Phase δ of all couplings, radians: 0 couples amplitudes, ±π/2 phases.
    gamma : float
        Excitation of every mode, 1/time.
    spread : float
        Frequencies lie equally spaced from 1 − spread to 1 + spread, radians/time.
    seed : int
        Of the initial amplitudes.

    Returns
    -------
    NetworkView

    Raises
    ------
    ValueError
        For sizes and spreads out of range.

    Examples
    --------
    >>> view = look_at_network(10, 1.0)
    >>> bool(view.order[-1] > 0.95), bool(look_at_network(10, 0.0).order[-1] > 0.95)
    (True, False)
    """
    if not 2 <= size <= LARGEST:
        raise ValueError(f"size must be from 2 to {LARGEST}, got {size}")
    if not 0 <= spread <= 1 - _SLOWEST:
        raise ValueError(f"spread must be from 0 to {1 - _SLOWEST}, got {spread}")
    # Modes beyond `size` are alone and not looked at: all sizes run what was compiled once.
    omega = np.ones(LARGEST)
    omega[:size] = np.linspace(1 - spread, 1 + spread, size)
    coupling = np.zeros((LARGEST, LARGEST), complex)
    coupling[:size, :size] = strength / size * np.exp(-1j * delta)
    np.fill_diagonal(coupling, 0)
    motion = run(Network(gamma, omega, Dense(coupling)), seed=seed).isel(mode=slice(size))
    return seen(motion, omega[:size])


def seen(motion: xr.Dataset, omega: np.ndarray) -> NetworkView:
    """Measure a run of modes with linear frequencies ω."""
    return NetworkView(
        time=motion.time.values,
        motion=motion.a.values.real,
        order=order_parameter(motion).values,
        omega=omega,
        frequencies=spiking_frequency(motion).values,
        time_to_synchrony=float(time_to_synchrony(motion, period=2 * np.pi / omega.mean())),
    )
