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
_AT_ONCE = 10  # links of each mode that one pass sums; of more, processors sum one by one
_ALIGNED, _MISALIGNED = 16, 256  # modes; so few more pay where there are more than so many
# Factors by which numbers of links in one group differ at most, and links that suffice for a group.
_SPREAD, _ALIKE, _MANY = 1.5, 1.1, 2**15


class Gathered(Coupling):
    """Links by their target, modes with similarly many of them in a group, filled up with zeros.

    In large networks those from a part of the modes first, then those from the next.

    Attributes
    ----------
    sources, values : tuples of tuples of arrays (passes, k, m)
        For each part and group, up to k links a pass to each of m modes; sources within the part.
    places : tuple of arrays (n,)
        For each part, where among its groups' modes each mode is.
    width : int
        Modes in each part but the last.
    """

    sources: tuple[tuple[Any, ...], ...]
    values: tuple[tuple[Any, ...], ...]
    places: tuple[Any, ...]
    width: int = eqx.field(static=True)

    @classmethod
    def of(cls, size: int, target: Any, source: Any, value: Any) -> Gathered:
        """Lay out links whose ends are known numbers; see `Sparse`."""
        target, source = np.asarray(target), np.asarray(source)
        if np.any(target[1:] < target[:-1]):
            order = np.argsort(target, kind="stable")
            target, source, value = target[order], source[order], value[order]
        width = _width(size, target, source)
        origin = source // width
        sources, values, places = [], [], []
        for part in range(-(-size // width)):
            own = np.flatnonzero(origin == part)
            place, groups = _groups(np.bincount(target[own], minlength=size))
            places.append(place)
            sources.append([])
            values.append([])
            for chosen, there in groups:
                links = own[chosen]
                near = np.where(there, source[links] - part * width, 0)
                sources[-1].append(near.astype(np.int32))
                filled = value[links]
                if not there.all():
                    filled = (np if isinstance(value, np.ndarray) else jnp).where(there, filled, 0)
                values[-1].append(filled)
        return cls(tuple(map(tuple, sources)), tuple(map(tuple, values)), tuple(places), width)

    @property
    def size(self):
        return self.places[0].shape[0]

    def __call__(self, a, past=None):
        return _product(self, jnp.asarray(a))

    def bound(self):
        return jnp.max(_sums(self, lambda part, source, value: jnp.abs(value).sum(axis=(0, 1))))

    def matrix(self):
        return written_out(self, self.values[0][0])

    def scaled(self, strength):
        values = jax.tree.map(lambda value: strength * value, self.values)
        return Gathered(self.sources, values, self.places, self.width)


def _width(size: int, target: np.ndarray, source: np.ndarray) -> int:
    """Modes in each part: all, unless links come from all over, and from each part some."""
    parts = -(-size // _NEAR)
    width = -(-size // parts)
    if parts == 1 or len(source) < _WORTH * size * parts:
        return size
    far = np.count_nonzero(abs(source - target) > width) / len(source)
    return width if far > (1 - 1 / parts) ** 2 / 2 else size  # half of what it is at random


def _groups(degree: np.ndarray) -> tuple[np.ndarray, list[tuple[Any, Any]]]:
    """Where among the groups' modes each mode is; for each group its links, and which are any.

    Links are in the order of their targets, so many for each mode.
    """
    modes = np.argsort(degree, kind="stable")
    first = (np.cumsum(degree) - degree)[modes]
    degree = degree[modes]
    place = np.empty(degree.size, np.int32)
    groups = []
    low = start = 0
    while low < degree.size:
        high = _end(degree, low)
        most, number = degree[high - 1], high - low
        passes = _passes(most, number)
        row = np.arange(passes * -(-most // passes)).reshape(passes, -1, 1)
        aligned = 0, -number % _ALIGNED if number > _MISALIGNED else 0
        there = row < np.pad(degree[low:high], aligned)
        groups.append((np.where(there, np.pad(first[low:high], aligned) + row, 0), there))
        place[modes[low:high]] = np.arange(start, start + number)
        low, start = high, start + number + aligned[1]
    return place, groups


def _end(degree: np.ndarray, low: int) -> int:
    """End of the group that begins at `low`; the more modes there are, the more alike they are."""
    least = degree[low]
    alike, most = np.searchsorted(
        degree, [least * _ALIKE, max(least * _SPREAD, least + 4 * (least > 0))], side="right"
    )
    enough = low + np.searchsorted(np.cumsum(degree[low:most]), _MANY)
    if enough >= most:
        return int(most)
    return int(max(alike, np.searchsorted(degree, degree[enough], side="right")))


def _passes(most: int, modes: int) -> int:
    """In how many passes so many links of each mode are summed."""
    if most > modes:
        return 1
    # What comes before a loop is not done again for each link.
    return max(-(-most // _AT_ONCE), 1 + (most > 1 and most * modes > _MANY))


def _sums(links: Gathered, term: Callable[[int, Any, Any], Any]) -> Any:
    """Sum ``term(part, source, value)`` (m,) of the groups over parts, (n,)."""
    total: Any = 0
    for part, place in enumerate(links.places):
        groups = zip(links.sources[part], links.values[part], strict=True)
        total = total + jnp.concatenate([term(part, *group) for group in groups])[place]
    return total


def _product(links: Gathered, a: Any) -> Any:
    if all(leaf.dtype == np.complex64 for leaf in (a, *jax.tree.leaves(links.values))):
        return _single(links, a)
    return _plain(links, a)


def _plain(links: Gathered, a: Any) -> Any:
    return _summed(links, a, _at)


def _packed(links: Gathered, a: Any) -> Any:
    """Read states as double precision numbers, each of the bits of Re and Im.

    Numbers of 64 bits are read together, into the registers for several; pairs are not.
    """
    with jax.enable_x64(True):
        states = jax.lax.bitcast_convert_type(jnp.stack([a.real, a.imag], axis=-1), jnp.float64)
        return _summed(links, states, _unpacked)


def _unpacked(states: Any, where: Any) -> Any:
    bits = jax.lax.bitcast_convert_type(_at(states, where), jnp.uint64)
    halves = [bits.astype(jnp.uint32), (bits >> np.uint64(32)).astype(jnp.uint32)]
    return jax.lax.complex(*(jax.lax.bitcast_convert_type(half, jnp.float32) for half in halves))


def _at(states: Any, where: Any) -> Any:
    return states.at[where].get(mode="promise_in_bounds", wrap_negative_indices=False)


def _summed(links: Gathered, states: Any, read: Callable[[Any, Any], Any]) -> Any:
    def term(part: int, source: Any, value: Any) -> Any:
        near = states[part * links.width : (part + 1) * links.width]

        def one_pass(total: Any, link: Any) -> tuple[Any, None]:
            where, strength = link
            return total + jnp.sum(strength * read(near, where), axis=0), None

        nothing = jnp.zeros(source.shape[2], value.dtype)
        if len(source) == 1:
            return one_pass(nothing, (source[0], value[0]))[0]
        return jax.lax.scan(one_pass, nothing, (source, value))[0]

    return _sums(links, term)


@jax.custom_jvp
def _single(links: Gathered, a: Any) -> Any:
    """`_plain` in single precision; bits have no derivatives, and accelerators need no packing."""
    return jax.lax.platform_dependent(links, a, cpu=_packed, default=_plain)


def _changed(primals: Any, tangents: Any) -> tuple[Any, Any]:
    """Of a product the change is the sum of what either factor's changes."""
    (links, a), (d_links, d_a) = primals, tangents
    changes = []
    if not _is_zero(d_a):
        changes.append(_plain(links, d_a))
    if not all(map(_is_zero, jax.tree.leaves(d_links.values))):
        values = jax.tree.map(
            lambda d: jnp.zeros(d.shape, d.dtype) if _is_zero(d) else d, d_links.values
        )
        changes.append(_plain(Gathered(links.sources, values, links.places, links.width), a))
    found = _single(links, a)
    return found, sum(changes, jnp.zeros_like(found))


def _is_zero(change: Any) -> bool:
    return isinstance(change, SymbolicZero)


_single.defjvp(_changed, symbolic_zeros=True)
