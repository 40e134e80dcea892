"""Memories of few examples: solved directly, in double precision, each example left out as well.

Of a few thousand examples an inverse costs no more than iterations, and says what each example
would be answered if it were not stored.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.linalg

from wetcow.learning.model.memory.stored import Kernel, Memory
from wetcow.modes.kernel_matrix import kernel_matrix, unit_rows


class Direct(NamedTuple):
    """A memory, and what it says of each of its examples without it.

    Attributes
    ----------
    memory : Memory
    criticality : float64 array (n, columns)
        That an example would get without it, b given.
    variance : float64 array (n,)
        Predictive variance of that.
    """

    memory: Memory
    criticality: np.ndarray
    variance: np.ndarray


def memorize_directly(
    rows: np.ndarray, targets: np.ndarray, kernel: Kernel, weights: np.ndarray | None = None
) -> Direct:
    """Solve as `wetcow.learning.model.memory.memorize` does, by the inverse of a matrix.

    With G = (K + λW⁻¹)⁻¹ and α = G (Y − b), an example that is left out with all its weight gets
    y_i − α_i/G_ii, with the predictive variance 1/G_ii − λ/w_i.

    Parameters
    ----------
    rows : float32 array (n, d)
        Of unit length; 16n² bytes are needed.
    targets : float array (n, columns)
        Without NaN.
    kernel : Kernel
        κ and λ.
    weights : float array (n,), optional
        How often each example counts, above zero; default: once.

    Examples
    --------
    >>> direct = memorize_directly(np.eye(2, dtype=np.float32), np.eye(2), Kernel())
    >>> direct.memory.bias.tolist(), direct.criticality.shape
    ([0.5, 0.5], (2, 2))
    """
    targets = np.asarray(targets, np.float64)
    each = np.ones(len(rows)) if weights is None else weights
    noise = kernel.noise / each
    # Of unit length to the last bit: κ is steep where rows are the same.
    matrix = kernel_matrix(unit_rows(rows.astype(np.float64)), None, kernel.series)
    # Rows of zeros have no direction: among each other they are what they are to others.
    own = np.where(rows.any(axis=1), 1.0, kernel.series(np.zeros(1))[0])
    np.fill_diagonal(matrix, own + noise)
    factor = scipy.linalg.cho_factor(matrix, lower=True)
    inverse = scipy.linalg.cho_solve(factor, np.eye(len(rows)), overwrite_b=True).diagonal()
    bias = np.average(targets, axis=0, weights=each)
    right = targets - bias
    coupling = scipy.linalg.cho_solve(factor, right)
    roots = np.sqrt(each)[:, None]
    missed = np.linalg.norm(roots * (right - matrix @ coupling), axis=0)
    wanted = np.linalg.norm(roots * right, axis=0)
    memory = Memory(
        rows=rows,
        coupling=coupling,
        bias=bias,
        kernel=kernel,
        residual=float(np.max(missed / np.where(wanted > 0, wanted, 1))),
    )
    return Direct(
        memory=memory,
        criticality=targets - coupling / inverse[:, None],
        variance=1 / inverse - noise,
    )
