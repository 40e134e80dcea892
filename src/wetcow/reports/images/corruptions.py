"""Corrupted images: fifteen kinds in five strengths, the same ones for the same seed.

Kinds and the idea of five strengths follow Hendrycks & Dietterich (ICLR 2019) and, for written
characters, Mu & Gilmer (MNIST-C, arXiv:1906.02337); code and levels are our own.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.ndimage
from PIL import Image

STRENGTHS = (1, 2, 3, 4, 5)

_MOTIONS = 8  # directions of motion blur, among which one is drawn for each image
_OCTAVES = (8, 4, 2, 1)  # scales of fog, in parts of the side


class Corruption(NamedTuple):
    """A kind of corruption.

    Attributes
    ----------
    apply : callable (images, level, rng) -> images
        Of float arrays (n, height, width); what it returns may leave the range of 0 to 1.
    levels : tuple of float
        For strengths 1 to 5.
    about : str
        What a level is.
    """

    apply: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
    levels: tuple[float, float, float, float, float]
    about: str


def corrupt(images: np.ndarray, kind: str, strength: int, seed: int) -> np.ndarray:
    """Corrupt images.

    Parameters
    ----------
    images : array (n, height, width)
        Grey values from 0 to 1.
    kind : str
        One of `CORRUPTIONS`.
    strength : int
        From 1 to 5. What is drawn at random does not depend on it, where that is possible.
    seed : int
        Of what is drawn at random; together with `kind`.

    Returns
    -------
    float32 array (n, height, width)
        From 0 to 1.

    Raises
    ------
    ValueError
        For an unknown kind or strength, or images of another shape or range.

    Examples
    --------
    >>> corrupt(np.full((1, 2, 2), 0.5), "brightness", 5, seed=0)[0, 0].tolist()
    [1.0, 1.0]
    """
    if kind not in CORRUPTIONS:
        raise ValueError(f"there is no corruption {kind!r}; choose from {[*CORRUPTIONS]}")
    if strength not in STRENGTHS:
        raise ValueError(f"strength must be one of {[*STRENGTHS]}, got {strength!r}")
    images = np.asarray(images, dtype=np.float64)
    if images.ndim != 3:
        raise ValueError(f"images must have the shape (n, height, width), got {images.shape}")
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(
            f"images must have values from 0 to 1, got {images.min():g} to {images.max():g}"
        )
    corruption = CORRUPTIONS[kind]
    rng = np.random.default_rng([seed, [*CORRUPTIONS].index(kind)])
    changed = corruption.apply(images, corruption.levels[strength - 1], rng)
    return np.clip(changed, 0, 1).astype(np.float32)


def _gaussian_noise(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    return images + level * rng.standard_normal(images.shape)


def _shot_noise(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    return rng.poisson(images * level) / level


def _impulse_noise(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    hit, white = rng.random(images.shape) < level, rng.random(images.shape) < 0.5
    return np.where(hit, white, images)


def _blur(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    return scipy.ndimage.gaussian_filter(images, (0, level, level), mode="constant")


def _motion_blur(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    direction = rng.integers(_MOTIONS, size=len(images))
    moved = np.empty_like(images)
    for number in range(_MOTIONS):
        rows = direction == number
        kernel = _stroke(level, math.pi * number / _MOTIONS)
        moved[rows] = scipy.ndimage.convolve(images[rows], kernel[None], mode="constant")
    return moved


def _stroke(length: float, angle: float) -> np.ndarray:
    """Return the weights of a straight stroke, summing to one, shared out bilinearly."""
    half = math.ceil(length / 2) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1))
    for along in np.linspace(-length / 2, length / 2, 8 * half + 1):
        row, column = half + along * math.sin(angle), half + along * math.cos(angle)
        top, left = int(row), int(column)
        down, right = row - top, column - left
        kernel[top : top + 2, left : left + 2] += np.outer([1 - down, down], [1 - right, right])
    return kernel / kernel.sum()


def _warped(images: np.ndarray, matrices: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Look at image i at M_i r + s_i instead of r, about its middle, zero outside."""
    middle = (np.array(images.shape[1:]) - 1) / 2
    return np.stack(
        [
            scipy.ndimage.affine_transform(image, matrix, middle - matrix @ middle + shift, order=1)
            for image, matrix, shift in zip(images, matrices, shifts, strict=True)
        ]
    )


def _signs(count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice([-1.0, 1.0], size=count)


def _rotation(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    angle = np.radians(level) * _signs(len(images), rng)
    cos, sin = np.cos(angle), np.sin(angle)
    matrices = np.moveaxis(np.array([[cos, -sin], [sin, cos]]), 2, 0)
    return _warped(images, matrices, np.zeros((len(images), 2)))


def _shear(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    matrices = np.tile(np.eye(2), (len(images), 1, 1))
    matrices[:, 1, 0] = level * _signs(len(images), rng)
    return _warped(images, matrices, np.zeros((len(images), 2)))


def _shrinking(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    height, width = images.shape[1:]
    few = _sides(images, level)
    top, left = (height - few[1]) // 2, (width - few[0]) // 2
    smaller = np.zeros_like(images)
    for image, place in zip(images, smaller, strict=True):
        shrunk = Image.fromarray(image.astype(np.float32)).resize(few, Image.Resampling.BILINEAR)
        place[top : top + few[1], left : left + few[0]] = np.asarray(shrunk)
    return smaller


def _translation(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi, len(images))
    shifts = level * min(images.shape[1:]) * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return _warped(images, np.tile(np.eye(2), (len(images), 1, 1)), shifts)


def _occlusion(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    centres = rng.uniform(0.25, 0.75, (len(images), 2))
    inside = [
        np.abs((np.arange(side) + 0.5) / side - centre[:, None]) <= level / 2
        for side, centre in zip(images.shape[1:], centres.T, strict=True)
    ]
    return np.where(inside[0][:, :, None] & inside[1][:, None, :], 0, images)


def _fog(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    side = min(images.shape[1:])
    cloud = np.zeros(images.shape)
    for parts in _OCTAVES:  # the coarser, the stronger
        grain = rng.standard_normal(images.shape)
        width = side / (4 * parts)
        soft = scipy.ndimage.gaussian_filter(grain, (0, width, width), mode="wrap")
        cloud += soft / soft.std(axis=(1, 2), keepdims=True) / parts
    low, high = (f(cloud, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    return (images + level * (cloud - low) / (high - low)) / (1 + level)


def _brightness(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    return images + level


def _contrast(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    mean = images.mean(axis=(1, 2), keepdims=True)
    return mean + level * (images - mean)


def _sides(images: np.ndarray, share: float) -> tuple[int, int]:
    """Return width and height in so many pixels."""
    height, width = images.shape[1:]
    return max(round(share * width), 1), max(round(share * height), 1)


def _pixelation(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    few = _sides(images, level)

    def coarse(image: np.ndarray) -> np.ndarray:
        small = Image.fromarray(image.astype(np.float32)).resize(few, Image.Resampling.BOX)
        return np.asarray(small.resize(images.shape[:0:-1], Image.Resampling.NEAREST))

    return np.stack([coarse(image) for image in images])


def _jpeg(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    def squeezed(image: np.ndarray) -> np.ndarray:
        file = io.BytesIO()
        Image.fromarray(np.round(255 * image).astype(np.uint8)).save(file, "jpeg", quality=level)
        return np.asarray(Image.open(file)) / 255

    return np.stack([squeezed(image) for image in images])


CORRUPTIONS: dict[str, Corruption] = {
    "Gaussian noise": Corruption(
        apply=_gaussian_noise, levels=(0.1, 0.2, 0.3, 0.45, 0.6), about="standard deviation"
    ),
    "shot noise": Corruption(
        apply=_shot_noise, levels=(30, 12, 6, 3, 1.5), about="photons of a white pixel"
    ),
    "impulse noise": Corruption(
        apply=_impulse_noise, levels=(0.04, 0.08, 0.15, 0.25, 0.4), about="share of pixels"
    ),
    "blur": Corruption(apply=_blur, levels=(0.7, 1.0, 1.4, 1.9, 2.5), about="pixels"),
    "motion blur": Corruption(apply=_motion_blur, levels=(3, 5, 7, 10, 13), about="pixels"),
    "rotation": Corruption(apply=_rotation, levels=(10, 20, 30, 45, 60), about="degrees"),
    "shear": Corruption(apply=_shear, levels=(0.2, 0.4, 0.6, 0.8, 1.0), about="pixels a row"),
    "shrinking": Corruption(
        apply=_shrinking, levels=(0.85, 0.75, 0.65, 0.55, 0.45), about="of the size"
    ),
    "translation": Corruption(
        apply=_translation, levels=(0.06, 0.1, 0.15, 0.2, 0.25), about="of the side"
    ),
    "occlusion": Corruption(
        apply=_occlusion, levels=(0.15, 0.2, 0.3, 0.4, 0.5), about="of the side"
    ),
    "fog": Corruption(apply=_fog, levels=(0.4, 0.7, 1.0, 1.5, 2.5), about="of white"),
    "brightness": Corruption(apply=_brightness, levels=(0.1, 0.2, 0.3, 0.4, 0.5), about="of white"),
    "contrast": Corruption(
        apply=_contrast, levels=(0.6, 0.4, 0.3, 0.2, 0.1), about="of the contrast"
    ),
    "pixelation": Corruption(
        apply=_pixelation, levels=(0.7, 0.5, 0.4, 0.3, 0.2), about="of the side"
    ),
    "JPEG": Corruption(apply=_jpeg, levels=(40, 25, 15, 8, 3), about="quality"),
}
"""Kinds by name."""
