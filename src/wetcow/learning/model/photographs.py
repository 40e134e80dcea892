"""Crops of two photographs, which stand for all that there is to see.

`photographs.npz` holds them, grey and half as large, with their attribution; `tools/innate.py`
makes it. Whatever is computed of them needs no training image, so it is the same for all data.
"""

from __future__ import annotations

import functools
import importlib.resources

import numpy as np

_LARGEST = 255


def reduced(image: np.ndarray) -> np.ndarray:
    """An image half as high and wide: rounded means of 2×2 pixels, of the same integers.

    Examples
    --------
    >>> reduced(np.array([[0, 1, 9], [2, 3, 9]], np.uint8))
    array([[2]], dtype=uint8)
    """
    height, width = (side // 2 * 2 for side in image.shape)
    parts = image[:height, :width].reshape(height // 2, 2, width // 2, 2)
    return ((parts.sum(axis=(1, 3), dtype=np.int64) + 2) // 4).astype(image.dtype)


@functools.cache
def photographs() -> tuple[np.ndarray, ...]:
    """Both photographs at both scales, uint8 arrays (213, 320) and (106, 160), not to be changed.

    Examples
    --------
    >>> [image.shape for image in photographs()]
    [(213, 320), (213, 320), (106, 160), (106, 160)]
    """
    file = importlib.resources.files("wetcow.learning.model").joinpath("photographs.npz")
    with file.open("rb") as stored:
        large = [*np.load(stored, allow_pickle=False)["photographs"]]
    images = (*large, *map(reduced, large))
    for image in images:
        image.flags.writeable = False
    return images


def crops(shape: tuple[int, int], count: int, seed: int = 0) -> np.ndarray:
    """Parts of the photographs at random places, as many of each scale.

    Parameters
    ----------
    shape : (int, int)
        Height and width; of what is larger than a photograph, the rest is its mirror image.
    count : int
        How many.
    seed : int
        Of the places.

    Returns
    -------
    float32 array (count, height, width)
        Brightness from 0 to 1.

    Examples
    --------
    >>> crops((28, 28), 5).shape
    (5, 28, 28)
    """
    rng = np.random.default_rng(seed)
    found = np.empty((count, *shape), np.float32)
    images = photographs()
    for turn, image in enumerate(images):
        missing = [(0, max(side - had, 0)) for side, had in zip(shape, image.shape, strict=True)]
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(image, missing, mode="symmetric"), shape
        )
        part = found[turn :: len(images)]
        part[...] = windows[
            rng.integers(windows.shape[0], size=len(part)),
            rng.integers(windows.shape[1], size=len(part)),
        ]
    return found / np.float32(_LARGEST)
