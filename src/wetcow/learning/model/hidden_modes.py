"""The hidden half of the network: from rows of inputs to what a read-out is told of them.

Images are seen by hidden modes, whose pooled codes are that. Of images with channels each channel
is shifted and scaled by itself, since channels may have units of their own. The rows of a table
have none: their standardised columns, divided by the root of their number, with a constant 1 beside
them, so that the length of a row counts as well as its direction. (Files of earlier versions have
hidden modes for tables, too.)
"""

from __future__ import annotations

import dataclasses
import functools
import warnings
from typing import Any

import jax
import numpy as np

from wetcow.images.frame import Frame, align
from wetcow.learning.model import dictionary
from wetcow.learning.model.activation import Response
from wetcow.learning.model.encoder import Geometry, Layer, features

NUM_STANDARDISING = 2_048  # images from which the scale of features is taken
FURTHEST = 1e9  # standard deviations; what is further away is no datum, and codes overflow
FAR = 3.0  # standard deviations, below the mean, of what counts as dark in a channel
UNSEEN = 1e30  # scale of a channel that is not looked at


@functools.partial(
    jax.tree_util.register_dataclass,
    data_fields=["layers", "center", "scale", "mean", "spread"],
    meta_fields=["image", "frame", "response", "geometries"],
)
@dataclasses.dataclass(frozen=True)
class HiddenModes:
    """Hidden modes, with the scales of what goes in and comes out; a pytree.

    Attributes
    ----------
    image : (int, int), (int, int, int) or None
        Height and width of the images in the rows, and their channels if they have several; None
        for a table.
    frame : Frame or None
        Common reference system into which images are brought first.
    response : {"both", "amplitude", "rate", "analytic", "relu"}
        Codes.
    geometries, layers : tuples of Geometry, Layer
        One for each patch size; none for a table.
    center, scale : float64 arrays
        Of inputs: by column for tables, by channel for images with several, scalars for others.
    mean, spread : float32 arrays (features,)
        Of codes, which linear read-outs want standardised.
    """

    image: tuple[int, ...] | None
    frame: Frame | None
    response: Response
    geometries: tuple[Geometry, ...]
    layers: tuple[Layer, ...]
    center: np.ndarray
    scale: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    @property
    def n_codes(self) -> int:
        """Numbers that `codes` has for a row."""
        return len(self.mean)

    def codes(self, X: np.ndarray) -> np.ndarray:
        """Pooled codes of the rows of X, or of a table its standardised columns; float32 (n, d)."""
        return self.codes_of(self.images(X))

    def codes_of(self, images: np.ndarray) -> np.ndarray:
        """Codes of `images` as the modes see them, float32 (n, d)."""
        if not self.layers:
            rows = images.reshape(len(images), -1) / np.sqrt(np.float32(images.shape[-1]))
            return np.column_stack([rows, np.ones(len(rows), np.float32)])
        return features(images, self.layers, self.geometries, self.response)

    def standardised(self, codes: np.ndarray) -> np.ndarray:
        """Codes with the mean 0 and the spread 1 of some of the rows learned, float32 (n, d)."""
        return (codes - self.mean) / self.spread

    def images(self, X: np.ndarray) -> np.ndarray:
        """Rows of X as the modes see them, framed and scaled, float32 (n, rows, columns).

        With channels (n, rows, columns, channels).

        Raises
        ------
        ValueError
            For values further than `FURTHEST` from those learned.
        """
        return self.scaled(_framed(X, self.image, self.frame))

    def scaled(self, framed: np.ndarray) -> np.ndarray:
        """Framed rows centred and scaled, as of `images`, which says what is raised."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = ((framed - self.center) / self.scale).astype(np.float32)
        # Two numbers tell, without a further array; NaN is no number within.
        if scaled.size and not max(scaled.max(), -scaled.min()) <= FURTHEST:
            raise ValueError(
                f"X has values that are too large: more than {FURTHEST:g} standard deviations of "
                "the values learned; look for wrong units or numbers that stand for missing ones"
            )
        seen = self.geometries[0].shape if self.geometries else (1, -1)
        return scaled.reshape(len(framed), *seen)

    def with_layers(self, layers: tuple[Layer, ...], images: np.ndarray) -> HiddenModes:
        """Other modes in place of these, whose codes are standardised on some `images`."""
        other = dataclasses.replace(self, layers=layers)
        raw = other.codes_of(images)
        spread = raw.std(axis=0)
        # Modes that hardly ever answer would be blown up; they are left as small as they are.
        spread = np.where(spread > 1e-3 * spread.max(), spread, 1).astype(np.float32)
        return dataclasses.replace(other, mean=raw.mean(axis=0), spread=spread)


def _framed(X: np.ndarray, image: tuple[int, ...] | None, frame: Frame | None) -> np.ndarray:
    """Rows of X, as images if they are in a frame or have channels."""
    if image is not None and len(image) == 3:  # which no frame takes
        return X.reshape(len(X), *image)
    return X if image is None or frame is None else align(X.reshape(len(X), *image), frame)


def _center_and_scale(
    framed: np.ndarray, image: tuple[int, ...] | None, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation, of columns, of channels, or of all pixels with zero as mean."""
    if image is not None and len(image) == 3:
        return _of_channels(framed, weights)
    axis = 0 if image is None else None
    center: Any = np.zeros(())
    if weights is None:
        # For images zero stays zero, which is what padding adds.
        if image is None:
            center = framed.mean(axis=0, dtype=np.float64)
        return center, framed.std(axis=axis, dtype=np.float64)
    each = np.broadcast_to(weights.reshape(-1, *[1] * (framed.ndim - 1)), framed.shape)
    mean = np.average(framed, axis=axis, weights=each)
    variance = np.average((framed - mean) ** 2, axis=axis, weights=each)
    return mean if image is None else center, np.sqrt(variance)


def _of_channels(images: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Zero and unit of each channel, (channels,) each: its smallest value and standard deviation.

    Zero is what padding adds: dark, as in grey images. If all is far above the smallest value, it
    is `FAR` standard deviations below the mean, so that no channel outshines others by being light
    everywhere. A channel that is constant tells nothing, and is scaled so that it is not seen,
    whatever it is in other images.
    """
    zero, scale, constant = (np.zeros(images.shape[-1], kind) for kind in (float, float, bool))
    for number in range(images.shape[-1]):  # one at a time, as they may take much memory
        channel = images[..., number]
        mean = np.average(channel.mean(axis=(1, 2), dtype=np.float64), weights=weights)
        squares = ((channel - mean) ** 2).mean(axis=(1, 2), dtype=np.float64)
        scale[number] = np.sqrt(np.average(squares, weights=weights))
        zero[number] = max(float(channel.min()), float(mean - FAR * scale[number]))
        constant[number] = channel.min() == channel.max()
    if constant.any() and not constant.all():  # what becomes of all is said where codes are seen
        which = ", ".join(map(str, np.flatnonzero(constant)))
        warnings.warn(
            f"channel {which} of X (the first is 0) has the same value in all pixels of all "
            "images, so it tells nothing and is not looked at; leave it out, also of images to be "
            "answered",
            stacklevel=2,
        )
    return zero, np.where(constant, UNSEEN, scale)


def construct_hidden(
    X: np.ndarray,
    image: tuple[int, ...] | None,
    frame: Frame | None,
    geometries: tuple[Geometry, ...],
    rng: np.random.Generator,
    *,
    n_modes: int,
    threshold: float,
    omega: float,
    response: Response,
    weights: np.ndarray | None = None,
) -> HiddenModes:
    """Construct hidden modes from a sample of rows; see `construct_layer` for the parameters.

    Weights (n,) say how often each row counts, if not once.
    """
    framed = _framed(X, image, frame)
    with np.errstate(over="ignore", invalid="ignore"):
        center, scale = _center_and_scale(framed, image, weights)
    if not (np.all(np.isfinite(scale)) and np.all(np.isfinite(center))):
        raise ValueError(
            "X has values that are too large to compute with; look for wrong units, or divide X"
        )
    none = np.empty(0, np.float32)
    hidden = HiddenModes(
        image=image,
        frame=frame,
        response=response,
        geometries=geometries,
        layers=(),
        center=center,
        scale=np.where(scale > 0, scale, 1.0),
        mean=none,
        spread=none,
    )
    images = hidden.scaled(framed)
    if weights is not None and geometries:  # patches are drawn from images as often as these count
        share = weights / weights.sum()
        images = images[np.sort(rng.choice(len(images), size=len(images), p=share))]
    layers = tuple(
        dictionary.construct_layer(
            images, geometry, n_modes, rng, threshold=threshold, omega=omega, response=response
        )
        for geometry in geometries
    )
    some: Any = np.arange(len(X))
    if len(X) > NUM_STANDARDISING:
        some = np.sort(rng.choice(len(X), size=NUM_STANDARDISING, replace=False))
    return hidden.with_layers(layers, images[some])
