"""Equation numbers in brackets, [14], become links to the theory, and the theory links back.

In pages and docstrings, text such as [14], [11, 12] or [26–30] links to the targets ``eq-14`` of
``theory.md``. There the directive ``equation-code`` lists the public names whose docstrings have a
number, so that both directions follow from the docstrings alone.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from docstrings import documented_names
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.ext.autosummary import import_by_name
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

LAST = 30
CITATION = re.compile(r"(?<![\w\])])(?<!\.\. )\[(\d{1,2}(?:\s*[,–-]\s*\d{1,2})*)\](?![\w(])")
PART = re.compile(r"(\d{1,2})(?:\s*[–-]\s*(\d{1,2}))?")


def cited(text: str) -> set[int]:
    """Equation numbers in brackets in a text; ranges count all they span.

    Examples
    --------
    >>> sorted(cited("as in [14] and [26-28], x[3], within [0, 1]"))
    [14, 26, 27, 28]
    """
    numbers: set[int] = set()
    for match in CITATION.finditer(text):
        if _is_citation(match):
            for first, last in PART.findall(match[1]):
                numbers |= set(range(int(first), int(last or first) + 1))
    return numbers


def _is_citation(match: re.Match[str]) -> bool:
    return all(1 <= int(number) <= LAST for number in re.findall(r"\d+", match[1]))


def _prose(doc: str) -> str:
    """A docstring without its doctests, whose lists look like citations."""
    return re.sub(r"^ *>>>.*?(?:\n\s*\n|\Z)", "", doc, flags=re.DOTALL | re.MULTILINE)


def _docstrings(name: str) -> Iterator[tuple[str, str]]:
    """Docstrings of a public name and, of a class, of its methods and properties."""
    value = import_by_name(name)[1]
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return
    yield name, value.__doc__ or ""
    for member, attribute in vars(value).items() if inspect.isclass(value) else ():
        if not member.startswith("_") and isinstance(attribute, FunctionType | property):
            yield f"{name}.{member}", attribute.__doc__ or ""


@functools.cache
def code_by_equation() -> dict[int, list[str]]:
    """Public names by the equation that their docstrings cite."""
    found: dict[int, list[str]] = {number: [] for number in range(1, LAST + 1)}
    for listed in documented_names():
        for name, doc in _docstrings(listed):
            for number in cited(_prose(doc)):
                found[number].append(name)
    return found


class EquationCode(SphinxDirective):
    """``{equation-code} 14``: a line with links to the code of one or more equations."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        numbers = cited(f"[{self.arguments[0]}]")
        names = [*dict.fromkeys(n for k in sorted(numbers) for n in code_by_equation()[k])]
        if not names:
            raise self.error(f"no public docstring cites equation [{self.arguments[0]}]")
        line = nodes.paragraph(classes=["equation-code"])
        line += nodes.Text("Code: ")
        for place, name in enumerate(names):
            line += nodes.Text(", " if place else "")
            link = pending_xref(
                "", refdomain="py", reftype="obj", reftarget=name, refexplicit=True, refwarn=True
            )
            link += nodes.literal("", name.removeprefix("wetcow."), classes=["xref", "py"])
            line += link
        return [line]


class LinkEquations(SphinxTransform):
    """Replaces numbers in brackets in running text by links."""

    default_priority = 700

    def apply(self, **kwargs: Any) -> None:
        outside = (nodes.literal, nodes.literal_block, nodes.doctest_block, nodes.math)
        outside += (nodes.math_block, nodes.reference, pending_xref, nodes.title, nodes.raw)
        for text in list(self.document.findall(nodes.Text)):
            parent = text.parent
            while parent is not None and not isinstance(parent, outside):
                parent = parent.parent
            if parent is None and (pieces := self.pieces(str(text))):
                text.parent.replace(text, pieces)

    def pieces(self, text: str) -> list[nodes.Node]:
        """Text and links for a text with citations; empty without any."""
        pieces: list[nodes.Node] = []
        end = 0
        for match in CITATION.finditer(text):
            if not _is_citation(match):
                continue
            start = match.start(1)
            for number in re.finditer(r"\d+", match[1]):
                pieces.append(nodes.Text(text[end : start + number.start()]))
                pieces.append(self.link(number[0]))
                end = start + number.end()
        return [*pieces, nodes.Text(text[end:])] if pieces else []

    def link(self, number: str) -> nodes.Node:
        link = pending_xref(
            "",
            refdoc=self.env.docname,
            refdomain="std",
            reftype="ref",
            reftarget=f"eq-{int(number)}",
            refexplicit=True,
            refwarn=True,
        )
        link += nodes.inline("", number, classes=["xref", "std", "std-ref"])
        return link


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("equation-code", EquationCode)
    app.add_transform(LinkEquations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
