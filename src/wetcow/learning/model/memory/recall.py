"""What a memory of examples says beside its predictions: what it recalled, and how well it does.

Also how a memory of landmarks answers like any other.
"""

from __future__ import annotations

import math

import numpy as np
import scipy.linalg

from wetcow.learning.model.memory.landmarks import Landmarks
from wetcow.learning.model.memory.memorize import choose_landmarks, room_for_tiles, system_of
from wetcow.learning.model.memory.operators import Tiles
from wetcow.learning.model.memory.solver import solve
from wetcow.learning.model.memory.stored import Kernel, Memory
from wetcow.learning.model.ridge import ClassModes
from wetcow.modes.kernel_matrix import kernel_tile

_AT_ONCE = 256  # rows whose examples are looked for


def leave_one_out(
    memory: Memory,
    targets: np.ndarray,
    some: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    tolerance: float = 1e-3,
    cache_size: float = math.inf,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Criticalities that examples would get from the memory without them, exactly, b given.

    With G = (K + λW⁻¹)⁻¹ they are y_i − α_i/G_ii, and the predictive variance without it
    1/G_ii − λ/w_i. An example is left out with all its weight. Each one costs as much as a column
    of targets in `memorize_examples`: for many, and to calibrate, targets of NaN there are cheaper.

    Parameters
    ----------
    memory : Memory
        Solved accurately.
    targets : float array (n, columns)
        Those it was solved for, without NaN.
    some : int array (k,)
        Which examples.
    weights : float array (n,), optional
        As it was solved with.
    tolerance, cache_size, seed
        See `memorize_examples`.

    Returns
    -------
    criticality : float64 array (k, columns)
    variance : float64 array (k,)
    """
    count, columns = memory.rows.shape
    chosen = choose_landmarks(count, None, seed)
    room = room_for_tiles(count, columns, len(chosen), len(some), cache_size)
    tiles = Tiles(rows=memory.rows, series=memory.kernel.series, cache_size=room)
    right = np.zeros((count, len(some)))
    right[some, np.arange(len(some))] = 1
    each = np.ones(count) if weights is None else weights
    roots = np.sqrt(each)[:, None]
    system = system_of(tiles, memory.rows, chosen, np.ones_like(right), memory.kernel, roots)
    inverse = solve(system, right, tolerance=tolerance).alpha[some, np.arange(len(some))]
    inverse = inverse * each[some]
    lacking = memory.coupling[some] / inverse[:, None]
    return targets[some] - lacking, 1 / inverse - memory.kernel.noise / each[some]


def recalled(memory: Memory, rows: np.ndarray, count: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Which examples excite the predicted class most: what the memory recalls.

    Parameters
    ----------
    memory : Memory
        With one column for each class.
    rows : float32 array (k, d)
        Of unit length.
    count : int
        Examples for each row, at most all.

    Returns
    -------
    examples : int64 array (k, count)
        Their numbers, the one with the largest share first.
    shares : float64 array (k, count)
        κ(x·x_j) α_jc of class c, the one of largest criticality; all of them and b_c add up to it.
    """
    count = min(count, len(memory.rows))
    winners = memory.criticality(rows).argmax(axis=1)
    examples = np.empty((len(rows), count), np.int64)
    shares = np.empty((len(rows), count))
    short = memory.kernel.series.chebyshev[0]
    for start in range(0, len(rows), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        tile = np.asarray(kernel_tile(rows[some], memory.rows, short), np.float64)
        each = tile * memory.coupling[:, winners[some]].T
        largest = np.argsort(-each, axis=1, kind="stable")[:, :count]
        examples[some], shares[some] = largest, np.take_along_axis(each, largest, axis=1)
    return examples, shares


def memory_of_landmarks(landmarks: Landmarks, modes: ClassModes, kernel: Kernel) -> Memory:
    """Return class modes on features of landmarks as a memory that answers alike.

    Its rows are the landmarks only: cr = b + Σ_j κ(x·landmark_j) α_j with α = L⁻ᵀ w.

    Parameters
    ----------
    landmarks : Landmarks
        Whose features the modes were solved with.
    modes : ClassModes
        From `wetcow.learning.model.memory.landmarks.solve_landmarks`.
    kernel : Kernel
        κ and λ.

    Returns
    -------
    Memory
        The solution is direct: its residual is zero up to rounding.
    """
    coupling = scipy.linalg.solve_triangular(
        landmarks.factor, modes.coupling, lower=True, trans=1, check_finite=False
    )
    return Memory(rows=landmarks.rows, coupling=coupling, bias=modes.gamma, kernel=kernel)
