"""The loop of `simulate` and `sweep`: short compiled calls, between which a run can be stopped.

A compiled call cannot be interrupted. A run is therefore cut into pieces of samples, each of them
one call of well under a second on usual sizes, after which Python answers Ctrl-C, the progress bar
moves, and results go to the store. Where a run is cut depends on its arguments alone, not on time:
adaptive steps start anew in each piece, so a resumed run gives the same bits as one at a stretch.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import jax
import numpy as np

from wetcow.modes.system import System
from wetcow.simulation.integrate import Adaptive, Fixed
from wetcow.simulation.plan import segment_length
from wetcow.simulation.store import MemoryStore, ZarrStore

MOST_WORK = 5e8  # numbers read in one call: some tenths of a second on two cores
FEWEST_STEPS = 48  # of a piece, so that starting anew costs little
STAGES = 6  # evaluations of a step
OF_A_MODE = 30  # numbers that take as long to read as the trigonometry of a mode
SECONDS_BETWEEN_CHECKPOINTS = 5.0


class Work(Protocol):
    """What the loop advances: one run, or many."""

    def advance(self, low: int, high: int, done: Callable[[float], None]) -> np.ndarray | None:
        """Integrate samples low ≤ i < high; return them, or None if they are not kept.

        `done` is told the share of the piece that each compiled call was.
        """
        ...

    def state(self) -> Any:
        """Everything that the continuation depends on, as a pytree of arrays."""
        ...

    def restore(self, state: Any) -> None:
        """Continue from what `state` returned."""
        ...


def piece_length(
    system: System, stepping: Adaptive | Fixed, times: np.ndarray, rate: float, lanes: int = 1
) -> int:
    """Samples of one compiled call.

    Parameters
    ----------
    system : System
        One of those that run.
    stepping : Adaptive or Fixed
    times : float array (k,)
        Of all samples.
    rate : float
        Fastest linear rate of all that run, 1/time.
    lanes : int
        Runs in one call.

    Returns
    -------
    int
        At most `segment_length`, and a divisor of it where there is one of about the right size.

    Examples
    --------
    >>> from wetcow.modes.mode import Mode
    >>> piece_length(Mode(gamma=1.9), Adaptive(1e-8, 1e-10), np.linspace(0, 200, 2001), 1.0)
    500
    """
    segment = segment_length(times.size)
    if isinstance(stepping, Fixed):
        steps = float(stepping.steps_per_sample)
    else:
        # A method of fifth order; a step is about as long as the tolerance lets it be.
        steps = max(rate * float(times[1] - times[0]) / (3 * stepping.rtol**0.2), 1e-9)
    leaves = sum(np.size(leaf) for leaf in jax.tree.leaves(system))
    work = lanes * (leaves + OF_A_MODE * system.size) * STAGES * steps
    wanted = max(math.ceil(MOST_WORK / work), math.ceil(FEWEST_STEPS / steps))
    if wanted >= segment:
        return segment
    divisor = max(length for length in range(1, wanted + 1) if segment % length == 0)
    return divisor if 2 * divisor >= wanted else wanted


def carry_out(
    work: Work,
    store: MemoryStore | ZarrStore,
    num_samples: int,
    piece: int,
    *,
    progress: bool,
    title: str,
) -> None:
    """Advance `work` through all samples that the store does not have yet.

    Parameters
    ----------
    work : Work
        At sample 0, which the caller has written.
    store : MemoryStore or ZarrStore
        What is there is continued; samples and checkpoints go into it.
    num_samples : int
    piece : int
        Samples of one compiled call; see `piece_length`.
    progress : bool
        Show a progress bar with this `title`.
    title : str
    """
    if store.samples_done:
        work.restore(store.resume(work.state()))
    segment, first = segment_length(num_samples), max(store.samples_done, 1)
    kept: list[np.ndarray] = []
    start, last = first, time.monotonic()
    with _bar(progress, title, num_samples, first) as advanced:
        for low, high in _pieces(first, num_samples, segment, piece):
            samples = work.advance(low, high, lambda share, n=high - low: advanced(share * n))
            if samples is not None:
                kept.append(samples)
            end_of_segment = (high - 1) % segment == 0 or high == num_samples
            if end_of_segment or time.monotonic() - last > SECONDS_BETWEEN_CHECKPOINTS:
                if kept:
                    store.write(start, np.concatenate(kept, axis=-2))
                if isinstance(store, ZarrStore):
                    store.checkpoint(high, work.state())
                kept, start, last = [], high, time.monotonic()


def _pieces(first: int, total: int, segment: int, piece: int) -> Iterator[tuple[int, int]]:
    """Sample ranges (low, high) of compiled calls; none crosses the end of a segment."""
    low = first
    while low < total:
        end = min(low + segment - (low - 1) % segment, total)
        high = min(low + piece, end)
        yield low, high
        low = high


@contextlib.contextmanager
def _bar(shown: bool, title: str, total: int, done: int) -> Iterator[Callable[[float], None]]:
    if not shown:
        yield lambda amount: None
        return
    from rich.progress import Progress

    with Progress() as bar:
        task = bar.add_task(title, total=total - 1, completed=done - 1)
        yield lambda amount: bar.advance(task, amount)
