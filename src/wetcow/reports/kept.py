"""Evidence in files, so that a report that was killed goes on where it was.

A file is believed only if it is complete, unchanged since it was written, and made by the same
program for the same work on the same machine; otherwise the section is computed again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import pathlib
from typing import Any, NamedTuple, get_args

from wetcow.files import plain, write_whole
from wetcow.reports.evidence import Effort, Evidence, Verdict, from_plain, to_plain
from wetcow.version import __version__


class Kept(NamedTuple):
    """Evidence, and when and in what time it was found.

    Attributes
    ----------
    evidence : Evidence
    date : str
        ISO 8601, UTC.
    seconds : float
        That the section took.
    """

    evidence: Evidence
    date: str
    seconds: float


def key_of(name: str, module: str, effort: Effort, machine: str) -> dict[str, Any]:
    """Return what must be the same for kept evidence to stand for a new computation.

    Parameters
    ----------
    name, module : str
        Of the section, and of the module that computes it, whose source counts.
    effort : Effort
        Seed and size count, not where data are: those are checked by content.
    machine : str
        Times are those of a machine.
    """
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"there is no module {module}", name=module)
    return {
        "wetcow": __version__,
        "section": name,
        "source": hashlib.sha256(pathlib.Path(found.origin).read_bytes()).hexdigest(),
        "seed": effort.seed,
        "quick": effort.quick,
        "machine": machine,
    }


def storable(evidence: Evidence) -> Evidence:
    """Return evidence as it would come back from a file: tuples as lists, no NaN, no infinity.

    Examples
    --------
    >>> from wetcow.reports.evidence import Table
    >>> table = Table("t", [{"periods": float("inf"), "sizes": (1, 2)}], {}, "")
    >>> storable(Evidence("Speed", [], [table], [])).tables[0].rows
    [{'periods': None, 'sizes': [1, 2]}]
    """
    return from_plain(plain(to_plain(evidence)))


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def keep(path: str | os.PathLike, key: dict[str, Any], kept: Kept) -> None:
    """Write evidence to a file, which appears only when it is complete."""
    content = plain({"key": key, **kept._asdict(), "evidence": to_plain(kept.evidence)})
    content["digest"] = _digest(content)
    write_whole(path, json.dumps(content, indent=1, allow_nan=False).encode())


def find_kept(path: str | os.PathLike, key: dict[str, Any]) -> Kept | None:
    """Return what `keep` wrote, or None if there is nothing, nothing whole, or of another key."""
    try:
        content = json.loads(pathlib.Path(path).read_bytes())
        digest = content.pop("digest")
        if digest != _digest(content) or content["key"] != plain(key):
            return None
        evidence = from_plain(content["evidence"])
        known = all(claim.verdict in get_args(Verdict) for claim in evidence.claims)
        return Kept(evidence, content["date"], content["seconds"]) if known else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
