"""From pooled codes to the directions that the wave kernel compares: steps 1 and 2 of the memory.

Codes are divided by their length, centred, projected on their leading principal components and
scaled by (λ_k/λ_1 + 1e-6)^(−1/4), halfway to equal variances; then divided by their length again.
Hundreds of components instead of ten thousands codes make the kernel cheap, and no less accurate.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from sklearn.utils.extmath import randomized_svd

from wetcow.modes.kernel_matrix import unit_rows

_SMALLEST = 1e-6  # added to relative variances, which may vanish
ROUNDING = 1e-6  # of relative variances in single precision, where there are none
_EXACTLY = 4_000  # rows of a square up to which a decomposition is faster than a randomised one
_NUM_ITERATIONS = 3  # each sharpens the variances of a square by its square


class Projection(NamedTuple):
    """Principal components of unit codes, half whitened.

    Attributes
    ----------
    axes : float32 array (d, components)
        Components, each scaled.
    origin : float32 array (components,)
        Mean of the unit codes along them.
    """

    axes: np.ndarray
    origin: np.ndarray

    def __call__(self, codes: np.ndarray) -> np.ndarray:
        """Directions of raw codes (n, d): unit rows, float32 (n, components)."""
        # Lengths are divided out after the product, which saves a copy of the codes.
        length = np.linalg.norm(codes, axis=1, keepdims=True)
        projected = codes @ self.axes / np.where(length > 0, length, 1)
        return unit_rows(projected - self.origin)


def fit_projection(
    codes: np.ndarray, n_components: int, seed: int = 0, weights: np.ndarray | None = None
) -> Projection:
    """Find the components of a sample of raw codes.

    Decomposed are inner products of samples, or of columns if these are fewer, so that many columns
    cost one product; by a randomised decomposition if both are more than 4,000.

    Parameters
    ----------
    codes : float32 array (n, d)
        Some thousand samples are enough. One copy is made.
    n_components : int
        At most; no more than n − 1 or d, and none without variance.
    seed : int
        Of a randomised decomposition.
    weights : array (n,), optional
        How much samples count, if they differ.

    Returns
    -------
    Projection

    Raises
    ------
    ValueError
        If all samples are the same.

    Examples
    --------
    >>> codes = np.random.default_rng(0).random((50, 20), np.float32)
    >>> fit_projection(codes, 5)(codes).shape
    (50, 5)
    """
    count = min(n_components, len(codes) - 1, codes.shape[1])
    rows = unit_rows(codes)
    if count < 1 or not np.ptp(rows, axis=0).any():
        raise ValueError("all samples have the same codes: there is nothing to tell them apart by")
    if weights is None:
        mean = rows.mean(axis=0)
        rows -= mean
    else:
        mean = np.average(rows, axis=0, weights=weights).astype(np.float32)
        rows -= mean
        rows *= np.sqrt(weights / np.mean(weights)).astype(np.float32)[:, None]
    wide = len(rows) < rows.shape[1]
    square = rows @ rows.T if wide else rows.T @ rows
    vectors, values = _leading(square, count, seed)
    some = values > ROUNDING * values[0]
    vectors, values = vectors[:, some], values[some]
    components = rows.T @ (vectors / np.sqrt(values)) if wide else vectors
    return half_whitened(components, values, mean)


def _leading(square: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvectors (n, count) and eigenvalues of a positive matrix (n, n), the largest first."""
    size = len(square)
    if size > _EXACTLY:
        iterations: Any = _NUM_ITERATIONS
        vectors, values, _ = randomized_svd(square, count, n_iter=iterations, random_state=seed)
        return vectors, values
    values, vectors = scipy.linalg.eigh(
        square, subset_by_index=(size - count, size - 1), overwrite_a=True, check_finite=False
    )
    return vectors[:, ::-1], values[::-1]


def half_whitened(components: np.ndarray, values: np.ndarray, mean: np.ndarray) -> Projection:
    """Projection on components (d, n) with relative variances (n,), the largest first."""
    axes = components * (values / values[0] + _SMALLEST) ** -0.25
    return Projection(axes.astype(np.float32), (mean @ axes).astype(np.float32))
