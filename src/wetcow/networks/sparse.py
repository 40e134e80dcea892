"""Coupling by a list of links, and how it is laid out for speed."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.networks.coupling import (
    Coupling,
    as_complex,
    require_finite,
    require_no_self_coupling,
    require_square,
    written_out,
)
from wetcow.precision import is_traced

_SPREAD = 1.5  # factor by which the numbers of links in one group differ at most
_AT_ONCE = 2**15  # links up to which a group is summed in one operation


def _index(value: Any) -> Any:
    return value if isinstance(value, jax.Array) else np.asarray(value, dtype=np.int32)


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
        For lengths that differ, indices outside 0…n−1, non-finite values, or self-coupling.

    Examples
    --------
    >>> ring = Sparse(3, target=[0, 1, 2], source=[2, 0, 1], value=[0.1, 0.1, 0.1])
    >>> ring.matrix()[0].tolist()[2].real > 0
    True
    """

    num_modes: int = eqx.field(static=True)
    target: Any = eqx.field(converter=_index)
    source: Any = eqx.field(converter=_index)
    value: Any = eqx.field(converter=as_complex)

    def __check_init__(self):
        if not np.shape(self.target) == np.shape(self.source) == np.shape(self.value):
            raise ValueError(
                "target, source and value need one entry per link, got shapes "
                f"{np.shape(self.target)}, {np.shape(self.source)}, {np.shape(self.value)}"
            )
        if is_traced(vars(self)) or np.size(self.value) == 0:
            return
        require_finite("value", self.value)
        ends = np.concatenate([self.target, self.source])
        if ends.min() < 0 or ends.max() >= self.num_modes:
            raise ValueError(
                f"links must join modes 0…{self.num_modes - 1}, got {ends.min()}…{ends.max()}"
            )
        require_no_self_coupling(np.asarray(self.value)[self.target == self.source])

    @classmethod
    def from_matrix(cls, r: Any) -> Sparse:
        """Build from a SciPy sparse array, or from the nonzero entries of a dense one."""
        import scipy.sparse

        links: Any = scipy.sparse.csr_array(r)
        require_square("R", links)
        links.sum_duplicates()
        links = links.tocoo()
        return cls(links.shape[0], links.row, links.col, links.data)

    @property
    def size(self) -> int:
        return self.num_modes

    def _sum(self, per_link):
        return jax.ops.segment_sum(per_link, self.target, self.num_modes)

    def __call__(self, a, past=None):
        return self._sum(self.value * a[self.source])

    def bound(self):
        return jnp.max(self._sum(jnp.abs(self.value)))

    def matrix(self):
        empty = jnp.zeros((self.num_modes, self.num_modes), jnp.asarray(self.value).dtype)
        return empty.at[self.target, self.source].add(self.value)

    def scaled(self, strength):
        return Sparse(self.num_modes, self.target, self.source, strength * self.value)

    def part(self, part):
        return Sparse(self.num_modes, self.target, self.source, part(np.asarray(self.value)))

    def arranged(self):
        if is_traced((self.target, self.source)):
            return self
        return Gathered.of(self)


class Gathered(Coupling):
    """Links by their target, modes with similarly many of them in a group, filled up with zeros.

    Sums are then gathered from the sources, not scattered to targets, which no processor does fast.

    Attributes
    ----------
    sources, values : tuples of arrays (k, m)
        For each group, up to k links to each of m modes.
    place : int array (n,)
        Where among the groups' modes each mode is.
    """

    sources: tuple[Any, ...]
    values: tuple[Any, ...]
    place: Any

    @classmethod
    def of(cls, links: Sparse) -> Gathered:
        """Lay out links whose ends are known numbers."""
        target, source, value = np.asarray(links.target), np.asarray(links.source), links.value
        degree = np.bincount(target, minlength=links.size)
        modes = np.argsort(degree, kind="stable")
        place = np.empty(links.size, np.int32)
        place[modes] = np.arange(links.size, dtype=np.int32)
        order = np.argsort(place[target], kind="stable")
        degree = degree[modes]
        first = np.cumsum(degree) - degree  # of a mode's links, in that order
        sources, values = [], []
        low = 0
        while low < links.size:
            most = int(max(degree[low] * _SPREAD, degree[low] + 4 * (degree[low] > 0)))
            high = int(np.searchsorted(degree, most, side="right"))
            row = np.arange(degree[high - 1])[:, None]
            there = row < degree[low:high]
            chosen = order[np.where(there, first[low:high] + row, 0)]
            sources.append(np.where(there, source[chosen], 0).astype(np.int32))
            filled = value[chosen]
            if not there.all():
                filled = (np if isinstance(value, np.ndarray) else jnp).where(there, filled, 0)
            values.append(filled)
            low = high
        return cls(tuple(sources), tuple(values), place)

    @property
    def size(self):
        return self.place.shape[0]

    def __call__(self, a, past=None):
        a, groups = jnp.asarray(a), zip(self.sources, self.values, strict=True)
        return jnp.concatenate([_sum(*group, a) for group in groups])[self.place]

    def bound(self):
        return jnp.max(jnp.concatenate([jnp.sum(jnp.abs(value), axis=0) for value in self.values]))

    def matrix(self):
        return written_out(self, self.values[0])

    def scaled(self, strength):
        return Gathered(self.sources, tuple(strength * v for v in self.values), self.place)


def _sum(source: Any, value: Any, a: Any) -> Any:
    """Σ_k value[k] · a[source[k]], (m,)."""
    links, modes = source.shape
    if source.size <= _AT_ONCE or modes < links:
        return jnp.sum(value * a.at[source].get(mode="promise_in_bounds"), axis=0)

    def one(total, link):
        where, strength = link
        return total + strength * a.at[where].get(mode="promise_in_bounds"), None

    nothing = jnp.zeros(modes, jnp.result_type(value, a))
    return jax.lax.scan(one, nothing, (source, value))[0]
