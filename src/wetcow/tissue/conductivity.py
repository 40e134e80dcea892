"""Tensor fields of conductivity on a grid, and Σ = σ/ε of [2]."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.precision import is_traced, to_numpy
from wetcow.tissue import derivatives
from wetcow.tissue.diffusion import conductivity_of_diffusion
from wetcow.tissue.errors import ShapeMismatchError, TissueError
from wetcow.tissue.grids import (
    as_conductivity_array,
    check_affine,
    check_permittivity,
    check_spacing,
    check_tensors,
    grid_of,
    grid_positions,
    masked_tensors,
    refined,
    tensors_of_function,
)
from wetcow.tissue.tensors import check_mask
from wetcow.validation import integer

VACUUM_PERMITTIVITY = 8.8541878128e-12  # F/m, CODATA 2018
BRAIN_PERMITTIVITY = 4e7  # relative; grey matter at 10 Hz (Gabriel et al. 1996: 4.07e7)
AXES = ("x", "y", "z")


class Conductivity(eqx.Module):
    """Conductivity σ(r) of a tissue on a regular grid of one, two or three dimensions.

    The axes of tensors and of positions are those of the array; voxel 0 lies at the origin. What is
    computed from it has the precision of `sigma`: single if that is float32, double otherwise.

    Parameters
    ----------
    sigma : float array (*grid, d, d) or (*grid,)
        Symmetric tensors without negative eigenvalues, or isotropic conductivities; S/m.
    spacing : float or array (d,)
        Distance between voxels along each axis, m.
    relative_permittivity : float
        ε/ε₀. Default 4e7, about that of grey matter at 10 Hz. It falls steeply with frequency
        (Gabriel et al. 1996: 1e5 at 1 kHz), and with it Σ = σ/ε rises.
    mask : bool array (*grid,), optional
        Where there is tissue; outside it `sigma` is set to zero.
    periodic : bool
        Whether the tissue repeats, the last voxel next to the first.
    affine : array (4, 4), optional
        From voxel indices to world coordinates in mm (NIfTI).
    gradient : float array (*grid, d, d, d), optional
        ∂_l σ_ij at [..., l, i, j], S/m², if it is known exactly; otherwise finite differences of
        second order are taken.

    Raises
    ------
    ShapeMismatchError
        For shapes that do not fit each other.
    NonPositiveTensorError
        For tensors with negative eigenvalues.
    TissueError
        For tensors that are not symmetric or not finite, or parameters out of range.

    Examples
    --------
    >>> tissue = Conductivity(np.full((8, 8), 0.3), spacing=1e-3)
    >>> tissue.grid, tissue.sigma.shape
    ((8, 8), (8, 8, 2, 2))
    >>> round(float(tissue.scaled()[0, 0, 0, 0]))
    847
    """

    sigma: Any
    spacing: np.ndarray
    relative_permittivity: Any
    mask: Any
    periodic: bool = eqx.field(static=True)
    affine: np.ndarray | None
    gradient: Any

    def __init__(
        self,
        sigma: Any,
        spacing: Any,
        relative_permittivity: Any = BRAIN_PERMITTIVITY,
        *,
        mask: Any = None,
        periodic: bool = False,
        affine: Any = None,
        gradient: Any = None,
    ):
        sigma, gradient = as_conductivity_array(sigma), as_conductivity_array(gradient)
        if not is_traced(spacing):
            spacing = np.asarray(spacing, float)
        grid = grid_of(sigma.shape, spacing.shape)
        spacing = check_spacing(spacing, len(grid))
        sigma, mask = masked_tensors(sigma, mask, grid)
        derivatives_of = (*grid, *(len(grid),) * 3)
        if gradient is not None and gradient.shape != derivatives_of:
            raise ShapeMismatchError(
                f"gradient must have the shape {derivatives_of}, got {gradient.shape}"
            )
        affine = check_affine(affine)
        check_tensors(sigma)
        check_permittivity(relative_permittivity)
        self.sigma, self.spacing, self.mask, self.gradient = sigma, spacing, mask, gradient
        self.relative_permittivity = relative_permittivity
        self.periodic, self.affine = bool(periodic), affine

    @classmethod
    def from_function(
        cls,
        function: Callable[[Any], Any],
        shape: tuple[int, ...],
        spacing: Any,
        relative_permittivity: Any = BRAIN_PERMITTIVITY,
        *,
        periodic: bool = False,
    ) -> Conductivity:
        """Evaluate a function on a grid; its gradient is exact, by automatic differentiation.

        Parameters
        ----------
        function : callable
            From a position (d,), m, to a tensor (d, d) or a number, S/m; written with `jax.numpy`.
        shape : tuple of int
            Of the grid.
        spacing, relative_permittivity, periodic
            As of the class.

        Examples
        --------
        >>> import jax.numpy as jnp
        >>> wavy = lambda r: 0.3 + 0.1 * jnp.sin(2 * jnp.pi * r[0] / 0.01)
        >>> tissue = Conductivity.from_function(wavy, (64,), 0.01 / 64, periodic=True)
        >>> round(float(tissue.gradient[0, 0, 0, 0]), 3)  # 0.1 · 2π/0.01
        62.832
        """
        shape = tuple(integer("shape", size, minimum=2) for size in shape)
        spacing = np.broadcast_to(np.asarray(spacing, float), (len(shape),))
        sigma, gradient = tensors_of_function(function, shape, spacing)
        return cls(
            sigma,
            spacing,
            relative_permittivity=relative_permittivity,
            periodic=periodic,
            gradient=gradient,
        )

    @classmethod
    def from_diffusion(
        cls,
        diffusion: Any,
        spacing: Any,
        relative_permittivity: Any = BRAIN_PERMITTIVITY,
        *,
        mapping: Any = "linear",
        mask: Any = None,
        affine: Any = None,
        **parameters: Any,
    ) -> Conductivity:
        """Map diffusion tensors (*grid, d, d), mm²/s, to conductivity.

        `mapping` and the further parameters (slope, mean_conductivity) are those of
        `wetcow.tissue.diffusion.conductivity_of_diffusion`.

        Examples
        --------
        >>> D = np.broadcast_to(1e-3 * np.diag([1.7, 0.3, 0.3]), (4, 4, 4, 3, 3))
        >>> Conductivity.from_diffusion(D, 2e-3, mapping="linear", slope=0.5).sigma[0, 0, 0, 0, 0]
        np.float64(0.85)
        """
        if mask is not None:
            mask = check_mask(mask, np.shape(diffusion)[:-2])
        sigma = conductivity_of_diffusion(diffusion, mapping, mask=mask, **parameters)
        return cls(
            sigma, spacing, relative_permittivity=relative_permittivity, mask=mask, affine=affine
        )

    @property
    def grid(self) -> tuple[int, ...]:
        """Number of voxels along each axis."""
        return self.sigma.shape[:-2]

    @property
    def dimension(self) -> int:
        """Number d of axes."""
        return self.sigma.shape[-1]

    @property
    def permittivity(self) -> Any:
        """ε, F/m."""
        return self.relative_permittivity * VACUUM_PERMITTIVITY

    @property
    def is_double(self) -> bool:
        """Whether what is computed from this tissue is computed in double precision."""
        return self.sigma.dtype == np.float64

    def inside(self) -> Any:
        """Return the mask, bool (*grid,)."""
        return np.ones(self.grid, bool) if self.mask is None else self.mask

    def scaled(self) -> Any:
        """Σ = σ/ε, 1/s, (*grid, d, d) [2]."""
        return self.sigma / self.permittivity

    def scaled_gradient(self) -> Any:
        """∂_l Σ_ij at [..., l, i, j], 1/(m·s); NaN where it is unknown."""
        return self._in_own_precision(Conductivity._scaled_gradient)

    def divergence(self) -> Any:
        """s_j = ∂_i Σ_ij, 1/(m·s), (*grid, d) [3]; NaN where it is unknown."""
        return self._in_own_precision(Conductivity._divergence)

    def _scaled_gradient(self) -> Any:
        if self.gradient is not None:
            return jnp.asarray(self.gradient) / self.permittivity
        scaled = jnp.asarray(self.scaled())
        return derivatives.tensor_gradient(scaled, self.inside(), self.spacing, self.periodic)

    def _divergence(self) -> Any:
        if self.gradient is not None:
            return jnp.einsum("...iij->...j", jnp.asarray(self.gradient)) / self.permittivity
        scaled = jnp.asarray(self.scaled())
        return derivatives.tensor_divergence(scaled, self.inside(), self.spacing, self.periodic)

    def _in_own_precision(self, function: Callable[[Conductivity], Any]) -> Any:
        if is_traced(self):  # then the caller has chosen it
            return function(self)
        with jax.ensure_compile_time_eval(), jax.enable_x64(self.is_double):
            return to_numpy(eqx.filter_jit(function)(self))

    def coordinates(self) -> dict[str, tuple[str, np.ndarray, dict[str, str]]]:
        """Positions along each axis, m, as coordinates of an xarray.Dataset."""
        return {
            name: (name, np.arange(size) * step, {"units": "m"})
            for name, size, step in zip(AXES, self.grid, self.spacing, strict=False)
        }

    def positions(self) -> np.ndarray:
        """Positions of the voxels, m, (*grid, d)."""
        return np.stack(grid_positions(self.grid, self.spacing), -1)

    def replace(self, **parameters: Any) -> Conductivity:
        """Return a copy with some parameters of the constructor changed.

        A new `sigma` needs a new `gradient`, or finite differences are taken.
        """
        known = {field.name for field in dataclasses.fields(self)}
        if not set(parameters) <= known:
            raise TissueError(
                f"a Conductivity has no {sorted(set(parameters) - known)}; it has {sorted(known)}"
            )
        current = {name: getattr(self, name) for name in known}
        if "sigma" in parameters:
            current["gradient"] = None
        return Conductivity(**(current | parameters))

    def slice(self, axis: int, index: int) -> Conductivity:
        """Return the plane at `index` of a 3-D tissue, with the in-plane part of its tensors."""
        if self.dimension != 3:
            raise TissueError(f"slice() cuts 3-D tissue, this has {self.dimension} axes")
        keep = [i for i in range(3) if i != axis % 3]
        sigma = np.take(np.asarray(self.sigma), index, axis)[..., keep, :][..., keep]
        mask = None if self.mask is None else np.take(self.mask, index, axis)
        return Conductivity(
            sigma,
            self.spacing[keep],
            relative_permittivity=self.relative_permittivity,
            mask=mask,
            periodic=self.periodic,
        )

    def refine(self, factor: int) -> Conductivity:
        """Return the tissue on a grid `factor` times finer, tensors interpolated linearly.

        Linear interpolation keeps tensors free of negative eigenvalues. Voxels stay tissue where
        all that they are interpolated from is.
        """
        if int(factor) != factor or factor < 1:
            raise TissueError(f"factor must be a whole number of at least 1, got {factor}")
        sigma = refined(np.asarray(self.sigma), factor, self.dimension)
        inside = refined(np.asarray(self.inside(), float), factor, self.dimension)
        affine = self.affine
        if affine is not None:
            affine = affine @ np.diag([1 / factor] * self.dimension + [1] * (4 - self.dimension))
        return Conductivity(
            sigma,
            self.spacing / factor,
            relative_permittivity=self.relative_permittivity,
            mask=None if self.mask is None else inside > 1 - 1e-9,
            affine=affine,
        )
