"""The operator of [2] on a periodic grid by Fourier transforms.

Derivatives vanish at the highest wave number of an even grid, which makes them exactly
skew-symmetric. So the discrete operator ∇·Σ∇ is symmetric and has no positive eigenvalue, whatever
Σ does within a voxel: without source the energy of a field can only fall.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np


class Spectral(eqx.Module):
    """Transforms and derivatives of fields on one grid.

    Parameters
    ----------
    grid : tuple of int
    spacing : array (d,)
        m.
    is_complex : bool
        Whether fields are complex; of real ones only half of the spectrum is kept.
    precision : {"single", "double"}
    """

    derivative: Any  # i k along each axis, (d, *spectrum), 1/m
    square: Any  # k², (*spectrum), 1/m²
    inverse: Any  # 1/k², zero where k² is
    weight: Any  # how often a kept wave counts, (*spectrum)
    grid: tuple[int, ...] = eqx.field(static=True)
    is_complex: bool = eqx.field(static=True)

    def __init__(self, grid: tuple[int, ...], spacing: Any, is_complex: bool, precision: str):
        single = precision == "single"
        lines = []
        for axis, (size, step) in enumerate(zip(grid, spacing, strict=True)):
            half = axis == len(grid) - 1 and not is_complex
            k = 2 * np.pi * (np.fft.rfftfreq(size, step) if half else np.fft.fftfreq(size, step))
            if size % 2 == 0:
                k[size // 2] = 0
            lines.append(k)
        vectors = np.stack(np.meshgrid(*lines, indexing="ij"))
        square = np.sum(vectors**2, 0)
        weight = np.ones(square.shape[-1])
        if not is_complex:
            weight[1 : (grid[-1] + 1) // 2] = 2  # the other half is its mirror image
        self.derivative = (1j * vectors).astype(np.complex64 if single else np.complex128)
        self.square = square.astype(np.float32 if single else np.float64)
        inverse = np.divide(1, square, out=np.zeros_like(square), where=square > 0)
        self.inverse = inverse.astype(self.square.dtype)
        self.weight = np.broadcast_to(weight, square.shape).astype(self.square.dtype)
        self.grid, self.is_complex = tuple(grid), is_complex

    def forward(self, field: Any) -> Any:
        """Spectrum of fields (..., *grid)."""
        axes = tuple(range(-len(self.grid), 0))
        transform = jnp.fft.fftn if self.is_complex else jnp.fft.rfftn
        return transform(field, axes=axes)

    def backward(self, spectrum: Any) -> Any:
        """Fields (..., *grid) of a spectrum."""
        axes = tuple(range(-len(self.grid), 0))
        if self.is_complex:
            return jnp.fft.ifftn(spectrum, axes=axes)
        return jnp.fft.irfftn(spectrum, s=self.grid, axes=axes)

    def filtered(self, spectrum: Any) -> Any:
        """Without the waves that the derivatives do not see, except the mean."""
        seen = (self.square > 0).at[(0,) * len(self.grid)].set(True)
        return jnp.where(seen, spectrum, 0)

    def relaxation(self, spectrum: Any, tensors: Any) -> Any:
        """∂_t Ψ = ∇⁻² (−∇·T·∇Ψ) [2] as spectra; T is (d, d, *grid)."""
        slopes = self.backward(self.derivative * spectrum)
        flux = jnp.einsum("ij...,j...->i...", tensors.astype(slopes.dtype), slopes)
        return self.inverse.astype(spectrum.dtype) * jnp.sum(
            self.derivative * self.forward(flux), 0
        )

    def energy(self, spectrum: Any, cell: Any) -> Any:
        """½ ∫ |∇Ψ|² dr of a spectrum, for voxels of volume `cell` (m^d); V²·m^(d−2)."""
        size = float(np.prod(self.grid))
        density = self.weight * self.square * jnp.abs(spectrum) ** 2
        return jnp.sum(density) * (0.5 * cell / size)
