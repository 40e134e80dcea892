"""What our classifier is compared with: settings that several sections of the report share."""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from wetcow.images.augmentation import NAMED
from wetcow.images.frame import Frame, align
from wetcow.learning.settings.presets import DATASET_DEFAULTS
from wetcow.reports.images.deformation import deformed

NO_TORCH = (
    'Convolutional networks were left out: PyTorch is not installed (pip install "wetcow[bench]").'
)
_RATE = 2e-3  # of Adam, falling; see benchmarks/peers.py
CONVNET_BATCH = 64  # images in a step
_AT_ONCE = 512  # images deformed in one compiled call


def has_torch() -> bool:
    """Whether PyTorch is installed."""
    return importlib.util.find_spec("torch") is not None


def small_network(
    name: str,
    steps: int,
    seed: int,
    maps: tuple[int, int, int] = (16, 30, 30),
    *,
    few: bool = False,
) -> Any:
    """Return a small convolutional network, to be trained on images deformed as ours may be.

    Parameters
    ----------
    name : str
        Data set, which decides how images are deformed.
    steps : int
        Of gradient descent, 64 images each.
    seed : int
    maps : (int, int, int)
        Of its convolutions.
    few : bool
        Whether it is for so few images that steps of 32 do; one thread is as fast with these.
    """
    from wetcow.reports.peers.convolutional import Small
    from wetcow.reports.peers.torch_training import TrainedInSteps

    augmentation = NAMED[DATASET_DEFAULTS[name]["augmentation"]]
    threads = 1 if few else int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    network = functools.partial(Small, maps=maps)
    batch = CONVNET_BATCH // 2 if few else CONVNET_BATCH
    return TrainedInSteps(
        network,
        steps=steps,
        learning_rate=_RATE,
        augmentation=augmentation,
        seed=seed,
        num_threads=threads,
        batch=batch,
    )


class OnPixels:
    """An estimator of rows, given images (n, height, width).

    Parameters
    ----------
    estimator : object with fit and predict
        As in scikit-learn.
    frame : Frame, optional
        Into which images are brought first, as for our classifier.
    copies : int
        Randomly deformed copies of each image that are learned beside it.
    name : str
        Data set, which decides how copies are deformed.
    seed : int
        Of the copies.
    """

    def __init__(
        self,
        estimator: Any,
        frame: Frame | None = None,
        *,
        copies: int = 0,
        name: str = "mnist",
        seed: int = 0,
    ):
        self.estimator, self.frame, self.copies = estimator, frame, copies
        self.name, self.seed = name, seed

    def fit(self, X: np.ndarray, y: np.ndarray) -> OnPixels:
        """Learn images and labels."""
        framed = self._framed(X)
        copies = deformed_copies(framed, self.copies, self.name, self.seed)
        rows = np.concatenate([framed, copies])
        self.estimator.fit(rows.reshape(len(rows), -1), np.tile(y, 1 + self.copies))
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels (n,)."""
        return self.estimator.predict(self._framed(X).reshape(len(X), -1))

    def _framed(self, X: np.ndarray) -> np.ndarray:
        return X if self.frame is None else align(X, self.frame)


def deformed_copies(images: np.ndarray, count: int, name: str, seed: int) -> np.ndarray:
    """Deform images at random.

    Parameters
    ----------
    images : float array (n, height, width)
    count : int
        Copies of each.
    name : str
        Data set, which decides how.
    seed : int

    Returns
    -------
    float32 array (count·n, height, width)
        The first copy of each image, then the second of each, and so on.
    """
    rows = np.tile(images.astype(np.float32), (count, 1, 1))
    found, key = np.empty_like(rows), jax.random.key(seed)
    augmentation = NAMED[DATASET_DEFAULTS[name]["augmentation"]]
    for low in range(0, len(rows), _AT_ONCE):
        some = rows[low : low + _AT_ONCE]
        # Always as many at once: other numbers would be compiled for.
        padded = np.pad(some, ((0, _AT_ONCE - len(some)), (0, 0), (0, 0)))
        keys = jax.random.split(jax.random.fold_in(key, low), _AT_ONCE)
        found[low : low + _AT_ONCE] = np.asarray(deformed(padded, keys, augmentation))[: len(some)]
    return found


class Ensemble:
    """Several learners whose probabilities are averaged.

    Parameters
    ----------
    members : sequence of objects with fit and predict_proba
        Best of different seeds (deep ensembles, Lakshminarayanan et al. 2017).
    """

    def __init__(self, members: Sequence[Any]):
        self.members = members

    def fit(self, X: np.ndarray, y: np.ndarray) -> Ensemble:
        """Let every member learn everything."""
        for member in self.members:
            member.fit(X, y)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return mean probabilities, float64 (n, n_classes)."""
        return self.averaged([member.predict_proba(X) for member in self.members])

    def averaged(self, answers: Sequence[np.ndarray]) -> np.ndarray:
        """Return the mean of the members' probabilities."""
        return np.mean(answers, axis=0)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return labels of highest mean probability, (n,)."""
        return self.predict_proba(X).argmax(axis=1)
