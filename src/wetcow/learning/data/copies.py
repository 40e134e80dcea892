"""Deformed copies of images as further samples, so that the closed form learns what may vary.

How a copy is deformed follows from the image itself and the hidden modes, so that it does not
matter in which order or in how many parts images come.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from wetcow.images.augmentation import Augmentation, augment
from wetcow.learning.data.weights import bytes_of
from wetcow.learning.model.hidden_modes import HiddenModes

_AT_ONCE = 1_024  # images in one compiled call


class Copies(NamedTuple):
    """Which copies there are of each image.

    Attributes
    ----------
    count : int
        Beside the image itself.
    augmentation : Augmentation or None
        How they are deformed; None only if there are none.
    """

    count: int
    augmentation: Augmentation | None


NO_COPIES = Copies(count=0, augmentation=None)


def encoded(hidden: HiddenModes, rows: np.ndarray, copies: Copies) -> Iterator[np.ndarray]:
    """Codes of images, then those of the first copy of each, and so on.

    Parameters
    ----------
    hidden : HiddenModes
        Whose codes are taken.
    rows : float array (n, columns)
        Images.
    copies : Copies

    Yields
    ------
    float32 array (n, d)
        One for the images and one for each of their copies.
    """
    yield hidden.codes(rows)
    if not copies.count:
        return
    images = hidden.images(rows)
    seeds = np.array([zlib.crc32(row) for row in bytes_of(rows)], np.uint32)
    of_modes = np.uint32(zlib.crc32(np.ascontiguousarray(hidden.mean).tobytes()))
    for number in range(copies.count):
        yield hidden.codes_of(_deformed(images, seeds, of_modes, number, copies.augmentation))


def _deformed(
    images: np.ndarray, seeds: np.ndarray, of_modes: np.uint32, number: int, augmentation: Any
) -> np.ndarray:
    found = np.empty_like(images)
    for low in range(0, len(images), _AT_ONCE):
        part = slice(low, low + _AT_ONCE)
        missing = _AT_ONCE - len(seeds[part])
        some = np.pad(images[part], ((0, missing), *[(0, 0)] * (images.ndim - 1)))
        keys = np.pad(seeds[part], (0, missing))
        deformed = np.asarray(_augmented(some, keys, of_modes, np.uint32(number), augmentation))
        found[part] = deformed[: _AT_ONCE - missing]
    return found


@functools.partial(jax.jit, static_argnames="augmentation")
def _augmented(images: Any, seeds: Any, of_modes: Any, number: Any, augmentation: Any) -> Any:
    key = jax.random.fold_in(jax.random.key(of_modes), number)
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, seeds)
    return augment(images, keys, augmentation)
