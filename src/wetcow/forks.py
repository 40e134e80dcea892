"""In which process JAX started its threads: what is forked from there has JAX without them.

Python is asked before each fork, from the import of the package on, and JAX is not imported for it.
"""

from __future__ import annotations

import os
import sys


class Started:
    """The process in which JAX is known to have started, as far as this one knows."""

    process: int | None = None


def note_start() -> None:
    """JAX has started in this process, or in the one that this was forked from."""
    if Started.process is None:
        Started.process = os.getpid()


def has_threads() -> bool:
    """Whether JAX is imported and has threads; False if its version does not say."""
    bridge = sys.modules.get("jax._src.xla_bridge")
    try:
        # Compiling is not all that starts them, and there is no public way to ask.
        return bridge is not None and bool(bridge.backends_are_initialized())
    except Exception:
        return False


def _before_fork() -> None:
    if has_threads():
        note_start()


def watch() -> None:
    """Look before each fork from now on whether JAX has started."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork)
