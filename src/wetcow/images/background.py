"""The ground of images, and what differs from it.

Ground is what most of the border is, with the noise it has there; ink is what differs from it by
more, lighter or darker. An image on a ground of zero without noise stays as it is. Ink on more than
a quarter of the border is taken for noise in part: images should have a margin.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

SOFT = 14  # an image is smoothed once for each so many pixels of its shorter side
MEDIAN, UPPER = 0.5, 0.75  # quantiles of the border
DEVIATIONS = 0.6745  # standard deviations of a normal distribution between these quantiles
NOISE = 2.5  # what differs by fewer deviations is ground; by twice as many, ink,
MOST = 0.25  # but at most these parts of the largest difference, so that something is left


def smoothing(side: int, times: int) -> np.ndarray:
    """Means over three neighbours along an axis, so often, float64 (side, side).

    Examples
    --------
    >>> (3 * smoothing(3, 1)).tolist()
    [[2.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 2.0]]
    """
    neighbours = np.clip(np.arange(side)[:, None] + [-1, 0, 1], 0, side - 1)
    once = np.eye(side)[neighbours].mean(axis=1)
    return np.linalg.matrix_power(once, times)


def border(shape: tuple[int, int]) -> tuple[np.ndarray, int]:
    """Where the border is looked at, indices of pixels row by row, and how often to smooth before.

    Examples
    --------
    >>> border((3, 3))
    (array([0, 1, 2, 3, 5, 6, 7, 8]), 0)
    """
    times = min(shape) // SOFT
    y, x = np.indices(shape)
    depth = np.minimum(np.minimum(y, shape[0] - 1 - y), np.minimum(x, shape[1] - 1 - x))
    return np.flatnonzero(depth == min(times // 2, depth.max())), times


def without_ground(images: Any) -> Any:
    """Show how images differ from their ground.

    Parameters
    ----------
    images : float array (n, height, width)
        Finite.

    Returns
    -------
    float array (n, height, width), of the same precision
        |image − g|, times 0 where the smoothed image is within `NOISE` σ of the ground g, 1 where
        it is beyond twice that, and what is linear between; g is the median of the smoothed border,
        σ its standard deviation, told by its upper half alone.

    Examples
    --------
    >>> image = np.full((1, 5, 5), 0.75, np.float32)
    >>> image[0, 2, 2] = 0.25
    >>> without_ground(image)[0, 2].tolist()
    [0.0, 0.0, 0.5, 0.0, 0.0]
    """
    height, width = images.shape[1:]
    where, times = border((height, width))
    rows, columns = (jnp.asarray(smoothing(side, times), images.dtype) for side in (height, width))
    soft = jnp.einsum("yk,nkl,xl->nyx", rows, images, columns, precision="highest")
    edge = jnp.sort(soft.reshape(len(images), -1)[:, where], axis=1)
    ground, upper = (edge[:, int(q * len(where)), None, None] for q in (MEDIAN, UPPER))
    differing = jnp.abs(soft - ground)
    most = MOST * differing.max(axis=(1, 2), keepdims=True)
    noise = jnp.minimum((upper - ground) * (NOISE / DEVIATIONS), most)
    noise = jnp.maximum(noise, jnp.finfo(jnp.float32).tiny)
    return jnp.abs(images - ground) * jnp.clip(differing / noise - 1, 0, 1)
