"""How far the criticalities of class modes are to be trusted.

Probabilities and uncertainties need criticalities of samples that the class modes were not solved
with. For the closed form these are known without solving again (`ridge.leave_one_out`). With
margin passes, a second set of class modes is solved beside the first, in the same passes, for which
some samples do not exist.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wetcow.learning.model import ridge as closed_form
from wetcow.learning.model.hinge import satisfied

NUM_CALIBRATING = 2_000  # samples by whose left-out criticalities probabilities are calibrated
_MOST_LEFT_OUT = 5  # of so many samples one at most is left out of margin passes


class Calibration(NamedTuple):
    """What is known of the errors of class modes.

    Attributes
    ----------
    inverse_temperature : float
        Factor of criticalities in the softmax of probabilities.
    residual_variance : float
        Mean squared error of left-out criticalities.
    uncertainty_threshold : float
        Variance of criticalities that is exceeded by 1 % of left-out samples.
    n_left_out : int
        Number of these samples.
    left_out_accuracy : float
        Share of them whose own class mode comes nearest to criticality.
    """

    inverse_temperature: float
    residual_variance: float
    uncertainty_threshold: float
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


def calibration_rows(n: int, margin_passes: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of the samples to calibrate with; fewer with margin passes, which do without them."""
    most = max(n // _MOST_LEFT_OUT, 1) if margin_passes else n
    return some_rows(n, min(NUM_CALIBRATING, most), rng)


def calibrate(
    modes: closed_form.ClassModes,
    features: np.ndarray,
    targets: np.ndarray,
    without: closed_form.ClassModes | None = None,
) -> Calibration:
    """Calibrate probabilities and uncertainties of class modes.

    Parameters
    ----------
    modes : ClassModes
        Solved with these samples among others, with the factor in double precision.
    features : float array (n, 1 + copies, d)
        Of the samples and their copies.
    targets : float array (n, classes)
        1 for the own class, 0 for others.
    without : ClassModes, optional
        Those of margin passes for which the samples did not exist; None if there were no passes.

    Returns
    -------
    Calibration
    """
    left_out, variance = closed_form.leave_one_out(modes, features, targets)
    wanted = targets
    if without is not None:
        left_out = features[:, 0] @ without.coupling + without.gamma
        wanted = satisfied(left_out, targets)
    residual_variance = float(np.mean((left_out - wanted) ** 2))
    right = left_out.argmax(axis=1) == targets.argmax(axis=1)
    return Calibration(
        inverse_temperature=closed_form.fit_temperature(left_out, targets),
        residual_variance=residual_variance,
        uncertainty_threshold=float(residual_variance * np.quantile(variance, 0.99)),
        n_left_out=len(targets),
        left_out_accuracy=float(np.mean(right)),
    )
