"""Series as users have them, as one array and their lengths."""

from __future__ import annotations

from typing import Any

import numpy as np

FORMS = (
    "series are an array (n, time) or (n, channels, time) or, of unequal lengths, a list of arrays "
    "(time,) or (channels, time)"
)


def as_series(X: Any) -> Any:
    """Return X as an array, or as a list of arrays if lengths differ.

    Lists of lists of numbers become arrays; what has another number of axes is refused.

    Raises
    ------
    ValueError
        That says which shape was given, and which are right.
    """
    if is_ragged(X):
        return X
    if isinstance(X, list | tuple) and X:
        try:
            X = np.asarray(X)
        except ValueError:  # of unequal lengths
            return [np.asarray(one) for one in X]
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) not in (2, 3):
        one = " Reshape your data: X[None] if it is a single series." if len(shape) == 1 else ""
        raise ValueError(f"X has shape {tuple(shape)}, but {FORMS}.{one}")
    return X


def is_ragged(X: Any) -> bool:
    """Whether X is a sequence of series, rather than one array."""
    if isinstance(X, np.ndarray) and X.dtype == object:
        return X.ndim == 1 and len(X) > 0 and all(np.ndim(one) in (1, 2) for one in X)
    if not isinstance(X, list | tuple) or not X:
        return False
    return all(isinstance(one, np.ndarray) or _is_matrix(one) for one in X)


def _is_matrix(one: Any) -> bool:
    """Whether an object has the array protocol, and one axis or two."""
    return hasattr(one, "__array__") and np.ndim(one) in (1, 2)


def filled(X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Series of unequal lengths as (n, channels, time), zero beyond their ends, and their lengths.

    Raises
    ------
    ValueError
        That names the series of another shape, kind or number of channels.

    Examples
    --------
    >>> series, lengths = filled([np.ones(2), np.ones(3)])
    >>> series[:, 0].tolist(), lengths.tolist()
    ([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]], [2, 3])
    """
    each = [np.atleast_2d(np.asarray(one)) for one in X]
    for number, one in enumerate(each):
        if one.ndim != 2 or one.dtype.kind not in "biuf":
            raise ValueError(
                f"series number {number} is {one.dtype} {one.shape}: each must be real numbers of "
                "shape (time,) or (channels, time)"
            )
        if len(one) != len(each[0]):
            raise ValueError(
                f"series number {number} has {len(one)} channels (shape {one.shape}), the first "
                f"{len(each[0])} (shape {each[0].shape}): axes are (channel, time)"
            )
        if not one.size:
            raise ValueError(f"series number {number} has no samples (shape {one.shape})")
    lengths = np.array([one.shape[1] for one in each])
    series = np.zeros((len(each), len(each[0]), lengths.max()))
    for row, one in zip(series, each, strict=True):
        row[:, : one.shape[1]] = one
    return series, lengths


def check_finite(series: np.ndarray) -> None:
    """Raise for series with gaps, naming the first of them.

    Parameters
    ----------
    series : array (n, channels, time)
    """
    bad = ~np.isfinite(series)
    which = np.flatnonzero(bad.any(axis=(1, 2)))
    if not len(which):
        return
    channel = int(np.flatnonzero(bad[which[0]].any(axis=1))[0])
    gap = bad[which[0], channel]
    start = int(np.argmax(gap))
    length = int(np.argmin(gap[start:])) if not gap[start:].all() else len(gap) - start
    raise ValueError(
        f"{len(which)} series have missing (NaN) or infinite values; the first is number "
        f"{which[0]}, in channel {channel}, from sample {start} on, {length} in a row. Fill gaps "
        "first, as by pandas.DataFrame.interpolate(axis=1); series that end early are to be given "
        "as a list of arrays without NaN"
    )


def check_channels(shape: tuple[int, ...], n_channels: int) -> None:
    """Raise unless series of a shape have as many channels as those that were learned."""
    if shape[1] == n_channels:
        return
    swapped = (
        "; the last two axes seem to be swapped: X.transpose(0, 2, 1)"
        if shape[2] == n_channels and shape[1] > 1
        else ""
    )
    raise ValueError(
        f"series must have {n_channels} channels, as in fit: shape (n, {n_channels}, time), got "
        f"{shape[1]} channels, shape {tuple(shape)}{swapped}"
    )
