"""Solving (K + λ1) α = Y for all stored examples and classes at once, by conjugate gradients.

K holds κ of all pairs of n unit rows (theory: the wave kernel). It is symmetric: `Tiles` computes
tiles of its upper half only, **keeps those for which there is room** and computes the others again
in each product. All of them take 2n(n + 1024) bytes; without any a product costs n²d operations
for rows of d numbers. The result does not depend on how many are kept, to the last bit.

**Preconditioner** (Nyström). With m landmarks among the examples, L Lᵀ = K_mm and V = L⁻¹ K_mn,
VᵀV has the leading part of K. Its inverse with a multiple of 1 in place of what is missing,

    P⁻¹ = (1 − Vᵀ (VVᵀ + s1)⁻¹ V)/s,    s = λ + mean diagonal of K − VᵀV,

takes 4mn bytes. Iterations follow Polak and Ribière, which forgives its rounding.

**Accuracy in single precision.** K's entries are rounded to about 1e-6. What is solved is thus a
system with K + E, |E_ij| ≲ 1e-6, whose norm is about 2·sqrt(n)·1e-6 if roundings are independent:
5e-4 for 60,000 examples, beside λ = 0.03. That system is solved as accurately as asked for:
iterations multiply in single precision, but once their residual has become small it is computed
anew from α in double precision, and they begin again from there if it is not small after all.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from sklearn.exceptions import ConvergenceWarning

from wetcow.modes.kernel_matrix import BLOCK, kernel_matrix, kernel_tile
from wetcow.modes.kernel_series import KernelSeries

JITTER = 1e-5  # added to the diagonal of K_mm, which is 1
_ROUND_TO = 128  # rows of a tile where there are few, so that few sizes are compiled
_TRUSTED = 1e-4  # fall of the residual after which it is computed anew
_RECENT = 5  # iterations from which the time left is estimated


class Progress(NamedTuple):
    """How far a solution is.

    Attributes
    ----------
    iteration : int
        Products with K so far.
    residual : float
        Largest of all columns, relative to the right side.
    seconds, seconds_left : float
        Spent, and expected until the residual asked for; infinite while it does not fall.
    """

    iteration: int
    residual: float
    seconds: float
    seconds_left: float


class State(NamedTuple):
    """Between two iterations; all that is needed to go on to the same bits.

    Attributes
    ----------
    alpha, residual, direction : float64 arrays (n, columns)
        Solution, what is left of the right side, and where to go next.
    product : float64 array (columns,)
        residual · P⁻¹ residual.
    iteration : int
        Products with K so far.
    verified : float
        Relative residual when it was last computed from α itself; 1 at the start, where α = 0.
    """

    alpha: np.ndarray
    residual: np.ndarray
    direction: np.ndarray
    product: np.ndarray
    iteration: int
    verified: float


class Solution(NamedTuple):
    """What came out.

    Attributes
    ----------
    alpha : float64 array (n, columns)
    residual : float
        Largest of all columns, relative, computed from `alpha`.
    reached : bool
        Whether that is what was asked for.
    iterations : int
        Products with K.
    """

    alpha: np.ndarray
    residual: float
    reached: bool
    iterations: int


@jax.jit
def _both_products(tile: Any, right: Any, left: Any) -> tuple[Any, Any]:
    """Of a tile with the vectors of its columns, and of its transpose with those of its rows."""
    return (
        jnp.matmul(tile, right, precision="highest"),
        jnp.matmul(tile.T, left, precision="highest"),
    )


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
        self._series = jnp.asarray(series.chebyshev[0])
        self._room = int(min(cache_size, 2.0**62) // (4 * self.size**2))
        self._kept: dict[tuple[int, int], Any] = {}

    @property
    def kept(self) -> float:
        """Share of the tiles that are kept from one product to the next."""
        blocks = len(self._blocks)
        return min(1.0, self._room / (blocks * (blocks + 1) / 2))

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Return K times float64 vectors (n, columns), in single precision."""
        parts = [
            jnp.asarray(_padded(vectors[start : start + self.size].astype(np.float32), self.size))
            for start in range(0, self.count, self.size)
        ]
        found = np.zeros((len(parts) * self.size, vectors.shape[1]))
        blocks = found.reshape(len(parts), self.size, -1)
        waiting: list[tuple[int, int, Any]] = []
        for i in range(len(parts)):
            for j in range(i, len(parts)):
                products = _both_products(self._tile(i, j), parts[j], parts[i])
                waiting.append((i, j, products))
                if len(waiting) > 1:  # one is added up while another is computed
                    _add(blocks, *waiting.pop(0))
        while waiting:
            _add(blocks, *waiting.pop(0))
        return found[: self.count]

    def exact(self, vectors: np.ndarray) -> np.ndarray:
        """Return K, as it is rounded, times float64 vectors (n, columns), in double precision."""
        size, count = self.size, len(self._blocks)
        given = _padded(vectors, count * size).reshape(count, size, -1)
        found = np.zeros_like(given)
        for i in range(count):
            for j in range(i, count):
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


def _add(blocks: np.ndarray, i: int, j: int, products: tuple[Any, Any]) -> None:
    blocks[i] += products[0]
    blocks[j] += products[1]


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
    """

    def __init__(self, rows: np.ndarray, landmarks: np.ndarray, series: KernelSeries, noise: float):
        lower = landmark_factor(rows[landmarks], series)
        short = jnp.asarray(series.chebyshev[0])
        chosen = jnp.asarray(rows[landmarks])
        features = np.empty((len(landmarks), len(rows)), np.float32)
        square = np.zeros((len(landmarks), len(landmarks)))
        for start in range(0, len(rows), BLOCK):
            some = slice(start, start + BLOCK)
            tile = np.asarray(kernel_tile(chosen, jnp.asarray(rows[some]), short), np.float64)
            part = scipy.linalg.solve_triangular(lower, tile, lower=True, check_finite=False)
            features[:, some] = part
            square += part @ part.T
        self.scale = noise + max(1 - np.trace(square) / len(rows), 0.0)
        np.fill_diagonal(square, square.diagonal() + self.scale)
        self._factor = scipy.linalg.cho_factor(square, lower=True, overwrite_a=True)
        self._features = jnp.asarray(features)

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Return P⁻¹ times float64 vectors (n, columns)."""
        single = jnp.asarray(vectors, jnp.float32)
        reduced = np.asarray(jnp.matmul(self._features, single, precision="highest"), np.float64)
        weights = jnp.asarray(scipy.linalg.cho_solve(self._factor, reduced), jnp.float32)
        leading = jnp.matmul(self._features.T, weights, precision="highest")
        return (vectors - np.asarray(leading)) / self.scale


def landmark_factor(landmarks: np.ndarray, series: KernelSeries) -> np.ndarray:
    """Lower Cholesky factor of K_mm + jitter, float64 (m, m), of float32 unit rows."""
    square = kernel_matrix(landmarks.astype(np.float64), None, series)
    np.fill_diagonal(square, 1 + JITTER)
    return np.linalg.cholesky(square)


class System(NamedTuple):
    """(K + λ1) α = right for each column, of the examples that the column knows.

    Attributes
    ----------
    product, exact_product : callable
        K times float64 vectors (n, columns), in single and in double precision.
    precondition : callable
        P⁻¹ times such.
    noise : float
        λ.
    known : float64 array (n, columns)
        1 for the examples that a column knows, else 0: there α is zero, and nothing is asked.
    """

    product: Callable[[np.ndarray], np.ndarray]
    exact_product: Callable[[np.ndarray], np.ndarray]
    precondition: Callable[[np.ndarray], np.ndarray]
    noise: float
    known: np.ndarray

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """Return the left side for `vectors`, which must be zero for unknown examples."""
        return self.known * self.product(vectors) + self.noise * vectors

    def left(self, right: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """Residual of `alpha`, in double precision."""
        return right - self.known * self.exact_product(alpha) - self.noise * alpha

    def start(
        self, alpha: np.ndarray, residual: np.ndarray, iteration: int, verified: float
    ) -> State:
        """Begin at `alpha`, for which `residual` is left."""
        direction = self.known * self.precondition(residual)
        product = (residual * direction).sum(0)
        return State(alpha, residual, direction, product, iteration, verified)

    def step(self, state: State) -> State:
        """Make one iteration."""
        applied = self.apply(state.direction)
        length = _ratio(state.product, (state.direction * applied).sum(0))
        residual = state.residual - length * applied
        conditioned = self.known * self.precondition(residual)
        product = (residual * conditioned).sum(0)
        turn = _ratio(product - (state.residual * conditioned).sum(0), state.product)
        return State(
            alpha=state.alpha + length * state.direction,
            residual=residual,
            direction=conditioned + turn * state.direction,
            product=product,
            iteration=state.iteration + 1,
            verified=state.verified,
        )


def _ratio(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Quotient, zero where there is nothing left to do."""
    return np.divide(upper, lower, out=np.zeros_like(upper), where=lower > 0)


def solve(
    system: System,
    right: np.ndarray,
    *,
    tolerance: float = 1e-3,
    max_iterations: int = 200,
    state: State | None = None,
    keep: Callable[[State], None] | None = None,
    keep_every: float = 60.0,
    progress: Callable[[Progress], None] | None = None,
) -> Solution:
    """Solve to a relative residual, which is verified.

    Parameters
    ----------
    system : System
        Left side.
    right : float64 array (n, columns)
        Right side, zero for unknown examples.
    tolerance : float
        Largest |right − (K + λ1) α| / |right| of any column that is asked for.
    max_iterations : int
        Products with K after which to give up.
    state : State, optional
        To go on from.
    keep : callable, optional
        Given the state every `keep_every` seconds, and when interrupted by Ctrl-C or an error.
    keep_every : float
        Seconds.
    progress : callable, optional
        Given a `Progress` after each iteration.

    Returns
    -------
    Solution

    Warns
    -----
    ConvergenceWarning
        If the residual was not reached.
    """
    if state is None:
        state = system.start(np.zeros_like(right), right, 0, 1.0)
    norm = np.linalg.norm(right, axis=0)
    began = kept = time.monotonic()
    past = [(state.iteration, _relative(state.residual, norm))]
    try:
        while True:
            now = _relative(state.residual, norm)
            if (
                now <= max(tolerance, _TRUSTED * state.verified)
                or state.iteration >= max_iterations
            ):
                exact = system.left(right, state.alpha)
                found = _relative(exact, norm)
                done = found <= tolerance or state.iteration >= max_iterations
                if done or found > state.verified / 2:  # rounding allows no better
                    break
                if found > 2 * now:  # the recurrence has drifted: begin again from here
                    state = system.start(state.alpha, exact, state.iteration + 1, found)
                else:  # all directions so far are still worth something
                    state = state._replace(
                        residual=exact, iteration=state.iteration + 1, verified=found
                    )
            state = system.step(state)
            past.append((state.iteration, _relative(state.residual, norm)))
            spent = time.monotonic() - began
            if progress is not None:
                progress(_progress(past, spent, tolerance))
            if keep is not None and time.monotonic() - kept >= keep_every:
                keep(state)
                kept = time.monotonic()
    except BaseException:
        if keep is not None:
            keep(state)
        raise
    if keep is not None:
        keep(state)
    if found > tolerance:
        warnings.warn(
            f"after {state.iteration} iterations the relative residual is {found:.2g}, not the "
            f"{tolerance:.2g} that was asked for: allow more iterations, more landmarks for the "
            "preconditioner, a larger tolerance or more noise",
            ConvergenceWarning,
            stacklevel=2,
        )
    return Solution(state.alpha, found, found <= tolerance, state.iteration)


def _relative(residual: np.ndarray, norm: np.ndarray) -> float:
    return float(_ratio(np.linalg.norm(residual, axis=0), norm).max(initial=0))


def _progress(past: list[tuple[int, float]], seconds: float, tolerance: float) -> Progress:
    """From iterations and residuals so far."""
    (first, before), (iteration, now) = past[-_RECENT - 1 :][0], past[-1]
    left = 0.0
    if now > tolerance:
        fall = (math.log(before) - math.log(now)) / (iteration - first)
        each = seconds / (iteration - past[0][0])
        left = each * math.log(now / tolerance) / fall if fall > 0 else math.inf
    return Progress(iteration, now, seconds, left)
