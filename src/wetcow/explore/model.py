"""Which classifier answers to drawings: a saved one, or one constructed at the start."""

from __future__ import annotations

import pathlib
import time
from typing import NamedTuple

from wetcow import datasets
from wetcow.images.pictures import FILL
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.settings.presets import DATASET_DEFAULTS

NUM_LEARNED = 10_000  # images of MNIST: nobody should have to wait


class Model(NamedTuple):
    """A classifier of drawings.

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


def load_model(path: pathlib.Path) -> Model:
    """Load a saved model.

    Raises
    ------
    ModelFileError
        For damaged and foreign files.
    ValueError
        For models of tables.
    OSError
        If there is none.
    """
    classifier = WaveClassifier.load(path)
    if classifier.image_shape_ is None:
        raise ValueError(f"{path} is a model of tables; drawings need one that learned images")
    return Model(
        classifier=classifier, origin=f"loaded from {path}", fill=_fill(classifier.image_shape_)
    )


def construct_model(data_dir: pathlib.Path | None = None, seed: int = 0) -> Model:
    """Construct a model of MNIST if that is here, else of the embedded digits of 8×8 pixels.

    Parameters
    ----------
    data_dir : path, optional
        Folder of the data; see `wetcow.datasets.load`. Nothing is downloaded.
    seed : int
        Of the sampled couplings.
    """
    folder, problems = datasets.check_folder(data_dir)
    name = "digits" if problems["mnist"] else "mnist"
    X, y = datasets.load(name, data_dir=folder)
    X, y = X[:NUM_LEARNED], y[:NUM_LEARNED]
    start = time.perf_counter()
    classifier = WaveClassifier(random_state=seed, **DATASET_DEFAULTS[name]).fit(X, y)
    seconds = time.perf_counter() - start
    origin = f"constructed in {seconds:.1f} s from {len(y)} images of {name}"
    if name == "digits":
        origin += f" (MNIST is not in {folder}: answers would be better with it)"
    return Model(classifier=classifier, origin=origin, fill=_fill(X.shape[1:]))


def _fill(shape: tuple[int, ...]) -> float:
    """Ink of the embedded digits reaches from edge to edge, that of MNIST does not."""
    return 1.0 if min(shape) < 16 else FILL
