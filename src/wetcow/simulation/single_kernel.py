"""One run by itself: small systems as one kernel of the processor."""

from __future__ import annotations

import functools
from typing import Any

import equinox as eqx
import jax
from jax.experimental.xla_metadata import set_xla_metadata

from wetcow.modes.mode import Mode
from wetcow.modes.system import System
from wetcow.networks.dense import FEW_MODES, RealBlock
from wetcow.networks.network import Network
from wetcow.simulation.integrate import Adaptive, Fixed, State, advance

_ONE_KERNEL = {"xla_cpu_small_call": "true", "inlineable": "false"}


def advance_alone(
    system: System,
    state: State,
    times: Any,
    stepping: Adaptive | Fixed,
    noise: Any = 0.0,
    key: Any = None,
    count: Any = None,
    eighth_order: bool | None = None,
) -> tuple[Any, State]:
    """As `advance`, but neither for `jax.vmap` nor for gradients.

    XLA calls a kernel for each operation of a step, which takes as long as the operation where
    there are few modes. It compiles its own small loops to one kernel with all operations, and does
    so for a call that is marked alike; then a step takes about half the time.
    """
    system = system.compiled_layout()
    if not _fits(system, times, stepping):
        return advance(
            system, state, times, stepping, noise, key, count=count, eighth_order=eighth_order
        )
    numbers, rest = eqx.partition(stepping, eqx.is_array)
    with set_xla_metadata(**_ONE_KERNEL):
        return _advance(system, state, times, numbers, count, rest, eighth_order)


@functools.partial(jax.jit, static_argnames=("rest", "eighth_order"))
def _advance(system, state, times, numbers, count, rest, eighth_order):
    stepping = eqx.combine(numbers, rest)
    with set_xla_metadata(**dict.fromkeys(_ONE_KERNEL)):
        return advance(system, state, times, stepping, count=count, eighth_order=eighth_order)


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
