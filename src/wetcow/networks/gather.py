"""Coupling by a list of links, laid out for speed.

Sums are gathered from the sources, not scattered to targets, which no processor does fast. Three
things decide how fast: whether the states at the sources are near, in a core's own cache; how many
links a pass over the modes sums; and whether Re and Im of a state are read at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

from wetcow.networks.coupling import Coupling, written_out

_NEAR = 100_000  # modes whose states stay in the cache of a core, in single precision
_WORTH = 4  # links of a mode from each part of the modes, from which parts are read one by one
_FILLED = 1.25  # times the links that parts may take, filled up to be alike
_PER_PASS = 10  # links of each mode that one pass sums; of more, processors sum one by one
_ALIGNED, _MISALIGNED = 16, 256  # modes; so few more pay where there are more than so many
# Factors by which numbers of links in one group differ at most, and links that suffice for a group.
_SPREAD, _ALIKE, _MANY = 1.5, 1.1, 2**15


class Gather(Coupling):
    """Links by their target, modes with similarly many of them in a group, filled up with zeros.

    In large networks those from a part of the modes first, then those from the next.

    Attributes
    ----------
    sources, values : tuples of arrays (parts, passes, k, m)
        For each group, up to k links a pass to each of m modes; sources within the part.
    places : array (parts, n)
        Where among the groups' modes each mode is.
    width : int
        Modes in each part but the last.
    """

    sources: tuple[Any, ...]
    values: tuple[Any, ...]
    places: Any
    width: int = eqx.field(static=True)

    @classmethod
    def of(cls, size: int, target: Any, source: Any, value: Any) -> Gather:
        """Lay out links whose ends are known numbers; see `Sparse`."""
        target, source = np.asarray(target), np.asarray(source)
        if np.any(target[1:] < target[:-1]):
            order = np.argsort(target, kind="stable")
            target, source, value = target[order], source[order], value[order]
        parts = _parts(size, target, source)
        if parts > 1:
            laid_out = _lay_out(size, parts, target, source, value)
            if sum(map(np.size, laid_out.values)) <= _FILLED * len(source):
                return laid_out
        return _lay_out(size, 1, target, source, value)

    @property
    def size(self):
        return self.places.shape[1]

    def __call__(self, a, past=None):
        return _product(*jax.tree.map(jnp.asarray, (self, a)))

    def bound(self):
        strengths = self._with(tuple(map(jnp.abs, self.values)))
        return jnp.max(_whole(strengths, jnp.ones(self.size)))

    def matrix(self):
        return written_out(self, self.values[0])

    def scaled(self, strength):
        return self._with(tuple(strength * value for value in self.values))

    def _with(self, values: tuple[Any, ...]) -> Gather:
        return Gather(sources=self.sources, values=values, places=self.places, width=self.width)


def _parts(size: int, target: np.ndarray, source: np.ndarray) -> int:
    """One, unless links come from all over, and from each part some."""
    parts = -(-size // _NEAR)
    if parts == 1 or len(source) < _WORTH * size * parts:
        return 1
    far = np.count_nonzero(abs(source - target) > size / parts) / len(source)
    return parts if far > (1 - 1 / parts) ** 2 / 2 else 1  # half of what it is at random


def _lay_out(size: int, parts: int, target: np.ndarray, source: np.ndarray, value: Any) -> Gather:
    """Of links in the order of their targets."""
    width = -(-size // parts)
    origin = (source // width).astype(np.int16)
    order = np.argsort(origin, kind="stable")
    degree = np.stack([np.bincount(target[origin == p], minlength=size) for p in range(parts)])
    first = np.cumsum(degree).reshape(parts, size) - degree
    modes = np.argsort(degree, axis=1, kind="stable")
    degree, first = (np.take_along_axis(one, modes, axis=1) for one in (degree, first))
    starts = width * np.arange(parts).reshape(-1, 1, 1, 1)
    places = np.empty((parts, size), np.int32)
    sources, values = [], []
    low = start = 0
    while low < size:
        high, most = _end(degree.max(axis=0), low)
        passes = _passes(most, high - low)
        row = np.arange(passes * -(-most // passes)).reshape(1, passes, -1, 1)
        more = -(high - low) % _ALIGNED if high - low > _MISALIGNED else 0
        own = np.pad([degree[:, low:high], first[:, low:high]], [(0, 0), (0, 0), (0, more)])
        own = own[:, :, None, None]
        there = row < own[0]
        links = order[np.where(there, own[1] + row, 0)]
        sources.append(np.where(there, source[links] - starts, 0).astype(np.int32))
        filled = value[links]
        if not there.all():
            filled = (np if isinstance(value, np.ndarray) else jnp).where(there, filled, 0)
        values.append(filled)
        place = np.arange(start, start + high - low, dtype=np.int32)
        np.put_along_axis(places, modes[:, low:high], place[None], axis=1)
        low, start = high, start + high - low + more
    return Gather(sources=tuple(sources), values=tuple(values), places=places, width=width)


def _end(degree: np.ndarray, low: int) -> tuple[int, int]:
    """End of the group that begins at `low`, and its most links of a mode.

    The more modes there are, the more alike they are.
    """
    least = degree[low]
    alike, most = np.searchsorted(
        degree, [least * _ALIKE, max(least * _SPREAD, least + 4 * (least > 0))], side="right"
    )
    enough = low + np.searchsorted(np.cumsum(degree[low:most]), _MANY)
    high = most
    if enough < most:
        high = max(alike, np.searchsorted(degree, degree[enough], side="right"))
    return int(high), int(degree[high - 1])


def _passes(most: int, modes: int) -> int:
    """In how many passes so many links of each mode are summed."""
    if most > modes:
        return 1
    # What comes before a loop is not done again for each link.
    return max(-(-most // _PER_PASS), 1 + (most > 1 and most * modes > _MANY))


@jax.custom_jvp
def _product(links: Gather, a: Any) -> Any:
    """R a. Accelerators need no packing, and bits have no derivatives, hence the rule below."""
    if all(leaf.dtype == np.complex64 for leaf in (a, *links.values)):
        return jax.lax.platform_dependent(links, a, cpu=_packed, default=_plain)
    return _plain(links, a)


def _plain(links: Gather, a: Any) -> Any:
    return _summed(links, a, _at, jnp.result_type(a, *links.values))


def _packed(links: Gather, a: Any) -> Any:
    """Read states as double precision numbers, each of the bits of Re and Im.

    Numbers of 64 bits are read together, into the registers for several; pairs are not.
    """
    with jax.enable_x64(True):
        states = jax.lax.bitcast_convert_type(jnp.stack([a.real, a.imag], axis=-1), jnp.float64)
        return _summed(links, states, _unpacked, np.complex64)


def _unpacked(states: Any, where: Any) -> Any:
    bits = jax.lax.bitcast_convert_type(_at(states, where), jnp.uint64)
    halves = [bits.astype(jnp.uint32), (bits >> np.uint64(32)).astype(jnp.uint32)]
    return jax.lax.complex(*(jax.lax.bitcast_convert_type(half, jnp.float32) for half in halves))


def _at(states: Any, where: Any) -> Any:
    return states.at[where].get(mode="promise_in_bounds", wrap_negative_indices=False)


def _by_part(links: Gather, states: Any) -> Any:
    """States (parts, width), with some zeros at the end."""
    parts = links.places.shape[0]
    return jnp.pad(states, (0, parts * links.width - links.size)).reshape(parts, links.width)


def _summed(links: Gather, states: Any, read: Callable[[Any, Any], Any], dtype: Any) -> Any:
    """Part by part, pass by pass."""
    states = _by_part(links, states)

    def part(p: Any, total: Any) -> Any:
        near = states[p]

        def group(source: Any, value: Any) -> Any:
            def one_pass(i: Any, found: Any) -> Any:
                return found + jnp.sum(value[p, i] * read(near, source[p, i]), axis=0)

            return _repeat(source.shape[1], one_pass, jnp.zeros(source.shape[3], dtype))

        found = jnp.concatenate(list(map(group, links.sources, links.values)))
        return total + _at(found, links.places[p])

    return _repeat(links.places.shape[0], part, jnp.zeros(links.size, dtype))


def _repeat(times: int, function: Callable[[Any, Any], Any], start: Any) -> Any:
    return function(0, start) if times == 1 else jax.lax.fori_loop(0, times, function, start)


def _whole(links: Gather, a: Any) -> Any:
    """R a without loops, for derivatives."""
    near = _by_part(links, a)
    found = [
        jnp.sum(value * jax.vmap(_at)(near, source), axis=(1, 2))
        for source, value in zip(links.sources, links.values, strict=True)
    ]
    return jnp.take_along_axis(jnp.concatenate(found, axis=1), links.places, axis=1).sum(axis=0)


def _changed(primals: Any, tangents: Any) -> tuple[Any, Any]:
    """Of a product the change is the sum of what either factor's changes."""
    (links, a), (d_links, d_a) = primals, tangents
    changes = []
    if not _is_zero(d_a):
        changes.append(_whole(links, d_a))
    if not all(map(_is_zero, d_links.values)):
        values = [jnp.zeros(d.shape, d.dtype) if _is_zero(d) else d for d in d_links.values]
        changes.append(_whole(links._with(tuple(values)), a))
    found = _product(links, a)
    return found, sum(changes, jnp.zeros_like(found))


def _is_zero(change: Any) -> bool:
    return isinstance(change, SymbolicZero)


_product.defjvp(_changed, symbolic_zeros=True)
