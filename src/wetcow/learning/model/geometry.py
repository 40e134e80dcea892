"""How hidden modes look at rows: as images seen in patches, or as tables seen as a whole."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any, Literal, NamedTuple

import numpy as np

Encoding = Literal["brightness", "root", "both"]
ROOTS: dict[str, tuple[bool, ...]] = {
    "brightness": (False,),
    "root": (True,),
    "both": (False, True),
}
"""Of which banks modes see the square root of brightness, for each encoding."""

_SMALLEST_SIDE = 7  # of flat rows that "auto" takes for square images


class Geometry(NamedTuple):
    """How a layer looks at an image; hashable, fixed at compilation.

    Attributes
    ----------
    image : (int, int)
        Height and width.
    patch : (int, int)
        Height and width of a patch.
    padding : int
        Rows and columns of zeros around the image.
    n_regions : int
        Codes are pooled over a grid of n_regions × n_regions regions.
    normalised : bool
        Whether patches are contrast-normalised.
    mirrored : bool
        Whether codes are pooled over an image and its mirror image (left and right swapped), which
        closes the set of modes under reflection: features do not change if an image is mirrored.
    relative : bool
        Whether the floor of contrast normalisation is in units of the mean variance of an image's
        own patches, so that codes do not depend on the range of its values.
    root : bool
        Whether modes see the square root of brightness, measured from an image's darkest pixel.
    channels : int
        Of a pixel; patches have all of them. With one, images have no axis for it.
    """

    image: tuple[int, int]
    patch: tuple[int, int]
    padding: int = 0
    n_regions: int = 1
    normalised: bool = True
    mirrored: bool = False
    relative: bool = False
    root: bool = False
    channels: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an image as an array: (height, width), or with channels (height, width, channels)."""
        return self.image if self.channels == 1 else (*self.image, self.channels)

    @property
    def n_seen(self) -> int:
        """Numbers in a patch: its pixels, times their channels."""
        return math.prod(self.patch) * self.channels

    @property
    def positions(self) -> tuple[int, int]:
        """Rows and columns of patch positions."""
        height, width = (
            size + 2 * self.padding - patch + 1
            for size, patch in zip(self.image, self.patch, strict=True)
        )
        return height, width


def image_geometry(image: tuple[int, ...], size: int, n_regions: int, mirrored: bool) -> Geometry:
    """Geometry of square patches on images, padded by half a patch, if it makes sense."""
    padding = size // 2
    sides, channels = sides_and_channels(image)
    geometry = Geometry(
        image=sides,
        patch=(size, size),
        padding=padding,
        n_regions=n_regions,
        mirrored=mirrored,
        channels=channels,
    )
    if not 2 <= size <= min(sides) or min(geometry.positions) < n_regions:
        raise ValueError(
            f"patches of {size}×{size} on images of {sides[0]}×{sides[1]}, padded by {padding}, "
            "must be larger than a pixel, not larger than the image, and leave at least "
            f"n_regions={n_regions} positions along each side; change patch_size or "
            "n_regions, or pass image_shape=None if X holds no images"
        )
    return geometry


def encoded(geometries: tuple[Geometry, ...], encoding: Encoding) -> tuple[Geometry, ...]:
    """Geometries of banks that see images in an encoding.

    Parameters
    ----------
    geometries : tuple of Geometry
        Of banks that see brightness.
    encoding : {"brightness", "root", "both"}
        "root": its square root, which sees in the dark what contrast hides. "both": all banks a
        second time, seeing roots, side by side with the first.

    Examples
    --------
    >>> [geometry.root for geometry in encoded((Geometry((8, 8), (3, 3)),), "both")]
    [False, True]
    """
    return tuple(one._replace(root=root) for root in ROOTS[encoding] for one in geometries)


def sides_and_channels(shape: tuple[int, ...]) -> tuple[tuple[int, int], int]:
    """Height and width of images, and the channels of their pixels.

    Examples
    --------
    >>> sides_and_channels((28, 28)), sides_and_channels((32, 24, 3))
    (((28, 28), 1), ((32, 24), 3))
    """
    height, width, *channels = shape
    return (height, width), (channels[0] if channels else 1)


def find_image_shape(
    image_shape: Any, columns: int, stacked: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    """Shape of the images in the rows of a table, or None if they are no images.

    Parameters
    ----------
    image_shape : "auto", (int, int), (int, int, int) or None
        What the user asked for.
    columns : int
        Columns of the table.
    stacked : tuple of int or None
        Shape of the images if they came as a stack and not as a table.

    Returns
    -------
    (height, width), (height, width, channels) with at least two channels, or None

    Examples
    --------
    >>> find_image_shape("auto", 64, None), find_image_shape("auto", 60, None)
    ((8, 8), None)
    >>> find_image_shape((4, 5, 3), 60, None), find_image_shape((4, 15, 1), 60, None)
    ((4, 5, 3), (4, 15))
    """
    if image_shape is None:
        return None
    if isinstance(image_shape, str) and image_shape == "auto":
        if stacked is not None:
            return tuple(map(int, stacked))
        side = math.isqrt(columns)
        return (side, side) if side**2 == columns and side >= _SMALLEST_SIDE else None
    shape = checked_shape(image_shape)
    if math.prod(shape) != columns or (stacked is not None and shape != tuple(stacked)):
        found = f"{columns} columns" if stacked is None else f"images of shape {tuple(stacked)}"
        raise ValueError(f"image_shape={image_shape} does not fit X, which has {found}")
    return shape


def checked_shape(image_shape: Any) -> tuple[int, ...]:
    """Return (height, width), or with channels (height, width, channels), as whole numbers.

    A single channel needs no axis. Everything else raises a ValueError.

    Examples
    --------
    >>> checked_shape([4, 5]), checked_shape((4, 5, 1)), checked_shape((4, 5, 3))
    ((4, 5), (4, 5), (4, 5, 3))
    """
    plain = not isinstance(image_shape, str) and np.ndim(image_shape) == 1
    shape: tuple[Any, ...] = tuple(image_shape) if plain else ()
    whole = all(isinstance(size, Integral) and not isinstance(size, bool) for size in shape)
    if len(shape) not in (2, 3) or not whole or min(shape) < 1:
        raise ValueError(
            "image_shape must be 'auto', (height, width), (height, width, channels) or None, got "
            f"{image_shape!r}"
        )
    return tuple(map(int, shape[:2] if shape[2:] == (1,) else shape))
