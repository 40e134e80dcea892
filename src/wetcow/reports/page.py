"""A report: figures as PNG files, and one HTML page that holds everything in itself."""

from __future__ import annotations

import base64
import datetime
import functools
import io
import json
import os
import pathlib
import platform
from collections.abc import Callable
from typing import Any

import jax
import jinja2
import numpy as np
from matplotlib.figure import Figure

from wetcow.files import plain, write_whole
from wetcow.reports.cache import library_versions
from wetcow.reports.evidence import Claim

_VERDICT_CLASSES = {
    "holds": "holds",
    "holds partly": "partly",
    "does not hold": "not",
    "not testable": "untested",
}


def provenance(seed: int) -> dict[str, Any]:
    """Machine, software, seed and date: what every reported number comes with."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {jax.default_backend()}",
        "system": platform.platform(),
        "python": platform.python_version(),
        "seed": seed,
        "versions": library_versions(),
    }


def text_of(value: Any, digits: int = 5) -> str:
    """A number, or a median with its quartiles, as text; a dash for None and NaN."""
    if isinstance(value, tuple | list):  # a list where it comes from a file
        middle, low, high = value
        return f"{text_of(middle, 3)} [{text_of(low, 3)}, {text_of(high, 3)}]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if np.isnan(value):
            return "–"
        return "never" if np.isinf(value) else f"{value:.{digits}g}"
    return "–" if value is None else str(value)


@functools.cache
def _template() -> jinja2.Template:
    """The page, which escapes all text, and refuses names that it is not given."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("wetcow.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["as_text"] = text_of
    return environment.get_template("report.html")


class Page:
    """Sections in order; `save` writes the page, the figures and the data.

    Parameters
    ----------
    title : str
    out : path
        Folder, made if needed.
    seed : int
        Of everything on the page.
    say : callable, optional
        Called with each heading when work on its section starts.
    opening : str
        What there is to see, the first paragraph.
    """

    def __init__(
        self,
        title: str,
        out: str | os.PathLike,
        seed: int,
        say: Callable[[str], None] | None = None,
        opening: str = "",
    ):
        self.opening = opening
        self.say = say or (lambda heading: None)
        self.title, self.out, self.seed = title, pathlib.Path(out), seed
        self.out.mkdir(parents=True, exist_ok=True)
        self.blocks: list[dict[str, Any]] = []
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.figures: list[str] = []
        self.findings: list[str] = []
        self.claims: list[dict[str, str]] = []
        self.skipped: dict[str, str] = {}
        self.warnings: list[str] = []
        self._section = ""

    def heading(self, text: str, section: str = "", announced: bool = False) -> None:
        """Start a section, or another part of it; claims link to the first heading of theirs."""
        if not announced:
            self.say(text)
        anchor = section if section != self._section else ""
        self._section = section
        self.blocks.append({"kind": "heading", "text": text, "anchor": anchor})

    def claim(self, claim: Claim) -> None:
        """Add a claim of the paper with its verdict, here and to the table that begins the page."""
        self.claims.append({"section": self._section, **claim._asdict()})
        self.blocks.append({"kind": "claim", "claim": claim})

    def skip(self, section: str, heading: str, reason: str) -> None:
        """Say that a section could not be done, and why."""
        self.heading(heading, section, announced=True)
        self.say(f"{section}: not done: {reason}")
        self.skipped[section] = reason
        self.text(f"Not done: {reason}")

    def warn(self, text: str) -> None:
        """Add a sentence to the top of the page."""
        self.warnings.append(text)

    def text(self, text: str) -> None:
        """Add a paragraph."""
        self.blocks.append({"kind": "text", "text": text})

    def finding(self, text: str) -> None:
        """Add a paragraph that says what was found; it is also part of the data."""
        self.findings.append(text)
        self.text(text)

    def figure(self, name: str, figure: Figure, caption: str) -> None:
        """Add a figure and write it as ``name.png``."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=150)  # also for the page itself
        write_whole(self.out / f"{name}.png", buffer.getvalue())
        self.figures.append(str(self.out / f"{name}.png"))
        encoded = base64.b64encode(buffer.getvalue()).decode()
        self.blocks.append({"kind": "figure", "png": encoded, "caption": caption})

    def table(
        self, name: str, rows: list[dict[str, Any]], labels: dict[str, str], caption: str = ""
    ) -> None:
        """Add a table of the columns in `labels`; all columns go to the data."""
        self.tables[name] = rows
        self.blocks.append({"kind": "table", "rows": rows, "labels": labels, "caption": caption})

    def save(self) -> dict[str, Any]:
        """Write ``index.html`` and ``report.json``; return the latter with the paths."""
        origin = provenance(self.seed)
        made = ", ".join(f"{name} {number}" for name, number in origin["versions"].items())
        footer = f"{origin['date']} · {origin['machine']} · seed {self.seed} · {made}"
        page = _template().render(
            title=self.title,
            opening=self.opening,
            warnings=self.warnings,
            claims=self.claims,
            skipped=self.skipped,
            blocks=self.blocks,
            footer=footer,
            verdict_classes=_VERDICT_CLASSES,
        )
        path = self.out / "index.html"
        write_whole(path, page.encode())
        report = {
            "html": str(path),
            "figures": self.figures,
            "claims": self.claims,
            "findings": self.findings,
            "skipped": self.skipped,
            "warnings": self.warnings,
            "tables": self.tables,
            "provenance": origin,
        }
        report = plain(report)
        write_whole(
            self.out / "report.json", json.dumps(report, indent=1, allow_nan=False).encode()
        )
        return report
