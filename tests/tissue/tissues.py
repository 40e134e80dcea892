"""Tissue that several tests share."""

import jax.numpy as jnp
import numpy as np


def random_tensors(rng, grid, lowest=0.1):
    """Symmetric tensors with eigenvalues from `lowest` to 1, S/m."""
    dimension = len(grid)
    q, _ = np.linalg.qr(rng.normal(size=(*grid, dimension, dimension)))
    values = rng.uniform(lowest, 1, (*grid, dimension))
    return np.einsum("...ij,...j,...kj->...ik", q, values, q)


def wavy(r):
    """Smooth, anisotropic, positive; d axes; period 0.1 m along each."""
    turn = 2 * jnp.pi * r / 0.1
    axis = jnp.stack([jnp.cos(turn[0]), jnp.sin(turn[-1] + 0.3)] + [0.5] * (r.size - 2))[: r.size]
    return (0.3 + 0.1 * jnp.sin(turn[0] + 2 * turn[-1])) * jnp.eye(r.size) + 0.2 * jnp.outer(
        axis, axis
    )
