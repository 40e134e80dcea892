"""A canvas to draw on in the browser."""

from __future__ import annotations

import pathlib

import param
from panel.custom import JSComponent

from wetcow.explore.views.drawing import PEN


class Canvas(JSComponent):
    """Strokes drawn with a mouse, a pen or a finger.

    Attributes
    ----------
    value : list of lists of points [x, y]
        Strokes, in units of the canvas, from its upper left corner. What is set here is drawn.
    """

    value = param.List(default=[])
    prompt = param.String(default="draw a digit here", doc="Shown while nothing is drawn.")
    pen = param.Number(default=PEN, doc="Width of the pen, of the side.")

    _esm = pathlib.Path(__file__).with_name("canvas.js").read_text(encoding="utf-8")
