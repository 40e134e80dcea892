"""A small convolutional network, trained by Adam, as a peer of other classifiers of images."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

_CHANNELS, _HIDDEN = (16, 32), 64  # of two convolutions of 3×3 pixels, and of the layer after them
_EPOCHS, _BATCH, _RATE = 40, 32, 1e-3


class ConvNet:
    """Two convolutions with rectified units and pooling, and two dense layers.

    Parameters
    ----------
    seed : int
        Of the weights and of the order of images.
    """

    def __init__(self, seed: int = 0):
        self.seed = seed

    def fit(self, X: np.ndarray, y: np.ndarray) -> ConvNet:
        """Train on images (n, height, width) or (n, height, width, channels)."""
        images = _with_channels(X)
        self._mean = images.mean(axis=(0, 1, 2))
        self._std = images.std(axis=(0, 1, 2)) + 1e-6
        self.classes_, labels = np.unique(y, return_inverse=True)
        images = (images - self._mean) / self._std
        rng = np.random.default_rng(self.seed)
        weights = _drawn(rng, images.shape[1:], len(self.classes_))
        state = optax.adam(_RATE).init(weights)
        batch = min(_BATCH, len(labels))
        for _ in range(_EPOCHS):
            order = rng.permutation(len(labels))[: len(labels) // batch * batch]
            for rows in order.reshape(-1, batch):
                weights, state = _step(weights, state, images[rows], labels[rows])
        self._weights = weights
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Labels, array (n,)."""
        images = (_with_channels(X) - self._mean) / self._std
        return self.classes_[np.asarray(_logits(self._weights, jnp.asarray(images))).argmax(axis=1)]


def _with_channels(X: np.ndarray) -> np.ndarray:
    images = np.asarray(X, np.float32)
    return images[..., None] if images.ndim == 3 else images


def _drawn(rng: np.random.Generator, shape: tuple[int, ...], n_classes: int) -> list[Any]:
    """Weights and biases of all layers, He's way."""
    height, width, channels = shape
    first, second = _CHANNELS
    shapes = [
        (3, 3, channels, first),
        (3, 3, first, second),
        ((height // 4) * (width // 4) * second, _HIDDEN),
        (_HIDDEN, n_classes),
    ]
    weights = [rng.normal(0, np.sqrt(2 / np.prod(one[:-1])), one) for one in shapes]
    return [(jnp.float32(one), jnp.zeros(one.shape[-1])) for one in weights]


@jax.jit
def _logits(weights: list[Any], images: Any) -> Any:
    (a, b), (c, d), (e, f), (g, h) = weights
    seen = images
    for kernel, bias in ((a, b), (c, d)):
        axes = ("NHWC", "HWIO", "NHWC")
        seen = jax.lax.conv_general_dilated(seen, kernel, (1, 1), "SAME", dimension_numbers=axes)
        n, rows, columns, k = seen.shape
        seen = jax.nn.relu(seen + bias)[:, : rows // 2 * 2, : columns // 2 * 2]
        seen = seen.reshape(n, rows // 2, 2, columns // 2, 2, k).max(axis=(2, 4))
    return jax.nn.relu(seen.reshape(len(seen), -1) @ e + f) @ g + h


@jax.jit
def _step(weights: Any, state: Any, images: Any, labels: Any) -> tuple[Any, Any]:
    """One step of Adam. Convolutions in a compiled loop would take several times as long."""

    def loss(weights: Any) -> Any:
        found = _logits(weights, images)
        return optax.softmax_cross_entropy_with_integer_labels(found, labels).mean()

    change, state = optax.adam(_RATE).update(jax.grad(loss)(weights), state)
    return optax.apply_updates(weights, change), state
