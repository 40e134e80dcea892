"""What there is to see of a memory: modes of chosen frequencies that replay a target [26-30]."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from wetcow.explore.network_view import NetworkView, seen
from wetcow.explore.runs import run
from wetcow.memory.construct import memorize
from wetcow.modes.mode import Mode

WITHIN = 0.005  # of the target's frequency: then a mode replays it
MOST = 40  # modes
FASTEST = 10.0  # radians/time; what the steps of a run resolve


class MemoryView(NamedTuple):
    """A memory, seen.

    Attributes
    ----------
    network : NetworkView
        Its motion without the input.
    target : float64 array (samples,)
        Re a of the single mode that is remembered, with its input.
    target_frequency : float
        Its spiking frequency, exact, radians/time.
    replaying : bool array (modes,)
        Whether each mode's frequency is that of the target.
    weight, delta : float64 arrays (modes, modes)
        Couplings w_ij and δ_ij (radians).
    """

    network: NetworkView
    target: np.ndarray
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
    if not 2 <= len(found) <= MOST:
        raise ValueError(f"give 2 to {MOST} frequencies, got {len(found)}")
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
    view = seen(run(network, seed=seed), np.asarray(omega))
    return MemoryView(
        network=view,
        target=run(target, a0=0.05).a.values[:, 0].real,
        target_frequency=frequency,
        replaying=np.abs(view.frequencies - frequency) <= WITHIN * frequency,
        weight=np.abs(coupling),
        delta=-np.angle(coupling),
    )
