"""Class modes solved from training data, and how far their criticalities are to be trusted.

Probabilities and uncertainties need criticalities of samples that the class modes were not solved
with. For the closed form these are known without solving again (`class_modes.leave_one_out`). With
margin passes, a second set of class modes is solved beside the first, in the same passes, for which
some samples do not exist.
"""

from __future__ import annotations

import functools
from typing import Literal, NamedTuple

import numpy as np

from wetcow.learning.data.batches import Blocks
from wetcow.learning.model import ridge as closed_form
from wetcow.learning.model.hinge import lacking, met, repeat
from wetcow.learning.model.statistics import Statistics
from wetcow.learning.progress import StartStage

_NUM_CALIBRATING = 2_000  # samples by whose left-out criticalities probabilities are calibrated
_MOST_LEFT_OUT = 5  # of so many samples one at most is left out of margin passes


class Solution(NamedTuple):
    """Class modes and what is known of their errors.

    Attributes
    ----------
    modes : ClassModes
        With the factor in double precision.
    ridge : float
        Penalty λ.
    sharpness : float
        Inverse temperature of probabilities.
    noise : float
        Mean squared error of left-out criticalities.
    usual_uncertainty : float
        Variance of criticalities that is exceeded by 1 % of left-out samples.
    n_left_out : int
        Number of these samples.
    left_out_accuracy : float
        Share of them whose own class mode comes nearest to criticality.
    """

    modes: closed_form.ClassModes
    ridge: float
    sharpness: float
    noise: float
    usual_uncertainty: float
    n_left_out: int
    left_out_accuracy: float


def some_rows(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """At most `count` of `n` rows, at random, in order.

    Examples
    --------
    >>> some_rows(3, 5, np.random.default_rng(0))
    array([0, 1, 2])
    """
    if n <= count:
        return np.arange(n)
    return np.sort(rng.choice(n, size=count, replace=False))


def solve(
    statistics: Statistics,
    blocks: Blocks,
    ridge: float | Literal["gcv"],
    margin_passes: int,
    rng: np.random.Generator,
    start: StartStage,
) -> Solution:
    """Solve and calibrate the class modes.

    Parameters
    ----------
    statistics : Statistics
        Sums over all samples.
    blocks : Blocks
        The last samples; with margin passes, these must be all. Left-out ones are marked in them.
    ridge : float or "gcv"
        Penalty, or how it is chosen.
    margin_passes : int
        Repetitions with one-sided targets.
    rng : numpy Generator
        Draws the samples to calibrate with.
    start : callable
        Starts a stage of the progress.
    """
    start("class modes")
    if ridge == "gcv":
        ridge = closed_form.cross_validate(statistics)[0]
    modes = closed_form.solve(statistics, ridge)
    n = len(blocks)
    count = min(_NUM_CALIBRATING, max(n // _MOST_LEFT_OUT, 1) if margin_passes else n)
    some = some_rows(n, count, rng)
    if margin_passes:
        modes, without = _with_margins(modes, blocks, some, margin_passes, start)
        start("calibration")
        x, targets = blocks.take(some)
        left_out = x[:, 0] @ without.coupling + without.gamma
        _, variance = closed_form.leave_one_out(modes, x, targets)
        wanted = met(left_out, targets)
    else:
        start("calibration")
        x, targets = blocks.take(some)
        left_out, variance = closed_form.leave_one_out(modes, x, targets)
        wanted = targets
    noise = float(np.mean((left_out - wanted) ** 2))
    usual = float(noise * np.quantile(variance, 0.99))
    right = float(np.mean(left_out.argmax(axis=1) == targets.argmax(axis=1)))
    sharpness = closed_form.fit_sharpness(left_out, targets)
    return Solution(modes, ridge, sharpness, noise, usual, len(targets), right)


def _with_margins(
    modes: closed_form.ClassModes,
    blocks: Blocks,
    left_out: np.ndarray,
    passes: int,
    start: StartStage,
) -> tuple[closed_form.ClassModes, closed_form.ClassModes]:
    """Class modes after margin passes, and others beside them for which some rows do not exist."""
    blocks.leave_out(left_out)
    advance = start("margin passes", passes)

    def sums(ahead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return blocks.reduce(
            functools.partial(lacking, ahead),
            _added,
            lambda steps, note="": advance(steps / len(blocks), note),
        )

    both = repeat(
        modes._replace(
            coupling=np.hstack([modes.coupling, np.zeros_like(modes.coupling)]),
            gamma=np.hstack([modes.gamma, np.zeros_like(modes.gamma)]),
        ),
        sums,
        passes,
    )
    n = len(modes.gamma)
    halves = (slice(n), slice(n, None))
    # Whole arrays, as a loaded model has them: products of others may be rounded differently.
    first, other = (
        modes._replace(coupling=both.coupling[:, half].copy(), gamma=both.gamma[half].copy())
        for half in halves
    )
    return first, other


def _added(
    one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    return one[0] + other[0], one[1] + other[1]
