"""Coupling with conduction delays, laid out for fixed steps: links by target, in two classes.

What arrives over a link of at least b steps, for the next b of them, is a contiguous stretch of the
source's past: it is read once for all b. Shorter links are read step by step. Where links are dense
and delays are of few steps, all of them are one product instead (`wetcow.networks.lag_products`).
"""

from __future__ import annotations

import dataclasses
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from wetcow.networks.coupling import Coupling
from wetcow.networks.delayed import Delayed
from wetcow.networks.dense import Dense
from wetcow.networks.links import History, Links

WIDEST = 16  # steps of a block; more read hardly faster, and leave more links to be read one by one
_WIDTHS = [1 << power for power in range(WIDEST.bit_length())]
_ONE_BY_ONE = 6.0  # a link read for one step, beside one step of many, measured
_SECOND_CLASS = 500.0  # reading a second class of links at all
_FEW_MODES = 64  # up to which links are filled up to all pairs, so that little is compiled anew
_WORTH = 0.8  # of the places, filled up, that a group apart must leave
# A number of the matrices of `lag_products`, beside a link read for one step of many, measured:
_NUMBER_READ, _NUMBER_USED = 0.05, 0.02
MORE_STEPS = 2  # before that of a delay, for a polynomial around the place where it arrives
_ROUNDING = 1e-9


class DelayedLinks(Coupling):
    """Coupling of `Delayed` for steps of one length.

    Called with the amplitudes and what arrives over all delayed links, complex (n,), in place of
    the past.

    Attributes
    ----------
    near, far : tuples of Links
        Those of fewer than `block` steps, and the others; groups of modes with similarly many.
    places : int arrays (n,), two
        Where among the groups' modes each mode is.
    now : Coupling or None
        Links without delay.
    block : int
        Steps for which far links are read at once.
    longest : int
        Steps of the longest delay, if a product is faster than reading links; otherwise 0.
    """

    near: tuple[Links, ...]
    far: tuple[Links, ...]
    places: tuple[Any, Any]
    now: Coupling | None
    block: int = eqx.field(static=True)
    longest: int = eqx.field(static=True, default=0)

    @classmethod
    def of(cls, coupling: Delayed, dt: float) -> DelayedLinks:
        """Lay out a coupling of known numbers; of several, r and delay (…, n, n), all alike."""
        r, (share, delay) = np.asarray(coupling.r), coupling.late()
        lag = delay / dt
        instant, r = (1 - share) * r, share * r
        linked = (r != 0).reshape(-1, *r.shape[-2:])
        shortest = np.where(linked, lag.reshape(linked.shape), np.inf).min(axis=0)
        block, cost = _widest_block(shortest)
        longest = int(np.ceil(np.max(lag, where=r != 0, initial=0.0)))
        own, products_cost = _products_block(r, longest, shortest)
        if products_cost < cost:
            block, r = own, r if np.any(r.imag) else r.real
        else:
            longest = 0
        far_enough = shortest >= block * (1 - _ROUNDING)
        classes = ((~far_enough, 1), (far_enough & np.isfinite(shortest), block))
        (near, first), (far, second) = (_lay_out(r, lag, own, width) for own, width in classes)
        now = _instantaneous(instant) if np.any(instant) else None
        places = first, second
        return cls(near=near, far=far, places=places, now=now, block=block, longest=longest)

    @property
    def size(self):
        return self.places[0].shape[-1]

    def __call__(self, a, past=None):
        return past if self.now is None else self.now(a) + past

    def arriving_near(
        self, history: History, step: Any, count: int, dt: Any, share: float = 0.0
    ) -> Any:
        """What arrives over near links at `count` steps from `step` on, (count, n); or None.

        `share` of a step later, if that is not zero: between −1 and 0.
        """
        return self._arriving(self.near, self.places[0], history, step, count, dt, share)

    def arriving_far(
        self, history: History, step: Any, count: int, dt: Any, share: float = 0.0
    ) -> Any:
        """As `arriving_near`, over far links."""
        return self._arriving(self.far, self.places[1], history, step, count, dt, share)

    def arriving_within(self, history: History, step: Any, share: Any, dt: Any) -> Any:
        """What arrives over all links so much of a step after the last one, (n,)."""
        classes = zip((self.near, self.far), self.places, strict=True)
        found = [
            self._arriving(groups, places, history, step, 1, dt, share)
            for groups, places in classes
        ]
        return sum(one[0] for one in found if one is not None)

    def _arriving(self, groups, places, history, step, count, dt, share):
        if not groups:
            return None
        if not (isinstance(share, float) and share == 0):
            groups = [group.shifted(share) for group in groups]
        found = [group.arriving(history, step, count, dt) for group in groups]
        return jnp.concatenate(found)[places].T

    def bound(self):
        return Dense(self.matrix()).bound()

    def targets(self) -> tuple[list[tuple[Links, Any]], list[tuple[Links, Any]]]:
        """Groups of near links, each with the modes that it leads to, int (m,), and of far ones."""
        near, far = (
            list(zip(groups, _parts(jnp.argsort(places), groups), strict=True))
            for groups, places in zip((self.near, self.far), self.places, strict=True)
        )
        return near, far

    def matrix(self):
        total = jnp.zeros((self.size, self.size), complex)
        near, far = self.targets()
        for group, targets in near + far:
            total = total.at[targets[:, None], group.source].add(group.value)
        return total if self.now is None else total + self.now.matrix()

    def scaled(self, strength):
        near, far = (
            tuple(group.scaled(strength) for group in groups) for groups in (self.near, self.far)
        )
        now = None if self.now is None else self.now.scaled(strength)
        return dataclasses.replace(self, near=near, far=far, now=now)


def _parts(order: Any, groups: tuple[Links, ...]) -> list[Any]:
    """Modes of each group; its own come one after the other."""
    ends = np.cumsum([len(group.value) for group in groups], dtype=int)
    return [order[end - len(group.value) : end] for end, group in zip(ends, groups, strict=True)]


def _products_block(r: np.ndarray, longest: int, shortest: np.ndarray) -> tuple[int, float]:
    """As `_widest_block`, where links are products of matrices with all of the last steps.

    Of a few modes, neither way takes long; of several couplings in one, each had its own matrix.
    """
    if r.ndim > 2 or len(r) <= _FEW_MODES:
        return 1, np.inf
    numbers = r.size * (2 if np.any(np.imag(r)) else 1)

    def cost(width):
        near = np.any(shortest < width * (1 - _ROUNDING)) * (width + MORE_STEPS)
        far = max(longest + MORE_STEPS - width, 0)
        return numbers * (_NUMBER_READ * (near + far / width) + _NUMBER_USED * (near + far))

    fastest = min(_WIDTHS, key=cost)
    return fastest, cost(fastest)


def _widest_block(shortest: np.ndarray) -> tuple[int, float]:
    """Steps of a block with which links, of the given shortest lags (n, n), are read fastest.

    And how long a step takes, in units of a link of a step of many.
    """

    def cost(width):
        near = np.count_nonzero(shortest < width * (1 - _ROUNDING))
        far = np.count_nonzero(np.isfinite(shortest)) - near
        return _ONE_BY_ONE * near + (near > 0) * _SECOND_CLASS + far * (1 + 5 / width**2)

    fastest = min(_WIDTHS, key=cost)
    return fastest, cost(fastest)


def _lay_out(
    r: np.ndarray, lag: np.ndarray, own: np.ndarray, width: int
) -> tuple[tuple[Links, ...], np.ndarray]:
    """Groups of the links `own` (n, n), of at least `width` steps, and the places of modes."""
    size, runs = len(own), r.shape[:-2]
    degree = own.sum(axis=1)
    if not degree.any():
        return (), np.broadcast_to(np.arange(size), (*runs, size))
    if size <= _FEW_MODES:
        degree = np.full(size, size)
    sources = np.argsort(~own, axis=1, kind="stable")
    order = np.argsort(degree, kind="stable")
    groups = []
    for part in _alike(order, degree):
        target, source = part[:, None], sources[part, : max(degree[part[-1]], 1)]
        there = own[target, source]
        steps = np.maximum(np.where(there, lag[..., target, source], width), width)
        back = np.maximum(np.ceil(steps), width + 1)
        links = Links(
            source=np.broadcast_to(source, back.shape).astype(np.int32),
            value=np.where(there, r[..., target, source], 0),
            back=back.astype(np.int32),
            share=back - steps,
        )
        groups.append(links)
    return tuple(groups), np.broadcast_to(np.argsort(order), (*runs, size))


def _alike(order: np.ndarray, degree: np.ndarray, depth: int = 2) -> list[np.ndarray]:
    """Modes in the order of their degrees, in up to four groups that need fewer places."""
    number, most = np.arange(1, len(order)), degree[order]
    places = number * most[:-1] + (len(order) - number) * most[-1]
    if depth == 0 or len(order) == 1 or places.min() > _WORTH * len(order) * most[-1]:
        return [order]
    cut = int(places.argmin()) + 1
    parts = (order[:cut], order[cut:])
    return [group for part in parts for group in _alike(part, degree, depth - 1)]


def _instantaneous(r: np.ndarray) -> Coupling:
    if r.ndim == 2:
        return Dense(r).compiled_layout()
    return eqx.tree_at(lambda one: one.r, Dense(np.zeros(r.shape[-2:])), r)
