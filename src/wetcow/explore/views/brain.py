"""What there is to see of a brain: one mode for each region of a connectome [19, 20]."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import scipy.signal

from wetcow.explore.views.network import seen, simulated
from wetcow.explore.views.of_network import OfNetwork
from wetcow.explore.views.runs import NETWORK_START, configuration_of_run, phases, run
from wetcow.networks.connectome.model import Connectome
from wetcow.synchrony.spikes import spiking_frequency

REGIONS = 76
SPREAD = 0.1  # of the frequencies of regions, beside their mean
DURATION = 200.0  # units of time, of 1/(2π · 10 Hz): three seconds
_SEGMENT = 1000  # samples that a spectrum is made of, again and again


@dataclasses.dataclass(frozen=True)
class BrainView(OfNetwork):
    """A brain, seen.

    Attributes
    ----------
    network : NetworkView
        Its motion, with names of regions and seconds; the unit of time is that of the
        connectome, 1/(2π · 10 Hz).
    positions : float64 array (regions, 3)
        To the right, front and top, mm.
    regions : list of str
    hertz : float64 array (regions,)
        Spiking frequencies, Hz; 0 for silent regions and NaN for too few spikes.
    spectrum_hertz, spectrum : float64 arrays (frequencies,)
        Power spectrum of Re a, the mean over regions, per Hz.
    """

    positions: np.ndarray
    regions: list[str]
    hertz: np.ndarray
    spectrum_hertz: np.ndarray
    spectrum: np.ndarray


def look_at_brain(
    speed: float = 5.0,
    strength: float = 0.5,
    gamma: float = 0.5,
    seed: int = 0,
) -> BrainView:
    """Integrate the example connectome with one mode for each region.

    Parameters
    ----------
    speed : float
        Of conduction, m/s. Delays of links enter as phases at the mean frequency, 10 Hz.
    strength : float
        Of all couplings; 1 couples a region as much as it excites itself with γ = 1, about.
    gamma : float
        Excitation of every region, units of 2π · 10 Hz.
    seed : int
        Of frequencies and of the start.

    Returns
    -------
    BrainView

    Raises
    ------
    ValueError
        For a speed that is not positive.

    Examples
    --------
    >>> view = look_at_brain(speed=20.0, strength=0.8, gamma=0.2)
    >>> view.network.regime, view.positions.shape
    ('synchronous', (76, 3))
    """
    brain = Connectome.example(REGIONS).replace(speed=speed)
    omega = np.random.default_rng(seed).normal(1, SPREAD, REGIONS)
    network = brain.to_network(gamma, strength, omega=omega)
    a0 = phases(seed, REGIONS)
    motion = run(network, a0=a0, duration=DURATION)
    with warnings.catch_warnings():
        # The page says of how many regions the rate is not known.
        warnings.filterwarnings("ignore", message="phases turn|.*spiked less than twice")
        frequencies = spiking_frequency(motion).values
    code = f"""import numpy as np
import scipy.signal
import wetcow as wc

brain = wc.Connectome.example({REGIONS!r}).replace(speed={speed!r})
omega = np.random.default_rng({seed!r}).normal(1, {SPREAD!r}, brain.size)
network = brain.to_network({gamma!r}, {strength!r}, omega=omega)
phases = np.random.default_rng({seed!r}).uniform(0, 2 * np.pi, brain.size)
a0 = {NETWORK_START!r} * np.exp(1j * phases)
{simulated("network", motion, "a0=a0")}run = brain.label(run)
hertz = brain.frequency * frequencies
interval = float(run.seconds[1] - run.seconds[0])
spectrum_hertz, spectra = scipy.signal.welch(
    run.a.values.real[run.sizes["time"] // 2 :], 1 / interval, nperseg={_SEGMENT!r}, axis=0
)
spectrum = spectra.mean(axis=1)
"""
    network_view = seen(motion, omega, frequencies, code, configuration_of_run(network, a0, motion))
    labelled = brain.label(motion)
    interval = float(labelled["seconds"][1] - labelled["seconds"][0])
    late = motion.a.values.real[motion.sizes["time"] // 2 :]
    spectrum_hertz, spectra = scipy.signal.welch(late, 1 / interval, nperseg=_SEGMENT, axis=0)
    assert brain.positions is not None
    return BrainView(
        network=network_view._replace(run=labelled),
        positions=np.asarray(brain.positions),
        regions=[str(name) for name in labelled["region"].values],
        hertz=brain.frequency * frequencies,
        spectrum_hertz=spectrum_hertz,
        spectrum=spectra.mean(axis=1),
    )
