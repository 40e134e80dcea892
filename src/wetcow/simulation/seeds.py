"""Random numbers of a run: keys of its initial state and of its noise."""

from __future__ import annotations

from typing import Any

import jax


def keys(seed: int | None) -> tuple[Any, Any]:
    """Keys of the initial state and of the noise for a seed, or None for both."""
    if seed is None:
        return None, None
    initial, noise = jax.random.split(jax.random.key(seed))
    return initial, noise
