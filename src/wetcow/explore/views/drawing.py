"""Strokes of a pen, or a picture, made into an image, and what a classifier answers to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from wetcow.images.colours import reader
from wetcow.images.pictures import FILL, Source, centred
from wetcow.learning.data.picture_values import given_to

PEN = 0.085  # width of a stroke, of the side of the canvas
_SIDE = 280  # pixels of the canvas when it is painted; several of them are one of the image

Strokes = Sequence[Sequence[Sequence[float]]]


class Answer(NamedTuple):
    """What a classifier says of an image.

    Attributes
    ----------
    image : float32 array (height, width), or in colour (height, width, 3 or 4)
        The image that the classifier saw, 0 for background and 1 for ink; or its colours, 0 to 1.
    labels : list of str
    probabilities : float64 array (classes,)
    novelty : float
        Uncertainty in units of the usual one, which 1 % of images like those learned exceed.
    """

    image: np.ndarray
    labels: list[str]
    probabilities: np.ndarray
    novelty: float

    @property
    def label(self) -> str:
        """The most probable label."""
        return self.labels[int(self.probabilities.argmax())]

    @property
    def unlike_training(self) -> bool:
        """Whether the image is unlike those learned, so that probabilities mean little."""
        return self.novelty > 1


def paint(strokes: Strokes) -> np.ndarray | None:
    """Paint strokes with a round pen.

    Parameters
    ----------
    strokes : lists of points (x, y)
        In units of the canvas, from its upper left corner; what is outside is cut off.

    Returns
    -------
    float32 array (side, side), or None
        1 where there is ink, else 0; None if there is none.

    Examples
    --------
    >>> ink = paint([[(0.5, 0.1), (0.5, 0.9)]])
    >>> bool(ink[140, 140]), bool(ink[140, 100])
    (True, False)
    """
    from PIL import Image, ImageDraw

    page = Image.new("L", (_SIDE, _SIDE))
    draw = ImageDraw.Draw(page)
    radius = PEN * _SIDE / 2
    for stroke in strokes:
        points = [(_SIDE * float(x), _SIDE * float(y)) for x, y in stroke]
        if len(points) > 1:
            draw.line(points, fill=1, width=round(2 * radius), joint="curve")
        for x, y in points:  # round ends
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
    ink = np.asarray(page, dtype=np.float32)
    return ink if ink.any() else None


def answer_drawing(classifier: Any, strokes: Strokes, fill: float = FILL) -> Answer | None:
    """Let a classifier answer to a drawing.

    Parameters
    ----------
    classifier : WaveClassifier
        Fitted to images.
    strokes : lists of points (x, y)
        See `paint`.
    fill : float
        See `wetcow.images.pictures.read_picture`.

    Returns
    -------
    Answer, or None
        None if nothing is drawn.
    """
    ink = paint(strokes)
    if ink is None:
        return None
    if len(classifier.image_shape_) > 2:
        raise ValueError("drawings have no colours: give a picture to a model that learned some")
    return _answer(classifier, centred(ink, classifier.image_shape_, fill=fill))


def answer_picture(classifier: Any, picture: Source, fill: float = FILL) -> Answer:
    """Let a classifier answer to a picture, with its colours if it learned images with colours.

    Parameters
    ----------
    classifier : WaveClassifier
        Fitted to images.
    picture : path or binary file
        See `wetcow.images.pictures.read_picture`, and `wetcow.images.colours.read_colours`.
    fill : float
        See `wetcow.images.pictures.read_picture`.

    Raises
    ------
    ValueError
        As these, and if the values that were learned are none of pictures.
    """
    return _answer(classifier, reader(classifier.image_shape_, fill=fill)(picture))


def _answer(classifier: Any, image: np.ndarray) -> Answer:
    asked = given_to(classifier, image[None])
    return Answer(
        image=image,
        labels=[str(label) for label in classifier.classes_.tolist()],
        probabilities=np.asarray(classifier.predict_proba(asked)[0]),
        novelty=float(classifier.uncertainty(asked)[0] / classifier.uncertainty_threshold_),
    )
