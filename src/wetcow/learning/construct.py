"""Hidden modes without training: what they see, their couplings, and their pooled codes.

Every hidden mode sees patches of an image through couplings which are themselves patches, sampled
from training images and whitened. No label and no gradient is used. The features of an image are

    patches → contrast-normalised → γ̄ + iω̄ = γ + iω + R·x → codes → summed over regions → root.

A table whose rows are not images is the same with a single patch, the whole row, which is not
contrast-normalised.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.learning.response import Response, fit_codes, respond

FLOOR = 0.1  # of the mean variance of patches: below, contrast is noise and is not amplified
WHITENING_FLOOR = 0.1  # of the mean eigenvalue, added to every eigenvalue of patches
PAIR_OVERLAP = 0.5  # c of the pairs of the analytic response
_NUM_SAMPLED = 20_000  # patches from which the statistics of whitening are taken
_CHUNK_ELEMENTS = 2**14  # images times positions which are encoded at once
_LARGEST_CHUNK = 512


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
    """

    image: tuple[int, int]
    patch: tuple[int, int]
    padding: int = 0
    n_regions: int = 1
    normalised: bool = True

    @property
    def positions(self) -> tuple[int, int]:
        """Rows and columns of patch positions."""
        height, width = (
            size + 2 * self.padding - patch + 1
            for size, patch in zip(self.image, self.patch, strict=True)
        )
        return height, width


class Layer(NamedTuple):
    """Hidden modes; whitening is folded into their couplings.

    Attributes
    ----------
    excitation : float32 array (patch pixels, n_modes)
        Re R, couplings of a normalised patch to the excitations γ̄.
    frequency : float32 array (patch pixels, n_modes) or None
        Im R, couplings to the frequencies ω̄; None if frequencies are constant.
    gamma, omega : float32 arrays (n_modes,)
        Excitation and frequency without input, 1/time.
    floor : float32 scalar
        Variance added to that of a patch in contrast normalisation.
    """

    excitation: Any
    frequency: Any
    gamma: Any
    omega: Any
    floor: Any


def normalise(patches: Any, floor: Any) -> Any:
    """Remove the mean of each patch and divide by sqrt(variance + floor); patches on the last axis.

    Examples
    --------
    >>> normalise(jnp.array([[0.0, 2.0], [5.0, 5.0]]), 0.0001).round(2).tolist()
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    centred = patches - patches.mean(axis=-1, keepdims=True)
    return centred / jnp.sqrt((centred**2).mean(axis=-1, keepdims=True) + floor)


def extract(images: Any, geometry: Geometry) -> Any:
    """All patches of images, not normalised: (n, height, width) → (n, rows, columns, pixels)."""
    padding = geometry.padding
    images = jnp.pad(images, ((0, 0), (padding, padding), (padding, padding)))
    rows, columns = geometry.positions
    # One slice per pixel of the patch: far fewer than positions, and no gather.
    pixels = [
        images[:, i : i + rows, j : j + columns]
        for i in range(geometry.patch[0])
        for j in range(geometry.patch[1])
    ]
    return jnp.stack(pixels, axis=-1)


def region_weights(n_positions: int, n_regions: int) -> np.ndarray:
    """Share of each position in each region, float32 (n_regions, n_positions).

    Positions are unit intervals, regions equal parts of their union; a position on a border is
    shared. Symmetric under reflection for any sizes. Rows sum to one.

    Examples
    --------
    >>> print(region_weights(3, 2).round(2))
    [[0.67 0.33 0.  ]
     [0.   0.33 0.67]]
    """
    borders = np.linspace(0, n_positions, n_regions + 1)
    left = np.arange(n_positions)
    overlap = np.minimum(borders[1:, None], left + 1) - np.maximum(borders[:-1, None], left)
    return (np.maximum(overlap, 0) * n_regions / n_positions).astype(np.float32)


@functools.partial(jax.jit, static_argnames=("geometry", "response"))
def encode(images: Any, layer: Layer, geometry: Geometry, response: Response) -> Any:
    """Features of images: pooled codes of all modes.

    Parameters
    ----------
    images : float32 array (n, height, width)
        Images.
    layer : Layer
        Hidden modes.
    geometry : Geometry
        How they look at images.
    response : {"both", "amplitude", "rate", "analytic"}
        Which codes.

    Returns
    -------
    float32 array (n, codes · n_regions² · n_modes)
        Square roots of the codes' means over regions; not negative.
    """
    seen = extract(images, geometry)
    if geometry.normalised:
        seen = normalise(seen, layer.floor)
    gamma = layer.gamma + seen @ layer.excitation
    omega = layer.omega if layer.frequency is None else layer.omega + seen @ layer.frequency
    rows, columns = (region_weights(size, geometry.n_regions) for size in geometry.positions)
    pooled = [
        jnp.einsum("nijk,ri,sj->nrsk", code, rows, columns)
        for code in respond(gamma, omega, response)
    ]
    # The fitted polynomials may dip below zero by their error.
    return jnp.sqrt(jnp.maximum(jnp.stack(pooled, axis=1), 0)).reshape(len(images), -1)


def features(
    images: np.ndarray, layers: Sequence[Layer], geometries: Sequence[Geometry], response: Response
) -> np.ndarray:
    """Features of any number of images, float32 (n, features), those of all layers side by side.

    Images are encoded in chunks of a fixed size, the last padded: one compilation serves all, and
    the features of an image do not depend on which others are passed with it.
    """
    positions = max(geometry.positions[0] * geometry.positions[1] for geometry in geometries)
    chunk = min(max(_CHUNK_ELEMENTS // positions, 1), _LARGEST_CHUNK)
    parts = []
    for start in range(0, len(images), chunk):
        part = np.asarray(images[start : start + chunk], dtype=np.float32)
        count = len(part)
        part = np.pad(part, ((0, chunk - count), (0, 0), (0, 0)))
        encoded = [
            np.asarray(encode(part, layer, geometry, response))[:count]
            for layer, geometry in zip(layers, geometries, strict=True)
        ]
        parts.append(np.concatenate(encoded, axis=1))
    return np.concatenate(parts)


def sample_patches(
    images: np.ndarray, geometry: Geometry, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Patches at random positions of random images, float32 (count, pixels), without repetition.

    Fewer if there are fewer positions in all.
    """
    padding = geometry.padding
    rows, columns = geometry.positions
    total = len(images) * rows * columns
    chosen = rng.choice(total, size=min(count, total), replace=False)
    image, row, column = np.unravel_index(chosen, (len(images), rows, columns))
    # Pad only the images that were drawn: the training set may be large.
    drawn, image = np.unique(image, return_inverse=True)
    padded = np.pad(images[drawn], ((0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, geometry.patch, axis=(1, 2))
    return windows[image, row, column].reshape(len(chosen), -1).astype(np.float32)


def whitening(patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and ZCA whitening matrix of patches (n, pixels), float64 (pixels,), (pixels, pixels).

    W = (C + ε)^(−1/2) with the covariance C and ε = `WHITENING_FLOOR` of its mean eigenvalue.
    """
    patches = patches.astype(np.float64)
    mean = patches.mean(axis=0)
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(patches, rowvar=False, bias=True)))
    average = values.mean()
    if average <= 0:  # all patches are equal: nothing to whiten
        return mean, np.eye(len(mean))
    values = np.maximum(values, 0) + WHITENING_FLOOR * average
    return mean, (vectors / np.sqrt(values)) @ vectors.T


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows scaled to unit norm; zero rows stay."""
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norm > 0, norm, 1)


def construct_layer(
    images: np.ndarray,
    geometry: Geometry,
    n_modes: int,
    rng: np.random.Generator,
    *,
    threshold: float = 0.02,
    omega: float = 0.05,
    response: Response = "both",
) -> Layer:
    """Sample the couplings of hidden modes from images [design, step 3].

    Parameters
    ----------
    images : array (n, height, width)
        Training images.
    geometry : Geometry
        How the layer looks at them.
    n_modes : int
        Number of hidden modes.
    rng : numpy Generator
        Source of randomness.
    threshold : float
        Drive below which a mode is silent, in units of the mean norm s̄ of whitened patches:
        γ = −threshold·s̄. For the analytic response it lowers ω̄ ± wγ̄ instead.
    omega : float
        Frequency of the modes in units of s̄. A small one makes strong matches supercritical. The
        analytic response has no such constant and ignores it.
    response : {"both", "amplitude", "rate", "analytic"}
        "analytic" couples pairs of patches p, q as ω̄ − wγ̄ and ω̄ + wγ̄, with an overlap of
        `PAIR_OVERLAP`; all others couple one patch to γ̄ alone.

    Returns
    -------
    Layer
        NumPy arrays.
    """
    sampled = sample_patches(images, geometry, max(_NUM_SAMPLED, 2 * n_modes), rng)
    variance = sampled.var(axis=1)
    floor = np.float32(max(FLOOR * variance.mean(), np.finfo(np.float32).tiny))
    if geometry.normalised:
        sampled = np.asarray(normalise(sampled, floor))
    mean, white = whitening(sampled)
    whitened = (sampled - mean) @ white
    scale = max(float(np.linalg.norm(whitened, axis=1).mean()), np.finfo(np.float32).tiny)

    # Blank patches are many and all alike; a mode coupled to one answers to nothing in particular.
    candidates = _unit(whitened[variance > floor] if geometry.normalised else whitened)
    candidates = candidates[np.any(candidates != 0, axis=1)]
    wanted = 2 * n_modes if response == "analytic" else n_modes
    if len(candidates) < wanted:  # too few distinct ones: the rest are random directions
        shape = (wanted - len(candidates), sampled.shape[1])
        candidates = np.concatenate([candidates, _unit(rng.standard_normal(shape))])
    couplings = candidates[rng.permutation(len(candidates))[:wanted]]

    def folded(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Couplings to patches that are not whitened, and the constant that comes with them."""
        weights = rows @ white
        return weights.T.astype(np.float32), (-(weights @ mean)).astype(np.float32)

    level = np.float32(threshold * scale)
    if response != "analytic":
        weights, offset = folded(couplings)
        frequency = np.full(n_modes, omega * scale, dtype=np.float32)
        return Layer(weights, None, offset - level, frequency, floor)
    first, other = couplings[:n_modes], couplings[n_modes:]
    across = _unit(other - (other * first).sum(axis=1, keepdims=True) * first)
    second = PAIR_OVERLAP * first + np.sqrt(1 - PAIR_OVERLAP**2) * across
    excitation, gamma = folded((second - first) / (2 * fit_codes().ratio))
    turning, offset = folded((second + first) / 2)
    return Layer(excitation, turning, gamma, offset - level, floor)
