"""What classifying one image takes, counted from sizes: arithmetic, memory, and energy by a table.

Energy is an **estimate**, not a measurement: what arithmetic and memory take in a 45 nm process,
from M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from wetcow.learning.dynamics.network import CODES, LearnedNetwork
from wetcow.learning.model.activation import DEGREE
from wetcow.learning.model.encoder import n_features
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.readout import MemoryReadout

PICOJOULES = {
    "additions": 0.9,
    "multiplications": 3.7,
    "others": 37.0,
    "chip_words": 5.0,
    "memory_words": 640.0,
}
"""Of an operation or a word, 32 bits in floating point: Horowitz (2014), 45 nm, 0.9 V.

Memory on the chip is a small cache of 8 KB, memory beside it DRAM. Horowitz has no roots and
divisions ("others"): each is taken as ten multiplications.
"""

_EVALUATIONS, _COMBINED = 6, 21  # Tsitouras' method: of the field, and multiples added up, a step


class Count(NamedTuple):
    """What one image takes.

    Attributes
    ----------
    additions, multiplications, others : float
        Operations in floating point; others are divisions and roots. Comparisons are not counted.
    memory_words : float
        Numbers that come from memory: parameters and the image, each once.
    chip_words : float
        Numbers that are written on the chip and read there.
    """

    additions: float = 0.0
    multiplications: float = 0.0
    others: float = 0.0
    memory_words: float = 0.0
    chip_words: float = 0.0

    def plus(self, other: Count, times: float = 1.0) -> Count:
        """Return the sum of both, the other so many times."""
        return Count(*(one + times * two for one, two in zip(self, other, strict=True)))

    @property
    def operations(self) -> float:
        """All arithmetic."""
        return self.additions + self.multiplications + self.others

    @property
    def microjoules(self) -> float:
        """Energy by `PICOJOULES`.

        Examples
        --------
        >>> round(Count(additions=1e6, memory_words=1e3).microjoules, 2)
        1.54
        """
        return 1e-6 * sum(PICOJOULES[name] * n for name, n in self._asdict().items())


def products(inputs: float, outputs: float) -> Count:
    """Count a matrix times a vector, with an offset; each weight is used once.

    Examples
    --------
    >>> products(3, 2)
    Count(additions=6.0, multiplications=6.0, others=0.0, memory_words=8.0, chip_words=4.0)
    """
    once = float(inputs * outputs)
    return Count(
        additions=once,
        multiplications=once,
        others=0.0,
        memory_words=once + outputs,
        chip_words=2.0 * outputs,
    )


def _codes(response: str) -> Count:
    """Count the answer of one hidden mode as it is computed: both sides of criticality."""
    if response == "relu":
        return Count()
    if response == "analytic":  # p = ω − wγ, q = ω + wγ, sqrt(p q)
        return Count(additions=2, multiplications=2, others=1)
    # γ/ω, its criticality, k, the root on either side; then polynomials, and beyond criticality
    # the exact amplitude.
    shared = Count(additions=3, multiplications=4, others=1)
    amplitude, rate = Count(DEGREE + 1, DEGREE + 4), Count(DEGREE, DEGREE + 2)
    return {
        "amplitude": shared.plus(amplitude),
        "rate": shared.plus(rate),
        "both": shared.plus(amplitude).plus(rate),
    }[response]


def encoding(hidden: HiddenModes) -> Count:
    """Count what makes codes of one image that is in its frame already."""
    count = Count()
    for layer, geometry in zip(hidden.layers, hidden.geometries, strict=True):
        pixels, modes = layer.excitation.shape
        positions = (1 + geometry.mirrored) * math.prod(geometry.positions)
        couplings = 1 if layer.frequency is None else 2  # to γ̄, and to ω̄
        codes = 2 if hidden.response == "both" else 1
        if geometry.normalised:  # mean, difference, variance, quotient
            count = count.plus(
                Count(
                    additions=3 * pixels,
                    multiplications=2 * pixels + 2,
                    others=2,
                    memory_words=0,
                    chip_words=2 * pixels,
                ),
                positions,
            )
        one = Count(
            additions=couplings * pixels,
            multiplications=couplings * pixels,
            others=0,
            memory_words=0,
            chip_words=2 * couplings,
        )
        one = one.plus(_codes(hidden.response)).plus(Count(additions=codes))  # pooled
        count = count.plus(one, positions * modes)
        features = n_features(layer, geometry, hidden.response)
        count = count.plus(
            Count(additions=0, multiplications=1, others=1, memory_words=0, chip_words=2), features
        )  # mean and root
        parameters = couplings * pixels * modes + 2 * modes
        count = count.plus(Count(memory_words=parameters))
    return count


def recalling(readout: MemoryReadout) -> Count:
    """Count what a memory makes of codes: components, cosines, κ of these, criticalities."""
    memory, projection = readout.memory, readout.projection
    rows, columns = memory.rows.shape
    count = products(columns, rows).plus(products(rows, memory.coupling.shape[1]))
    if projection is not None:
        codes = len(projection.axes)
        count = count.plus(products(codes, columns)).plus(
            Count(additions=codes, multiplications=2 * codes, others=1)
        )
    count = count.plus(Count(additions=columns, multiplications=2 * columns, others=1))
    # arccos by a polynomial and a root; Clenshaw's recurrence, each step by two numbers.
    terms = len(memory.kernel.series.chebyshev[0])
    kernel = Count(additions=10 + 2 * terms, multiplications=9 + 2 * terms, others=1)
    return count.plus(kernel, rows)


def waves(hidden: HiddenModes, readout: MemoryReadout) -> Count:
    """Count a wave classifier in closed form, from the image as it is given.

    Its frame takes six moments, and for each of its pixels a place in the image and a bilinear
    sample of four of the image's pixels.
    """
    count = encoding(hidden).plus(recalling(readout))
    seen = math.prod(hidden.geometries[0].image)
    if hidden.frame is None or hidden.image is None:
        return count.plus(Count(memory_words=seen))
    given = math.prod(hidden.image)
    return count.plus(
        Count(additions=6, multiplications=8, others=0, memory_words=1, chip_words=1), given
    ).plus(Count(additions=10, multiplications=8, others=0, memory_words=0, chip_words=5), seen)


def one_evaluation(network: LearnedNetwork) -> Count:
    """Count the motion of all modes of an integrated network, once."""
    mode = Count(additions=7, multiplications=11, others=1)  # [11, 12] in Cartesian form
    turning = (
        Count(additions=3, multiplications=6, others=1)
        if network.response != "amplitude"
        else Count()
    )
    codes = len(CODES[network.response])
    features, components = network.axes.shape
    n_random, classes = network.coupling.shape
    total = Count().plus(mode.plus(turning).plus(Count(additions=codes)), network.n_hidden)
    total = total.plus(
        Count(additions=2, multiplications=3, others=1), features
    )  # traces follow means; their roots are projected
    total = total.plus(Count(additions=features, multiplications=features))
    total = total.plus(products(features, components)).plus(products(components, n_random))
    # Random modes, and traces of their amplitudes.
    total = total.plus(mode.plus(Count(additions=4, multiplications=5, others=1)), n_random)
    return total.plus(Count(n_random + 1, n_random), classes).plus(mode, classes)


def integrated(hidden: HiddenModes, network: LearnedNetwork, steps: int) -> Count:
    """Count a network of modes that is integrated, and the drives that its image gives it.

    The closed form's codes are counted with the drives, which is next to nothing. All states are
    kept on the chip: read for every stage of a step, and slopes written.
    """
    stages = Count(
        additions=_COMBINED,
        multiplications=_COMBINED,
        others=0,
        memory_words=0,
        chip_words=_COMBINED + 2 * _EVALUATIONS,
    )
    one = Count().plus(one_evaluation(network), _EVALUATIONS).plus(stages, 2.0 * network.size)
    return encoding(hidden).plus(one, steps)
