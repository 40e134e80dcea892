"""The wave kernel between all pairs of rows: fast in single precision, exact in double.

**Single precision.** Cosines are one matrix product, and a short Chebyshev series in their angle
follows in the same compiled call, so that nothing but the result goes to memory. The series is
within 1e-6 (`SINGLE_ERROR`); the cosines of unit rows are rounded to about 1e-7, which moves κ by
less than that where κ is smooth. Near ρ = 1 the angle is a root: codes that jump ("rate", "both",
"step") have |dκ/dt| of about 1 there, so that for rows that are nearly the same κ is
uncertain by about 5e-4. Between a row and itself it is exactly 1 (`kernel_matrix`).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.modes.kernel_series import KernelSeries

BLOCK = 1024  # rows and columns of what is computed at once: 4 MB in single precision

# Abramowitz and Stegun 4.4.46: arccos x = sqrt(1 − x) Σ a_k x^k for 0 ≤ x ≤ 1, to 2e-8. That of XLA
# takes ten times as long on a CPU, longer than the matrix product.
ARCCOS = (
    *(1.5707963050, -0.2145988016, 0.0889789874, -0.0501743046),
    *(0.0308918810, -0.0170881256, 0.0066700901, -0.0012624911),
)


def _angle(rho: Any) -> Any:
    size = jnp.minimum(jnp.abs(rho), 1.0)
    value = jnp.full_like(size, ARCCOS[-1])
    for coefficient in ARCCOS[-2::-1]:
        value = value * size + coefficient
    angle = jnp.sqrt(1 - size) * value
    return jnp.where(rho < 0, jnp.pi - angle, angle)


@jax.jit
def kernel_tile(rows: Any, others: Any, series: Any) -> Any:
    """κ of all pairs in single precision.

    Parameters
    ----------
    rows, others : float32 arrays (n, d), (m, d)
        Of unit length; rows of zeros are at a right angle to all.
    series : float32 array
        `KernelSeries.chebyshev`.

    Returns
    -------
    float32 array (n, m)
    """
    # On accelerators the default would be a product in half precision.
    rho = jnp.matmul(rows, others.T, precision="highest")
    x = _angle(rho) * (2 / jnp.pi) - 1
    now, before = jnp.zeros_like(x), jnp.zeros_like(x)
    for k in range(len(series) - 1, 0, -1):  # Clenshaw's recurrence
        now, before = series[k] + 2 * x * now - before, now
    return series[0] + x * now - before


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows divided by their Euclidean length, in their own precision; rows of zeros stay.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    # By the largest entry first: squares of large or small numbers would overflow or vanish.
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)
    scaled = rows / np.where(largest > 0, largest, 1)
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    return scaled / np.where(length > 0, length, 1)


def kernel_matrix(rows: np.ndarray, others: np.ndarray | None, series: KernelSeries) -> np.ndarray:
    """κ of all pairs, block by block.

    Parameters
    ----------
    rows, others : float array (n, d), (m, d)
        Of unit length, both float32 or both float64. None: the rows themselves; then the matrix is
        symmetric to the last bit and has ones on its diagonal.
    series : KernelSeries
        Of the code.

    Returns
    -------
    array (n, m) of the precision of `rows`
        In float32 with an error of about 1e-6, in float64 of 1e-12 (see the module, and
        `KernelSeries` for the error of the series itself).
    """
    single = rows.dtype == np.float32
    right = rows if others is None else others
    found = np.empty((len(rows), len(right)), rows.dtype)
    short = series.chebyshev[0] if single else None
    for top in range(0, len(rows), BLOCK):
        for left in range(0 if others is not None else top, len(right), BLOCK):
            here, there = rows[top : top + BLOCK], right[left : left + BLOCK]
            block = kernel_tile(here, there, short) if single else series(here @ there.T)
            found[top : top + BLOCK, left : left + BLOCK] = block
            if others is None:
                mirrored = np.asarray(block)
                if left == top:
                    mirrored = (mirrored + mirrored.T) / 2
                found[left : left + BLOCK, top : top + BLOCK] = mirrored.T
    if others is None:
        np.fill_diagonal(found, 1)
    return found
