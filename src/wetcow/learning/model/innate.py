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
from wetcow.learning.model.dictionary import FLOOR, layer_of_patches
from wetcow.learning.model.encoder import (
    Geometry,
    Layer,
    brightness,
    features,
    n_features,
    normalise,
)
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.photographs import crops

_N_PATCHES = 20_000
_N_LOOKS = 200  # crops that the patches are taken from
_LARGEST = 32  # pixels of their sides
_CONTRAST = 0.5  # mean square of a normalised patch whose variance is that of the floor


def innate_layer(
    geometry: Geometry,
    n_modes: int,
    *,
    threshold: float,
    omega: float,
    response: Response,
    seed: int = 0,
) -> Layer:
    """Couplings"""
    shape = tuple(min(side, max(_LARGEST, 2 * of)) for side, of in zip(geometry.image, geometry.patch))
    inner = geometry._replace(image=shape, padding=0, relative=True)
    images = np.asarray(brightness(crops(shape, _N_LOOKS, seed), inner))
    windows = np.lib.stride_tricks.sliding_window_view(images, geometry.patch, axis=(1, 2))
    seen = windows.reshape(len(images), -1, math.prod(geometry.patch))
    floor = FLOOR * seen.var(axis=-1).mean(axis=1)[:, None, None]
    seen = np.asarray(normalise(seen, floor)).reshape(-1, seen.shape[-1])
    rng = np.random.default_rng(seed)
    seen = seen[rng.choice(len(seen), size=min(_N_PATCHES, len(seen)), replace=False)]
    wanted = 2 * n_modes if response == "analytic" else n_modes
    distinct = np.zeros(len(seen), dtype=bool)
    # The first ones, not any of them: if rounding moves one across the border, others stay.
    distinct[np.flatnonzero((seen**2).mean(axis=1) > _CONTRAST)[:wanted]] = True
    return layer_of_patches(
        seen, distinct, np.float32(FLOOR), n_modes, rng, threshold=threshold, omega=omega, response=response
    )


def innate_hidden(image, frame, geometries, *, n_modes, threshold, omega, response, seed=0):
    geometries = tuple(geometry._replace(relative=True) for geometry in geometries)
    layers = tuple(
        innate_layer(geometry, n_modes, threshold=threshold, omega=omega, response=response, seed=seed)
        for geometry in geometries
    )
    count = sum(n_features(*pair, response) for pair in zip(layers, geometries, strict=True))
    return HiddenModes(
        image=image, frame=frame, response=response, geometries=geometries, layers=layers,
        center=np.zeros(()), scale=np.ones(()),
        mean=np.zeros(count, np.float32), spread=np.ones(count, np.float32),
    )
