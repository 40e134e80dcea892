"""Class modes that meet [26, 27] as inequalities, by repeating the closed form.

What the read-out needs of a class mode is less than [26] asks: for its own class it is to be
critical *or beyond*, for all others at rest *or damped*. An image that is already there need not be
pulled back. So the closed form is solved again, with targets that ask an image only for what it
still lacks,

    y ← max(cr, 1) for its own class,  y ← min(cr, 0) for the others,

and so on. The matrix is the same each time and stays factorised, so that a repetition costs two
products with the features. Each is the exact minimum of a bound from above of the (squared)
violations plus the ridge, whose sum therefore falls; the sequence is extrapolated by Nesterov's
rule, which reaches the same minimum in fewer passes. This is a linear support vector machine with
squared hinge loss, solved by majorisation. The features are not trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from wetcow.learning.model.ridge import ClassModes, substitute


def satisfied(criticality: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the nearest criticalities that satisfy the inequalities, (n, classes).

    What is left of a difference is the slack. A target that is NaN asks for nothing, so that its
    sample has no influence.

    Examples
    --------
    >>> satisfied(np.array([[1.5, 0.2], [0.7, -0.3]]), np.array([[1, 0], [1, 0]])).tolist()
    [[1.5, 0.0], [1.0, -0.3]]
    """
    own, other = np.maximum(criticality, 1), np.minimum(criticality, 0)
    return np.where(np.isnan(targets), criticality, np.where(targets > 0.5, own, other))


def hinge_sums(
    extrapolated: np.ndarray, batches: Iterable[tuple[Any, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Sums over samples of what the closed form is solved for next, one pass over the data.

    Parameters
    ----------
    extrapolated : float64 array (d + 1, classes)
        Couplings and, in the last row, excitations without input.
    batches : iterable of (features, targets)
        Samples. Columns of the targets do not depend on each other: the same class may come twice,
        once with some samples left out by NaN.

    Returns
    -------
    cross : float64 array (d, classes)
        Σxyᵀ with the one-sided targets y.
    total : float64 array (classes,)
        Σy.
    """
    cross, total = np.zeros_like(extrapolated[:-1]), np.zeros_like(extrapolated[-1])
    for features, targets in batches:
        coupling = extrapolated[:-1].astype(features.dtype)
        gamma = extrapolated[-1].astype(features.dtype)
        wanted = satisfied(features @ coupling + gamma, targets)
        cross += features.T @ wanted
        total += wanted.sum(axis=0, dtype=np.float64)
    return cross, total


def minimise_hinge(
    modes: ClassModes, sums: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], passes: int
) -> ClassModes:
    """Repeat the closed form with the sums of one-sided targets, wherever these come from.

    Parameters
    ----------
    modes : ClassModes
        Where to start from. The factor, in double precision, must be that of all samples.
    sums : callable
        Returns `hinge_sums` of all samples.
    passes : int
        Repetitions.

    Returns
    -------
    ClassModes
        With other couplings and excitations; the factor is the same.
    """
    current = extrapolated = np.vstack([modes.coupling, modes.gamma])
    inertia = 1.0
    for _ in range(passes):
        cross, total = sums(extrapolated)
        coupling = substitute(modes.factor, cross - np.outer(modes.mean, total))
        following = np.vstack([coupling, total / modes.count - modes.mean @ coupling])
        gained = (1 + math.sqrt(1 + 4 * inertia**2)) / 2
        extrapolated = following + (inertia - 1) / gained * (following - current)
        current, inertia = following, gained
    return modes._replace(coupling=current[:-1], gamma=current[-1])
