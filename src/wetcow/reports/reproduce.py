"""`wetcow reproduce`: the paper's figures and claims beside ours, on one page."""

from __future__ import annotations

import datetime
import importlib
import os
import pathlib
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from wetcow.reports.claims import SECTIONS

if TYPE_CHECKING:
    from wetcow.reports.evidence import Effort
    from wetcow.reports.page import Page

FIGURES = {
    "fig1": "fig1",
    "figS": "fig_s",
    "fig2": "fig2",
    "fig3": "fig3",
    "synchrony": "synchrony",
}
"""Items, and the functions of `wetcow.reports.paper` that add them to a page, in order."""

CLAIMS, ALL = "claims", "all"


def known_items() -> list[str]:
    """Return everything that can be asked for."""
    return [*FIGURES, *SECTIONS, CLAIMS, ALL]


def chosen_items(items: Sequence[str]) -> list[str]:
    """Return the figures and sections that items stand for, in the order of the page.

    Raises
    ------
    ValueError
        For unknown items.

    Examples
    --------
    >>> chosen_items(["fig2", "fig1"])
    ['fig1', 'fig2']
    """
    known = known_items()
    unknown = [item for item in items if item not in known]
    if unknown:
        raise ValueError(f"unknown items {unknown}; choose from {known}")
    everything = not items or ALL in items
    figures = [item for item in FIGURES if everything or item in items]
    return figures + [item for item in SECTIONS if everything or CLAIMS in items or item in items]


def reproduce(
    items: Sequence[str],
    out: str | os.PathLike,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
    *,
    quick: bool = False,
    older: bool = False,
    data_dir: str | os.PathLike | None = None,
) -> dict[str, Any]:
    """Reproduce parts of the paper, test its claims, and write the report.

    What a claim's section found is kept in ``out/evidence/NAME.json``. The same call goes on from
    there after it was killed. A section is computed again if its file is damaged, or if any file of
    the package, a library's version or the machine has changed since. A section whose data are
    neither there nor to be had is skipped, and the others are done.

    Parameters
    ----------
    items : sequence of str
        Of `known_items`: figures, sections of claims, "claims" for all of those; "all" or nothing
        for everything.
    out : path
        Folder for ``index.html``, the figures as PNG, ``report.json`` and the evidence.
    seed : int
        Of everything random.
    say : callable, optional
        Called with the heading of each section when work on it starts, and with how it goes.
    quick : bool
        Fewer images, draws and repetitions: minutes, not an hour.
    older : bool
        Show what other versions of the package found, too, instead of computing it again. The
        report then says so at its top.
    data_dir : path, optional
        See `wetcow.datasets.load`.

    Returns
    -------
    dict
        "html", "figures", "claims", "findings", "skipped" (reasons by section), "tables",
        "provenance": what ``report.json`` holds.

    Raises
    ------
    ValueError
        For unknown items, or data files that are damaged.
    """
    chosen = chosen_items(items)
    from wetcow.reports import paper
    from wetcow.reports.evidence import Effort
    from wetcow.reports.page import Page

    page = Page(
        title="Critically synchronized brain waves: the paper beside ours",
        out=out,
        seed=seed,
        say=say,
    )
    effort = Effort(quick=quick, seed=seed, data_dir=data_dir, say=page.say)
    if quick:
        page.text("Made with --quick: fewer images, draws and repetitions than the full report.")
    for item in chosen:
        if item in FIGURES:
            getattr(paper, FIGURES[item])(page, seed, quick)
        else:
            _claims(page, item, effort, older)
    return page.save()


def _claims(page: Page, name: str, effort: Effort, older: bool) -> None:
    """Add a section of claims, from its file if there is one for the same work."""
    from wetcow.reports import cache
    from wetcow.reports.page import provenance

    module = importlib.import_module(SECTIONS[name])
    subject = str(module.__doc__).partition("\n")[0].rstrip(".")
    path = pathlib.Path(page.out) / "evidence" / f"{name}.json"
    key = cache.key_of(name, SECTIONS[name], effort, provenance(effort.seed)["machine"])
    found = cache.find_cached(path, key, older=older)
    if found is None:
        page.say(f"{name}: {subject}")
        start = time.perf_counter()
        try:
            evidence = module.run(effort)
        except OSError as error:  # data are not there and could not be downloaded
            page.skip(name, subject, str(error))
            return
        date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        taken = round(time.perf_counter() - start, 1)
        found = cache.Cached(evidence=cache.storable(evidence), date=date, seconds=taken, key=key)
        cache.store(path, found)
    else:
        page.say(f"{name}: kept from {found.date}")
        if found.key != key:
            page.warn(
                f"Section {name} was computed on {found.date} by {found.program}, not by the "
                f"version that made this page."
            )
    evidence = found.evidence
    page.heading(evidence.title, name, announced=True)
    for claim in evidence.claims:
        page.claim(claim)
    for text in evidence.texts:
        page.text(text)
    for title, figure in module.draw(evidence).items():
        page.figure(title, figure, f"{evidence.title}.")
    for table in evidence.tables:
        page.table(table.name, table.rows, table.labels, table.caption)
    page.text(f"Computed {found.date} in {found.seconds:.0f} s by {found.program}.")
