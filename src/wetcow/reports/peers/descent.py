"""Training by gradient that is watched: the same steps for networks of any kind."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from wetcow.reports.images.data import Part

DESCENT_BATCH = 256  # images in a step
_SCORED_AT_ONCE = 500


class Learner(NamedTuple):
    """A network that can be trained.

    Attributes
    ----------
    scores : callable
        Of weights and images (n, ...): logarithms of probabilities (n, classes), up to a constant.
    weights : pytree of float arrays
        At first.
    hidden : callable
        Of weights: those below the classes.
    """

    scores: Callable[[Any, Any], Any]
    weights: Any
    hidden: Callable[[Any], Any]


def largest(weights: Any) -> float:
    """Return the largest absolute value; infinite if any is not finite.

    Examples
    --------
    >>> largest([jnp.array([1.0, -3.0]), jnp.zeros(2)]), largest([jnp.array([1.0, jnp.nan])])
    (3.0, inf)
    """
    sizes = [np.abs(np.asarray(leaf)).max() for leaf in jax.tree.leaves(weights)]
    return float(max(sizes)) if np.all(np.isfinite(sizes)) else float("inf")


def norm(gradient: Any) -> float:
    """Return the root of the sum of all squares; infinite if it is not finite.

    Examples
    --------
    >>> norm([jnp.array([3.0]), jnp.array([4.0, 0.0])])
    5.0
    """
    squares = [np.sum(np.square(np.asarray(leaf, float))) for leaf in jax.tree.leaves(gradient)]
    found = float(np.sqrt(np.sum(squares)))
    return found if np.isfinite(found) else float("inf")


def _cross_entropy(weights: Any, scores: Any, images: Any, labels: Any) -> Any:
    found = scores(weights, images)
    return optax.softmax_cross_entropy_with_integer_labels(found, labels).mean()


_loss_and_gradient = jax.value_and_grad(_cross_entropy)
_gradient = jax.jit(jax.grad(_cross_entropy), static_argnums=1)


def loss_gradient(learner: Learner, weights: Any, part: Part) -> Any:
    """Return the gradient of the mean cross-entropy over some images, shaped like the weights."""
    labels = jnp.asarray(part.labels, jnp.int32)
    return _gradient(weights, learner.scores, jnp.asarray(part.images), labels)


@functools.partial(jax.jit, static_argnums=0)
def _advance(
    scores: Any, weights: Any, moments: Any, images: Any, labels: Any, rows: Any, rate: Any
) -> Any:
    """Take as many steps of Adam as there are rows (steps, batch)."""
    adam = optax.scale_by_adam()

    def one(state: Any, chosen: Any) -> Any:
        weights, moments = state
        loss, slopes = _loss_and_gradient(weights, scores, images[chosen], labels[chosen])
        changes, moments = adam.update(slopes, moments)
        weights = jax.tree.map(lambda w, c: w - rate * c, weights, changes)
        return (weights, moments), loss

    (weights, moments), losses = jax.lax.scan(one, (weights, moments), rows)
    return weights, moments, losses.mean()


def descend(
    learner: Learner,
    part: Part,
    steps: int,
    each: int,
    rate: float,
    seed: int,
    look: Callable[[int, float, Any], None],
) -> Any:
    """Train by plain Adam: constant rate, nothing clipped, no average.

    Parameters
    ----------
    learner : Learner
    part : Part
        Images and labels; each is seen once before any is seen again.
    steps : int
        A multiple of `each`.
    each : int
        Steps after which `look` is called again.
    rate : float
    seed : int
        Of the order of images.
    look : callable
        Told the number of steps done, the mean loss since the last look, and the weights.

    Returns
    -------
    pytree
        The weights at last; not finite where training diverged.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> part = Part(rng.normal(size=(256, 3)).astype("f4"), np.arange(256) % 2)
    >>> part.images[:, 0] += 4 * part.labels
    >>> learner = Learner(lambda w, x: x @ w, jnp.zeros((3, 2)), lambda w: w[:0])
    >>> losses = []
    >>> _ = descend(learner, part, 200, 100, 0.01, 0, lambda step, loss, w: losses.append(loss))
    >>> bool(losses[1] < losses[0] < np.log(2))
    True
    """
    rng, order = np.random.default_rng(seed), np.empty(0, int)
    size = min(DESCENT_BATCH, len(part.labels))
    images, labels = jnp.asarray(part.images), jnp.asarray(part.labels, jnp.int32)
    weights, moments = learner.weights, optax.scale_by_adam().init(learner.weights)
    for done in range(each, steps + 1, each):
        while len(order) < each * size:
            order = np.concatenate([order, rng.permutation(len(labels))])
        rows, order = order[: each * size].reshape(each, size), order[each * size :]
        state = (learner.scores, weights, moments, images, labels, rows)
        weights, moments, loss = _advance(*state, jnp.float32(rate))
        look(done, float(loss), weights)
    return weights


@functools.partial(jax.jit, static_argnums=0)
def _classes(scores: Any, weights: Any, blocks: Any) -> Any:
    return jax.lax.map(lambda block: scores(weights, block).argmax(axis=1), blocks)


def accuracy_of_weights(learner: Learner, weights: Any, part: Part) -> float:
    """Return the share of images whose label has the highest score."""
    count = len(part.labels)
    size = min(_SCORED_AT_ONCE, count)
    missing = -count % size
    images = np.concatenate([part.images, np.repeat(part.images[:1], missing, axis=0)])
    blocks = images.reshape(-1, size, *images.shape[1:])
    found = np.asarray(_classes(learner.scores, weights, blocks)).reshape(-1)[:count]
    return float(np.mean(found == part.labels))
