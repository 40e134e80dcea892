"""A report: figures as PNG files, and one HTML page that holds everything in itself."""

from __future__ import annotations

import base64
import datetime
import html
import io
import json
import os
import pathlib
import platform
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from matplotlib.figure import Figure

from wetcow.files import plain, write_whole
from wetcow.reports.cache import library_versions
from wetcow.reports.evidence import Claim

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-top: 1px solid #ccc;
     padding-top: 1rem }
img { max-width: 100%; height: auto }
table { border-collapse: collapse; margin: 1rem 0; font-size: .9rem; display: block;
        overflow-x: auto }
th, td { padding: .25rem .8rem; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child, td.words, th.words { text-align: left }
td.words { min-width: 12rem; vertical-align: top }
caption { caption-side: bottom; text-align: left; color: #555; padding-top: .3rem }
.verdict { white-space: nowrap; font-weight: 600 }
.holds { color: #1f7a33 } .partly { color: #8a6100 } .not { color: #b3261e }
.untested { color: #666 }
.claim { border-left: 3px solid #ccc; padding-left: .8rem }
footer { margin-top: 3rem; font-size: .85rem; color: #666 }
"""

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


def _badge(verdict: str) -> str:
    kind = _VERDICT_CLASSES[verdict]
    return f'<span class="verdict {kind}">{html.escape(verdict)}</span>'


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
    """

    def __init__(
        self,
        title: str,
        out: str | os.PathLike,
        seed: int,
        say: Callable[[str], None] | None = None,
    ):
        self.say = say or (lambda heading: None)
        self.title, self.out, self.seed = title, pathlib.Path(out), seed
        self.out.mkdir(parents=True, exist_ok=True)
        self.body: list[str] = []
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
        anchor = f' id="{html.escape(section)}"' if section and section != self._section else ""
        self._section = section
        self.body.append(f"<h2{anchor}>{html.escape(text)}</h2>")

    def claim(self, claim: Claim) -> None:
        """Add a claim of the paper with its verdict, here and to the table that begins the page."""
        self.claims.append({"section": self._section, **claim._asdict()})
        self.body.append(
            f'<p class="claim">{_badge(claim.verdict)} · {html.escape(claim.claim)} '
            f"({html.escape(claim.where)}). {html.escape(claim.measured)}</p>"
        )

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
        self.body.append(f"<p>{html.escape(text)}</p>")

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
        caption = html.escape(caption)
        self.body.append(
            f'<figure><img alt="{caption}" src="data:image/png;base64,{encoded}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )

    def table(
        self, name: str, rows: list[dict[str, Any]], labels: dict[str, str], caption: str = ""
    ) -> None:
        """Add a table of the columns in `labels`; all columns go to the data."""
        self.tables[name] = rows
        head = "".join(f"<th>{html.escape(label)}</th>" for label in labels.values())
        lines = [
            "".join(f"<td>{html.escape(text_of(row[column]))}</td>" for column in labels)
            for row in rows
        ]
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        below = f"<caption>{html.escape(caption)}</caption>" if caption else ""
        self.body.append(f"<table>{below}<tr>{head}</tr>{body}</table>")

    def _overview(self) -> str:
        """Return all claims as a table, each linked to its section."""
        lines = [
            f'<tr><td class="words">{_linked(one["section"], one["claim"])}</td>'
            f"<td>{_badge(one['verdict'])}</td>"
            f'<td class="words">{html.escape(one["measured"])}</td>'
            f'<td class="words">{html.escape(one["where"])}</td></tr>'
            for one in self.claims
        ]
        lines += [
            f'<tr><td class="words">{_linked(section, section)}</td>'
            f'<td><span class="verdict untested">not done</span></td>'
            f'<td class="words">{html.escape(reason)}</td><td></td></tr>'
            for section, reason in self.skipped.items()
        ]
        if not lines:
            return ""
        head = "<th>claim</th><th>verdict</th>" + "".join(
            f'<th class="words">{name}</th>' for name in ("measured", "in the paper")
        )
        return f'<h2 id="claims">Claims</h2><table><tr>{head}</tr>{"".join(lines)}</table>'

    def _warnings(self) -> str:
        return "".join(f'<p class="not">{html.escape(text)}</p>' for text in self.warnings)

    def save(self) -> dict[str, Any]:
        """Write ``index.html`` and ``report.json``; return the latter with the paths."""
        origin = provenance(self.seed)
        made = ", ".join(f"{name} {number}" for name, number in origin["versions"].items())
        footer = f"{origin['date']} · {origin['machine']} · seed {self.seed} · {made}"
        title = html.escape(self.title)
        page = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
            f"{self._warnings()}{self._overview()}{''.join(self.body)}<footer>{html.escape(footer)}</footer></body></html>"
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


def _linked(section: str, text: str) -> str:
    text = html.escape(text)
    return f'<a href="#{html.escape(section)}">{text}</a>' if section else text
