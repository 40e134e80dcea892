"""Hidden modes without training: their couplings are patches, sampled from images and whitened.

No label and no gradient is used.
"""

from __future__ import annotations

import numpy as np

from wetcow.learning.model.activation import Response, fit_codes
from wetcow.learning.model.brightness import brightness
from wetcow.learning.model.encoder import Geometry, Layer
from wetcow.learning.model.patches import normalise, padded

FLOOR = 0.1  # of the mean variance of patches: below, contrast is noise and is not amplified
WHITENING_FLOOR = 0.1  # of the mean eigenvalue, added to every eigenvalue of patches
PAIR_OVERLAP = 0.5  # c of the pairs of the analytic response
_NUM_SAMPLED = 20_000  # patches from which the statistics of whitening are taken


def sample_patches(
    images: np.ndarray, geometry: Geometry, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Patches at random positions of random images, float32 (count, pixels), without repetition.

    Fewer if there are fewer positions in all.
    """
    rows, columns = geometry.positions
    total = len(images) * rows * columns
    chosen = rng.choice(total, size=min(count, total), replace=False)
    image, row, column = np.unravel_index(chosen, (len(images), rows, columns))
    # Pad only the images that were drawn: the training set may be large.
    drawn, image = np.unique(image, return_inverse=True)
    around = padded(images[drawn], geometry, np.pad)
    windows = np.lib.stride_tricks.sliding_window_view(around, geometry.patch, axis=(1, 2))
    found = windows[image, row, column]
    if geometry.channels > 1:  # which come before the patch's own axes
        found = np.moveaxis(found, 1, -1)
    return found.reshape(len(chosen), -1).astype(np.float32)


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
    """Sample the couplings of hidden modes from images.

    Parameters
    ----------
    images : array (n, height, width), or with channels (n, height, width, channels)
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
    response : {"both", "amplitude", "rate", "analytic", "relu"}
        "analytic" couples pairs of patches p, q as ω̄ − wγ̄ and ω̄ + wγ̄, with an overlap of
        `PAIR_OVERLAP`; all others couple one patch to γ̄ alone.

    Returns
    -------
    Layer
        NumPy arrays.
    """
    if geometry.relative:
        raise ValueError(
            "modes sampled from training images have a floor that is that of all of these; only "
            "innate ones see images relative to their own contrast"
        )
    images = np.asarray(brightness(images, geometry))
    sampled = sample_patches(images, geometry, max(_NUM_SAMPLED, 2 * n_modes), rng)
    variance = sampled.var(axis=1)
    floor = np.float32(max(FLOOR * variance.mean(), np.finfo(np.float32).tiny))
    distinct = np.ones(len(sampled), dtype=bool)
    if geometry.normalised:
        # Blank patches are many and all alike; a mode coupled to one answers nothing in particular.
        distinct = variance > floor
        sampled = np.asarray(normalise(sampled, floor))
    return layer_of_patches(
        sampled, distinct, floor, n_modes, rng, threshold=threshold, omega=omega, response=response
    )


def layer_of_patches(
    sampled: np.ndarray,
    distinct: np.ndarray,
    floor: np.float32,
    n_modes: int,
    rng: np.random.Generator,
    *,
    threshold: float,
    omega: float,
    response: Response,
) -> Layer:
    """Couple hidden modes to some of the patches, whitened as all of them are.

    Parameters
    ----------
    sampled : float32 array (n, pixels)
        As hidden modes see them.
    distinct : bool array (n,)
        To which of them modes may be coupled. Where they are too few, others are coupled to random
        directions.
    floor : float32
        That they were normalised with.
    n_modes, rng, threshold, omega, response
        As in `construct_layer`.
    """
    mean, white = whitening(sampled)
    whitened = (sampled - mean) @ white
    scale = max(float(np.linalg.norm(whitened, axis=1).mean()), np.finfo(np.float32).tiny)

    candidates = _unit(whitened[distinct])
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
        return Layer(
            excitation=weights, frequency=None, gamma=offset - level, omega=frequency, floor=floor
        )
    first, other = couplings[:n_modes], couplings[n_modes:]
    across = _unit(other - (other * first).sum(axis=1, keepdims=True) * first)
    second = PAIR_OVERLAP * first + np.sqrt(1 - PAIR_OVERLAP**2) * across
    excitation, gamma = folded((second - first) / (2 * fit_codes().ratio))
    turning, offset = folded((second + first) / 2)
    return Layer(
        excitation=excitation, frequency=turning, gamma=gamma, omega=offset - level, floor=floor
    )
