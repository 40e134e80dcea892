"""Weights of samples: how often each one counts.

A sample of weight 2 is the same as the sample twice, one of weight 0 as none. So that this holds
for what is drawn at random, too, equal samples are brought together before anything is drawn, in
an order that follows from the samples alone (`distinct`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from wetcow.learning.data.validation import as_floats, is_dask
from wetcow.validation import refuse_masked

_AT_ONCE = 1024  # rows whose bytes are looked at
_DIGEST = 16  # bytes, in which no two different rows will ever agree


def check_weights(sample_weight: Any, count: int) -> np.ndarray | None:
    """Return valid weights, float64 (n,), or None if all are one.

    Parameters
    ----------
    sample_weight : array (n,), number or None
        What the user gave.
    count : int
        n.

    Raises
    ------
    ValueError
        For another number of weights, negative ones, NaN, infinity, and if all are zero.

    Examples
    --------
    >>> check_weights([1, 2], 2), check_weights(None, 2)
    (array([1., 2.]), None)
    """
    if sample_weight is None:
        return None
    refuse_masked("sample_weight", sample_weight)
    if type(sample_weight).__module__.startswith("dask"):
        sample_weight = np.asarray(sample_weight)
    weights = _check_sample_weight(
        sample_weight, np.empty((count, 0)), dtype=np.float64, ensure_non_negative=True
    )
    if not weights.any():
        raise ValueError("sample_weight is zero for all samples: there is nothing to learn")
    return None if np.all(weights == 1) else weights


def class_weights(
    class_weight: Any, classes: np.ndarray, labels: np.ndarray, weights: np.ndarray | None
) -> np.ndarray | None:
    """Multiply the weights of samples by those of their classes.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        Weights by label, 1 for those that are missing. "balanced": so that all classes have the
        same weight in all, and the sum over samples stays as it is.
    classes : array (classes,)
        Labels, sorted.
    labels : int array (n,)
        Numbers of the classes of samples.
    weights : float array (n,) or None
        As from `check_weights`.

    Raises
    ------
    ValueError
        For weights of labels that there are not, and weights that are no numbers of at least 0.

    Examples
    --------
    >>> class_weights("balanced", np.array(["a", "b"]), np.array([0, 0, 0, 1]), None)
    array([0.66666667, 0.66666667, 0.66666667, 2.        ])
    """
    if class_weight is None:
        return weights
    each = np.ones(len(labels)) if weights is None else weights
    if isinstance(class_weight, str):  # "balanced", as was checked
        totals = np.bincount(labels, each, len(classes))
        of_class = each.sum() / np.count_nonzero(totals) / np.where(totals > 0, totals, 1)
        return each * of_class[labels]
    known = dict(zip(classes.tolist(), range(len(classes)), strict=True))
    of_class = np.ones(len(classes))
    for label, weight in class_weight.items():
        if label not in known:
            raise ValueError(
                f"class_weight has a weight for {label!r}, which is not among the classes "
                f"{classes.tolist()}; leave it out"
            )
        of_class[known[label]] = weight
    if not (np.all(np.isfinite(of_class)) and np.all(of_class >= 0)):
        raise ValueError(f"weights of classes are numbers of at least 0, got {class_weight!r}")
    return each * of_class[labels]


def present(
    X: Any, y: np.ndarray, weights: np.ndarray | None, least: int
) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """Rows, what is known of them, and weights of the samples that count at all.

    Raises
    ------
    ValueError
        If fewer than `least` are left.
    """
    if weights is None or weights.all():
        return X, y, weights
    kept = np.flatnonzero(weights)
    if len(kept) < least:
        raise ValueError(
            f"only {len(kept)} of {len(weights)} samples have a weight above zero; at least "
            f"{least} are needed"
        )
    rest = weights[kept]
    return X[kept], y[kept], None if np.all(rest == 1) else rest


def distinct(
    X: Any, y: np.ndarray, weights: np.ndarray | None
) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """Bring equal samples together, which then count as often as they came.

    If there are none, and no weights either, all stays as it is. Else samples are put into an order
    of their own, which does not depend on how they came. Dask arrays and memory maps, which may be
    larger than memory, are left as they are.

    Parameters
    ----------
    X : array (n, columns), or Dask array
    y : array (n,) or (n, columns)
        Labels or values.
    weights : float array (n,) or None

    Examples
    --------
    >>> X, y, weights = distinct(np.ones((3, 2)), np.array([0, 0, 1]), None)
    >>> sorted(zip(y.tolist(), weights.tolist()))
    [(0, 2.0), (1, 1.0)]
    """
    if is_dask(X) or isinstance(X, np.memmap) or isinstance(X.base, np.memmap):
        return X, y, weights
    numbers = y if y.dtype.kind in "biuf" else np.unique(y, return_inverse=True)[1]
    known = bytes_of(numbers.reshape(len(numbers), -1))
    digests = np.array(
        [
            hashlib.blake2b(row + label, digest_size=_DIGEST).digest()
            for row, label in zip(bytes_of(X), known, strict=True)
        ],
        dtype=f"V{_DIGEST}",
    )
    # As numbers: text of fixed width would lose zeros at its end.
    _, first, groups = np.unique(digests, return_index=True, return_inverse=True)
    if weights is None and len(first) == len(X):
        return X, y, None
    each = np.bincount(groups, np.ones(len(X)) if weights is None else weights)
    return X[first], y[first], each


def bytes_of(rows: np.ndarray) -> Iterator[bytes]:
    """Bytes of each row that say what its numbers are, whatever kind of numbers they came as.

    Examples
    --------
    >>> one, other = (next(bytes_of(np.array([[0, 3]], kind))) for kind in (np.uint8, np.float64))
    >>> one == other
    True
    """
    for start in range(0, len(rows), _AT_ONCE):
        some = as_floats(rows[start : start + _AT_ONCE])
        with np.errstate(over="ignore"):
            single = some.astype(np.float32)
        exact = np.all(single == some, axis=1)
        for known, short, row in zip(exact, single, some, strict=True):
            yield ((short if known else row) + 0.0).tobytes()  # -0 becomes 0, which it equals
