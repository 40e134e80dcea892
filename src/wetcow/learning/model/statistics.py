"""Sufficient statistics of least squares: sums over samples, which merge in any order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import jax
import numpy as np
import scipy.linalg


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class Statistics:
    """Everything that the closed form needs to know of the data; sums, so they merge.

    Attributes
    ----------
    count : float
        Number of samples n; of weighted ones the sum of their weights.
    x, y : float64 arrays (d,), (classes,)
        Σx and Σy.
    xx : float64 array (d, d)
        Σxxᵀ; only the lower triangle is used, what is above is arbitrary.
    xy : float64 array (d, classes)
        Σxyᵀ.
    yy : float64 array (classes,)
        Σy² of every column.
    """

    count: float
    x: np.ndarray
    y: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray

    @classmethod
    def empty(cls, n_features: int, n_classes: int) -> Statistics:
        """Statistics of no sample."""
        d, c = n_features, n_classes
        return cls(
            count=0,
            x=np.zeros(d),
            y=np.zeros(c),
            xx=np.zeros((d, d), order="F"),
            xy=np.zeros((d, c), order="F"),
            yy=np.zeros(c),
        )

    @classmethod
    def of(cls, features: Any, targets: Any, weights: Any = None) -> Statistics:
        """Statistics of one batch, (n, d), (n, classes) and, if they differ, weights (n,)."""
        return accumulate([(features, targets, weights)])

    def add(self, features: Any, targets: Any, weights: Any = None) -> None:
        """Add a batch of samples, (n, d) and (n, classes), in place.

        A sample of weight w counts as w samples that are alike. Products are in the precision of
        `features`, sums of batches in float64. Standardise features first: moments of features far
        from zero cancel.
        """
        features = np.asarray(features)
        targets = np.asarray(targets, dtype=features.dtype)
        counted, wanted = features, targets
        self.count += len(features) if weights is None else float(np.sum(weights))
        if weights is not None:
            factor = np.asarray(weights, np.float64)[:, None]
            counted, wanted = factor * features, factor * targets
            features = (np.sqrt(factor) * features).astype(features.dtype)
            targets = np.sqrt(factor) * targets
        (rank_k,) = scipy.linalg.get_blas_funcs(("syrk",), (features,))
        self.x += counted.sum(axis=0, dtype=np.float64)
        self.y += wanted.sum(axis=0, dtype=np.float64)
        self.xx += rank_k(1.0, features.T, lower=1)  # half the work of a general product
        self.xy += features.T @ targets
        self.yy += (targets.astype(np.float64) ** 2).sum(axis=0)

    def merge(self, other: Statistics) -> Statistics:
        """Return the statistics of both sets of samples together.

        Examples
        --------
        >>> x, y = np.eye(4), np.ones((4, 1))
        >>> merged = Statistics.of(x[:1], y[:1]).merge(Statistics.of(x[1:], y[1:]))
        >>> merged.count, bool(np.all(np.tril(merged.xx) == np.eye(4)))
        (4, True)
        """
        return Statistics(
            count=self.count + other.count,
            x=self.x + other.x,
            y=self.y + other.y,
            xx=self.xx + other.xx,
            xy=self.xy + other.xy,
            yy=self.yy + other.yy,
        )

    def with_classes(self, columns: np.ndarray, n_classes: int) -> Statistics:
        """Return these statistics among more classes, none of which has had a sample.

        Parameters
        ----------
        columns : int array (classes,)
            Where the present classes are among the new ones.
        n_classes : int
            Number of classes in all.
        """
        wider = Statistics.empty(0, n_classes)
        y, yy, xy = wider.y, wider.yy, np.zeros((len(self.x), n_classes))
        y[columns], yy[columns], xy[:, columns] = self.y, self.yy, self.xy
        return dataclasses.replace(self, y=y, xy=xy, yy=yy)

    def centred(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Σxxᵀ (lower triangle), Σxyᵀ and Σy² about the means."""
        return (
            self.xx - np.outer(self.x / self.count, self.x).T,  # in the order of xx
            self.xy - np.outer(self.x, self.y / self.count),
            self.yy - self.y**2 / self.count,
        )


def accumulate(batches: Iterable[tuple[Any, ...]]) -> Statistics:
    """Statistics of batches of features, targets and maybe weights, in one pass."""
    total = None
    for batch in batches:
        if total is None:
            total = Statistics.empty(np.shape(batch[0])[1], np.shape(batch[1])[1])
        total.add(*batch)
    if total is None:
        raise ValueError("there are no samples")
    return total
