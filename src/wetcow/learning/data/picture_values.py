"""Pictures from files and drawings, with the values of the images that a model learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetcow.learning.data.convention import FULL_SCALES, Convention


def given(convention: Convention | None, pictures: np.ndarray) -> np.ndarray:
    """Give pictures the values learned; as they are if these are not known.

    Parameters
    ----------
    convention : Convention or None
        Of the images learned.
    pictures : float array (n, height, width), or in colour (n, height, width, channels)
        0 for background, 1 for ink, as of `wetcow.images.pictures.read_picture`; or colours from 0
        to 1, as of `wetcow.images.colours.read_colours`.

    Raises
    ------
    ValueError
        As `coloured`.
    """
    if convention is None:
        return pictures
    if convention.channels:
        return coloured(convention, pictures)
    return convention.of_pictures(pictures)


def given_to(classifier: Any, pictures: np.ndarray) -> np.ndarray:
    """Give pictures the values, and their channels the place, that a classifier learned.

    Parameters
    ----------
    classifier : WaveClassifier
        Fitted to images.
    pictures : float array
        See `given`.

    Returns
    -------
    float array
        What its `predict` takes.

    Raises
    ------
    ValueError
        As `coloured`.
    """
    X = given(classifier.convention_, pictures)
    if X.ndim == 4 and classifier.channel_axis in (1, -3):
        return X.transpose(0, 3, 1, 2)
    return X


def check_takes_pictures(classifier: Any) -> None:
    """Raise ValueError if the values of images in colour that were learned are none of pictures."""
    convention = classifier.convention_
    if convention is not None and convention.channels:
        coloured(convention, np.zeros((0, *classifier.image_shape_), np.float32))


def coloured(convention: Convention, pictures: np.ndarray) -> np.ndarray:
    """Give pictures in colour, from 0 to 1, the values that images learned have.

    Parameters
    ----------
    convention : Convention
        Of images with channels.
    pictures : float array (n, height, width, channels)
        As of `wetcow.images.colours.read_colours`.

    Returns
    -------
    float array of the same shape
        From 0 to the first of 1, 16, 255 and 65535 that no image learned exceeds.

    Raises
    ------
    ValueError
        If those learned have no values of pictures: negative ones, larger ones, or a channel in
        other units than the others.

    Examples
    --------
    >>> one = Convention(3.0, 250.0, (20.0, 90.0, 200.0), 120.0)
    >>> float(coloured(one._replace(channels=(one,) * 3), np.ones((1, 8, 8, 3))).max())
    255.0
    """
    each = convention.channels
    scales = [next((s for s in FULL_SCALES if one.high <= s), None) for one in each]
    scale = max((one for one in scales if one is not None), default=None)
    if scale is None or None in scales or convention.low < 0 or not _alike(convention, scale):
        ranges = ", ".join(f"{one.low:g} to {one.high:g}" for one in each)
        raise ValueError(
            f"the model learned images whose channels have values from {ranges}, which are not "
            "those of pictures: bring pictures into these, and use WaveClassifier.predict"
        )
    return pictures * pictures.dtype.type(scale)


def _alike(convention: Convention, scale: float) -> bool:
    """Whether no channel uses so little of the scale that it must be in units of its own."""
    return all(one.high > scale / 100 or one.high == one.low for one in convention.channels)
