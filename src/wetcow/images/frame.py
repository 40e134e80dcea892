"""The common frame: images are centred, scaled, and if wanted deskewed and rounded, by moments.

What is measured is the mass of an image, without its background (`wetcow.images.background`): its
centre, and the second moments about it. What is returned is that image seen through the affine map
that brings these to standard values,

    centre → the middle, size s → s^(1 − strength) spread^strength, covariance of x and y → 0.

Positions of pixels are those of their centres; y runs down, x to the right.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.images.background import without_background

PIXEL_VARIANCE = 1 / 12  # of a pixel about its own centre: nothing in an image is thinner
_CHUNK_ELEMENTS = 2**19  # sampled points at once


class Frame(NamedTuple):
    """How images are brought to a common frame; hashable, fixed at compilation.

    Attributes
    ----------
    size : (int, int) or None
        Height and width of the result; None: those of the images.
    spread : float
        The size to which images are brought: the standard deviation of their mass along an axis,
        in units of the shorter side of the image. All of the image's field of view maps to all of
        the result's, so this does not depend on `size`.
    strength : float
        Exponent of the scaling: 0 only centres, 1 makes all equally large.
    deskew : bool
        Whether rows are shifted so that the covariance of x and y vanishes.
    roundness : float
        Share of the anisotropy that is removed, from 0 to 1: the ratio of the standard deviations
        along x and y is raised to the power of 1 − roundness. Areas stay as they are.

    Examples
    --------
    >>> HANDWRITING._replace(size=None).size is None  # at the size of the images
    True
    """

    size: tuple[int, int] | None
    spread: float
    strength: float = 0.7
    deskew: bool = False
    roundness: float = 0.0


HANDWRITING = Frame(size=(20, 20), spread=4 / 20, strength=0.7, deskew=True)
"""Nothing of a digit of standard size lies outside 20×20 pixels: half the positions of 28×28."""
SEVEN = Frame(size=(7, 7), spread=7.5 / 28, strength=1.0, deskew=True, roundness=0.5)


def check_frame(frame: Frame) -> None:
    """Raise a ValueError that says what is wrong with a frame, if anything is.

    Examples
    --------
    >>> check_frame(HANDWRITING)
    >>> check_frame(Frame(None, 4.0))
    Traceback (most recent call last):
    ValueError: spread must be above 0 and below 1, a share of the image's side, e.g. 4/28; got 4.0
    """
    size = frame.size
    if size is not None and not (
        isinstance(size, tuple)
        and len(size) == 2
        and all(isinstance(side, int | np.integer) and side >= 1 for side in size)
    ):
        raise ValueError(
            f"size must be None or a tuple of a height and a width of at least 1 pixel; got {size}"
        )
    # Negated, so that nan is refused as well.
    if not 0 < frame.spread < 1:
        raise ValueError(
            "spread must be above 0 and below 1, a share of the image's side, e.g. 4/28; "
            f"got {frame.spread}"
        )
    if not 0 <= frame.strength <= 1:
        raise ValueError(
            "strength must be from 0 (sizes stay) to 1 (all become equally large); "
            f"got {frame.strength}"
        )
    if not 0 <= frame.roundness <= 1:
        raise ValueError(
            "roundness must be from 0 (shapes stay) to 1 (equally wide and high); "
            f"got {frame.roundness}"
        )


def refinement(image: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """Sampled points per pixel of the result, along y and x: no coarser than the image's pixels."""
    rows, columns = (math.ceil(old / new) for old, new in zip(image, size, strict=True))
    return rows, columns


def offsets(count: int, side: int) -> np.ndarray:
    """Distances of `count` equally spaced points from the middle of a side, in its pixels."""
    return (np.arange(count) - (count - 1) / 2) * (side / count)


@functools.partial(jax.jit, static_argnames="frame")
def _align(images: Any, frame: Frame) -> Any:
    """`align` of one chunk: float64 (n, height, width) → float32 (n, *size)."""
    height, width = images.shape[1:]
    size = frame.size or (height, width)
    y = np.arange(height, dtype=float)[:, None]
    x = np.arange(width, dtype=float)

    def mean(values: Any) -> Any:
        return (mass * values).sum(axis=(1, 2), keepdims=True)

    images = without_background(images)
    # Divided by the largest pixel first, so that no faint or bright image leaves the range.
    mass = images
    peak = mass.max(axis=(1, 2), keepdims=True)
    # What is less may count as zero when divided by.
    filled = peak >= float(jnp.finfo(jnp.float32).tiny)
    mass = mass / jnp.where(filled, peak, 1)
    mass = mass / jnp.where(filled, mass.sum(axis=(1, 2), keepdims=True), 1)
    centre_y = jnp.where(filled, mean(y), (height - 1) / 2)
    centre_x = jnp.where(filled, mean(x), (width - 1) / 2)
    y, x = y - centre_y, x - centre_x
    variance_y = jnp.maximum(mean(y * y), PIXEL_VARIANCE)
    variance_x, covariance = mean(x * x), mean(x * y)
    shear = covariance / variance_y if frame.deskew else jnp.zeros_like(covariance)
    variance_x = jnp.maximum(variance_x - shear * covariance, PIXEL_VARIANCE)

    spread = frame.spread * min(height, width)
    scale = (jnp.sqrt((variance_x + variance_y) / 2) / spread) ** frame.strength
    scale = jnp.where(filled, scale, 1)  # nothing to measure: nothing to change
    stretch = (variance_x / variance_y) ** (frame.roundness / 4)

    # Where the points of the result lie in the image.
    rows, columns = refinement((height, width), size)
    down = offsets(rows * size[0], height)[:, None] * (scale / stretch)
    right = offsets(columns * size[1], width) * (scale * stretch) + shear * down
    down = jnp.broadcast_to(down + centre_y, right.shape)
    sample = functools.partial(jax.scipy.ndimage.map_coordinates, order=1)
    seen = jax.vmap(lambda image, *points: sample(image, points))(images, down, right + centre_x)
    seen = seen.reshape(-1, size[0], rows, size[1], columns).mean(axis=(2, 4))
    return seen.astype(jnp.float32)


def align(images: np.ndarray, frame: Frame) -> np.ndarray:
    """Bring images to a common frame: centred, of one size, and upright if asked for.

    Parameters
    ----------
    images : array (n, height, width)
        Images, lighter or darker than the background that is most of their border. One of a
        single value has no size or centre and becomes blank.
    frame : Frame
        The frame.

    Returns
    -------
    float32 array (n, height, width)
        Of the frame's size: how they differ from their background, sampled bilinearly, zero
        outside. A result coarser than the image is the mean over its pixels of a sampling at least
        as fine as the image.

    Raises
    ------
    ValueError
        If the images are not a stack of images, or the frame makes no sense.

    Notes
    -----
    Images are aligned in chunks of a fixed size, fewer than that in one padded to a power of two:
    few compilations serve all, and one image costs no more than one. This is done in double
    precision: codes are infinitely steep where modes become critical, so that what rounding does
    here to the points that are sampled could be seen in probabilities.

    Examples
    --------
    >>> image = np.zeros((1, 5, 5))
    >>> image[0, 0, 1:4] = 1
    >>> align(image, Frame(None, 0.2, strength=0))[0].tolist()[2]
    [0.0, 1.0, 1.0, 1.0, 0.0]
    """
    check_frame(frame)
    if images.ndim != 3 or 0 in images.shape[1:]:
        raise ValueError(f"images must have the shape (n, height, width); got {images.shape}")
    size = frame.size or images.shape[1:]
    points = math.prod(size) * math.prod(refinement(images.shape[1:], size))
    largest = 2 ** int(math.log2(max(_CHUNK_ELEMENTS // points, 1)))
    aligned = np.empty((len(images), *size), dtype=np.float32)
    for start in range(0, len(images), largest):
        part = np.asarray(images[start : start + largest], dtype=np.float64)
        count = len(part)
        # What remains of more than a chunk is padded to one: no other length is compiled for it.
        chunk = largest if start else 2 ** (count - 1).bit_length()
        part = np.pad(part, ((0, chunk - count), (0, 0), (0, 0)))
        with jax.enable_x64(True):
            aligned[start : start + count] = np.asarray(_align(part, frame))[:count]
    return aligned
