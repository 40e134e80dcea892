"""What a memory stores of examples, collected from batches of codes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wetcow.learning.data.sources import Pairs
from wetcow.learning.model.memory.projection import Projection
from wetcow.learning.model.readout import directions


class Rows(NamedTuple):
    """Directions of examples (n, d), and which examples they are (`Examples`)."""

    directions: np.ndarray
    labels: np.ndarray
    images: np.ndarray
    projected: np.ndarray

    def merge(self, other: Rows) -> Rows:
        """Of both, one after the other."""
        images = other.images + (self.images.max() + 1 if len(self.images) else 0)
        return Rows(
            directions=np.concatenate([self.directions, other.directions]),
            labels=np.concatenate([self.labels, other.labels]),
            images=np.concatenate([self.images, images]),
            projected=np.concatenate([self.projected, other.projected]),
        )

    def taken(self, some: np.ndarray) -> Rows:
        """Some of them, in another order."""
        return Rows(
            directions=self.directions[some],
            labels=self.labels[some],
            images=self.images[some],
            projected=self.projected[some],
        )

    @property
    def unseen(self) -> np.ndarray:
        """Which of them the projection has not seen, bool (n,); all if it has seen all."""
        return np.full_like(self.projected, True) if self.projected.all() else ~self.projected


def collect_rows(projection: Projection | None, copies: int, pairs: Pairs) -> Rows:
    """Directions of all examples of batches, each followed by those of its copies."""
    found, labels, images, first = [], [], [], 0
    for number, (codes, targets) in enumerate(pairs):
        found.append(directions(projection, codes))
        labels.append(targets.argmax(axis=1))
        images.append(first + np.arange(len(codes)))
        if number % (1 + copies) == copies:
            first += len(codes)
    return Rows(
        directions=np.concatenate(found),
        labels=np.concatenate(labels),
        images=np.concatenate(images),
        projected=np.zeros(sum(map(len, labels)), bool),
    )
