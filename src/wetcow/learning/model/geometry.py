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
    """

    image: tuple[int, int]
    patch: tuple[int, int]
    padding: int = 0
    n_regions: int = 1
    normalised: bool = True
    mirrored: bool = False
    relative: bool = False
    root: bool = False

    @property
    def positions(self) -> tuple[int, int]:
        """Rows and columns of patch positions."""
        height, width = (
            size + 2 * self.padding - patch + 1
            for size, patch in zip(self.image, self.patch, strict=True)
        )
        return height, width


def image_geometry(image: tuple[int, int], size: int, n_regions: int, mirrored: bool) -> Geometry:
    """Geometry of square patches on images, padded by half a patch, if it makes sense."""
    padding = size // 2
    geometry = Geometry(
        image=image,
        patch=(size, size),
        padding=padding,
        n_regions=n_regions,
        mirrored=mirrored,
    )
    if not 2 <= size <= min(image) or min(geometry.positions) < n_regions:
        raise ValueError(
            f"patches of {size}×{size} on images of {image[0]}×{image[1]}, padded by {padding}, "
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
    whole = all(isinstance(size, Integral) and not isinstance(size, bool) for size in shape)
    if len(shape) != 2 or not whole or min(shape) < 1:
        raise ValueError(
            f"image_shape must be 'auto', (height, width) or None, got {image_shape!r}"
        )
    if math.prod(shape) != columns or (stacked is not None and shape != tuple(stacked)):
        found = f"{columns} columns" if stacked is None else f"images of shape {tuple(stacked)}"
        raise ValueError(f"image_shape={shape} does not fit X, which has {found}")
    return int(shape[0]), int(shape[1])
