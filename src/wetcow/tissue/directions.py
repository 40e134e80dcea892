"""The direction in which a wave survives longest: that of the largest |ω/γ| [5]."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.process import bound_compiled_calls, check_process
from wetcow.tissue.conductivity import AXES, Conductivity
from wetcow.tissue.dispersion import LARGEST_WAVE_NUMBER, tissue_attributes
from wetcow.tissue.errors import TissueError
from wetcow.validation import array

_HALVINGS = 60
_SMALLEST = 1e-9  # relative; keeps off division by zero


def best_direction(scaled: Any, divergence: Any) -> Any:
    """Unit vector n that maximizes |s·n|/(n·Σ·n), with s·n ≤ 0 (so that ω ≥ 0).

    With |n| = 1 the maximum obeys n ∝ (2Σ/q − 1)⁻¹ s at q = n·Σ·n. In the eigenvectors of Σ that is
    one equation for q, which lies between the smallest eigenvalue and twice it, and is halved in.

    Parameters
    ----------
    scaled : array (d, d)
        Σ, symmetric, without negative eigenvalues.
    divergence : array (d,)
        s = ∂_i Σ_ij.

    Returns
    -------
    array (d,)
        NaN where s is zero or unknown: then no direction is better than another.
    """
    size = jnp.sqrt(jnp.sum(divergence**2))
    eigenvalues, axes = jnp.linalg.eigh(scaled / jnp.trace(scaled))
    eigenvalues = jnp.maximum(eigenvalues, _SMALLEST)
    along = -(axes.T @ divergence) / size
    # Exactly across an axis both signs are as good: one of them is taken.
    along = jnp.where(jnp.abs(along) < _SMALLEST, _SMALLEST, along)

    def direction(q):
        n = along / (2 * eigenvalues / q - 1)
        return n / jnp.max(jnp.abs(n))

    def halve(_, ends):
        low, high = ends
        q = (low + high) / 2
        n = direction(q)
        too_low = jnp.sum(eigenvalues * n**2) > q * jnp.sum(n**2)
        return jnp.where(too_low, q, low), jnp.where(too_low, high, q)

    low, _ = jax.lax.fori_loop(0, _HALVINGS, halve, (eigenvalues[0], 2 * eigenvalues[0]))
    n = axes @ direction(low)
    return jnp.where(size > 0, n / jnp.sqrt(jnp.sum(n**2)), jnp.nan)


_best_directions = jax.jit(jax.vmap(best_direction))


def survival(conductivity: Conductivity, wave_number: Any) -> xr.Dataset:
    """Find the direction in which waves survive longest, and their damping and frequency there.

    It is the direction of the wave vector with the largest |ω/γ| = |s·n|/(|k| n·Σ·n), s = ∂_i Σ_ij
    [5]: the wave that turns furthest while it decays by e. It is the same for every wave number.

    Parameters
    ----------
    conductivity : Conductivity
        On a grid of d axes.
    wave_number : float or array (m,)
        |k|, rad/m.

    Returns
    -------
    xarray.Dataset
        ``direction`` (x[, y[, z]], component): unit vectors along the array's axes, of the sign
        that makes ω positive; ``gamma`` (…), 1/s, which does not depend on |k|; ``omega`` (…,
        wave_number), rad/s; ``ratio`` |ω/γ| (…, wave_number), rad. NaN outside the mask and where
        s = 0, as in uniform tissue no direction is better.

    Raises
    ------
    TissueError
        For wave numbers that are not positive.

    Examples
    --------
    >>> rising = Conductivity.from_function(lambda r: 0.3 * (1 + 10 * r[0]), (5, 4), 1e-2)
    >>> found = survival(rising, 300.0)
    >>> found.direction[0, 0].values.round(6).tolist(), float(found.omega[0, 0, 0].round(2))
    ([-1.0, 0.0], 28.24)
    """
    check_process()
    try:
        wave_number = np.atleast_1d(array("wave numbers", wave_number, ndim=(0, 1)))
    except ValueError as error:
        raise TissueError(str(error)) from None
    if np.any(wave_number <= 0) or np.any(wave_number > LARGEST_WAVE_NUMBER):
        raise TissueError(
            f"wave numbers must be positive and at most {LARGEST_WAVE_NUMBER:g} rad/m, got "
            f"{wave_number.tolist()}"
        )
    scaled, divergence = np.asarray(conductivity.scaled(), float), conductivity.divergence()
    # Where nothing conducts there are no waves.
    known = np.asarray(conductivity.inside()) & (np.trace(scaled, axis1=-2, axis2=-1) > 0)
    n = np.full(divergence.shape, np.nan)
    bound_compiled_calls()
    with jax.enable_x64(True):  # directions right across an axis are lost in single precision
        n[known] = _best_directions(scaled[known], divergence[known].astype(float))
    gamma = np.sum(n * (scaled @ n[..., None])[..., 0], -1)
    omega = -np.sum(divergence * n, -1)[..., None] / wave_number
    ratio = np.abs(omega) / np.where(gamma > 0, gamma, np.nan)[..., None]
    n, gamma, omega, ratio = (
        found.astype(conductivity.sigma.dtype) for found in (n, gamma, omega, ratio)
    )
    axes = AXES[: conductivity.dimension]
    waves = (*axes, "wave_number")
    labelled = {
        "direction": ((*axes, "component"), n, {"long_name": "direction of k with largest |ω/γ|"}),
        "gamma": (axes, gamma, {"long_name": "damping rate γ there [5]", "units": "1/s"}),
        "omega": (waves, omega, {"long_name": "frequency ω there [5]", "units": "rad/s"}),
        "ratio": (waves, ratio, {"long_name": "|ω/γ| there", "units": "rad"}),
    }
    coords = {
        **conductivity.coordinates(),
        "wave_number": ("wave_number", wave_number, {"units": "rad/m"}),
        "component": list(axes),
    }
    return xr.Dataset(
        data_vars=labelled, coords=coords, attrs=tissue_attributes(conductivity, "survival")
    )
