"""What a section of the report found: claims with verdicts, and the tables they rest on.

All of it is plain data, so that a section that is complete can be kept in a file, and drawn again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

Verdict = Literal["holds", "holds partly", "does not hold", "not testable"]


class Claim(NamedTuple):
    """One thing that the paper says.

    Attributes
    ----------
    claim : str
        In the paper's words, or close to them.
    where : str
        In the paper: a figure, table, equation or section.
    verdict : {"holds", "holds partly", "does not hold", "not testable"}
    measured : str
        The numbers behind the verdict, in a sentence.
    """

    claim: str
    where: str
    verdict: Verdict
    measured: str


class EvidenceTable(NamedTuple):
    """Rows of numbers.

    Attributes
    ----------
    name : str
        Key in the report's data.
    rows : list of dict
        From column names to values.
    labels : dict
        From names of the columns shown to their headings.
    caption : str
        What was done, with sizes.
    """

    name: str
    rows: list[dict[str, Any]]
    labels: dict[str, str]
    caption: str


class Evidence(NamedTuple):
    """What a section found.

    Attributes
    ----------
    title : str
        Its heading.
    claims : list of Claim
    tables : list of EvidenceTable
    texts : list of str
        Further paragraphs: what limits the finding.
    """

    title: str
    claims: list[Claim]
    tables: list[EvidenceTable]
    texts: list[str]


class Effort(NamedTuple):
    """How much work a section may do, and where its data are.

    Attributes
    ----------
    quick : bool
        Fewer images, draws and repetitions.
    seed : int
    data_dir : path or None
        See `wetcow.datasets.load`.
    say : callable
        Told what is being done, a line each.
    """

    quick: bool
    seed: int
    data_dir: Any
    say: Callable[[str], None]


def by_rule(holds: bool, partly: bool) -> Verdict:
    """Return a verdict from two conditions on what was measured, the weaker one last.

    Examples
    --------
    >>> error = 0.02
    >>> by_rule(error < 0.01, error < 0.1)
    'holds partly'
    """
    return "holds" if holds else "holds partly" if partly else "does not hold"


def to_plain(evidence: Evidence) -> dict[str, Any]:
    """Return evidence as dictionaries and lists."""
    return {
        **evidence._asdict(),
        "claims": [claim._asdict() for claim in evidence.claims],
        "tables": [table._asdict() for table in evidence.tables],
    }


def from_plain(kept: dict[str, Any]) -> Evidence:
    """Return evidence from what `to_plain` made of it.

    Examples
    --------
    >>> claim = Claim(
    ...     "Waves are fast.",
    ...     where="abstract",
    ...     verdict="holds partly",
    ...     measured="As fast as others.",
    ... )
    >>> table = EvidenceTable("speed", rows=[{"n": 1}], labels={"n": "modes"}, caption="")
    >>> found = Evidence("Speed", claims=[claim], tables=[table], texts=[])
    >>> from_plain(to_plain(found)) == found
    True
    """
    return Evidence(
        title=kept["title"],
        claims=[Claim(**claim) for claim in kept["claims"]],
        tables=[EvidenceTable(**table) for table in kept["tables"]],
        texts=list(kept["texts"]),
    )
