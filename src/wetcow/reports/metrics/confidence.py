"""How far probabilities can be trusted: calibration, risk and coverage, and telling apart."""

from __future__ import annotations

import numpy as np
import scipy.optimize
import scipy.special
from sklearn.metrics import roc_auc_score

_BINS = 15  # of confidence, equally wide, as is usual
_TEMPERATURES = (-3.0, 3.0)  # bounds of their natural logarithm
_LEAST = 1e-12  # probability: the logarithm of zero would hide everything else


def calibration_bins(
    confidence: np.ndarray, correct: np.ndarray, n_bins: int = _BINS
) -> list[tuple[float, float, float]]:
    """Sort answers by their confidence.

    Parameters
    ----------
    confidence : array (n,)
        From 0 to 1: the highest of the probabilities.
    correct : bool array (n,)
        Whether the answer is right.
    n_bins : int
        Equally wide.

    Returns
    -------
    list of (float, float, float)
        Mean confidence, share of right answers and share of all answers, for each bin that has any.

    Examples
    --------
    >>> calibration_bins(np.array([0.9, 0.9, 0.4, 0.4]), np.array([1, 1, 1, 0]), n_bins=2)
    [(0.4, 0.5, 0.5), (0.9, 1.0, 0.5)]
    """
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    found = []
    for number in np.unique(bins):
        inside = bins == number
        found.append(
            (float(confidence[inside].mean()), float(correct[inside].mean()), float(inside.mean()))
        )
    return found


def expected_calibration_error(
    confidence: np.ndarray, correct: np.ndarray, n_bins: int = _BINS
) -> float:
    """Mean distance of confidence and share of right answers (ECE, Guo et al. 2017).

    Parameters and bins as for `calibration_bins`.

    Examples
    --------
    >>> expected_calibration_error(np.array([0.75] * 4), np.array([1, 1, 1, 0]))
    0.0
    """
    bins = calibration_bins(confidence, correct, n_bins)
    return sum(share * abs(sure - right) for sure, right, share in bins)


def negative_log_likelihood(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean of −ln p of the right class (n, classes), with p of at least 1e-12.

    Examples
    --------
    >>> round(negative_log_likelihood(np.full((3, 2), 0.5), np.array([0, 1, 0])), 4)
    0.6931
    """
    own = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(own, _LEAST)).mean())


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return p^(1/T), normalised (n, classes): softer for a temperature T above one.

    Examples
    --------
    >>> tempered(np.array([[0.8, 0.2]]), 2.0).round(3).tolist()
    [[0.667, 0.333]]
    """
    return scipy.special.softmax(np.log(np.maximum(probabilities, _LEAST)) / temperature, axis=1)


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Temperature at which the labels of images that were left out are the most likely.

    The usual way of calibrating a network (Guo et al. 2017), from e⁻³ to e³.

    Parameters
    ----------
    probabilities : array (n, classes)
    labels : int array (n,)
    """

    def loss(logarithm: float) -> float:
        return negative_log_likelihood(tempered(probabilities, np.exp(logarithm)), labels)

    found = scipy.optimize.minimize_scalar(loss, bounds=_TEMPERATURES, method="bounded")
    return float(np.exp(found.x))


def risk_by_coverage(confidence: np.ndarray, correct: np.ndarray) -> np.ndarray:
    """Share of wrong answers among the k of highest confidence, for k from 1 to n.

    Answers of equal confidence count with the mean of theirs, so that their order does not matter.

    Parameters
    ----------
    confidence : array (n,)
        Of any scale.
    correct : bool array (n,)

    Returns
    -------
    float64 array (n,)
        Its mean is the area under the curve of risk against coverage (AURC, Geifman & El-Yaniv).

    Examples
    --------
    >>> risk_by_coverage(np.array([0.1, 0.9, 0.5, 0.5]), np.array([0, 1, 1, 0])).round(3).tolist()
    [0.0, 0.25, 0.333, 0.5]
    """
    _, group, count = np.unique(-confidence, return_inverse=True, return_counts=True)
    wrong = np.bincount(group, ~correct.astype(bool)) / count
    return np.cumsum(np.repeat(wrong, count)) / np.arange(1, len(confidence) + 1)


def told_apart(known: np.ndarray, unknown: np.ndarray) -> float:
    """Probability that a score is higher for something unknown than known (AUROC), ties half.

    Examples
    --------
    >>> told_apart(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    0.875
    """
    truth = np.repeat([0, 1], [len(known), len(unknown)])
    return float(roc_auc_score(truth, np.concatenate([known, unknown])))
