"""A page whose widgets say what is computed, beside what shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import panel as pn

from wetcow.explore.parts.following import Follower, keep_in_address
from wetcow.explore.parts.lesson import Lesson, head
from wetcow.explore.parts.sharing import Gifts
from wetcow.explore.parts.widgets import beside, error_box, pane, show_error


class Drawing(Protocol):
    """Figures that show a view.

    Attributes
    ----------
    figures : list
        Of Bokeh, to be put on a page.
    """

    figures: list[Any]

    def show(self, view: Any) -> None:
        """Draw a view."""

    def clear(self) -> None:
        """Show nothing."""


class Panes:
    """What shows a view: its figures, its numbers, a message, what can be taken along.

    Parameters
    ----------
    name : str
        Of files that are taken along.
    drawing : Drawing
    describe : callable
        HTML of a view's numbers. A view also has a ``run``, its ``code`` and ``configuration``.
    """

    def __init__(self, name: str, drawing: Drawing, describe: Callable[[Any], str]) -> None:
        self.values, self.box, self.gifts = pn.pane.HTML(""), error_box(), Gifts(name)
        self.figures = pane(*drawing.figures)
        self._drawing, self._describe = drawing, describe

    def show(self, view: Any) -> None:
        """Show a view."""
        show_error(self.box, None)
        self._drawing.show(view)
        self.values.object = self._describe(view)
        self.gifts.give(view.run, view.code, view.configuration)

    def fail(self, error: Exception) -> None:
        """Say why there is nothing to see."""
        show_error(self.box, error)
        self._drawing.clear()
        self.values.object = ""
        self.gifts.give(None, "", None)


def lesson_page(
    name: str,
    lesson: Lesson,
    widgets: Mapping[str, Any],
    look: Callable[..., Any],
    drawing: Drawing,
    *,
    describe: Callable[[Any], str],
    controls: Sequence[Any],
) -> Any:
    """Return a page: a lesson, below it controls beside panes that follow the widgets.

    Parameters
    ----------
    name : str
        In the address, and of files that are taken along.
    lesson : Lesson
    widgets : dict of name to widget
        Whose values are looked at.
    look : callable
        Returns the view of these values; see `Follower`.
    drawing, describe
        See `Panes`.
    controls : sequence of Panel objects
        The widgets, and what else moves them.
    """
    keep_in_address(name, widgets)
    panes = Panes(name=name, drawing=drawing, describe=describe)
    text = head(lesson, widgets)
    Follower(widgets=widgets, look=look, show=panes.show, fail=panes.fail, parts=[panes.figures])
    column = pn.Column(*controls, panes.values, panes.box, panes.gifts.buttons, width=310)
    return pn.Column(text, beside(column, panes.figures), sizing_mode="stretch_width")
