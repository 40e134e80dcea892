"""Finite differences of fields on a grid, of second order, that heed a mask."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def difference(field: Any, inside: Any, spacing: Any, axis: int, periodic: bool) -> Any:
    """∂ of `field` along one axis.

    Central where both neighbours are inside, one-sided elsewhere: of second order where two voxels
    on that side are inside, of first order where there is one, NaN where there is none.

    Parameters
    ----------
    field : array (*grid, ...)
        Values outside the mask are not used.
    inside : bool array (*grid,)
        The mask.
    spacing : float
        Of the grid along `axis`.
    axis : int
        Of the grid.
    periodic : bool
        Whether the last voxel is a neighbour of the first.

    Returns
    -------
    array (*grid, ...)
    """
    inside = jnp.asarray(inside)
    size, extra = inside.shape[axis], field.ndim - inside.ndim
    mask = inside.reshape(inside.shape + (1,) * extra)
    field = jnp.where(mask, field, 0)
    around = [(2 * (i == axis),) * 2 for i in range(field.ndim)]
    mode = "wrap" if periodic else "constant"
    wide, known = jnp.pad(field, around, mode=mode), jnp.pad(mask, around, mode=mode)

    def neighbour(offset):
        cut = (2 + offset, 2 + offset + size)
        return jax.lax.slice_in_dim(wide, *cut, axis=axis), jax.lax.slice_in_dim(
            known, *cut, axis=axis
        )

    (ahead, a), (ahead2, a2) = neighbour(1), neighbour(2)
    (behind, b), (behind2, b2) = neighbour(-1), neighbour(-2)
    slope = jnp.where(b, field - behind, jnp.nan)
    slope = jnp.where(a, ahead - field, slope)
    slope = jnp.where(b & b2, 2 * (field - behind) - (field - behind2) / 2, slope)
    slope = jnp.where(a & a2, 2 * (ahead - field) - (ahead2 - field) / 2, slope)
    slope = jnp.where(a & b, (ahead - behind) / 2, slope)
    return jnp.where(mask, slope, jnp.nan) / spacing


def tensor_divergence(tensors: Any, inside: Any, spacing: Any, periodic: bool) -> Any:
    """s_j = ∂_i T_ij of tensors (*grid, d, d) → (*grid, d)."""
    axes = range(inside.ndim)
    return sum(
        difference(tensors[..., axis, :], inside, spacing[axis], axis, periodic) for axis in axes
    )


def tensor_gradient(tensors: Any, inside: Any, spacing: Any, periodic: bool) -> Any:
    """∂_l T_ij of tensors (*grid, d, d) → (*grid, d, d, d), the derivative's axis l first."""
    axes = range(inside.ndim)
    parts = [difference(tensors, inside, spacing[axis], axis, periodic) for axis in axes]
    return jnp.stack(parts, axis=inside.ndim)
