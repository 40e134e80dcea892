"""Coupling by a list of links."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.networks.coupling import (
    Coupling,
    as_coupling_values,
    require_finite,
    require_no_self_coupling,
    require_square,
)
from wetcow.networks.gather import Gather
from wetcow.precision import is_traced
from wetcow.validation import indices, integer, refuse_masked

INDEXABLE_MODES = 2**31 - 1  # indices have 32 bits
SPARSE_BELOW = 0.1  # share of all pairs linked, below which a list of links is the better choice


def _ends(name: str, value: Any, num_modes: int) -> Any:
    """Indices as int32, checked unless they are traced."""
    return value if is_traced(value) else indices(name, value, num_modes).astype(np.int32)


class Sparse(Coupling):
    """Coupling by a list of links: cost and memory grow with their number.

    Parameters
    ----------
    num_modes : int
        n.
    target, source : int arrays (num_links,)
        Link k acts from mode ``source[k]`` on mode ``target[k]``.
    value : complex array (num_links,)
        R of each link, 1/time.

    Raises
    ------
    ValueError
        For lengths that differ, indices that are not whole numbers in 0…n−1, values that are not
        finite numbers, or self-coupling. Of traced indices outside 0…n−1 the result is NaN.

    Examples
    --------
    >>> ring = Sparse(3, target=[0, 1, 2], source=[2, 0, 1], value=[0.1, 0.1, 0.1])
    >>> ring.matrix()[0].tolist()[2].real > 0
    True
    """

    num_modes: int = eqx.field(static=True)
    target: Any
    source: Any
    value: Any

    def __init__(self, num_modes: int, target: Any, source: Any, value: Any):
        self.num_modes = integer("num_modes", num_modes, minimum=1, maximum=INDEXABLE_MODES)
        self.target = _ends("target", target, self.num_modes)
        self.source = _ends("source", source, self.num_modes)
        self.value = as_coupling_values(value)

    def __check_init__(self):
        if not np.shape(self.target) == np.shape(self.source) == np.shape(self.value):
            raise ValueError(
                "target, source and value need one entry per link, got shapes "
                f"{np.shape(self.target)}, {np.shape(self.source)}, {np.shape(self.value)}"
            )
        if is_traced(vars(self)) or np.size(self.value) == 0:
            return
        require_finite("value", self.value)
        require_no_self_coupling(np.asarray(self.value)[self.target == self.source])

    @classmethod
    def from_matrix(cls, r: Any) -> Sparse:
        """Build from a SciPy sparse array, or from the nonzero entries of a dense one."""
        import scipy.sparse

        refuse_masked("R", r)
        links: Any = scipy.sparse.csr_array(r)
        require_square("R", links)
        links.sum_duplicates()
        links = links.tocoo()
        return cls(links.shape[0], target=links.row, source=links.col, value=links.data)

    @property
    def size(self) -> int:
        return self.num_modes

    def _sum(self, per_link):
        return jax.ops.segment_sum(per_link, self.target, self.num_modes)

    def __call__(self, a, past=None):
        found = self._sum(self.value * jnp.asarray(a)[self.source])
        if not is_traced((self.target, self.source)):
            return found
        # JAX would take the nearest mode for a source, and nothing for a target.
        ends = jnp.stack([self.target, self.source])
        known = jnp.all((ends >= 0) & (ends < self.num_modes))
        return jnp.where(known, found, jnp.nan)

    def bound(self):
        return jnp.max(self._sum(jnp.abs(self.value)))

    def matrix(self):
        empty = jnp.zeros((self.num_modes, self.num_modes), jnp.asarray(self.value).dtype)
        return empty.at[self.target, self.source].add(self.value)

    def scaled(self, strength):
        return Sparse(
            self.num_modes, target=self.target, source=self.source, value=strength * self.value
        )

    def part(self, part):
        return Sparse(
            self.num_modes,
            target=self.target,
            source=self.source,
            value=part(np.asarray(self.value)),
        )

    def compiled_layout(self):
        if is_traced((self.target, self.source)):
            return self
        return Gather.of(self.num_modes, self.target, self.source, self.value)
