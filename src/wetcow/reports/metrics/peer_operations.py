"""What classifying one image takes by others' networks, counted as our own is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from wetcow.reports.metrics.operations import Count, products
from wetcow.reports.peers.spiking import STEPS


def layers(sizes: Sequence[int]) -> Count:
    """Count a perceptron with so many inputs, units in each layer, and classes."""
    count = Count(memory_words=sizes[0])
    for inputs, outputs in itertools.pairwise(sizes):
        count = count.plus(products(inputs, outputs))
    return count


def spiking(sizes: Sequence[int], spikes: Sequence[float]) -> Count:
    """Count integrate-and-fire neurons, by events (see `wetcow.reports.peers.spiking`).

    Parameters
    ----------
    sizes : sequence of int
        Inputs, neurons of each layer, classes.
    spikes : sequence of float
        Of each layer but the last, for an image.

    Returns
    -------
    Count
        Input currents are computed once. A spike adds a weight to each neuron it reaches, which
        is read on the chip. In each step a neuron decays and adds its current and its offset; one
        that can fire is compared, and after a spike reset.

    Examples
    --------
    >>> count = spiking([4, 3, 2], [10.0])
    >>> count.multiplications == 4 * 3 + STEPS * 5, count.memory_words == 4 + 15 + 8
    (True, True)
    """
    first, *others = itertools.pairwise(sizes)
    count = products(*first).plus(Count(memory_words=sizes[0]))
    for fired, (inputs, outputs) in zip(spikes, others, strict=True):
        count = count.plus(
            Count(
                additions=outputs,
                multiplications=0,
                others=0,
                memory_words=0,
                chip_words=3 * outputs,
            ),
            fired,
        )
        count = count.plus(Count(additions=fired, memory_words=inputs * outputs + outputs))
    neurons = sum(sizes[1:])
    count = count.plus(
        Count(additions=2, multiplications=1, others=0, memory_words=0, chip_words=2),
        STEPS * neurons,
    )
    return count.plus(Count(additions=1), STEPS * sizes[-1])  # class neurons are summed up


def convolutions(maps: Sequence[tuple[int, int, int]], n_classes: int, side: int) -> Count:
    """Count convolutions of 3×3 with batch normalisation, and one layer of classes.

    Parameters
    ----------
    maps : sequence of (int, int, int)
        Of each convolution: maps in, maps out, and pixels of a side.
    n_classes : int
    side : int
        Of the last maps, pooled.
    """
    count = Count(memory_words=maps[0][2] ** 2)
    for inputs, outputs, size in maps:
        once = 9.0 * inputs * outputs
        count = count.plus(
            Count(
                additions=once + outputs,
                multiplications=once + outputs,
                others=0,
                memory_words=0,
                chip_words=2 * outputs,
            ),
            size**2,
        )
        count = count.plus(Count(memory_words=once + 2 * outputs))
    return count.plus(products(maps[-1][1] * side**2, n_classes))


def small_convnet(
    maps: tuple[int, int, int] = (16, 30, 30), side: int = 28, n_classes: int = 10
) -> Count:
    """Count the network `wetcow.reports.peers.convolutional.Small`.

    Examples
    --------
    >>> round(small_convnet().multiplications / 1e6, 2)
    5.14
    """
    first, second, third = maps
    sizes = [(1, first, side), (first, second, side), (second, third, side // 2)]
    return convolutions(sizes, n_classes, side // 4)
