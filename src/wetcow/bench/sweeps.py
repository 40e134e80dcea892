"""A sweep on one core, and shared by devices of a core each: `python -m wetcow.bench.sweeps`."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from wetcow.bench.apart import add_efficiency, bind, rows_of

_SPAN, _TIMES = 20.0, 3


def _worker(cores: int, modes: int, batches: list[int], seed: int) -> list[dict[str, Any]]:
    bind(0, cores)
    from wetcow.bench.problem import problem
    from wetcow.simulation.sweep import sweep
    from wetcow.synchrony import MeanOrder

    network = problem(modes, seed).network()
    rows = []
    for batch in batches:
        seconds = []
        for _ in range(1 + _TIMES):  # the first also compiles
            start = time.perf_counter()
            sweep(
                network,
                _SPAN,
                seed=range(batch),
                record=False,
                reduce={"order": MeanOrder()},
            )
            seconds.append(time.perf_counter() - start)
        row = {"what": "sweep", "n": modes, "batch": batch, "devices": cores}
        rows.append({**row, "seconds": min(seconds[1:])})
    return rows


def shared(counts: list[int], modes: int, batches: list[int], seed: int) -> list[dict[str, Any]]:
    """Time of a sweep over initial states on so many devices, with what is done once in Python.

    Parameters
    ----------
    counts : list of int
        Numbers of devices, a core each.
    modes : int
        Of the network.
    batches : list of int
        Numbers of runs.
    seed : int
        Of the network.

    Returns
    -------
    list of dict
        what, n, batch, devices, seconds; efficiency, the time of one device over that of all.

    Raises
    ------
    ChildProcessError
        If a process fails.
    """
    rows = []
    for count in counts:
        rows += rows_of(__name__, [[count, modes, batches, seed]])
    add_efficiency(rows, "devices")
    return rows


if __name__ == "__main__":
    print(json.dumps(_worker(*map(json.loads, sys.argv[1:]))))
