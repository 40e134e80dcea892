"""Images deformed at random, as those that learners see are."""

from __future__ import annotations

import functools
from typing import Any

import jax

from wetcow.images.augmentation import Augmentation, augment


@functools.partial(jax.jit, static_argnames="augmentation")
def deformed(images: Any, keys: Any, augmentation: Augmentation) -> Any:
    """Deform images (n, height, width), each by a random key of its own (n,)."""
    return augment(images, keys, augmentation)
