"""Stored examples, their couplings to the class modes, and what these answer.

`wetcow.learning.model.memory.memorize` finds the couplings, and has the equations.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.modes.kernel_matrix import BLOCK, kernel_tile, unit_rows
from wetcow.modes.kernel_series import Code, KernelSeries, kernel_series

FEW = 2_000  # examples that are solved for directly, and answer in double precision
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
        return {name: value for name, value in self.__dict__.items() if name[0] != "_"}

    def criticality(self, rows: np.ndarray) -> np.ndarray:
        """Criticality cr of the class modes for unit rows, float64 (k, columns).

        κ is a short series, within 1e-6. Sums over at most `FEW` examples are in double precision;
        over more in single precision, which moves them by about 1e-5.

        Parameters
        ----------
        rows : float32 array (k, d)
            Of unit length.
        """
        found = np.empty((len(rows), len(self.bias)))
        with jax.enable_x64(len(self.rows) <= FEW):
            for start in range(0, len(rows), BLOCK):
                some = self._precise(rows[start : start + BLOCK])
                size = max(_SMALLEST_GROUP, 2 ** math.ceil(math.log2(len(some))))
                padded = jnp.asarray(np.pad(some, ((0, size - len(some)), (0, 0))))
                excited = [np.asarray(_recall(padded, *part)) for part in self._parts]
                found[start : start + BLOCK] = np.sum(excited, axis=0, dtype=float)[: len(some)]
        return found + self.bias

    def _precise(self, rows: np.ndarray) -> np.ndarray:
        """Rows in the precision that is computed in, in double of unit length to the last bit."""
        if len(self.rows) > FEW:
            return np.asarray(rows, np.float32)
        return unit_rows(np.asarray(rows, np.float64))

    @functools.cached_property
    def _parts(self) -> list[tuple[Any, Any, Any]]:
        """Examples and couplings, of as many as are computed at once, where they are needed."""
        step = 16 * BLOCK
        starts = range(0, len(self.rows), step)
        stored = [jnp.asarray(self._precise(self.rows[low : low + step])) for low in starts]
        kind = stored[0].dtype if stored else jnp.float32
        short = jnp.asarray(self.kernel.series.chebyshev[0], kind)
        return [
            (some, jnp.asarray(self.coupling[low : low + step], kind), short)
            for low, some in zip(starts, stored, strict=True)
        ]


@jax.jit
def _recall(rows: Any, stored: Any, coupling: Any, short: Any) -> Any:
    return jnp.matmul(kernel_tile(rows, stored, short), coupling, precision="highest")
