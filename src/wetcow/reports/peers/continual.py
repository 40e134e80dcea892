"""Learning one task after the other: peers that do something against forgetting, and a control."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.learning.data.samples import targets_of
from wetcow.learning.model import ridge
from wetcow.learning.model.statistics import Statistics
from wetcow.reports.peers.layers import forward
from wetcow.reports.peers.penalised import Anchor, PenalisedPerceptron
from wetcow.reports.peers.perceptron import flat

_FISHER_IMAGES = 1_000  # drawn from a task, by which the importance of weights is estimated
_RIDGE = 1e-3


class ElasticPerceptron(PenalisedPerceptron):
    """A perceptron whose weights are held back the more, the more earlier tasks need them.

    Elastic weight consolidation (Kirkpatrick et al., PNAS 114:3521, 2017): ½ λ Σ_k F_k (θ − θ_k)²
    is added to the loss, with the weights θ_k after task k and the diagonal F_k of the Fisher
    information there, from labels drawn with the network's own probabilities. The quadratics of
    all tasks are kept as one.

    Parameters
    ----------
    n_classes : int
    strength : float
        λ.
    width, seed
        As for `PenalisedPerceptron`.
    """

    def __init__(self, n_classes: int, *, strength: float, width: int = 256, seed: int = 0):
        super().__init__(n_classes, width=width, seed=seed)
        self.strength = strength
        self.kept: Anchor | None = None

    def partial_fit(self, X: np.ndarray, y: np.ndarray) -> ElasticPerceptron:
        """Train on one task, and note which weights it needs."""
        super().partial_fit(X, y)
        rows = flat(X)
        some = rows[self.rng.integers(len(rows), size=_FISHER_IMAGES)]
        needed = fisher(self.weights, some, self.rng, self.strength)
        added = Anchor(needed, self.weights)
        self.kept = added if self.kept is None else merged(self.kept, added)
        return self

    def _anchor(self) -> Anchor | None:
        return self.kept


class ReplayPerceptron(PenalisedPerceptron):
    """A perceptron that keeps some images and learns them again beside the new ones.

    Experience replay with reservoir sampling (Chaudhry et al., arXiv:1902.10486): a step sees as
    many kept images as new ones, and every image seen is kept with the same probability.

    Parameters
    ----------
    n_classes : int
    size : int
        Images kept, of all tasks together.
    width, seed
        As for `PenalisedPerceptron`.
    """

    def __init__(self, n_classes: int, *, size: int, width: int = 256, seed: int = 0):
        super().__init__(n_classes, width=width, seed=seed)
        self.size, self.seen = size, 0
        self.images: list[np.ndarray] = []
        self.labels: list[int] = []

    def partial_fit(self, X: np.ndarray, y: np.ndarray) -> ReplayPerceptron:
        """Train on one task beside what is kept, and keep some of it."""
        super().partial_fit(X, y)
        for image, label in zip(flat(X), y, strict=True):
            self.seen += 1
            if len(self.images) < self.size:
                self.images.append(image)
                self.labels.append(int(label))
            elif (place := self.rng.integers(self.seen)) < self.size:
                self.images[place], self.labels[place] = image, int(label)
        return self

    def _beside(self, rows: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not self.images:
            return rows, y
        drawn = self.rng.integers(len(self.images), size=len(rows))
        again = np.stack([self.images[place] for place in drawn])
        return np.concatenate([rows, again]), np.append(y, [self.labels[i] for i in drawn])


class RidgeOnPixels:
    """Ridge regression on pixels from sums that merge: the control without any wave.

    What is learned is the same in any order, as for `wetcow.WaveClassifier`; only the features are
    missing.
    """

    def __init__(self, n_classes: int):
        self.n_classes = n_classes
        self.sums: Statistics | None = None

    def partial_fit(self, X: np.ndarray, y: np.ndarray) -> RidgeOnPixels:
        """Add images to the sums and solve again."""
        rows = flat(X).astype(np.float64)  # not standardised: sums of single ones would cancel
        added = Statistics.of(rows, targets_of(y, self.n_classes))
        self.sums = added if self.sums is None else self.sums.merge(added)
        self.modes = ridge.solve(self.sums, _RIDGE)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the labels of highest score, int array (n,)."""
        return self.modes.criticality(flat(X)).argmax(axis=1)


def fisher(weights: Any, rows: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> Any:
    """Diagonal of the Fisher information of a perceptron's weights.

    Parameters
    ----------
    weights : list of (matrix, offset)
        Of `PenalisedPerceptron`.
    rows : float32 array (n, pixels)
        Images.
    rng : numpy Generator
        Draws a label for each image, with the network's probabilities.
    strength : float
        Factor of the result.

    Returns
    -------
    list of (matrix, offset)
        Mean squared slopes of log p, shaped like the weights.
    """
    key = jax.random.key(int(rng.integers(2**31)))
    return _squared_slopes(weights, rows, key, strength / len(rows))


@jax.jit
def merged(one: Anchor, other: Anchor) -> Anchor:
    """Return the sum of two quadratic penalties, but for a constant.

    Examples
    --------
    >>> both = merged(Anchor([jnp.array(1.0)], [jnp.array(0.0)]), Anchor([jnp.array(3.0)],
    ...                                                                  [jnp.array(4.0)]))
    >>> float(both.precision[0]), float(both.centre[0])
    (4.0, 3.0)
    """
    precision = jax.tree.map(jnp.add, one.precision, other.precision)
    centre = jax.tree.map(
        lambda p, c, q, d: jnp.where(p + q > 0, (p * c + q * d) / (p + q), d), *one, *other
    )
    return Anchor(precision, centre)


@jax.jit
def _squared_slopes(weights: Any, rows: Any, key: Any, factor: Any) -> Any:
    """Weighted sums of squared slopes over images, without any slope of a single image in memory.

    The slope with respect to a matrix is the outer product of what a layer is given and of the
    slope with respect to what comes out, so that its square is a product of squares.
    """
    labels = jax.random.categorical(key, forward(weights, rows))

    def total(shifts: list[Any]) -> tuple[Any, list[Any]]:
        given, seen = [], rows
        for (matrix, offset), shift in zip(weights, shifts, strict=True):
            given.append(seen)
            out = seen @ matrix + offset + shift
            seen = jax.nn.relu(out)
        chosen = jnp.take_along_axis(jax.nn.log_softmax(out), labels[:, None], axis=1)
        return chosen.sum(), given

    still = [jnp.zeros((len(rows), len(offset))) for _, offset in weights]
    slopes, given = jax.grad(total, has_aux=True)(still)
    return [
        (factor * ((seen**2).T @ slope**2), factor * (slope**2).sum(axis=0))
        for seen, slope in zip(given, slopes, strict=True)
    ]
