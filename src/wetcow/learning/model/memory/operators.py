"""K and its preconditioner as operators on vectors of all stored examples.

K holds κ of all pairs of n unit rows (theory: the wave kernel). It is symmetric: `Tiles` computes
tiles of its upper half only, **keeps those for which there is room** and computes the others again
in each product. All of them take 2n(n + 1024) bytes; without any a product costs n²d operations
for rows of d numbers. The result does not depend on how many are kept, to the last bit.

**Preconditioner** (Nyström). With m landmarks among the examples, L Lᵀ = K_mm and V = L⁻¹ K_mn,
VᵀV has the leading part of K. Its inverse with a multiple of 1 in place of what is missing,

    P⁻¹ = (1 − Vᵀ (VVᵀ + s1)⁻¹ V)/s,    s = λ + mean diagonal of K − VᵀV,

takes 4mn bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from wetcow.learning.model.memory.landmarks import Landmarks
from wetcow.modes.kernel_matrix import BLOCK, kernel_tile
from wetcow.modes.kernel_series import KernelSeries

_MOST_MASKS = 3  # different columns of known examples that have factors of their own
_AT_ONCE = 8  # tiles of a compiled call
_ROUND_TO = 128  # rows of a tile where there are few, so that few sizes are compiled

Pairs = list[tuple[int, int]]
"""Which tiles: numbers of the blocks of rows and of columns."""


@jax.jit
def _both_products(tiles: Any, right: Any, left: Any) -> tuple[Any, Any]:
    """Of tiles with vectors of their columns, and transposed with those of their rows.

    Several tiles a call, as a call takes as long as the products of one. The second are transposes
    of what they say, (tiles, columns, n): four times as fast on a CPU, which would copy a tile to
    transpose it.
    """
    of_rows = [
        jnp.matmul(tile, vectors, precision="highest")
        for tile, vectors in zip(tiles, right, strict=True)
    ]
    of_columns = [
        jnp.matmul(vectors.T, tile, precision="highest")
        for tile, vectors in zip(tiles, left, strict=True)
    ]
    return jnp.stack(of_rows), jnp.stack(of_columns)


@jax.jit
def _on_diagonal(tile: Any) -> Any:
    """Half of a tile on the diagonal, for it is added twice: exactly symmetric, with ones."""
    symmetric = (tile + tile.T) / 4
    return jnp.fill_diagonal(symmetric, 0.5, inplace=False)


class Tiles:
    """K of n unit rows, as an operator.

    Parameters
    ----------
    rows : float32 array (n, d)
        Of unit length.
    series : KernelSeries
        κ.
    cache_size : float
        Bytes of tiles that may be kept; see `tile_bytes`.
    """

    def __init__(self, rows: np.ndarray, series: KernelSeries, cache_size: float):
        self.count = len(rows)
        self.size = min(BLOCK, _ROUND_TO * -(-self.count // _ROUND_TO))
        starts = range(0, self.count, self.size)
        padded = [_padded(rows[start : start + self.size], self.size) for start in starts]
        self._blocks = [jnp.asarray(block) for block in padded]
        count = len(self._blocks)
        self._pairs = [(i, j) for i in range(count) for j in range(i, count)]
        self._series = jnp.asarray(series.chebyshev[0])
        self._room = int(min(cache_size, 2.0**62) // (4 * self.size**2))
        self._kept: dict[tuple[int, int], Any] = {}

    @property
    def kept(self) -> float:
        """Share of the tiles that are kept from one product to the next."""
        return min(1.0, self._room / len(self._pairs))

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Return K times float64 vectors (n, columns), in single precision."""
        parts = [
            jnp.asarray(_padded(vectors[start : start + self.size].astype(np.float32), self.size))
            for start in range(0, self.count, self.size)
        ]
        found = np.zeros((len(parts) * self.size, vectors.shape[1]))
        blocks = found.reshape(len(parts), self.size, -1)
        waiting: list[tuple[Pairs, Any]] = []
        for some in _groups(self._pairs):
            tiles = [self._tile(i, j) for i, j in some]
            right, left = [parts[j] for _, j in some], [parts[i] for i, _ in some]
            waiting.append((some, _both_products(tiles, right, left)))
            if len(waiting) > 1:  # some are added up while others are computed
                _add(blocks, *waiting.pop(0))
        while waiting:
            _add(blocks, *waiting.pop(0))
        return found[: self.count]

    def exact(self, vectors: np.ndarray) -> np.ndarray:
        """Return K, as it is rounded, times float64 vectors (n, columns), in double precision."""
        size, count = self.size, len(self._blocks)
        given = _padded(vectors, count * size).reshape(count, size, -1)
        found = np.zeros_like(given)
        for i, j in self._pairs:
            tile = np.asarray(self._tile(i, j), np.float64)
            found[i] += tile @ given[j]
            found[j] += tile.T @ given[i]
        return found.reshape(count * size, -1)[: self.count]

    def _tile(self, i: int, j: int) -> Any:
        tile = self._kept.get((i, j))
        if tile is None:
            tile = kernel_tile(self._blocks[i], self._blocks[j], self._series)
            tile = _on_diagonal(tile) if i == j else tile
            if len(self._kept) < self._room:
                self._kept[i, j] = tile
        return tile


def _groups(pairs: Pairs) -> Iterator[Pairs]:
    """Pairs by `_AT_ONCE`, and what is left one by one, so that two sizes are compiled."""
    whole = len(pairs) - len(pairs) % _AT_ONCE
    yield from (pairs[start : start + _AT_ONCE] for start in range(0, whole, _AT_ONCE))
    yield from ([pair] for pair in pairs[whole:])


def _add(blocks: np.ndarray, pairs: Pairs, products: tuple[Any, Any]) -> None:
    of_rows, of_columns = map(np.asarray, products)
    for (i, j), here, there in zip(pairs, of_rows, of_columns, strict=True):
        blocks[i] += here
        blocks[j] += there.T


def _padded(rows: np.ndarray, size: int) -> np.ndarray:
    return np.pad(rows, ((0, size - len(rows)), (0, 0)))


def tile_bytes(count: int) -> float:
    """Bytes of all tiles of K for `count` examples: 2n(n + 1024).

    Examples
    --------
    >>> tile_bytes(60_000) / 1e9
    7.32288
    """
    return 2.0 * count * (count + BLOCK)


class Nystroem:
    """P⁻¹ of the module, from landmarks.

    Parameters
    ----------
    rows : float32 array (n, d)
        Of unit length.
    landmarks : int array (m,)
        Which of them.
    series : KernelSeries
        κ.
    noise : float
        λ.
    known : bool array (n, columns)
        Examples that each column knows. Sums over landmarks' features are of these alone, with
        which many fewer iterations are needed, if there are few different columns.
    roots : float array (n, 1)
        Square roots of the weights of examples; K is multiplied by them from both sides.
    """

    def __init__(
        self,
        rows: np.ndarray,
        landmarks: np.ndarray,
        series: KernelSeries,
        noise: float,
        known: np.ndarray,
        roots: np.ndarray,
    ):
        features = Landmarks(rows[landmarks], series).features(rows)
        features *= roots.astype(np.float32)
        square = np.zeros((len(landmarks), len(landmarks)))
        for start in range(0, len(rows), BLOCK):
            part = features[start : start + BLOCK]
            square += part.T @ part
        self.scale = noise + max(np.mean(roots**2) - np.trace(square) / len(rows), 0.0)
        np.fill_diagonal(square, square.diagonal() + self.scale)
        self._features = jnp.asarray(features)
        self._factors = [
            (columns, _without(square, features[~mask])) for columns, mask in _alike(known)
        ]

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Return P⁻¹ times float64 vectors (n, columns)."""
        single = jnp.asarray(vectors, jnp.float32)
        # Transposed, as in `_both_products`.
        reduced = jnp.matmul(single.T, self._features, precision="highest")
        reduced = np.array(np.asarray(reduced).T, np.float64, order="C")
        for columns, factor in self._factors:
            reduced[:, columns] = scipy.linalg.cho_solve(factor, reduced[:, columns])
        weights = jnp.asarray(reduced, jnp.float32)
        leading = jnp.matmul(self._features, weights, precision="highest")
        return (vectors - np.asarray(leading)) / self.scale


def _alike(known: np.ndarray) -> list[tuple[Any, np.ndarray]]:
    """Columns that know the same examples, and these; all columns and all examples if too many."""
    groups: dict[bytes, list[int]] = {}
    for column, mask in enumerate(known.T):
        groups.setdefault(mask.tobytes(), []).append(column)
    if len(groups) > _MOST_MASKS:
        return [(slice(None), np.ones(len(known), bool))]
    return [(columns, known[:, columns[0]]) for columns in groups.values()]


def _without(square: np.ndarray, features: np.ndarray) -> Any:
    """Cholesky factor of VVᵀ + s1 of all examples but those with some features."""
    lacking = features.T.astype(np.float64) @ features
    return scipy.linalg.cho_factor(square - lacking, lower=True, overwrite_a=True)
