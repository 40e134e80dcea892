"""A multilayer perceptron, scikit-learn's: a peer, and what an ensemble is made of."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPClassifier

IMAGES_PER_STEP = 128  # images in a step
LEARNING_RATE = 1e-3  # of Adam


class Perceptron:
    """Two hidden layers of rectified units, trained by Adam with steps of 128 images.

    `sklearn.neural_network.MLPClassifier` without its weight decay, for images instead of rows,
    with a given number of passes instead of a stopping rule, and with all classes known from the
    first task on.

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
    >>> peer = Perceptron(10, passes=10).fit(X[:600], y[:600])
    >>> bool(np.mean(peer.predict(X[600:]) == y[600:]) > 0.85)
    True
    """

    def __init__(self, n_classes: int, *, passes: int = 10, width: int = 256, seed: int = 0):
        self.n_classes, self.passes, self.width, self.seed = n_classes, passes, width, seed
        self.model = self._new()

    def fit(self, X: np.ndarray, y: np.ndarray) -> Perceptron:
        """Train from the beginning on images (n, height, width), or rows, with labels (n,)."""
        self.model = self._new()
        for _ in range(self.passes):
            self.partial_fit(X, y)
        return self

    def partial_fit(self, X: np.ndarray, y: np.ndarray) -> Perceptron:
        """Train on, once through these images and no others."""
        self.model.set_params(batch_size=min(IMAGES_PER_STEP, len(X)))
        self.model.partial_fit(flat(X), y, classes=np.arange(self.n_classes))
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the labels of highest probability, int array (n,)."""
        return np.asarray(self.model.predict(flat(X)))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 (n, n_classes)."""
        return np.asarray(self.model.predict_proba(flat(X).astype(np.float64)))

    def _new(self) -> MLPClassifier:
        return MLPClassifier(
            (self.width, self.width),
            alpha=0.0,
            learning_rate_init=LEARNING_RATE,
            # A generator, not a number, which would begin every pass with the same order.
            random_state=np.random.RandomState(self.seed),
        )


def flat(X: np.ndarray) -> np.ndarray:
    """Return images as float32 rows (n, pixels)."""
    return np.asarray(X, dtype=np.float32).reshape(len(X), -1)
