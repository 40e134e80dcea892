"""Sources of batches: in this process, on a Dask cluster, or of features that come from elsewhere.

`open_batches` returns the source of the data at hand: `ArrayBatches`, which computes in this
process, or `dask_cluster.ClusterBatches`, for a Dask array on a cluster, which computes where its
chunks are. `PairBatches` is a source of features that come from elsewhere. What they have in common
is said in `wetcow.learning.data.sources`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from wetcow.learning.data.copies import encoded
from wetcow.learning.data.samples import Samples
from wetcow.learning.data.sources import Batches, Pairs, Result, with_targets
from wetcow.learning.data.validation import as_floats, is_dask
from wetcow.learning.progress import Advance, ignore


class _Piece(NamedTuple):
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


class PairBatches:
    """Features and targets that come from elsewhere.

    Parameters
    ----------
    pairs : callable
        Returns an iterable of features and targets, the same each time it is called.

    Examples
    --------
    >>> from wetcow.learning import pipeline
    >>> x, y = np.eye(4), np.ones((4, 1))
    >>> pipeline.statistics(PairBatches(lambda: [(x[:2], y[:2]), (x[2:], y[2:])])).count
    4
    """

    def __init__(self, pairs: Callable[[], Pairs]):
        self._pairs = pairs

    def sum(
        self,
        function: Callable[[Pairs], Result],
        merge: Callable[[Result, Result], Result],
        advance: Advance = ignore,
    ) -> Result:
        """See `Source.sum`."""
        del merge, advance  # there is one part, of unknown size
        return function(self._pairs())


class ArrayBatches:
    """Samples whose features are computed in this process.

    Parameters
    ----------
    samples : Samples
    """

    def __init__(self, samples: Samples):
        self.samples = samples
        self._left_out: np.ndarray | None = None
        self._kept: dict[tuple[int, int], np.ndarray] = {}
        self._kept_bytes = 0

    def __len__(self) -> int:
        """Return the number of samples, without copies."""
        return len(self.samples.labels)

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Batches.take`."""
        return self.samples.take(rows)

    def leave_out(self, rows: np.ndarray) -> None:
        """See `Batches.leave_out`."""
        self._left_out = self.samples.marked(rows)

    def sum(
        self,
        function: Callable[[Pairs], Result],
        merge: Callable[[Result, Result], Result],
        advance: Advance = ignore,
    ) -> Result:
        """See `Source.sum`."""
        del merge  # there is one part
        return function(
            with_targets(
                self._features(),
                labels=self.samples.labels,
                n_classes=self.samples.n_classes,
                left_out=self._left_out,
                copies=self.samples.copies.count,
                advance=advance,
            )
        )

    def close(self) -> None:
        """See `Batches.close`."""
        self._kept.clear()

    def _features(self) -> Iterator[np.ndarray]:
        hidden, copies, size = self.samples.hidden, self.samples.copies, self.samples.batch_size
        start = 0
        for piece in _pieces(self.samples.X):
            loaded = None
            for low in range(0, piece.count, size):
                keys = [(start + low, number) for number in range(1 + copies.count)]
                if all(key in self._kept for key in keys):
                    yield from (self._kept[key] for key in keys)
                    continue
                loaded = piece.load() if loaded is None else loaded
                # No name for the batch, which would keep all that was loaded until the next.
                batches = encoded(hidden, as_floats(loaded[low : low + size]), copies)
                for key, features in zip(keys, batches, strict=True):
                    self._keep(key, features)
                    yield features
            start += piece.count

    def _keep(self, key: tuple[int, int], features: np.ndarray) -> None:
        room = self.samples.cache_size - self._kept_bytes
        if key not in self._kept and features.nbytes <= room:
            self._kept[key] = features
            self._kept_bytes += features.nbytes


def open_batches(samples: Samples) -> Batches:
    """Return the source of samples: on the workers of a Dask cluster if X is for one, else here."""
    # There may be very many labels.
    labels = samples.labels.astype(np.min_scalar_type(samples.n_classes))
    samples = samples._replace(labels=labels)
    if is_dask(samples.X):
        from wetcow.learning.data import dask_arrays

        client = dask_arrays.client_in_use()
        if client is not None:
            from wetcow.learning.data.dask_cluster import ClusterBatches

            return ClusterBatches(client, samples)
    return ArrayBatches(samples)


def _pieces(X: Any) -> list[_Piece]:
    """Divide rows into what is loaded at once: chunks, or all if they are in memory anyway."""
    if is_dask(X):
        from wetcow.learning.data import dask_arrays

        return [
            _Piece(place.count, functools.partial(dask_arrays.load, place, part))
            for place, part in dask_arrays.chunks_of(X)
        ]
    return [_Piece(len(X), lambda: X)]
