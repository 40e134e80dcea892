"""Many runs of one system at once: each a lane of one batched compiled call."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.modes.system import System
from wetcow.process import wait
from wetcow.simulation.chunks import as_arguments, run_chunks
from wetcow.simulation.integrate import Adaptive, Fixed, State, advance, traced_stepping
from wetcow.simulation.plan import TYPES, uses_eighth_order
from wetcow.simulation.reduce import Reducer, fold
from wetcow.simulation.simulate import keys
from wetcow.simulation.store import MemoryStore, ZarrStore

SYSTEM = "system"  # among what varies: whole systems, in place of parameters of one
GROUP, SMALLEST_GROUP = 256, 8  # lanes that step together and wait for the slowest of them


class Lanes(NamedTuple):
    """What all lanes have in common; picklable, so that other processes can run some of them.

    Attributes
    ----------
    system : System
        Whose parameters vary; or one of those that vary.
    a0 : complex array, optional
        Initial state; default: the system's own.
    times : float array (k,)
        Of the samples.
    stepping : Adaptive or Fixed
        Of all lanes.
    precision : {"double", "single"}
        Of the arithmetic.
    record : bool
        Whether trajectories are kept.
    reducers : dict of name to Reducer
        Statistics to accumulate.
    group : int
        Lanes that step together.
    length : int
        Samples of one compiled call.
    """

    system: System
    a0: Any
    times: np.ndarray
    stepping: Adaptive | Fixed
    precision: str
    record: bool
    reducers: dict[str, Reducer]
    group: int
    length: int

    def run(self, batch: Any, devices: Sequence[Any] | None = None) -> dict[str, np.ndarray]:
        """Integrate lanes and hold the results.

        Parameters
        ----------
        batch : (parameters, noise, seeds)
            Pytrees of arrays whose first axis are the lanes, whole groups for each device.
        devices : sequence of JAX devices, optional
            That share them; default: the first one.

        Returns
        -------
        dict of name to array (lanes, ...)
        """
        order = np.arange(len(batch[1]))
        coords = {"lane": order, "time": self.times, "mode": np.arange(self.system.size)}
        store = MemoryStore(xr.Dataset(coords=coords), record=self.record)
        found = self.fill(store, batch, order, order.shape, devices or jax.devices()[:1])
        return {str(name): one.values for name, one in found.data_vars.items()}

    def fill(
        self,
        store: MemoryStore | ZarrStore,
        batch: Any,
        order: np.ndarray,
        shape: tuple[int, ...],
        devices: Sequence[Any],
        *,
        progress: bool = False,
    ) -> xr.Dataset:
        """Integrate lanes into a store that has some of their dimensions first.

        Parameters
        ----------
        store : MemoryStore or ZarrStore
        batch, devices
            As of `run`.
        order : int array (lanes,)
            Number of the run that each lane is; some are there twice, to fill up groups.
        shape : tuple of int
            Of the sweep, in whose order runs are numbered.
        progress : bool
            Show a progress bar.
        """
        with jax.enable_x64(self.precision == "double"):
            work = _Work(self, batch, order, shape, tuple(devices))
            carry = work.start()
            saving = isinstance(store, ZarrStore)
            if store.samples_done:
                carry = work.arranged(store.resume(work.saved(carry)))
            elif self.record:
                store.write(0, work.observed(carry))
            carry = run_chunks(
                work.advance,
                carry,
                store,
                work.times,
                self.length,
                record=self.record,
                progress=progress,
                parts=len(work.own),
                saved=work.saved if saving else lambda carry: None,
                title="sweeping",
            )
            return store.finish(work.results(carry))


class _Work:
    """Lanes on their way, for the loop of chunks: group by group, on all devices at once.

    A compiled call advances one group on each device, so that calls are short, and Python can stop
    between them.
    """

    def __init__(
        self,
        lanes: Lanes,
        batch: Any,
        order: np.ndarray,
        shape: tuple[int, ...],
        devices: tuple[Any, ...],
    ):
        self.lanes, self.order, self.devices = lanes, order, devices
        self.back = np.empty(math.prod(shape), int)
        self.back[order] = np.arange(order.size)
        self.back = self.back.reshape(shape)
        self.own = _grouped(batch, lanes.group, len(devices))
        real = np.finfo(TYPES[lanes.precision]).dtype
        self.times = lanes.times.astype(real)
        self.system = lanes.system.compiled_layout()
        stepping = traced_stepping(lanes.stepping)
        self.stepping = stepping
        self.settings = {
            "eighth_order": uses_eighth_order(lanes.stepping, lanes.length),
            "record": lanes.record,
            "reducers": as_arguments(lanes.reducers),
            "devices": devices,
        }

    def start(self) -> tuple[Any, list[Any]]:
        """Steps taken, which are the same for all, and what each group carries on."""
        lanes = self.lanes
        a0 = None if lanes.a0 is None else jnp.asarray(lanes.a0, TYPES[lanes.precision])
        reducers, devices = self.settings["reducers"], self.devices
        depth = lanes.stepping.history if isinstance(lanes.stepping, Fixed) else 0
        t = jnp.asarray(self.times[0])
        groups = [_start(self.system, own, a0, t, depth, reducers, devices) for own in self.own]
        return jnp.zeros((), int), groups

    def advance(self, carry: Any, times: Any, count: int, tick: Callable[[], None]) -> Any:
        """Advance all groups, as `run_chunks` wants it."""
        step, groups = carry
        parts, after = [], []
        for own, group in zip(self.own, groups, strict=True):
            samples, group = _through(
                system=self.system,
                own=own,
                carry=group,
                times=jnp.asarray(times),
                count=jnp.asarray(count),
                step=step,
                stepping=self.stepping,
                **self.settings,
            )
            wait(group)
            after.append(group)
            parts.append(None if samples is None else np.asarray(samples))
            tick()
        if isinstance(self.stepping, Fixed):
            step = step + count * self.stepping.steps_per_sample
        return self._in_order(parts) if self.lanes.record else None, (step, after)

    def observed(self, carry: Any) -> np.ndarray:
        """Samples now, (sweep…, 1, n)."""
        each = zip(self.own, carry[1], strict=True)
        return self._in_order([_observed(self.system, own, group) for own, group in each])

    def saved(self, carry: Any) -> Any:
        """What is carried on, in the order of the sweep, so that other devices can go on too."""
        step, groups = carry
        return step, jax.tree.map(lambda *leaves: self._in_order(leaves), *groups)

    def arranged(self, saved: Any) -> Any:
        """Inverse of `saved`."""
        step, state = saved
        lanes = jax.tree.map(self._as_lanes, state)
        return step, _grouped(lanes, self.lanes.group, len(self.devices))

    def results(self, carry: Any) -> dict[str, np.ndarray]:
        """Those of the reducers, (sweep…) or (sweep…, n)."""
        reducers = self.settings["reducers"]
        parts = [_results(reducers, group[0], group[-1]) for group in carry[1]]
        return {name: self._in_order([one[name] for one in parts]) for name in reducers}

    def _in_order(self, parts: Sequence[Any]) -> np.ndarray:
        """Arrays of groups as one with the dimensions of the sweep first."""
        whole = np.stack([np.asarray(part) for part in parts])
        whole = whole.reshape(len(parts), len(self.devices), self.lanes.group, *whole.shape[2:])
        lanes = np.swapaxes(whole, 0, 1).reshape(self.order.size, *whole.shape[3:])
        return lanes[self.back]

    def _as_lanes(self, value: Any) -> np.ndarray:
        """Undo what `_in_order` does, up to the split into groups."""
        value = np.asarray(value)
        return value.reshape(self.back.size, *value.shape[self.back.ndim :])[self.order]


def _grouped(batch: Any, group: int, shares: int) -> list[Any]:
    """Lanes, (shares · groups · group, …), as one batch for each group, (shares · group, …)."""

    def split(leaf):
        leaf = np.asarray(leaf)
        rest = leaf.shape[1:]
        groups = len(leaf) // (shares * group)
        parts = leaf.reshape(shares, groups, group, *rest)
        return np.swapaxes(parts, 0, 1).reshape(groups, shares * group, *rest)

    leaves, structure = jax.tree.flatten(batch)
    split_leaves = [split(leaf) for leaf in leaves]
    return [
        structure.unflatten([leaf[index] for leaf in split_leaves])
        for index in range(len(split_leaves[0]))
    ]


def arrange(cost: np.ndarray, num_shares: int) -> tuple[np.ndarray, int]:
    """Lane numbers in execution order, in equal shares of whole groups, and the size of a group.

    A group steps until its slowest lane is done. Groups are large where lanes cost about the same,
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


def _shared(function, devices, *lanes):
    """`function` of batched arguments; each device has its share of the lanes."""
    batched = jax.vmap(function)
    if len(devices) == 1:
        return batched(*lanes)
    mesh = jax.sharding.Mesh(np.asarray(devices), ("lanes",))
    spec = jax.sharding.PartitionSpec("lanes")
    return jax.shard_map(batched, mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False)(*lanes)


def of_lane(system: System, varied: dict[str, Any]) -> System:
    """The system of one lane: its own one if systems vary, with its own parameters."""
    varied = dict(varied)
    system = varied.pop(SYSTEM, system)
    return system.replace(**varied) if varied else system


def _initial(system, a0, key, like):
    start = system.initial(key) if a0 is None else a0
    start = jnp.broadcast_to(jnp.asarray(start), system.size)
    return start.astype(jnp.result_type(like.dtype, jnp.complex64))


@eqx.filter_jit
def _start(system, own, a0, t, depth, reducers, devices):
    """What lanes carry on, at the start; `depth` is the length of their histories."""

    def start(own):
        varied, _, seed = own
        one = of_lane(system, varied)
        a = _initial(one, a0, keys(seed)[0], t)
        observed = one.observe(a)
        values = jnp.broadcast_to(a, (depth, a.size))
        accumulators = {name: each.init(t, observed) for name, each in reducers.items()}
        return a, values, jnp.zeros_like(values), accumulators

    return _shared(start, devices, own)


@eqx.filter_jit
def _through(
    system, own, carry, times, count, step, stepping, eighth_order, record, reducers, devices
):
    """Advance lanes through `count` intervals; samples, if recorded, and what is carried on.

    The number of steps is one for all lanes: with one for each, look-ups in the past would be slow.
    """

    def through(own, carry):
        varied, noise, seed = own
        one = of_lane(system, varied)
        a, values, slopes, accumulators = carry
        ok, begin = jnp.isfinite(a).all(), a
        if isinstance(stepping, Adaptive):
            # No step would be short enough for a lane that has become singular before.
            begin = jnp.where(ok, a, _initial(one, None, None, times))
        samples, state = advance(
            one,
            State(begin, step, values, slopes),
            times,
            stepping,
            noise,
            keys(seed)[1],
            count=count,
            eighth_order=eighth_order,
        )
        observed = jax.vmap(one.observe)(jnp.where(ok, samples, a))
        accumulators = fold(reducers, accumulators, times[1:], observed, count)
        after = (jnp.where(ok, state.a, a), state.values, state.slopes, accumulators)
        return observed if record else None, after

    return _shared(through, devices, own, carry)


@eqx.filter_jit
def _observed(system, own, carry):
    def observed(own, carry):
        return of_lane(system, own[0]).observe(carry[0])[None]

    return jax.vmap(observed)(own, carry)


@eqx.filter_jit
def _results(reducers, a, accumulators):
    def result(a, own):
        return {name: reducer.result(own[name]) for name, reducer in reducers.items()}

    return jax.vmap(result)(a, accumulators)
