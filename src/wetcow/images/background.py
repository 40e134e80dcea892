"""The background of images, and what differs from it.

Background is what most of the border is, with the noise it has there; ink is what differs from it
by more, lighter or darker. An image on a background of zero without noise stays as it is. Ink on
more than a quarter of the border is taken for noise in part: images should have a margin.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

SOFT = 14  # an image is smoothed once for each so many pixels of its shorter side
MEDIAN, UPPER = 0.5, 0.75  # quantiles of the border
DEVIATIONS = 0.6745  # standard deviations of a normal distribution between these quantiles
NOISE = 2.5  # what differs by fewer deviations is background; by twice as many, ink,
MOST = 0.25  # but at most these parts of the largest difference, so that something is left
_SIGMA = 1.4826  # standard deviation of a normal distribution, in median absolute deviations


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


def edge(shape: tuple[int, int], width: int = 1) -> np.ndarray:
    """Which pixels are within so many of a side, bool array of the shape.

    Examples
    --------
    >>> edge((3, 4)).sum(), edge((3, 4), 2).all()
    (np.int64(10), np.True_)
    """
    around = np.ones(shape, dtype=bool)
    around[width : max(shape[0] - width, 0), width : max(shape[1] - width, 0)] = False
    return around


def level_and_noise(pixels: np.ndarray) -> tuple[Any, Any]:
    """Median of pixels of a border along the last axis, and their standard deviation about it.

    The deviation is that of a normal distribution with the same median absolute deviation, so that
    a part of the pixels may be ink.

    Examples
    --------
    >>> level, noise = level_and_noise(np.array([1.0, 1.0, 2.0, 3.0, 9.0]))
    >>> float(level), round(float(noise), 3)
    (2.0, 1.483)
    """
    level = np.median(pixels, axis=-1)
    apart = np.median(np.abs(pixels - level[..., None]), axis=-1)
    return level, _SIGMA * apart.astype(np.float64)


def border(shape: tuple[int, int]) -> tuple[np.ndarray, int]:
    """Where the border is looked at, indices of pixels row by row, and how often to smooth before.

    Examples
    --------
    >>> border((3, 3))
    (array([0, 1, 2, 3, 5, 6, 7, 8]), 0)
    """
    times = min(shape) // SOFT
    depth = min(times // 2, (min(shape) - 1) // 2)
    return np.flatnonzero(edge(shape, depth + 1) & ~edge(shape, depth)), times


def without_background(images: Any) -> Any:
    """Show how images differ from their background.

    Parameters
    ----------
    images : float array (n, height, width)
        Finite.

    Returns
    -------
    float array (n, height, width), of the same precision
        |image − g|, times 0 where the smoothed image is within `NOISE` σ of the background g, 1
        where it is beyond twice that, and what is linear between; g is the median of the smoothed
        border, σ its standard deviation, told by its upper half alone.

    Examples
    --------
    >>> image = np.full((1, 5, 5), 0.75, np.float32)
    >>> image[0, 2, 2] = 0.25
    >>> without_background(image)[0, 2].tolist()
    [0.0, 0.0, 0.5, 0.0, 0.0]
    """
    height, width = images.shape[1:]
    where, times = border((height, width))
    rows, columns = (jnp.asarray(smoothing(side, times), images.dtype) for side in (height, width))
    soft = jnp.einsum("yk,nkl,xl->nyx", rows, images, columns, precision="highest")
    edge = jnp.sort(soft.reshape(len(images), -1)[:, where], axis=1)
    level, upper = (edge[:, int(q * len(where)), None, None] for q in (MEDIAN, UPPER))
    differing = jnp.abs(soft - level)
    most = MOST * differing.max(axis=(1, 2), keepdims=True)
    noise = jnp.minimum((upper - level) * (NOISE / DEVIATIONS), most)
    noise = jnp.maximum(noise, float(jnp.finfo(jnp.float32).tiny))
    return jnp.abs(images - level) * jnp.clip(differing / noise - 1, 0, 1)
