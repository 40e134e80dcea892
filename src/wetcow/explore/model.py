"""Which classifier answers to drawings and pictures: one given, or that which comes with wetcow."""

from __future__ import annotations

import concurrent.futures
import functools
import pathlib
from typing import NamedTuple

from wetcow.explore.views.drawing import answer_drawing
from wetcow.images.colours import reader
from wetcow.images.pictures import FILL
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data.picture_values import check_takes_pictures

SHIPPED = pathlib.Path(__file__).with_name("digits.wetcow")  # made by tools/explorer_model.py


class Model(NamedTuple):
    """A classifier of drawings, or of pictures in colour.

    Attributes
    ----------
    classifier : WaveClassifier
    origin : str
        Where it comes from, in words.
    fill : float
        Part of the image's height or width that ink has in the images it learned.
    """

    classifier: WaveClassifier
    origin: str
    fill: float

    @property
    def is_coloured(self) -> bool:
        """Whether it learned colours, which drawings have none of."""
        return len(self.classifier.image_shape_ or ()) > 2


def load_model(path: pathlib.Path = SHIPPED) -> Model:
    """Load a saved model, by default the one that comes with wetcow.

    Raises
    ------
    ModelFileError
        For damaged and foreign files, and those of a newer version.
    ValueError
        For models of tables, and of images with other channels than pictures have.
    OSError
        If there is none.

    Examples
    --------
    >>> load_model().classifier.image_shape_
    (28, 28)
    """
    classifier = WaveClassifier.load(path)
    if classifier.image_shape_ is None:
        raise ValueError(f"{path} is a model of tables; drawings need one that learned images")
    try:
        reader(classifier.image_shape_)
        check_takes_pictures(classifier)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if path == SHIPPED:
        assert classifier.record_ is not None
        learned = f"{sum(classifier.record_.counts):,} of MNIST's training images"
        origin = f"the one that comes with wetcow, constructed from {learned}"
    else:
        origin = f"loaded from {path}"
    return Model(classifier=classifier, origin=origin, fill=_fill(classifier.image_shape_))


class SharedModel:
    """The classifier of all sessions, loaded beside them, at the latest when it is first asked for.

    Parameters
    ----------
    loaded : Model or None
        One that is there already; None: the one that comes with wetcow.
    """

    def __init__(self, loaded: Model | None = None) -> None:
        self._loaded = loaded

    @property
    def is_coloured(self) -> bool:
        """Whether it answers to pictures in colour instead of drawings."""
        return self._loaded is not None and self._loaded.is_coloured

    @functools.cached_property
    def future(self) -> concurrent.futures.Future[Model]:
        """The classifier, or what it will be."""
        worker = concurrent.futures.ThreadPoolExecutor(1)
        ready = worker.submit(self._ready)
        worker.shutdown(wait=False)
        return ready

    def load_ahead(self) -> None:
        """Begin now, so that who opens the page of digits later need not wait."""
        _ = self.future

    def _ready(self) -> Model:
        model = self._loaded or load_model()
        # What answers is compiled here, so that the first drawing need not wait for it.
        if not model.is_coloured:
            answer_drawing(model.classifier, [[(0.5, 0.1), (0.5, 0.9)]], model.fill)
        return model


def _fill(shape: tuple[int, ...]) -> float:
    """Ink of the embedded digits reaches from edge to edge, that of MNIST does not."""
    return 1.0 if min(shape) < 16 else FILL
