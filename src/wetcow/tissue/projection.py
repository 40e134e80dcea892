"""From the wave field to wave modes: amplitudes [7, 8] and parameters of a mode network [19, 20].

[7] multiplies by e^{−i(k·r + ω_k t)}: its mode k is a wave e^{+i(k·r + ωt)}, which is the wave with
the wave vector −k of the dispersion relation [4].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from wetcow.tissue.conductivity import AXES, Conductivity
from wetcow.tissue.dispersion import check_wave_vectors, wave_coordinates
from wetcow.tissue.errors import ShapeMismatchError, TissueError
from wetcow.tissue.spectral import Spectral

_LIMIT_OF_NOISE = 1e-9  # relative; smaller singular values of amplitudes are taken for rounding


class ModeNetwork(NamedTuple):
    """Linear part of a network of wave modes, da/dt = (γ + iω) a + R a.

    `wetcow.Network(gamma=found.gamma, omega=found.omega, coupling=wetcow.Dense(found.coupling))` is
    that network, with the nonlinear terms [6] that the field equation [2] does not have.

    Attributes
    ----------
    k : array (n, d)
        Wave vectors of the modes in the sense of [7], rad/m.
    gamma : array (n,)
        Excitation, negative as tissue damps, 1/s.
    omega : array (n,)
        Frequency, rad/s.
    coupling : complex array (n, n)
        R, 1/s, with a zero diagonal.
    residual : float
        Relative misfit of the amplitudes that it was fitted to; zero if it follows from the tissue.
    """

    k: np.ndarray
    gamma: np.ndarray
    omega: np.ndarray
    coupling: np.ndarray
    residual: float


def _split(k: np.ndarray, matrix: np.ndarray, residual: float) -> ModeNetwork:
    own: Any = np.diagonal(matrix)
    return ModeNetwork(
        k=k,
        gamma=own.real.copy(),
        omega=own.imag.copy(),
        coupling=matrix - np.diag(own),
        residual=residual,
    )


def _axes(field: xr.Dataset) -> tuple[str, ...]:
    if "psi" not in field or field["psi"].dims[0] != "time":
        raise TissueError("this takes the result of simulate_field, with psi on (time, x, …)")
    return AXES[: field["psi"].ndim - 1]


def _phases(field: xr.Dataset, k: np.ndarray) -> list[np.ndarray]:
    """e^{−i k·r} for each axis, (m, size)."""
    return [
        np.exp(-1j * np.outer(k[:, axis], field[name].values))
        for axis, name in enumerate(_axes(field))
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
    >>> from wetcow.tissue.field import simulate_field
    >>> tissue = Conductivity(np.full(64, 0.3), 1e-3)
    >>> k = 2 * np.pi / 0.016
    >>> field = simulate_field(tissue, 2e-3, np.cos(k * np.arange(64) * 1e-3), num_samples=3)
    >>> a = mode_amplitudes(field, [[k], [2 * k]])
    >>> abs(a[0]).values.round(8).tolist()  # half of the cosine, times 0.064 m / 2π
    [0.00509296, 0.0]
    """
    axes = _axes(field)
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
    return xr.DataArray(amplitudes, coords, ("time", "wave"), "a", attrs)


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
    axes, times = _axes(field), field["time"].values
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
    return xr.DataArray(values, coords, ("frequency", *axes), "a", attrs)


def network_of_tissue(conductivity: Conductivity, k: Any) -> ModeNetwork:
    """Parameters of the network of plane waves that a tissue is, from [2] itself.

    With Ψ = Σ_n a_n e^{i k_n·r} and Σ̂(q) the mean of Σ e^{−iq·r}, [2] is da/dt = M a with
    M_nm = −k_n·Σ̂(k_n − k_m)·k_m / k_n². The mean of Σ damps each mode; its inhomogeneity couples
    them, with weight and phase delay.

    Parameters
    ----------
    conductivity : Conductivity
        On a grid of d axes, taken to repeat.
    k : float array (n, d)
        Wave vectors in the sense of [7], rad/m; multiples of 2π/side, so that they are orthogonal.

    Returns
    -------
    ModeNetwork
        Exact if `k` has all wave vectors that matter. |k_n| R_nm/|k_m| is Hermitian: the network
        only decays.

    Raises
    ------
    TissueError
        For wave vectors that the grid does not resolve.

    Examples
    --------
    >>> wavy = np.asarray(0.3 + 0.1 * np.cos(2 * np.pi * np.arange(64) / 64))
    >>> k = 2 * np.pi / 0.064 * np.arange(1, 4)
    >>> found = network_of_tissue(Conductivity(wavy, 1e-3), k)
    >>> (found.gamma / found.gamma[0]).round(6).tolist()
    [1.0, 1.0, 1.0]
    >>> abs(found.coupling[1] / found.gamma[1]).round(4).tolist()  # 0.05/0.3 times k_m/k_n
    [0.0833, 0.0, 0.25]
    """
    dimension = conductivity.dimension
    k = check_wave_vectors(k, dimension)
    turns = k * np.asarray(conductivity.grid) * conductivity.spacing / (2 * np.pi)
    if np.abs(turns - np.round(turns)).max() > 1e-6:
        raise TissueError("wave vectors must be multiples of 2π divided by the side of the grid")
    if np.any(np.abs(turns) >= np.asarray(conductivity.grid) / 2):
        raise TissueError("wave vectors must be below π divided by the spacing of the grid")
    axes = tuple(range(dimension))
    spectrum = np.fft.fftn(np.asarray(conductivity.scaled(), float), axes=axes)
    spectrum /= np.prod(conductivity.grid)
    whole = np.round(turns).astype(int)
    difference = (whole[:, None] - whole[None]) % np.asarray(conductivity.grid)
    between = spectrum[tuple(np.moveaxis(difference, -1, 0))]  # (n, n, d, d)
    matrix = -np.einsum("ni,nmij,mj->nm", k, between, k) / np.sum(k * k, -1)[:, None]
    return _split(k, matrix, 0.0)


def network_of_field(fields: xr.Dataset | Sequence[xr.Dataset], k: Any) -> ModeNetwork:
    """Fit the parameters of a mode network to the amplitudes of simulated fields.

    The amplitudes [7] of each sample follow from those of the one before by e^{MΔt}; that matrix is
    fitted by least squares (as in dynamic mode decomposition), and M is its logarithm. What goes to
    or comes from waves that are not among `k` is attributed to those that are.

    Parameters
    ----------
    fields : xarray.Dataset or sequence of them
        From `wetcow.simulate_field` without source, sampled at equal intervals short enough that no
        mode turns by π. Several fields, from different initial ones, tell more than one.
    k : float array (n, d)
        Wave vectors, rad/m.

    Returns
    -------
    ModeNetwork
        Its `residual` is the relative misfit of the fitted samples.

    Raises
    ------
    TissueError
        If the samples do not tell n modes apart, or the intervals differ.
    """
    fields = [fields] if isinstance(fields, xr.Dataset) else list(fields)
    before, after, intervals = [], [], []
    for field in fields:
        amplitudes = mode_amplitudes(field, k).values
        before.append(amplitudes[:-1])
        after.append(amplitudes[1:])
        intervals.append(np.diff(field["time"].values))
    steps = np.concatenate(intervals)
    if np.ptp(steps) > 1e-6 * steps.mean():
        raise TissueError("the fields must be sampled at equal intervals")
    earlier, later = np.concatenate(before), np.concatenate(after)
    # A late sample is as good as an early one, though the field has decayed.
    size = np.linalg.norm(earlier, axis=1, keepdims=True)
    known = size[:, 0] > 0
    earlier, later = earlier[known] / size[known], later[known] / size[known]
    number = earlier.shape[1]
    propagator, _, rank, _ = np.linalg.lstsq(earlier, later, rcond=_LIMIT_OF_NOISE)
    if rank < number:
        raise TissueError(
            f"the samples tell only {rank} of {number} modes apart; give fields from more initial "
            "states, more samples, or fewer wave vectors"
        )
    from scipy.linalg import logm

    misfit = np.linalg.norm(later - earlier @ propagator) / np.linalg.norm(later)
    matrix = np.asarray(logm(propagator.T)) / steps.mean()
    return _split(check_wave_vectors(k, len(_axes(fields[0]))), matrix, float(misfit))


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
    axes = _axes(field)
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
