"""Names that estimators had: old attributes still answer, old parameters say what is instead."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec

P = ParamSpec("P")

REMOVED = {
    "ridge": "noise=, λ of the memory of examples",
    "margin_passes": "nothing: a memory of examples needs none",
    "padding": "nothing: images are padded by half a patch",
    "block_size": "nothing: how many rows are encoded at once is fixed",
    "batch_size": "nothing: how many rows are encoded at once is fixed",
    "n_members": "n_modes= or patch_size=: the codes of all hidden modes are side by side anyway",
    "warm_start": "partial_fit, which keeps the hidden modes; fit always constructs anew",
}
"""Parameters that estimators had, and what is in their place."""


def renamed(old: str, new: str) -> Any:
    """Return a property that gives what another attribute has, and says so."""

    def get(self: Any) -> Any:
        value = getattr(self, new)
        warnings.warn(f"{old} is called {new} now; the old name will go", FutureWarning, 2)
        return value

    return property(get, doc=f"Deprecated name of `{new}`.")


def refuses_removed(init: Callable[P, None]) -> Callable[P, None]:
    """Let a constructor raise a TypeError for removed parameters that says what is instead."""

    @functools.wraps(init)
    def checked(*arguments: P.args, **parameters: P.kwargs) -> None:
        for name in REMOVED.keys() & parameters.keys():
            raise TypeError(
                f"{type(arguments[0]).__name__} has no parameter {name} any more; in its place is "
                f"{REMOVED[name]}"
            )
        init(*arguments, **parameters)

    return checked
