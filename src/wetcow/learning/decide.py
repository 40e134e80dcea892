"""How to look at images, decided by the images themselves: frame, mirror, codes, encoding.

A few thousand images are remembered, each is recognised by the others (leave one out, exactly, in
closed form), and what recognises most is taken; the simpler one unless the gain exceeds its
standard error. Hidden modes are innate, so that nothing else is decided meanwhile.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from threadpoolctl import threadpool_limits

from wetcow.images.frame import HANDWRITING, Frame
from wetcow.learning.data.samples import take, targets_of
from wetcow.learning.model.activation import Response
from wetcow.learning.model.geometry import ROOTS, Encoding, image_geometry
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.innate import innate_hidden
from wetcow.learning.model.kernel_memory import Kernel
from wetcow.modes.kernel_matrix import kernel_matrix, unit_rows

FEWEST = 200  # images; less tell nothing
N_IMAGES = 2000
_SMALLEST_SIDE = 3  # pixels of images that patches fit into
_PATCH, _REGIONS = 7, 4
_SMALL, _SMALL_PATCH, _SMALL_REGIONS = 16, 5, 3  # for images of a side below 16, as in presets
_N_MODES = 48
_THRESHOLD, _OMEGA = 0.1, 0.2
_SHARED = ("amplitude", "rate")  # codes of which "both" consists, in its order


class View(NamedTuple):
    """How hidden modes look at images.

    Attributes
    ----------
    frame : Frame or None
        Into which images are brought first.
    mirror : bool
        Whether an image and its mirror image are the same.
    response : {"amplitude", "both", "rate", "analytic", "relu"}
        Codes of the hidden modes.
    encoding : {"brightness", "root", "both"}
        Of brightness, see `wetcow.learning.model.geometry.encoded`.
    """

    frame: Frame | None = None
    mirror: bool = False
    response: Response = "amplitude"
    encoding: Encoding = "brightness"

    def describe(self) -> str:
        """Return it in words.

        Examples
        --------
        >>> View(HANDWRITING, response="both").describe()
        'frame handwriting, no mirror, codes both, encoding brightness'
        """
        frame = self.frame and ("handwriting" if self.frame == HANDWRITING else "of its own")
        return (
            f"{f'frame {frame}' if frame else 'no frame'}, {'mirror' if self.mirror else 'no mirror'}, "
            f"codes {self.response}, encoding {self.encoding}"
        )


class Trial(NamedTuple):
    """One view that was tried.

    Attributes
    ----------
    view : View
    accuracy : float
        Share of the images that the others recognise.
    gain, error : float
        Over the best simpler view, and its standard error; 0 for the first.
    """

    view: View
    accuracy: float
    gain: float
    error: float


@dataclasses.dataclass(frozen=True)
class Decision:
    """What was decided, and what on.

    Attributes
    ----------
    view : View
        To be used.
    trials : tuple of Trial
        In the order in which they were tried; none if there was nothing to decide or to decide on.
    n_images : int
        How many images they were tried on.
    reason : str
        Why nothing was tried; empty if something was.
    """

    view: View
    trials: tuple[Trial, ...] = ()
    n_images: int = 0
    reason: str = ""

    def describe(self) -> str:
        """Return the decision and the accuracies behind it, some lines of text."""
        if not self.trials:
            return f"{self.view.describe()}: {self.reason}"
        tried = "".join(f"\n  {one.accuracy:.4f} {one.view.describe()}" for one in self.trials)
        return f"{self.view.describe()}, decided on {self.n_images} images:{tried}"


def decide_view(
    X: Any,
    labels: np.ndarray,
    image: tuple[int, int] | None,
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
    given. First frame and mirror are decided together, then codes and encoding.

    Parameters
    ----------
    X : array (n, columns), or Dask array
        Rows.
    labels : int array (n,)
        Numbers of their classes.
    image : (int, int) or None
        Height and width of the images in the rows; None for a table.
    rng : numpy Generator
        Chooses the images.
    frame, mirror, response, encoding : tuples
        Alternatives; see `View`.
    n_images : int
        At most so many images are looked at. Time grows with it, and beyond some thousands with
        its cube.

    Returns
    -------
    Decision
        The first of each where nothing can be decided: of tables, less than `FEWEST` images, a
        single class.

    Examples
    --------
    >>> import wetcow as wc
    >>> X, y = wc.datasets.load("digits", flat=True)
    >>> decision = decide_view(X, y, (8, 8), np.random.default_rng(0), n_images=300)
    >>> decision.view.mirror, len(decision.trials)
    (False, 7)
    >>> decide_view(X[:9], y[:9], (8, 8), np.random.default_rng(0)).reason
    'less than 200 images tell too little'
    """
    simplest = View(frame[0], mirror[0], response[0], encoding[0])
    n_alternatives = math.prod(map(len, (frame, mirror, response, encoding)))
    reason = _nothing_to_decide(labels, image, n_alternatives)
    if reason or image is None:
        return Decision(simplest, reason=reason)
    chosen = np.sort(rng.choice(len(labels), size=min(n_images, len(labels)), replace=False))
    _, known = np.unique(labels[chosen], return_inverse=True)
    tried = _Trials(take(X, chosen), known, image, both="both" in response)
    best = tried.best(
        simplest._replace(frame=f, mirror=m) for f, m in itertools.product(frame, mirror)
    )
    best = tried.best(
        best._replace(response=r, encoding=e) for r, e in itertools.product(response, encoding)
    )
    return Decision(best, tuple(tried.trials), len(chosen))


def _nothing_to_decide(labels: np.ndarray, image: Any, n_alternatives: int) -> str:
    """Why nothing is decided; empty if there is something."""
    if n_alternatives == 1:
        return "all is given"
    if image is None:
        return "rows of a table are no images"
    if min(image) < _SMALLEST_SIDE:
        return f"images of {image[0]}×{image[1]} are too small"
    if len(labels) < FEWEST:
        return f"less than {FEWEST} images tell too little"
    if np.all(labels == labels[0]):
        return "a single class tells nothing"
    return ""


class _Trials:
    """Views of the same images, tried one after the other, with what they share computed once."""

    def __init__(
        self, rows: np.ndarray, labels: np.ndarray, image: tuple[int, int], *, both: bool
    ):
        self._rows, self._labels, self._image = rows, labels, image
        self._both = both  # two codes come from the same products as one
        self._right: dict[View, np.ndarray] = {}
        self._codes = functools.cache(self._codes_of)
        self.trials: list[Trial] = []

    def best(self, views: Iterable[View]) -> View:
        """Try several views, the simplest first, and return the one to take."""
        best, *others = views
        if best not in self._right:
            self._try(best, best)
        for view in others:
            if view not in self._right:
                self._try(view, best)
                last = self.trials[-1]
                best = view if last.gain > last.error else best
        return best

    def _try(self, view: View, best: View) -> None:
        self._right[view] = right = _recognised(self._features(view), self._labels)
        gain = right.astype(float) - self._right[best]
        error = float(gain.std() / np.sqrt(len(gain)))
        self.trials.append(Trial(view, float(right.mean()), float(gain.mean()), error))

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
        hidden = _modes(self._image, frame, root, response)
        images = hidden.images(self._rows)
        return hidden.features_of(images[:, :, ::-1] if flipped else images)


def _modes(
    image: tuple[int, int], frame: Frame | None, root: bool, response: Response
) -> HiddenModes:
    """Hidden modes of one view, few enough to be fast."""
    seen = image if frame is None or frame.size is None else frame.size
    size, regions = (_SMALL_PATCH, _SMALL_REGIONS) if min(seen) < _SMALL else (_PATCH, _REGIONS)
    size = min(size, min(seen))
    geometry = image_geometry(seen, size, None, min(regions, min(seen)), False)
    return innate_hidden(
        image,
        frame,
        (geometry._replace(root=root),),
        n_modes=_N_MODES,
        threshold=_THRESHOLD,
        omega=_OMEGA,
        response=response,
    )


def _recognised(codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which images the memory of all others recognises, bool (n,).

    With G = (K + λ1)⁻¹ and α = G(Y − b), the criticalities of an image without itself are
    y_i − α_i/G_ii.
    """
    rows = unit_rows(codes)
    rows = unit_rows(rows - rows.mean(axis=0))
    kernel = Kernel()
    matrix = kernel_matrix(rows, None, kernel.series).astype(np.float64)
    np.fill_diagonal(matrix, matrix.diagonal() + kernel.noise)
    inverse = _inverse(matrix)
    targets = targets_of(labels, int(labels.max()) + 1)
    coupling = inverse @ (targets - targets.mean(axis=0))
    left_out = targets - coupling / inverse.diagonal()[:, None]
    return left_out.argmax(axis=1) == labels


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """Inverse of a positive definite matrix, several times faster than of any."""
    factorise, invert = scipy.linalg.get_lapack_funcs(("potrf", "potri"), (matrix,))
    with threadpool_limits(limits=1, user_api="blas"):  # two wait for each other on busy machines
        factor, failed = factorise(matrix, lower=True, clean=True, overwrite_a=True)
        lower, worse = invert(factor, lower=True, overwrite_c=True)
    if failed or worse:
        raise np.linalg.LinAlgError("the kernel of some images is not positive definite")
    return lower + np.tril(lower, -1).T
