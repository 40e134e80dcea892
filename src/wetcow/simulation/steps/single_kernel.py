"""One run by itself: small systems as one kernel of the processor."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax

from wetcow.modes.mode import Mode
from wetcow.modes.system import System
from wetcow.networks.dense import FEW_MODES, RealBlock
from wetcow.networks.network import Network
from wetcow.simulation.steps.advance import advance, next_piece
from wetcow.simulation.steps.stepping import Adaptive, Fixed, Piece, State

_ONE_KERNEL = {"xla_cpu_small_call": "true", "inlineable": "false"}


def _marked(**marks: Any) -> contextlib.AbstractContextManager[None]:
    """Mark calls for XLA; without effect where JAX no longer has its experimental function."""
    try:
        from jax.experimental.xla_metadata import set_xla_metadata
    except ImportError:
        return contextlib.nullcontext()
    return set_xla_metadata(**marks)


def advance_single_kernel(
    system: System,
    state: State,
    times: Any,
    stepping: Adaptive | Fixed,
    noise: Any = 0.0,
    key: Any = None,
    count: Any = None,
    eighth_order: bool | None = None,
    limit: Any = None,
) -> tuple[Any, State]:
    """As `advance`, but neither for `jax.vmap` nor for gradients.

    XLA calls a kernel for each operation of a step, which takes as long as the operation where
    there are few modes. It compiles its own small loops to one kernel with all operations, and does
    so for a call that is marked alike; then a step takes about half the time.
    """

    def go(system, state, times, stepping, count, limit):
        settings = {"count": count, "eighth_order": eighth_order, "limit": limit}
        return advance(system, state, times, stepping, noise, key, **settings)

    return _in_one_kernel(go, system, state, times, stepping, count, limit)


def next_piece_single_kernel(
    system: System,
    piece: Piece,
    times: Any,
    stepping: Adaptive | Fixed,
    noise: Any,
    key: Any,
    eighth_order: bool | None,
    limit: Any,
) -> Piece:
    """As `next_piece`; see `advance_single_kernel`."""

    def go(system, piece, times, stepping, limit):
        return next_piece(system, piece, times, stepping, noise, key, eighth_order, limit)

    return _in_one_kernel(go, system, piece, times, stepping, limit)


def _in_one_kernel(
    go: Callable[..., Any],
    system: System,
    carry: Any,
    times: Any,
    stepping: Adaptive | Fixed,
    *counts: Any,
) -> Any:
    """Call ``go(system, carry, times, stepping, *counts)``, if possible as one kernel."""
    system = system.compiled_layout()
    if not _fits(system, times, stepping):
        return go(system, carry, times, stepping, *counts)
    numbers, rest = eqx.partition(stepping, eqx.is_array)

    @jax.jit
    def inner(system, carry, times, numbers, *counts):
        with _marked(**dict.fromkeys(_ONE_KERNEL)):
            return go(system, carry, times, eqx.combine(numbers, rest), *counts)

    with _marked(**_ONE_KERNEL):
        return inner(system, carry, times, numbers, *counts)


def _fits(system: System, times: Any, stepping: Adaptive | Fixed) -> bool:
    """Whether there is little to do, and all of it can be compiled without calls of libraries."""
    if jax.default_backend() != "cpu" or system.size > FEW_MODES:
        return False
    if isinstance(stepping, Fixed) and (stepping.noisy or stepping.history):
        return False
    # Diffrax asks Python whether samples on the way of adaptive steps are in order.
    if isinstance(stepping, Adaptive) and len(times) > 2:
        return False
    # Others, those of users among them, may call what a kernel cannot, such as transforms.
    if type(system) is Network:
        return isinstance(system.coupling, RealBlock)
    return type(system) is Mode
