"""Training data in a Dask array on a cluster: only sums over it come back from the workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from dask.delayed import delayed

from wetcow.learning.data.copies import Copies, encoded
from wetcow.learning.data.dask_arrays import Place, chunks_of
from wetcow.learning.data.progress import Advance, ignore
from wetcow.learning.data.samples import Samples
from wetcow.learning.data.sources import Parts, Result, as_batches
from wetcow.learning.data.validation import as_floats
from wetcow.learning.model.hidden_modes import HiddenModes


class ClusterBatches:
    """Samples whose codes are computed by workers.

    They are computed in groups of chunks, of at least as many rows as there are codes if there are
    so many: the sums of a group are as large, and merged as slowly, however few rows it has.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    samples : Samples
        X is a Dask array.
    """

    def __init__(self, client: Any, samples: Samples):
        self.samples = samples
        self._client = client
        least = max(samples.hidden.n_codes, samples.batch_size)
        self._groups = _grouped(chunks_of(samples.X), least)
        self._counts = [sum(place.count for place in places) for places, _ in self._groups]
        self._hidden = self._sent(samples.hidden)
        self._labels = self._scattered(samples.labels)
        self._weights = [None] * len(self._groups)
        if samples.weights is not None:
            self._weights = self._scattered(samples.weights)

    def __len__(self) -> int:
        """Return the number of samples, without copies."""
        return len(self.samples.labels)

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Batches.take`; in this process."""
        return self.samples.take(rows)

    def sum(
        self,
        function: Callable[[Parts], Result],
        merge: Callable[[Result, Result], Result],
        advance: Advance = ignore,
    ) -> Result:
        """See `Batches.sum`; the sums of groups are merged by the workers, two by two."""
        sent = self._sent(function)
        sums = [self._sums(sent, group) for group in range(len(self._groups))]
        level, root = sums, None
        while len(level) > 1:
            pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
            level = [delayed(merge, pure=False)(*it) if len(it) > 1 else it[0] for it in pairs]
        try:
            # The sums of a group are let go as soon as they are merged.
            (root,) = self._computed(level, sums, self._counts, advance)
            return root.result()
        finally:
            _release([sent, root])

    def close(self) -> None:
        """See `Batches.close`: let the workers forget everything."""
        _release([self._hidden, *self._labels, *self._weights])

    def _sums(self, function: Any, group: int) -> Any:
        samples, (places, parts) = self.samples, self._groups[group]
        return delayed(_sums_of_rows, pure=False)(
            function,
            self._hidden,
            places,
            parts,
            self._labels[group],
            self._weights[group],
            batch_size=samples.batch_size,
            n_classes=samples.n_classes,
            copies=samples.copies,
        )

    def _computed(
        self, wanted: Sequence[Any], counted: Sequence[Any], steps: Sequence[int], advance: Advance
    ) -> list[Any]:
        """Return futures of the wanted tasks once those are done whose steps are counted."""
        from distributed import as_completed

        futures = self._client.compute([*wanted, *counted])
        kept, others = futures[: len(wanted)], futures[len(wanted) :]
        del futures
        worth = {task.key: count for task, count in zip(counted, steps, strict=True)}
        waiting = {future.key: future for future in others}
        running = as_completed(others)
        del others
        try:
            for future in running:
                if future.status != "finished":
                    future.result()  # raises what went wrong
                advance(worth[future.key])
                del waiting[future.key]
            return kept
        except BaseException:
            # What remains would go on while a traceback is kept, in a notebook for example.
            _release([*kept, *waiting.values()])
            raise

    def _sent(self, thing: Any) -> Any:
        return self._client.scatter(thing, broadcast=True, hash=False)

    def _scattered(self, values: Any) -> list[Any]:
        """Send each group's part of the values to some worker: they may be many in all."""
        edges = np.cumsum(self._counts)[:-1]
        return self._client.scatter(np.split(values, edges), hash=False)


def _release(futures: Iterable[Any]) -> None:
    for future in futures:
        if future is not None:
            future.release()


def _grouped(chunks: list[tuple[Place, Any]], least: int) -> list[tuple[list[Place], list[Any]]]:
    """Divide chunks into consecutive groups of at least so many rows, but for the last."""
    groups: list[tuple[list[Place], list[Any]]] = []
    room = 0
    for place, part in chunks:
        if room <= 0:
            groups.append(([], []))
            room = least
        groups[-1][0].append(place)
        groups[-1][1].append(part)
        room -= place.count
    return groups


def _encoded(
    hidden: HiddenModes, places: list[Place], parts: list[Any], batch_size: int, copies: Copies
) -> Iterator[np.ndarray]:
    rows = [place.checked(part) for place, part in zip(places, parts, strict=True)]
    joined = rows[0] if len(rows) == 1 else np.concatenate(rows)
    for low in range(0, len(joined), batch_size):
        yield from encoded(hidden, as_floats(joined[low : low + batch_size]), copies)


def _sums_of_rows(
    function: Callable,
    hidden: HiddenModes,
    places: list[Place],
    parts: list[Any],
    labels: np.ndarray,
    weights: np.ndarray | None,
    *,
    batch_size: int,
    n_classes: int,
    copies: Copies,
) -> Any:
    codes = _encoded(hidden, places, parts, batch_size, copies)
    return function(as_batches(codes, labels, weights, n_classes, copies.count))
