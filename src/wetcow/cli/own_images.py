"""Images of the user's own to learn: arrays in a file of NumPy's."""

from __future__ import annotations

import pathlib
import zipfile
from typing import NamedTuple

import numpy as np

SUFFIX = ".npz"
_SHARE_TESTED = 5  # one sample of so many is kept for testing, if the file has none


class OwnImages(NamedTuple):
    """What to learn, and what to test with.

    Attributes
    ----------
    X, y : arrays (n, ...), (n,)
        To learn.
    X_test, y_test : arrays (m, ...), (m,)
        To test with.
    """

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def load_own(path: pathlib.Path, seed: int = 0) -> OwnImages:
    """Load images and labels of a file.

    Parameters
    ----------
    path : path
        Of `numpy.savez`, with ``X`` and ``y``, and with ``X_test`` and ``y_test`` or without. What
        X may be, `wetcow.WaveClassifier` says.
    seed : int
        Of the fifth of the samples that is left out to test with, if the file has none for that.

    Raises
    ------
    ValueError
        If the file has other arrays, or other numbers of images than of labels.
    OSError
        If it is missing or may not be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "own.npz")
    ...     np.savez(path, X=np.zeros((10, 8, 8, 3)), y=np.arange(10) % 2)
    ...     own = load_own(path)
    >>> own.X.shape, own.y_test.shape
    ((8, 8, 8, 3), (2,))
    """
    found = _arrays(path)
    for name in ("", "_test"):
        X, y = found.get(f"X{name}"), found.get(f"y{name}")
        if X is not None and y is not None and (y.ndim != 1 or len(X) != len(y)):
            raise ValueError(
                f"{path}: y{name} must be (n,), a label for each of the {len(X)} samples of "
                f"X{name}, got shape {y.shape}"
            )
    if "X_test" in found:
        return OwnImages(**found)
    count = len(found["y"])
    if count < 2 * _SHARE_TESTED:
        raise ValueError(
            f"{path} has {count} samples, too few to leave some out to test with: give at least "
            f"{2 * _SHARE_TESTED}, or X_test and y_test"
        )
    order = np.random.default_rng(seed).permutation(count)
    tested, learned = np.split(order, [count // _SHARE_TESTED])
    learned.sort()
    X, y = found["X"], found["y"]
    return OwnImages(X=X[learned], y=y[learned], X_test=X[tested], y_test=y[tested])


def _arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Arrays of the file, if they are those that are known."""
    with open(path, "rb") as opened:
        try:
            with np.load(opened, allow_pickle=False) as file:
                found = {name: np.atleast_1d(file[name]) for name in file.files}
        except (zipfile.BadZipFile, ValueError, EOFError, KeyError, AttributeError) as error:
            raise ValueError(
                f"{path} has no arrays of numbers or text ({error}); make it by "
                "numpy.savez(path, X=X, y=y)"
            ) from error
    if {*found} not in ({"X", "y"}, {"X", "y", "X_test", "y_test"}):
        raise ValueError(
            f"{path} has arrays {sorted(found)}; expected are X and y, and X_test and y_test or "
            "neither"
        )
    return found
