"""How far apart the rows of a table are to be seen, and with how much noise they are remembered.

What the kernel compares are directions of rows that have a constant 1 beside their standardised
columns. If these are made smaller, all rows are nearly in one direction, and what is learned is
nearly a straight line; if larger, what is learned varies from one row to the next; and a column
that is small does not matter. Scales and noise are chosen by what a memory says of examples without
them: first one scale of all columns, then one for each (`wetcow.learning.memory.relevance`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from wetcow.learning.data.samples import Samples, some_rows
from wetcow.learning.memory.noise import MOST, drowned, least_noise, left_out_squares
from wetcow.learning.memory.relevance import Seen, cosines_of, find_relevance
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.memory.stored import Kernel
from wetcow.modes.kernel_series import KernelSeries

SCALES = (1.0, 0.5, 2.0, 0.25, 4.0, 0.125)
"""Factors of all standardised columns. The first wins where all are as good."""

_MOST_COLUMNS = 100  # that are looked at one by one
_MOST_ROWS = 500  # by which they are
_TURNS = 3  # parts of these, of which each is once unknown


class TableRows(NamedTuple):
    """Rows of a table: standardised columns over the root of their number, targets, weights."""

    columns: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


class Choice(NamedTuple):
    """One way to see rows, and its squared error for each example left out alone."""

    seen: Seen
    squares: np.ndarray


def find_scales(
    samples: Samples, kernel: Kernel, noises: Sequence[float], rng: np.random.Generator
) -> Seen:
    """Return scales and λ by which examples are answered best without them.

    First one scale of all columns and a λ are those with the least squared error of examples left
    out, each alone; of classes only if that is better than scale 1 and the λ of the kernel, since
    less error of squares need not be more right answers. Scales of each of at most 100 columns take
    their place if they are better: found by two thirds of the rows, for the other third, in turn.
    Better is: by more than one standard error of the difference.

    Parameters
    ----------
    samples : Samples
        Rows of a table, at scale 1; at most 1,000 of them are looked at.
    kernel : Kernel
        κ, and of classes the λ that is usual.
    noises : sequence of float
        λ to choose from. Those that drown in the rounding of K are left out.
    rng : numpy Generator
        Draws the rows.

    Returns
    -------
    Seen
    """
    rows = some_rows(len(samples.labels), MOST, rng)
    codes, targets = samples.take(rows)
    weights = samples.weighted(rows)
    weights = np.ones(len(rows)) if weights is None else weights
    examples = _in_order(
        TableRows(columns=codes[:, 0, :-1].astype(np.float64), targets=targets, weights=weights)
    )
    weights = examples.weights
    count = len(samples.labels)
    of_classes = samples.labels.ndim == 1
    kept = [noise for noise, lost in zip(noises, drowned(noises, count), strict=True) if not lost]
    common = best_common(examples, kernel.series, kept)
    chosen = common
    if of_classes:
        usual = Seen(np.ones(examples.columns.shape[1]), kernel.noise)
        usual = Choice(usual, _squares(examples, kernel.series, usual.scales, [kernel.noise])[0])
        chosen = common if better(common, usual, weights) else usual
    if examples.columns.shape[1] <= _MOST_COLUMNS:
        return _refined(examples, kernel.series, common.seen, chosen.seen, least_noise(count))
    return chosen.seen


def best_common(examples: TableRows, series: KernelSeries, noises: Sequence[float]) -> Choice:
    """Return the best of `SCALES` for all columns, and of the noises."""
    best, least = None, np.inf
    products = examples.columns @ examples.columns.T
    for scale in SCALES:
        inner = scale**2 * products + 1
        lengths = np.sqrt(np.diag(inner))
        cosines = np.clip(inner / lengths / lengths[:, None], -1, 1)
        squares = left_out_squares(
            _kernel(cosines, series), examples.targets, examples.weights, noises
        )
        errors = np.average(squares, axis=1, weights=examples.weights)
        if best is None or errors.min() < least:
            k, least = int(errors.argmin()), errors.min()
            scales = np.full(examples.columns.shape[1], scale)
            best = Choice(Seen(scales, float(noises[k])), squares[k])
    assert best is not None
    return best


def better(one: Choice, other: Choice, weights: np.ndarray) -> bool:
    """Return whether one's error is less by more than the standard error of the difference."""
    gain = other.squares - one.squares
    mean = np.average(gain, weights=weights)
    return bool(mean > np.sqrt(np.average((gain - mean) ** 2, weights=weights) / weights.sum()))


def rescaled(hidden: HiddenModes, scales: np.ndarray) -> HiddenModes:
    """Return what sees the rows of a table with columns multiplied by `scales`.

    Parameters
    ----------
    hidden : HiddenModes
        Of a table, without modes.
    scales : float array (columns,)
    """
    factors = np.append(scales, 1).astype(np.float32)  # the constant stays
    return dataclasses.replace(
        hidden,
        scale=hidden.scale / scales,
        mean=hidden.mean * factors,
        spread=hidden.spread * factors,
    )


def _in_order(examples: TableRows) -> TableRows:
    """Rows in an order that does not depend on how they came: along a direction that is fixed."""
    fixed = np.random.default_rng(0)
    along = examples.columns @ fixed.normal(size=examples.columns.shape[1])
    wanted = examples.targets @ fixed.normal(size=examples.targets.shape[1])
    return _part(examples, np.lexsort((wanted, along)))


def _refined(
    examples: TableRows, series: KernelSeries, start: Seen, chosen: Seen, least: float
) -> Seen:
    """Scales of each column, or what was chosen if they do no better on rows they are not of."""
    some = np.linspace(0, len(examples.columns) - 1, min(_MOST_ROWS, len(examples.columns)))
    part = _part(examples, some.round().astype(int))
    turn = np.arange(len(part.columns)) % _TURNS
    if len(turn) < 2 * _TURNS:
        return chosen
    ours, others = np.empty(len(turn)), np.empty(len(turn))
    for k in range(_TURNS):
        known, unknown = _part(part, turn != k), _part(part, turn == k)
        seen = find_relevance(*known, series, start, least)
        ours[turn == k] = _unknown_squares(known, unknown, series, seen)
        others[turn == k] = _unknown_squares(known, unknown, series, chosen)
    if better(Choice(chosen, ours), Choice(chosen, others), part.weights):
        return find_relevance(*part, series, start, least)
    return chosen


def _part(examples: TableRows, rows: np.ndarray) -> TableRows:
    return TableRows(*(array[rows] for array in examples))


def _unknown_squares(
    known: TableRows, unknown: TableRows, series: KernelSeries, seen: Seen
) -> np.ndarray:
    """Squared errors of what a memory of known rows says of others."""
    count = len(known.columns)
    cosines, _ = cosines_of(np.concatenate([known.columns, unknown.columns]), seen.scales)
    inner = _kernel(cosines[:count, :count], series) + np.diag(seen.noise / known.weights)
    mean = np.average(known.targets, axis=0, weights=known.weights)
    answers = series(cosines[count:, :count]) @ np.linalg.solve(inner, known.targets - mean) + mean
    return ((answers - unknown.targets) ** 2).mean(axis=1)


def _squares(
    examples: TableRows, series: KernelSeries, scales: np.ndarray, noises: Sequence[float]
) -> np.ndarray:
    cosines, _ = cosines_of(examples.columns, scales)
    return left_out_squares(_kernel(cosines, series), examples.targets, examples.weights, noises)


def _kernel(cosines: np.ndarray, series: KernelSeries) -> np.ndarray:
    """K of rows with these cosines between them."""
    found = np.asarray(series(cosines))
    np.fill_diagonal(found, 1)
    return found
