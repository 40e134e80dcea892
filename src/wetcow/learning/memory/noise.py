"""How much noise a memory is to have, by what it says of examples without them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wetcow.learning.data.samples import some_rows
from wetcow.learning.data.sources import Batches
from wetcow.learning.model.memory.projection import Projection
from wetcow.learning.model.memory.stored import FEW, Kernel
from wetcow.learning.model.readout import directions
from wetcow.modes.kernel_matrix import kernel_matrix

NOISES = tuple(10.0 ** (exponent / 2) for exponent in range(-8, 5))
"""λ from 1e-4 to 100: from values that follow from the inputs alone to hardly any relation."""

MOST = 1_000  # examples by which it is found; the inverse of so many takes a second
# Times the root of the number of examples: twenty times the norm of what rounding adds to K. With
# less, iterations in single precision lose their way, and answers have visible errors.
_ROUNDING = 4e-5


def find_noise(
    batches: Batches,
    projection: Projection | None,
    kernel: Kernel,
    noises: Sequence[float],
    rng: np.random.Generator,
) -> float:
    """Return the λ with the least squared error of values that are left out, each alone.

    Parameters
    ----------
    batches : Batches
        Some of whose examples are looked at, without copies.
    projection : Projection or None
    kernel : Kernel
        κ.
    noises : sequence of float
        To choose from. Those that drown in the rounding of K are left out.
    rng : numpy Generator
        Draws the examples.
    """
    rows = some_rows(len(batches), MOST, rng)
    codes, targets = batches.take(rows)
    weights = batches.samples.weighted(rows)
    errors = left_out_errors(
        directions(projection, codes[:, 0]).astype(np.float64), targets, weights, kernel, noises
    )
    errors[drowned(noises, len(batches) * (1 + batches.samples.copies.count))] = np.inf
    return float(noises[int(np.argmin(errors))])


def drowned(noises: Sequence[float], count: int) -> np.ndarray:
    """Which λ are lost in the rounding of K between so many examples, bool; never the largest.

    Examples
    --------
    >>> drowned([1e-4, 1e-2], 10_000).tolist()
    [True, False]
    """
    each = np.asarray(noises)
    return (each < least_noise(count)) & (each < each.max())


def least_noise(count: int) -> float:
    """Smallest λ that makes a difference between so many examples, 1e-4 or more.

    Few examples are solved for, and answer, in double precision.

    Examples
    --------
    >>> least_noise(2_000), round(least_noise(40_000), 6)
    (0.0001, 0.008)
    """
    return NOISES[0] if count <= FEW else max(NOISES[0], _ROUNDING * math.sqrt(count))


def left_out_errors(
    rows: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray | None,
    kernel: Kernel,
    noises: Sequence[float],
) -> np.ndarray:
    """Mean squared error of examples that are left out, each alone, for each noise.

    Parameters
    ----------
    rows : float64 array (n, d)
        Of unit length.
    targets : float array (n, columns)
    weights : float array (n,) or None
    kernel : Kernel
        κ.
    noises : sequence of float
        λ.

    Examples
    --------
    >>> rows = np.eye(3)[[0, 0, 1, 1, 2, 2]]
    >>> targets = np.array([[0.0, 0.0, 1.0, 1.0, 2.0, 2.0]]).T
    >>> errors = left_out_errors(rows, targets, None, Kernel(), [1e-3, 10.0])
    >>> bool(errors[0] < errors[1])
    True
    """
    each = np.ones(len(rows)) if weights is None else weights
    squares = left_out_squares(kernel_matrix(rows, None, kernel.series), targets, each, noises)
    return np.average(squares, axis=1, weights=each)


def left_out_squares(
    inner: np.ndarray, targets: np.ndarray, weights: np.ndarray, noises: Sequence[float]
) -> np.ndarray:
    """Squared error of each example that is left out alone, float64 (noises, n).

    With eigenvalues of K at hand, each λ costs no more than two products: with G = (K + λW⁻¹)⁻¹,
    an example that is left out is off by α_i/G_ii.

    Parameters
    ----------
    inner : float64 array (n, n)
        K.
    targets : float array (n, columns)
        The mean is taken of their columns.
    weights : float array (n,)
        W.
    noises : sequence of float
        λ.
    """
    roots = np.sqrt(weights)[:, None]
    values, vectors = np.linalg.eigh(roots * inner * roots.T)
    values = np.maximum(values, 0)
    along = vectors.T @ (roots * (targets - np.average(targets, axis=0, weights=weights)))
    found = []
    for noise in noises:
        inverse = (vectors**2 / (values + noise)).sum(axis=1)[:, None]
        missed = vectors @ (along / (values + noise)[:, None]) / inverse / roots
        found.append((missed**2).mean(axis=1))
    return np.array(found)
