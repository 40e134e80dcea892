"""The page on which a digit is drawn and the network answers."""

from __future__ import annotations

import concurrent.futures
from typing import Any

import panel as pn
from bokeh.models import ColumnDataSource, FactorRange, LinearColorMapper

from wetcow.explore.canvas import Canvas
from wetcow.explore.drawing import Answer, answer_drawing
from wetcow.explore.model import Model
from wetcow.explore.widgets import (
    COLOURS,
    beside,
    error_box,
    make_plot,
    make_square_plot,
    pane,
    show_error,
    table,
)

_LOOK_EVERY = 300  # ms, while the model is constructed


def digit_page(future: concurrent.futures.Future[Model]) -> Any:
    """Return a canvas beside what a model that may be still under construction answers."""
    canvas = Canvas(margin=10)
    clear = pn.widgets.Button(label="clear", width=280)
    about = pn.pane.HTML("constructing a classifier …", width=290)
    values, box = pn.pane.HTML("", width=290), error_box()
    bars = ColumnDataSource({"label": [], "probability": []}, name="probabilities")
    picture = ColumnDataSource({"image": [], "width": [], "height": []}, name="picture")
    chart, seen = _figures(bars, picture)

    def update(*_: Any) -> None:
        if not future.done() or future.exception() is not None:
            return
        model = future.result()
        found = answer_drawing(model.classifier, canvas.strokes, model.fill)
        labels = [str(label) for label in model.classifier.classes_.tolist()]
        if chart.x_range.factors != labels:
            chart.x_range.factors = labels
        if found is None:
            bars.data = {"label": [], "probability": []}
            picture.data = {"image": [], "width": [], "height": []}
            values.object = "draw a digit"
            return
        bars.data = {"label": found.labels, "probability": found.probabilities}
        height, width = found.image.shape
        picture.data = {"image": [found.image[::-1]], "width": [width], "height": [height]}
        values.object = describe_digit(found)

    def look() -> None:
        if not future.done():
            return
        waiting.stop()
        if error := future.exception():
            show_error(box, RuntimeError(f"no classifier could be constructed: {error}"))
            about.object = ""
            return
        about.object = f"classifier {future.result().origin}"
        update()

    def wipe(_event: Any) -> None:
        canvas.strokes = []

    clear.on_click(wipe)
    canvas.param.watch(update, "strokes")
    waiting = pn.state.add_periodic_callback(look, _LOOK_EVERY)
    look()
    controls = pn.Column(canvas, clear, about, values, box, width=310)
    return beside(controls, pane(chart, pn.Row(seen)))  # in a row it keeps its shape


def describe_digit(found: Answer) -> str:
    """HTML of an answer, with what its uncertainty means."""
    best = found.probabilities.max()
    said = (
        "unlike what it learned: do not trust the probabilities"
        if found.unlike_training
        else "like what it learned"
    )
    rows = table(
        [
            ("probability", f"{best:.3f}"),
            ("uncertainty / usual", f"{found.novelty:.2f}"),
            ("the drawing is", said),
        ]
    )
    return f'<div class="answer">{found.label}</div>{rows}'


def _figures(bars: Any, picture: Any) -> tuple[Any, Any]:
    chart = make_plot(
        "probabilities", "class", "probability", x_range=FactorRange(), y_range=(0, 1), height=260
    )
    chart.vbar("label", top="probability", width=0.8, source=bars, color=COLOURS[0])
    seen = make_square_plot("what the network is given")
    seen.axis.visible = seen.grid.visible = False
    grey = LinearColorMapper(palette="Greys256", low=0, high=1)
    seen.image("image", x=0, y=0, dw="width", dh="height", source=picture, color_mapper=grey)
    return chart, seen
