"""The head of a page: what it is about, its equation with what was moved marked, things to try."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import panel as pn


class Lesson(NamedTuple):
    """What a page teaches.

    Attributes
    ----------
    sentence : str
        What is seen here.
    equations : sequence of str
        HTML with names of widgets in braces, where their symbols stand.
    symbols : dict of name to HTML
        Of the widgets in the equations.
    presets : dict of label to dict
        Values of widgets that show something.
    notice : str
        What to look at.
    """

    sentence: str
    equations: Sequence[str]
    symbols: Mapping[str, str]
    presets: Mapping[str, Mapping[str, Any]]
    notice: str

    def html(self, moved: str | None = None) -> str:
        """The sentence, the equations with one symbol marked, and what to notice.

        Examples
        --------
        >>> lesson = Lesson("A line.", ["y = {a} x"], {"a": "a"}, presets={}, notice="It rises.")
        >>> "y = <mark>a</mark> x" in lesson.html("a")
        True
        """
        shown = {
            name: f"<mark>{symbol}</mark>" if name == moved else symbol
            for name, symbol in self.symbols.items()
        }
        lines = "".join(f"<div>{line.format_map(shown)}</div>" for line in self.equations)
        return (
            f'<p>{self.sentence}</p><div class="equation">{lines}</div>'
            f"<p><b>Notice:</b> {self.notice}</p>"
        )


def head(lesson: Lesson, widgets: Mapping[str, Any]) -> Any:
    """Put a lesson on a page: its text, and a button for each preset."""
    text = pn.pane.HTML(lesson.html(), sizing_mode="stretch_width")

    def mark(name: str, _event: Any) -> None:
        text.object = lesson.html(name if name in lesson.symbols else None)

    def use(values: Mapping[str, Any], _event: Any) -> None:
        for name, value in values.items():
            widgets[name].value = value

    for name, widget in widgets.items():
        widget.param.watch(functools.partial(mark, name), "value")
    buttons = []
    for label, values in lesson.presets.items():
        button = pn.widgets.Button(label=label)
        button.on_click(functools.partial(use, values))
        buttons.append(button)
    return pn.Column(text, pn.FlexBox(*buttons), sizing_mode="stretch_width")
