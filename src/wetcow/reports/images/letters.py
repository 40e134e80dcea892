"""Letters from fonts, as large and as placed as the digits of MNIST, but none of its classes."""

from __future__ import annotations

import functools
import pathlib
import string

import matplotlib
import numpy as np
import scipy.ndimage
from PIL import Image, ImageDraw, ImageFont

_LIKE_DIGITS = "OoIl"  # drawn as 0 or 1 in most fonts
_LETTERS = "".join(sorted(set(string.ascii_letters) - set(_LIKE_DIGITS)))
_DRAWN_AT = 80  # pixels of a font, before it is made smaller
_SIDE, _BOX = 28, 20  # of an image, and of what a character fits into
_TILT = 15.0  # degrees, at most


def fonts() -> list[pathlib.Path]:
    """Return the text fonts that come with matplotlib."""
    folder = pathlib.Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return sorted(path for path in folder.glob("DejaVu*.ttf") if "Display" not in path.name)


def letters(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw random letters in random fonts, slightly tilted.

    Parameters
    ----------
    count : int
        Number of images.
    seed : int

    Returns
    -------
    images : float32 array (count, 28, 28)
        From 0 to 1, white on black, within 20 pixels, the centre of mass in the middle.
    names : str array (count,)
        Which letters. Those that look like 0 and 1 are left out.

    Examples
    --------
    >>> images, names = letters(2, seed=0)
    >>> images.shape, float(images.max()) > 0.9
    ((2, 28, 28), True)
    """
    rng = np.random.default_rng(seed)
    files = fonts()
    names = rng.choice([*_LETTERS], size=count)
    chosen, tilts = rng.integers(len(files), size=count), rng.uniform(-_TILT, _TILT, count)
    drawn = [
        _drawn(str(name), files[font], float(tilt))
        for name, font, tilt in zip(names, chosen, tilts, strict=True)
    ]
    return np.array(drawn, dtype=np.float32).reshape(count, _SIDE, _SIDE), names


@functools.lru_cache
def _font(path: pathlib.Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), _DRAWN_AT)


def _drawn(letter: str, path: pathlib.Path, tilt: float) -> np.ndarray:
    page = Image.new("L", (3 * _DRAWN_AT, 3 * _DRAWN_AT))
    ImageDraw.Draw(page).text((_DRAWN_AT, _DRAWN_AT), letter, fill=255, font=_font(path))
    page = page.rotate(tilt, Image.Resampling.BICUBIC)
    page = page.crop(page.getbbox())
    scale = _BOX / max(page.size)
    small = page.resize([max(round(scale * side), 1) for side in page.size], Image.Resampling.BOX)
    image = np.zeros((_SIDE, _SIDE))
    image[: small.height, : small.width] = np.asarray(small) / 255
    centre = np.array(scipy.ndimage.center_of_mass(image))
    away = (_SIDE - 1) / 2 - centre
    return scipy.ndimage.shift(image, away, order=1, mode="grid-constant")
