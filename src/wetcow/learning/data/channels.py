"""What the axes of an array of images mean: images in rows, and channels of their pixels last.

Learned are stacks of grey images, (n, height, width), or of images with channels, (n, height,
width, channels). Where an array could be read in two ways, nothing is guessed: `channel_axis` or
`image_shape` has to say.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wetcow.learning.model.geometry import checked_shape

AUTO = "auto"
_MOST = 4  # channels of a colour: red, green and blue with transparency
_COLOURS = (3, 4)
_AXES = (AUTO, None, -1, 3, 1, -3)
_STACKS = (
    "images are (n, height, width) if grey, else (n, height, width, channels) or, with "
    "channel_axis=1, (n, channels, height, width)"
)


def check_channel_axis(channel_axis: Any) -> None:
    """Raise for what is no axis of channels.

    Examples
    --------
    >>> check_channel_axis(2)
    Traceback (most recent call last):
    ValueError: channel_axis must be 'auto', None (grey images), -1 (last) or 1 (first), got 2
    """
    if isinstance(channel_axis, bool) or channel_axis not in _AXES:
        raise ValueError(
            "channel_axis must be 'auto', None (grey images), -1 (last) or 1 (first), got "
            f"{channel_axis!r}"
        )


def channels_last(
    X: Any,
    channel_axis: Any = AUTO,
    image_shape: Any = AUTO,
    learned: tuple[int, ...] | None = None,
) -> Any:
    """Return a stack of images with its channels last, or without an axis for a single one.

    Parameters
    ----------
    X : array (n, ...), or Dask array
        What has two axes is returned as it is.
    channel_axis : "auto", None, -1 or 1
        Where the channels are; None: there are none. "auto": found out if that is plain.
    image_shape : "auto", None, (int, int) or (int, int, int)
        What the user says of the images' shape, channels last.
    learned : (int, int), (int, int, int) or None
        Shape of the images that were learned before.

    Returns
    -------
    array (n, features), (n, height, width) or (n, height, width, channels)

    Raises
    ------
    ValueError
        For another number of axes, or axes that could mean different things.

    Examples
    --------
    >>> import numpy as np
    >>> channels_last(np.zeros((9, 32, 24, 3))).shape
    (9, 32, 24, 3)
    >>> channels_last(np.zeros((9, 3, 32, 24)), channel_axis=1).shape
    (9, 32, 24, 3)
    >>> channels_last(np.zeros((9, 32, 24, 1))).shape
    (9, 32, 24)
    """
    axes = getattr(X, "ndim", None)
    if axes == 2:
        _refuse_flat(X, channel_axis, image_shape, learned)
        return X
    wanted = learned if learned is not None else _given(image_shape, channel_axis)
    if axes == 3:
        if image_shape is not None or learned is not None:  # else rows are no images
            _check_grey(tuple(X.shape), channel_axis, wanted, learned is not None)
        return X
    if axes != 4:
        if axes is not None and axes > 4:
            raise ValueError(f"X has shape {tuple(X.shape)}, of {axes} axes, but {_STACKS}")
        return X
    if channel_axis is None:
        raise ValueError(
            f"X has shape {tuple(X.shape)}, but channel_axis=None says that images are grey, (n, "
            "height, width): pass channel_axis=-1 if its last axis is that of channels, 1 if its "
            "second is"
        )
    axis = channel_axis
    if channel_axis == AUTO:
        axis = _found(tuple(X.shape), wanted, learned is not None)
    given = tuple(X.shape)
    if axis in (1, -3):
        X = X.transpose(0, 2, 3, 1)
    if X.shape[3] == 1:
        X = X[:, :, :, 0]
    if learned is not None and tuple(X.shape[1:]) != tuple(learned):
        raise ValueError(
            f"X has shape {given}, images of {_read(*X.shape[1:])} with channel_axis={channel_axis}"
            f", but those learned have shape {tuple(learned)}"
        )
    return X


def one_channels_last(x: Any, channel_axis: Any, learned: tuple[int, ...] | None) -> Any:
    """Return one image, alone or as a stack of one, with its channels last; else it as it is.

    Examples
    --------
    >>> import numpy as np
    >>> one_channels_last(np.zeros((3, 32, 24)), 1, (32, 24, 3)).shape
    (32, 24, 3)
    """
    has_channels = learned is not None and len(learned) == 3
    if channel_axis not in (1, -3) or not has_channels or np.ndim(x) not in (3, 4):
        return x
    return np.moveaxis(np.asanyarray(x), -3, -1)  # masked arrays, which are refused, stay such


def _given(image_shape: Any, channel_axis: Any) -> tuple[int, ...] | None:
    """The shape that the user gave, if it is one; channels last, or who means first is asked."""
    if image_shape is None or isinstance(image_shape, str):
        return None
    shape = checked_shape(image_shape)
    if channel_axis == AUTO and len(shape) == 3 and shape[0] <= _MOST:
        raise ValueError(
            f"image_shape={shape} is (height, width, channels), {_read(*shape)}: pass "
            "channel_axis=-1 if that is meant; else give a stack (n, channels, height, width) with "
            "channel_axis=1"
        )
    return shape


def _found(shape: tuple[int, ...], wanted: tuple[int, ...] | None, known: bool) -> int:
    """Where the channels of a stack of four axes are, if that is plain."""
    last, first = shape[1:], (shape[2], shape[3], shape[1])
    if wanted is not None:
        return _fitting(shape, wanted, known)
    if shape[3] == 1 and not 1 < shape[1] <= _MOST:
        return -1
    if shape[1] == 1 and shape[3] > _MOST:
        return 1
    if 1 < shape[3] <= _MOST < min(shape[1:3]):
        return -1
    raise ValueError(
        f"X has shape {shape}, which could be images of {_read(*last)} (channel_axis=-1) or of "
        f"{_read(*first)} (channel_axis=1): say which by channel_axis"
    )


def _fitting(shape: tuple[int, ...], wanted: tuple[int, ...], known: bool) -> int:
    """Where the channels are of images whose shape, channels last, is known."""
    last, first = shape[1:], (shape[2], shape[3], shape[1])
    whole = wanted if len(wanted) == 3 else (*wanted, 1)
    if last == whole != first:
        return -1
    if first == whole and whole[2] == 1:
        return 1
    source = "those learned have shape" if known else "image_shape is"
    if first == whole != last:
        raise ValueError(
            f"X has shape {shape}, but {source} {wanted}, channels last: bring it there by "
            f"X.transpose(0, 2, 3, 1){'' if known else ', or pass channel_axis=1'}"
        )
    if first == whole:
        raise ValueError(
            f"X has shape {shape}, in which channels could be first (channel_axis=1) or last "
            "(channel_axis=-1): say which by channel_axis"
        )
    said = f"X has shape {shape}, but {source} {wanted}: give (n, {', '.join(map(str, wanted))})"
    if whole[2] == 1 and last[:2] == whole[:2] and last[2] in _COLOURS:
        said += "; numpy.tensordot(X[..., :3], [0.299, 0.587, 0.114], (3, 0)) is brightness"
    raise ValueError(said)


def _read(height: int, width: int, channels: int = 1) -> str:
    return f"{height}×{width} pixels with {channels} channel{'' if channels == 1 else 's'}"


def _check_grey(
    shape: tuple[int, ...], channel_axis: Any, wanted: tuple[int, ...] | None, known: bool
) -> None:
    """Raise unless three axes are plainly those of a stack of grey images."""
    if wanted is not None and len(wanted) == 3:
        one = "one image of that kind is a stack of its own, X[None]"
        source = "those learned have shape" if known else "image_shape is"
        raise ValueError(
            f"X has shape {shape}, but {source} {wanted}: give a stack (n, "
            f"{', '.join(map(str, wanted))}){f'; {one}' if shape == wanted else ''}"
        )
    if channel_axis not in (AUTO, None) and not (known and shape[1:] == wanted):
        raise ValueError(
            f"X has shape {shape}, without an axis for channels, but channel_axis is "
            f"{channel_axis}: {_STACKS}; one image is X[None], grey ones need channel_axis=None"
        )
    if channel_axis == AUTO and wanted is None and shape[2] in _COLOURS:
        raise ValueError(
            f"X has shape {shape}, which could be {shape[0]} grey images of {shape[1]}×{shape[2]} "
            f"pixels (pass channel_axis=None) or one of {_read(*shape)} (a stack of it is X[None])"
        )


def _refuse_flat(
    X: Any, channel_axis: Any, image_shape: Any, learned: tuple[int, ...] | None
) -> None:
    """Raise for rows of images whose channels are said to be first: they have another order."""
    shape = learned if learned is not None else _given(image_shape, channel_axis)
    if channel_axis in (1, -3) and shape is not None and len(shape) == 3:
        raise ValueError(
            f"X has shape {tuple(X.shape)}, but with channel_axis=1 images are (n, channels, "
            "height, width): rows have the channels of a pixel one after the other; give a stack, "
            "or rows in that order and no channel_axis"
        )
