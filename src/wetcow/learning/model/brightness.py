"""What of images hidden modes see: brightness, or its square root, in which the dark is lighter."""

from __future__ import annotations

from typing import Any

from wetcow.learning.model.activation import bounded_root
from wetcow.learning.model.geometry import Geometry


def brightness(images: Any, geometry: Geometry) -> Any:
    """What the patches of images are taken from.

    Parameters
    ----------
    images : float array (n, height, width), or with channels (n, height, width, channels)
        Of any range, negative values included.
    geometry : Geometry
        `root` says what.

    Returns
    -------
    array of the same shape
        The images, or roots of their brightness above the darkest pixel of each.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> plain = Geometry((1, 3), (1, 3))
    >>> image = jnp.array([[[-1.0, 0.0, 3.0]]])
    >>> brightness(image, plain).tolist(), brightness(image, plain._replace(root=True)).tolist()
    ([[[-1.0, 0.0, 3.0]]], [[[0.0, 1.0, 2.0]]])
    """
    if not geometry.root:
        return images
    return bounded_root(images - images.min(axis=tuple(range(1, images.ndim)), keepdims=True))
