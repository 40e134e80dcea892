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


def _padded(images: Any, geometry: Geometry) -> Any:
    padding = geometry.padding
    return jnp.pad(images, ((0, 0), (padding, padding), (padding, padding)))


def _windows(padded: Any, geometry: Geometry) -> Any:
    """Patches of images that are padded already, (n, rows, columns, pixels)."""
    (rows, columns), (height, width) = geometry.positions, geometry.patch
    corners = np.arange(rows)[:, None] * padded.shape[2] + np.arange(columns)
    inside = np.arange(height)[:, None] * padded.shape[2] + np.arange(width)
    places = corners.ravel()[:, None] + inside.ravel()
    # One gather: a slice for each pixel of the patch runs no faster and compiles for seconds.
    flat = padded.reshape(len(padded), -1)
    found = flat.at[:, places.ravel()].get(mode="promise_in_bounds")
    return found.reshape(len(padded), rows, columns, height * width)


def extract(images: Any, geometry: Geometry) -> Any:
    """All patches of images, not normalised: (n, height, width) → (n, rows, columns, pixels)."""
    return _windows(_padded(images, geometry), geometry)


def patches(images: Any, geometry: Geometry, floor: Any) -> Any:
    """All patches of images as the hidden modes see them, (n, rows, columns, pixels).

    `normalise` of what `extract` finds, up to rounding. Means of pixels and of their squares come
    from products with the sides of the images, which is faster than along the pixels of patches.
    """
    if not geometry.normalised:
        return extract(images, geometry)
    # Patches do not change with what is subtracted from an image, but squares round less.
    offset = images.mean(axis=(1, 2), keepdims=True)
    padded = _padded(images, geometry) - offset
    mean = _means(padded, geometry)
    variance = jnp.maximum(_means(padded**2, geometry) - mean**2, 0)
    if geometry.relative:
        floor = floor * variance.mean(axis=(1, 2), keepdims=True)
        floor = jnp.maximum(floor, jnp.finfo(jnp.float32).tiny)  # of blank images it is zero
    inverse = 1 / jnp.sqrt(variance + floor)
    return (_windows(padded, geometry) - mean[..., None]) * inverse[..., None]


def _means(padded: Any, geometry: Geometry) -> Any:
    """Means over the pixels of all patches of padded images, (n, rows, columns)."""
    down, right = (
        _moving_mean(count, length)
        for count, length in zip(geometry.positions, geometry.patch, strict=True)
    )
    return jnp.einsum("ij,njk,lk->nil", down, padded, right, precision="highest")


def _moving_mean(count: int, length: int) -> np.ndarray:
    """Means of `length` neighbours as a product, float32 (count, count + length − 1)."""
    apart = np.arange(count + length - 1) - np.arange(count)[:, None]
    return np.where((apart >= 0) & (apart < length), np.float32(1 / length), np.float32(0))
