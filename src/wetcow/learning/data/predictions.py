"""What a classifier predicts: functions of the codes of rows, which for Dask arrays wait."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from wetcow.learning.data.samples import batch_size
from wetcow.learning.data.validation import as_floats, is_dask
from wetcow.learning.model.hidden_modes import HiddenModes


def predictions(
    function: Callable[[np.ndarray], np.ndarray],
    hidden: HiddenModes,
    X: Any,
    width: int | None,
    check: Callable[[np.ndarray], None],
) -> Any:
    """Results of a function of codes, batch by batch.

    Parameters
    ----------
    function : callable
        From codes (n, d) to a float64 array (n, width), or (n,) if `width` is None.
    hidden : HiddenModes
        Whose codes are taken.
    X : array (n, columns), or Dask array
        Checked rows.
    width : int or None
        Columns of the result.
    check : callable
        Raises for rows that are not to be answered; of a Dask array it is given chunks.

    Returns
    -------
    array, or Dask array that is not computed yet
    """
    predict = functools.partial(_over_batches, function, hidden, check)
    if not is_dask(X):
        return predict(X)
    from wetcow.learning.data import dask_arrays

    return dask_arrays.apply(predict, X, width)


def by_row(function: Callable, values: Any, dtype: Any, *, dropped: int | None = None) -> Any:
    """Apply a function that treats every row alike, to a Dask array when it is computed.

    Parameters
    ----------
    function : callable
        Of an array (n, width).
    values : array or Dask array (n, width)
        Argument.
    dtype : dtype
        Of the result.
    dropped : int, optional
        Axis that the result lacks.

    Examples
    --------
    >>> by_row(np.negative, np.ones((1, 2)), float)
    array([[-1., -1.]])
    """
    if not is_dask(values):
        return function(values)
    return values.map_blocks(function, dtype=dtype, drop_axis=[] if dropped is None else dropped)


def nearest_class(classes: np.ndarray, criticality: np.ndarray) -> np.ndarray:
    """Return the class of highest criticality, (n,), from criticalities (n, n_classes).

    Examples
    --------
    >>> nearest_class(np.array(["a", "b"]), np.array([[0.1, 0.8], [0.9, 0.8]])).tolist()
    ['b', 'a']
    """
    return classes[criticality.argmax(axis=1)]


def _over_batches(
    function: Callable[[np.ndarray], np.ndarray],
    hidden: HiddenModes,
    check: Callable[[np.ndarray], None],
    X: np.ndarray,
) -> np.ndarray:
    check(X)
    size = batch_size(X.shape[1])
    parts = (as_floats(X[low : low + size]) for low in range(0, len(X), size))
    return np.concatenate([function(hidden.codes(part)) for part in parts])
