"""Networks of wave modes of a tissue: from [2] itself, or fitted to fields [19, 20]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from wetcow.tissue.conductivity import Conductivity
from wetcow.tissue.dispersion import check_wave_vectors
from wetcow.tissue.errors import TissueError
from wetcow.tissue.projection.amplitudes import mode_amplitudes, space_axes

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


def _as_network(k: np.ndarray, matrix: np.ndarray, residual: float) -> ModeNetwork:
    own: Any = np.diagonal(matrix)
    return ModeNetwork(
        k=k,
        gamma=own.real.copy(),
        omega=own.imag.copy(),
        coupling=matrix - np.diag(own),
        residual=residual,
    )


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
    return _as_network(k, matrix, 0.0)


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
    return _as_network(check_wave_vectors(k, len(space_axes(fields[0]))), matrix, float(misfit))
