"""Functional connectivity: which modes go together in time, and how that follows from links."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from wetcow.synchrony.measures import phase_locking

Measure = Literal["phase_locking", "phase_lag_index", "imaginary_coherency", "envelope"]
MEASURES = ("phase_locking", "phase_lag_index", "imaginary_coherency", "envelope")
BLOCK = 256  # samples at a time, to hold BLOCK · n² numbers at most
ROUNDING = 1e-6  # of single precision, in which runs may be recorded


def functional_connectivity(
    run: xr.Dataset, measure: Measure = "phase_locking", after: float | None = None
) -> xr.DataArray:
    """Functional connectivity of each pair of modes.

    Parameters
    ----------
    run : xarray.Dataset
        From `simulate`, recorded; (time, mode).
    measure : str
        "phase_locking": |⟨e^{i(φ_i − φ_j)}⟩|, 1 for a constant phase difference. "phase_lag_index":
        |⟨sign sin(φ_i − φ_j)⟩|, blind to differences of 0 and π, which a common source makes.
        "imaginary_coherency": Im⟨a_i a_j*⟩/√(⟨|a_i|²⟩⟨|a_j|²⟩), signed: positive where i leads.
        "envelope": Pearson correlation of the amplitudes |a|.
    after : float, optional
        Use samples from this time on, time units; default: the second half.

    Returns
    -------
    xarray.DataArray
        On (mode, mode_from), without unit; symmetric but for the imaginary coherency, which is
        antisymmetric. NaN where an amplitude is constant. `Connectome.label` adds the regions.

    Raises
    ------
    ValueError
        For an unknown measure, more dimensions than (time, mode), or fewer than two samples.

    Notes
    -----
    Phases of spiking modes stay longer at some values than at others, so that phase locking of
    independent modes is not zero: compare with a run without coupling.

    Examples
    --------
    >>> import wetcow as wc
    >>> pair = wc.Network(0.5, [1.0, 1.05], wc.Dense([[0, 0.1], [0.1, 0]]))
    >>> run = wc.simulate(pair, t1=200.0)
    >>> functional_connectivity(run).values.round(2).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {MEASURES}, got {measure!r}")
    if "a" not in run or set(run["a"].dims) != {"time", "mode"}:
        raise ValueError(
            "functional connectivity needs recorded amplitudes on (time, mode): run simulate() "
            "with record=True, and select one run of a sweep with .isel(…)"
        )
    time = run["time"].values
    keep = time >= ((time[0] + time[-1]) / 2 if after is None else after)
    if keep.sum() < 2:
        raise ValueError(f"fewer than two samples after {after}; the run ends at {time[-1]}")
    if measure == "phase_locking":
        return phase_locking(run, after).rename("phase_locking")
    a = run["a"].transpose("time", "mode").values[keep].astype(complex)
    value = {
        "phase_lag_index": _phase_lag_index,
        "imaginary_coherency": _imaginary_coherency,
        "envelope": _envelope,
    }[measure](a)
    mode = run["mode"].values
    coordinates = {"mode": mode, "mode_from": mode}
    return xr.DataArray(value, coordinates, ("mode", "mode_from"), name=measure)


def _phase_lag_index(a: np.ndarray) -> np.ndarray:
    unit = a / np.maximum(np.abs(a), 1e-300)
    signs = np.zeros((a.shape[1], a.shape[1]))
    for low in range(0, len(unit), BLOCK):
        part = unit[low : low + BLOCK]
        sine = (part[:, :, None] * part[:, None, :].conj()).imag
        signs += np.where(np.abs(sine) > ROUNDING, np.sign(sine), 0).sum(axis=0)
    return np.abs(signs) / len(unit)


def _imaginary_coherency(a: np.ndarray) -> np.ndarray:
    cross = a.T @ a.conj() / len(a)
    power = np.diagonal(cross).real
    with np.errstate(divide="ignore", invalid="ignore"):
        return cross.imag / np.sqrt(power[:, None] * power)


def _envelope(a: np.ndarray) -> np.ndarray:
    size = np.abs(a)
    deviation = size - size.mean(axis=0)
    norm = np.sqrt(np.mean(deviation**2, axis=0))
    norm[norm <= 1e-9 * size.mean(axis=0)] = np.nan  # what varies is rounding
    deviation /= norm
    return deviation.T @ deviation / len(a)


class Agreement(NamedTuple):
    """How two matrices of connectivity agree, over pairs of different modes.

    Attributes
    ----------
    pearson, spearman : float
        Correlations of values and of ranks.
    num_pairs : int
        Pairs compared.
    """

    pearson: float
    spearman: float
    num_pairs: int


def compare_connectivity(first: Any, second: Any, pairs: Any = None) -> Agreement:
    """Correlate two matrices over all pairs i < j.

    Parameters
    ----------
    first, second : array or xarray.DataArray (n, n)
        Such as structural weights and functional connectivity. Directed ones are averaged over
        both directions.
    pairs : bool array (n, n), optional
        Which pairs to use (a pair counts if either direction does). Default: all.

    Returns
    -------
    Agreement
        Correlations are NaN if a matrix is constant on the pairs. Entries are not independent of
        each other, so the usual probabilities of correlations would be far too small; none is
        given.

    Raises
    ------
    ValueError
        For shapes that differ or are not square, or fewer than three finite pairs.

    Examples
    --------
    >>> weights = np.array([[0, 1, 0], [1, 0, 2.0], [0, 2.0, 0]])
    >>> round(compare_connectivity(weights, 1 + 3 * weights).pearson, 6)
    1.0
    """
    from scipy.stats import spearmanr

    a, b = (np.asarray(one, dtype=np.float64) for one in (first, second))
    if a.ndim != 2 or a.shape[0] != a.shape[1] or a.shape != b.shape:
        raise ValueError(f"both must be square of one size (n, n), got {a.shape} and {b.shape}")
    upper = np.triu(np.ones(a.shape, dtype=bool), 1)
    if pairs is not None:
        chosen = np.asarray(pairs)
        if chosen.shape != a.shape or chosen.dtype != bool:
            raise ValueError(f"pairs must be a boolean array {a.shape}")
        upper &= chosen | chosen.T
    a, b = ((one + one.T)[upper] / 2 for one in (a, b))
    finite = np.isfinite(a) & np.isfinite(b)
    a, b = a[finite], b[finite]
    if a.size < 3:
        raise ValueError(
            f"a correlation needs three or more pairs with finite values, got {a.size}"
        )
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return Agreement(np.nan, np.nan, a.size)
    ranks: Any = spearmanr(a, b)
    return Agreement(float(np.corrcoef(a, b)[0, 1]), float(ranks.statistic), a.size)
