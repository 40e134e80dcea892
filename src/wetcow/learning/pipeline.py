"""An image's path through the learner, one function a step.

    validate → frame → encode → pool → project → memorize → calibrate

The first four make codes of images: hidden modes answer, and their answers are pooled. Which frame,
and which modes, is found before, by `look` and `construct`. `project`
takes the direction of codes along their principal components, which is what the wave kernel
compares. `memorize` stores examples and solves for the couplings of the class modes, and
`calibrate` says how far these are to be trusted. The last three learn from codes, wherever these
come from: a source of batches (`wetcow.learning.data.sources`) is all they need. `learn` goes
through them; `WaveClassifier.fit` and `partial_fit` call it, with data in memory or on a Dask
cluster. Each step can be called alone, and changes nothing that it is given.

Examples
--------
The memory of a small classifier, by hand:

>>> import numpy as np
>>> from wetcow import WaveClassifier, datasets
>>> from wetcow.learning import pipeline
>>> from wetcow.learning.data.samples import targets_of
>>> from wetcow.learning.model.memory.memorize import memorize_examples
>>> X, y = datasets.load("digits")
>>> hidden = WaveClassifier(n_modes=16).fit(X[:300], y[:300]).hidden_
>>> rows, labels, _ = pipeline.validate(X[:300], y[:300])
>>> codes = pipeline.pool(pipeline.encode(pipeline.frame(rows, hidden), hidden), hidden)
>>> codes.shape == (300, hidden.n_codes)
True
>>> projection = pipeline.fit_projection(codes, n_components=100)
>>> memory = memorize_examples(pipeline.project(codes, projection), targets_of(labels, 10))
>>> unseen = pipeline.project(hidden.codes(X[300:600].reshape(300, -1)), projection)
>>> bool(np.mean(memory.criticality(unseen).argmax(axis=1) == y[300:600]) > 0.9)
True
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from wetcow.learning.data import validation
from wetcow.learning.data.progress import StartStage, silent
from wetcow.learning.data.samples import some_rows
from wetcow.learning.data.sources import Batches
from wetcow.learning.memory.calibration import Learned, LeftOut, calibrate
from wetcow.learning.memory.examples import Plan, memorize
from wetcow.learning.memory.noise import find_noise
from wetcow.learning.model import encoder
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.innate import innate_projection
from wetcow.learning.model.memory.projection import Projection, fit_projection
from wetcow.learning.model.readout import MemoryReadout, directions
from wetcow.learning.views.construction import construct, look

__all__ = [
    "Learned",
    "calibrate",
    "construct",
    "encode",
    "find_noise",
    "find_projection",
    "fit_projection",
    "frame",
    "learn",
    "look",
    "memorize",
    "pool",
    "project",
    "validate",
]

# The projection is made from ten samples for each component. With fewer it fits these better than
# others, which then seem less uncertain than they are, and are answered less well.
_SAMPLES_EACH, _ALWAYS = 10, 50
_SHARE_UNSEEN = 5  # one example of so many is kept from the projection


def validate(
    X: Any, y: Any, estimator: Any = None, *, first: bool = True, values: bool = False
) -> tuple[Any, np.ndarray, tuple[int, ...] | None]:
    """Return rows and labels to learn, and the shape of the images if X is a stack of them.

    Parameters
    ----------
    X : array (n, features), (n, height, width) or (n, height, width, channels)
        Of any kind that `WaveClassifier` takes.
    y : array (n,), or of values (n, columns)
        Labels or values.
    estimator : scikit-learn estimator, optional
        Whose number and names of features are set, or checked unless these data are the first.
    first : bool
        Whether nothing was learned before. If so, two samples are the fewest, else one.
    values : bool
        Whether y has numbers to be found, and not labels.

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
    least = 2 if first else 1
    return validation.check_pairs(estimator, X, y, reset=first, least=least, values=values)


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
    list of tuples of JAX arrays (n, rows, columns, n_modes or 2 · n_modes)
        A tuple has one array a code, in units of the modes' own frequencies where these are
        constant. Modes that are pooled with their mirror images are followed by these.

    Notes
    -----
    Together with `pool` this is `HiddenModes.codes_of`, up to rounding. That goes through a few
    images at a time, so that codes, which take much memory, never leave the cache.
    """
    return [
        encoder.codes_at_positions(images, layer, geometry, hidden.response)
        for layer, geometry in zip(hidden.layers, hidden.geometries, strict=True)
    ]


def pool(codes: Sequence[tuple[Any, ...]], hidden: HiddenModes) -> np.ndarray:
    """Means of codes over regions, and their square roots; float32 (n, d)."""
    banks = zip(codes, hidden.layers, hidden.geometries, strict=True)
    pooled = [
        encoder.pooled_codes(some, layer, geometry, hidden.response)
        for some, layer, geometry in banks
    ]
    return np.concatenate(pooled, axis=1)


def find_projection(
    batches: Batches, n_components: int, rng: np.random.Generator
) -> tuple[Projection | None, np.ndarray]:
    """Find the principal components of codes of some examples; None for tables, which need none.

    At least a fifth of the examples are not looked at, since they are to tell how uncertain others
    are.

    Parameters
    ----------
    batches : Batches
        The first data seen, or a sample of them.
    n_components : int
        At most; a tenth of the examples, or 50 if these are fewer than 500.
    rng : numpy Generator
        Draws the examples.

    Returns
    -------
    projection : Projection or None
    rows : int array
        Examples that it was made from.

    Warns
    -----
    UserWarning
        If all have the same codes, so that there is nothing to tell them apart by.
    """
    hidden = batches.samples.hidden
    if not hidden.layers:
        return None, np.empty(0, int)
    most = len(batches) - len(batches) // _SHARE_UNSEEN
    rows = some_rows(len(batches), min(_SAMPLES_EACH * n_components, most), rng)
    codes = batches.samples.codes(rows)
    count = min(n_components, max(len(rows) // _SAMPLES_EACH, _ALWAYS))
    if not np.isfinite(codes).all():
        raise ValueError("the codes of hidden modes are not finite")
    try:
        weights = batches.samples.weighted(rows)
        return fit_projection(codes, count, int(rng.integers(2**31)), weights), rows
    except ValueError:
        warnings.warn(
            "all samples look the same to the hidden modes: class frequencies are all that can be "
            "learned; look for constant images",
            stacklevel=2,
        )
        nothing = np.zeros((hidden.n_codes, 1), np.float32)
        return Projection(axes=nothing, origin=np.zeros(1, np.float32)), rows


def project(codes: np.ndarray, projection: Projection | None) -> np.ndarray:
    """Directions of codes along principal components, unit rows, float32 (n, components)."""
    return directions(projection, codes)


def learn(
    batches: Batches,
    plan: Plan,
    *,
    n_components: int,
    rng: np.random.Generator,
    innate: bool = False,
    start: StartStage = silent,
    earlier: MemoryReadout | None = None,
    columns: np.ndarray | None = None,
    calibrating: Callable[[LeftOut], Any] = calibrate,
    noises: Sequence[float] = (),
) -> Learned:
    """Go from batches to a calibrated memory: project → memorize → calibrate.

    Parameters
    ----------
    batches : Batches
        Samples to learn.
    plan : Plan
        How to store them.
    n_components : int
        Of the projection, which is made from these data unless there is an earlier one.
    rng : numpy Generator
        Draws samples: for the projection, as landmarks, and to calibrate with.
    innate : bool
        Whether the projection is made from photographs, with all components that they have, and not
        from these data.
    start : callable
        Starts a stage of the progress.
    earlier : MemoryReadout, optional
        That learns on, with its projection.
    columns : int array (classes before,), optional
        Where the classes of `earlier` are among those of `batches`.
    calibrating : callable
        What is made of answers about examples that were left out.
    noises : sequence of float
        λ to choose from; none: that of the plan.
    """
    start("projection")
    projected = None
    hidden = batches.samples.hidden
    if earlier is None and innate and hidden.layers:
        projection = innate_projection(hidden)
    elif earlier is None:
        projection, projected = find_projection(batches, n_components, rng)
    else:
        projection = earlier.projection
    if noises:
        start("noise")
        noise = find_noise(batches, projection, plan.kernel, noises, rng)
        plan = plan._replace(kernel=plan.kernel._replace(noise=noise))
    readout, left_out = memorize(
        batches,
        projection,
        plan,
        rng=rng,
        start=start,
        projected=projected,
        earlier=earlier,
        columns=columns,
    )
    return Learned(readout, calibrating(left_out))
