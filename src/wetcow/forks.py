"""What goes to other processes: forks that have JAX without its threads, and the package itself.

Python is asked before each fork, from the import of the package on, and JAX is not imported for it.
"""

from __future__ import annotations

import copyreg
import importlib
import os
import sys
from collections.abc import Callable
from types import ModuleType


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


def send_by_name(package: str) -> None:
    """Pickle the package as its name, so that functions that use it can be sent to workers.

    lazy_loader gives it a type of its own, which cloudpickle does not know to be a module.
    """
    kind = type(sys.modules[package])
    if kind is not ModuleType:
        copyreg.pickle(kind, _by_name)


def _by_name(module: ModuleType) -> tuple[Callable[[str], ModuleType], tuple[str]]:
    return importlib.import_module, (module.__name__,)
