"""From pooled codes to the directions that the wave kernel compares: steps 1 and 2 of the memory.

Codes are divided by their length, centred, projected on their leading principal components and
scaled by (λ_k/λ_1 + 1e-6)^(−1/4), halfway to equal variances; then divided by their length again.
Hundreds of components instead of ten thousands codes make the kernel cheap, and no less accurate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.decomposition import PCA

from wetcow.modes.kernel_matrix import unit_rows

_SMALLEST = 1e-6  # added to relative variances, which may vanish
_ROUNDING = 1e-6  # of squares of singular values in single precision


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


def fit_projection(codes: np.ndarray, n_components: int, seed: int = 0) -> Projection:
    """Find the components of a sample of raw codes, by a randomised singular value decomposition.

    Parameters
    ----------
    codes : float32 array (n, d)
        Some thousand samples are enough. Two copies are made.
    n_components : int
        At most; no more than n − 1 or d, and none without variance.
    seed : int
        Of the decomposition.

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
    found = PCA(count, svd_solver="randomized", random_state=seed).fit(rows)
    return _half_whitened(found.components_, found.explained_variance_, found.mean_)


def project_on_all(codes: np.ndarray, n_components: int) -> Projection:
    """Find most components of a sample, by the products of its rows with each other.

    As `fit_projection`, where nearly as many components are wanted as there are samples: exact,
    faster, and the same on all machines but for rounding.

    Parameters
    ----------
    codes : float32 array (n, d)
        Raw codes.
    n_components : int
        At most.

    Examples
    --------
    >>> codes = np.random.default_rng(0).random((50, 200), np.float32)
    >>> project_on_all(codes, 40)(codes).shape
    (50, 40)
    """
    rows = unit_rows(codes)
    mean = rows.mean(axis=0)
    rows -= mean
    values, vectors = np.linalg.eigh((rows @ rows.T).astype(np.float64))
    values, vectors = values[::-1][:n_components], vectors[:, ::-1][:, :n_components]
    some = values > _ROUNDING * values[0]  # of single precision, and at least one is no component
    components = (vectors[:, some] / np.sqrt(values[some])).T.astype(np.float32) @ rows
    return _half_whitened(components, values[some], mean)


def _half_whitened(components: np.ndarray, variance: np.ndarray, mean: np.ndarray) -> Projection:
    """Projection on components (k, d), each scaled by its variance."""
    # Rounding leaves some variance where there is none.
    some = variance > 1e-9 * variance[0]
    scale = (variance[some] / variance[0] + _SMALLEST) ** -0.25
    axes = np.asarray(components)[some].T * scale
    return Projection(axes.astype(np.float32), (mean @ axes).astype(np.float32))
