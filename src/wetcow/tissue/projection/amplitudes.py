"""From the wave field to wave modes: amplitudes [7, 8] and parameters of a mode network [19, 20].

[7] multiplies by e^{−i(k·r + ω_k t)}: its mode k is a wave e^{+i(k·r + ωt)}, which is the wave with
the wave vector −k of the dispersion relation [4].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from wetcow.tissue.conductivity import AXES
from wetcow.tissue.dispersion import check_wave_vectors, wave_coordinates
from wetcow.tissue.errors import ShapeMismatchError, TissueError
from wetcow.tissue.field.spectral import Spectral


def space_axes(field: xr.Dataset) -> tuple[str, ...]:
    """Axes of a field in space; raises for what is no field."""
    if "psi" not in field or field["psi"].dims[0] != "time":
        raise TissueError("this takes the result of simulate_field, with psi on (time, x, …)")
    return AXES[: field["psi"].ndim - 1]


def _phases(field: xr.Dataset, k: np.ndarray) -> list[np.ndarray]:
    """e^{−i k·r} for each axis, (m, size)."""
    return [
        np.exp(-1j * np.outer(k[:, axis], field[name].values))
        for axis, name in enumerate(space_axes(field))
    ]


def _overlap(values: np.ndarray, phases: list[np.ndarray]) -> np.ndarray:
    """Σ_r values e^{−i k·r} of values (..., *grid) → (..., m), an axis at a time."""
    dimension = len(phases)
    total = np.tensordot(values, phases[-1], (-1, 1))  # (..., *grid without its last axis, m)
    for axis in range(dimension - 2, -1, -1):
        total = np.einsum("...xm,mx->...m", total, phases[axis])
    return total


def mode_amplitudes(field: xr.Dataset, k: Any, omega: Any = 0.0) -> xr.DataArray:
    """Amplitudes of temporal modes, a_k(t) = (2π)^{−d} ∫ Ψ e^{−i(k·r + ω_k t)} dr [7].

    Parameters
    ----------
    field : xarray.Dataset
        From `wetcow.simulate_field`, d axes.
    k : float array (m, d)
        Wave vectors, rad/m. Multiples of 2π/side are orthogonal to each other on a periodic grid.
    omega : float or array (m,)
        ω_k, rad/s. Default 0: the amplitude then turns with its frequency. With [5] it is the
        frequency of the wave vector −k.

    Returns
    -------
    xarray.DataArray
        Complex on (time, wave), V·m^d.

    Raises
    ------
    TissueError, ShapeMismatchError
        For wave vectors or frequencies that do not fit.

    Examples
    --------
    >>> from wetcow import Conductivity, simulate_field
    >>> tissue = Conductivity(np.full(64, 0.3), 1e-3)
    >>> k = 2 * np.pi / 0.016
    >>> field = simulate_field(tissue, 2e-3, np.cos(k * np.arange(64) * 1e-3), num_samples=3)
    >>> a = mode_amplitudes(field, [[k], [2 * k]])
    >>> abs(a[0]).values.round(8).tolist()  # half of the cosine, times 0.064 m / 2π
    [0.00509296, 0.0]
    """
    axes = space_axes(field)
    k = check_wave_vectors(k, len(axes))
    omega = _check_omega(omega, len(k))
    cell = np.prod([float(field[name][1] - field[name][0]) for name in axes])
    amplitudes = _overlap(field["psi"].values, _phases(field, k)) * (
        cell / (2 * np.pi) ** len(axes)
    )
    amplitudes = amplitudes * np.exp(-1j * np.outer(field["time"].values, omega))
    coords = {"time": field["time"], **wave_coordinates(k)}
    units = {1: "V·m", 2: "V·m²", 3: "V·m³"}[len(axes)]
    attrs = {"long_name": "mode amplitude a_k [7]", "units": units}
    return xr.DataArray(
        data=amplitudes, coords=coords, dims=("time", "wave"), name="a", attrs=attrs
    )


def _check_omega(omega: Any, number: int) -> np.ndarray:
    omega = np.asarray(omega, float)
    if omega.shape not in ((), (number,)) or not np.all(np.isfinite(omega)):
        raise ShapeMismatchError(f"omega must be one finite number or {number} of them (rad/s)")
    return np.broadcast_to(omega, (number,))


def spatial_mode_amplitudes(field: xr.Dataset, omega: Any, k: Any = None) -> xr.DataArray:
    """Amplitudes of spatial modes, a_ω(r) = (1/2π) ∫ Ψ e^{−i(k_ω·r + ωt)} dt [8].

    The integral runs over the samples of the field, by the trapezoidal rule.

    Parameters
    ----------
    field : xarray.Dataset
        From `wetcow.simulate_field`, d axes.
    omega : float array (m,)
        Frequencies, rad/s; below π divided by the time between samples.
    k : float array (m, d), optional
        k_ω, rad/m. Default 0: the amplitude then turns in space with its wave vector.

    Returns
    -------
    xarray.DataArray
        Complex on (frequency, x[, y[, z]]), V·s.

    Raises
    ------
    TissueError
        For frequencies that the samples do not resolve.
    ShapeMismatchError
        For wave vectors that do not fit.
    """
    axes, times = space_axes(field), field["time"].values
    omega = np.atleast_1d(np.asarray(omega, float))
    if omega.ndim != 1 or not np.all(np.isfinite(omega)):
        raise TissueError("omega must be finite numbers (m,), rad/s")
    highest = np.pi / (times[1] - times[0])
    if np.any(np.abs(omega) > highest):
        raise TissueError(
            f"samples {times[1] - times[0]:g} s apart resolve |ω| ≤ {highest:g} rad/s"
        )
    weight = np.gradient(times) * np.where(np.isin(times, times[[0, -1]]), 0.5, 1.0)
    turned = np.exp(-1j * np.outer(omega, times)) * weight / (2 * np.pi)
    values = np.tensordot(turned, field["psi"].values, 1)
    if k is not None:
        k = np.asarray(k, float).reshape(-1, len(axes))
        if len(k) != len(omega):
            raise ShapeMismatchError(
                f"there are {len(omega)} frequencies and {len(k)} wave vectors"
            )
        for axis, phases in enumerate(_phases(field, k)):
            shape = [1] * (1 + len(axes))
            shape[0], shape[1 + axis] = phases.shape
            values = values * phases.reshape(shape)
    coords = {"frequency": ("frequency", omega, {"units": "rad/s"})}
    coords |= {name: field[name] for name in axes}
    attrs = {"long_name": "mode amplitude a_ω [8]", "units": "V·s"}
    return xr.DataArray(
        data=values, coords=coords, dims=("frequency", *axes), name="a", attrs=attrs
    )


def local_rates(field: xr.Dataset, voxel: Sequence[int]) -> xr.Dataset:
    """Measure how a complex field turns and decays at a place: its logarithmic derivative in time.

    Parameters
    ----------
    field : xarray.Dataset
        From `wetcow.simulate_field` with periodic borders, complex, such as a packet
        exp(−i k·r) times an envelope.
    voxel : sequence of int
        Where.

    Returns
    -------
    xarray.Dataset
        On (quantity, time), for the ``density`` ∇²Ψ and the ``potential`` Ψ: ``omega``, rad/s, and
        ``gamma``, 1/s, of q ∝ e^{iωt − γt}, by differences of second order between samples. The
        density of a plane wave has those of [5] at first.

    Raises
    ------
    TissueError
        If the field is real, or its borders are not periodic.
    """
    axes = space_axes(field)
    if not np.iscomplexobj(field["psi"]):
        raise TissueError("a real field does not turn; start from a complex one, exp(−i k·r)")
    if field.attrs.get("borders") != "periodic":
        raise TissueError("the charge density is taken by Fourier transform: use periodic borders")
    values = field["psi"].values
    spacing = [float(field[name][1] - field[name][0]) for name in axes]
    spectral = Spectral(grid=values.shape[1:], spacing=spacing, is_complex=True, precision="double")
    over = tuple(range(1, values.ndim))
    density = -np.fft.ifftn(spectral.square * np.fft.fftn(values, axes=over), axes=over)
    place = (slice(None), *voxel)
    series = np.stack([density[place], values[place]])
    times = field["time"].values
    logarithm = np.log(np.abs(series)) + 1j * np.unwrap(np.angle(series), axis=1)
    rates = np.gradient(logarithm, times, axis=1, edge_order=2)
    dims = ("quantity", "time")
    return xr.Dataset(
        {
            "omega": (dims, rates.imag, {"units": "rad/s"}),
            "gamma": (dims, -rates.real, {"units": "1/s"}),
        },
        {"quantity": ["density", "potential"], "time": field["time"]},
    )
