"""A network on one core, and shared by processes of a core each: `python -m wetcow.bench.devices`.

Each process is bound to a core of its own, where the system allows, so that two of them have twice
the arithmetic but the same memory: as on machines with a memory each, less its bandwidth.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from typing import Any

_STEPS, _EVALUATIONS = 20, 6
_LIMIT = 600  # seconds


def _worker(port: int, index: int, count: int, sizes: list[int], seed: int) -> list[dict]:
    with contextlib.suppress(AttributeError, OSError):  # not on macOS or Windows
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[index]})
    import jax

    jax.config.update("jax_num_cpu_devices", 1)
    if count > 1:
        jax.distributed.initialize(f"127.0.0.1:{port}", count, index)
    import jax.numpy as jnp
    import numpy as np

    from wetcow.bench.growth import dense
    from wetcow.networks.network import Network
    from wetcow.simulation.devices import arranged, everywhere, mesh_of
    from wetcow.simulation.integrate import Fixed, advance, initial_state

    rows = []
    for size in sizes:
        omega = np.linspace(0.8, 1.2, size, dtype=np.float32)
        network = Network(0.5, omega, dense(size, np.random.default_rng(seed)))
        mesh = mesh_of(jax.devices(), network)
        system = arranged(network, mesh)
        stepping = Fixed(0.02, _STEPS, 0, False)
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
        command = [sys.executable, "-m", __name__, str(port)]
        started = [
            subprocess.Popen(
                [*command, str(index), str(count), json.dumps(sizes), str(seed)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for index in range(count)
        ]
        try:
            printed = [one.communicate(timeout=_LIMIT) for one in started]
        finally:
            for one in started:
                one.kill()
        for one, (_, errors) in zip(started, printed, strict=True):
            if one.returncode:
                lines = errors.strip().splitlines() or [f"exit code {one.returncode}"]
                raise ChildProcessError(f"one of {count} processes failed: {lines[-1]}")
        rows += json.loads(printed[0][0].splitlines()[-1])
    alone = {row["n"]: row["seconds"] for row in rows if row["processes"] == 1}
    for row in rows:
        if row["n"] in alone:
            row["efficiency"] = alone[row["n"]] / row["processes"] / row["seconds"]
    return rows


if __name__ == "__main__":
    port, index, count, sizes, seed = sys.argv[1:]
    found = _worker(int(port), int(index), int(count), json.loads(sizes), int(seed))
    print(json.dumps(found))
