"""The one loop over time of `simulate` and `sweep`: chunk by chunk, watched, stopped and resumed.

A chunk is one compiled call. Its length is one of a few, and shorter ranges are padded, so that
runs of any number of samples share what was compiled.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wetcow.process import bound_compiled_calls, call_length
from wetcow.simulation.store import MemoryStore, ZarrStore

LONGEST_CHUNK = 512  # samples
STEPS_PER_CHUNK = 2e6  # estimated mode-steps, so that chunks last about a second at the most


def chunk_length(num_samples: int, steps_per_sample: float) -> int:
    """Samples in one compiled call: a power of two.

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


def cost_of_step(size: int) -> float:
    """What a step of a network costs, in steps of a single mode: full couplings grow as n²."""
    return size * max(1.0, size / 64)


def run_chunks(
    advance: Callable[[Any, Any, Any, Callable[[], None]], tuple[Any, Any]],
    carry: Any,
    store: MemoryStore | ZarrStore,
    times: np.ndarray,
    length: int,
    *,
    record: bool,
    progress: bool,
    parts: int = 1,
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
        `wait` for each of its parts, and to call its last argument after each.
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
    parts : int
        In which `advance` does its work.
    check : callable
        Told the new state and the times at both ends of the chunk; may raise.
    saved : callable
        From the state to what checkpoints have of it.
    title : str
        Of the bar.
    """
    bound_compiled_calls()
    lows = range(max(store.samples_done, 1), times.size, length)
    with _bar(len(lows) * parts, progress, title) as tick:
        for low in lows:
            high = min(low + length, times.size)
            piece = times[low - 1 : high]
            padded = np.concatenate([piece, np.full(length + 1 - piece.size, piece[-1])])
            samples, carry = advance(carry, padded, high - low, tick)
            check(carry, float(piece[0]), float(piece[-1]))
            if record:
                store.write(low, np.asarray(samples)[..., : high - low, :])
            store.checkpoint(high, saved(carry))
    return carry


@contextlib.contextmanager
def _bar(total: int, shown: bool, title: str) -> Iterator[Callable[[], None]]:
    """Show a bar of `total` parts, or nothing; yields what is to be called after each part."""
    if not shown:
        yield lambda: None
        return
    from rich.progress import Progress

    with Progress() as bar:
        task = bar.add_task(title, total=total)
        yield lambda: bar.advance(task)


def as_arguments(tree: Any) -> Any:
    """Make the numbers of a pytree arrays, so that they are no part of what is compiled."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf) if isinstance(leaf, float) else leaf, tree)
