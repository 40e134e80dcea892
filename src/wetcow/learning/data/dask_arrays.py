"""Chunks of a Dask array: rows of them in this process, and functions of them where they are."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from dask.base import compute, get_scheduler
from dask.delayed import delayed

from wetcow.learning.data.validation import as_floats

_LARGE = 4_000_000  # bytes, above which Dask does not want data in its graphs


class Place(NamedTuple):
    """Where a chunk is.

    Attributes
    ----------
    number, start, count : int
        Which chunk it is, its first row, and how many rows it has.
    """

    number: int
    start: int
    count: int

    def checked(self, rows: Any) -> np.ndarray:
        """Return the rows as (count, columns) if there are so many, all finite; else raise."""
        rows = np.asarray(rows)
        where = f"chunk {self.number} of X, rows {self.start} to {self.start + self.count - 1},"
        if len(rows) != self.count:
            raise ValueError(f"{where} has {len(rows)} rows; call X.compute_chunk_sizes()")
        rows = rows.reshape(self.count, -1)
        if rows.dtype.kind in "biu":
            return rows
        finite = np.isfinite(rows).all(axis=1)
        if not finite.all():
            row = self.start + int(np.argmin(finite))
            raise ValueError(f"{where} has NaN or infinity, first in row {row}; remove such rows")
        return rows


def chunks_of(X: Any) -> list[tuple[Place, Any]]:
    """Return places and rows (Delayed) of the chunks of X, chunked along its first axis only.

    Examples
    --------
    >>> import dask.array as da
    >>> [place for place, _ in chunks_of(da.ones((5, 2), chunks=(3, 2)))]
    [Place(number=0, start=0, count=3), Place(number=1, start=3, count=2)]
    """
    starts = itertools.accumulate(X.chunks[0], initial=0)
    places = [
        Place(number=number, start=start, count=count)
        for number, (start, count) in enumerate(zip(starts, X.chunks[0], strict=False))
    ]
    parts = X.to_delayed().ravel()
    return [chunk for chunk in zip(places, parts, strict=True) if chunk[0].count]


def load(place: Place, part: Any) -> np.ndarray:
    """Compute the rows of a chunk and bring them to this process."""
    return place.checked(part.compute())


def take(X: Any, rows: np.ndarray) -> np.ndarray:
    """Return some rows of X, sorted, as floats (n, columns) in this process."""
    tasks = []
    for place, part in chunks_of(X):
        low, high = np.searchsorted(rows, [place.start, place.start + place.count])
        if high > low:
            tasks.append(delayed(_picked, pure=False)(place, part, rows[low:high] - place.start))
    return np.concatenate(compute(*tasks))


def _picked(place: Place, part: Any, rows: np.ndarray) -> np.ndarray:
    return as_floats(place.checked(part)[rows])


def client_in_use() -> Any:
    """Return the client of the cluster on which Dask computes now, or None."""
    client = getattr(get_scheduler(), "__self__", None)
    return client if hasattr(client, "scatter") else None


def apply(function: Callable[[np.ndarray], np.ndarray], X: Any, width: int | None) -> Any:
    """Return what a function makes of rows, chunk by chunk, as a Dask array not computed yet.

    Parameters
    ----------
    function : callable
        From rows, array (n, columns), to a float64 array (n, width), or (n,) if `width` is None.
    X : Dask array (n, ...)
        Rows.
    width : int or None
        Columns of the result.

    Examples
    --------
    >>> import dask.array as da
    >>> apply(lambda rows: rows.sum(axis=1), da.ones((5, 2), chunks=(3, 2)), None).compute()
    array([2., 2., 2., 2., 2.])
    """
    client = client_in_use()
    if client is not None and _size(function) > _LARGE:
        sent = client.scatter(function, broadcast=True, hash=False)
    else:
        sent = delayed(function, pure=False, traverse=False)
    return X.map_blocks(
        _applied,
        function=sent,
        chunks=(X.chunks[0], *(() if width is None else ((width,),))),
        drop_axis=[*range(1, X.ndim)],
        new_axis=None if width is None else 1,
        dtype=np.float64,
        meta=np.empty((0,) if width is None else (0, 0)),
    )


def _applied(rows: Any, function: Callable, block_info: Any) -> np.ndarray:
    (start, stop), *_ = block_info[0]["array-location"]
    number = block_info[0]["chunk-location"][0]
    return function(Place(number=number, start=start, count=stop - start).checked(rows))


def _size(thing: Any) -> int:
    """Bytes of the arrays in a thing, which are not copied."""
    buffers: list[pickle.PickleBuffer] = []
    pickle.dumps(thing, protocol=5, buffer_callback=buffers.append)
    return sum(buffer.raw().nbytes for buffer in buffers)
