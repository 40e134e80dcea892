"""Dispersion of weakly evanescent waves [4, 5]: damping, frequency and velocities.

A wave is Ψ ∝ exp(−i(k·r − Ωt)) with Ω = ω + iγ, so that it turns by e^{iωt} and decays by e^{−γt};
its crests move along k at ω/|k|.

[5] is what the charge density ∇²Ψ of a plane wave Ψ does at every place, exactly, at first. It is
not the frequency of a mode of tissue: the operator of [2] is symmetric, so that every mode of a
closed tissue only decays. See docs/tissue.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.precision import is_traced
from wetcow.process import bound_compiled_calls, check_process
from wetcow.tissue.conductivity import AXES, Conductivity
from wetcow.tissue.errors import ShapeMismatchError, TissueError
from wetcow.validation import array
from wetcow.version import __version__

UNITS = {
    "gamma": ("damping rate γ = Im Ω [5]", "1/s"),
    "omega": ("angular frequency ω = Re Ω [5]", "rad/s"),
    "ratio": ("|ω/γ|, radians turned while decaying by e", "rad"),
    "phase_velocity": ("ω/|k|, along k", "m/s"),
    "group_velocity": ("∂ω/∂k", "m/s"),
    "omega_potential": ("angular frequency of the potential itself", "rad/s"),
}
LARGEST_WAVE_NUMBER = 1e9  # rad/m, shorter than a molecule; beyond it powers of k overflow
DEFAULT = ("gamma", "omega", "ratio", "phase_velocity", "group_velocity")


def dispersion_relation(Omega: Any, k: Any, scaled: Any, divergence: Any) -> Any:
    """D(Ω, k) = −iΩk² − Σ_ij k_i k_j − i (∂_iΣ_ij) k_j [4], which is zero for waves.

    Parameters
    ----------
    Omega : complex array (...)
        Ω = ω + iγ, 1/s.
    k : float array (..., d)
        Wave vectors, rad/m.
    scaled : float array (..., d, d)
        Σ, 1/s; see `Conductivity.scaled`.
    divergence : float array (..., d)
        ∂_i Σ_ij, 1/(m·s); see `Conductivity.divergence`.

    Returns
    -------
    complex array (...)
        D, 1/(m²·s). All arguments broadcast.

    Examples
    --------
    >>> k, scaled, divergence = np.array([100.0, 0]), np.diag([900.0, 300.0]), np.array([5e4, 0])
    >>> bool(dispersion_relation(-500 + 900j, k, scaled, divergence) == 0)
    True
    """
    along = jnp.einsum("...i,...ij,...j->...", k, scaled, k)
    across = jnp.sum(divergence * k, -1)
    return -1j * (Omega * jnp.sum(k * k, -1) + across) - along


def wave_rates(
    conductivity: Conductivity, k: Any, variables: Sequence[str] = DEFAULT
) -> dict[str, Any]:
    """Rates and velocities [5] for every voxel and wave vector, as arrays to differentiate.

    The same as `dispersion` in pure JAX: it may be compiled, batched and differentiated by σ, ε
    and k.

    Parameters
    ----------
    conductivity : Conductivity
        On a grid of d axes.
    k : float array (m, d)
        Wave vectors, rad/m; none zero.
    variables : sequence of str
        As for `dispersion`.

    Returns
    -------
    dict of str to array (*grid, m)
        ``group_velocity`` is (*grid, m, d). NaN outside the mask.

    Examples
    --------
    >>> import jax
    >>> tissue = Conductivity(np.full(8, 0.3), spacing=1e-3)
    >>> damping = lambda tissue: wave_rates(tissue, np.array([[100.0]]), ["gamma"])["gamma"].mean()
    >>> change = jax.grad(damping)(tissue).sigma.sum()  # by σ everywhere: 1/ε
    >>> round(float(change * tissue.permittivity), 3)
    1.0
    """
    check_process()
    k = jnp.asarray(k)
    dimension = conductivity.dimension
    square = jnp.sum(k * k, -1)
    inside = jnp.asarray(conductivity.inside())[..., None]
    scaled = jnp.asarray(conductivity.scaled())
    # Only the upper triangle: 6 products for each voxel and wave vector in place of 9.
    rows, columns = np.triu_indices(dimension)
    weights = (
        np.where(rows == columns, 1.0, 2.0).astype(k.dtype)[:, None]
        * (k[:, rows] * k[:, columns]).T
        / square
    )
    rates = {"gamma": scaled[..., rows, columns] @ weights}
    if set(variables) - {"gamma"}:
        divergence = conductivity._divergence()
        rates["omega"] = divergence @ (-k.T / square)
    if "ratio" in variables:
        rates["ratio"] = jnp.abs(rates["omega"] / rates["gamma"])
    if "phase_velocity" in variables:
        rates["phase_velocity"] = rates["omega"] / jnp.sqrt(square)
    if "group_velocity" in variables:
        # ∂ω/∂k_j = −(s_j + 2 ω k_j)/k²
        turned = 2 * rates["omega"][..., None] * (k / square[:, None])
        rates["group_velocity"] = -(divergence[..., None, :] / square[:, None] + turned)
    if "omega_potential" in variables:
        rates["omega_potential"] = rates["omega"] + _of_potential(conductivity, k)
    found = {}
    for name in variables:
        value = rates[name]
        found[name] = jnp.where(
            inside if value.ndim == inside.ndim else inside[..., None], value, jnp.nan
        )
    return found


def _of_potential(conductivity: Conductivity, k: Any) -> Any:
    """2 k·∇(k·Σ·k)/k⁴: what turns the potential, but not its charge density."""
    dimension = conductivity.dimension
    gradient = conductivity._scaled_gradient().reshape(*conductivity.grid, dimension**3)
    cubes = jnp.einsum("ml,mi,mj->lijm", k, k, k).reshape(dimension**3, -1)
    return gradient @ (2 * cubes / jnp.sum(k * k, -1) ** 2)


@eqx.filter_jit
def _compiled(conductivity: Conductivity, k: Any, variables: tuple[str, ...]) -> dict[str, Any]:
    return wave_rates(conductivity, k, variables)


def check_wave_vectors(k: Any, dimension: int) -> np.ndarray:
    """Return wave vectors as (m, d), or say what is wrong with them."""
    try:
        k = array(f"wave vectors (m, {dimension})", k)
    except ValueError as error:
        raise TissueError(str(error)) from None
    if np.abs(k).max() > LARGEST_WAVE_NUMBER:
        raise TissueError(
            f"wave vectors must be at most {LARGEST_WAVE_NUMBER:g} rad/m, got {np.abs(k).max():g}"
        )
    if k.ndim == 1:
        k = k[:, None] if dimension == 1 else k[None]
    if k.ndim != 2 or k.shape[1] != dimension:
        raise ShapeMismatchError(
            f"wave vectors must be (m, {dimension}) for tissue with {dimension} axes, got shape "
            f"{k.shape}"
        )
    if not np.all(np.isfinite(k)) or np.any(np.sum(k * k, -1) == 0):
        raise TissueError("wave vectors must be finite and not zero, as [5] divides by k²")
    return k


def wave_coordinates(k: np.ndarray) -> dict[str, Any]:
    """Coordinates of an xarray.Dataset for wave vectors (m, d)."""
    return {
        "wave": np.arange(len(k)),
        **{
            f"k{name}": ("wave", k[:, axis], {"units": "rad/m"})
            for axis, name in enumerate(AXES[: k.shape[1]])
        },
    }


def tissue_attributes(conductivity: Conductivity, kind: str) -> dict[str, Any]:
    """What results say about the tissue they belong to."""
    return {
        "system": kind,
        "wetcow_version": __version__,
        "relative_permittivity": float(conductivity.relative_permittivity),
        "spacing": conductivity.spacing.tolist(),
    }


def dispersion(
    conductivity: Conductivity, k: Any, variables: Sequence[str] = DEFAULT
) -> xr.Dataset:
    """Damping, frequency and velocities [5] of waves at every voxel for every wave vector.

    One compiled call; the result takes 4 bytes for each voxel, wave vector and number in single
    precision (all five default variables in 3-D: 28 bytes). For gradients see
    `wetcow.tissue.dispersion.wave_rates`.

    Parameters
    ----------
    conductivity : Conductivity
        On a grid of d axes.
    k : float array (m, d)
        Wave vectors along the array's axes, rad/m; (m,) for one axis, (d,) for one wave vector.
    variables : sequence of str
        What to compute: some of ``gamma`` (1/s, damping), ``omega`` (rad/s), ``ratio`` (|ω/γ|,
        large where a wave survives), ``phase_velocity`` (m/s along k), ``group_velocity`` (m/s, a
        vector) and ``omega_potential`` (rad/s: −(∂_iΣ_ij)k_j/k² + 2 k_l k_i k_j ∂_lΣ_ij/k⁴, how the
        potential turns while its charge density turns with ω). Default: all but the last.

    Returns
    -------
    xarray.Dataset
        Each variable on (x[, y[, z]], wave), velocity vectors also on ``component``; positions in
        m, coordinates ``kx``, … in rad/m. NaN outside the mask, and where a voxel has no neighbour
        to tell the gradient.

    Raises
    ------
    TissueError
        For wave vectors that are zero or do not fit, or an unknown variable.

    Examples
    --------
    >>> rising = Conductivity.from_function(lambda r: 0.3 * (1 + 10 * r[0]), (5, 4), 1e-2)
    >>> waves = dispersion(rising, [[300.0, 0.0], [0.0, 300.0]])
    >>> waves.gamma.dims, waves.gamma[0, 0].values.round().tolist()
    (('x', 'y', 'wave'), [847.0, 847.0])
    >>> waves.omega[0, 0].values.round(2).tolist()
    [-28.24, 0.0]
    """
    check_process()
    k = check_wave_vectors(k, conductivity.dimension)
    variables = tuple(variables)
    if unknown := set(variables) - set(UNITS):
        raise TissueError(f"unknown variables {sorted(unknown)}; there are {', '.join(UNITS)}")
    if is_traced(conductivity):
        raise TypeError("dispersion() labels numbers; in traced code use wave_rates()")
    bound_compiled_calls()
    with jax.enable_x64(conductivity.is_double):
        rates = _compiled(conductivity, k.astype(conductivity.sigma.dtype), variables)
        rates = {name: np.asarray(value) for name, value in rates.items()}
    axes = AXES[: conductivity.dimension]
    labelled = {}
    for name, value in rates.items():
        dims = (*axes, "wave", "component")[: value.ndim]
        long_name, units = UNITS[name]
        labelled[name] = (dims, value, {"long_name": long_name, "units": units})
    coords = {**conductivity.coordinates(), **wave_coordinates(k)}
    if "group_velocity" in rates:
        coords["component"] = list(axes)
    return xr.Dataset(
        data_vars=labelled, coords=coords, attrs=tissue_attributes(conductivity, "dispersion")
    )
