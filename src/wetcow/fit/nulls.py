"""Connectomes that keep one property of the measured one and lose the rest.

What a fit to one of them reaches is not explained by the connectome.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetcow import validation
from wetcow.fit.model import Structure

KINDS = ("shuffled", "random", "distance", "rewired")
SWAPS = 10  # tries of each link, for rewiring
BATCHES = 50  # in which rewired links get their weights
SYMMETRIC_WITHIN = 1e-9  # of the largest weight


def null_structures(
    structure: Structure, wanted: Any, distance: Any, seed: int
) -> list[tuple[str, Structure]]:
    """Null connectomes, each with the name of its kind.

    Parameters
    ----------
    structure : Structure
        Of the network.
    wanted : sequence of str, or dict of str to int
        Kinds, or how many of each: "shuffled": regions are exchanged, together with all their
        links; "random": the same weights, each on another pair; "distance": the same weights, the
        largest on the shortest links; "rewired": links that keep the number of links of each
        region, and nearly its strength, as Maslov and Sneppen (2002) and Rubinov and Sporns (2011).
    distance : float array (n, n)
        Of regions, for "distance".
    seed : int

    Raises
    ------
    ValueError
        For unknown kinds, or "distance" without one.
    """
    if isinstance(wanted, str):
        wanted = (wanted,)
    if not isinstance(wanted, Iterable):
        raise ValueError(f"nulls must be of {KINDS}, or numbers of them, got {wanted!r}")
    counts = dict(wanted) if isinstance(wanted, Mapping) else dict.fromkeys(wanted, 1)
    found = []
    for kind, count in counts.items():
        if kind not in KINDS:
            raise ValueError(f"nulls must be of {KINDS}, got {kind!r}")
        count = validation.integer(f"the number of nulls {kind!r}", count, minimum=1)
        if kind == "distance" and distance is None:
            raise ValueError(
                "the null 'distance' needs distance=, (n, n), such as Connectome.tract_lengths or "
                "distances(); leave it out of nulls= if there is none"
            )
        # The number in the list of kinds keeps draws of one kind apart from another's.
        for draw in range(1 if kind == "distance" else count):
            rng = np.random.default_rng([seed, KINDS.index(kind), draw])
            found.append((kind, _null(kind, structure, distance, rng)))
    return found


def _null(kind: str, structure: Structure, distance: Any, rng: np.random.Generator) -> Structure:
    if kind == "shuffled":
        order = rng.permutation(len(structure.r))
        pairs = np.ix_(order, order)
        return Structure(r=structure.r[pairs], phase=structure.phase[pairs])
    weight = np.abs(structure.r)
    if kind == "random":
        new = on_other_pairs(weight, rng)
    elif kind == "distance":
        new = by_distance(weight, distance)
    else:
        new = rewired(weight, rng)
    # Phases belong to the places of regions, which stay.
    return Structure(r=new * np.exp(1j * np.angle(structure.r)), phase=structure.phase)


def _pairs(weight: NDArray[np.float64]) -> tuple[NDArray[np.bool_], bool]:
    """Pairs whose weights are independent, and whether those are half of them."""
    off = ~np.eye(len(weight), dtype=bool)
    both = bool(np.max(np.abs(weight - weight.T)) <= SYMMETRIC_WITHIN * np.max(weight))
    return (np.triu(off) if both else off), both


def _filled(
    like: NDArray[np.float64], pairs: NDArray[np.bool_], values: Any, both: bool
) -> NDArray[np.float64]:
    new = np.zeros_like(like)
    new[pairs] = values
    return new + new.T if both else new


def on_other_pairs(weight: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The weights (n, n) on pairs drawn at random; symmetric if they were."""
    pairs, both = _pairs(weight)
    return _filled(weight, pairs, rng.permutation(weight[pairs]), both)


def by_distance(weight: NDArray[np.float64], distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights (n, n) in the order of distances (n, n): the largest on the nearest pair."""
    pairs, both = _pairs(weight)
    far = (distance + distance.T) / 2 if both else distance
    values = np.empty(int(pairs.sum()))
    values[np.argsort(far[pairs], kind="stable")] = np.sort(weight[pairs])[::-1]
    return _filled(weight, pairs, values, both)


def rewired(weight: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Links (n, n) rewired with the same number of links, and about the strength, of each region.

    Links are exchanged in pairs, a→b and c→d for a→d and c→b. Then links get weights in the order
    of what is left of the strengths of their two ends, largest first.
    """
    pairs, both = _pairs(weight)
    links = _exchanged(weight > 0, both, rng)
    left_in, left_out = weight.sum(axis=1), weight.sum(axis=0)
    target, source = np.nonzero(links & pairs)
    values = np.sort(weight[pairs & (weight > 0)])
    new = np.zeros_like(weight)
    open_links = np.arange(target.size)
    for batch in range(BATCHES, 0, -1):
        if not open_links.size:
            break
        expected = left_in[target[open_links]] * left_out[source[open_links]]
        rank = np.argsort(np.argsort(expected, kind="stable"), kind="stable")
        now = rng.permutation(open_links.size)[: -(-open_links.size // batch)]
        chosen, places = open_links[now], rank[now]
        new[target[chosen], source[chosen]] = values[places]
        if both:
            new[source[chosen], target[chosen]] = values[places]
        left_in = np.maximum(weight.sum(axis=1) - new.sum(axis=1), 0)
        left_out = np.maximum(weight.sum(axis=0) - new.sum(axis=0), 0)
        values, open_links = np.delete(values, places), np.delete(open_links, now)
    return new


def _exchanged(links: NDArray[np.bool_], both: bool, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Links with exchanged ends; where most pairs are linked, the missing ones are exchanged."""
    off = ~np.eye(len(links), dtype=bool)
    many = links.sum() > off.sum() / 2
    links = (off & ~links) if many else links.copy()
    targets, sources = np.nonzero(np.triu(links) if both else links)
    ends = np.stack([targets, sources], axis=1)
    for first, second in rng.integers(len(ends), size=(SWAPS * len(ends), 2)) if len(ends) else ():
        (a, b), (c, d) = ends[first], ends[second]
        if both and rng.random() < 0.5:
            c, d = d, c
        if a == d or c == b or links[a, d] or links[c, b]:
            continue
        links[a, b] = links[c, d] = False
        links[a, d] = links[c, b] = True
        if both:
            links[b, a] = links[d, c] = False
            links[d, a] = links[b, c] = True
        ends[first], ends[second] = (a, d), (c, b)
    return (off & ~links) if many else links
