"""What there is to see of coupled modes: their motion, and how far they agree [19, 20]."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import xarray as xr

from wetcow.explore.runs import (
    DURATION,
    NETWORK_START,
    PER_UNIT,
    TOO_FEW,
    VIEW_STEP,
    configuration_of_run,
    number_text,
    phases,
    run_as_needed,
)
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.simulation.drive import pulse as pulse_drive
from wetcow.simulation.simulate import simulate
from wetcow.synchrony.order import order_parameter, time_to_synchrony
from wetcow.synchrony.silence import damped
from wetcow.synchrony.spikes import spiking_frequency

MOST_SHOWN_MODES = 40  # modes
NEARLY = 0.9  # order parameter from which modes count as nearly synchronous
LOCKED = 0.01  # relative spread of spiking frequencies that count as one

PULSED = 2 * DURATION  # time units of a run with a pulse, during it and after
_SLOWEST = 0.05  # radians/time; a spread of frequencies must leave them positive


class NetworkView(NamedTuple):
    """A network, seen.

    Attributes
    ----------
    time : float64 array (samples,)
    motion : float64 array (samples, modes)
        Re a, the wave each mode makes.
    order : float64 array (samples,)
        Phase order parameter r of the modes that move; NaN while fewer than two do.
    omega, frequencies : float64 arrays (modes,)
        Linear and spiking frequencies, radians/time; the latter over the second half, 0 for silent
        modes and NaN for too few spikes.
    mean_order : float
        Mean of r over the second half; NaN if it is not defined throughout.
    time_to_synchrony : float
        Linear periods until r stays above 0.99; infinite if it does not, NaN if fewer than two
        modes move at the end.
    silent_share : float
        Share of modes that are silent at the end.
    regime : str
        What the network does, in words.
    code : str
        Python that computes the numbers with the package alone.
    configuration : str
        The same motion as a file of ``wetcow simulate``.
    run : xarray.Dataset
        The motion, as that Python has it.
    pulsed : pair of float, optional
        Start and end of an input.
    """

    time: np.ndarray
    motion: np.ndarray
    order: np.ndarray
    omega: np.ndarray
    frequencies: np.ndarray
    mean_order: float
    time_to_synchrony: float
    silent_share: float
    regime: str
    code: str
    configuration: str
    run: xr.Dataset
    pulsed: tuple[float, float] | None = None


def look_at_network(
    size: int,
    strength: float,
    delta: float = 0.0,
    gamma: float = 0.5,
    spread: float = 0.3,
    seed: int = 0,
    *,
    pulse: float = 0.0,
    start: float = 40.0,
    length: float = 30.0,
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
    pulse : float
        Added to the excitation of all modes for a while, 1/time; 0: no input.
    start, length : float
        Of that, time; it is to end within `PULSED`.

    Returns
    -------
    NetworkView

    Raises
    ------
    ValueError
        For sizes, spreads and pulses out of range.

    Examples
    --------
    >>> view = look_at_network(10, 1.0)
    >>> view.regime, look_at_network(10, 0.0).regime
    ('synchronous', 'incoherent')
    """
    if not 2 <= size <= MOST_SHOWN_MODES:
        raise ValueError(f"size must be from 2 to {MOST_SHOWN_MODES}, got {size}")
    if not 0 <= spread <= 1 - _SLOWEST:
        raise ValueError(f"spread must be from 0 to {1 - _SLOWEST}, got {spread}")
    # Modes beyond `size` are alone and not looked at: all sizes run what was compiled once.
    omega = np.ones(MOST_SHOWN_MODES)
    omega[:size] = np.linspace(1 - spread, 1 + spread, size)
    coupling = np.zeros((MOST_SHOWN_MODES, MOST_SHOWN_MODES), complex)
    coupling[:size, :size] = strength / size * np.exp(-1j * delta)
    np.fill_diagonal(coupling, 0)
    a0 = np.full(MOST_SHOWN_MODES, NETWORK_START, complex)
    a0[:size] = phases(seed, size)
    network = Network(gamma=gamma, omega=omega, coupling=Dense(coupling))
    if pulse:
        motion, frequencies = _pulsed(network, a0, slice(size), pulse, start, length)
    else:
        motion, frequencies = run_as_needed(network, a0=a0, modes=slice(size))
    given = f"drive = wc.pulse({start!r}, {length!r}, gamma={pulse!r})\n" if pulse else ""
    code = f"""import numpy as np
import wetcow as wc

size = {size!r}
omega = np.linspace(1 - {spread!r}, 1 + {spread!r}, size)
coupling = wc.Dense({strength!r} / size * np.exp(-1j * {delta!r}) * (1 - np.eye(size)))
phases = np.random.default_rng({seed!r}).uniform(0, 2 * np.pi, size)
network = wc.Network({gamma!r}, omega, coupling)
a0 = {NETWORK_START!r} * np.exp(1j * phases)
{given}{simulated("network", motion, "a0=a0, drive=drive" if pulse else "a0=a0")}"""
    alone = Network(gamma=gamma, omega=omega[:size], coupling=Dense(coupling[:size, :size]))
    configuration = configuration_of_run(alone, a0[:size], motion)
    if pulse:
        configuration += _drive_table(pulse, start, length)
    view = seen(motion, omega[:size], frequencies, code, configuration)
    return view._replace(pulsed=(start, start + length)) if pulse else view


def _pulsed(
    network: Network, a0: np.ndarray, modes: slice, pulse: float, start: float, length: float
) -> tuple[xr.Dataset, np.ndarray]:
    """As `run_as_needed`, with an input, for a time that does not depend on it."""
    if not 0 <= start < start + length <= PULSED:
        raise ValueError(
            f"the pulse must end by {PULSED:g}, got one from {start:g} to {start + length:g}"
        )
    motion = simulate(
        network,
        PULSED,
        num_samples=int(PER_UNIT * PULSED) + 1,
        dt=VIEW_STEP,
        a0=a0,
        drive=pulse_drive(start, length, gamma=pulse),
    ).isel(mode=modes)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*spiked less than twice")
        return motion, spiking_frequency(motion).values


def _drive_table(pulse: float, start: float, length: float) -> str:
    """The input as a table of a configuration file."""
    return (
        f'\n[drive]\nkind = "pulse"\nstart = {start!r}\nduration = {length!r}\ngamma = {pulse!r}\n'
    )


def simulated(system: str, motion: xr.Dataset, start: str) -> str:
    """The lines of Python that integrate and measure what was seen."""
    duration = float(motion.time[-1])
    samples = int(PER_UNIT * duration) + 1
    given = f"num_samples={samples}, dt={VIEW_STEP!r}, {start}"
    return f"""run = wc.simulate({system}, {duration!r}, {given})
order = wc.order_parameter(run)
mean_order = order[run.sizes["time"] // 2 :].mean(skipna=False)
periods = wc.time_to_synchrony(run)
frequencies = wc.spiking_frequency(run)
"""


def seen(
    motion: xr.Dataset,
    omega: np.ndarray,
    frequencies: np.ndarray,
    code: str,
    configuration: str,
) -> NetworkView:
    """Measure a run of modes with linear frequencies ω and given spiking frequencies."""
    order = order_parameter(motion)
    half = motion.sizes["time"] // 2
    mean = float(order[half:].mean(skipna=False))
    return NetworkView(
        time=motion.time.values,
        motion=motion.a.values.real,
        order=order.values,
        omega=omega,
        frequencies=frequencies,
        mean_order=mean,
        time_to_synchrony=float(time_to_synchrony(motion, period=2 * np.pi / omega.mean())),
        silent_share=float(order.silent_share[-1]),
        regime=_regime(motion, frequencies, mean),
        code=code,
        configuration=configuration,
        run=motion,
    )


def _regime(motion: xr.Dataset, frequencies: np.ndarray, mean: float) -> str:
    number, spiking = frequencies.size, frequencies[frequencies != 0]
    if not spiking.size:
        if damped(motion)[-1].all():
            return "silent: all modes are damped to rest"
        return "beyond criticality: all modes are at rest, none spikes"
    if np.isnan(spiking).any():
        said = TOO_FEW
    elif spiking.size == 1:
        said = "spiking"
    else:
        locked = np.ptp(spiking) <= LOCKED * spiking.mean()
        independent = spiking.size**-0.5
        if np.isnan(mean):
            said = "spiking"
        elif mean >= NEARLY:
            said = "synchronous" if locked else "nearly synchronous"
        elif locked:
            said = "spiking at one rate, phases apart"
        else:
            said = "partly synchronous" if mean > 1.3 * independent else "incoherent"
    silent = number - spiking.size
    return f"{silent} of {number} modes silent, the others {said}" if silent else said


def when_synchronous(view: NetworkView) -> str:
    """When r stays at 0.99 or more, in words."""
    periods = view.time_to_synchrony
    if np.isnan(periods):
        return "not defined: fewer than two modes move"
    if np.isfinite(periods):
        return f"{number_text(periods, 2)} linear periods"
    late = view.order[len(view.order) // 2 :]
    low, high = (number_text(float(value), 3, "?") for value in (np.nanmin(late), np.nanmax(late)))
    return f"not in {view.time[-1]:g} time units: r from {low} to {high} in their second half"
