"""Checks of what users pass to the classifier; each error says what was wrong and what to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from wetcow.learning.augment import Augmentation, check_augmentation
from wetcow.learning.budgets import BUDGETS, Sizes
from wetcow.learning.features import Geometry
from wetcow.learning.frame import HANDWRITING, SEVEN, Frame, check_frame
from wetcow.learning.response import RESPONSES

FRAMES = {"handwriting": HANDWRITING, "seven": SEVEN}

_SMALLEST_SIDE = 7  # of flat rows that "auto" takes for square images


def check_integer(name: str, value: Any, least: int) -> None:
    """Raise unless `value` is an integer of at least `least`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}")


def check_number(name: str, value: Any, *, positive: bool = False, instead: str = "") -> None:
    """Raise unless `value` is a finite real number; `instead` names what else is allowed."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    number = float(value) if is_number else math.nan
    if not math.isfinite(number) or (positive and number <= 0):
        kind = "positive" if positive else "finite"
        raise ValueError(f"{name} must be {instead}a {kind} number, got {value!r}")


def check_parameters(classifier: Any) -> None:
    """Raise for parameters of a classifier which no data could make sense of."""
    if classifier.budget not in BUDGETS:
        raise ValueError(f"budget must be one of {[*BUDGETS]}, got {classifier.budget!r}")
    least = {"n_modes": 1, "n_regions": 1, "n_members": 1, "block_size": 1}
    least |= {"padding": 0, "margin_passes": 0, "copies": 0}
    for name, minimum in least.items():
        if getattr(classifier, name) is not None:
            check_integer(name, getattr(classifier, name), minimum)
    if classifier.patch_size is not None:
        member_sizes(patch_sizes(classifier.patch_size), classifier.n_members)
    if classifier.response is not None and classifier.response not in RESPONSES:
        raise ValueError(f"response must be one of {[*RESPONSES]}, got {classifier.response!r}")
    if classifier.threshold is not None:
        check_number("threshold", classifier.threshold)
    if classifier.omega is not None:
        check_number("omega", classifier.omega, positive=True)
    if classifier.ridge is not None and classifier.ridge != "gcv":
        check_number("ridge", classifier.ridge, positive=True, instead="'gcv' or ")
    find_frame(classifier.frame)
    check_number("train_minutes", classifier.train_minutes)
    if classifier.train_minutes < 0:
        raise ValueError(f"train_minutes must not be negative, got {classifier.train_minutes!r}")
    check_number("learning_rate", classifier.learning_rate, positive=True)
    member_augmentations(classifier.augmentation, classifier.n_members)
    if classifier.copies and shared_augmentation(classifier.augmentation) is None:
        raise ValueError(
            f"copies={classifier.copies} needs an augmentation, which says how they are deformed: "
            "one for all members"
        )


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
    return np.unique(declared) if known is None else np.union1d(known, declared)


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


def patch_sizes(patch_size: Any) -> Sizes:
    """Return patch sizes as a tuple of positive integers, or as one such tuple for each member.

    Examples
    --------
    >>> patch_sizes(5), patch_sizes([3, 5]), patch_sizes([7, [3, 5]])
    ((5,), (3, 5), ((7,), (3, 5)))
    """
    if isinstance(patch_size, Sequence) and any(isinstance(one, Sequence) for one in patch_size):
        return tuple(_sizes(one) for one in patch_size)
    return _sizes(patch_size)


def member_sizes(sizes: Sizes, n_members: int) -> list[Any]:
    """Patch sizes of each of several members, a tuple of int each.

    Examples
    --------
    >>> member_sizes((3, 5), 2), member_sizes(((7,), (3, 5)), 2)
    ([(3, 5), (3, 5)], [(7,), (3, 5)])
    """
    if isinstance(sizes[0], tuple):
        return _one_each("patch_size", sizes, n_members)
    return [sizes] * n_members


def member_augmentations(augmentation: Any, n_members: int) -> list[Augmentation | None]:
    """Augmentation of each of several members, from one for each or one for all.

    Examples
    --------
    >>> [one is not None for one in member_augmentations(["garments", None], 2)]
    [True, False]
    """
    if _is_several(augmentation):
        return [*map(check_augmentation, _one_each("augmentation", augmentation, n_members))]
    return [check_augmentation(augmentation)] * n_members


def shared_augmentation(augmentation: Any) -> Augmentation | None:
    """The augmentation of all members, if it is the same."""
    return None if _is_several(augmentation) else check_augmentation(augmentation)


def _is_several(augmentation: Any) -> bool:
    return isinstance(augmentation, list | tuple) and not isinstance(augmentation, Augmentation)


def _one_each(name: str, values: Any, n_members: int) -> list[Any]:
    if len(values) != n_members:
        raise ValueError(
            f"{name} has {len(values)} entries, one for each member, but there are {n_members}; "
            "change n_members, or give one value for all"
        )
    return list(values)


def _sizes(patch_size: Any) -> tuple[int, ...]:
    sizes = tuple(patch_size) if isinstance(patch_size, Sequence) else (patch_size,)
    if not sizes:
        raise ValueError("patch_size must be an integer or several, got an empty sequence")
    for size in sizes:
        check_integer("patch_size", size, 1)
    return sizes


def find_image_shape(
    image_shape: Any, columns: int, stacked: tuple[int, ...] | None
) -> tuple[int, int] | None:
    """Height and width of the images in the rows of a table, or None if they are no images.

    Parameters
    ----------
    image_shape : "auto", (int, int) or None
        What the user asked for.
    columns : int
        Columns of the table.
    stacked : (int, int) or None
        Shape of the images if they came as a stack and not as a table.

    Examples
    --------
    >>> find_image_shape("auto", 64, None), find_image_shape("auto", 60, None)
    ((8, 8), None)
    """
    if image_shape is None:
        return None
    if isinstance(image_shape, str):
        if image_shape != "auto":
            raise ValueError(
                f"image_shape must be 'auto', (height, width) or None, got {image_shape!r}"
            )
        if stacked is not None:
            return int(stacked[0]), int(stacked[1])
        side = math.isqrt(columns)
        return (side, side) if side**2 == columns and side >= _SMALLEST_SIDE else None
    shape = tuple(image_shape) if np.ndim(image_shape) == 1 else ()
    if len(shape) != 2 or not all(isinstance(size, Integral) and int(size) > 0 for size in shape):
        raise ValueError(
            f"image_shape must be 'auto', (height, width) or None, got {image_shape!r}"
        )
    if math.prod(shape) != columns or (stacked is not None and shape != tuple(stacked)):
        found = f"{columns} columns" if stacked is None else f"images of shape {tuple(stacked)}"
        raise ValueError(f"image_shape={shape} does not fit X, which has {found}")
    return int(shape[0]), int(shape[1])


def image_geometry(
    image: tuple[int, int], size: int, padding: int | None, n_regions: int, mirrored: bool
) -> Geometry:
    """Geometry of square patches on images, if it makes sense."""
    padding = size // 2 if padding is None else padding
    geometry = Geometry(image, (size, size), padding, n_regions, mirrored=mirrored)
    if not 2 <= size <= min(image) or min(geometry.positions) < n_regions:
        raise ValueError(
            f"patches of {size}×{size} on images of {image[0]}×{image[1]}, padded by {padding}, "
            "must be larger than a pixel, not larger than the image, and leave at least "
            f"n_regions={n_regions} positions along each side; change patch_size, padding or "
            "n_regions, or pass image_shape=None if X holds no images"
        )
    return geometry


def image_geometries(
    image: tuple[int, int],
    frame: Frame | None,
    sizes: Sequence[int],
    n_regions: int,
    padding: int | None,
    mirrored: bool,
) -> tuple[Geometry, ...]:
    """Geometries of patch sizes on images that are first brought to a frame."""
    framed = image if frame is None or frame.size is None else frame.size
    return tuple(image_geometry(framed, size, padding, n_regions, mirrored) for size in sizes)


def table_geometry(columns: int) -> Geometry:
    """Geometry of rows that are no images: one patch, the whole row, not contrast-normalised."""
    return Geometry((1, columns), (1, columns), normalised=False)


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
        raise ValueError(f"frame must be one of {[*FRAMES]}, a Frame or None, got {frame!r}")
    return None
