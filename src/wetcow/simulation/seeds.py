"""Random numbers of a run: keys of its initial state and of its noise."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def seed_words(seed: Any) -> np.ndarray:
    """Upper and lower half of seeds (…) below 2⁶⁴, uint32 (…, 2).

    Where single precision is computed, whole ones would lose the upper half without a word.
    """
    seed = np.asarray(seed, np.uint64)
    halves = np.stack([seed >> np.uint64(32), seed & np.uint64(2**32 - 1)], axis=-1)
    return halves.astype(np.uint32)


def keys(seed: Any) -> tuple[Any, Any]:
    """Keys of the initial state and of the noise for a seed, or its words; None for both."""
    if seed is None:
        return None, None
    words = jnp.asarray(seed_words(seed) if np.ndim(seed) == 0 else seed)
    initial, noise = jax.random.split(jax.random.wrap_key_data(words, impl="threefry2x32"))
    return initial, noise
