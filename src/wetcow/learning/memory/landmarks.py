"""A memory of landmarks: some examples that stand for all others, which add to sums alone.

Where the examples are does not matter: on a cluster they stay with their workers.
"""

from __future__ import annotations

import functools

import numpy as np

from wetcow.learning.data.progress import StartStage
from wetcow.learning.data.rows import Rows
from wetcow.learning.data.samples import some_rows, targets_of
from wetcow.learning.data.sources import Batches, Parts
from wetcow.learning.memory.calibration import NUM_CALIBRATING, LeftOut, Memorized
from wetcow.learning.model import ridge
from wetcow.learning.model.memory.landmarks import Landmarks, Variance, solve_landmarks
from wetcow.learning.model.memory.projection import Projection
from wetcow.learning.model.memory.recall import memory_of_landmarks
from wetcow.learning.model.memory.stored import Kernel
from wetcow.learning.model.readout import MemoryReadout, directions
from wetcow.learning.model.statistics import Statistics, accumulate


def take_landmarks(
    batches: Batches, projection: Projection | None, kernel: Kernel, drawn: np.ndarray
) -> Landmarks:
    """Make landmarks of some examples, a batch at a time: they may have many codes."""
    samples = batches.samples
    rows = [directions(projection, samples.hidden.codes(part)) for part in samples.loaded(drawn)]
    return Landmarks(np.concatenate(rows), kernel.series)


def _landmark_sums(projection: Projection | None, landmarks: Landmarks, parts: Parts) -> Statistics:
    return accumulate(
        (landmarks.features(directions(projection, batch.codes)), batch.targets, batch.weights)
        for batch in parts
    )


def add_to_landmarks(
    batches: Batches,
    projection: Projection | None,
    landmarks: Landmarks,
    kernel: Kernel,
    *,
    rng: np.random.Generator,
    start: StartStage,
    earlier: Statistics | None = None,
    others: np.ndarray | None = None,
) -> Memorized:
    """Sum over all examples, solve, and calibrate by some of `others`, which are no landmarks."""
    function = functools.partial(_landmark_sums, projection, landmarks)
    sums = batches.sum(function, Statistics.merge, start("codes and sums", len(batches)))
    sums = sums if earlier is None else earlier.merge(sums)
    others = np.arange(len(batches)) if others is None or not len(others) else others
    rows = others[some_rows(len(others), NUM_CALIBRATING, rng)]
    codes, targets = batches.take(rows)
    shape = codes.shape[:2]
    unit = directions(projection, codes.reshape(-1, codes.shape[2])).reshape(*shape, -1)
    weights = batches.samples.weighted(rows)
    weights = np.ones(len(rows)) if weights is None else weights
    return _solved(sums, landmarks, unit, targets, weights, projection, kernel, start)


def replace_by_landmarks(
    rows: Rows,
    n_classes: int,
    projection: Projection | None,
    kernel: Kernel,
    n_landmarks: int,
    *,
    rng: np.random.Generator,
    start: StartStage,
) -> Memorized:
    """Of stored examples that have become too many, some become landmarks for all of them."""
    drawn = some_rows(len(rows.labels), n_landmarks, rng)
    landmarks = Landmarks(rows.directions[drawn], kernel.series)
    targets = targets_of(rows.labels, n_classes)
    sums = Statistics.of(landmarks.features(rows.directions), targets, rows.weights)
    # Copies are left out with their images.
    others = np.setdiff1d(rows.images[rows.unseen], rows.images[drawn])
    others = np.unique(rows.images) if not len(others) else others
    images = others[some_rows(len(others), NUM_CALIBRATING, rng)]
    groups = [np.flatnonzero(rows.images == image) for image in images]
    fewest = min(map(len, groups))  # which differ if the number of copies was changed
    unit = rows.directions[np.stack([group[:fewest] for group in groups])]
    first = np.array([group[0] for group in groups])
    weights = rows.weights[first]
    return _solved(sums, landmarks, unit, targets[first], weights, projection, kernel, start)


def _solved(
    sums: Statistics,
    landmarks: Landmarks,
    unit: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    projection: Projection | None,
    kernel: Kernel,
    start: StartStage,
) -> Memorized:
    """A memory of landmarks; `unit` (n, 1 + copies, d) calibrate it, each left out alone."""
    start("memory")
    modes = solve_landmarks(sums, kernel.noise)
    predictive_variance = Variance.of(landmarks, sums.xx, kernel.noise).in_single()
    start("calibration")
    features = landmarks.features(unit.reshape(-1, unit.shape[2])).reshape(*unit.shape[:2], -1)
    criticality, _ = ridge.leave_one_out(modes, features, targets, weights)
    readout = MemoryReadout(
        projection=projection,
        memory=memory_of_landmarks(landmarks, modes, kernel),
        predictive_variance=predictive_variance,
        examples=None,
        sums=sums,
    )
    left_out = LeftOut(
        criticality=criticality,
        variance=predictive_variance.left_out(unit[:, 0], weights),
        targets=targets,
        weights=weights,
        unseen=np.ones(len(targets), bool),
        together=False,
    )
    return Memorized(readout, left_out)
