"""Libraries that are extras, imported when they are used."""

from __future__ import annotations

import importlib
from typing import Any


def optional(name: str, extra: str, what: str) -> Any:
    """Import a library, or say which extra has it.

    Raises
    ------
    ImportError
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f'{what} needs {name}: pip install "wetcow[{extra}]"') from error
