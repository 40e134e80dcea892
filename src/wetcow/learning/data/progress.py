"""Bars that show which stage long work is in and how long it will take, or nothing at all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol


class Advance(Protocol):
    """Says how much of a stage has been done since the last call, and how it goes."""

    def __call__(self, steps: float, note: str = "") -> None:
        """Add steps done."""
        ...


class StartStage(Protocol):
    """Ends the stage before, if any, and starts another."""

    def __call__(self, name: str, total: int | None = None) -> Advance:
        """Start the stage `name` of `total` steps, None if it cannot tell how far it is."""
        ...


def ignore(steps: float, note: str = "") -> None:
    """Show nothing."""
    del steps, note


def silent(name: str, total: int | None = None) -> Advance:
    """Start a stage and show nothing."""
    del name, total
    return ignore


@contextlib.contextmanager
def stages(shown: bool) -> Iterator[StartStage]:
    """Show stages one below the other while the context lasts, on rich's console.

    Parameters
    ----------
    shown : bool
        Whether to show anything.

    Yields
    ------
    StartStage
        To be called at the start of each stage; what it returns is called with the steps done.

    Examples
    --------
    >>> with stages(False) as start:
    ...     advance = start("margin passes", 15)
    ...     advance(1)
    """
    if not shown:
        yield silent
        return
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]}", justify="right"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as bars:
        stage = _Stages(bars)
        yield stage
        stage.end()


class _Stages:
    """Stages as tasks of a rich progress display."""

    def __init__(self, bars: Any):
        self._bars = bars
        self._end: Callable[[], None] | None = None

    def __call__(self, name: str, total: int | None = None) -> Advance:
        self.end()
        bars, done = self._bars, 0.0
        task = bars.add_task(name, total=total, count="" if total is None else f"0/{total}")

        def advance(steps: float, note: str = "") -> None:
            nonlocal done
            done += steps
            # Parts of steps are added up, whose sum may fall short by rounding.
            bars.update(task, completed=done, count=f"{note}  {int(done + 1e-6)}/{total}".strip())

        def end() -> None:
            bars.update(task, total=total or 1, completed=total or 1)
            bars.stop_task(task)

        self._end = end
        return advance if total is not None else ignore

    def end(self) -> None:
        """End the last stage."""
        if self._end is not None:
            self._end()
            self._end = None
