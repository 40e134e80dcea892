"""One simulator of a comparison, and how it is timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

PeerRun = Callable[[float], np.ndarray]

_REPEATS, _ENOUGH = 3, 0.2  # runs at least, and seconds that all take at least
_LONG = 5.0  # seconds; longer runs are not repeated
_TOO_LONG = 20.0  # and after one of so many, no higher accuracy is asked for


class Peer(NamedTuple):
    """A row of the comparison.

    Attributes
    ----------
    description : str
        What it is, in a few words.
    prepare : callable (problem, t1) -> run
        Imports, generates and compiles what serves for all runs; ImportError if it cannot. The
        problem has a `size`, initial amplitudes `a0`, and makes a `network()`.
        ``run(accuracy)`` returns amplitudes at `t1`, complex128 (n,), from ``problem.a0`` at 0.
    adaptive : bool
        Whether `accuracy` is a relative tolerance, with an absolute one of a hundredth of it; else
        it is the step, time.
    compiles : bool
        Whether the first run to each accuracy compiles something.
    """

    description: str
    prepare: Callable[[Any, float], PeerRun]
    adaptive: bool
    compiles: bool = False


def measure(
    name: str, peer: Peer, problem: Any, t1: float, accuracies: list[float], reference: np.ndarray
) -> list[dict[str, Any]]:
    """Prepare a peer and run it to each accuracy, the least first, while that is not too long.

    Returns
    -------
    list of dict
        method, n, accuracy; prepare_seconds, compilation included; seconds of the shortest
        of three runs, of more if they are short, of one if it is long; error, the largest of
        |a − reference| at `t1`, not finite where the method failed.

    Raises
    ------
    ImportError
        If a library is not installed.
    """
    run, prepared = _timed(peer.prepare, problem, t1)
    rows = []
    for accuracy in accuracies:
        first = _timed(run, accuracy)[1] if peer.compiles else 0.0
        a, *seconds = _timed(run, accuracy)
        while seconds[-1] <= _LONG and (len(seconds) < _REPEATS or sum(seconds) < _ENOUGH):
            seconds.append(_timed(run, accuracy)[1])
        row = {"method": name, "n": problem.size, "accuracy": accuracy}
        row["prepare_seconds"] = prepared + max(first - min(seconds), 0.0)
        error = float(np.max(np.abs(a - reference)))
        rows.append({**row, "seconds": min(seconds), "error": error})
        if min(seconds) > _TOO_LONG:
            break
    return rows


def _timed(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start
