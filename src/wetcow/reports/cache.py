"""Evidence in files, so that a report that was killed goes on where it was.

A file is believed only if it is complete, unchanged since it was written, and made by the same
program for the same work on the same machine; otherwise the section is computed again. The same
program means: every file of the package, and the versions of the libraries that compute.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
import pathlib
from importlib.metadata import version
from typing import Any, NamedTuple, get_args

from wetcow.files import plain, write_whole
from wetcow.reports.evidence import Effort, Evidence, Verdict, from_plain, to_plain
from wetcow.version import __version__

LIBRARIES = ("jax", "diffrax", "numpy", "scipy", "scikit-learn", "xarray")
"""Libraries that numbers of a report may depend on."""


class Cached(NamedTuple):
    """Evidence, and when, in what time and by which program it was found.

    Attributes
    ----------
    evidence : Evidence
    date : str
        ISO 8601, UTC.
    seconds : float
        That the section took.
    key : dict
        As of `key_of`.
    """

    evidence: Evidence
    date: str
    seconds: float
    key: dict[str, Any]

    @property
    def program(self) -> str:
        """The program that found it, for readers: its version and the start of its hash."""
        return f"wetcow {self.key['wetcow']} ({self.key['source'][:8]})"


def library_versions() -> dict[str, str]:
    """Return the versions of the package and of the libraries that compute."""
    return {"wetcow": __version__} | {name: version(name) for name in LIBRARIES}


@functools.cache
def package_digest(folder: pathlib.Path) -> str:
    """Return the SHA-256 of all files below `folder`, names included, compiled ones excluded.

    A section depends on more of the package than can be listed. A change of any file therefore
    makes all sections new. The data sets are covered too: their hashes stand in the package.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def key_of(name: str, module: str, effort: Effort, machine: str) -> dict[str, Any]:
    """Return what must be the same for cached evidence to stand for a new computation.

    Parameters
    ----------
    name, module : str
        Of the section, and of the module that computes it, which may lie outside the package.
    effort : Effort
        Seed and size count, not where data are: those are checked by content.
    machine : str
        Times are those of a machine.
    """
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"there is no module {module}", name=module)
    package = package_digest(pathlib.Path(__file__).parents[1])
    own = hashlib.sha256(pathlib.Path(found.origin).read_bytes()).hexdigest()
    return {
        **library_versions(),
        "section": name,
        "source": hashlib.sha256(f"{package} {own}".encode()).hexdigest(),
        "seed": effort.seed,
        "quick": effort.quick,
        "machine": machine,
    }


def storable(evidence: Evidence) -> Evidence:
    """Return evidence as it would come back from a file: tuples as lists, no NaN, no infinity.

    Examples
    --------
    >>> from wetcow.reports.evidence import EvidenceTable
    >>> rows = [{"periods": float("inf"), "sizes": (1, 2)}]
    >>> table = EvidenceTable("t", rows=rows, labels={}, caption="")
    >>> storable(Evidence("Speed", claims=[], tables=[table], texts=[])).tables[0].rows
    [{'periods': None, 'sizes': [1, 2]}]
    """
    return from_plain(plain(to_plain(evidence)))


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def store(path: str | os.PathLike, cached: Cached) -> None:
    """Write evidence to a file, which appears only when it is complete."""
    content = plain({**cached._asdict(), "evidence": to_plain(cached.evidence)})
    content["digest"] = _digest(content)
    write_whole(path, json.dumps(content, indent=1, allow_nan=False).encode())


def find_cached(
    path: str | os.PathLike, key: dict[str, Any], *, older: bool = False
) -> Cached | None:
    """Return what `store` wrote, or None if there is nothing, nothing whole, or of another key.

    Parameters
    ----------
    path : path
        The file.
    key : dict
        As of `key_of`.
    older : bool
        Whether evidence of another program or machine is taken, too, if it is for the same
        section, seed and size.
    """
    same = ("section", "seed", "quick") if older else tuple(key)
    try:
        content = json.loads(pathlib.Path(path).read_bytes())
        digest = content.pop("digest")
        known = plain(key)
        if digest != _digest(content) or (not older and content["key"].keys() != known.keys()):
            return None
        if any(content["key"][name] != known[name] for name in same):
            return None
        evidence = from_plain(content["evidence"])
        if not all(claim.verdict in get_args(Verdict) for claim in evidence.claims):
            return None
        return Cached(
            evidence=evidence, date=content["date"], seconds=content["seconds"], key=content["key"]
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
