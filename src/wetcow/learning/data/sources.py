"""What a source of batches is: features and targets of training data, over which sums are taken.

What learning wants of all data is always a sum of some kind. So a source has one method, `sum`, and
the steps of `wetcow.learning.pipeline` ask for nothing else of most (`Source`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import numpy as np

from wetcow.learning.data.samples import Samples, targets_of
from wetcow.learning.progress import Advance, ignore

Pairs = Iterable[tuple[np.ndarray, np.ndarray]]
"""Features (n, d) and targets (n, classes) of one batch after the other."""

Result = TypeVar("Result")


class Source(Protocol):
    """Features and targets of training data, batch by batch, over which sums can be taken."""

    def sum(
        self,
        function: Callable[[Pairs], Result],
        merge: Callable[[Result, Result], Result],
        advance: Advance = ignore,
    ) -> Result:
        """Sum over all samples.

        Parameters
        ----------
        function : callable
            From an iterable of features and targets to sums over them. It must be possible to
            pickle it, and it is only given a part of the samples if they are in several places.
        merge : callable
            Sums over the samples of two parts from those of each.
        advance : callable
            Told the number of samples as they are done.
        """
        ...


class Batches(Source, Protocol):
    """A source that knows its samples one by one, so that some can be looked at or left out."""

    samples: Samples

    def __len__(self) -> int:
        """Return the number of samples, without copies."""
        ...

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features (n, 1 + copies, d) and targets (n, classes) of some rows, sorted."""
        ...

    def leave_out(self, rows: np.ndarray) -> None:
        """From now on give all targets twice, the second time NaN for these rows and copies."""
        ...

    def close(self) -> None:
        """Let go of all features."""
        ...


def with_targets(
    features: Iterable[np.ndarray],
    labels: np.ndarray,
    n_classes: int,
    left_out: np.ndarray | None,
    copies: int,
    advance: Advance = ignore,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pair batches of features, each followed by those of its copies, with `targets_of` them."""
    start = 0
    for number, batch in enumerate(features):
        rows = slice(start, start + len(batch))
        without = None if left_out is None else left_out[rows]
        yield batch, targets_of(labels[rows], n_classes, without)
        advance(len(batch) / (1 + copies))
        if number % (1 + copies) == copies:
            start = rows.stop
