"""How time, memory and compilation grow with networks, states and spans of time."""

from __future__ import annotations

import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.bench.clock import best_seconds
from wetcow.modes.mode import Mode
from wetcow.modes.system import System
from wetcow.networks.coupling import Coupling
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.networks.sparse import Sparse
from wetcow.networks.structured import Sheet
from wetcow.simulation.steps.advance import advance
from wetcow.simulation.steps.single_kernel import advance_single_kernel
from wetcow.simulation.steps.stepping import Fixed, initial_state
from wetcow.simulation.sweep import sweep

_DT = 0.02
_GAMMA = 0.5
_LINKS = 100


def dense_coupling(size: int, rng: np.random.Generator) -> Coupling:
    """All-to-all, complex64."""
    r = rng.random((size, size), dtype=np.float32) * np.complex64((2 + 1j) / size)
    np.fill_diagonal(r, 0)
    return Dense(jnp.asarray(r))


def sparse_coupling(size: int, rng: np.random.Generator) -> Coupling:
    """A hundred links to each mode, from random others."""
    links = min(_LINKS, size - 1)
    target = np.repeat(np.arange(size, dtype=np.int32), links)
    source = (target + rng.integers(1, size, target.size, dtype=np.int32)) % size
    return Sparse(
        num_modes=size,
        target=target,
        source=source,
        value=jnp.full(target.size, (1 + 0.5j) / links, jnp.complex64),
    )


def sheet_coupling(size: int, rng: np.random.Generator) -> Coupling:
    """A square of modes that hear their neighbours at up to seven modes' distance."""
    side = round(size**0.5)
    distance = np.hypot(*np.mgrid[-7:8, -7:8])
    kernel = np.where(distance > 0, np.exp(-((distance / 3) ** 2)) * (1 + 0.5j) / 28, 0)
    return Sheet((side, side), jnp.asarray(kernel, jnp.complex64))


COUPLING_KINDS = {"dense": dense_coupling, "sparse": sparse_coupling, "sheet": sheet_coupling}


def timed_run(system: System, steps: int, seed: int, batch: int = 1) -> dict[str, float]:
    """Take fixed steps of Tsitouras' fifth order in single precision, six evaluations each.

    Parameters
    ----------
    system : System
        n modes.
    steps : int
    seed : int
        Of initial phases.
    batch : int
        Runs from as many initial states, side by side.

    Returns
    -------
    dict
        compile_seconds; seconds of the run; megabytes it needs, its arguments included;
        mode_steps_per_second.
    """
    # Laid out before the clock starts: JAX goes on before that is done.
    system = jax.block_until_ready(jax.tree.map(jnp.asarray, system.compiled_layout()))
    stepping = Fixed(dt=_DT, steps_per_sample=steps, history=0, noisy=False)
    phases = np.random.default_rng(seed).uniform(-np.pi, np.pi, (batch, system.size))
    starts = jnp.asarray(0.1 * np.exp(1j * phases), jnp.complex64)
    times = jnp.asarray([0, steps * _DT], jnp.float32)

    def ends(system, starts):
        if batch == 1:
            return advance_single_kernel(
                system, initial_state(starts[0], stepping), times, stepping
            )[0]
        states = jax.vmap(initial_state, (0, None))(starts, stepping)
        many = jax.vmap(lambda state: advance(system, state, times, stepping)[0][0])
        return many(states)

    start = time.perf_counter()
    compiled = jax.jit(ends).lower(system, starts).compile()
    compile_seconds = time.perf_counter() - start
    seconds = best_seconds(lambda: compiled(system, starts))
    memory: Any = compiled.memory_analysis()
    size = memory.argument_size_in_bytes + memory.temp_size_in_bytes + memory.output_size_in_bytes
    return {
        "compile_seconds": compile_seconds,
        "seconds": seconds,
        "megabytes": size / 1e6,
        "mode_steps_per_second": system.size * batch * steps / seconds,
    }


def with_size(kind: str, sizes: list[int], seed: int, steps: int = 20) -> list[dict[str, Any]]:
    """One run against the number of modes."""
    rows = []
    for size in sizes:
        coupling = COUPLING_KINDS[kind](size, np.random.default_rng(seed))
        omega = np.linspace(0.8, 1.2, coupling.size, dtype=np.float32)
        network = Network(gamma=_GAMMA, omega=jnp.asarray(omega), coupling=coupling)
        rows.append(
            {"what": kind, "n": coupling.size, "steps": steps, **timed_run(network, steps, seed)}
        )
    return rows


def with_batch(size: int, batches: list[int], seed: int, steps: int = 200) -> list[dict[str, Any]]:
    """A small network against the number of runs side by side."""
    network = Network(
        gamma=_GAMMA, omega=1.0, coupling=dense_coupling(size, np.random.default_rng(seed))
    )
    return [
        {
            "what": "batch",
            "n": size,
            "batch": batch,
            "steps": steps,
            **timed_run(network, steps, seed, batch),
        }
        for batch in batches
    ]


def with_time(size: int, steps: list[int], seed: int) -> list[dict[str, Any]]:
    """A small network against the number of steps."""
    network = Network(
        gamma=_GAMMA, omega=1.0, coupling=dense_coupling(size, np.random.default_rng(seed))
    )
    return [
        {"what": "time", "n": size, "steps": count, **timed_run(network, count, seed)}
        for count in steps
    ]


def many_modes(count: int, periods: float = 10.0) -> dict[str, Any]:
    """A `sweep` over single modes from rest to beyond criticality, with compilation, and its error.

    The error is the largest of |a| at the end for 100 of them, against tolerances of 1e-13.
    """
    gamma = np.linspace(0, 2.5, count)
    span: dict[str, Any] = {"t1": 2 * np.pi * periods, "num_samples": 2}
    start = time.perf_counter()
    runs = sweep(Mode(0.0), **span, gamma=gamma, rtol=1e-8, atol=1e-10)
    seconds = time.perf_counter() - start
    some = slice(None, None, max(count // 100, 1))
    exact = sweep(Mode(0.0), **span, gamma=gamma[some], rtol=1e-13, atol=1e-15)
    error = float(np.max(np.abs(runs.a.values[some, -1] - exact.a.values[:, -1])))
    return {"what": "sweep", "n": count, "seconds": seconds, "error": error}


def exponent(rows: list[dict[str, Any]], against: str, value: str = "seconds") -> float:
    """Slope of the logarithms by least squares, over the upper half of the rows."""
    upper = rows[min(len(rows) // 2, len(rows) - 2) :]
    x, y = (np.log([row[name] for row in upper]) for name in (against, value))
    return float(np.polyfit(x, y, 1)[0])
