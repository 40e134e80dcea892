"""How far apart the rows of a table are to be seen, and with how much noise they are remembered.

What the kernel compares are directions of rows that have a constant 1 beside their standardised
columns. If these are made smaller, all rows are nearly in one direction, and what is learned is
nearly a straight line; if larger, what is learned varies from one row to the next. Both scale and
noise are chosen by what a memory says of examples without them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from wetcow.learning.data.samples import Samples, some_rows
from wetcow.learning.memory.noise import MOST, drowned, left_out_squares
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.memory.stored import Kernel

SCALES = (1.0, 0.5, 2.0, 0.25, 4.0, 0.125)
"""Factors of standardised columns. The first wins where all are as good."""


class Sharpness(NamedTuple):
    """What was chosen.

    Attributes
    ----------
    scale : float
        Factor of the standardised columns.
    noise : float
        λ.
    """

    scale: float
    noise: float


def find_sharpness(
    samples: Samples, kernel: Kernel, noises: Sequence[float], rng: np.random.Generator
) -> Sharpness:
    """Return the scale and the λ with the least squared error of examples left out, each alone.

    Of classes, scale 1 and the λ of the kernel stay unless others are better by more than one
    standard error of the difference: what an error of squares gains need not be right answers.

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
    Sharpness
    """
    rows = some_rows(len(samples.labels), MOST, rng)
    codes, targets = samples.take(rows)
    weights = samples.weighted(rows)
    weights = np.ones(len(rows)) if weights is None else weights
    columns = codes[:, 0, :-1].astype(np.float64)
    products = columns @ columns.T
    of_classes = samples.labels.ndim == 1
    tried = [*noises, kernel.noise] if of_classes else [*noises]
    bad = drowned(tried, len(samples.labels))
    squares = {
        Sharpness(scale, noise): each
        for scale in SCALES
        for noise, each, lost in zip(
            tried,
            left_out_squares(_inner(products, scale, kernel), targets, weights, tried),
            bad,
            strict=True,
        )
        if not lost
    }
    errors = {one: np.average(each, weights=weights) for one, each in squares.items()}
    best = min(errors, key=errors.__getitem__)
    usual = Sharpness(1.0, kernel.noise)
    if of_classes and usual in squares:
        gain = squares[usual] - squares[best]
        mean = np.average(gain, weights=weights)
        error = np.sqrt(np.average((gain - mean) ** 2, weights=weights) / weights.sum())
        return best if mean > error else usual
    return best


def rescaled(hidden: HiddenModes, scale: float) -> HiddenModes:
    """Return what sees the rows of a table with all columns multiplied by `scale`.

    Parameters
    ----------
    hidden : HiddenModes
        Of a table, without modes.
    scale : float
    """
    factors = np.full(len(hidden.mean), scale, np.float32)
    factors[-1] = 1  # the constant
    return dataclasses.replace(
        hidden,
        scale=hidden.scale / scale,
        mean=hidden.mean * factors,
        spread=hidden.spread * factors,
    )


def _inner(products: np.ndarray, scale: float, kernel: Kernel) -> np.ndarray:
    """K of rows whose columns have the inner products `products`, a constant 1 beside them."""
    inner = scale**2 * products + 1
    lengths = np.sqrt(np.diag(inner))
    cosines = np.clip(inner / lengths / lengths[:, None], -1, 1)
    found = np.asarray(kernel.series(cosines))
    np.fill_diagonal(found, 1)
    return found
