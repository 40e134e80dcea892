"""Each tutorial as a notebook, to download at the end of its page."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import jupytext

TUTORIALS = pathlib.Path(__file__).parents[1] / "tutorials"
RELATIVE_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]+\)")


def notebook(page: pathlib.Path) -> Any:
    """Notebook (nbformat) of a tutorial; links to other pages become their text."""
    made = jupytext.read(page, fmt="md:myst")
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = RELATIVE_LINK.sub(r"\1", cell.source)
    made.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
    }
    return made


def tutorials() -> list[pathlib.Path]:
    """Pages with code."""
    return [page for page in sorted(TUTORIALS.glob("*.md")) if "```{code-cell}" in page.read_text()]


def _write(app: Any) -> None:
    folder = pathlib.Path(app.srcdir) / "notebooks"
    folder.mkdir(exist_ok=True)
    for page in tutorials():
        jupytext.write(notebook(page), folder / f"{page.stem}.ipynb", fmt="ipynb")


def _link(app: Any, name: str, source: list[str]) -> None:
    if name in {f"tutorials/{page.stem}" for page in tutorials()}:
        stem = name.rsplit("/", 1)[1]
        source[0] += f"\n{{download}}`This page as a notebook </notebooks/{stem}.ipynb>`\n"


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", _write)
    app.connect("source-read", _link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
