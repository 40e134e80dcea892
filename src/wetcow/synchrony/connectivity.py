"""Functional connectivity: which modes go together in time, and how that follows from links."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from wetcow import validation
from wetcow.synchrony.pairs import locking, of_pairs, of_series, phase_locking
from wetcow.synchrony.series import series_of

Measure = Literal[
    "phase_locking", "phase_lag_index", "imaginary_coherency", "envelope", "correlation"
]
MEASURES = ("phase_locking", "phase_lag_index", "imaginary_coherency", "envelope", "correlation")
BLOCK = 256  # samples at a time, to hold BLOCK · n² numbers at most
ROUNDING = 1e-6  # of single precision, in which runs may be recorded


def functional_connectivity(
    run: xr.Dataset | xr.DataArray, measure: Measure = "phase_locking", after: float | None = None
) -> xr.DataArray:
    """Functional connectivity of each pair of modes.

    Parameters
    ----------
    run : xarray.Dataset or xarray.DataArray
        From `simulate` or `sweep`, recorded. Or a series on time and mode or sensor: a real one,
        such as `wetcow.bold`, has the measure "correlation" alone; a complex one, such as
        `wetcow.analytic_signal`, has all.
    measure : str
        "phase_locking": |⟨e^{i(φ_i − φ_j)}⟩|, 1 for a constant phase difference. "phase_lag_index":
        |⟨sign sin(φ_i − φ_j)⟩|, blind to differences of 0 and π, which a common source makes.
        "imaginary_coherency": Im⟨a_i a_j*⟩/√(⟨|a_i|²⟩⟨|a_j|²⟩), signed: positive where i leads.
        "envelope": Pearson correlation of the amplitudes |a|. "correlation": Pearson correlation
        of the waves Re a, signed: what the closed form of noise at rest gives.
    after : float, optional
        Use samples from this time on, time units; default: the second half of a run, all of a
        series.

    Returns
    -------
    xarray.DataArray
        On the dimensions of a sweep and (mode, mode_from), without unit; symmetric but for the
        imaginary coherency, which is antisymmetric. NaN for modes that are silent by the end
        (`wetcow.synchrony.silent_modes`), whose share is the coordinate ``silent_share``, and where
        what is correlated is constant. Regions that `Connectome.label` gave to the run are along
        both.

    Raises
    ------
    ValueError
        For an unknown measure, no recorded amplitudes, or fewer than two samples.

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
    if measure == "phase_locking" and isinstance(run, xr.Dataset):
        return phase_locking(run, after)
    kind = {
        "phase_locking": locking,
        "phase_lag_index": _phase_lag_index,
        "imaginary_coherency": _imaginary_coherency,
        "envelope": lambda a: _correlation(np.abs(a)),
        "correlation": lambda a: _correlation(a.real),
    }[measure]

    def each(a: np.ndarray) -> np.ndarray:
        runs = a.reshape(-1, *a.shape[-2:])
        return np.stack([kind(one) for one in runs]).reshape(*a.shape[:-2], *(a.shape[-1:] * 2))

    # Amplitudes of a run without it have lost what tells transients and silent modes: refused.
    if isinstance(run, xr.DataArray) and run.name != "a":
        return of_series(_with_phases(series_of(run), measure), each, after, measure)
    return of_pairs(run, each, after, measure)


def _with_phases(series: xr.DataArray, measure: str) -> xr.DataArray:
    if series.dtype.kind != "c" and measure != "correlation":
        raise ValueError(
            f"{measure} needs a complex series: take analytic_signal(band_pass(series, low, "
            'high)); measure="correlation" is of real ones'
        )
    return series


def _phase_lag_index(a: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # what is not finite stays so
        unit = a / np.maximum(np.abs(a), 1e-300)
    signs = np.zeros((a.shape[1], a.shape[1]))
    for low in range(0, len(unit), BLOCK):
        part = unit[low : low + BLOCK]
        sine = (part[:, :, None] * part[:, None, :].conj()).imag
        signs += np.where(np.abs(sine) <= ROUNDING, 0, np.sign(sine)).sum(axis=0)
    return np.abs(signs) / len(unit)


def _imaginary_coherency(a: np.ndarray) -> np.ndarray:
    cross = a.T @ a.conj() / len(a)
    power = np.diagonal(cross).real
    with np.errstate(divide="ignore", invalid="ignore"):
        return cross.imag / np.sqrt(power[:, None] * power)


def _correlation(x: np.ndarray) -> np.ndarray:
    deviation = x - x.mean(axis=0)
    norm = np.sqrt(np.mean(deviation**2, axis=0))
    norm[norm <= 1e-9 * np.abs(x).mean(axis=0)] = np.nan  # what varies is rounding
    deviation /= norm
    return deviation.T @ deviation / len(x)


class Agreement(NamedTuple):
    """How two matrices of connectivity agree, over pairs of different modes.

    Attributes
    ----------
    pearson, spearman : float, or array
        Correlations of values and of ranks; for stacks of matrices, arrays of their leading
        dimensions (xarray.DataArray if a stack was one).
    num_pairs : int, or int array
        Pairs compared.
    """

    pearson: Any
    spearman: Any
    num_pairs: Any


def compare_connectivity(first: Any, second: Any, pairs: Any = None) -> Agreement:
    """Correlate two matrices over all pairs i < j.

    Parameters
    ----------
    first, second : array or xarray.DataArray (…, n, n)
        Such as structural weights and functional connectivity. Directed ones are averaged over
        both directions. Leading dimensions, as of the functional connectivity of a sweep, are
        compared one by one.
    pairs : bool array (n, n), optional
        Which pairs to use (a pair counts if either direction does). Default: all.

    Returns
    -------
    Agreement
        Pairs with NaN, as of silent modes, are left out. Correlations are NaN if a matrix is
        constant on the pairs, and in a stack where fewer than three are left. Entries are not
        independent of each other, so the usual probabilities of correlations would be far too
        small; none is given.

    Raises
    ------
    ValueError
        For shapes that differ or are not square, masked entries, or fewer than three finite pairs.

    Examples
    --------
    >>> weights = np.array([[0, 1, 0], [1, 0, 2.0], [0, 2.0, 0]])
    >>> round(compare_connectivity(weights, 1 + 3 * weights).pearson, 6)
    1.0
    """
    a, b = _matrices("first", first), _matrices("second", second)
    # Stacks without names are those of the other, from the right.
    a, b = _renamed(a, b), _renamed(b, a)
    shape = a.shape[-2:]
    if shape[0] != shape[1] or shape != b.shape[-2:]:
        raise ValueError(
            f"both must be square of one size (…, n, n), got {np.shape(first)} and "
            f"{np.shape(second)}"
        )
    upper = np.triu(np.ones(shape, dtype=bool), 1)
    if pairs is not None:
        validation.refuse_masked("pairs", pairs)
        chosen = np.asarray(pairs)
        if chosen.shape != shape or chosen.dtype != bool:
            raise ValueError(f"pairs must be a boolean array {shape}")
        upper &= chosen | chosen.T
    a, b = (
        xr.DataArray(data=one.values, coords=one.coords, dims=(*one.dims[:-2], "i", "j"))
        for one in (a, b)
    )
    a, b = xr.broadcast(a, b)
    a, b = (one.transpose(..., "i", "j") for one in (a, b))
    leading = a.shape[:-2]
    found = [
        _agreement(one, other, upper)
        for one, other in zip(
            a.values.reshape(-1, *shape), b.values.reshape(-1, *shape), strict=True
        )
    ]
    if not leading:
        if found[0].num_pairs < 3:
            raise ValueError(
                "a correlation needs three or more pairs with finite values, got "
                f"{found[0].num_pairs}"
            )
        return found[0]
    columns = [np.array(column).reshape(leading) for column in zip(*found, strict=True)]
    if not (isinstance(first, xr.DataArray) or isinstance(second, xr.DataArray)):
        return Agreement(*columns)
    like = a.isel(i=0, j=0, drop=True).drop_vars("silent_share", errors="ignore")
    return Agreement(*(like.copy(data=column).rename(None) for column in columns))


def _matrices(name: str, value: Any) -> xr.DataArray:
    """Matrices on (…, mode, mode_from); plain arrays have leading dimensions named by place."""
    if hasattr(value, "weights") and hasattr(value, "tract_lengths"):  # a Connectome
        value = value.weights
    if isinstance(value, xr.DataArray) and {"mode", "mode_from"} <= set(value.dims):
        value = value.transpose(..., "mode", "mode_from")
        dims = value.dims[:-2]
        coords = {dim: value[dim].values for dim in dims if dim in value.coords}
    else:
        coords, dims = {}, tuple(f"stack_{axis}" for axis in range(np.ndim(value) - 2, 0, -1))
    numbers = getattr(value, "values", value)
    found = validation.array(name, numbers, finite=False)
    if found.ndim < 2:
        raise ValueError(f"{name} must be square matrices (…, n, n), got shape {found.shape}")
    return xr.DataArray(data=found, coords=coords, dims=(*dims, "mode", "mode_from"))


def _renamed(plain: xr.DataArray, other: xr.DataArray) -> xr.DataArray:
    number = plain.ndim
    if not str(plain.dims[0]).startswith("stack_") or number > other.ndim:
        return plain
    return plain.rename(dict(zip(plain.dims, other.dims[other.ndim - number :], strict=True)))


def _agreement(a: np.ndarray, b: np.ndarray, upper: np.ndarray) -> Agreement:
    from scipy.stats import spearmanr

    a, b = ((one + one.T)[upper] / 2 for one in (a, b))
    finite = np.isfinite(a) & np.isfinite(b)
    a, b = a[finite], b[finite]
    if a.size < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return Agreement(pearson=np.nan, spearman=np.nan, num_pairs=a.size)
    ranks: Any = spearmanr(a, b)
    return Agreement(
        pearson=float(np.corrcoef(a, b)[0, 1]), spearman=float(ranks.statistic), num_pairs=a.size
    )
