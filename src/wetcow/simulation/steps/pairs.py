"""Complex numbers as pairs (Re, Im), for solvers that know only real ones."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def pair(a: Any) -> Any:
    """Real array (2, ...) of a complex one."""
    return jnp.stack([a.real, a.imag])


def joined(parts: Any) -> Any:
    """Inverse of `pair`."""
    return jax.lax.complex(parts[0], parts[1])


def as_real(tree: Any) -> list[Any]:
    """Arrays of a pytree, complex ones as pairs."""
    leaves = [jnp.asarray(leaf) for leaf in jax.tree.leaves(tree)]
    return [pair(leaf) if jnp.iscomplexobj(leaf) else leaf for leaf in leaves]


def as_complex(arrays: list[Any], like: Any) -> Any:
    """Pytree like another, of the arrays that `as_real` gave."""
    leaves, structure = jax.tree.flatten(like)
    both = zip(arrays, leaves, strict=True)
    return structure.unflatten(joined(x) if jnp.iscomplexobj(leaf) else x for x, leaf in both)
