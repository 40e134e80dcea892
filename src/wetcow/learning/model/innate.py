"""Hidden modes and a projection that come before all data, from two photographs.

Nothing in them is taken from what is to be learned, neither couplings nor levels nor the range of
values: images are seen relative to their own contrast (`Geometry.relative`). So it does not matter
in which order, how many at a time or on how many machines images are learned.
"""

from __future__ import annotations

import math

import numpy as np

from wetcow.images.frame import Frame
from wetcow.learning.model.activation import Response
from wetcow.learning.model.brightness import brightness
from wetcow.learning.model.dictionary import FLOOR, layer_of_patches
from wetcow.learning.model.encoder import (
    Geometry,
    Layer,
    n_features,
)
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.memory.projection import ROUNDING, Projection, half_whitened
from wetcow.learning.model.patches import normalise
from wetcow.learning.model.photographs import crops
from wetcow.modes.kernel_matrix import unit_rows

N_CROPS = 2000  # that the projection is made from
_N_PATCHES = 20_000
_FEWEST_LOOKS, _MOST_LOOKS = 8, 200  # crops that the patches are taken from
_MOST_PIXELS = 2**24  # of all patches of these
_LARGEST = 32  # pixels of their sides
_CONTRAST = 0.5  # mean square of a normalised patch whose variance is that of the floor
_FADING = 0.3  # of the radius: where crops become dark before they end


def innate_patches(
    geometry: Geometry, count: int = _N_PATCHES, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Patches of the photographs as hidden modes see them.

    Parameters
    ----------
    geometry : Geometry
        How the layer looks at images.
    count : int
        How many, at most.
    seed : int
        Which ones.

    Returns
    -------
    patches : float32 array (n, pixels)
        Contrast-normalised, relative to their crop.
    distinct : bool array (n,)
        Which of them have more contrast than the floor.

    Examples
    --------
    >>> patches, distinct = innate_patches(Geometry((28, 28), (5, 5)), 1000)
    >>> patches.shape, bool(distinct.mean() > 0.5)
    ((1000, 25), True)
    """
    sides = zip(geometry.image, geometry.patch, strict=True)
    height, width = (min(side, max(_LARGEST, 2 * part)) for side, part in sides)
    inner = geometry._replace(image=(height, width), padding=0)
    pixels = math.prod(inner.positions) * math.prod(inner.patch)
    looks = min(max(_MOST_PIXELS // pixels, _FEWEST_LOOKS), _MOST_LOOKS)
    images = np.asarray(brightness(crops(inner.image, looks, seed), inner))
    # Not padded: photographs are not dark where they end.
    windows = np.lib.stride_tricks.sliding_window_view(images, geometry.patch, axis=(1, 2))
    seen = windows.reshape(len(images), -1, math.prod(geometry.patch))
    floor = FLOOR * seen.var(axis=-1).mean(axis=1)[:, None, None]
    floor = np.maximum(floor, np.finfo(np.float32).tiny)  # of blank crops it is zero
    flat = np.asarray(normalise(seen, floor)).reshape(-1, seen.shape[-1])
    rng = np.random.default_rng(seed)
    chosen = flat[rng.choice(len(flat), size=min(count, len(flat)), replace=False)]
    return chosen, (chosen**2).mean(axis=1) > _CONTRAST


def innate_layer(
    geometry: Geometry,
    n_modes: int,
    *,
    threshold: float = 0.02,
    omega: float = 0.05,
    response: Response = "both",
    seed: int = 0,
) -> Layer:
    """Couple hidden modes to patches of the photographs, whitened within them.

    Parameters
    ----------
    geometry : Geometry
        How the layer looks at images; `relative` is taken for granted.
    n_modes : int
        Number of hidden modes.
    threshold, omega, response
        As in `wetcow.learning.model.dictionary.construct_layer`; s̄ is that of the photographs.
    seed : int
        Which patches.

    Returns
    -------
    Layer
        NumPy arrays.

    Examples
    --------
    >>> innate_layer(Geometry((28, 28), (5, 5)), 16).excitation.shape
    (25, 16)
    """
    wanted = 2 * n_modes if response == "analytic" else n_modes
    seen, distinct = innate_patches(geometry, max(_N_PATCHES, 2 * wanted), seed)
    # The first ones, not any of them: if rounding moves one across the border, others stay.
    distinct[np.flatnonzero(distinct)[wanted:]] = False
    return layer_of_patches(
        seen,
        distinct,
        np.float32(FLOOR),
        n_modes,
        np.random.default_rng(seed),
        threshold=threshold,
        omega=omega,
        response=response,
    )


def innate_hidden(
    image: tuple[int, ...],
    frame: Frame | None,
    geometries: tuple[Geometry, ...],
    *,
    n_modes: int,
    threshold: float,
    omega: float,
    response: Response,
    seed: int = 0,
) -> HiddenModes:
    """Construct hidden modes without data.

    Parameters
    ----------
    image : (int, int)
        Height and width of the images in the rows.
    frame : Frame or None
        Into which images are brought first.
    geometries : tuple of Geometry
        How the banks look at images in their frame (`wetcow.learning.model.geometry.encoded` adds
        banks that see roots).
    n_modes, threshold, omega, response, seed
        As in `innate_layer`, for each bank.

    Returns
    -------
    HiddenModes
        Neither inputs nor features are standardised.

    Examples
    --------
    >>> geometry = Geometry((8, 8), (5, 5), padding=2, n_regions=3)
    >>> hidden = innate_hidden(
    ...     (8, 8), None, (geometry,), n_modes=16, threshold=0.1, omega=0.2, response="amplitude"
    ... )
    >>> hidden.geometries[0].relative, float(hidden.scale)
    (True, 1.0)
    """
    if len(image) > 2:
        raise ValueError(f"innate modes see grey images, not such of shape {image}")
    geometries = tuple(geometry._replace(relative=True) for geometry in geometries)
    layers = tuple(
        innate_layer(
            geometry, n_modes, threshold=threshold, omega=omega, response=response, seed=seed
        )
        for geometry in geometries
    )
    count = sum(n_features(*pair, response) for pair in zip(layers, geometries, strict=True))
    return HiddenModes(
        image=image,
        frame=frame,
        response=response,
        geometries=geometries,
        layers=layers,
        center=np.zeros(()),
        scale=np.ones(()),
        mean=np.zeros(count, np.float32),
        spread=np.ones(count, np.float32),
    )


def innate_projection(
    hidden: HiddenModes, n_components: int = N_CROPS - 1, *, n_crops: int = N_CROPS, seed: int = 0
) -> Projection:
    """Make the projection of raw codes from crops of the photographs, without data.

    Parameters
    ----------
    hidden : HiddenModes
        From `innate_hidden`.
    n_components : int
        At most. More than from data are needed, because few of them are those of the data.
    n_crops : int
        How many crops; time grows with the cube.
    seed : int
        Which ones.

    Returns
    -------
    Projection
        Of unit codes, half whitened within the crops.

    Examples
    --------
    >>> geometry = Geometry((8, 8), (5, 5), padding=2, n_regions=3)
    >>> hidden = innate_hidden(
    ...     (8, 8), None, (geometry,), n_modes=16, threshold=0.1, omega=0.2, response="amplitude"
    ... )
    >>> innate_projection(hidden, 20, n_crops=50).axes.shape
    (144, 20)
    """
    shape = hidden.geometries[0].image
    images = crops(shape, n_crops, seed)
    images -= images.min(axis=(1, 2), keepdims=True)
    images *= _disc(shape)
    rows = unit_rows(hidden.codes_of(images))
    mean = rows.mean(axis=0)
    rows -= mean
    # Nearly as many components as rows: inner products of rows have them all.
    values, vectors = np.linalg.eigh((rows @ rows.T).astype(np.float64))
    values, vectors = values[::-1][:n_components], vectors[:, ::-1][:, :n_components]
    some = values > ROUNDING * values[0]
    values, vectors = values[some].astype(np.float32), vectors[:, some].astype(np.float32)
    return half_whitened(rows.T @ (vectors / np.sqrt(values)), values, mean)


def _disc(shape: tuple[int, int]) -> np.ndarray:
    """1 in the middle, 0 from the radius on at which the sides end, float32 of the shape."""
    down, right = (2 * (np.arange(side) + 0.5) / side - 1 for side in shape)
    radius = np.hypot(down[:, None], right)
    return np.clip((1 - radius) / _FADING, 0, 1).astype(np.float32)
