"""Pictures of any size and colours, made into images like those of MNIST.

MNIST has light ink on a dark background, its brightness from 0 to 1. The ink fills 20 of 28 rows or
columns, whichever is fuller, and its centre of mass is that of the image.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import struct
import warnings
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, TypeVar

import numpy as np
import scipy.ndimage

from wetcow.images.background import edge, level_and_noise

if TYPE_CHECKING:
    from PIL.Image import Image

Result = TypeVar("Result")
Source = str | os.PathLike | IO[bytes]
"""Where a picture is: a path, or a file that is open."""

LARGEST = 64_000_000  # pixels of a picture, and half of those of the page around its ink
FILL = 20 / 28  # of the height or width, by the ink
_BORDER = 50  # the border's width is this part of the shorter side, and at least one pixel
# Part of the pixels that may be brighter than the ink: noise, dust. A usual percentile would miss
# the ink of a small digit on a large page.
_BRIGHTEST = 1e-4
_LEAST_CONTRAST = 0.02  # of ink and background; 5 grey levels of 256
_NOISE = 4.5  # ink differs from the background by more than so many deviations of it
_BACKGROUND = 3.0  # and what differs by less than this many is background
_FAINTEST = 0.25  # of the brightest ink; what is fainter does not count when finding its extent
_SPECK = 0.02  # of the area of the largest blob; what is smaller is dust

# What Pillow raises for files that are damaged; decompression bombs are told apart below.
_DAMAGE = (OSError, SyntaxError, ValueError, TypeError, EOFError, IndexError, struct.error)


class PictureError(ValueError):
    """A file is no picture, is damaged, or there is nothing in the picture."""


def read_picture(
    path: Source, shape: tuple[int, int], *, crop: bool = True, fill: float = FILL
) -> np.ndarray:
    """Read a picture as an image like those of MNIST: light ink on a dark background.

    Background is what most of the border is; ink is what differs most from it, lighter or darker.
    Transparent pixels are white.

    Parameters
    ----------
    path : path or binary file
        A PNG, a JPEG or another file that Pillow can read; of several frames the first is taken.
    shape : (int, int)
        Height and width of the image.
    crop : bool
        Find the ink, and scale and move it as in MNIST. Otherwise the whole picture is resized.
    fill : float
        Part of the height or width, whichever is fuller, that the ink has after cropping.

    Returns
    -------
    float32 array (height, width)
        Between 0, the background, and 1, the brightest ink.

    Raises
    ------
    PictureError
        If the file is a folder, no picture or damaged, if it says to have more than `LARGEST`
        pixels or is so long and thin that the page around its ink would have twice as many, or
        if there is nothing in the picture.
    OSError
        If the file is missing (FileNotFoundError) or may not be read.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> page = np.full((60, 40, 3), 250, np.uint8)
    >>> page[20:40, 18:22] = (0, 0, 90)  # a blue 1 on white paper
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.fromarray(page).save(f"{folder}/one.png")
    ...     image = read_picture(f"{folder}/one.png", (28, 28))
    >>> image[14, 14], image[0, 0], image.shape
    (np.float32(1.0), np.float32(0.0), (28, 28))
    """
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"shape must be a height and a width, at least 1 each, got {shape}")
    if not 0 < fill <= 1:
        raise ValueError(f"fill must be a part of the height, above 0 and at most 1, got {fill}")
    inks = (_find_ink(grey) for grey in _read_grey(path))
    ink = next((ink for ink in inks if ink is not None), None)
    if ink is None:
        raise PictureError(f"{name_of(path)}: nothing in the picture differs from its background")
    if crop:
        try:
            return centred(ink, shape, fill=fill)
        except PictureError as error:
            raise PictureError(f"{name_of(path)}: {error}") from None
    image = _resize(ink, shape, (0, 0, ink.shape[1], ink.shape[0]))
    return image / image.max()  # thin strokes have become faint


def centred(ink: np.ndarray, shape: tuple[int, int], *, fill: float = FILL) -> np.ndarray:
    """Scale ink and move it as in MNIST.

    Parameters
    ----------
    ink : float32 array (height, width)
        0 where there is none, 1 where it is brightest; not empty.
    shape, fill
        See `read_picture`.

    Returns
    -------
    float32 array (shape)
        Between 0 and 1, the brightest ink.

    Raises
    ------
    PictureError
        If the ink is so long and thin that the page around it would be too large.

    Examples
    --------
    >>> ink = np.zeros((50, 50), np.float32)
    >>> ink[2:22, 3:5] = 1
    >>> rows, columns = np.nonzero(centred(ink, (28, 28)))
    >>> rows.min(), rows.max(), columns.min(), columns.max()
    (np.int64(4), np.int64(23), np.int64(13), np.int64(14))
    """
    image = _centre(ink, shape, fill)
    return image / image.max()


def _read_grey(path: Source) -> list[np.ndarray]:
    """Brightness of a picture, float32 (height, width) in 0..1; with transparency, two of them.

    The first is on white. On it, white ink on a transparent background vanishes; the second is on
    black.
    """

    def greys(image: Image) -> list[np.ndarray]:
        backgrounds = (255, 0) if image.has_transparency_data else (255,)
        return [grey_of(image, background) for background in backgrounds]

    found = read_with(path, greys)
    if not all(np.isfinite(grey).all() for grey in found):
        raise PictureError(
            f"{name_of(path)} has NaN or infinity for brightness; give a PNG or JPEG"
        )
    return found


def name_of(path: Source) -> str:
    """Name of a picture for messages: its path, or that of a file if it has one."""
    if isinstance(path, str | os.PathLike):
        return os.fspath(path)
    return str(getattr(path, "name", "the picture"))


def _opened(path: Source) -> contextlib.AbstractContextManager[IO[bytes]]:
    """The file of a picture, which is closed afterwards if it was not open before."""
    if not isinstance(path, str | os.PathLike):
        return contextlib.nullcontext(path)
    try:
        return open(path, "rb")
    except OSError as error:
        # Windows says of a folder that access is denied.
        if isinstance(error, IsADirectoryError) or os.path.isdir(path):
            raise PictureError(f"{path} is a folder; give the pictures in it, {path}/*") from None
        raise


def read_with(path: Source, function: Callable[[Image], Result]) -> Result:
    """Return what a function makes of a picture, upright; errors are those of `read_picture`."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    name = name_of(path)
    with _opened(path) as file:
        try:
            with _without_warning(), Image.open(file) as opened:
                width, height = opened.size  # as declared: nothing has been decoded
                if width * height > LARGEST:
                    raise PictureError(
                        f"{name} is too large: {width:,} × {height:,} pixels, at most {LARGEST:,} "
                        "are read; make it smaller"
                    )
                return function(ImageOps.exif_transpose(opened))
        except UnidentifiedImageError:
            raise PictureError(
                f"{name} is no picture that can be read; give a PNG or JPEG"
            ) from None
        except Image.DecompressionBombError as error:
            raise PictureError(f"{name} is too large: {error}; make it smaller") from error
        except PictureError:
            raise
        except _DAMAGE as error:
            if isinstance(error, OSError) and error.errno == errno.EIO:  # of the disk
                raise
            raise PictureError(f"{name} is damaged: {error}; save the picture again") from error


@contextlib.contextmanager
def _without_warning() -> Iterator[None]:
    """Leave sizes to the check of them here, not to Pillow's warning."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


def grey_of(image: Image, background: int) -> np.ndarray:
    """Brightness of an image on a background of 0..255; only relations of brightness matter."""
    from PIL import Image

    if image.mode[0] in "IF":  # 16 bits and more, which conversion would cut off
        grey = np.asarray(image).astype(np.float32)
        largest = 1 if image.mode == "F" else np.iinfo(np.uint16).max
        transparent = image.info.get("transparency")
        if transparent is not None:
            grey = np.where(grey == transparent, np.float32(background / 255 * largest), grey)
        return grey / largest
    if image.has_transparency_data:
        image = image.convert("RGBA")
        behind = Image.new("RGBA", image.size, (background,) * 3 + (255,))
        image = Image.alpha_composite(behind, image)
    elif image.mode == "P":  # of whose colours grey is taken, not of their numbers
        image = image.convert("RGB")
    return np.asarray(image.convert("L"), dtype=np.float32) / 255


def _find_ink(grey: np.ndarray) -> np.ndarray | None:
    """Make the background 0 and the brightest ink 1, float32; None if there is no ink."""
    around = edge(grey.shape, max(1, min(grey.shape) // _BORDER))
    level, noise = level_and_noise(grey[around])
    above = grey - level
    apart = np.abs(above)
    beyond = min(math.ceil(_BRIGHTEST * grey.size), grey.size - 1)
    peak = float(np.partition(apart, -1 - beyond, axis=None)[-1 - beyond])
    if peak < max(_LEAST_CONTRAST, _NOISE * float(noise)):
        return None
    # Only what differs strongly tells: the mean of the picture would follow uneven lighting.
    if above[apart > peak / 2].sum() < 0:
        above = level - grey
    floor = min(_BACKGROUND * float(noise), peak / 2)
    ink = np.clip((above - floor) / (peak - floor), 0, 1, dtype=np.float32)
    return ink if ink.any() else None


def _extent(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First row and column of the ink, and the ones after the last, without dust."""
    blobs = np.empty(ink.shape, dtype=np.int32)
    scipy.ndimage.label(ink > _FAINTEST, structure=np.ones((3, 3)), output=blobs)
    areas = np.bincount(blobs.ravel())
    areas[0] = 0  # the background
    is_ink = (areas > 0) & (areas >= _SPECK * areas.max())
    rows, columns = (np.flatnonzero(is_ink[blobs].any(axis)) for axis in (1, 0))
    return np.array([rows[0], columns[0]]), np.array([rows[-1] + 1, columns[-1] + 1])


def _centre(ink: np.ndarray, shape: tuple[int, int], fill: float) -> np.ndarray:
    """Scale the ink to its part of the height or width, and move its centre of mass to the middle.

    Where very lopsided ink would then leave the image, it touches the edge instead.
    """
    first, last = _extent(ink)
    mass = scipy.ndimage.center_of_mass(ink[first[0] : last[0], first[1] : last[1]])
    side = np.array(shape) * max((last - first) / shape) / fill  # of the image, in the picture
    if math.prod(side) > 2 * LARGEST:
        height, width = last - first
        raise PictureError(
            f"the ink has {width:,} × {height:,} pixels, around which a page would have "
            f"{math.prod(side):.2g}, at most {2 * LARGEST:,} are made; make the picture smaller, "
            "or cut out one sign"
        )
    middle = np.clip(first + np.array(mass) + 0.5, last - side / 2, first + side / 2)
    start, stop = middle - side / 2, middle + side / 2
    # The page goes on as background where it ends.
    low, high = np.floor(start).astype(int), np.ceil(stop).astype(int)
    (top, left), (bottom, right) = low.clip(0), high
    before, after = (-low).clip(0), (high - ink.shape).clip(0)
    page = np.pad(ink[top:bottom, left:right], list(zip(before, after, strict=True)))
    (top, left), (bottom, right) = start - low, stop - low
    return _resize(page, shape, (left, top, right, bottom))


def _resize(
    ink: np.ndarray, shape: tuple[int, int], box: tuple[float, float, float, float]
) -> np.ndarray:
    """Resize a box (left, top, right, bottom) to a shape, each pixel a mean of those it covers."""
    from PIL import Image

    # Sharper than a triangle, yet nowhere negative: it does not ring.
    resized = Image.fromarray(ink).resize((shape[1], shape[0]), Image.Resampling.HAMMING, box)
    return np.array(resized)
