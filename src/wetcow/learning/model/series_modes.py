"""Hidden modes that hear series: filters at many scales, and how long and how far they are driven.

A filter couples a mode to nine moments of a series, `dilation` samples apart. The filters are those
of MiniRocket [Dempster, Schmidt & Webb, KDD 2021]: three of nine weights are 2, the others −1, so
that a constant drives nothing. What a series drives a mode to, less the mode's threshold, is its
total excitation γ̄(t). Two numbers are pooled over time: the share of time in which the mode is
driven beyond its onset, γ̄ > 0, and its mean amplitude. The first is MiniRocket's proportion of
positive values. Thresholds are quantiles of the drives of some of the series learned.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.learning.model.activation import bounded_root, respond

LENGTH = 9
"""Moments that a filter looks at."""

MOST_DILATIONS = 32
_THREES = [list(places) for places in itertools.combinations(range(LENGTH), 3)]
N_FILTERS = len(_THREES)
"""Filters at each dilation: 84."""

_CODES = ("share", "amplitude")
_SOME = 16  # series whose drives thresholds are taken from
_AT_ONCE = 2**20  # drives computed together
_MOST_CHANNELS = 9  # that one filter hears
_GOLDEN = (math.sqrt(5) + 1) / 2


def filters() -> np.ndarray:
    """Weights, float32 (84, 9): 2 at three of nine places and −1 elsewhere; each sums to zero."""
    weights = np.full((N_FILTERS, LENGTH), -1, np.float32)
    np.put_along_axis(weights, np.array(_THREES), 2, axis=1)
    return weights


def dilations_of(n_times: int) -> np.ndarray:
    """Dilations from 1 to the widest that a series of `n_times` samples holds, int (d,).

    Their logarithms are equally spaced, as far as whole numbers allow.

    Examples
    --------
    >>> dilations_of(100).tolist()
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    """
    widest = math.log2(max((n_times - 1) / (LENGTH - 1), 1))
    return np.unique(np.logspace(0, widest, MOST_DILATIONS, base=2).astype(int))


class SeriesModes(NamedTuple):
    """Hidden modes of series; d dilations, 84 filters, c channels, q thresholds. A pytree.

    Attributes
    ----------
    dilation : int32 array (d,)
        Samples between the moments of a filter.
    channels : float32 array (d, 84, c)
        1 for the channels that a filter hears, over its scale; else 0.
    threshold : float32 array (d, 84, q)
        Drives at onset.
    spread : float32 array (d, 84)
        Standard deviation of drives, the unit of excitations.
    """

    dilation: Any
    channels: Any
    threshold: Any
    spread: Any


def construct_modes(
    X: np.ndarray, lengths: np.ndarray, n_modes: int, rng: np.random.Generator
) -> SeriesModes:
    """Sample thresholds from series.

    Parameters
    ----------
    X : float32 array (n, c, time)
        Series, zero after their ends.
    lengths : int array (n,)
        Samples of each.
    n_modes : int
        About so many: 84 filters at each dilation, with equally many thresholds.
    rng : numpy Generator
        Draws series, and which channels a filter hears.
    """
    dilation = dilations_of(int(np.median(lengths)))
    heard = _heard(len(dilation), X.shape[1], rng) / _scales(X, lengths)
    count = max(round(n_modes / (N_FILTERS * len(dilation))), 1)
    levels = np.arange(1, N_FILTERS * count + 1) * _GOLDEN % 1
    some = np.sort(rng.choice(len(X), min(len(X), _SOME), replace=False))
    threshold, spread = _quantiles(
        jnp.asarray(X[some], jnp.float32),
        jnp.asarray(lengths[some], jnp.int32),
        jnp.asarray(dilation, jnp.int32),
        jnp.asarray(heard, jnp.float32),
        jnp.asarray(levels.reshape(N_FILTERS, count), jnp.float32),
        reach=_reach(dilation),
    )
    return SeriesModes(
        dilation=dilation.astype(np.int32),
        channels=heard.astype(np.float32),
        threshold=np.asarray(threshold),
        spread=np.asarray(spread),
    )


def series_codes(
    X: np.ndarray, lengths: np.ndarray, modes: SeriesModes, omega: float, n_segments: int = 1
) -> np.ndarray:
    """Codes of series, float32 (n, 2·s·d·84·q): shares of time, then roots of mean amplitudes.

    Parameters
    ----------
    X, lengths
        As of `construct_modes`.
    modes : SeriesModes
    omega : float
        Frequency of all modes, in units of the spreads of their drives.
    n_segments : int
        s, equal parts of each series over which codes are pooled; nothing is in parts in which a
        filter is nowhere inside.
    """
    n_times = X.shape[-1]
    size = max(1, min(len(X), _AT_ONCE // (N_FILTERS * n_times)))
    found = []
    for start in range(0, len(X), size):
        part, ends = X[start : start + size], lengths[start : start + size]
        missing = size - len(part)  # the last is filled up, so that one shape is compiled
        part = np.pad(part, ((0, missing), (0, 0), (0, 0)))
        ends = np.pad(ends, (0, missing), constant_values=n_times)
        codes = _codes(
            jnp.asarray(part, jnp.float32),
            jnp.asarray(ends, jnp.int32),
            modes,
            omega,
            reach=_reach(modes.dilation),
            n_segments=n_segments,
        )
        found.append(np.asarray(codes)[: size - missing])
    return np.concatenate(found)


def differences(X: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return by how much series change from sample to sample, and how many changes they have.

    Parameters
    ----------
    X, lengths
        As of `construct_modes`.

    Returns
    -------
    float32 array (n, c, max(time − 1, 1)), int array (n,)
        Zero after the ends.

    Examples
    --------
    >>> X = np.array([[[1.0, 4.0, 9.0], [2.0, 2.0, 0.0]]])
    >>> differences(X, np.array([3]))[0].tolist()
    [[[3.0, 5.0], [0.0, -2.0]]]
    """
    changes = np.diff(X, axis=-1) if X.shape[-1] > 1 else np.zeros_like(X)
    count = np.maximum(lengths - 1, 0)
    inside = np.arange(changes.shape[-1]) < count[:, None]
    return np.where(inside[:, None], changes, 0), count


def n_codes(modes: SeriesModes, n_segments: int = 1) -> int:
    """How many numbers `series_codes` returns of a series."""
    return len(_CODES) * n_segments * int(np.size(modes.threshold))


def code_names(modes: SeriesModes, n_segments: int = 1) -> list[str]:
    """Names of what `series_codes` returns; segments are named if there are several."""
    places = np.ndindex(*np.shape(modes.threshold))
    each = [f"dilation{modes.dilation[d]}_filter{f}_threshold{q}" for d, f, q in places]
    parts = [f"segment{k}_" for k in range(n_segments)] if n_segments > 1 else [""]
    return [f"{code}_{part}{name}" for code in _CODES for part in parts for name in each]


def _heard(n_dilations: int, n_channels: int, rng: np.random.Generator) -> np.ndarray:
    """Which channels each filter hears, 0 or 1: a random few of several, (d, 84, c)."""
    if n_channels == 1:
        return np.ones((n_dilations, N_FILTERS, 1))
    most = math.log2(min(n_channels, _MOST_CHANNELS) + 1)
    count = (2 ** rng.uniform(0, most, (n_dilations, N_FILTERS))).astype(int)
    order = rng.random((n_dilations, N_FILTERS, n_channels)).argsort(axis=-1)
    return (order < count[..., None]).astype(float)


def _scales(X: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Standard deviation of each channel, (c,); 1 for those that are constant."""
    inside = np.arange(X.shape[-1]) < lengths[:, None, None]
    values = [channel[inside[:, 0]] for channel in np.moveaxis(X, 1, 0)]
    spread = np.array([value.std(dtype=np.float64) for value in values])
    return np.where(spread > 0, spread, 1.0)


def _reach(dilation: np.ndarray) -> int:
    """Samples by which the widest filter looks beyond the moment it is at."""
    return LENGTH // 2 * int(dilation[-1])


def _drive(X: Any, lengths: Any, dilation: Any, heard: Any, reach: int) -> tuple[Any, Any]:
    """Drives (n, time, 84), and which of them count, of the same shape.

    Beyond its ends a series counts as zero. Every other filter counts only where all its moments
    are inside, unless it is nowhere.
    """
    n, _, n_times = X.shape
    padded = jnp.pad(X, ((0, 0), (0, 0), (reach, reach)))
    starts = reach + (jnp.arange(LENGTH) - LENGTH // 2) * dilation
    taken = [jax.lax.dynamic_slice_in_dim(padded, at, n_times, axis=2) for at in starts]
    seen = jnp.stack(taken, axis=-1).transpose(0, 2, 1, 3).reshape(n, n_times, -1)
    coupling = (heard[:, :, None] * filters()[:, None, :]).reshape(N_FILTERS, -1)
    half, time = LENGTH // 2 * dilation, jnp.arange(n_times)
    inside = (time >= half) & (time < lengths[:, None] - half)
    whole = time < lengths[:, None]
    narrow = (jnp.arange(N_FILTERS) + dilation) % 2 == 1
    narrow = narrow & inside.any(axis=1)[:, None]
    counts = jnp.where(narrow[:, None, :], inside[:, :, None], whole[:, :, None])
    return seen @ coupling.T, counts


@functools.partial(jax.jit, static_argnames="reach")
def _quantiles(
    X: Any, lengths: Any, dilation: Any, heard: Any, levels: Any, *, reach: int
) -> tuple[Any, Any]:
    """Thresholds (d, 84, q) and spreads (d, 84) of drives."""

    def of_one(each: tuple[Any, Any]) -> tuple[Any, Any]:
        drives, counts = _drive(X, lengths, *each, reach)
        drives = jnp.where(counts, drives, jnp.nan).reshape(-1, N_FILTERS).T
        found = jax.vmap(jnp.nanquantile)(drives, levels)
        spread = jnp.nanstd(drives, axis=1)
        return found, jnp.where(spread > 0, spread, 1)

    return jax.lax.map(of_one, (dilation, heard))


@functools.partial(jax.jit, static_argnames=("reach", "n_segments"))
def _codes(
    X: Any, lengths: Any, modes: SeriesModes, omega: Any, *, reach: int, n_segments: int
) -> Any:
    """Codes (n, 2·s·d·84·q)."""
    time = jnp.arange(X.shape[-1])
    segment = jnp.minimum(time * n_segments // lengths[:, None], n_segments - 1)
    within = segment[:, None] == jnp.arange(n_segments)[:, None]  # (n, s, time)
    within = (within & (time < lengths[:, None])[:, None]).astype(X.dtype)

    def of_one(each: SeriesModes) -> Any:
        drives, counts = _drive(X, lengths, each.dilation, each.channels, reach)
        number = jnp.einsum("ntf,nst->nsf", counts.astype(X.dtype), within)
        # Time is last: what is summed is then computed eight samples at a time.
        drives = jnp.where(counts, drives, -jnp.inf).transpose(0, 2, 1)

        def of_threshold(threshold: Any) -> Any:
            gamma = (drives - threshold[:, None]) / each.spread[:, None]
            amplitude = respond(gamma, omega, "amplitude")[0]
            codes = (gamma > 0).astype(drives.dtype), amplitude
            if n_segments == 1:
                return jnp.stack([code.sum(axis=-1)[:, None] for code in codes])
            return jnp.stack([jnp.einsum("nft,nst->nsf", code, within) for code in codes])

        return jax.lax.map(of_threshold, each.threshold.T) / jnp.maximum(number, 1)

    found = jax.lax.map(of_one, modes)  # (d, q, 2, n, s, 84)
    shares, amplitudes = found.transpose(2, 3, 4, 0, 5, 1).reshape(2, len(X), -1)
    return jnp.concatenate([shares, bounded_root(amplitudes)], axis=1)
