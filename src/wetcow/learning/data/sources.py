"""What a source of batches is: codes and targets of training data, over which sums are taken.

What learning wants of all data is always a sum of some kind, of which putting rows one below the
other is one. So `sum` is what the steps of `wetcow.learning.memory.examples` ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import numpy as np

from wetcow.learning.data.samples import Samples, targets_of
from wetcow.learning.progress import Advance, ignore

Pairs = Iterable[tuple[np.ndarray, np.ndarray]]
"""Codes (n, d) and targets (n, classes) of one batch after the other."""

Result = TypeVar("Result")


class Batches(Protocol):
    """Codes and targets of training data, batch by batch, over which sums can be taken.

    Its samples are known one by one, so that some can be looked at.
    """

    samples: Samples

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
            From an iterable of codes and targets to sums over them. It must be possible to
            pickle it, and it is only given a part of the samples if they are in several places.
        merge : callable
            Sums over the samples of two parts from those of each, in their order.
        advance : callable
            Told the number of samples as they are done.
        """
        ...

    def __len__(self) -> int:
        """Return the number of samples, without copies."""
        ...

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Codes (n, 1 + copies, d) and targets (n, classes) of some rows, sorted."""
        ...

    def close(self) -> None:
        """Let go of what workers hold."""
        ...


def with_targets(
    codes: Iterable[np.ndarray],
    labels: np.ndarray,
    n_classes: int,
    copies: int,
    advance: Advance = ignore,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pair batches of codes, each followed by those of its copies, with `targets_of` them."""
    start = 0
    for number, batch in enumerate(codes):
        rows = slice(start, start + len(batch))
        yield batch, targets_of(labels[rows], n_classes)
        advance(len(batch) / (1 + copies))
        if number % (1 + copies) == copies:
            start = rows.stop
