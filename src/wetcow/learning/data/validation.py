"""Data as users have them, of many kinds, as checked rows: NumPy arrays, or Dask arrays as such.

Numbers of any kind are left as they are, so that data are not copied as a whole; `as_floats`
converts the part that is computed with.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from wetcow.learning.data.channels import AUTO, channels_last
from wetcow.validation import refuse_masked

_REAL = "biuf"  # kinds of dtypes


def is_dask(X: Any) -> bool:
    """Whether X is a Dask array, which is found out without importing Dask."""
    return type(X).__module__.startswith("dask.array")


def check_rows(estimator: Any, X: Any) -> Any:
    """Return valid rows for a fitted estimator.

    Parameters
    ----------
    estimator : scikit-learn estimator
        Whose number and names of features X is to have, and the shape of images if they are a
        stack.
    X : array (n, features), (n, height, width) or (n, height, width, channels)
        Or with channels where the estimator's `channel_axis` says that they are. An array of NumPy
        or with NumPy's, Python's or DLPack's array protocol, a DataFrame, a DataArray, nested
        sequences, or a Dask array.

    Returns
    -------
    array (n, features), or Dask array of one chunk along all axes but the first
        In its own dtype, of real numbers.

    Raises
    ------
    ValueError, TypeError
        For what does not fit, as scikit-learn does; for masked entries, axes that could mean
        different things and images of another shape; for Dask arrays of unknown or odd chunks.
    """
    X, image = _unwrapped(estimator, X, first=False)
    _check_shape(estimator, image)
    if is_dask(X):
        return _dask_rows(estimator, X, reset=False, least=1)
    return _validated(estimator, X, image=image, reset=False)


def check_first_rows(estimator: Any, X: Any) -> tuple[Any, tuple[int, ...] | None]:
    """Return valid rows of first data, and the shape of the images if X is a stack of them.

    Number and names of features are set. See `check_rows` for what X may be, and what is raised.
    """
    X, image = _unwrapped(estimator, X, first=True)
    if is_dask(X):
        return _dask_rows(estimator, X, reset=True, least=1), image
    return _validated(estimator, X, image=image, reset=True), image


def check_pairs(
    estimator: Any, X: Any, y: Any, *, reset: bool, least: int, values: bool = False
) -> tuple[Any, np.ndarray, tuple[int, ...] | None]:
    """Return valid rows and labels to learn, and the shape of the images if X is a stack of them.

    Parameters
    ----------
    estimator : scikit-learn estimator
        Whose number and names of features are set if `reset`, else checked.
    X : array (n, features), (n, height, width) or (n, height, width, channels)
        As in `check_rows`.
    y : array (n,), or of values (n, columns)
        Labels or values, of one of the same kinds.
    reset : bool
        Whether these are the first data.
    least : int
        Fewest samples.
    values : bool
        Whether y has numbers to be found, and not labels.

    Raises
    ------
    ValueError, TypeError
        As in `check_rows`; for several labels of a sample.
    """
    X, image = _unwrapped(estimator, X, first=reset)
    refuse_masked("y", y)
    if not values:
        _refuse_several_labels(estimator, y)
    if not reset:
        _check_shape(estimator, image)
    if is_dask(X):
        rows = _dask_rows(estimator, X, reset=reset, least=least)
        kinds: Any = {"ensure_2d": False, "dtype": np.float64 if values else None}
        y = check_array(_in_numpy(y), **kinds, input_name="y")
        y = y if values else column_or_1d(y, warn=True)
        if len(y) != len(rows):
            raise ValueError(
                f"X and y must have as many samples as each other, got {len(rows)} and {len(y)}"
            )
    else:
        rows, y = _validated(
            estimator,
            X,
            _in_numpy(y),
            image=image,
            ensure_min_samples=least,
            reset=reset,
            y_numeric=values,
            multi_output=values,
        )
    if values:
        return rows, y.astype(np.float64), image
    check_classification_targets(y)
    return rows, y, image


def _validated(
    estimator: Any, X: Any, *y: Any, image: tuple[int, ...] | None, **checks: Any
) -> Any:
    """Return what scikit-learn makes of data, and say what to do where it finds gaps or text.

    `image` is the shape of images, if X is a stack of them.
    """
    X = X if image is None else X.reshape(len(X), math.prod(image))
    try:
        return validate_data(estimator, X, *y, dtype="numeric", **checks)
    except ValueError as error:
        if advice := _advice(estimator, X, str(error), image):
            raise ValueError(advice) from error
        raise


def _advice(estimator: Any, X: Any, problem: str, image: tuple[int, ...] | None) -> str:
    """What to do with data that have gaps, or columns of text; empty for other problems."""
    name = type(estimator).__name__
    if "Input X contains NaN" in problem and image is not None:
        missing = np.isnan(np.asarray(X, dtype=float))
        row = int(missing.any(axis=1).argmax())
        place = tuple(map(int, np.unravel_index(missing[row].argmax(), image)))
        return (
            f"Input X contains NaN, first in image {row} at {place}, of shape {image}, and {name} "
            "knows no missing values: put values there, as by numpy.nan_to_num, or leave such "
            "images out"
        )
    if "Input X contains NaN" in problem:
        return (
            f"Input X contains NaN, and {name} knows no missing values. Fill them before it, by "
            f"sklearn.impute.SimpleImputer: make_pipeline(SimpleImputer(), {name}()); or leave "
            "such rows out"
        )
    kinds = getattr(X, "dtypes", None)
    if hasattr(X, "columns") and kinds is not None and "convert" in problem:
        others = [str(one) for one, kind in zip(X.columns, kinds, strict=True) if not _real(kind)]
        if others:
            return (
                f"columns {', '.join(others)} of X are no numbers ({problem}). Make numbers of "
                "categories before, by sklearn.preprocessing.OneHotEncoder: make_pipeline("
                "make_column_transformer((OneHotEncoder(), [names of columns]), "
                f"remainder='passthrough'), {name}())"
            )
    return ""


def _real(kind: Any) -> bool:
    """Whether a column's dtype, of NumPy or pandas, is one of real numbers."""
    return getattr(kind, "kind", "O") in _REAL


def _refuse_several_labels(estimator: Any, y: Any) -> None:
    """Raise if samples have several labels each."""
    shape = getattr(y, "shape", ())
    if len(shape) == 2 and shape[1] > 1:
        name = type(estimator).__name__
        raise ValueError(
            f"y has shape {tuple(shape)}, but {name} learns one label for each sample. For "
            "several, wrap it by scikit-learn: sklearn.multiclass.OneVsRestClassifier if columns "
            "say which labels a sample has (0 or 1), sklearn.multioutput.MultiOutputClassifier if "
            "each column has a label of its own"
        )


def first_rows(X: Any, most: int = 200) -> np.ndarray:
    """Return checked rows as they are, and of a Dask array the first ones in memory."""
    if not is_dask(X):
        return X
    first = np.asarray(X[:most])
    return first.reshape(len(first), -1)


def as_floats(rows: np.ndarray) -> np.ndarray:
    """Real numbers in float32 if that is exact or what they are, else in float64.

    Examples
    --------
    >>> as_floats(np.arange(3, dtype=np.uint8)).dtype, as_floats(np.arange(3)).dtype
    (dtype('float32'), dtype('float64'))
    """
    single = np.result_type(rows.dtype, np.float32) == np.float32
    return rows.astype(np.float32 if single else np.float64, copy=False)


def _in_numpy(values: Any) -> Any:
    """Return arrays of other libraries in NumPy; scikit-learn looks at everything else."""
    if type(values).__module__.startswith("dask"):
        return np.asarray(values)
    if isinstance(values, np.ndarray) or hasattr(values, "columns") or hasattr(values, "iloc"):
        return values  # tables and columns with names
    if hasattr(values, "__array__"):
        return np.asarray(values)
    return np.from_dlpack(values) if hasattr(values, "__dlpack__") else values


def _unwrapped(estimator: Any, X: Any, *, first: bool) -> tuple[Any, tuple[int, ...] | None]:
    """Return X in NumPy or Dask, channels last, and the shape of its images if it is a stack."""
    nested = isinstance(X, list | tuple)
    for part in (X, *X) if nested else (X,):
        refuse_masked("X", part)
    if type(X).__module__.startswith("xarray"):
        X = getattr(X, "data", X)
    if type(X).__module__.startswith("dask.dataframe"):
        raise ValueError(
            "X is a Dask DataFrame; pass X.to_dask_array(lengths=True), whose chunks have known "
            "sizes"
        )
    if not is_dask(X):
        X = np.asarray(X) if nested else _in_numpy(X)
        if _is_extended(getattr(X, "dtype", None)):
            X = X.astype(np.float32)
    learned = None if first else estimator.image_shape_
    shape = getattr(estimator, "image_shape", AUTO) if first or learned else None  # of a table
    X = channels_last(X, getattr(estimator, "channel_axis", AUTO), shape, learned)
    return X, tuple(X.shape[1:]) if getattr(X, "ndim", None) in (3, 4) else None


def _check_shape(estimator: Any, image: tuple[int, ...] | None) -> None:
    """Raise if X is a stack of images of another shape than those learned."""
    learned = estimator.image_shape_
    if image is not None and learned is not None and image != tuple(learned):
        raise ValueError(
            f"X is a stack of images of shape {image}, but those learned have {tuple(learned)}"
        )


def _is_extended(dtype: Any) -> bool:
    """Whether numbers are of a kind that NumPy itself does not know, such as bfloat16."""
    return getattr(dtype, "kind", None) == "V" and dtype.type is not np.void


def _dask_rows(estimator: Any, X: Any, *, reset: bool, least: int) -> Any:
    """Check what can be known of a Dask array without computing it."""
    if X.ndim not in (2, 3, 4):
        raise ValueError(
            "a Dask array must be (n, features), (n, height, width), or that with channels; got "
            f"{X.ndim} dimensions"
        )
    if any(math.isnan(size) for size in X.shape):
        raise ValueError(
            "X has chunks of unknown sizes; call X.compute_chunk_sizes() first, which computes X "
            "once, or make it by to_dask_array(lengths=True) from a DataFrame"
        )
    if not isinstance(X._meta, np.ndarray):
        raise TypeError(
            f"the chunks of X are of type {type(X._meta).__name__}; make them NumPy arrays by "
            "X.map_blocks"
        )
    if isinstance(X._meta, np.ma.MaskedArray):
        raise TypeError(
            "the chunks of X are masked arrays, whose masked entries are not numbers; fill them by "
            "dask.array.ma.filled"
        )
    if X.dtype.kind not in _REAL and not _is_extended(X.dtype):
        raise ValueError(f"X must be of real numbers, got dtype {X.dtype}; use X.astype(float)")
    # What does not depend on values is checked by scikit-learn, on an array of the same width.
    width = math.prod(X.shape[1:])
    stand_in: Any = np.broadcast_to(np.float32(0), (min(X.shape[0], least), width))
    validate_data(estimator, stand_in, ensure_min_samples=least, reset=reset)
    return X.rechunk(dict.fromkeys(range(1, X.ndim), -1))
