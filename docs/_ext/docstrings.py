"""Docstrings as reStructuredText: what is mathematics or a name in them stays what it is."""

from __future__ import annotations

import pathlib
import re
from typing import Any

LITERAL = re.compile(r"(``.+?``|`[^`]+`)")
# |a| would be a substitution, (*grid, d) emphasis, and classes_ a link.
SPECIAL = re.compile(r"\||(?<=\()\*(?=\w)|(?<=\w)_(?!\w)")
LISTED = re.compile(r"^    (wetcow[.\w]+)$", re.MULTILINE)
API = pathlib.Path(__file__).parents[1] / "api"


def documented_names() -> list[str]:
    """Names listed by the API's pages, in their order."""
    pages = sorted(API.glob("*.md"))
    return [name for page in pages for name in LISTED.findall(page.read_text("utf-8"))]


def escape(lines: list[str]) -> list[str]:
    r"""Escape what reStructuredText would take for markup, outside code.

    Examples
    --------
    >>> escape(["within |δ| ≤ π", "``a | b``", "(*grid, d)", ">>> a | b", "1", "", "classes_"])
    ['within \\|δ\\| ≤ π', '``a | b``', '(\\*grid, d)', '>>> a | b', '1', '', 'classes\\_']
    """
    escaped, in_doctest = [], False
    for line in lines:
        in_doctest = line.lstrip().startswith(">>>") or (in_doctest and bool(line.strip()))
        if not in_doctest:
            parts = LITERAL.split(line)
            parts[::2] = [SPECIAL.sub(r"\\\g<0>", part) for part in parts[::2]]
            line = "".join(parts)
        escaped.append(line)
    return escaped


def _process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = escape(lines)


def _skip(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the metadata routing that scikit-learn adds to estimators."""
    return True if re.fullmatch(r"set_\w+_request", name) else None


def _resolve(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    """Find names that docstrings shorten, `dispersion` or `Conductivity.scaled`.

    Other names in single backticks, of parameters, modules and what is not public, stay plain.
    Links written in pages must be found.
    """
    if node.get("reftype") != "obj" or not node.get("refdoc", "").startswith("api/"):
        return None
    target, domain = node["reftarget"], env.get_domain("py")
    known = domain.objects if "." in target else documented_names()
    found = [name for name in known if name.endswith(f".{target}")]
    if len(found) != 1:
        return contnode
    return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", found[0], node, contnode)


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx; after numpydoc, whose priority is 500."""
    app.connect("autodoc-process-docstring", _process, priority=900)
    app.connect("autodoc-skip-member", _skip)
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
