"""Training data in a Dask array on a cluster: only sums over it come back from the workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from dask.delayed import delayed

from wetcow.learning.data.copies import Copies, encoded
from wetcow.learning.data.dask_arrays import Place, chunks_of
from wetcow.learning.data.samples import Samples
from wetcow.learning.data.sources import Pairs, Result, with_targets
from wetcow.learning.data.validation import as_floats
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.progress import Advance, ignore


class ClusterBatches:
    """Samples whose features are computed, and while there is room kept, by workers.

    They are computed in groups of chunks, of at least as many rows as there are features if there
    are so many: the sums of a group are as large, and merged as slowly, however few rows it has.

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
        least = max(len(samples.hidden.mean), samples.batch_size)
        self._groups = _grouped(chunks_of(samples.X), least)
        self._counts = [sum(place.count for place in places) for places, _ in self._groups]
        self._hidden = self._sent(samples.hidden)
        self._labels = self._scattered(samples.labels)
        self._without: list[Any] = [None] * len(self._groups)
        self._held: dict[int, Any] | None = None  # groups and futures of their features

    def __len__(self) -> int:
        """Return the number of samples, without copies."""
        return len(self.samples.labels)

    def take(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Batches.take`; in this process."""
        return self.samples.take(rows)

    def leave_out(self, rows: np.ndarray) -> None:
        """See `Batches.leave_out`."""
        _release(self._without)
        self._without = self._scattered(self.samples.marked(rows))

    def sum(
        self,
        function: Callable[[Pairs], Result],
        merge: Callable[[Result, Result], Result],
        advance: Advance = ignore,
    ) -> Result:
        """See `Source.sum`; the sums of groups are merged by the workers, two by two."""
        steps = list(self._counts)
        if self._held is None:
            self._held = self._hold(advance)
            for group in self._held:
                steps[group] = 0  # done already
        sent = self._sent(function)
        sums = [self._sums(sent, group) for group in range(len(self._groups))]
        level, root = sums, None
        while len(level) > 1:
            pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
            level = [delayed(merge, pure=False)(*it) if len(it) > 1 else it[0] for it in pairs]
        try:
            # The sums of a group are let go as soon as they are merged.
            (root,) = self._computed(level, sums, steps, advance)
            return root.result()
        finally:
            _release([sent, root])

    def close(self) -> None:
        """See `Batches.close`: let the workers forget everything."""
        _release([self._hidden, *self._labels, *self._without, *(self._held or {}).values()])

    def _hold(self, advance: Advance) -> dict[int, Any]:
        """Compute the features for which there is room."""
        room, tasks = self.samples.cache_size, {}
        for group, count in enumerate(self._counts):
            needed = 4 * count * (1 + self.samples.copies.count) * len(self.samples.hidden.mean)
            if needed <= room:
                room -= needed
                tasks[group] = delayed(_features, pure=False)(*self._rows(group))
        if not tasks:
            return {}
        steps = [self._counts[group] for group in tasks]
        held = self._computed([*tasks.values()], [*tasks.values()], steps, advance)
        return dict(zip(tasks, held, strict=True))

    def _rows(self, group: int) -> tuple[Any, ...]:
        places, parts = self._groups[group]
        return self._hidden, places, parts, self.samples.batch_size, self.samples.copies

    def _sums(self, function: Any, group: int) -> Any:
        assert self._held is not None
        samples = self.samples
        targets = (
            self._labels[group],
            samples.n_classes,
            self._without[group],
            samples.copies.count,
        )
        if group in self._held:
            return delayed(_sums, pure=False)(function, self._held[group], *targets)
        return delayed(_sums_of_rows, pure=False)(function, self._rows(group), *targets)

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


def _features(*rows: Any) -> list[np.ndarray]:
    return list(_encoded(*rows))


def _sums(function: Callable, features: Any, *targets: Any) -> Any:
    return function(with_targets(features, *targets))


def _sums_of_rows(function: Callable, rows: tuple[Any, ...], *targets: Any) -> Any:
    return _sums(function, _encoded(*rows), *targets)
