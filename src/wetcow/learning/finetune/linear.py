"""Class modes coupled to codes directly, in closed form: what training by gradient starts from.

A gradient needs a read-out whose cost does not grow with examples. What is trained are hidden
modes; a memory of their codes takes the place of this read-out afterwards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wetcow.learning.data.samples import Samples, some_rows, targets_of
from wetcow.learning.memory.calibration import NUM_CALIBRATING
from wetcow.learning.model import ridge
from wetcow.learning.model.ridge import ClassModes
from wetcow.learning.model.statistics import accumulate

RIDGE = 0.1  # with less, training of few images became unstable


class Linear(NamedTuple):
    """Class modes on standardised codes.

    Attributes
    ----------
    modes : ClassModes
    inverse_temperature : float
        Of their probabilities.
    """

    modes: ClassModes
    inverse_temperature: float


def solve_linear(samples: Samples, rng: np.random.Generator, penalty: float = RIDGE) -> Linear:
    """Solve class modes on the standardised codes of samples, without their copies.

    Parameters
    ----------
    samples : Samples
        Rows in memory.
    rng : numpy Generator
        Draws the samples by which probabilities are calibrated, each left out.
    penalty : float
        λ of `wetcow.learning.model.ridge.solve`.
    """
    hidden, count, size = samples.hidden, len(samples.labels), samples.batch_size

    def features(rows: np.ndarray) -> np.ndarray:
        return hidden.standardised(samples.codes(rows))

    parts = (np.arange(low, min(low + size, count)) for low in range(0, count, size))
    modes = ridge.solve(
        accumulate(
            (features(rows), targets_of(samples.labels[rows], samples.n_classes)) for rows in parts
        ),
        penalty,
    )
    some = some_rows(count, NUM_CALIBRATING, rng)
    targets = targets_of(samples.labels[some], samples.n_classes)
    left_out, _ = ridge.leave_one_out(modes, features(some)[:, None], targets)
    return Linear(modes, ridge.fit_temperature(left_out, targets))
