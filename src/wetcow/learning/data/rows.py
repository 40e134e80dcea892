"""What a memory stores of examples, collected from batches of codes."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from wetcow.learning.data.progress import StartStage
from wetcow.learning.data.sources import Batches, Parts
from wetcow.learning.model.memory.projection import Projection
from wetcow.learning.model.readout import directions


class Rows(NamedTuple):
    """Directions of examples (n, d), and which examples they are (`Examples`)."""

    directions: np.ndarray
    labels: np.ndarray
    images: np.ndarray
    projected: np.ndarray
    weights: np.ndarray

    def merge(self, other: Rows) -> Rows:
        """Of both, one after the other."""
        images = other.images + (self.images.max() + 1 if len(self.images) else 0)
        return Rows(
            directions=np.concatenate([self.directions, other.directions]),
            labels=np.concatenate([self.labels, other.labels]),
            images=np.concatenate([self.images, images]),
            projected=np.concatenate([self.projected, other.projected]),
            weights=np.concatenate([self.weights, other.weights]),
        )

    def taken(self, some: np.ndarray) -> Rows:
        """Some of them, in another order."""
        return Rows(
            directions=self.directions[some],
            labels=self.labels[some],
            images=self.images[some],
            projected=self.projected[some],
            weights=self.weights[some],
        )

    @property
    def unseen(self) -> np.ndarray:
        """Which of them the projection has not seen, bool (n,); all if it has seen all."""
        return np.full_like(self.projected, True) if self.projected.all() else ~self.projected


def collect_rows(projection: Projection | None, copies: int, parts: Parts) -> Rows:
    """Directions of all examples of batches, each followed by those of its copies."""
    found, labels, images, weights, first = [], [], [], [], 0
    for number, batch in enumerate(parts):
        count = len(batch.codes)
        found.append(directions(projection, batch.codes))
        labels.append(batch.labels)
        images.append(first + np.arange(count))
        weights.append(np.ones(count) if batch.weights is None else batch.weights)
        if number % (1 + copies) == copies:
            first += count
    known = np.concatenate(labels)
    return Rows(
        directions=np.concatenate(found),
        labels=known if known.ndim == 2 else known.astype(np.int64),
        images=np.concatenate(images),
        projected=np.zeros(len(known), bool),
        weights=np.concatenate(weights),
    )


def rows_of(
    batches: Batches, projection: Projection | None, projected: np.ndarray, start: StartStage
) -> Rows:
    """Rows of all examples; `projected` are those that the projection was made from."""
    copies = batches.samples.copies.count
    part = functools.partial(collect_rows, projection, copies)
    rows = batches.sum(part, Rows.merge, start("codes", len(batches)))
    rows = rows._replace(projected=np.isin(rows.images, projected))
    if copies:  # each image before its copies, in whatever batches they came
        rows = rows.taken(np.argsort(rows.images, kind="stable"))
    return rows
