"""Images for sections of the report, as many as the effort allows."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from wetcow import datasets
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.settings.presets import DATASET_DEFAULTS
from wetcow.reports.evidence import Effort

IMAGES = ("mnist", "fashion-mnist")
OURS = "wetcow"  # name of our classifier in tables
TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "digits": "digits"}

_VALIDATION_SHARE = 6  # the last sixth of training images: 10,000 of MNIST and Fashion-MNIST


class Part(NamedTuple):
    """Images float32 (n, height, width) and their labels int64 (n,)."""

    images: np.ndarray
    labels: np.ndarray

    def some(self, count: int | None, seed: int) -> Part:
        """Return `count` of them at random, in order; all if None or there are no more."""
        if count is None or count >= len(self.labels):
            return self
        rows = np.sort(np.random.default_rng(seed).permutation(len(self.labels))[:count])
        return Part(self.images[rows], self.labels[rows])


class Images(NamedTuple):
    """A data set.

    Attributes
    ----------
    name : str
        See `wetcow.datasets.load`.
    train, test : Part
    """

    name: str
    train: Part
    test: Part

    @property
    def title(self) -> str:
        """Its name for readers."""
        return TITLES[self.name]

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return int(self.train.labels.max()) + 1

    def choosing(self) -> tuple[Part, Part]:
        """Return training images to learn and to judge by, when something has to be chosen."""
        edge = len(self.train.labels) - len(self.train.labels) // _VALIDATION_SHARE
        images, labels = self.train
        return Part(images[:edge], labels[:edge]), Part(images[edge:], labels[edge:])


def load_images(
    name: str, effort: Effort, n_train: int | None = None, n_test: int | None = None
) -> Images:
    """Load a data set; of each part some images at random, if their number is given."""
    parts = [
        Part(*datasets.load(name, split, data_dir=effort.data_dir)) for split in ("train", "test")
    ]
    numbers = (n_train, n_test)
    chosen = [part.some(number, effort.seed) for part, number in zip(parts, numbers, strict=True)]
    return Images(name, *chosen)


def wave(name: str, seed: int, **parameters: Any) -> WaveClassifier:
    """Return our classifier with what follows from the data set's kind of images."""
    parameters = DATASET_DEFAULTS[name] | parameters
    return WaveClassifier(random_state=seed, **parameters)


def accuracy(learner: Any, part: Part) -> float:
    """Share of images whose label is predicted."""
    return float(np.mean(learner.predict(part.images) == part.labels))


def cut(value: float, digits: int = 4) -> str:
    """Return a number as text with so many digits after the point, the rest cut off.

    Examples
    --------
    >>> cut(0.98765), cut(0.9905)
    ('0.9876', '0.9905')
    """
    scale = 10**digits
    # What lies closer than that below a digit is rounding of floating point.
    return f"{math.floor(value * scale + 1e-6) / scale:.{digits}f}"


def points(row: dict[str, Any]) -> str:
    """Return by how many points ours is ahead, and the interval, never rounded up.

    Examples
    --------
    >>> points({"ahead": 0.0927, "low": -0.0031, "high": 0.1094})
    '+9.2 [-0.4, +10.9]'
    """
    found = (float(cut(100 * row[key], 1)) for key in ("ahead", "low", "high"))
    return "{:+.1f} [{:+.1f}, {:+.1f}]".format(*found)


def percent(share: float) -> str:
    """Return a share as text, never rounded up.

    Examples
    --------
    >>> percent(0.98765)
    '98.76 %'
    """
    return f"{cut(100 * share, 2)} %"
