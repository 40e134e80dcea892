"""JAX and the process: no forks, bounds on memory maps, waiting; and how much memory is free.

A process forked after JAX started its threads has JAX without them, and waits for them for ever.
XLA keeps some hundred memory maps for each compiled call for as long as it can be called again, and
the kernel ends a process that has more than about 65,000.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pathlib
import time
from typing import Any

import equinox as eqx
import jax

from wetcow.forks import Started, note_start

COMPILED_BETWEEN_LOOKS = 16
SHARE_OF_MAPS = 0.5  # of those that the kernel allows, above which compiled calls are dropped
MOST_COMPILED = 2000  # compilations after which they are dropped where maps cannot be counted

_PROC, _GROUPS = pathlib.Path("/proc"), pathlib.Path("/sys/fs/cgroup")
_MAPS, _ALLOWED = pathlib.Path("/proc/self/maps"), pathlib.Path("/proc/sys/vm/max_map_count")


class ForkedProcessError(RuntimeError):
    """JAX is used in a process that was forked after its parent had used JAX, where it hangs."""


class _JAX:
    """What is known of JAX in this process."""

    compiled = 0  # calls since the last look at the maps


def _on_event(event: str, duration_secs: float, **_: Any) -> None:
    if "compile" not in event:
        return
    note_start()
    _JAX.compiled += "backend_compile" in event


jax.monitoring.register_event_duration_secs_listener(_on_event)


def check_process() -> None:
    """Raise where work with JAX would hang for ever: in a fork of a process that used it.

    Raises
    ------
    ForkedProcessError
        That says what to do instead.
    """
    if Started.process not in (None, os.getpid()):
        raise ForkedProcessError(
            "this process was forked after JAX was used in its parent, and JAX would hang here. "
            'Start processes anew, with multiprocessing.get_context("spawn") or joblib\'s loky, or '
            "run many parameters and seeds at once with wc.sweep"
        )


def count_maps() -> tuple[int, int] | None:
    """Memory maps of this process and how many the kernel allows; None where it does not say."""
    try:
        return _MAPS.read_bytes().count(b"\n"), int(_ALLOWED.read_text())
    except (OSError, ValueError):
        return None


def bound_compiled_calls() -> None:
    """Forget compiled calls before the memory maps that they hold end the process.

    Looked at after each 16 compilations: where more than half of the maps that the kernel allows
    are in use, all compiled calls are dropped, with `jax.clear_caches`, and what is needed is
    compiled again. Where maps cannot be counted that is done after 2000 compilations.
    """
    if _JAX.compiled < COMPILED_BETWEEN_LOOKS:
        return
    maps = count_maps()
    if maps is None:
        many = _JAX.compiled >= MOST_COMPILED
    else:
        many = maps[0] > SHARE_OF_MAPS * maps[1]
    if many:
        eqx.clear_caches()
        jax.clear_caches()
        gc.collect()
    if many or maps is not None:
        _JAX.compiled = 0


def call_length(wanted: int, affordable: float) -> int:
    """Items, such as samples, that one compiled call works on: a power of two, so that few compile.

    Parameters
    ----------
    wanted : int
        Items that there are, at least 1: the length is rounded up to a power of two.
    affordable : float
        Items that take as long as a call may last: rounded down to a power of two, at least 1.

    Examples
    --------
    >>> call_length(100, 1e6), call_length(100, 50.0), call_length(100, 0.1)
    (128, 32, 1)
    """
    length = 1 << (wanted - 1).bit_length()
    return min(length, 1 << (max(1, int(affordable)).bit_length() - 1))


def wait(tree: Any) -> None:
    """Wait until arrays are computed, open to Ctrl-C: to wait inside JAX is not."""
    pause = 1e-5
    for leaf in jax.tree.leaves(tree):
        is_ready = getattr(leaf, "is_ready", None)  # of JAX arrays
        while is_ready is not None and not is_ready():
            time.sleep(pause)
            pause = min(2 * pause, 0.02)


def available_memory() -> float:
    """Bytes of memory that can be had now, or infinity where that is not known.

    What the system keeps of files can be had. Where the process is in a control group, as in a
    container, its limit counts if it is lower.
    """
    return min(_memory_of_system(), _memory_of_groups())


def _memory_of_system() -> float:
    try:
        for line in (_PROC / "meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return float("inf")


def _memory_of_groups() -> float:
    """Least that is left of the limits of the control groups of this process, of both versions."""
    try:
        groups = [line.split(":", 2) for line in (_PROC / "self/cgroup").read_text().splitlines()]
    except OSError:
        return float("inf")
    left = [float("inf")]
    for _, controllers, name in groups:
        if not controllers:
            root, limit, usage = _GROUPS, "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root, limit, usage = (
                _GROUPS / "memory",
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
            )
        else:
            continue
        # In a container its group may be mounted as the root, so that its name leads nowhere.
        folder = root / name.lstrip("/")
        for group in (folder, *folder.parents):
            with contextlib.suppress(OSError, ValueError):  # no file, or "max"
                free = int((group / limit).read_text()) - int((group / usage).read_text())
                cached = _cached_files(group / "memory.stat")
                left.append(max(0.0, float(free + cached)))
            if group == root:
                break
    return min(left)


def _cached_files(path: pathlib.Path) -> int:
    """Bytes of files that a group keeps but does not use now, which count as its usage."""
    try:
        stat = dict(line.split() for line in path.read_text().splitlines())
        return int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
    except (OSError, ValueError):
        return 0
