"""What `memorize` may choose from: allowed links, bounds of weights and phases, and the draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetcow.memory.conditions import Conditions
from wetcow.validation import array

SATURATED = 1e-10


def allowed_links(links: Any, members: list[np.ndarray], size: int) -> np.ndarray:
    """Which links may be used, bool (n, n): those given, or all within a memory."""
    if links is None:
        allowed = np.zeros((size, size), dtype=bool)
        for subset in members:
            allowed[np.ix_(subset, subset)] = True
    else:
        allowed = np.array(links)
        if allowed.shape != (size, size) or allowed.dtype != bool:
            raise ValueError(
                f"links must be a boolean array ({size}, {size}), entry [i, j] allowing the link "
                f"from j to i; got dtype {allowed.dtype} and shape {allowed.shape}"
            )
    np.fill_diagonal(allowed, False)
    return allowed


def bounds_of(name: str, value: Any, allowed: np.ndarray) -> np.ndarray:
    """Bounds of all links, (n, n); zero where there is none."""
    bound = array(name, value, finite=False, empty=True)
    if bound.shape not in ((), allowed.shape):
        raise ValueError(
            f"{name} must be a number or have shape {allowed.shape}, got {bound.shape}"
        )
    bound = np.where(allowed, bound, 0)
    if not np.all(bound >= 0):
        raise ValueError(f"{name} must not be negative or NaN, got {value}")
    return bound


def phase_bound(max_phase: Any, allowed: np.ndarray) -> np.ndarray:
    """Bounds of all phases, (n, n): in [0, π/2], or π."""
    phase = bounds_of("max_phase", np.pi if max_phase is None else max_phase, allowed)
    # Rounding in user arithmetic such as np.deg2rad must not decide.
    phase = np.where(np.isclose(phase, np.pi / 2, rtol=1e-14, atol=0), np.pi / 2, phase)
    if np.any((phase > np.pi / 2) & (phase != np.pi)):
        raise ValueError(
            "max_phase must be at most pi/2, or pi (no bound): in between, the sum of two allowed "
            "couplings may have a forbidden phase, so that the nearest couplings are not unique; "
            f"got {max_phase}"
        )
    return phase


def drawn(
    rng: np.random.Generator,
    needed: Conditions,
    allowed: np.ndarray,
    weight: np.ndarray,
    phase: np.ndarray,
) -> np.ndarray:
    """Draw couplings, complex (n, n); all pairs are drawn, so that `links` only deletes some."""
    strength, turn = rng.uniform(size=weight.shape), rng.uniform(-1, 1, size=weight.shape)
    reach = np.maximum(needed.factor.sum(axis=-1), 1e-300)
    typical = 2 * np.max(np.abs(needed.total) / reach, axis=1)
    scale = np.where(np.isfinite(weight), weight, typical[:, None])
    return np.where(allowed, scale * strength * np.exp(-1j * phase * turn), 0)


def fill_saturated(draw: np.ndarray, needed: Conditions, weight: np.ndarray) -> None:
    """Replace the draw by the only solution where a single condition uses up all weights.

    There all couplings are w_j t/|t|, a point the solver reaches from another draw only in the
    limit μ → ∞.
    """
    size = np.abs(needed.total)
    reach = (needed.factor @ np.where(np.isfinite(weight), weight, 1e300)[..., None])[..., 0]
    once = np.sum(needed.factor.any(axis=-1), axis=1) == 1
    full = once & np.any((size > 0) & (size >= reach * (1 - SATURATED)), axis=1)
    for i in np.flatnonzero(full):
        k = np.argmax(size[i])
        linked = needed.factor[i, k] > 0
        draw[i, linked] = weight[i, linked] * needed.total[i, k] / reach[i, k]
