"""How a memory of examples is made from batches of codes, and what calibrates it.

Two ways lead there. **All examples** are stored if memory allows, or at most `n_memories` of them:
their rows come to this process, and class modes are solved for all of them at once. Of more
examples `n_memories` become **landmarks** that stand for all; the others only add to sums of
n_memories² numbers, on the workers of a cluster if that is where they are.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any, NamedTuple

import numpy as np

from wetcow.learning.data.progress import StartStage
from wetcow.learning.data.rows import Rows, rows_of
from wetcow.learning.data.samples import some_rows, targets_of
from wetcow.learning.data.sources import Batches
from wetcow.learning.memory.calibration import NUM_CALIBRATING, LeftOut, Memorized
from wetcow.learning.memory.construction_files import ConstructionFiles
from wetcow.learning.memory.landmarks import (
    add_to_landmarks,
    replace_by_landmarks,
    take_landmarks,
)
from wetcow.learning.model.memory.direct import memorize_directly
from wetcow.learning.model.memory.landmarks import Landmarks, Variance
from wetcow.learning.model.memory.memorize import (
    default_landmarks,
    memorize_examples,
    room_for_tiles,
)
from wetcow.learning.model.memory.projection import Projection
from wetcow.learning.model.memory.solver import Progress
from wetcow.learning.model.memory.stored import FEW, Kernel, Memory
from wetcow.learning.model.readout import Examples, MemoryReadout
from wetcow.process import available_memory
from wetcow.validation import reasonable_size

_SHARE_LEFT_OUT = 5  # of so many examples one at most is left out of a second solution
_VARIANCE_LANDMARKS = 1_000  # examples of more than these by which variances are computed


class Plan(NamedTuple):
    """How to store examples.

    Attributes
    ----------
    kernel : Kernel
        κ and λ.
    n_memories : int or None
        Most rows of a memory; None: no such limit.
    tolerance : float
        Relative residual of the solution for stored examples.
    cache_size : float
        Bytes of K that may be kept.
    files : ConstructionFiles or None
        Files of a construction that goes on where it was interrupted, if all examples are stored.
    """

    kernel: Kernel
    n_memories: int | None
    tolerance: float
    cache_size: float
    files: ConstructionFiles | None = None


def check_room(count: int, columns: int, n_classes: int, plan: Plan) -> None:
    """Raise, before any work, if a memory of `count` examples of `columns` numbers does not fit.

    Raises
    ------
    ValueError
        With the formula, and what to do.
    """
    m = plan.n_memories
    if m is None or count <= m:
        landmarks = default_landmarks(count)
        room_for_tiles(count, columns, landmarks, 2 * n_classes, plan.cache_size)
        return
    reasonable_size(
        f"{m} landmarks of {columns} numbers (32m² + 16md bytes with m={m}, d={columns})",
        32.0 * m**2 + 16.0 * m * columns,
        "take fewer of them (n_memories)",
        limit=available_memory(),
    )


def memorize(
    batches: Batches,
    projection: Projection | None,
    plan: Plan,
    *,
    rng: np.random.Generator,
    start: StartStage,
    projected: np.ndarray | None = None,
    earlier: MemoryReadout | None = None,
    columns: np.ndarray | None = None,
) -> Memorized:
    """Store examples, beside earlier ones if there are any, and leave some out to calibrate with.

    Parameters
    ----------
    batches : Batches
        Examples.
    projection : Projection or None
        See `MemoryReadout`.
    plan : Plan
    rng : numpy Generator
        Draws landmarks, and the examples to calibrate with.
    start : callable
        Starts a stage of the progress.
    projected : int array, optional
        Examples that the projection was made from, which tell too well of themselves to calibrate
        with.
    earlier : MemoryReadout, optional
        That learns on.
    columns : int array (classes before,), optional
        Where the classes of `earlier` are among those of `batches`.
    """
    if earlier is not None and earlier.examples is None:
        assert earlier.sums is not None
        assert columns is not None
        sums = earlier.sums.with_classes(columns, batches.samples.n_classes)
        landmarks = earlier.predictive_variance.landmarks
        return add_to_landmarks(
            batches, projection, landmarks, plan.kernel, rng=rng, start=start, earlier=sums
        )
    projected = np.empty(0, int) if projected is None else projected
    samples, most = batches.samples, plan.n_memories
    count = len(batches) * (1 + samples.copies.count)
    if earlier is None and most is not None and count > most:
        drawn = some_rows(len(batches), most, rng)
        landmarks = take_landmarks(batches, projection, plan.kernel, drawn)
        _ = landmarks.factor  # computed once, before copies of it go to workers
        others = np.setdiff1d(np.arange(len(batches)), drawn)
        unseen = np.setdiff1d(others, projected)
        others = unseen if len(unseen) else others
        return add_to_landmarks(
            batches, projection, landmarks, plan.kernel, rng=rng, start=start, others=others
        )
    collect = functools.partial(rows_of, batches, projection, projected, start)
    rows = collect() if plan.files is None else plan.files.rows(collect)
    begun = None
    if earlier is not None:
        assert earlier.examples is not None
        assert columns is not None
        labels, images, seen, weights = earlier.examples
        before = Rows(
            directions=earlier.memory.rows,
            labels=columns[labels] if labels.ndim == 1 else labels,
            images=images,
            projected=seen,
            weights=weights,
        )
        rows = before.merge(rows)
        if most is not None and len(rows.labels) > most:
            return replace_by_landmarks(
                rows, samples.n_classes, projection, plan.kernel, most, rng=rng, start=start
            )
        begun = np.zeros((len(rows.labels), samples.n_classes))
        begun[: len(labels), columns] = earlier.memory.coupling
    return _store(rows, begun, samples.n_classes, projection, plan, rng=rng, start=start)


def _store(
    rows: Rows,
    begun: np.ndarray | None,
    n_classes: int,
    projection: Projection | None,
    plan: Plan,
    *,
    rng: np.random.Generator,
    start: StartStage,
) -> Memorized:
    """Solve for all examples, and for all but some to calibrate with."""
    left_out = _left_out(rows, rng)
    if left_out is None:
        memory, predictive_variance, known = _store_few(rows, n_classes, plan.kernel, start)
    else:
        memory, predictive_variance, known = _store_many(
            rows, begun, n_classes, left_out, plan, rng, start
        )
    readout = MemoryReadout(
        projection=projection,
        memory=memory,
        predictive_variance=predictive_variance,
        examples=Examples(
            labels=rows.labels,
            images=rows.images,
            projected=rows.projected,
            weights=rows.weights,
        ),
        sums=None,
    )
    return Memorized(readout, known)


def _store_few(
    rows: Rows, n_classes: int, kernel: Kernel, start: StartStage
) -> tuple[Memory, Variance, LeftOut]:
    """Solve directly, each example left out alone."""
    start("memory")
    targets = targets_of(rows.labels, n_classes)
    direct = memorize_directly(rows.directions, targets, kernel, rows.weights)
    start("calibration")
    known = LeftOut(
        criticality=direct.criticality,
        variance=direct.variance,
        targets=targets,
        weights=rows.weights,
        unseen=rows.unseen,
        together=False,
    )
    return direct.memory, _variance_of(rows, np.arange(len(targets)), kernel), known


def _store_many(
    rows: Rows,
    begun: np.ndarray | None,
    n_classes: int,
    left_out: np.ndarray,
    plan: Plan,
    rng: np.random.Generator,
    start: StartStage,
) -> tuple[Memory, Variance, LeftOut]:
    """Solve for all examples and, in the same solution, for all but those left out."""
    advance = start("memory", 100)
    solved = memorize_examples(
        rows.directions,
        targets_of(rows.labels, n_classes, left_out),
        plan.kernel,
        weights=rows.weights,
        tolerance=plan.tolerance,
        cache_size=plan.cache_size,
        start=None if begun is None else np.tile(begun, (1, 2)),
        checkpoint=None if plan.files is None else plan.files.solution,
        progress=_told(advance, plan.tolerance),
    )
    start("calibration")
    others = np.flatnonzero(~left_out)
    chosen = others[some_rows(len(others), _VARIANCE_LANDMARKS, rng)]
    predictive_variance = _variance_of(rows, chosen, plan.kernel)
    # Of an image and its copies, the image came first.
    judged = np.flatnonzero(left_out)
    judged = judged[np.unique(rows.images[judged], return_index=True)[1]]
    without = _columns(solved, slice(n_classes, None))
    known = LeftOut(
        criticality=without.criticality(rows.directions[judged]),
        variance=predictive_variance.left_out(rows.directions[judged], rows.weights[judged]),
        targets=targets_of(rows.labels[judged], n_classes),
        weights=rows.weights[judged],
        unseen=rows.unseen[judged],
        together=True,
    )
    return _columns(solved, slice(0, n_classes)), predictive_variance, known


def _left_out(rows: Rows, rng: np.random.Generator) -> np.ndarray | None:
    """Which examples a second solution is without, bool (n,); None if each is left out alone."""
    count, n_images = len(rows.labels), int(rows.images.max()) + 1
    if count <= FEW and n_images == count:
        return None
    share = max(n_images // _SHARE_LEFT_OUT, 1)
    images = np.unique(rows.images[rows.unseen])
    drawn = images[some_rows(len(images), min(NUM_CALIBRATING, share), rng)]
    return np.isin(rows.images, drawn)


def _columns(memory: Memory, some: slice) -> Memory:
    """A memory of some columns."""
    return dataclasses.replace(
        memory, coupling=memory.coupling[:, some].copy(), bias=memory.bias[some].copy()
    )


def _told(advance: Any, tolerance: float) -> Any:
    """Tell a stage of 100 steps how far the residual has fallen, as a logarithm."""
    done = 0.0

    def tell(now: Progress) -> None:
        nonlocal done
        share = 100.0
        if 0 < tolerance < now.residual:
            share = 100 * min(max(math.log(now.residual) / math.log(tolerance), 0), 1)
        advance(max(share - done, 0), f"residual {now.residual:.1e}")
        done = max(share, done)

    return tell


def _variance_of(rows: Rows, chosen: np.ndarray, kernel: Kernel) -> Variance:
    landmarks = Landmarks(rows.directions[chosen], kernel.series)
    features = landmarks.features(rows.directions)
    features *= np.sqrt(rows.weights).astype(np.float32)[:, None]
    return Variance.of(landmarks, (features.T @ features).astype(np.float64), kernel.noise)
