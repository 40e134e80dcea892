"""Many memories in one network: which of them attract, and input that selects one [26-30].

Couplings of several memories over overlapping `subsets` come from `memorize`. Waves add up, and do
not compete: a mode outside the memory that runs is excited through the links of other memories that
it shares with it. So a memory is recalled by itself only while other modes are kept at rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wetcow import validation
from wetcow.networks.baselines import Kuramoto
from wetcow.networks.network import Network
from wetcow.simulation.drive import Drive
from wetcow.synchrony.stability import stability


def exponents(network: Network | Kuramoto, subsets: Sequence[Any]) -> np.ndarray:
    """Largest exponent of each memory, its members alone, 1/time: below zero if it attracts.

    Parameters
    ----------
    network : Network or Kuramoto
    subsets : K arrays of mode numbers
        Members of each memory.

    Returns
    -------
    array (K,)

    Raises
    ------
    ValueError
        As `wetcow.stability`, such as for members whose totals differ.

    Examples
    --------
    >>> from wetcow.memory import memorize
    >>> from wetcow.modes.mode import Mode
    >>> subsets = [[0, 1, 2], [2, 3, 4]]
    >>> net = memorize(Mode(gamma=1.5), np.linspace(0.8, 1.2, 5), 0.2, subsets=subsets)
    >>> bool(np.all(exponents(net, subsets) < 0))
    True
    """
    return np.array([stability(network, members=members).largest for members in subsets])


def selecting(
    size: int, subsets: Sequence[Any], times: Sequence[float], *, depth: float = 20.0
) -> Drive:
    """Input that keeps all modes at rest but the members of one memory after the other.

    Parameters
    ----------
    size : int
        Modes of the network.
    subsets : K arrays of mode numbers
        Members of each memory, in the order of recall.
    times : sequence of K + 1 floats
        Increasing; memory k is selected from ``times[k]`` to ``times[k + 1]``.
    depth : float
        What excitation others lose, 1/time: large beside what arrives at them.

    Returns
    -------
    Drive

    Raises
    ------
    ValueError
        For numbers of times, modes and memories that do not fit.

    Examples
    --------
    >>> drive = selecting(3, [[0, 1], [1, 2]], [0.0, 50.0, 100.0], depth=8.0)
    >>> drive.times.tolist(), drive.gamma[:, 0].tolist()
    ([0.0, 50.0, 50.0, 100.0], [0.0, 0.0, -8.0, -8.0])
    """
    depth = validation.number("depth", depth, above=0)
    ends = validation.array("times", times, ndim=1)
    if len(ends) != len(subsets) + 1:
        raise ValueError(
            f"{len(subsets)} memories are selected between {len(subsets) + 1} times, "
            f"got {len(ends)}"
        )
    lost = np.full((len(subsets), size), -depth)
    for one, members in zip(lost, subsets, strict=True):
        one[validation.indices("subsets", np.asarray(members), size)] = 0
    return Drive(times=np.repeat(ends, 2)[1:-1], gamma=np.repeat(lost, 2, axis=0))
