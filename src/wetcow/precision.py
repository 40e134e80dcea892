"""Double precision for reference results, without touching JAX's global setting."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import jax
import jax.core
import numpy as np

P = ParamSpec("P")
T = TypeVar("T")


_used_in: int | None = None


class ForkedProcessError(RuntimeError):
    """JAX is used in a process that was forked after its parent had used JAX, where it hangs."""


def check_process() -> None:
    """Raise where work with JAX would hang for ever: in a fork of a process that used it.

    Raises
    ------
    ForkedProcessError
        That says what to do instead.
    """
    global _used_in
    if _used_in is None:
        _used_in = os.getpid()
    elif _used_in != os.getpid():
        raise ForkedProcessError(
            "this process was forked after JAX was used in its parent, and JAX would hang here. "
            'Start processes anew, with multiprocessing.get_context("spawn") or joblib\'s loky, or '
            "run many parameters and seeds at once with wc.sweep"
        )


def is_traced(*values: Any) -> bool:
    """Whether any leaf of the pytrees `values` is being traced by JAX."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(values))


def to_numpy(tree: Any) -> Any:
    """Copy the arrays of a pytree to NumPy; 0-d arrays become NumPy scalars."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[()], tree)


def in_double(function: Callable[P, T]) -> Callable[P, T]:
    """Evaluate `function` in float64 and return NumPy values.

    Under tracing (``jit``, ``grad``, ``vmap``) the function is left alone: it then runs in the
    precision of its caller, who chooses it with ``jax.enable_x64``.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        if is_traced(args, kwargs):
            return function(*args, **kwargs)
        check_process()
        # Concrete values are evaluated now also inside someone else's jit.
        with jax.ensure_compile_time_eval(), jax.enable_x64(True):
            return to_numpy(function(*args, **kwargs))

    return wrapper
