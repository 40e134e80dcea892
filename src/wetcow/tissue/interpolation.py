"""Σ between voxels: cubic B-splines, twice differentiable, so that rays bend smoothly."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.tissue.conductivity import Conductivity

_AROUND = 12  # voxels; what the mirror beyond them does falls by 0.27 a voxel
_MARGIN = 3  # voxels around the grid that are smooth too, where a step that leaves it ends
_NONE = [(0, 0), (0, 0)]


class SmoothTensors(eqx.Module):
    """A tensor field that can be evaluated anywhere; it passes through the voxels' values.

    Parameters
    ----------
    conductivity : Conductivity
        Outside its mask the nearest tissue is taken, so that its edge is no jump.

    Examples
    --------
    >>> tissue = Conductivity(np.linspace(0.2, 0.4, 11), spacing=1e-3)
    >>> field = SmoothTensors(tissue)
    >>> bool(abs(field(np.array([4e-3]))[0, 0] * tissue.permittivity - 0.28) < 1e-6)
    True
    """

    padded: np.ndarray  # coefficients with the neighbours of the outermost voxels around them
    spacing: np.ndarray
    periodic: bool = eqx.field(static=True)

    def __init__(self, conductivity: Conductivity):
        from scipy import ndimage

        scaled = np.asarray(conductivity.scaled(), float)
        if conductivity.mask is not None:
            nearest = ndimage.distance_transform_edt(
                ~np.asarray(conductivity.mask),
                sampling=conductivity.spacing,
                return_distances=False,
                return_indices=True,
            )
            scaled = scaled[tuple(np.asarray(nearest))]
        if not conductivity.periodic:
            # Beyond the borders Σ goes on as it comes; a plain mirror would have no slope there.
            around = [(_AROUND, _AROUND)] * conductivity.dimension + _NONE
            scaled = np.pad(scaled, around, mode="reflect", reflect_type="odd")
        mode = "grid-wrap" if conductivity.periodic else "mirror"
        for axis in range(conductivity.dimension):
            scaled = ndimage.spline_filter1d(scaled, order=3, axis=axis, mode=mode)
        if conductivity.periodic:
            around = [(_MARGIN + 1, _MARGIN + 2)] * conductivity.dimension + _NONE
            self.padded = np.pad(scaled, around, mode="wrap")
        else:
            used = slice(_AROUND - _MARGIN - 1, _MARGIN + 2 - _AROUND)
            self.padded = np.ascontiguousarray(scaled[(used,) * conductivity.dimension])
        self.spacing = np.asarray(conductivity.spacing)
        self.periodic = conductivity.periodic

    @property
    def grid(self) -> tuple[int, ...]:
        """Number of voxels along each axis."""
        return tuple(size - 3 - 2 * _MARGIN for size in self.padded.shape[:-2])

    def __call__(self, position: Any) -> Any:
        """Σ (d, d), 1/s, at a position (d,), m; outside a grid that does not repeat meaningless."""
        return self._derivatives(position)[(0,) * len(self.grid)]

    def divergence(self, position: Any) -> tuple[Any, Any, Any]:
        """Σ (d, d), 1/s; s_j = ∂_i Σ_ij (d,), 1/(m·s); and ∂_l s_j (d, d), 1/(m²·s)."""
        derivatives = self._derivatives(position)
        orders = np.eye(len(self.grid), dtype=int)
        first = jnp.stack([derivatives[tuple(one)] for one in orders])
        second = jnp.stack(
            [jnp.stack([derivatives[tuple(one + other)] for one in orders]) for other in orders]
        )
        return (
            derivatives[tuple(0 * orders[0])],
            jnp.einsum("iij->j", first / self.spacing[:, None, None]),
            jnp.einsum("liij->lj", second / self.spacing[:, None, None]) / self.spacing[:, None],
        )

    def _derivatives(self, position: Any) -> Any:
        """Derivatives by voxel of order 0 to 2 along each axis, (3, …, 3, d, d)."""
        padded = jnp.asarray(self.padded)
        grid = jnp.asarray(self.grid, padded.dtype)
        dimension = len(self.grid)
        place = position / self.spacing
        if self.periodic:
            place = jnp.mod(place, grid)
        below = jnp.clip(jnp.floor(place), -_MARGIN, grid - 1 + _MARGIN)
        weights = _weights(place - below)
        block = jax.lax.dynamic_slice(  # one contiguous block is read many times faster than 4^d
            padded,
            (*(below.astype(int) + _MARGIN), 0, 0),
            (*(4,) * dimension, dimension, dimension),
        )
        for axis in range(dimension):
            shape = [1] * axis + [3, 4] + [1] * (dimension - axis + 1)
            weight = weights[:, :, axis].reshape(shape)
            block = jnp.sum(weight * jnp.expand_dims(block, axis), axis + 1)
        return block


def _weights(t: Any) -> Any:
    """Cubic B-spline weights, and their first two derivatives, (3, 4, d).

    They are those of the four voxels around places `t` (d,) past the second of them.
    """
    return jnp.stack(
        [
            jnp.stack(
                [
                    (1 - t) ** 3 / 6,
                    (3 * t**3 - 6 * t**2 + 4) / 6,
                    (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
                    t**3 / 6,
                ]
            ),
            jnp.stack([-((1 - t) ** 2) / 2, 1.5 * t**2 - 2 * t, -1.5 * t**2 + t + 0.5, t**2 / 2]),
            jnp.stack([1 - t, 3 * t - 2, 1 - 3 * t, t]),
        ]
    )
