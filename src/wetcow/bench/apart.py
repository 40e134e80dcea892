"""Measurements in processes of their own, each bound to cores of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import Any

_LIMIT = 600  # seconds


def bind(first: int, count: int) -> None:
    """Let this process have `count` cores, where the system allows; as many devices of JAX."""
    with contextlib.suppress(AttributeError, OSError):  # not on macOS or Windows
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[first : first + count])
    import jax

    jax.config.update("jax_num_cpu_devices", count)


def rows_of(module: str, calls: list[list[Any]]) -> list[dict[str, Any]]:
    """Run ``python -m module ARGUMENTS`` for each call, all at once; the rows of the first.

    Parameters
    ----------
    module : str
        Prints its rows as JSON, in the last line.
    calls : list of list
        Arguments, which are passed as JSON.

    Raises
    ------
    ChildProcessError
        If a process fails.
    """
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", module, *map(json.dumps, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,  # flags may set another number of devices
        )
        for arguments in calls
    ]
    try:
        printed = [one.communicate(timeout=_LIMIT) for one in started]
    finally:
        for one in started:
            one.kill()
    for one, (_, errors) in zip(started, printed, strict=True):
        if one.returncode:
            lines = errors.strip().splitlines() or [f"exit code {one.returncode}"]
            raise ChildProcessError(f"one of {len(calls)} processes failed: {lines[-1]}")
    return json.loads(printed[0][0].splitlines()[-1])


def add_efficiency(rows: list[dict[str, Any]], shared_by: str) -> None:
    """Add the time of one over the total time of all that share the same work."""
    alone = {(row["n"], row.get("batch")): row for row in rows if row[shared_by] == 1}
    for row in rows:
        if one := alone.get((row["n"], row.get("batch"))):
            row["efficiency"] = one["seconds"] / row[shared_by] / row["seconds"]
