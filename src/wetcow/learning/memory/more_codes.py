"""Whether more codes are worth having: by what a memory says of examples without them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target

from wetcow.learning.data.samples import targets_of
from wetcow.learning.memory.noise import NOISES
from wetcow.learning.memory.scale import Choice, TableRows, best_common, better
from wetcow.learning.model.memory.stored import Kernel


def asked_for(y: Any) -> np.ndarray | None:
    """Return what a memory is asked for, float (n, outputs); None if there is nothing to ask.

    Values with fractions are numbers, and are standardised; all else are classes, with a column
    each that is 1 for its examples.

    Examples
    --------
    >>> asked_for(np.array(["a", "b", "a"], object)).tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    >>> asked_for(np.array([0.5, 1.5])).tolist(), asked_for(np.array([1, 1]))
    ([[-1.0], [1.0]], None)
    """
    if type_of_target(y).startswith("continuous"):
        values = np.asarray(y, np.float64).reshape(len(y), -1)
        spread = values.std(axis=0)
        return (values - values.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    # Labels that are objects have an order, but rows of them have none.
    kinds, labels = np.unique(y, axis=0 if y.ndim > 1 else None, return_inverse=True)
    return targets_of(labels.ravel(), len(kinds)) if len(kinds) > 1 else None


def are_worth_it(codes: np.ndarray, more: np.ndarray, targets: np.ndarray) -> bool:
    """Return whether a memory of `codes` and `more` errs less than one of `codes`.

    Each example is left out alone; scale of columns and noise are the best for each. Less is: by
    more than one standard error of the difference of squared errors.

    Parameters
    ----------
    codes, more : float arrays (n, d), (n, e)
        Of the same examples.
    targets : float array (n, outputs)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> codes, more = rng.normal(size=(2, 60, 4))
    >>> are_worth_it(codes, more, more[:, :1]), are_worth_it(codes, more, codes[:, :1])
    (True, False)
    """
    own, others = (_best(each, targets) for each in (codes, np.hstack([codes, more])))
    return better(others, own, np.ones(len(targets)))


def _best(codes: np.ndarray, targets: np.ndarray) -> Choice:
    """Return the best that a memory of these codes can do."""
    centred = codes - codes.mean(axis=0, dtype=np.float64)
    spread = centred.std(axis=0)
    columns = centred / np.where(spread > 0, spread, 1) / np.sqrt(codes.shape[1])
    rows = TableRows(columns=columns, targets=targets, weights=np.ones(len(targets)))
    return best_common(rows, Kernel().series, NOISES)
