"""The gallery's pictures: figures that a block of an example made, which pyplot does not know."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the figures that are new among an example's names, alone or in lists."""
    names = block_vars["example_globals"]
    shown: set[int] = names.setdefault("__shown__", set())
    paths = []
    for value in [*names.values()]:
        for figure in value if isinstance(value, list) else [value]:
            if isinstance(figure, Figure) and id(figure) not in shown:
                shown.add(id(figure))
                paths.append(next(block_vars["image_path_iterator"]))
                figure.savefig(paths[-1], dpi=110)
    return figure_rst(paths, gallery_conf["src_dir"])
