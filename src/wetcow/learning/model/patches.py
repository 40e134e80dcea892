"""Patches of images as hidden modes see them: contrast-normalised."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from wetcow.learning.model.geometry import Geometry


def normalise(patches: Any, floor: Any) -> Any:
    """Remove the mean of each patch and divide by sqrt(variance + floor); patches on the last axis.

    Examples
    --------
    >>> normalise(jnp.array([[0.0, 2.0], [5.0, 5.0]]), 0.0001).round(2).tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    centred = patches - patches.mean(axis=-1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=-1, keepdims=True) + floor)


def padded(images: Any, geometry: Geometry, pad: Any = jnp.pad) -> Any:
    """Images with zeros around them, by JAX or by what is given for its `pad`."""
    around = (geometry.padding, geometry.padding)
    return pad(images, ((0, 0), around, around, *[(0, 0)] * (images.ndim - 3)))


def _windows(around: Any, geometry: Geometry) -> Any:
    """Patches of images that are padded already, (n, rows, columns, pixels)."""
    (rows, columns), (height, width) = geometry.positions, geometry.patch
    channels = geometry.channels
    # Of a row of pixels those of a row of the patch, with their channels, are neighbours.
    length = around.shape[2] * channels
    corners = np.arange(rows)[:, None] * length + np.arange(columns) * channels
    inside = np.arange(height)[:, None] * length + np.arange(width * channels)
    places = corners.ravel()[:, None] + inside.ravel()
    # One gather: a slice for each pixel of the patch runs no faster and compiles for seconds.
    flat = around.reshape(len(around), -1)
    found = flat.at[:, places.ravel()].get(mode="promise_in_bounds")
    return found.reshape(len(around), rows, columns, geometry.n_seen)


def extract(images: Any, geometry: Geometry) -> Any:
    """All patches of images, not normalised: (n, height, width) → (n, rows, columns, pixels).

    Of images with channels, (n, height, width, channels), a patch has those of its first pixel,
    then those of the next.
    """
    return _windows(padded(images, geometry), geometry)


def patches(images: Any, geometry: Geometry, floor: Any) -> Any:
    """All patches of images as the hidden modes see them, (n, rows, columns, pixels).

    `normalise` of what `extract` finds, up to rounding. Means of pixels and of their squares come
    from products with the sides of the images, which is faster than along the pixels of patches.
    All channels have one mean and one contrast, so that what differs between channels, the hue, is
    seen even where an image is of one colour.
    """
    if not geometry.normalised:
        return extract(images, geometry)
    # Patches do not change with what is subtracted from an image, but squares round less.
    offset = images.mean(axis=tuple(range(1, images.ndim)), keepdims=True)
    around = padded(images, geometry) - offset
    mean = _means(around, geometry)
    variance = jnp.maximum(_means(around**2, geometry) - mean**2, 0)
    if geometry.relative:
        floor = floor * variance.mean(axis=(1, 2), keepdims=True)
        floor = jnp.maximum(floor, jnp.finfo(jnp.float32).tiny)  # of blank images it is zero
    inverse = 1 / jnp.sqrt(variance + floor)
    return (_windows(around, geometry) - mean[..., None]) * inverse[..., None]


def _means(around: Any, geometry: Geometry) -> Any:
    """Means over the pixels of all patches of padded images, (n, rows, columns)."""
    if geometry.channels > 1:
        around = around.mean(axis=-1)
    down, right = (
        _moving_mean(count, length)
        for count, length in zip(geometry.positions, geometry.patch, strict=True)
    )
    return jnp.einsum("ij,njk,lk->nil", down, around, right, precision="highest")


def _moving_mean(count: int, length: int) -> np.ndarray:
    """Means of `length` neighbours as a product, float32 (count, count + length − 1)."""
    apart = np.arange(count + length - 1) - np.arange(count)[:, None]
    return np.where((apart >= 0) & (apart < length), np.float32(1 / length), np.float32(0))
