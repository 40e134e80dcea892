"""A memory of examples: class modes coupled to a continuum of random modes, in closed form.

A class mode is asked to be critical for every stored example of its class and at rest for all
others [26, 27], in the least-squares sense with noise λ. With infinitely many random modes between
examples and classes the solution depends on the wave kernel κ of pairs of examples only,

    cr_c(x) = b_c + Σ_j κ(x·x_j) α_jc,    (K + λ1) α = Y − b,    K_ij = κ(x_i·x_j),

so that each example is a memory that resonates with what is like it. b is the mean of Y. Rows x are
unit vectors, such as `wetcow.learning.model.memory.projection` makes of pooled codes.

**Weights.** An example that is stored w times has w equal couplings, whose sum is α of one example
with the noise λ/w: (K + λW⁻¹) α = Y − b, b the weighted mean. With α = W^½ β this is the symmetric
system (W^½ K W^½ + λ1) β = W^½ (Y − b), whose residual is that of the repeated examples.

**Memory needed** for n examples of d numbers, m landmarks of the preconditioner and C columns of
targets: 8n(d + m) + 100nC + 32m² bytes, besides the rows given. Tiles of K, 2n(n + 1024) bytes, are
kept as far as `cache_size` and free memory allow; the rest is computed again in each iteration.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable

import jax
import numpy as np

from wetcow.learning.model.memory.checkpoint import StateFile
from wetcow.learning.model.memory.operators import Nystroem, Tiles
from wetcow.learning.model.memory.solver import Progress, System, solve
from wetcow.learning.model.memory.stored import Kernel, Memory
from wetcow.process import available_memory
from wetcow.validation import reasonable_size

# Landmarks of the preconditioner: more of them cost more than the iterations that they save.
MOST_LANDMARKS = 2000
FEWEST_LANDMARKS = 100
EXAMPLES_EACH = 24
_SHARE_OF_FREE = 0.8  # that tiles may take


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
    weights: np.ndarray | None = None,
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
    weights : float array (n,), optional
        How often each example counts, above zero; default: once.
    tolerance, max_iterations, keep_every, progress
        See `wetcow.learning.model.memory.solver.solve`.
    n_landmarks : int, optional
        m of the preconditioner; default: one for `EXAMPLES_EACH`, at most `MOST_LANDMARKS`.
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
    roots = np.sqrt(np.ones(len(rows)) if weights is None else weights)[:, None]
    counted = known * roots**2
    total = counted.sum(0)
    bias = (counted * np.where(known, targets, 0)).sum(0) / np.where(total > 0, total, 1)
    right = np.where(known, roots * (targets - bias), 0.0)
    chosen = choose_landmarks(len(rows), n_landmarks, seed)
    room = room_for_tiles(len(rows), rows.shape[1], len(chosen), targets.shape[1], cache_size)
    file = state = None
    if checkpoint is not None:
        begun = np.zeros(0) if start is None else start
        file = StateFile(checkpoint, (rows, targets, roots, begun, chosen, *kernel))
        state = file.read()
    tiles = Tiles(rows=rows, series=kernel.series, cache_size=room)
    system = system_of(tiles, rows, chosen, known, kernel, roots)
    if state is None and start is not None:
        state = system.start_at(right, np.where(known, start / roots, 0.0), tolerance)
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
        coupling=roots * found.alpha,
        bias=bias,
        kernel=kernel,
        residual=found.residual,
        reached=found.reached,
        iterations=found.iterations,
        cached=tiles.kept,
    )


def system_of(
    tiles: Tiles,
    rows: np.ndarray,
    chosen: np.ndarray,
    known: np.ndarray,
    kernel: Kernel,
    roots: np.ndarray,
) -> System:
    """W^½ K W^½ + λ1 with its preconditioner; `chosen` are landmarks, `roots` W^½ (n, 1)."""
    precondition = Nystroem(
        rows=rows,
        landmarks=chosen,
        series=kernel.series,
        noise=kernel.noise,
        known=known.astype(bool),
        roots=roots,
    )
    return System(
        product=lambda vectors: roots * tiles(roots * vectors),
        exact_product=lambda vectors: roots * tiles.exact(roots * vectors),
        precondition=precondition,
        noise=kernel.noise,
        known=known.astype(float),
    )


def default_landmarks(count: int) -> int:
    """How many landmarks the preconditioner of `count` examples has.

    Examples
    --------
    >>> default_landmarks(12_000), default_landmarks(60_000)
    (500, 2000)
    """
    return min(MOST_LANDMARKS, max(count // EXAMPLES_EACH, min(count, FEWEST_LANDMARKS)))


def choose_landmarks(count: int, n_landmarks: int | None, seed: int) -> np.ndarray:
    """Which examples are landmarks, sorted; drawn at random, since examples may be sorted."""
    wanted = default_landmarks(count) if n_landmarks is None else n_landmarks
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(count, size=min(wanted, count), replace=False))
