"""How far the criticalities of class modes are to be trusted.

Probabilities and uncertainties need criticalities of examples that class modes were not solved
with. `wetcow.learning.memory.examples` has them: of few examples, and where landmarks stand for
all, each is left out alone, in closed form; else some are left out together, of a second solution
that is found beside the first.
"""

from __future__ import annotations

from typing import NamedTuple

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


class Learned(NamedTuple):
    """What is learned of data with hidden modes that stay as they are.

    Attributes
    ----------
    readout : MemoryReadout
        From codes to criticalities.
    calibration : Calibration
        What is known of their errors.
    """

    readout: MemoryReadout
    calibration: Calibration


def _with_doubt(targets: np.ndarray) -> np.ndarray:
    """Return targets of which one more, unseen, has any class: else no error would be certainty."""
    share = 1 / (len(targets) + 1)
    return (1 - share) * targets + share / targets.shape[1]


def calibrate(
    criticality: np.ndarray, variance: np.ndarray, targets: np.ndarray, *, together: bool
) -> Calibration:
    """Calibrate probabilities and uncertainties.

    Parameters
    ----------
    criticality : float64 array (n, classes)
        Of examples, by class modes that were solved without them.
    variance : float64 array (m,)
        Predictive variances of these, or of some of them.
    targets : float array (n, classes)
        1 for the own class, 0 for others.
    together : bool
        See `Calibration`.

    Examples
    --------
    >>> known = calibrate(np.eye(2), np.array([0.1, 0.2]), np.eye(2), together=False)
    >>> known.left_out_accuracy, round(known.uncertainty_threshold, 3)
    (1.0, 0.199)
    """
    right = criticality.argmax(axis=1) == targets.argmax(axis=1)
    return Calibration(
        inverse_temperature=fit_temperature(criticality, _with_doubt(targets)),
        residual_variance=float(np.mean((criticality - targets) ** 2)),
        uncertainty_threshold=float(np.quantile(variance, 0.99)),
        n_left_out=len(targets),
        left_out_accuracy=float(np.mean(right)),
        together=together,
    )
