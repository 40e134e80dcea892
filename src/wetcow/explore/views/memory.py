"""What there is to see of a memory: modes of chosen frequencies that replay a target [26-30]."""

from __future__ import annotations

import dataclasses
import math
import warnings

import numpy as np
import xarray as xr

from wetcow.explore.views.network import seen, simulated
from wetcow.explore.views.of_network import OfNetwork
from wetcow.explore.views.runs import configuration_of_run, run, run_as_needed
from wetcow.memory.construct import memorize
from wetcow.modes.mode import Mode
from wetcow.synchrony.spikes import spike_times

WITHIN = 0.005  # of the target's frequency: then a mode replays it
TOGETHER = 0.1  # of a period: spikes so close are one
TARGET_START = 0.05  # amplitude of the target at time zero
MOST_FREQUENCIES = 40  # modes
FASTEST = 10.0  # radians/time; what the steps of a run resolve


@dataclasses.dataclass(frozen=True)
class MemoryView(OfNetwork):
    """A memory, seen.

    Attributes
    ----------
    network : NetworkView
        Its motion without the input.
    target : float64 array (samples,)
        Re a of the single mode that is remembered, with its input, settled and shifted in time so
        that it spikes together with the modes when these first do; from its own start if they do
        not.
    common_spike : float
        Time of the first spike of all modes together; NaN if there is none.
    target_frequency : float
        Its spiking frequency, exact, radians/time.
    replaying : bool array (modes,)
        Whether each mode's frequency is that of the target. (A frequency of NaN, of a mode that
        spiked too seldom, is not; see ``network.frequencies``.)
    weight, delta : float64 arrays (modes, modes)
        Couplings w_ij and δ_ij (radians).
    """

    target: np.ndarray
    common_spike: float
    target_frequency: float
    replaying: np.ndarray
    weight: np.ndarray
    delta: np.ndarray


def read_frequencies(text: str) -> np.ndarray:
    """Read frequencies that were typed.

    Parameters
    ----------
    text : str
        Numbers with spaces, commas or semicolons between them.

    Returns
    -------
    float64 array (modes,)

    Raises
    ------
    ValueError
        For what is no positive number, or too few or too many of them.

    Examples
    --------
    >>> read_frequencies("0.5, 1 1.5").tolist()
    [0.5, 1.0, 1.5]
    """
    found = []
    for word in text.replace(",", " ").replace(";", " ").split():
        try:
            number = float(word)
        except ValueError:
            number = math.nan
        if not 0 < number <= FASTEST:
            raise ValueError(f"frequencies are numbers above 0, at most {FASTEST:g}; got {word!r}")
        found.append(number)
    if not 2 <= len(found) <= MOST_FREQUENCIES:
        raise ValueError(f"give 2 to {MOST_FREQUENCIES} frequencies, got {len(found)}")
    return np.array(found)


def look_at_memory(
    omega: np.ndarray,
    target_gamma: float = 1.5,
    background: float = 0.4,
    max_weight: float = 0.2,
    max_phase: float = np.pi / 2,
    seed: int = 0,
) -> MemoryView:
    """Construct a memory of a mode with ω = 1 and integrate it.

    Parameters
    ----------
    omega : array (modes,)
        Frequencies of the modes, radians/time.
    target_gamma : float
        Excitation of the mode to remember, 1/time.
    background, max_weight, max_phase, seed
        See `wetcow.memorize`; the seed is that of the initial amplitudes too.

    Returns
    -------
    MemoryView

    Raises
    ------
    ValueError
        If no couplings within the bounds exist; the message says what would help.

    Examples
    --------
    >>> view = look_at_memory(np.linspace(0.1, 1.9, 10))
    >>> round(view.target_frequency, 3), bool(view.replaying.all())
    (0.564, True)
    """
    target = Mode(target_gamma)
    network = memorize(
        target, omega, background, max_weight=max_weight, max_phase=max_phase, seed=seed
    )
    coupling = np.asarray(network.coupling.matrix())
    frequency = float(target.spiking_frequency())
    motion, frequencies = run_as_needed(network, seed=seed, rate=frequency)
    given = f"max_weight={max_weight!r}, max_phase={max_phase!r}, seed={seed!r}"
    code = f"""import numpy as np
import wetcow as wc

target = wc.Mode({target_gamma!r})
omega = np.array({np.asarray(omega).tolist()!r})
network = wc.memorize(target, omega, {background!r}, {given})
{simulated("network", motion, f"seed={seed!r}")}wanted = target.spiking_frequency()
replaying = abs(frequencies - wanted) <= {WITHIN!r} * wanted
"""
    a0 = motion.a.values[0]
    configuration = configuration_of_run(network, a0, motion)
    view = seen(motion, np.asarray(omega), frequencies, code, configuration)
    single = run(target, a0=TARGET_START, duration=float(motion.time[-1]))
    with warnings.catch_warnings():
        # Modes that pass near zero turn fast, but then they do not spike together.
        warnings.filterwarnings("ignore", message="phases turn")
        common = first_common_spike(spike_times(motion), 2 * np.pi / frequency)
    return MemoryView(
        network=view,
        target=_aligned(single, common),
        common_spike=common,
        target_frequency=frequency,
        replaying=np.abs(view.frequencies - frequency) <= WITHIN * frequency,
        weight=np.abs(coupling),
        delta=-np.angle(coupling),
    )


def first_common_spike(spikes: list[np.ndarray], period: float) -> float:
    """Mean time of the first spikes that all modes have within a tenth of a period; NaN if none.

    Examples
    --------
    >>> first_common_spike([np.array([1.0, 9.0]), np.array([4.0, 9.2])], period=10.0)
    9.1
    """
    if not all(one.size for one in spikes):
        return math.nan
    for time in spikes[0]:
        nearest = np.array([one[np.argmin(np.abs(one - time))] for one in spikes])
        if np.ptp(nearest) <= TOGETHER * period:
            return float(nearest.mean())
    return math.nan


def _aligned(single: xr.Dataset, common: float) -> np.ndarray:
    """Re a of a mode, its last period repeated so that it spikes at a time in common."""
    wave, time = single.a.values[:, 0].real, single.time.values
    (spikes,) = spike_times(single)
    if spikes.size < 2 or math.isnan(common):
        return wave
    last, period = spikes[-2], spikes[-1] - spikes[-2]
    return np.interp(last + (time - common) % period, time, wave)
