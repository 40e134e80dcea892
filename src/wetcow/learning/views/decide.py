"""How to look at images, decided by the images themselves: frame, mirror, codes, encoding.

Some of the images are remembered, a quarter at a time, and the rest are recognised by that quarter.
What recognises most is taken, and the simpler of two unless the gain exceeds its standard error.
That few are remembered makes the choice clear: where many are, all views are good. Mirror images
are taken together if that gains, and of a thousand images or more unless it loses more than its
standard error, since its gain grows with what is remembered. Frames that are larger than the images
are not tried. Hidden modes are innate, so that nothing else is decided meanwhile; of images with
channels, which innate ones do not see, they are sampled from the images, without labels.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.linalg

from wetcow.images.frame import HANDWRITING, Frame
from wetcow.learning.data.samples import take, targets_of
from wetcow.learning.model.activation import Response
from wetcow.learning.model.geometry import ROOTS, Encoding, Geometry, sides_and_channels
from wetcow.learning.model.hidden_modes import HiddenModes, construct_hidden
from wetcow.learning.model.innate import innate_hidden
from wetcow.learning.model.memory.projection import fit_projection
from wetcow.learning.model.memory.stored import Kernel
from wetcow.learning.settings.view import Decision, Trial, View
from wetcow.modes.kernel_matrix import kernel_matrix

FEWEST = 200  # images; less tell nothing
N_IMAGES = 2000
_MANY = 1000  # images, of which mirror images are taken together if in doubt
_N_PIXELS = 2**23  # of them all, if that leaves enough images
_SMALLEST_SIDE = 3  # pixels of images that patches fit into
_PATCH, _REGIONS = 7, 4
_SMALL, _SMALL_PATCH, _SMALL_REGIONS = 16, 5, 3  # for images of a side below 16, as in presets
_PARTS = 4
_N_MODES, _N_COMPONENTS = 48, 300
_THRESHOLD, _OMEGA = 0.1, 0.2
_SHARED = ("amplitude", "rate")  # codes of which "both" consists, in its order


def decide_view(
    X: Any,
    labels: np.ndarray,
    image: tuple[int, ...] | None,
    rng: np.random.Generator,
    *,
    frame: tuple[Frame | None, ...] = (None, HANDWRITING),
    mirror: tuple[bool, ...] = (False, True),
    response: tuple[Response, ...] = ("amplitude", "both"),
    encoding: tuple[Encoding, ...] = ("brightness", "both"),
    n_images: int = N_IMAGES,
) -> Decision:
    """Decide how to look at images by what is recognised best among some of them.

    Each alternative is a tuple in order of preference, the simplest first; with one entry it is
    given. First frame and mirror are decided together, then codes and, of images without a frame,
    their encoding.

    Parameters
    ----------
    X : array (n, columns), or Dask array
        Rows.
    labels : int array (n,)
        Numbers of their classes.
    image : (int, int), (int, int, int) or None
        Height and width of the images in the rows, and their channels if they have several; None
        for a table.
    rng : numpy Generator
        Chooses the images.
    frame, mirror, response, encoding : tuples
        Alternatives; see `View`.
    n_images : int
        At most so many images are looked at, and fewer of large ones. Each view of a thousand
        takes about as long as learning a thousand.

    Returns
    -------
    Decision
        The first of each where nothing can be decided: of tables, fewer than `FEWEST` images, a
        single class.

    Raises
    ------
    ValueError
        If something has no alternative at all.

    Examples
    --------
    >>> import wetcow as wc
    >>> X, y = wc.datasets.load("digits", flat=True)
    >>> decision = decide_view(
    ...     X,
    ...     y,
    ...     (8, 8),
    ...     np.random.default_rng(0),
    ...     frame=(None,),
    ...     response=("amplitude",),
    ...     encoding=("brightness",),
    ...     n_images=300,
    ... )
    >>> decision.view.mirror, len(decision.trials)
    (False, 2)
    >>> decide_view(X[:9], y[:9], (8, 8), np.random.default_rng(0)).reason
    'fewer than 200 images tell too little'
    """
    if not (frame and mirror and response and encoding):
        raise ValueError(
            "frame, mirror, response and encoding must each be a tuple of at least one alternative"
        )
    if image is not None:
        frame = (frame[0], *(one for one in frame[1:] if _fits(one, image)))
    if None not in frame:
        encoding = encoding[:1]  # see below
    simplest = View(frame=frame[0], mirror=mirror[0], response=response[0], encoding=encoding[0])
    n_alternatives = math.prod(map(len, (frame, mirror, response, encoding)))
    reason = _nothing_to_decide(labels, image, n_alternatives)
    if reason or image is None:
        return Decision(simplest, reason=reason)
    count = min(n_images, max(_N_PIXELS // math.prod(image), FEWEST), len(labels))
    chosen = np.sort(rng.choice(len(labels), size=count, replace=False))
    _, known = np.unique(labels[chosen], return_inverse=True)
    parts = rng.permutation(len(chosen)) % _PARTS
    tried = _Trials(
        rows=take(X, chosen), labels=known, image=image, parts=parts, both="both" in response
    )
    least = -1.0 if count >= _MANY else 0.0
    framed = [
        tried.best([simplest._replace(frame=f, mirror=m) for m in mirror], least) for f in frame
    ]
    best = tried.best(framed)
    # What a frame leaves is ink on nothing, of which roots show no more.
    pairs = itertools.product(response, encoding if best.frame is None else encoding[:1])
    best = tried.best([best._replace(response=r, encoding=e) for r, e in pairs])
    return Decision(view=best, trials=tuple(tried.trials.values()), n_images=len(chosen))


def _fits(frame: Frame | None, image: tuple[int, ...]) -> bool:
    """Whether a frame is no larger than the images."""
    size = None if frame is None else frame.size
    return size is None or (size[0] <= image[0] and size[1] <= image[1])


def _nothing_to_decide(labels: np.ndarray, image: Any, n_alternatives: int) -> str:
    """Why nothing is decided; empty if there is something."""
    if n_alternatives == 1:
        return "all is given"
    if image is None:
        return "rows of a table are no images"
    if min(image[:2]) < _SMALLEST_SIDE:
        return f"images of {image[0]}×{image[1]} are too small"
    if len(labels) < FEWEST:
        return f"fewer than {FEWEST} images tell too little"
    if np.all(labels == labels[0]):
        return "a single class tells nothing"
    return ""


class _Trials:
    """Views of the same images, tried one after the other, with what they share computed once."""

    def __init__(
        self,
        rows: np.ndarray,
        labels: np.ndarray,
        image: tuple[int, ...],
        parts: np.ndarray,
        *,
        both: bool,
    ):
        self._labels, self._parts = labels, parts
        self._modes = functools.cache(functools.partial(_modes, image, rows=rows))
        self._both = both  # two codes come from the same products as one
        self._shares: dict[View, np.ndarray] = {}
        self._codes = functools.cache(self._codes_of)
        self._images = functools.cache(
            lambda frame: self._modes(frame, False, "amplitude").images(rows)
        )
        self.trials: dict[View, Trial] = {}

    def best(self, views: Sequence[View], least: float = 1.0) -> View:
        """Try several views, the simplest first, and return the one to take.

        Parameters
        ----------
        views : sequence of View
        least : float
            Gain, in standard errors, above which another view is taken.
        """
        best = views[0]
        for view in views:
            if view not in self._shares:
                codes = self._features(view)
                self._shares[view] = share_recognised(codes, self._labels, self._parts)
            gains = self._shares[view] - self._shares[best]
            gain, error = float(gains.mean()), float(gains.std() / np.sqrt(len(gains)))
            if view != best or view not in self.trials:
                accuracy = float(self._shares[view].mean())
                self.trials[view] = Trial(view=view, accuracy=accuracy, gain=gain, error=error)
            if gain > least * error:
                best = view
        return best

    def _features(self, view: View) -> np.ndarray:
        """Pooled codes of all images, float32 (n, d)."""
        return np.hstack([self._codes_of_view(view, root) for root in ROOTS[view.encoding]])

    def _codes_of_view(self, view: View, root: bool) -> np.ndarray:
        shared = self._both and view.response in (*_SHARED, "both")
        response = "both" if shared else view.response
        codes = self._codes(view.frame, root, response, False)
        if view.mirror:  # means over regions are squares of codes
            mirrored = self._codes(view.frame, root, response, True)
            codes = np.sqrt((codes**2 + mirrored**2) / 2)
        if shared and view.response != "both":
            return np.split(codes, 2, axis=1)[_SHARED.index(view.response)]
        return codes

    def _codes_of(
        self, frame: Frame | None, root: bool, response: Response, flipped: bool
    ) -> np.ndarray:
        hidden = self._modes(frame, root, response)
        images = self._images(frame)
        images = images[:, :, ::-1] if flipped else images
        return hidden.codes_of(images)


def _modes(
    image: tuple[int, ...],
    frame: Frame | None,
    root: bool,
    response: Response,
    *,
    rows: np.ndarray | None = None,
) -> HiddenModes:
    """Hidden modes of one view, few enough to be fast; with channels, sampled from rows."""
    sides, channels = sides_and_channels(image)
    seen = sides if frame is None or frame.size is None else frame.size
    size, regions = (_SMALL_PATCH, _SMALL_REGIONS) if min(seen) < _SMALL else (_PATCH, _REGIONS)
    size = min(size, min(seen))
    geometry = Geometry(
        image=seen,
        patch=(size, size),
        padding=size // 2,
        n_regions=min(regions, min(seen)),
        root=root,
        channels=channels,
    )
    levels: Any = {
        "n_modes": _N_MODES,
        "threshold": _THRESHOLD,
        "omega": _OMEGA,
        "response": response,
    }
    if channels > 1 and rows is not None:
        rng = np.random.default_rng(0)
        return construct_hidden(rows, image, frame, (geometry,), rng, **levels)
    return innate_hidden(image, frame, (geometry,), **levels)


def share_recognised(codes: np.ndarray, labels: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """How often each image is recognised by memories of parts that it is not in, float64 (n,).

    Parameters
    ----------
    codes : float32 array (n, d)
        Raw codes.
    labels : int array (n,)
        Numbers of the classes.
    parts : int array (n,)
        In which part each image is.

    Examples
    --------
    >>> codes = np.eye(8, dtype=np.float32)[np.arange(40) % 8]
    >>> float(share_recognised(codes, np.arange(40) % 8, np.arange(40) // 20).mean())
    1.0
    """
    right = np.zeros(len(codes))
    try:
        projection = fit_projection(codes, _N_COMPONENTS)
    except ValueError:  # all images are the same
        return right
    kernel = Kernel()
    matrix = kernel_matrix(projection(codes), None, kernel.series)
    targets = targets_of(labels, int(labels.max()) + 1).astype(np.float64)
    numbers = np.unique(parts)
    for part in numbers:
        stored, new = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
        square = matrix[np.ix_(stored, stored)].astype(np.float64)
        np.fill_diagonal(square, square.diagonal() + kernel.noise)
        bias = targets[stored].mean(axis=0)
        coupling = scipy.linalg.solve(square, targets[stored] - bias, assume_a="pos")
        found = matrix[np.ix_(new, stored)] @ coupling + bias
        right[new] += found.argmax(axis=1) == labels[new]
    return right / (len(numbers) - 1)
