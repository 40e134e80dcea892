"""Before any code: how images are looked at, and the hidden modes that look at them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wetcow.learning.data import convention
from wetcow.learning.data.progress import StartStage, silent
from wetcow.learning.data.samples import some_rows, take
from wetcow.learning.model.encoder import Geometry
from wetcow.learning.model.hidden_modes import HiddenModes, construct_hidden
from wetcow.learning.model.innate import innate_hidden
from wetcow.learning.settings.presets import Settings
from wetcow.learning.settings.view import Decision, View
from wetcow.learning.views.decide import N_IMAGES, decide_view

_NUM_SEEN = 10_000  # images from which hidden modes are made


def look(
    X: Any,
    labels: np.ndarray,
    image: tuple[int, ...] | None,
    alternatives: Mapping[str, tuple[Any, ...]],
    rng: np.random.Generator,
    *,
    n_images: int = N_IMAGES,
    start: StartStage = silent,
) -> Decision:
    """Decide how images are looked at, by what is recognised best of some of them.

    Parameters
    ----------
    X : array (n, columns), or Dask array
        Rows.
    labels : int array (n,)
        Numbers of their classes.
    image : (int, int), (int, int, int) or None
        Shape of the images in the rows; None for a table.
    alternatives : dict
        Tuples of `frame`, `mirror` and `encoding`, the simplest first. With one of each, nothing is
        decided.
    rng : numpy Generator
        Draws the images. It is left as it is, so that what is drawn from it later is the same
        whether something was decided or given.
    n_images : int
        At most so many are looked at.
    start : callable
        Starts a stage of the progress, if there is something to decide.

    Returns
    -------
    Decision
        See `wetcow.learning.views.decide.decide_view`.
    """
    if image is not None and max(map(len, alternatives.values())) > 1:
        start("view")
    return decide_view(
        X,
        labels,
        image,
        rng.spawn(1)[0],
        frame=alternatives["frame"],
        mirror=alternatives["mirror"],
        response=("amplitude",),
        encoding=alternatives["encoding"],
        n_images=n_images,
    )


def construct(
    X: Any,
    geometries: tuple[Geometry, ...],
    rng: np.random.Generator,
    *,
    image: tuple[int, ...] | None,
    view: View,
    settings: Settings,
    weights: np.ndarray | None = None,
) -> tuple[HiddenModes, convention.Convention | None]:
    """Construct hidden modes from a sample of rows, without labels.

    Parameters
    ----------
    X : array (n, columns), or Dask array
        Rows.
    geometries : tuple of Geometry
        How the banks look at images; none for a table.
    rng : numpy Generator
        Draws the rows and the patches in them.
    image : (int, int), (int, int, int) or None
        Shape of the images in the rows; None for a table.
    view : View
        To whose frame images are brought first.
    settings : Settings
        Number of modes, their levels and codes, and whether they are sampled or innate.
    weights : float array (n,), optional
        How often each row counts, if not once.

    Returns
    -------
    hidden : HiddenModes
    convention : Convention or None
        Values that the images have; None for a table.
    """
    levels: Any = {
        name: getattr(settings, name) for name in ("n_modes", "threshold", "omega", "response")
    }
    seen = some_rows(len(X), _NUM_SEEN, rng)
    rows, each = take(X, seen), None if weights is None else weights[seen]
    known = None if image is None else convention.learned(rows, image)
    if image is not None and settings.couplings == "innate":
        return innate_hidden(image, view.frame, geometries, **levels), known
    frame = None if image is None else view.frame
    return construct_hidden(rows, image, frame, geometries, rng, **levels, weights=each), known
