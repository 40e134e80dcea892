"""How convolutional networks in PyTorch are trained: by Adam, for passes, minutes or steps.

PyTorch comes with ``pip install "wetcow[bench]"``.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import scipy.special
import torch  # pyright: ignore[reportMissingImports]

from wetcow.reports.images.deformation import deformed

_BATCH = 128  # images in a step of gradient descent
_FEWEST_IMAGES = 10_000  # see `num_epochs`
_PREDICTED_AT_ONCE = 500  # images; bounds the memory
_SEEDED = threading.Lock()  # PyTorch draws weights from one generator, whoever learns beside


def num_epochs(epochs: int, n_images: int) -> int:
    """Return how often to go through `n_images`: `epochs` times, more often if they are few.

    Three passes over a thousand images are two dozen steps, after which a network has hardly begun
    to learn. There are about as many steps as for 10,000 images, or more.
    """
    return max(epochs, math.ceil(epochs * _FEWEST_IMAGES / n_images))


class Trained:
    """A network behind `fit` and `predict`, trained by Adam.

    Parameters
    ----------
    network : type
        A module's class; made with the numbers of pixels and classes, it gives scores (n, classes)
        for images (n, pixels) and has a method `loss`.
    epochs : int
        Passes over the images; see `num_epochs`.
    learning_rate : float
        Of Adam.
    seed : int
        Of weights, the order of images, and dropout.
    num_threads : int
        PyTorch's own default is one a physical core, which is not what the others take.
    """

    def __init__(
        self,
        network: Callable[[int, int], Any],
        *,
        epochs: int,
        learning_rate: float,
        seed: int,
        num_threads: int,
    ):
        torch.set_num_threads(num_threads)
        self._class = network
        self._epochs = epochs
        self._learning_rate = learning_rate
        self._seed = seed

    def fit(self, X: np.ndarray, y: np.ndarray) -> None:
        torch.manual_seed(self._seed)
        images, labels = torch.from_numpy(X), torch.from_numpy(y)
        self._network = self._class(X.shape[1], int(y.max()) + 1)
        adam = torch.optim.Adam(self._network.parameters(), lr=self._learning_rate)
        for _ in range(num_epochs(self._epochs, len(X))):
            for chosen in torch.randperm(len(X)).split(_BATCH):
                adam.zero_grad()
                self._network.loss(images[chosen], labels[chosen]).backward()
                adam.step()
        self._network.eval()

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self._scores(X).argmax(axis=1)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return scipy.special.softmax(self._scores(X).astype(np.float64), axis=1)

    def _scores(self, X: np.ndarray) -> np.ndarray:
        """Return the logarithms of probabilities (n, classes), up to a constant."""
        with torch.inference_mode():
            blocks = torch.from_numpy(X).split(_PREDICTED_AT_ONCE)
            return np.concatenate([self._network(block).numpy() for block in blocks])


class _OnDeformed(Trained):
    """A network trained on randomly deformed images; the rate falls as a half cosine."""

    _batch = _BATCH

    def __init__(
        self,
        network: Callable[[int, int], Any],
        *,
        learning_rate: float,
        augmentation: Any,
        seed: int,
        num_threads: int,
    ):
        super().__init__(
            network,
            epochs=0,
            learning_rate=learning_rate,
            seed=seed,
            num_threads=num_threads,
        )
        self._augmentation = augmentation

    def fit(self, X: np.ndarray, y: np.ndarray) -> None:
        self._begin()
        X = X.reshape(len(X), -1)
        side = math.isqrt(X.shape[1])
        with _SEEDED:
            torch.manual_seed(self._seed)
            self._network = self._class(X.shape[1], int(y.max()) + 1)
        generator = torch.Generator().manual_seed(self._seed)
        adam = torch.optim.Adam(self._network.parameters(), lr=self._learning_rate)
        key = jax.random.key(self._seed)
        chosen: list[torch.Tensor] = []
        number = 0
        while (done := self._done(number)) < 1:
            if not chosen:
                chosen = self._shuffled(len(X), generator)
            rows = chosen.pop().numpy()
            key, now = jax.random.split(key)
            images = X[rows].reshape(-1, side, side)
            keys = jax.random.split(now, len(rows))
            moved = np.array(deformed(images, keys, self._augmentation))
            for group in adam.param_groups:
                group["lr"] = self._learning_rate * 0.5 * (1 + math.cos(math.pi * done))
            adam.zero_grad()
            images = torch.from_numpy(moved.reshape(len(rows), -1))
            self._network.loss(images, torch.from_numpy(y[rows])).backward()
            adam.step()
            number += 1
        self._network.eval()

    def _shuffled(self, n: int, generator: torch.Generator) -> list[torch.Tensor]:
        """Rows of the next steps; images fewer than in a step come repeatedly."""
        repeated = torch.arange(max(n, self._batch)) % n
        order = repeated[torch.randperm(len(repeated), generator=generator)]
        return [*order.split(self._batch)[: len(order) // self._batch]]

    def _begin(self) -> None:
        """Told that training begins."""

    def _done(self, number: int) -> float:
        """Share of the training that is over after a number of steps."""
        raise NotImplementedError


class TrainedInTime(_OnDeformed):
    """A network trained for some minutes on randomly deformed images.

    Parameters
    ----------
    network, learning_rate, seed, num_threads
        As for `Trained`. The rate falls as a half cosine with the time.
    minutes : float
        After which training ends, compilation of the deformation included.
    augmentation : wetcow.images.augmentation.Augmentation
        How images are deformed.
    """

    def __init__(self, network: Callable[[int, int], Any], *, minutes: float, **rest: Any):
        super().__init__(network, **rest)
        self._minutes = minutes

    def _begin(self) -> None:
        self._began = time.perf_counter()

    def _done(self, number: int) -> float:
        return (time.perf_counter() - self._began) / (60 * self._minutes)


class TrainedInSteps(_OnDeformed):
    """A network trained for some steps on randomly deformed images, however few there are.

    Parameters
    ----------
    network, learning_rate, seed, num_threads
        As for `Trained`. The rate falls as a half cosine.
    steps : int
        Of gradient descent.
    augmentation : wetcow.images.augmentation.Augmentation
        How images are deformed.
    batch : int
        Images in a step.
    """

    def __init__(
        self, network: Callable[[int, int], Any], *, steps: int, batch: int = _BATCH, **rest: Any
    ):
        super().__init__(network, **rest)
        self._steps, self._batch = steps, batch

    def _done(self, number: int) -> float:
        return number / self._steps
