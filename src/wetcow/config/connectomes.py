"""The connectome that a table ``system`` names, read."""

from __future__ import annotations

import pathlib
import re

from wetcow.config.systems import ConnectomeSystem
from wetcow.networks.connectome import Connectome, load_connectome

_OWN = ("frequency", "speed", "normalisation", "symmetric", "file_kind", "weight", "length")


def read_connectome(table: ConnectomeSystem, folder: pathlib.Path) -> Connectome:
    """Read the files that a table names, which are in `folder`, as its keys say.

    Raises
    ------
    ValueError
        As of `load_connectome`, with keys where that names arguments.
    """
    given = {name: getattr(table, name) for name in (*_OWN, "tract_lengths")}
    given["kind"] = given.pop("file_kind")
    if table.tract_lengths is not None:
        given["tract_lengths"] = folder / table.tract_lengths
    given = {name: value for name, value in given.items() if value is not None}
    try:
        return load_connectome(folder / table.file, **given)
    except ValueError as error:
        raise ValueError(_as_keys(str(error))) from error


def _as_keys(advice: str) -> str:
    """Arguments that a message names, as keys of the table."""
    advice = re.sub(r"\bkind='(\w+)'", r'system.file_kind = "\1"', advice)
    return re.sub(
        r"\bsymmetric=(\w+)", lambda found: f"system.symmetric = {found[1].lower()}", advice
    )
