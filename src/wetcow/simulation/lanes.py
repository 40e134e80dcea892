"""Many runs of one system at once: each a lane of one batched compiled call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.modes.system import System
from wetcow.simulation.integrate import Adaptive, Fixed, advance, initial_state
from wetcow.simulation.plan import TYPES, segment_length
from wetcow.simulation.reduce import Reducer, fold
from wetcow.simulation.simulate import keys

GROUP, SMALLEST_GROUP = 256, 8  # lanes that step together and wait for the slowest of them


class Lanes(NamedTuple):
    """What all lanes have in common; picklable, so that other processes can run some of them.

    Attributes
    ----------
    system : System
        Whose parameters vary.
    a0 : complex array, optional
        Initial state; default: the system's own.
    times : float array (k,)
        Of the samples.
    noise : float
        σ of additive noise.
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
    """

    system: System
    a0: Any
    times: np.ndarray
    noise: float
    stepping: Adaptive | Fixed
    precision: str
    record: bool
    reducers: dict[str, Reducer]
    group: int

    def run(self, batch: Any, devices: Sequence[Any] | None = None) -> dict[str, np.ndarray]:
        """Integrate lanes.

        Parameters
        ----------
        batch : (parameters, seeds)
            Pytrees of arrays whose first axis are the lanes, whole groups for each device.
        devices : sequence of JAX devices, optional
            That share them; default: the first one.

        Returns
        -------
        dict of name to array (lanes, ...)
        """
        dtype = TYPES[self.precision]
        with jax.enable_x64(self.precision == "double"):
            found = _compiled(
                self.system.arranged(),
                batch,
                None if self.a0 is None else jnp.asarray(self.a0, dtype),
                jnp.asarray(self.times, np.finfo(dtype).dtype),
                self.noise,
                self.stepping,
                self.record,
                self.reducers,
                tuple(devices or jax.devices()[:1]),
                self.group,
            )
            return {name: np.asarray(value) for name, value in found.items()}


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


def _lane(system, own, a0, times, noise, stepping, record, reducers):
    varied, seed = own
    system = system.replace(**varied)
    first_key, noise_key = keys(seed)
    start = system.initial(first_key) if a0 is None else a0
    start = jnp.asarray(start, jnp.result_type(times.dtype, jnp.complex64))
    state = initial_state(start, stepping)
    observed = system.observe(state.a)
    accumulators = {name: one.init(times[0], observed) for name, one in reducers.items()}

    def through(carry, times):
        state, accumulators = carry
        samples, state = advance(system, state, times, stepping, noise, noise_key)
        samples = jax.vmap(system.observe)(samples)
        return (state, fold(reducers, accumulators, times[1:], samples)), samples

    carry = (state, accumulators)
    results = {}
    if record:
        carry, samples = through(carry, times)
        results["a"] = jnp.concatenate([observed[None], samples])
    else:
        # Only one segment of samples is held at a time.
        length = segment_length(times.shape[0])
        whole = (times.shape[0] - 1) // length
        pieces = times[np.arange(whole)[:, None] * length + np.arange(length + 1)[None, :]]
        carry, _ = jax.lax.scan(lambda c, piece: (through(c, piece)[0], None), carry, pieces)
        if whole * length < times.shape[0] - 1:
            carry, _ = through(carry, times[whole * length :])
    return results | {name: one.result(carry[1][name]) for name, one in reducers.items()}


@eqx.filter_jit
def _compiled(system, batch, a0, times, noise, stepping, record, reducers, devices, group):
    """All lanes: shared between devices, in groups on each, batched within a group."""

    def share(batch):
        return jax.lax.map(
            lambda own: _lane(system, own, a0, times, noise, stepping, record, reducers),
            batch,
            batch_size=group,
        )

    if len(devices) == 1:
        return share(batch)
    mesh = jax.sharding.Mesh(np.asarray(devices), ("lanes",))
    lanes = jax.sharding.PartitionSpec("lanes")
    return jax.shard_map(share, mesh=mesh, in_specs=lanes, out_specs=lanes, check_vma=False)(batch)
