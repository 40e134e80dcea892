"""A network on one core, and shared by processes of a core each: `python -m wetcow.bench.devices`.

Each process is bound to a core of its own, where the system allows, so that two of them have twice
the arithmetic but the same memory: as on machines with a memory each, less its bandwidth.
"""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

from wetcow.bench.apart import add_efficiency, bind, rows_of

_STEPS, _EVALUATIONS = 20, 6


def _worker(port: int, index: int, count: int, sizes: list[int], seed: int) -> list[dict]:
    bind(index, 1)
    import jax

    if count > 1:
        jax.distributed.initialize(f"127.0.0.1:{port}", count, index)
    import jax.numpy as jnp
    import numpy as np

    from wetcow.bench.growth import dense_coupling
    from wetcow.networks.network import Network
    from wetcow.simulation.devices import arranged, everywhere, mesh_of
    from wetcow.simulation.steps.advance import advance
    from wetcow.simulation.steps.stepping import Fixed, initial_state

    rows = []
    for size in sizes:
        omega = np.linspace(0.8, 1.2, size, dtype=np.float32)
        network = Network(
            gamma=0.5, omega=omega, coupling=dense_coupling(size, np.random.default_rng(seed))
        )
        mesh = mesh_of(jax.devices(), network)
        system = arranged(network, mesh)
        stepping = Fixed(dt=0.02, steps_per_sample=_STEPS, history=0, noisy=False)
        a0 = everywhere(np.full(size, 0.1, np.complex64), mesh)
        times = everywhere(jnp.asarray([0, 0.02 * _STEPS], jnp.float32), mesh)

        @jax.jit
        def end(system, a0, times, stepping=stepping):
            return advance(system, initial_state(a0, stepping), times, stepping)[0][0]

        def run(system=system, a0=a0, times=times, end=end):
            return end(system, a0, times)

        seconds = _shortest(run)
        per_product = seconds / _STEPS / _EVALUATIONS
        rows.append({"what": "devices", "n": size, "processes": count, "seconds": per_product})
    return rows


def _shortest(run: Any, times: int = 10) -> float:
    """Shortest time of as many calls in all processes, compilation aside."""
    import time

    import jax

    jax.block_until_ready(run())
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        jax.block_until_ready(run())
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def processes(counts: list[int], sizes: list[int], seed: int) -> list[dict[str, Any]]:
    """Time of one evaluation by so many processes, with what they have to tell each other.

    Returns
    -------
    list of dict
        what, n, processes, seconds; efficiency, the time of one process over the total time of all.

    Raises
    ------
    ChildProcessError
        If a process fails.
    """
    rows: list[dict[str, Any]] = []
    for count in counts:
        port = _free_port()
        calls = [[port, index, count, sizes, seed] for index in range(count)]
        rows += rows_of(__name__, calls)
    add_efficiency(rows, "processes")
    return rows


if __name__ == "__main__":
    print(json.dumps(_worker(*map(json.loads, sys.argv[1:]))))
