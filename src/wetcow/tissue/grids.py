"""Arrays on regular grids: what a conductivity is built from, checked, and grids made finer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.precision import in_double, is_traced
from wetcow.tissue.errors import ShapeMismatchError, TissueError
from wetcow.tissue.tensors import check_finite, check_mask, check_semi_definite, check_symmetric
from wetcow.validation import reasonable_size, refuse_masked


def as_conductivity_array(value: Any) -> Any:
    """Keep JAX arrays (they may be traced) and single precision; all else becomes float64."""
    if value is None or isinstance(value, jax.Array):
        return value
    refuse_masked("sigma and its gradient", value)
    value = np.asarray(value)
    if value.dtype.kind not in "biuf":
        raise TissueError(f"conductivity must be real numbers, got {value.dtype}")
    return value if value.dtype == np.float32 else value.astype(np.float64)


def check_spacing(spacing: Any, dimension: int) -> Any:
    """Return the spacing along each axis, m (d,); as it is if it is traced."""
    if is_traced(spacing):
        return spacing
    spacing = np.broadcast_to(spacing, (dimension,))
    if not np.all(np.isfinite(spacing)) or np.any(spacing <= 0):
        raise TissueError(f"spacing must be positive (m), got {spacing.tolist()}")
    return spacing


def masked_tensors(sigma: Any, mask: Any, grid: tuple[int, ...]) -> tuple[Any, Any]:
    """Tensors (*grid, d, d), zero outside the mask, and the mask as booleans, if there is one."""
    if sigma.shape == grid:
        sigma = sigma[..., None, None] * np.eye(len(grid), dtype=sigma.dtype)
    if mask is not None and not is_traced(mask):
        mask = check_mask(mask, grid)
        outside = ~mask[..., None, None]
        if not is_traced(sigma):
            check_finite("sigma", np.asarray(sigma), mask)
        xp: Any = np if isinstance(sigma, np.ndarray) else jnp
        sigma = xp.where(outside, xp.zeros_like(sigma), sigma)
    return sigma, mask


def check_tensors(sigma: Any) -> None:
    """Raise unless tensors are finite, symmetric and without negative eigenvalues."""
    if is_traced(sigma):
        return
    values = np.asarray(sigma)
    check_finite("sigma", values)
    check_symmetric("sigma", values)
    check_semi_definite("sigma", values)


def check_affine(affine: Any) -> Any:
    """Return an affine (4, 4), or None where there is none."""
    if affine is None:
        return None
    affine = affine if is_traced(affine) else np.asarray(affine, float)
    if affine.shape != (4, 4):
        raise ShapeMismatchError(f"affine must be (4, 4), got {affine.shape}")
    return affine


def check_permittivity(relative_permittivity: Any) -> None:
    """Raise unless it is one positive number."""
    if not is_traced(relative_permittivity) and (
        np.ndim(relative_permittivity) != 0
        or not np.isfinite(relative_permittivity)
        or relative_permittivity <= 0
    ):
        raise TissueError(
            "relative_permittivity must be one positive number, as [2] holds for uniform "
            f"permittivity only; got {relative_permittivity}"
        )


def refined(values: np.ndarray, factor: int, dimension: int) -> np.ndarray:
    """Values (*grid, …) on a grid `factor` times finer, interpolated linearly."""
    for axis in range(dimension):
        size = values.shape[axis]
        places = np.arange((size - 1) * factor + 1) / factor
        low = np.minimum(places.astype(int), max(size - 2, 0))
        weight = (places - low).astype(values.dtype)
        weight = weight.reshape([-1 if i == axis else 1 for i in range(values.ndim)])
        values = (1 - weight) * values.take(low, axis) + weight * values.take(low + 1, axis)
    return values


def tensors_of_function(
    function: Callable[[Any], Any], shape: tuple[int, ...], spacing: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Tensors (*grid, d, d) of a function of position, and their gradient (*grid, d, d, d)."""
    points = float(np.prod(np.array(shape, float)))
    reasonable_size("the grid", 8 * 36 * points, "take fewer points")

    def tensor(position):
        value = jnp.asarray(function(position))
        return value * jnp.eye(len(shape)) if value.ndim == 0 else value

    @jax.jit
    def evaluate(positions):
        each = jax.vmap(lambda r: (tensor(r), jnp.moveaxis(jax.jacfwd(tensor)(r), -1, 0)))
        return each(positions)

    positions = np.stack(grid_positions(shape, spacing), -1).reshape(-1, len(shape))
    sigma, gradient = in_double(evaluate)(positions)
    return sigma.reshape(*shape, *sigma.shape[1:]), gradient.reshape(*shape, *gradient.shape[1:])


def grid_positions(grid: tuple[int, ...], spacing: np.ndarray) -> list[np.ndarray]:
    """Positions of the voxels along each axis, m, each (*grid,)."""
    lines = [np.arange(size) * step for size, step in zip(grid, spacing, strict=True)]
    return list(np.meshgrid(*lines, indexing="ij"))


def grid_of(shape: tuple[int, ...], spacings: tuple[int, ...]) -> tuple[int, ...]:
    """The grid that an array describes; the number of spacings decides what is ambiguous."""
    for grid, rest in ((shape[:-2], shape[-2:]), (shape, ())):
        tensors = rest in ((), (len(grid),) * 2)
        if tensors and len(grid) in (1, 2, 3) and spacings in ((), (len(grid),)):
            break
    else:
        raise ShapeMismatchError(
            "sigma must be tensors (*grid, d, d) or numbers (*grid,) on a grid of d = 1, 2 or 3 "
            f"axes, and spacing one number or d of them; got shapes {shape} and {spacings}"
        )
    if min(grid) < 2:
        raise ShapeMismatchError(
            f"a grid needs two voxels along each axis, got {grid}; for a plane, give 2-D tensors"
        )
    return grid
