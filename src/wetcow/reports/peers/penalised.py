"""A multilayer perceptron in JAX that can be told to keep its weights, or to see more images."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import scipy.special

from wetcow.reports.peers.layers import forward, initial_weights
from wetcow.reports.peers.perceptron import IMAGES_PER_STEP, LEARNING_RATE, flat

_PREDICTED_AT_ONCE = 1_000  # images

_adam = optax.adam(LEARNING_RATE)


class Anchor(NamedTuple):
    """A quadratic penalty ½ Σ precision (weights − centre)², both shaped like the weights."""

    precision: Any
    centre: Any


class PenalisedPerceptron:
    """The network of `Perceptron`, with a penalty on its weights, and other images in each step.

    Without either it is trained as that is, but for its weights at first and for Adam's memory,
    which starts anew with each task.

    Parameters
    ----------
    n_classes : int
        Labels are 0 to n_classes − 1.
    passes : int
        How often `fit` goes through the images. `partial_fit` does so once.
    width : int
        Units of each hidden layer.
    seed : int
        Of the weights at first and of the order of images.

    Examples
    --------
    >>> from wetcow import datasets
    >>> X, y = datasets.load("digits")
    >>> peer = PenalisedPerceptron(10, passes=10).fit(X[:600], y[:600])
    >>> bool(np.mean(peer.predict(X[600:]) == y[600:]) > 0.85)
    True
    """

    def __init__(self, n_classes: int, *, passes: int = 10, width: int = 256, seed: int = 0):
        self.n_classes, self.passes, self.width, self.seed = n_classes, passes, width, seed
        self.rng = np.random.default_rng(seed)
        self.weights: Any = None

    def fit(self, X: np.ndarray, y: np.ndarray) -> PenalisedPerceptron:
        """Train from the beginning on images (n, height, width), or rows, with labels (n,)."""
        self.rng, self.weights = np.random.default_rng(self.seed), None
        rows = self._begun(X)
        self._train(rows, y, self.passes)
        return self

    def partial_fit(self, X: np.ndarray, y: np.ndarray) -> PenalisedPerceptron:
        """Train on, once through these images and no others."""
        self._train(self._begun(X), y, 1)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the labels of highest score, int array (n,)."""
        return self.scores(X).argmax(axis=1)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the softmax of the scores, float64 (n, n_classes)."""
        return scipy.special.softmax(self.scores(X), axis=1)

    def scores(self, X: np.ndarray) -> np.ndarray:
        """Return logarithms of probabilities up to a constant, float64 (n, n_classes)."""
        rows = flat(X)
        # Always as many at once: other numbers would be compiled for.
        rows = np.pad(rows, ((0, -len(rows) % _PREDICTED_AT_ONCE), (0, 0)))
        blocks = rows.reshape(-1, _PREDICTED_AT_ONCE, rows.shape[1])
        parts = [np.asarray(forward(self.weights, block), np.float64) for block in blocks]
        return np.concatenate(parts)[: len(X)]

    def _begun(self, X: np.ndarray) -> np.ndarray:
        rows = flat(X)
        if self.weights is None:
            sizes = (rows.shape[1], self.width, self.width, self.n_classes)
            self.weights = initial_weights(self.rng, sizes)
        return rows

    def _train(self, rows: np.ndarray, y: np.ndarray, passes: int) -> None:
        """Take the steps of some passes; what is remembered between steps of Adam starts anew."""
        state, anchor = _adam.init(self.weights), self._anchor()
        for _ in range(passes):
            for chosen in batches(len(rows), self.rng):
                images, labels = self._beside(rows[chosen], y[chosen])
                self.weights, state = _step(self.weights, state, anchor, images, labels)

    def _anchor(self) -> Anchor | None:
        """What holds the weights back: nothing here."""
        return None

    def _beside(self, rows: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what a step sees: here, the new images alone."""
        return rows, y


def batches(n: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Split `n` rows at random into steps of 128, without those left over unless they are all.

    Examples
    --------
    >>> [len(rows) for rows in batches(300, np.random.default_rng(0))]
    [128, 128]
    >>> [len(rows) for rows in batches(5, np.random.default_rng(0))]
    [5]
    """
    order = rng.permutation(n)
    whole = max(n // IMAGES_PER_STEP, 1)
    return [order[i * IMAGES_PER_STEP : (i + 1) * IMAGES_PER_STEP] for i in range(whole)]


def _loss(weights: Any, anchor: Anchor | None, images: Any, labels: Any) -> Any:
    scores = forward(weights, images)
    loss = optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()
    if anchor is None:
        return loss
    pulls = jax.tree.map(lambda p, w, c: jnp.sum(p * (w - c) ** 2), anchor[0], weights, anchor[1])
    return loss + sum(jax.tree.leaves(pulls)) / 2


@functools.partial(jax.jit, donate_argnums=(1,))
def _step(weights: Any, state: Any, anchor: Anchor | None, images: Any, labels: Any) -> Any:
    slopes = jax.grad(_loss)(weights, anchor, images, labels)
    changes, state = _adam.update(slopes, state)
    return optax.apply_updates(weights, changes), state
