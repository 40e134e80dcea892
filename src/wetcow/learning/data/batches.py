"""Sources of batches: in this process, or on a Dask cluster.

`open_batches` returns the source of the data at hand: `ArrayBatches`, which computes in this
process, or `dask_cluster.ClusterBatches`, for a Dask array on a cluster, which computes where its
chunks are. What they have in common is said in `wetcow.learning.data.sources`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from wetcow.learning.data.copies import encoded
from wetcow.learning.data.progress import Advance, ignore
from wetcow.learning.data.samples import Samples
from wetcow.learning.data.sources import Batches, Parts, Result, as_batches
from wetcow.learning.data.validation import as_floats, is_dask


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


class ArrayBatches:
    """Samples whose codes are computed in this process.

    Parameters
    ----------
    samples : Samples
    """

    def __init__(self, samples: Samples):
        self.samples = samples

    def __len__(self) -> int:
        """Return the number of samples, without copies."""
        return len(self.samples.labels)

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Batches.take`."""
        return self.samples.take(rows)

    def sum(
        self,
        function: Callable[[Parts], Result],
        merge: Callable[[Result, Result], Result],
        advance: Advance = ignore,
    ) -> Result:
        """See `Batches.sum`."""
        del merge  # there is one part
        return function(
            as_batches(
                self._codes(),
                labels=self.samples.labels,
                weights=self.samples.weights,
                n_classes=self.samples.n_classes,
                copies=self.samples.copies.count,
                advance=advance,
            )
        )

    def close(self) -> None:
        """See `Batches.close`."""

    def _codes(self) -> Iterator[np.ndarray]:
        hidden, copies, size = self.samples.hidden, self.samples.copies, self.samples.batch_size
        loaded = None
        for piece in _pieces(self.samples.X):
            del loaded  # before there is another
            loaded = piece.load()
            for low in range(0, piece.count, size):
                yield from encoded(hidden, as_floats(loaded[low : low + size]), copies)


def open_batches(samples: Samples) -> Batches:
    """Return the source of samples: on the workers of a Dask cluster if X is for one, else here."""
    if samples.labels.ndim == 1:  # there may be very many labels
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
