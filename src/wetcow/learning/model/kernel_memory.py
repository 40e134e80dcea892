"""A memory of examples: class modes coupled to a continuum of random modes, in closed form.

A class mode is asked to be critical for every stored example of its class and at rest for all
others [26, 27], in the least-squares sense with noise λ. With infinitely many random modes between
examples and classes the solution depends on the wave kernel κ of pairs of examples only,

    cr_c(x) = b_c + Σ_j κ(x·x_j) α_jc,    (K + λ1) α = Y − b,    K_ij = κ(x_i·x_j),

so that each example is a memory that resonates with what is like it. b is the mean of Y. Rows x are
unit vectors, such as `wetcow.learning.model.kernel_projection` makes of pooled codes.

**Memory needed** for n examples of d numbers, m landmarks of the preconditioner and C columns of
targets: 8n(d + m) + 100nC + 32m² bytes, besides the rows given. Tiles of K, 2n(n + 1024) bytes, are
kept as far as `cache_size` and free memory allow; the rest is computed again in each iteration.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.learning.model.kernel_checkpoint import StateFile
from wetcow.learning.model.kernel_operators import Nystroem, Tiles
from wetcow.learning.model.kernel_solver import Progress, System, solve
from wetcow.modes.kernel_matrix import BLOCK, kernel_tile
from wetcow.modes.kernel_series import Code, KernelSeries, kernel_series
from wetcow.process import available_memory
from wetcow.validation import reasonable_size

MOST_LANDMARKS = 2000  # of the preconditioner
_SHARE_OF_FREE = 0.8  # that tiles may take
_SMALLEST_GROUP = 8  # rows answered at once, so that few sizes are compiled


class Kernel(NamedTuple):
    """Which wave kernel, and how much noise.

    Attributes
    ----------
    code : {"amplitude", "rate", "both", "analytic", "relu", "step"}
        Of the random modes.
    threshold, omega : float
        θ and ω of them, in units of the spread of their drives.
    noise : float
        λ > 0.
    """

    code: Code = "amplitude"
    threshold: float = 0.5
    omega: float = 0.5
    noise: float = 0.03

    @property
    def series(self) -> KernelSeries:
        """κ."""
        return kernel_series(self.code, self.threshold, self.omega)


@dataclasses.dataclass(frozen=True, eq=False)
class Memory:
    """Stored examples and their couplings to the class modes.

    Attributes
    ----------
    rows : float32 array (n, d)
        Examples, of unit length.
    coupling : float64 array (n, columns)
        α.
    bias : float64 array (columns,)
        b.
    kernel : Kernel
        κ and λ.
    residual : float
        Relative, of the system solved; computed from α.
    reached : bool
        Whether it is what was asked for.
    iterations : int
        Products with K that it took.
    cached : float
        Share of K that was kept between them.
    """

    rows: np.ndarray
    coupling: np.ndarray
    bias: np.ndarray
    kernel: Kernel
    residual: float = 0.0
    reached: bool = True
    iterations: int = 0
    cached: float = 1.0

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made for recalling, so that files and messages hold rows once."""
        return {name: value for name, value in self.__dict__.items() if name != "_parts"}

    def criticality(self, rows: np.ndarray) -> np.ndarray:
        """Criticality cr of the class modes for unit rows, float64 (k, columns).

        Parameters
        ----------
        rows : float32 array (k, d)
            Of unit length.
        """
        found = np.empty((len(rows), len(self.bias)))
        for start in range(0, len(rows), BLOCK):
            some = np.asarray(rows[start : start + BLOCK], np.float32)
            size = max(_SMALLEST_GROUP, 2 ** math.ceil(math.log2(len(some))))
            padded = jnp.asarray(np.pad(some, ((0, size - len(some)), (0, 0))))
            excited = [np.asarray(_recall(padded, *part)) for part in self._parts]
            found[start : start + BLOCK] = np.sum(excited, axis=0, dtype=float)[: len(some)]
        return found + self.bias

    @functools.cached_property
    def _parts(self) -> list[tuple[Any, Any, Any]]:
        """Examples and couplings, of as many as are computed at once, where they are needed."""
        short = jnp.asarray(self.kernel.series.chebyshev[0])
        step = 16 * BLOCK
        return [
            (
                jnp.asarray(self.rows[start : start + step]),
                jnp.asarray(self.coupling[start : start + step], jnp.float32),
                short,
            )
            for start in range(0, len(self.rows), step)
        ]


@jax.jit
def _recall(rows: Any, stored: Any, coupling: Any, short: Any) -> Any:
    return jnp.matmul(kernel_tile(rows, stored, short), coupling, precision="highest")


def room_for_tiles(
    count: int, columns: int, n_landmarks: int, n_targets: int, cache_size: float
) -> float:
    """Bytes of K that may be kept: no more than `cache_size`, nor than is free beside the rest.

    Parameters
    ----------
    count, columns, n_landmarks, n_targets : int
        n, d, m and C of the module.
    cache_size : float
        Bytes.

    Raises
    ------
    ValueError
        If there is no memory even without keeping any; says what to do.
    """
    needed = 8.0 * count * (columns + n_landmarks) + 100.0 * count * n_targets
    needed += 32.0 * n_landmarks**2
    free = min(available_memory(), _free_on_device())
    reasonable_size(
        f"a memory of {count} examples of {columns} numbers (8n(d + m) + 100nC + 32m² bytes with "
        f"n={count}, d={columns}, m={n_landmarks}, C={n_targets})",
        needed,
        "store fewer of them, as landmarks of all (n_memories)",
        limit=free,
    )
    return min(cache_size, _SHARE_OF_FREE * (free - needed))


def _free_on_device() -> float:
    """Bytes that are free where JAX computes; infinite for a CPU, with no memory of its own."""
    found = jax.local_devices()[0].memory_stats() or {}
    return found.get("bytes_limit", math.inf) - found.get("bytes_in_use", 0)


def memorize_examples(
    rows: np.ndarray,
    targets: np.ndarray,
    kernel: Kernel | None = None,
    *,
    tolerance: float = 1e-3,
    max_iterations: int = 200,
    n_landmarks: int | None = None,
    cache_size: float = math.inf,
    seed: int = 0,
    start: np.ndarray | None = None,
    checkpoint: str | os.PathLike | None = None,
    keep_every: float = 60.0,
    progress: Callable[[Progress], None] | None = None,
) -> Memory:
    """Store examples: solve for their couplings to all class modes at once.

    Parameters
    ----------
    rows : float32 array (n, d)
        Of unit length.
    targets : float array (n, columns)
        What each column is to be for each example, such as 1 for its class and else 0. NaN: the
        column is solved without this example, as if it had never been seen; so calibration can
        have columns of its own in the same solution.
    kernel : Kernel, optional
        κ and λ.
    tolerance, max_iterations, keep_every, progress
        See `wetcow.learning.model.kernel_solver.solve`.
    n_landmarks : int, optional
        m of the preconditioner; default: an eighth of n, at most `MOST_LANDMARKS`.
    cache_size : float
        Bytes of K that may be kept; never more than is free. No matter for the result.
    seed : int
        Of the choice of landmarks.
    start : float array (n, columns), optional
        Couplings to begin from: after examples were added to a memory, or taken from it, those of
        the others and zeros. The solution is the same, up to `tolerance`, in fewer iterations.
    checkpoint : path, optional
        File that keeps the state of the iterations, written every `keep_every` seconds, at the end
        and when interrupted. If there is one the solution goes on from it.

    Returns
    -------
    Memory
        With the residual, which is verified.

    Raises
    ------
    ValueError
        If there is not enough memory; `StateFileError` for a checkpoint that does not fit.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        If `tolerance` was not reached.

    Examples
    --------
    >>> import wetcow as wc
    >>> from wetcow.learning.data.samples import targets_of
    >>> from wetcow.modes.kernel_matrix import unit_rows
    >>> X, y = wc.datasets.load("digits", flat=True)
    >>> rows = unit_rows(X)
    >>> memory = memorize_examples(rows[:900], targets_of(y[:900], 10))
    >>> bool((memory.criticality(rows[900:]).argmax(1) == y[900:]).mean() > 0.95)
    True
    >>> memory.residual < 1e-3
    True
    """
    kernel = Kernel() if kernel is None else kernel
    targets = np.asarray(targets, np.float64)
    known = ~np.isnan(targets)
    bias = np.where(known, targets, 0).sum(0) / np.maximum(known.sum(0), 1)
    right = np.where(known, targets - bias, 0.0)
    chosen = choose_landmarks(len(rows), n_landmarks, seed)
    room = room_for_tiles(len(rows), rows.shape[1], len(chosen), targets.shape[1], cache_size)
    file = state = None
    if checkpoint is not None:
        begun = np.zeros(0) if start is None else start
        file = StateFile(checkpoint, (rows, targets, begun, chosen, *kernel))
        state = file.read()
    tiles = Tiles(rows, kernel.series, room)
    system = system_of(tiles, rows, chosen, known, kernel)
    if state is None and start is not None:
        state = system.start_at(right, np.where(known, start, 0.0))
    found = solve(
        system,
        right,
        tolerance=tolerance,
        max_iterations=max_iterations,
        state=state,
        keep=None if file is None else file.write,
        keep_every=keep_every,
        progress=progress,
    )
    return Memory(
        rows=rows,
        coupling=found.alpha,
        bias=bias,
        kernel=kernel,
        residual=found.residual,
        reached=found.reached,
        iterations=found.iterations,
        cached=tiles.kept,
    )


def system_of(
    tiles: Tiles, rows: np.ndarray, chosen: np.ndarray, known: np.ndarray, kernel: Kernel
) -> System:
    """K + λ1 with its preconditioner; `known` as in `System`, `chosen` are landmarks."""
    return System(
        product=tiles,
        exact_product=tiles.exact,
        precondition=Nystroem(rows, chosen, kernel.series, kernel.noise, known.astype(bool)),
        noise=kernel.noise,
        known=known.astype(float),
    )


def choose_landmarks(count: int, n_landmarks: int | None, seed: int) -> np.ndarray:
    """Which examples are landmarks, sorted; drawn at random, since examples may be sorted."""
    wanted = min(MOST_LANDMARKS, max(count // 8, 1)) if n_landmarks is None else n_landmarks
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(count, size=min(wanted, count), replace=False))
