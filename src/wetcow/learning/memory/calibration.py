"""How far the criticalities of class modes are to be trusted.

Probabilities and uncertainties need criticalities of examples that class modes were not solved
with. `wetcow.learning.memory.examples` has them: of few examples, and where landmarks stand for
all, each is left out alone, in closed form; else some are left out together, of a second solution
that is found beside the first.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from wetcow.learning.model.readout import MemoryReadout
from wetcow.learning.model.ridge import fit_temperature

NUM_CALIBRATING = 2_000  # examples by whose left-out criticalities probabilities are calibrated


class Calibration(NamedTuple):
    """What is known of the errors of class modes.

    Attributes
    ----------
    inverse_temperature : float
        Factor of criticalities in the softmax of probabilities.
    residual_variance : float
        Mean squared error of left-out criticalities.
    uncertainty_threshold : float
        Predictive variance that is exceeded by 1 % of left-out examples.
    n_left_out : int
        Number of these examples.
    left_out_accuracy : float
        Share of them whose own class mode comes nearest to criticality.
    together : bool
        Whether they were left out all at once; else each alone.
    """

    inverse_temperature: float
    residual_variance: float
    uncertainty_threshold: float
    n_left_out: int
    left_out_accuracy: float
    together: bool


class LeftOut(NamedTuple):
    """What is said of examples by modes that were solved without them.

    Attributes
    ----------
    criticality : float64 array (n, columns)
    variance : float64 array (n,)
        Predictive variances.
    targets : float array (n, columns)
        What they were to be.
    weights : float array (n,)
        How often each example counts. It was left out with all its weight.
    unseen : bool array (n,)
        Whether the projection was made without it, so that its variance is to be trusted.
    together : bool
        Whether they were left out all at once; else each alone.
    """

    criticality: np.ndarray
    variance: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    unseen: np.ndarray
    together: bool

    def threshold(self) -> float:
        """Predictive variance that is exceeded by 1 % of the examples."""
        return weighted_quantile(self.variance[self.unseen], self.weights[self.unseen], 0.99)


class Memorized(NamedTuple):
    """A memory that is not calibrated yet.

    Attributes
    ----------
    readout : MemoryReadout
        From codes to criticalities.
    left_out : LeftOut
        By which it can be.
    """

    readout: MemoryReadout
    left_out: LeftOut


class Learned(NamedTuple):
    """What is learned of data with hidden modes that stay as they are.

    Attributes
    ----------
    readout : MemoryReadout
        From codes to criticalities.
    calibration : Calibration or ValueCalibration
        What is known of their errors.
    """

    readout: MemoryReadout
    calibration: Any


def weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """Return what `numpy.quantile` would for values that are repeated as often as they weigh.

    Examples
    --------
    >>> values, weights = np.array([3.0, 1.0]), np.array([1, 2])
    >>> round(weighted_quantile(values, weights, 0.8), 6), np.quantile([1, 1, 3], 0.8).round(6)
    (2.2, np.float64(2.2))
    """
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(np.asarray(weights, float)[order])
    position = max(share * (upto[-1] - 1), 0)
    low, rest = np.floor(position), position - np.floor(position)
    places = np.searchsorted(upto, [low, low + 1], side="right").clip(max=len(values) - 1)
    lower, upper = values[order[places]]
    return float(lower + rest * (upper - lower))


def _with_one_unseen(targets: np.ndarray, total: float) -> np.ndarray:
    """Return targets of which one more, unseen, has any class: else no error would be certainty."""
    share = 1 / (total + 1)
    return (1 - share) * targets + share / targets.shape[1]


def calibrate(left_out: LeftOut) -> Calibration:
    """Calibrate probabilities and uncertainties of classes.

    Parameters
    ----------
    left_out : LeftOut
        Targets are 1 for the own class, 0 for others.

    Examples
    --------
    >>> known = calibrate(
    ...     LeftOut(
    ...         criticality=np.eye(2),
    ...         variance=np.array([0.1, 0.2]),
    ...         targets=np.eye(2),
    ...         weights=np.ones(2),
    ...         unseen=np.ones(2, bool),
    ...         together=False,
    ...     )
    ... )
    >>> known.left_out_accuracy, round(known.uncertainty_threshold, 3)
    (1.0, 0.199)
    """
    criticality, targets, weights = left_out.criticality, left_out.targets, left_out.weights
    right = criticality.argmax(axis=1) == targets.argmax(axis=1)
    wanted = _with_one_unseen(targets, float(weights.sum()))
    squares = np.mean((criticality - targets) ** 2, axis=1)
    return Calibration(
        inverse_temperature=fit_temperature(criticality, wanted, weights),
        residual_variance=float(np.average(squares, weights=weights)),
        uncertainty_threshold=left_out.threshold(),
        n_left_out=len(targets),
        left_out_accuracy=float(np.average(right, weights=weights)),
        together=left_out.together,
    )
