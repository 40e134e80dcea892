"""Double precision for reference results, without touching JAX's global setting."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import jax
import jax.core
import numpy as np

from wetcow.process import check_process

P = ParamSpec("P")
T = TypeVar("T")


def is_traced(*values: Any) -> bool:
    """Whether any leaf of the pytrees `values` is being traced by JAX."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(values))


def to_numpy(tree: Any) -> Any:
    """Copy the arrays of a pytree to NumPy; 0-d arrays become NumPy scalars."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[()], tree)


def anew(tree: Any) -> Any:
    """Copy the NumPy arrays of a pytree: JAX keeps one that a call in single precision held so."""
    return jax.tree.map(lambda leaf: np.array(leaf) if isinstance(leaf, np.ndarray) else leaf, tree)


def of_one_time(name: str, function: Callable[[Any], Any], dtype: Any) -> jax.ShapeDtypeStruct:
    """Shape and type of what a function of time returns.

    Raises
    ------
    ValueError
        If JAX cannot compile it.
    """
    time = jax.ShapeDtypeStruct((), np.dtype(dtype))
    try:
        # JAX refers weakly to what it compiles, and crashes where that cannot be: NumPy's ufuncs.
        found = jax.eval_shape(lambda t: function(t), time)
        return jax.ShapeDtypeStruct(np.shape(found), jax.dtypes.result_type(found))
    except Exception as error:
        first = str(error).partition("\n")[0]
        raise ValueError(
            f"{name} cannot be compiled; write it with jax.numpy, for one time: {first}"
        ) from error


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
            args, kwargs = anew((args, kwargs))
            return to_numpy(function(*args, **kwargs))

    return wrapper
