"""Random deformations of images: samples of what else an image could have been."""

from __future__ import annotations

import functools
import math
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

_WAVES = 3  # of the elastic deformation, along each side


class Augmentation(NamedTuple):
    """How much images are deformed; each number is the largest change, drawn uniformly.

    Attributes
    ----------
    shift : float
        Share of the side.
    rotation : float
        Degrees.
    scale : float
        Relative change of height and of width, each by itself.
    shear : float
        Horizontal shift per row.
    elastic : float
        Amplitude of each of nine smooth waves of displacement, share of the side.
    mirror : bool
        Whether half of the images are mirrored (left and right).
    erased : float
        Side of a square that is set to zero in half of the images, share of the side.

    Examples
    --------
    >>> Augmentation(shift=0.05)._replace(rotation=10.0).rotation
    10.0
    """

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    mirror: bool = False
    erased: float = 0.0


HANDWRITING = Augmentation(shift=0.06, rotation=10.0, scale=0.1, shear=0.15, elastic=0.012)
"""For written characters in a common frame."""

GARMENTS = Augmentation(shift=0.04, rotation=2.0, scale=0.05, mirror=True)
"""For things that stand upright and may be mirrored; erased parts cost accuracy."""

NAMED = {"handwriting": HANDWRITING, "garments": GARMENTS}
Deformation = Literal["handwriting", "garments"] | Augmentation | None


def check_augmentation(augmentation: Any) -> Augmentation | None:
    """Return an augmentation given by itself or by name, or raise a ValueError.

    Examples
    --------
    >>> check_augmentation("garments").mirror
    True
    >>> check_augmentation(1)
    Traceback (most recent call last):
    ValueError: augmentation must be None, 'handwriting', 'garments' or an Augmentation; got 1
    """
    if isinstance(augmentation, str) and augmentation in NAMED:
        return NAMED[augmentation]
    if augmentation is None:
        return None
    if not isinstance(augmentation, Augmentation):
        names = ", ".join(map(repr, NAMED))
        raise ValueError(
            f"augmentation must be None, {names} or an Augmentation; got {augmentation!r}"
        )
    numbers = augmentation._replace(mirror=0.0)
    if not all(math.isfinite(value) and value >= 0 for value in numbers):
        raise ValueError(f"an augmentation has finite numbers of at least 0; got {augmentation}")
    return augmentation


def augment(images: Any, keys: Any, augmentation: Augmentation) -> Any:
    """Deform images at random.

    Parameters
    ----------
    images : float array (n, height, width), or with channels (n, height, width, channels)
        Zero outside. All channels of an image are deformed alike.
    keys : JAX PRNG keys (n,)
        One for each image.
    augmentation : Augmentation
        Fixed at compilation.

    Returns
    -------
    float array of the same shape
        Sampled bilinearly.
    """
    height, width = images.shape[1:3]
    y = (jnp.arange(height) - (height - 1) / 2)[:, None] / height
    x = (jnp.arange(width) - (width - 1) / 2)[None] / width

    def one(image: Any, key: Any) -> Any:
        keys = jax.random.split(key, 4)
        # Shift along y and x, turn, grow along y and x, shear.
        largest = jnp.array(
            [
                *(augmentation.shift,) * 2,
                math.radians(augmentation.rotation),
                *(augmentation.scale,) * 2,
                augmentation.shear,
            ]
        )
        draw = jax.random.uniform(keys[0], (6,), minval=-1, maxval=1) * largest
        cos, sin = jnp.cos(draw[2]), jnp.sin(draw[2])
        down = (sin * x + cos * y) * (1 + draw[3]) + draw[0]
        right = (cos * x - sin * y) * (1 + draw[4]) + draw[5] * y + draw[1]
        if augmentation.elastic:
            size = augmentation.elastic * jax.random.uniform(
                keys[1], (2, _WAVES, _WAVES), minval=-1, maxval=1
            )
            turns = jnp.arange(1, _WAVES + 1)[:, None] * jnp.pi
            rows, columns = jnp.sin(turns * (y[:, 0] + 0.5)), jnp.sin(turns * (x[0] + 0.5))
            moved = jnp.einsum("cij,iy,jx->cyx", size, rows, columns)
            down, right = down + moved[0], right + moved[1]
        if augmentation.mirror:
            right = right * jnp.where(jax.random.bernoulli(keys[2]), -1, 1)
        place = [down * height + (height - 1) / 2, right * width + (width - 1) / 2]
        sample = functools.partial(jax.scipy.ndimage.map_coordinates, order=1)
        if image.ndim == 3:
            sample = jax.vmap(sample, (-1, None), -1)
        seen = sample(image, place)
        if augmentation.erased:
            corner = jax.random.uniform(keys[3], (3,))
            middle = corner[:2] - 0.5
            far = jnp.maximum(jnp.abs(y - middle[0]), jnp.abs(x - middle[1]))
            gone = (far < augmentation.erased / 2) & (corner[2] < 0.5)
            seen = jnp.where(gone.reshape(height, width, *[1] * (image.ndim - 2)), 0, seen)
        return seen

    return jax.vmap(one)(images, keys)
