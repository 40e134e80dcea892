"""The one loop over time of `simulate` and `sweep`: chunk by chunk, watched, stopped and resumed.

A chunk has some samples. Its length is one of a few, and shorter ranges are padded, so that runs of
any number of samples share what was compiled. It is one compiled call, or several where steps
between two samples are many; between calls Python sees Ctrl-C.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.process import bound_compiled_calls, call_length, wait
from wetcow.simulation.files.store import MemoryStore, ZarrStore

LONGEST_CHUNK = 512  # samples
STEPS_PER_CHUNK = 2e6  # estimated mode-steps, so that chunks last about a second at the most
STEPS_PER_CALL = 5e5  # mode-steps of a call where there are several between two samples


class SimulationError(RuntimeError):
    """A run became singular or took too many steps; the message says where and what to try."""


def chunk_length(num_samples: int, steps_per_sample: float) -> int:
    """Samples in one chunk: a power of two.

    It depends on the whole run alone, not on where it was interrupted, so that a run in pieces is
    cut where a whole one is.

    Parameters
    ----------
    num_samples : int
        Of the whole run, the first included.
    steps_per_sample : float
        Estimated steps between two samples, of all modes together.

    Examples
    --------
    >>> chunk_length(2001, 10.0), chunk_length(101, 10.0), chunk_length(2001, 1e5)
    (512, 128, 16)
    """
    affordable = STEPS_PER_CHUNK / max(steps_per_sample, 1e-9)
    return call_length(min(num_samples - 1, LONGEST_CHUNK), affordable)


def steps_of_piece(length: int, steps_per_sample: float, cost: float) -> int | None:
    """Steps of one compiled call where a chunk of one sample needs several; else None.

    Parameters
    ----------
    length : int
        Of the chunk.
    steps_per_sample : float
        Estimated steps between two samples.
    cost : float
        Of a step, in steps of a single mode.

    Examples
    --------
    >>> steps_of_piece(1, 1e8, 10.0), steps_of_piece(1, 1e3, 10.0), steps_of_piece(16, 1e8, 10.0)
    (50000, None, None)
    """
    if length > 1 or steps_per_sample * cost <= STEPS_PER_CALL:
        return None
    return max(1, math.floor(STEPS_PER_CALL / cost))


def cost_of_step(size: int) -> float:
    """What a step of a network costs, in steps of a single mode: full couplings grow as n².

    As measured: 1,000 modes take about a millisecond. Shorter calls would spend a fifth of their
    time on laying out the couplings, which each call does.
    """
    return size * max(1.0, size / 512)


def run_chunks(
    advance: Callable[[Any, Any, Any, Callable[[float], None]], tuple[Any, Any]],
    carry: Any,
    store: MemoryStore | ZarrStore,
    times: np.ndarray,
    length: int,
    *,
    record: bool,
    progress: bool,
    check: Callable[[Any, float, float], None] = lambda *_: None,
    saved: Callable[[Any], Any] = lambda carry: carry,
    title: str = "simulating",
) -> Any:
    """Advance through all samples that are still to be done, and return the last state.

    Parameters
    ----------
    advance : callable
        From the state, times (length + 1,) and the number of intervals that count, to the samples
        (…, length, modes) and the new state. Times beyond the number repeat the last one. It is to
        `wait` for each of its compiled calls, and to tell its last argument the share of the chunk
        that each has done.
    carry : pytree
        State at the first sample, or at the one where the run goes on.
    store : MemoryStore or ZarrStore
        Takes samples and checkpoints.
    times : float array (num_samples,)
        In the precision of the run.
    length : int
        As of `chunk_length`.
    record, progress : bool
        Whether samples are stored, whether a bar is shown.
    check : callable
        Told the new state and the times at both ends of the chunk; may raise.
    saved : callable
        From the state to what checkpoints have of it.
    title : str
        Of the bar.
    """
    bound_compiled_calls()
    lows = range(max(store.samples_done, 1), times.size, length)
    with _bar(len(lows), progress, title) as tick:
        for low in lows:
            high = min(low + length, times.size)
            chunk = times[low - 1 : high]
            padded = np.concatenate([chunk, np.full(length + 1 - chunk.size, chunk[-1])])
            samples, carry = advance(carry, padded, high - low, tick)
            check(carry, float(chunk[0]), float(chunk[-1]))
            if record:
                store.write(low, np.asarray(samples)[..., : high - low, :])
            store.checkpoint(high, saved(carry))
    return carry


def run_pieces(
    go: Callable[[Any], Any],
    piece: Any,
    done: Callable[[Any], float],
    tick: Callable[[float], None],
    share: float = 1.0,
    check: Callable[[Any], None] = lambda piece: None,
) -> Any:
    """Advance from one sample to the next in pieces, each a compiled call; return the last one.

    Parameters
    ----------
    go : callable
        From a piece to the next one.
    piece : pytree
        At the sample.
    done : callable
        From a piece to the share of the way that is done; 1 at the end.
    tick : callable
        Told what is done of the chunk.
    share : float
        Of the chunk that all of this is.
    check : callable
        Told each piece that is not the last; may raise.
    """
    before = 0.0
    while before < 1:
        piece = go(piece)
        wait(piece)
        now = done(piece)
        tick(share * (now - before))
        before = now
        if before < 1:
            check(piece)
    return piece


def check_steps(taken: int, max_steps: int, start: float, end: float) -> None:
    """Raise where a run has taken as many steps as it may, between two times.

    Raises
    ------
    SimulationError
    """
    if taken >= max_steps:
        raise SimulationError(
            f"max_steps={max_steps:.2g} steps were taken before the end, between t={start:g} and "
            f"t={end:g}: the solution moves faster than its rates say. Pass a larger max_steps or "
            "larger tolerances, or end the run earlier; with path= it goes on from its last sample"
        )


@contextlib.contextmanager
def _bar(total: int, shown: bool, title: str) -> Iterator[Callable[[float], None]]:
    """Show a bar of `total` chunks, or nothing; yields what is told what was done of a chunk."""
    if not shown:
        yield lambda share: None
        return
    from rich.progress import Progress

    with Progress() as bar:
        task = bar.add_task(title, total=total)
        yield lambda share: bar.advance(task, share)


def as_arguments(tree: Any) -> Any:
    """Make the numbers of a pytree arrays, so that they are no part of what is compiled."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf) if isinstance(leaf, float) else leaf, tree)
