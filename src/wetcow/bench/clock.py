"""How things are timed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

_LEAST, _MOST = 0.1, 3.0  # seconds that a measurement takes, unless one call takes longer


def best_seconds(run: Callable[[], Any]) -> float:
    """Shortest time of some calls, compilation aside."""
    jax.block_until_ready(run())
    began, seconds = time.perf_counter(), []
    while not seconds or (
        time.perf_counter() - began < _MOST
        and (len(seconds) < 5 or time.perf_counter() - began < _LEAST)
    ):
        start = time.perf_counter()
        jax.block_until_ready(run())
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def seconds_per_call(function: Callable, state: Any, *fixed: Any) -> float:
    """Time of ``function(state, *fixed)``, a state again, inside a compiled loop.

    As in an integration, where nothing returns to Python between evaluations.
    """

    def loop(count, state, *fixed):
        # Damped, so that many applications of a linear map do not overflow.
        return jax.lax.fori_loop(0, count, lambda _, a: 0.5 * a + 0.5 * function(a, *fixed), state)

    compiled = jax.jit(loop)
    few = 3
    once = best_seconds(lambda: compiled(few, state, *fixed)) / few
    count = int(min(max(0.1 / once, few), 10_000))
    return best_seconds(lambda: compiled(jnp.int32(count), state, *fixed)) / count


def equal_steps(t1: float, dt: float) -> tuple[int, float]:
    """How many equal steps of at most `dt` reach `t1`, and how long they are."""
    count = math.ceil(t1 / dt - 1e-9)
    return count, t1 / count
