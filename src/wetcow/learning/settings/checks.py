"""Checks of what users pass to the classifier; each error says what was wrong and what to do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from wetcow.images.augmentation import check_augmentation
from wetcow.images.frame import HANDWRITING, SEVEN, Frame, check_frame
from wetcow.learning.data.channels import check_channel_axis
from wetcow.learning.model.activation import RESPONSES
from wetcow.learning.model.geometry import ROOTS, Encoding, Geometry, encoded, image_geometry
from wetcow.learning.settings.presets import BUDGETS, Settings, encodings, settings
from wetcow.learning.settings.view import View
from wetcow.process import bound_compiled_calls, check_process
from wetcow.validation import refuse_masked

AUTO = "auto"  # decided from some of the images
FRAMES = {"handwriting": HANDWRITING, "seven": SEVEN}


def _whole(least: int) -> Interval:
    return Interval(Integral, left=least, right=None, closed="left")


_NOT_NEGATIVE = Interval(Real, left=0, right=None, closed="left")
_POSITIVE = Interval(Real, left=0, right=None, closed="neither")
_FLAG: list[Any] = ["boolean", Interval(Integral, left=0, right=1, closed="both")]
CONSTRAINTS: dict[str, list[Any]] = {
    "budget": [StrOptions(set(BUDGETS))],
    "n_modes": [_whole(1), None],
    "n_regions": [_whole(1), None],
    "mirror": [*_FLAG, StrOptions({AUTO})],
    "encoding": [StrOptions(set(ROOTS)), None],
    "couplings": [StrOptions({"sampled", "innate"}), None],
    "response": [StrOptions(set(RESPONSES)), None],
    "threshold": [Interval(Real, left=None, right=None, closed="neither"), None],
    "omega": [_POSITIVE, None],
    "noise": [_POSITIVE, None],
    "n_memories": [_whole(1), None],
    "tolerance": [Interval(Real, left=0, right=1, closed="neither")],
    "copies": [_whole(0)],
    "train_minutes": [_NOT_NEGATIVE],
    "learning_rate": [_POSITIVE],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "checkpoint": [str, os.PathLike, None],
    "cache_size": [_NOT_NEGATIVE],
    "progress": _FLAG,
    "random_state": ["random_state"],
}
"""What parameters of a classifier may be, for scikit-learn to check; the rest is checked below."""


def check_parameters(classifier: Any) -> None:
    """Raise for parameters of a classifier which no data could make sense of."""
    for name, value in classifier.get_params(deep=False).items():
        constraints = CONSTRAINTS.get(name, [*_FLAG])  # for scikit-learn, True is the integer 1
        if isinstance(value, bool) and _FLAG[0] not in constraints:
            raise ValueError(f"{name} must be a number, got {value!r}")
    classifier._validate_params()
    if classifier.patch_size is not None:
        patch_sizes(classifier.patch_size)
    check_channel_axis(classifier.channel_axis)
    if not is_auto(classifier.frame):
        find_frame(classifier.frame)
    if check_augmentation(classifier.augmentation) is None and classifier.copies:
        raise ValueError(
            f"copies={classifier.copies} needs an augmentation, which says how they are deformed"
        )


@contextlib.contextmanager
def all_or_nothing(classifier: Any) -> Iterator[None]:
    """Keep all of what is learned meanwhile or, after an error or an interruption, nothing."""
    check_process()
    bound_compiled_calls()
    earlier = dict(classifier.__dict__)
    try:
        yield
    except BaseException:
        classifier.__dict__ = earlier
        raise


def find_classes(y: np.ndarray, declared: Any, known: np.ndarray | None) -> np.ndarray:
    """Return all classes, sorted: those known, and the declared, or if there are none those of y.

    Examples
    --------
    >>> find_classes(np.array([2, 1]), None, None).tolist()
    [1, 2]
    >>> find_classes(np.array([2, 1]), [5, 2], np.array([1, 2])).tolist()
    [1, 2, 5]
    """
    if declared is None:
        return np.unique(y) if known is None else known
    refuse_masked("classes", declared)
    found = np.asarray(declared)
    if found.ndim != 1 or not found.size:
        raise ValueError(f"classes must be a list of labels, got {declared!r}")
    if found.dtype.kind in "fc" and not np.all(np.isfinite(found)):
        raise ValueError(f"classes must be labels, not NaN or infinity, got {declared!r}")
    for others in (y, known):
        if others is not None and {found.dtype.kind, others.dtype.kind} & {*"US"}:
            texts = {kind in "USO" for kind in (found.dtype.kind, others.dtype.kind)}
            if len(texts) == 2:
                raise ValueError(
                    f"classes are {found.dtype}, but labels {others.dtype}: one is text and the "
                    "other numbers; give both as the same"
                )
    return np.unique(found) if known is None else np.union1d(known, found)


def find_labels(y: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the number of each label among sorted classes, or raise for one that is not there.

    Examples
    --------
    >>> find_labels(np.array(["b", "a"]), np.array(["a", "b", "c"])).tolist()
    [1, 0]
    """
    labels = np.searchsorted(classes, y)
    unknown = labels == len(classes)
    unknown[~unknown] = classes[labels[~unknown]] != y[~unknown]
    if unknown.any():
        raise ValueError(
            f"label {y[unknown][0]!r} is not among the classes {classes.tolist()}; pass all "
            "labels that may occur as classes"
        )
    return labels


def patch_sizes(patch_size: Any) -> tuple[int, ...]:
    """Return patch sizes as a tuple of positive integers.

    Examples
    --------
    >>> patch_sizes(5), patch_sizes([3, 5])
    ((5,), (3, 5))
    """
    sizes = tuple(patch_size) if isinstance(patch_size, Sequence) else (patch_size,)
    if not sizes:
        raise ValueError("patch_size must be an integer or several, got an empty sequence")
    for size in sizes:
        if not isinstance(size, Integral) or isinstance(size, bool) or size < 1:
            raise ValueError(f"patch_size must be an integer of at least 1, got {size!r}")
    return sizes


def geometries(chosen: Settings, image: tuple[int, ...] | None, view: View) -> tuple[Geometry, ...]:
    """How the banks of hidden modes look at rows; a table has none.

    Parameters
    ----------
    chosen : Settings
    image : (int, int), (int, int, int) or None
        Shape of the images in the rows.
    view : View
        Frame and mirror.
    """
    if image is None:
        return ()
    seen: tuple[int, ...] = image
    if view.frame is not None and view.frame.size is not None:
        seen = view.frame.size
    banks = (
        image_geometry(seen, size, chosen.n_regions, view.mirror) for size in chosen.patch_size
    )
    return encoded(tuple(banks), chosen.encoding)


def is_auto(value: Any) -> bool:
    """Whether a parameter is to be decided."""
    return isinstance(value, str) and value == AUTO


def alternatives(classifier: Any, image: tuple[int, ...] | None) -> dict[str, tuple[Any, ...]]:
    """Frames, mirrors and encodings among which is to be decided, the simplest first.

    Images with channels are seen as they are: what is background is known of grey ones alone.
    """
    frame, mirror, encoding = classifier.frame, classifier.mirror, classifier.encoding
    of_budget = encodings(classifier.budget, image)
    frames = (None,) if image is not None and len(image) == 3 else (None, HANDWRITING)
    return {
        "frame": frames if is_auto(frame) else (find_frame(frame),),
        "mirror": (False, True) if is_auto(mirror) else (bool(mirror),),
        "encoding": of_budget if encoding is None else (encoding,),
    }


def find_settings(
    classifier: Any, image: tuple[int, ...] | None, encoding: Encoding | None = None
) -> Settings:
    """Return the settings of a classifier's budget, and the user's where they are given.

    Parameters
    ----------
    classifier : WaveClassifier
        Its parameters.
    image : (int, int), (int, int, int) or None
        Shape of the images in the rows.
    encoding : str, optional
        That was decided, if the user gave none.
    """
    budget = settings(classifier.budget, image, classifier.encoding or encoding or "brightness")
    given = {name: getattr(classifier, name, None) for name in Settings._fields}
    chosen = budget._replace(**{k: v for k, v in given.items() if v is not None})
    if classifier.n_memories is not None:  # landmarks stand for all examples
        chosen = chosen._replace(n_examples=None)
    return chosen._replace(patch_size=patch_sizes(chosen.patch_size))


def find_frame(frame: Any) -> Frame | None:
    """Return the frame that a user asked for by name or by itself.

    Examples
    --------
    >>> find_frame("handwriting").deskew
    True
    """
    if isinstance(frame, str) and frame in FRAMES:
        return FRAMES[frame]
    if isinstance(frame, Frame):
        check_frame(frame)
        return frame
    if frame is not None:
        names = [AUTO, *FRAMES]
        raise ValueError(f"frame must be one of {names}, a Frame or None, got {frame!r}")
    return None
