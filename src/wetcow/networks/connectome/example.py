"""A made-up connectome with the coarse statistics of a brain's."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetcow.validation import integer

SEMI_AXES = (55.0, 75.0, 50.0)  # mm, of an ellipsoid: right, front, up
GAP = 6.0  # mm, between a hemisphere and the plane between both
WEIGHT_DECAY = 25.0  # mm: weights fall by a factor e
DETOUR = 1.3  # tracts are longer than straight lines
ACROSS = 0.3  # weight of a link between hemispheres beside one within
SHARE = 0.25  # of pairs, the strongest: those that a tractogram sees


def example_fields(size: int, seed: int) -> dict[str, Any]:
    """Weights, lengths, names and positions of a synthetic brain of `size` regions.

    Regions lie on two mirrored half ellipsoids. Weights fall exponentially with distance and
    scatter log-normally, links between mirrored regions are strong, and the strongest quarter of
    all pairs is kept, with each region's link to its nearest neighbour and to its mirror image.
    """
    size = integer("size", size, minimum=4, maximum=4096)
    if size % 2:
        raise ValueError(f"size must be even, for two hemispheres, got {size}")
    rng = np.random.default_rng(seed)
    half = size // 2
    # Points of a spiral cover the half ellipsoid evenly; noise breaks its regularity.
    height = 1 - 2 * (np.arange(half) + 0.5) / half
    angle = np.pi * (((1 + 5**0.5) / 2 * np.arange(half)) % 1)
    radius = np.sqrt(1 - height**2)
    right = np.stack([radius * np.sin(angle), radius * np.cos(angle), height], axis=1)
    right = right * SEMI_AXES + [GAP, 0, 0] + rng.normal(0, 2, (half, 3))
    right[:, 0] = np.abs(right[:, 0])
    right = right[np.argsort(right[:, 1])]  # from the back to the front
    positions = np.concatenate([right * [-1, 1, 1], right])

    distance = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    side = np.arange(size) < half
    across = side[:, None] != side
    mirror = np.roll(np.eye(size, dtype=bool), half, axis=1)
    scatter = np.triu(rng.lognormal(0, 0.8, (size, size)), 1)
    weights = np.exp(-distance / WEIGHT_DECAY) * (scatter + scatter.T)
    weights[across] *= ACROSS
    weights[mirror] = 0.5 * np.exp(-0.5)

    pairs = np.triu_indices(size, 1)
    strongest = np.sort(weights[pairs])[-max(1, int(SHARE * len(pairs[0])))]
    nearest = np.zeros((size, size), bool)
    nearest[np.arange(size), np.argmin(distance + np.diag(np.full(size, np.inf)), axis=1)] = True
    kept = (weights >= strongest) | mirror | nearest | nearest.T
    width = len(str(half))
    return {
        "weights": np.where(kept, weights, 0.0),
        "tract_lengths": np.where(kept, DETOUR * distance, 0.0),
        "positions": positions,
        "regions": [f"{letter}{i + 1:0{width}d}" for letter in "lr" for i in range(half)],
    }
