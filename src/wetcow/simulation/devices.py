"""One network on several devices: each has the couplings of some modes, and all have the state.

Functions take a mesh of devices, or None for the default device.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from wetcow.modes.system import System
from wetcow.networks.dense import Dense, RowMajor


def mesh_of(devices: Sequence[Any] | None, system: System) -> Mesh | None:
    """Return the mesh of devices that are to share a system; None if there is nothing to share.

    Raises
    ------
    ValueError
        Unless `system` has a `Dense` coupling and each device gets as many modes.
    """
    if devices is None or len(devices) == 1:
        return None
    coupling = getattr(system, "coupling", None)
    if not isinstance(coupling, Dense):
        raise ValueError(
            "several devices share the rows of a Dense coupling; "
            f"this {type(system).__name__} has {type(coupling).__name__ if coupling else 'none'}"
        )
    if system.size % len(devices):
        raise ValueError(
            f"{len(devices)} devices cannot share {system.size} modes equally; use a divisor of it"
        )
    return Mesh(np.asarray(devices), ("modes",))


def arranged(system: Any, mesh: Mesh | None) -> Any:
    """Lay out a system for speed, with its rows of R on each device."""
    if mesh is None:
        return system.compiled_layout()
    rows = RowMajor.of(np.asarray(system.coupling.r)).r
    shared = _place(rows, mesh, PartitionSpec("modes", None))
    rest = everywhere(eqx.tree_at(lambda one: one.coupling, system, None), mesh)
    return eqx.tree_at(lambda one: one.coupling, rest, RowMajor(shared), is_leaf=_is_none)


def everywhere(tree: Any, mesh: Mesh | None) -> Any:
    """Give all devices the same arrays."""
    if mesh is None:
        return tree
    return jax.tree.map(lambda leaf: _place(leaf, mesh, PartitionSpec()), tree)


def gather(tree: Any, mesh: Mesh | None) -> Any:
    """Inside a compiled function: have all devices hold all of some arrays."""
    if mesh is None:
        return tree
    return jax.lax.with_sharding_constraint(tree, NamedSharding(mesh, PartitionSpec()))


def _is_none(leaf: Any) -> bool:
    return leaf is None


def _place(value: Any, mesh: Mesh, spec: PartitionSpec) -> Any:
    """Put on the devices what each needs; other processes put the rest on theirs."""
    if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(_place(jax.random.key_data(value), mesh, spec))
    value = np.asarray(value)
    dtype = jax.dtypes.canonicalize_dtype(value.dtype)
    return jax.make_array_from_callback(
        value.shape, NamedSharding(mesh, spec), lambda index: value[index].astype(dtype)
    )
