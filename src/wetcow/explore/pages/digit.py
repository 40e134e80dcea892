"""The page on which a digit is drawn, or a picture given, and the network answers."""

from __future__ import annotations

import concurrent.futures
import io
from typing import Any, NamedTuple

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, FactorRange

from wetcow.explore.model import Model
from wetcow.explore.parts.canvas import Canvas
from wetcow.explore.parts.following import Follower
from wetcow.explore.parts.widgets import (
    COLOURS,
    beside,
    empty,
    error_box,
    make_plot,
    make_square_plot,
    pane,
    show_error,
    table,
)
from wetcow.explore.views.drawing import Answer, Strokes, answer_drawing, answer_picture


class DrawingView(NamedTuple):
    """A drawing or a picture, seen.

    Attributes
    ----------
    model : Model
        Who looks at it.
    answer : Answer or None
        None: nothing is drawn or given.
    """

    model: Model
    answer: Answer | None


def digit_page(future: concurrent.futures.Future[Model]) -> Any:
    """Return a canvas beside what a model, which may still be on its way, answers.

    Pictures are taken beside drawings, and instead of them by models that learned colours.
    """
    canvas = Canvas(margin=10)
    given = pn.widgets.FileInput(label="or give a picture", accept="image/*", width=280)
    clear = pn.widgets.Button(label="clear", width=280)
    about = pn.pane.HTML("a classifier is being loaded …", width=290)
    values, box = pn.pane.HTML("", width=290), error_box()
    drawing = DigitFigures()
    figures = pane(*drawing.figures)

    def look(strokes: Strokes, picture: bytes | None) -> DrawingView:
        model = future.result()
        if picture and (model.is_coloured or not strokes):
            file = io.BytesIO(picture)
            return DrawingView(model, answer_picture(model.classifier, file, model.fill))
        return DrawingView(model, answer_drawing(model.classifier, strokes, model.fill))

    def show(view: DrawingView) -> None:
        show_error(box, None)
        canvas.visible = not view.model.is_coloured
        about.object = f"The classifier is {view.model.origin}."
        values.object = "" if view.answer is None else describe_digit(view.answer)
        drawing.show(view)

    def fail(error: Exception) -> None:
        values.object = ""
        drawing.clear()
        if future.done() and future.exception() is None:  # it is the picture's fault
            show_error(box, error)
        else:
            show_error(box, RuntimeError(f"no classifier answers: {error}"))
            about.object = ""

    def wipe(_event: Any) -> None:
        forget()
        canvas.value = []

    def forget() -> None:
        given.clear()  # in the browser
        given.value = None

    def instead(event: Any) -> None:
        if event.new:
            canvas.value = []

    def drawn(event: Any) -> None:
        if event.new and given.value:
            forget()

    clear.on_click(wipe)
    given.param.watch(instead, "value")
    canvas.param.watch(drawn, "value")
    widgets = {"strokes": canvas, "picture": given}
    Follower(widgets=widgets, look=look, show=show, fail=fail, parts=[figures])
    return beside(pn.Column(canvas, given, clear, about, values, box, width=310), figures)


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
            ("it is", said),
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
        seen = make_square_plot("what the network is given")
        seen.image_rgba("image", x=0, y=0, dw="width", dh="height", source=self._picture)
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
        image = _seen(view.answer.image)
        height, width = image.shape
        self._bars.data = {"label": labels, "probability": view.answer.probabilities}
        self._picture.data = {"image": [image[::-1]], "width": [width], "height": [height]}


def _seen(image: np.ndarray) -> np.ndarray:
    """An image as Bokeh shows it, uint32 (height, width)."""
    colours = image[..., None] if image.ndim == 2 else image
    levels = np.full((*image.shape[:2], 4), 255, np.uint8)
    levels[..., : max(colours.shape[-1], 3)] = np.rint(255 * colours)
    return levels.view(np.uint32)[..., 0]
