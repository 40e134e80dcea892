"""Training data as rows and what is known of them, and the targets of modes that are read out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from wetcow.learning.data.copies import NO_COPIES, Copies, encoded
from wetcow.learning.data.validation import as_floats, is_dask
from wetcow.learning.model.hidden_modes import HiddenModes

BATCH_SIZE = 4096
"""Rows whose codes are computed at once, if they are not large."""
_LARGEST_BATCH = 2**28  # bytes of these rows in single precision


class Samples(NamedTuple):
    """Training data, and how codes are made of it.

    Attributes
    ----------
    hidden : HiddenModes
        Whose codes are taken.
    X : array (n, columns), or Dask array
        Rows.
    labels : int array (n,), or float array (n, columns)
        Numbers of their classes, or values that are to be found.
    n_classes : int
        How many classes, or columns of values, there are.
    weights : float array (n,) or None
        How often each sample counts; None: once.
    batch_size : int
        Rows whose codes are computed at once.
    copies : Copies
        Further samples, made of the images in the rows.
    """

    hidden: HiddenModes
    X: Any
    labels: np.ndarray
    n_classes: int
    weights: np.ndarray | None = None
    batch_size: int = BATCH_SIZE
    copies: Copies = NO_COPIES

    def codes(self, rows: np.ndarray) -> np.ndarray:
        """Codes (n, d) of some rows, sorted, without copies."""
        return np.concatenate([self.hidden.codes(part) for part in self.loaded(rows)])

    def weighted(self, rows: Any) -> np.ndarray | None:
        """Weights of some rows, or None if all count once."""
        return None if self.weights is None else self.weights[rows]

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Codes (n, 1 + copies, d) and targets (n, classes) of some rows, sorted."""
        codes = [
            np.stack([*encoded(self.hidden, part, self.copies)], axis=1)
            for part in self.loaded(rows)
        ]
        return np.concatenate(codes), targets_of(self.labels[rows], self.n_classes)

    def loaded(self, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Some rows as floats, a batch at a time: they may take more memory than their codes."""
        X = self.X
        if is_dask(X):  # all at once, so that no chunk is computed twice
            X, rows = take(X, rows), np.arange(len(rows))
        for low in range(0, len(rows), self.batch_size):
            yield as_floats(X[rows[low : low + self.batch_size]])


def batch_size(columns: int) -> int:
    """How many rows of so many columns are encoded at once: `BATCH_SIZE`, or as many as 256 MiB.

    Where one batch ends and the next begins changes nothing beyond rounding.

    Examples
    --------
    >>> batch_size(28 * 28), batch_size(1024 * 1024 * 3), batch_size(10**9)
    (4096, 21, 1)
    """
    return min(BATCH_SIZE, max(_LARGEST_BATCH // (4 * columns), 1))


def targets_of(
    labels: np.ndarray, n_classes: int, left_out: np.ndarray | None = None
) -> np.ndarray:
    """Return targets, float32 (n, n_classes): critical, 1, for the own class, and at rest else, 0.

    Parameters
    ----------
    labels : int array (n,), or float64 array (n, columns)
        Numbers of the classes; or values, which are the targets themselves.
    n_classes : int
        How many there are.
    left_out : bool array (n,), optional
        If given, all targets come a second time beside the first, NaN where this is true.

    Examples
    --------
    >>> targets_of(np.array([1, 0]), 2, np.array([False, True])).tolist()
    [[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, nan, nan]]
    """
    if labels.ndim == 2:
        targets = labels
    else:
        targets = np.zeros((len(labels), n_classes), dtype=np.float32)
        targets[np.arange(len(labels)), labels] = 1
    if left_out is None:
        return targets
    missing = targets.dtype.type(np.nan)
    return np.hstack([targets, np.where(left_out[:, None], missing, targets)])


def take(X: Any, rows: np.ndarray) -> np.ndarray:
    """Return some rows, sorted, as floats in memory."""
    if is_dask(X):
        from wetcow.learning.data import dask_arrays

        return dask_arrays.take(X, rows)
    return as_floats(X[rows])


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


def some_samples(
    X: Any,
    labels: np.ndarray,
    weights: np.ndarray | None,
    most: int | None,
    rng: np.random.Generator,
) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """Rows, labels and weights of so many samples at random, and of the first of each class.

    Parameters
    ----------
    X : array (n, columns), or Dask array
        Rows.
    labels : array (n,), or (n, columns) of values, which are no classes
    weights : array (n,) or None
    most : int or None
        How many; None: all.
    rng : numpy Generator

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> _, labels, _ = some_samples(np.zeros((9, 2)), np.arange(9) // 8, None, 3, rng)
    >>> labels.tolist()
    [0, 0, 0, 0, 1]
    """
    if most is None or len(labels) <= most:
        return X, labels, weights
    first = np.unique(labels, return_index=True)[1] if labels.ndim == 1 else []
    rows = np.union1d(some_rows(len(labels), most, rng), first).astype(int)
    some = take(X, rows) if is_dask(X) else X[rows]
    return some, labels[rows], None if weights is None else weights[rows]
