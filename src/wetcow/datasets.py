"""Labelled images, as arrays."""

from __future__ import annotations

from typing import Literal

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

_DIGITS_TEST_SIZE = 450
_DIGITS_SPLIT_SEED = 0  # part of the data set's definition: never vary it with a model's seed
_DIGITS_LARGEST_VALUE = np.float32(16)


def _digits(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the UCI digits which ship with scikit-learn, split once and for all."""
    images, labels = load_digits(return_X_y=True)
    train, test = train_test_split(
        np.arange(len(labels)),
        test_size=_DIGITS_TEST_SIZE,
        random_state=_DIGITS_SPLIT_SEED,
        stratify=labels,
    )
    chosen = train if split == "train" else test
    images = np.asarray(images, dtype=np.float32).reshape(-1, 8, 8) / _DIGITS_LARGEST_VALUE
    return images[chosen], np.asarray(labels, dtype=np.int64)[chosen]


_LOADERS = {"digits": _digits}
_SPLITS = ("train", "test")


def load(
    name: str, split: Literal["train", "test"] = "train", *, flat: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Load a data set by name.

    Parameters
    ----------
    name : str
        "digits": 1,797 handwritten digits of 8×8 pixels, embedded in scikit-learn; 1,347 for
        training and 450 for testing, a fixed split with equal shares of the ten classes.
    split : {"train", "test"}
        Which part.
    flat : bool
        Return each image as one row, as most scikit-learn estimators want it.

    Returns
    -------
    X : float32 array (n, height, width), or (n, height·width) if `flat`
        Grey values from 0 (background) to 1 (ink).
    y : int64 array (n,)
        Labels.

    Raises
    ------
    ValueError
        For an unknown name or split.

    Examples
    --------
    >>> X, y = load("digits", split="test")
    >>> X.shape, X.dtype.name, y.shape
    ((450, 8, 8), 'float32', (450,))
    """
    if name not in _LOADERS:
        raise ValueError(f"there is no data set {name!r}; name must be one of {[*_LOADERS]}")
    if split not in _SPLITS:
        raise ValueError(f"split must be one of {[*_SPLITS]}, got {split!r}")
    images, labels = _LOADERS[name](split)
    return (images.reshape(len(images), -1) if flat else images), labels
