"""Features and targets of training data, block by block, from wherever the data are.

`training_blocks` returns one of two things that are used alike: `Blocks`, which computes in this
process, or `wetcow.learning.data.dask_cluster.WorkerBlocks`, for a Dask array on a cluster, which
computes where its chunks are. What is wanted of all data is always a sum of some kind, so that one
method, `Blocks.reduce`, is all that differs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np

from wetcow.learning.data.copies import Copies, encoded
from wetcow.learning.data.validation import as_floats, is_dask
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.progress import Advance, ignore

Pairs = Iterable[tuple[np.ndarray, np.ndarray]]
"""Features (n, d) and targets (n, classes) of one block after the other."""

Result = TypeVar("Result")


class Piece(NamedTuple):
    """Consecutive rows that are loaded at once.

    Attributes
    ----------
    count : int
        Number of rows.
    load : callable
        Returns them, array (count, columns) of real numbers.
    """

    count: int
    load: Callable[[], np.ndarray]


def targets_of(
    labels: np.ndarray, n_classes: int, left_out: np.ndarray | None = None
) -> np.ndarray:
    """Return targets, float32 (n, n_classes): critical, 1, for the own class, and at rest else, 0.

    Parameters
    ----------
    labels : int array (n,)
        Numbers of the classes.
    n_classes : int
        How many there are.
    left_out : bool array (n,), optional
        If given, all targets come a second time beside the first, NaN where this is true.

    Examples
    --------
    >>> targets_of(np.array([1, 0]), 2, np.array([False, True])).tolist()
    [[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, nan, nan]]
    """
    targets = np.zeros((len(labels), n_classes), dtype=np.float32)
    targets[np.arange(len(labels)), labels] = 1
    if left_out is None:
        return targets
    return np.hstack([targets, np.where(left_out[:, None], np.float32(np.nan), targets)])


def with_targets(
    features: Iterable[np.ndarray],
    labels: np.ndarray,
    n_classes: int,
    left_out: np.ndarray | None,
    copies: int,
    advance: Advance = ignore,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pair blocks of features, each followed by those of its copies, with `targets_of` them."""
    start = 0
    for number, block in enumerate(features):
        rows = slice(start, start + len(block))
        without = None if left_out is None else left_out[rows]
        yield block, targets_of(labels[rows], n_classes, without)
        advance(len(block) / (1 + copies))
        if number % (1 + copies) == copies:
            start = rows.stop


class Blocks:
    """Training data whose features are computed in this process.

    Parameters
    ----------
    hidden : HiddenModes
        Whose features are taken.
    X : array (n, columns), or Dask array
        Rows.
    labels : int array (n,)
        Numbers of their classes.
    n_classes : int
        How many there are.
    block_size : int
        Rows whose features are computed at once.
    cache_size : float
        Bytes of features that may be kept from one `reduce` to the next.
    copies : Copies
        Further samples, made of the images in the rows.
    """

    def __init__(
        self,
        hidden: HiddenModes,
        X: Any,
        labels: np.ndarray,
        n_classes: int,
        block_size: int,
        cache_size: float,
        copies: Copies,
    ):
        self.hidden, self.X, self.n_classes, self.copies = hidden, X, n_classes, copies
        self.block_size, self.cache_size = block_size, cache_size
        # There may be very many labels.
        self.labels = labels.astype(np.min_scalar_type(n_classes))
        self.left_out: np.ndarray | None = None
        self._kept: dict[tuple[int, int], np.ndarray] = {}
        self._kept_bytes = 0

    def __len__(self) -> int:
        """Return the number of samples, without copies."""
        return len(self.labels)

    def leave_out(self, rows: np.ndarray) -> None:
        """From now on give all targets twice, the second time NaN for these rows and copies."""
        self.left_out = np.zeros(len(self), dtype=bool)
        self.left_out[rows] = True

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features (n, 1 + copies, d) and targets (n, classes) of some rows, sorted."""
        features = np.stack([*encoded(self.hidden, take(self.X, rows), self.copies)], axis=1)
        return features, targets_of(self.labels[rows], self.n_classes)

    def reduce(
        self,
        function: Callable[[Pairs], Result],
        merge: Callable[[Result, Result], Result],
        advance: Advance = ignore,
    ) -> Result:
        """Sums over all samples.

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
        del merge  # there is one part
        return function(
            with_targets(
                *(self._features(), self.labels, self.n_classes, self.left_out),
                *(self.copies.count, advance),
            )
        )

    def close(self) -> None:
        """Let go of all features."""
        self._kept.clear()

    def _features(self) -> Iterator[np.ndarray]:
        start = 0
        for piece in _pieces(self.X):
            loaded = None
            for low in range(0, piece.count, self.block_size):
                keys = [(start + low, number) for number in range(1 + self.copies.count)]
                if all(key in self._kept for key in keys):
                    yield from (self._kept[key] for key in keys)
                    continue
                loaded = piece.load() if loaded is None else loaded
                # No name for the block, which would keep all that was loaded until the next.
                blocks = encoded(
                    self.hidden, as_floats(loaded[low : low + self.block_size]), self.copies
                )
                for key, features in zip(keys, blocks, strict=True):
                    self._keep(key, features)
                    yield features
            start += piece.count

    def _keep(self, key: tuple[int, int], features: np.ndarray) -> None:
        if key not in self._kept and self._kept_bytes + features.nbytes <= self.cache_size:
            self._kept[key] = features
            self._kept_bytes += features.nbytes


def training_blocks(hidden: HiddenModes, X: Any, *rest: Any) -> Blocks:
    """Return `Blocks` for these arguments, on the workers of a Dask cluster if X is for one."""
    if is_dask(X):
        from wetcow.learning.data import dask_arrays

        client = dask_arrays.client_in_use()
        if client is not None:
            from wetcow.learning.data.dask_cluster import WorkerBlocks

            return WorkerBlocks(client, hidden, X, *rest)
    return Blocks(hidden, X, *rest)


def take(X: Any, rows: np.ndarray) -> np.ndarray:
    """Return some rows, sorted, as floats in memory."""
    if is_dask(X):
        from wetcow.learning.data import dask_arrays

        return dask_arrays.take(X, rows)
    return as_floats(X[rows])


def _pieces(X: Any) -> list[Piece]:
    """Divide rows into what is loaded at once: chunks, or all if they are in memory anyway."""
    if is_dask(X):
        from wetcow.learning.data import dask_arrays

        return [
            Piece(place.count, functools.partial(dask_arrays.load, place, part))
            for place, part in dask_arrays.chunks_of(X)
        ]
    return [Piece(len(X), lambda: X)]
