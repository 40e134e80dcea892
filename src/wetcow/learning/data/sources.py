"""What a source of batches is: codes and targets of training data, over which sums are taken.

What learning wants of all data is always a sum of some kind, of which putting rows one below the
other is one. So `sum` is what the steps of `wetcow.learning.memory.examples` ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from wetcow.learning.data.progress import Advance, ignore
from wetcow.learning.data.samples import Samples, targets_of


class Batch(NamedTuple):
    """Some samples.

    Attributes
    ----------
    codes : float32 array (n, d)
    labels : array (n,) or (n, columns)
        See `Samples`.
    n_classes : int
    weights : float64 array (n,) or None
    """

    codes: np.ndarray
    labels: np.ndarray
    n_classes: int
    weights: np.ndarray | None

    @property
    def targets(self) -> np.ndarray:
        """What modes that are read out are to be, (n, n_classes)."""
        return targets_of(self.labels, self.n_classes)


Parts = Iterable[Batch]
"""One batch after the other."""

Result = TypeVar("Result")


class Batches(Protocol):
    """Codes and targets of training data, batch by batch, over which sums can be taken.

    Its samples are known one by one, so that some can be looked at.
    """

    samples: Samples

    def sum(
        self,
        function: Callable[[Parts], Result],
        merge: Callable[[Result, Result], Result],
        advance: Advance = ignore,
    ) -> Result:
        """Sum over all samples.

        Parameters
        ----------
        function : callable
            From an iterable of `Batch` to sums over them. It must be possible to
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


def as_batches(
    codes: Iterable[np.ndarray],
    labels: np.ndarray,
    weights: np.ndarray | None,
    n_classes: int,
    copies: int,
    advance: Advance = ignore,
) -> Iterator[Batch]:
    """Put what is known of samples beside their codes, and beside those of their copies."""
    start = 0
    for number, some in enumerate(codes):
        rows = slice(start, start + len(some))
        yield Batch(
            codes=some,
            labels=labels[rows],
            n_classes=n_classes,
            weights=None if weights is None else weights[rows],
        )
        advance(len(some) / (1 + copies))
        if number % (1 + copies) == copies:
            start = rows.stop
