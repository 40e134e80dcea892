"""The page on which a digit is drawn and the network answers."""

from __future__ import annotations

import concurrent.futures
from typing import Any, NamedTuple

import panel as pn
from bokeh.models import ColumnDataSource, FactorRange, LinearColorMapper

from wetcow.explore.model import Model
from wetcow.explore.parts.canvas import Canvas
from wetcow.explore.parts.following import Follower
from wetcow.explore.parts.widgets import (
    COLOURS,
    beside,
    empty,
    error_box,
    make_image,
    make_plot,
    pane,
    show_error,
    table,
)
from wetcow.explore.views.drawing import Answer, Strokes, answer_drawing


class DrawingView(NamedTuple):
    """A drawing, seen.

    Attributes
    ----------
    model : Model
        Who looks at it.
    answer : Answer or None
        None: nothing is drawn.
    """

    model: Model
    answer: Answer | None


def digit_page(future: concurrent.futures.Future[Model]) -> Any:
    """Return a canvas beside what a model, which may still be on its way, answers."""
    canvas = Canvas(margin=10)
    clear = pn.widgets.Button(label="clear", width=280)
    about = pn.pane.HTML("a classifier is being loaded …", width=290)
    values, box = pn.pane.HTML("", width=290), error_box()
    drawing = DigitFigures()
    figures = pane(*drawing.figures)

    def look(strokes: Strokes) -> DrawingView:
        model = future.result()
        return DrawingView(model, answer_drawing(model.classifier, strokes, model.fill))

    def show(view: DrawingView) -> None:
        show_error(box, None)
        about.object = f"The classifier is {view.model.origin}."
        values.object = "" if view.answer is None else describe_digit(view.answer)
        drawing.show(view)

    def fail(error: Exception) -> None:
        show_error(box, RuntimeError(f"no classifier answers: {error}"))
        about.object = values.object = ""
        drawing.clear()

    def wipe(_event: Any) -> None:
        canvas.value = []

    clear.on_click(wipe)
    Follower(widgets={"strokes": canvas}, look=look, show=show, fail=fail, parts=[figures])
    return beside(pn.Column(canvas, clear, about, values, box, width=310), figures)


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


class DigitFigures:
    """Figures of an answer: probabilities, and the image that was seen.

    Attributes
    ----------
    figures : list
        Of Bokeh, to be put on a page.
    """

    def __init__(self) -> None:
        self._bars = ColumnDataSource({"label": [], "probability": []}, name="probabilities")
        self._picture = ColumnDataSource({"image": [], "width": [], "height": []}, name="picture")
        self._classes = FactorRange()
        chart = make_plot(
            "probabilities",
            "class",
            "probability",
            x_range=self._classes,
            y_range=(0, 1),
            height=260,
        )
        chart.vbar("label", top="probability", width=0.8, source=self._bars, color=COLOURS[0])
        grey = LinearColorMapper(palette="Greys256", low=0, high=1)
        seen = make_image(
            "what the network is given", self._picture, grey, width="width", height="height"
        )
        seen.axis.visible = seen.grid.visible = False
        self.figures = [chart, pn.Row(seen)]  # in a row it keeps its shape

    def clear(self) -> None:
        """Show nothing."""
        empty(self._bars, self._picture)

    def show(self, view: DrawingView) -> None:
        """Draw an answer."""
        labels = [str(label) for label in view.model.classifier.classes_.tolist()]
        if self._classes.factors != labels:
            self._classes.factors = labels
        if view.answer is None:
            self.clear()
            return
        image = view.answer.image
        height, width = image.shape
        self._bars.data = {"label": labels, "probability": view.answer.probabilities}
        self._picture.data = {"image": [image[::-1]], "width": [width], "height": [height]}
