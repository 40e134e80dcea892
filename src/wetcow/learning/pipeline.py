"""An image's path through the learner, one function a step.

    validate → frame → encode → pool → statistics → solve → calibrate

The first four make features of images. The last three learn from features, wherever these come
from: a source of batches (`wetcow.learning.data.sources`) is all they need. `learn` goes through
these three; `WaveClassifier.fit` and `partial_fit` call it, as training by gradient does, with data
in memory or on a Dask cluster. Each step can be called alone, and changes nothing that it is given.
What they return, hidden modes, statistics and class modes, are pytrees.

Examples
--------
The class modes of a small network, by hand:

>>> import numpy as np
>>> from wetcow import WaveClassifier, datasets
>>> from wetcow.learning import pipeline
>>> X, y = datasets.load("digits")
>>> hidden = WaveClassifier(n_modes=16).fit(X[:300], y[:300]).hidden_
>>> rows, labels, _ = pipeline.validate(X[:300], y[:300])
>>> images = pipeline.frame(rows, hidden)
>>> features = pipeline.pool(pipeline.encode(images, hidden), hidden)
>>> features.shape == (300, len(hidden.mean))
True
>>> from wetcow.learning.data.batches import PairBatches
>>> batches = PairBatches(lambda: [(features, np.eye(10, dtype=np.float32)[labels])])
>>> modes = pipeline.solve(pipeline.statistics(batches), ridge=0.1)
>>> unseen = hidden.features(X[300:600].reshape(300, -1))
>>> bool(np.mean(modes.criticality(unseen).argmax(axis=1) == y[300:600]) > 0.85)
True
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator

from wetcow.images.frame import Frame
from wetcow.learning.calibration import Calibration, calibrate, calibration_rows, some_rows
from wetcow.learning.data import convention, validation
from wetcow.learning.data.samples import take
from wetcow.learning.data.sources import Batches, Source
from wetcow.learning.model import encoder, ridge as closed_form
from wetcow.learning.model.encoder import Geometry
from wetcow.learning.model.hidden_modes import HiddenModes, construct_hidden
from wetcow.learning.model.hinge import hinge_sums, minimise_hinge
from wetcow.learning.model.ridge import ClassModes
from wetcow.learning.model.statistics import Statistics, accumulate
from wetcow.learning.presets import Settings
from wetcow.learning.progress import Advance, StartStage, ignore, silent

__all__ = [
    "Learned",
    "calibrate",
    "construct",
    "encode",
    "frame",
    "learn",
    "pool",
    "solve",
    "solve_with_margins",
    "statistics",
    "validate",
]

_NUM_SEEN = 10_000  # images from which hidden modes are made


class Learned(NamedTuple):
    """What is learned of data with hidden modes that stay as they are.

    Attributes
    ----------
    statistics : Statistics
        Sums over all samples.
    modes : ClassModes
        With the factor in double precision.
    calibration : Calibration
        What is known of their errors.
    """

    statistics: Statistics
    modes: ClassModes
    calibration: Calibration


def validate(
    X: Any, y: Any, estimator: Any = None, *, first: bool = True
) -> tuple[Any, np.ndarray, tuple[int, ...] | None]:
    """Return rows and labels to learn, and the shape of the images if X is a stack of them.

    Parameters
    ----------
    X : array (n, features) or (n, height, width)
        Of any kind that `WaveClassifier` takes.
    y : array (n,)
        Labels.
    estimator : scikit-learn estimator, optional
        Whose number and names of features are set, or checked unless these data are the first.
    first : bool
        Whether nothing was learned before. If so, two samples are the fewest, else one.

    Returns
    -------
    rows : array (n, features), or Dask array
        In its own dtype.
    labels : array (n,)
    image : (int, int) or None

    Raises
    ------
    ValueError, TypeError
        As scikit-learn does, and for what `wetcow.learning.data.validation` refuses.
    """
    estimator = BaseEstimator() if estimator is None else estimator
    return validation.check_pairs(estimator, X, y, reset=first, least=2 if first else 1)


def construct(
    X: Any,
    geometries: Sequence[tuple[Geometry, ...]],
    rng: np.random.Generator,
    *,
    image: tuple[int, int] | None,
    frame: Frame | None,
    settings: Settings,
) -> tuple[list[HiddenModes], convention.Convention | None]:
    """Construct the hidden modes of all members from a sample of rows, without labels.

    Parameters
    ----------
    X : array (n, columns), or Dask array
        Rows.
    geometries : sequence of tuples of Geometry
        How the banks of each member look at images.
    rng : numpy Generator
        Draws the rows and the patches in them.
    image : (int, int) or None
        Shape of the images in the rows; None for a table.
    frame : Frame or None
        To which images are brought first.
    settings : Settings
        Number of modes, their levels and codes.

    Returns
    -------
    members : list of HiddenModes
    convention : Convention or None
        Values that the images have; None for a table.
    """
    members, known = [], None
    for banks in geometries:
        rows = take(X, some_rows(len(X), _NUM_SEEN, rng))
        known = None if image is None else convention.learned(rows, image)
        hidden = construct_hidden(
            rows,
            image,
            frame,
            banks,
            rng,
            n_modes=settings.n_modes,
            threshold=settings.threshold,
            omega=settings.omega,
            response=settings.response,
        )
        members.append(hidden)
    return members, known


def frame(rows: np.ndarray, hidden: HiddenModes) -> np.ndarray:
    """Bring rows to what the hidden modes see: framed and scaled, float32 (n, height, width)."""
    return hidden.images(rows)


def encode(images: np.ndarray, hidden: HiddenModes) -> list[tuple[Any, ...]]:
    """Codes of the hidden modes at all positions of framed images, for each bank of them.

    Parameters
    ----------
    images : float32 array (n, height, width)
        From `frame`.
    hidden : HiddenModes

    Returns
    -------
    list of tuples of JAX arrays (n or 2n, rows, columns, n_modes)
        A tuple has one array a code, in units of the modes' own frequencies where these are
        constant. Images that are pooled with their mirror images are followed by these.

    Notes
    -----
    Together with `pool` this is `HiddenModes.features_of`, up to rounding. That goes through a few
    images at a time, so that codes, which take much memory, never leave the cache.
    """
    return [
        encoder.codes_at_positions(images, layer, geometry, hidden.response)
        for layer, geometry in zip(hidden.layers, hidden.geometries, strict=True)
    ]


def pool(codes: Sequence[tuple[Any, ...]], hidden: HiddenModes) -> np.ndarray:
    """Means of codes over regions, square roots, standardised: features, float32 (n, d)."""
    banks = zip(codes, hidden.layers, hidden.geometries, strict=True)
    pooled = [
        encoder.pooled_codes(some, layer, geometry, hidden.response)
        for some, layer, geometry in banks
    ]
    return (np.concatenate(pooled, axis=1) - hidden.mean) / hidden.spread


def statistics(batches: Source, advance: Advance = ignore) -> Statistics:
    """Sums over all samples of a source, which are all that `solve` needs."""
    return batches.sum(accumulate, Statistics.merge, advance)


def solve(statistics: Statistics, ridge: float | Literal["gcv"] = "gcv") -> ClassModes:
    """Solve the class modes in closed form; see `wetcow.learning.model.ridge`.

    Parameters
    ----------
    statistics : Statistics
        Of all samples.
    ridge : float or "gcv"
        Penalty λ; "gcv" chooses it by generalised cross-validation.

    Raises
    ------
    ValueError
        For a penalty too small for the precision of the sums.
    """
    if ridge == "gcv":
        ridge, _ = closed_form.cross_validate(statistics)
    return closed_form.solve(statistics, ridge)


def solve_with_margins(
    modes: ClassModes,
    batches: Batches,
    left_out: np.ndarray,
    passes: int,
    advance: Advance = ignore,
) -> tuple[ClassModes, ClassModes]:
    """Solve on, with [26] as an inequality, and once more beside that without some samples.

    Parameters
    ----------
    modes : ClassModes
        From `solve`, of all samples.
    batches : Batches
        The same samples. Those left out are marked in it.
    left_out : int array
        Rows, sorted, that do not exist for the second result.
    passes : int
        Through all samples.
    advance : callable
        Told the passes, and parts of them, as they are done.

    Returns
    -------
    ClassModes, ClassModes
        Of all samples, and of those that are not left out.
    """
    batches.leave_out(left_out)

    def sums(extrapolated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return batches.sum(
            functools.partial(hinge_sums, extrapolated),
            _added,
            lambda steps, note="": advance(steps / len(batches), note),
        )

    both = minimise_hinge(
        modes._replace(
            coupling=np.hstack([modes.coupling, np.zeros_like(modes.coupling)]),
            gamma=np.hstack([modes.gamma, np.zeros_like(modes.gamma)]),
        ),
        sums,
        passes,
    )
    n = len(modes.gamma)
    halves = (slice(n), slice(n, None))
    # Whole arrays, as a loaded model has them: products of others may be rounded differently.
    first, other = (
        modes._replace(coupling=both.coupling[:, half].copy(), gamma=both.gamma[half].copy())
        for half in halves
    )
    return first, other


def _added(
    one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    return one[0] + other[0], one[1] + other[1]


def learn(
    batches: Batches,
    *,
    ridge: float | Literal["gcv"],
    margin_passes: int,
    rng: np.random.Generator,
    start: StartStage = silent,
    earlier: Statistics | None = None,
) -> Learned:
    """Go from batches to calibrated class modes: statistics → solve → calibrate.

    Parameters
    ----------
    batches : Batches
        Samples to learn.
    ridge : float or "gcv"
        Penalty, or how it is chosen.
    margin_passes : int
        Repetitions with [26] as an inequality; then `batches` must be all samples.
    rng : numpy Generator
        Draws the samples to calibrate with.
    start : callable
        Starts a stage of the progress.
    earlier : Statistics, optional
        Of samples learned before, of the same classes.
    """
    sums = statistics(batches, start("features and sums", len(batches)))
    sums = sums if earlier is None else earlier.merge(sums)
    start("class modes")
    modes = solve(sums, ridge)
    rows = calibration_rows(len(batches), margin_passes, rng)
    without = None
    if margin_passes:
        advance = start("margin passes", margin_passes)
        modes, without = solve_with_margins(modes, batches, rows, margin_passes, advance)
    start("calibration")
    features, targets = batches.take(rows)
    known = calibrate(modes, features, targets, without)
    return Learned(statistics=sums, modes=modes, calibration=known)
