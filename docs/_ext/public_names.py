"""The directive ``public-names``: a table of all names of the package, one line each."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.ext.autosummary import Autosummary

import wetcow


class PublicNames(Autosummary):
    """`autosummary` of every public name, in alphabetical order."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        names = [name for name in wetcow.__all__ if name != "__version__"]
        self.content = StringList(sorted(names, key=str.lower), source="wetcow.__all__")
        self.options["nosignatures"] = None
        return super().run()


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("public-names", PublicNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
