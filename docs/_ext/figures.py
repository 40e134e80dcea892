"""The gallery's pictures: figures that a block of an example made, which pyplot does not know."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the figures that are new among an example's names, alone or in lists."""
    names = block_vars["example_globals"]
    shown: set[int] = names.setdefault("__shown__", set())
    pictures = []
    for value in [*names.values()]:
        for figure in value if isinstance(value, list) else [value]:
            if isinstance(figure, Figure) and id(figure) not in shown:
                shown.add(id(figure))
                path = next(block_vars["image_path_iterator"])
                figure.savefig(path, dpi=110)
                pictures.append(figure_rst([path], gallery_conf["src_dir"], described(figure)))
    plt.close("all")  # or pyplot warns of too many, on the page
    return "".join(pictures)


def described(figure: Figure) -> str:
    """What is drawn, in words, for those who do not see it.

    Examples
    --------
    >>> figure = Figure()
    >>> axes = figure.subplots()
    >>> _ = axes.set(title="A wave", xlabel="time", ylabel="Re a")
    >>> described(figure)
    'A wave: Re a against time'
    """
    parts = [figure.get_suptitle(), *map(_axes_described, figure.axes)]
    return "; ".join(dict.fromkeys(part for part in parts if part)).replace("\n", " ")


def _axes_described(axes: Axes) -> str:
    said = " against ".join(filter(None, (axes.get_ylabel(), axes.get_xlabel())))
    title = axes.get_title() or axes.get_title("left")
    return ": ".join(filter(None, (title, said)))
