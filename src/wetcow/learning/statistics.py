"""Sufficient statistics of least squares: sums over samples, which merge in any order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Statistics:
    """Everything that the closed form needs to know of the data; sums, so they merge.

    Attributes
    ----------
    count : int
        Number of samples n.
    x, y : float64 arrays (d,), (classes,)
        Σx and Σy.
    xx, xy : float64 arrays (d, d), (d, classes)
        Σxxᵀ and Σxyᵀ.
    yy : float64 array (classes,)
        Σy² of every column.
    """

    count: int
    x: np.ndarray
    y: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray

    @classmethod
    def of(cls, features: Any, targets: Any) -> Statistics:
        """Statistics of one block, (n, d) and (n, classes).

        Products are in the precision of `features`, sums of blocks in float64. Standardise features
        first: moments of features far from zero cancel.
        """
        features = np.asarray(features)
        targets = np.asarray(targets, dtype=features.dtype)
        double = np.float64
        return cls(
            len(features),
            features.sum(axis=0, dtype=double),
            targets.sum(axis=0, dtype=double),
            (features.T @ features).astype(double),
            (features.T @ targets).astype(double),
            (targets.astype(double) ** 2).sum(axis=0),
        )

    def merge(self, other: Statistics) -> Statistics:
        """Return the statistics of both sets of samples together.

        Examples
        --------
        >>> x, y = np.eye(4), np.ones((4, 1))
        >>> merged = Statistics.of(x[:1], y[:1]).merge(Statistics.of(x[1:], y[1:]))
        >>> merged.count, bool(np.all(merged.xx == np.eye(4)))
        (4, True)
        """
        return Statistics(
            self.count + other.count,
            self.x + other.x,
            self.y + other.y,
            self.xx + other.xx,
            self.xy + other.xy,
            self.yy + other.yy,
        )

    def centred(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Σxxᵀ, Σxyᵀ and Σy² about the means."""
        return (
            self.xx - np.outer(self.x, self.x / self.count),
            self.xy - np.outer(self.x, self.y / self.count),
            self.yy - self.y**2 / self.count,
        )


def accumulate(blocks: Iterable[tuple[Any, Any]]) -> Statistics:
    """Statistics of (features, targets) blocks, in one pass."""
    iterator = iter(blocks)
    total = Statistics.of(*next(iterator))
    for features, targets in iterator:
        total = total.merge(Statistics.of(features, targets))
    return total
