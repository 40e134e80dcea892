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
    variance = found.explained_variance_
    # Rounding leaves some variance where there is none.
    some = variance > 1e-9 * variance[0]
    scale = (variance[some] / variance[0] + _SMALLEST) ** -0.25
    axes = np.asarray(found.components_)[some].T * scale
    return Projection(axes.astype(np.float32), (found.mean_ @ axes).astype(np.float32))
