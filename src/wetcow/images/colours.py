"""Pictures in colour, as a whole: for models that learned images with channels."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from wetcow.images.pictures import (
    FILL,
    PictureError,
    Source,
    grey_of,
    read_picture,
    read_with,
)

if TYPE_CHECKING:
    from PIL.Image import Image

MODES = {3: "RGB", 4: "RGBA"}
"""How pictures are read, for each number of channels."""


def reader(
    shape: tuple[int, ...], *, crop: bool = True, fill: float = FILL
) -> Callable[[Source], np.ndarray]:
    """Return what reads pictures as images of a shape, grey or in colour.

    Parameters
    ----------
    shape : (int, int) or (int, int, int)
        Height and width, of which pictures become light ink on a dark background; with 3 or 4
        channels, they keep their colours.
    crop, fill
        Of grey ones, see `wetcow.images.pictures.read_picture`.

    Returns
    -------
    callable (path or binary file) -> float32 array

    Raises
    ------
    ValueError
        For another number of channels than pictures have.

    Examples
    --------
    >>> reader((28, 28, 7))
    Traceback (most recent call last):
    ValueError: images with 7 channels were learned, but pictures have 3, or 4 with opacity; use \
WaveClassifier.load(…).predict for arrays
    """
    if len(shape) == 2:
        return functools.partial(read_picture, shape=(shape[0], shape[1]), crop=crop, fill=fill)
    height, width, channels = shape
    if channels not in MODES:
        raise ValueError(
            f"images with {channels} channels were learned, but pictures have 3, or 4 with "
            "opacity; use WaveClassifier.load(…).predict for arrays"
        )
    return functools.partial(read_colours, shape=(height, width, channels))


def read_colours(path: Source, shape: tuple[int, int, int]) -> np.ndarray:
    """Read a picture with its colours, resized to a shape. Nothing is cut off or taken away.

    Parameters
    ----------
    path : path or binary file
        A PNG, a JPEG or another file that Pillow can read; of several frames the first is taken.
    shape : (int, int, int)
        Height, width and channels: 3 are red, green and blue, where what is transparent is white;
        with 4 there is opacity, too.

    Returns
    -------
    float32 array (height, width, channels)
        From 0 to 1.

    Raises
    ------
    ValueError
        For another number of channels than pictures have.
    PictureError, OSError
        As `wetcow.images.pictures.read_picture`.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> page = np.full((60, 40, 3), (255, 0, 51), np.uint8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.fromarray(page).save(f"{folder}/red.png")
    ...     image = read_colours(f"{folder}/red.png", (8, 8, 3))
    >>> image.shape, image[0, 0].round(2).tolist()
    ((8, 8, 3), [1.0, 0.0, 0.20000000298023224])
    """
    if len(shape) != 3 or min(shape) < 1 or shape[2] not in MODES:
        raise ValueError(
            "pictures have 3 channels, red, green and blue, or 4, with opacity; shape must be a "
            f"height, a width and one of these, got {shape}"
        )
    return read_with(path, functools.partial(_coloured, shape=shape))


def _coloured(image: Image, shape: tuple[int, int, int]) -> np.ndarray:
    from PIL import Image

    height, width, channels = shape
    if image.mode[0] in "IF":  # 16 bits and more of grey, which conversion would cut off
        grey = grey_of(image, 255)
        if not np.isfinite(grey).all():
            raise PictureError("it has NaN or infinity for brightness; give a PNG or JPEG")
        levels = np.rint(255 * np.clip(grey, 0, 1)).astype(np.uint8)
        image = Image.fromarray(levels)
    if channels == 3 and image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert(MODES[channels])
    # Sharper than a triangle, yet nowhere negative: it does not ring.
    resized = image.resize((width, height), Image.Resampling.HAMMING)
    return np.asarray(resized, dtype=np.float32) / 255
