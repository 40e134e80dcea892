"""Which run of a batch is where: groups that step together, on each of several devices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

GROUP, SMALLEST_GROUP = 256, 8  # runs that step together and wait for the slowest of them


class Layout(NamedTuple):
    """Places of the runs of a sweep.

    Attributes
    ----------
    order : int array (runs,)
        Number of the run at each place, whole groups for each device; some are there twice.
    shape : tuple of int
        Of the sweep, in whose order runs are numbered.
    group : int
        Runs that step together on one device.
    num_devices : int
    """

    order: np.ndarray
    shape: tuple[int, ...]
    group: int
    num_devices: int

    def split(self, batch: Any) -> list[Any]:
        """Batch in the order of places as one for each group, of all devices."""

        def parts(leaf):
            leaf = np.asarray(leaf)
            rest = leaf.shape[1:]
            groups = len(leaf) // (self.num_devices * self.group)
            apart = leaf.reshape(self.num_devices, groups, self.group, *rest)
            together = (groups, self.num_devices * self.group, *rest)
            return np.swapaxes(apart, 0, 1).reshape(together)

        leaves, structure = jax.tree.flatten(batch)
        split_leaves = [parts(leaf) for leaf in leaves]
        return [
            structure.unflatten([leaf[index] for leaf in split_leaves])
            for index in range(len(split_leaves[0]))
        ]

    def merge(self, parts: Sequence[Any]) -> np.ndarray:
        """Arrays of groups as one with the dimensions of the sweep first."""
        whole = np.stack([np.asarray(part) for part in parts])
        whole = whole.reshape(len(parts), self.num_devices, self.group, *whole.shape[2:])
        placed = np.swapaxes(whole, 0, 1).reshape(self.order.size, *whole.shape[3:])
        places = np.empty(math.prod(self.shape), int)
        places[self.order] = np.arange(self.order.size)
        return placed[places.reshape(self.shape)]

    def place(self, value: Any) -> np.ndarray:
        """Array with the dimensions of the sweep first, in the order of places."""
        value = np.asarray(value)
        rest = value.shape[len(self.shape) :]
        return value.reshape(math.prod(self.shape), *rest)[self.order]


def execution_order(cost: np.ndarray, num_shares: int) -> tuple[np.ndarray, int]:
    """Numbers of runs in execution order, in equal shares of whole groups, and a group's size.

    A group steps until its slowest run is done. Groups are large where runs cost about the same,
    since few large operations are fast, and small where they do not: two for each octave of cost.
    """
    by_cost = np.argsort(cost, kind="stable")
    share = -(-cost.size // num_shares)
    smallest, largest = np.maximum(cost[by_cost[[0, -1]]], np.finfo(float).tiny)
    num_groups = max(-(-share // GROUP), math.ceil(2 * math.log2(largest / smallest)))
    group = min(share, max(-(-share // max(num_groups, 1)), SMALLEST_GROUP))
    padded = -(-share // group) * group * num_shares
    by_cost = np.concatenate([by_cost, np.repeat(by_cost[-1:], padded - cost.size)])
    return np.concatenate([by_cost[device::num_shares] for device in range(num_shares)]), group
