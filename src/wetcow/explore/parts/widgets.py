"""What all pages of the explorer share: figures of one style, sliders, tables, messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import panel as pn
from bokeh.models import ColorBar, HoverTool
from bokeh.plotting import figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # told apart by the colour-blind, too
GREY = "#555555"
_SIDE = 200  # pixels of square figures
_TOOLS = "pan,box_zoom,xwheel_zoom,save,reset"


def make_plot(title: str, x: str, y: str, *, height: int = 220, **options: Any) -> Any:
    """Return an empty figure as wide as there is room; axes are labelled `x` and `y`."""
    made = figure(
        title=title,
        x_axis_label=x,
        y_axis_label=y,
        height=height,
        sizing_mode="stretch_width",
        tools=_TOOLS,
        active_drag=None,
        **options,
    )
    made.toolbar.autohide = True
    return made


def make_square_plot(title: str, x: str = "", y: str = "") -> Any:
    """Return an empty figure for an image whose pixels are as high as wide."""
    made = make_plot(title, x, y)
    made.update(sizing_mode=None, width=None, height=None, toolbar_location=None)
    made.update(frame_width=_SIDE, frame_height=_SIDE)
    made.x_range.range_padding = made.y_range.range_padding = 0
    return made


def make_image(
    title: str,
    source: Any,
    colours: Any,
    *,
    column: str = "image",
    x: str = "",
    y: str = "",
    start: float = 0,
    width: Any,
    height: Any,
    value: str | None = None,
) -> Any:
    """Return a square figure of the image in a column of a source.

    Parameters
    ----------
    title, x, y : str
        Of the figure and its axes.
    source : ColumnDataSource
    colours : Bokeh colour mapper
    column : str
    start : float
        Where both axes begin.
    width, height : float or str
        Of the image on the axes, or the column that has them.
    value : str, optional
        What a pixel is, with its unit: shown beside a bar of the colours, and below the pointer.
    """
    made = make_square_plot(title, x, y)
    made.image(column, x=start, y=start, dw=width, dh=height, source=source, color_mapper=colours)
    if value is not None:
        add_colour_bar(made, colours, value)
        made.add_tools(
            HoverTool(tooltips=[(x, "$x{0}"), (y, "$y{0}"), (value, f"@{column}{{0.000}}")])
        )
    return made


def add_colour_bar(made: Any, colours: Any, title: str = "", *, place: str = "right") -> None:
    """Show right of a figure, or above it, which colour is which number."""
    bar = ColorBar(color_mapper=colours, title=title, padding=5)
    if place == "right":
        bar.update(width=10)
    else:
        bar.update(height=10)
    made.add_layout(bar, place)


def legend(made: Any) -> None:
    """Move the legend of a figure above it, where it hides nothing; a click hides a line."""
    (box,) = made.legend
    box.update(
        orientation="horizontal",
        background_fill_alpha=0,
        border_line_alpha=0,
        label_text_font_size="9pt",
        padding=0,
        margin=0,
        spacing=15,
        click_policy="hide",
    )
    made.add_layout(box, "above")


def empty(*sources: Any) -> None:
    """Leave nothing in sources of figures."""
    for source in sources:
        source.data = {key: [] for key in source.column_names}


def beside(*parts: Any, wide: bool = True) -> Any:
    """Put parts beside each other; in a narrow window, below each other."""
    narrow = "@media (max-width: 800px) { :host { display: block !important; } }"
    return pn.Row(*parts, stylesheets=[narrow], sizing_mode="stretch_width" if wide else None)


def pane(*parts: Any) -> Any:
    """Put figures, and rows of figures, below each other."""
    return pn.Column(*parts, sizing_mode="stretch_width")


def slider(name: str, start: float, end: float, value: float, step: float = 0.01) -> Any:
    """Return a slider whose number can be typed, too."""
    return pn.widgets.EditableFloatSlider(
        label=name,
        start=start,
        end=end,
        step=step,
        value=value,
        fixed_start=start,
        fixed_end=end,
        format="0.00",
        width=290,
    )


def table(rows: Iterable[tuple[str, str]]) -> str:
    """HTML of a table of names and values.

    Examples
    --------
    >>> table([("γ", "1")])
    '<table class="values"><tr><td>γ</td><td>1</td></tr></table>'
    """
    cells = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows)
    return f'<table class="values">{cells}</table>'


def error_box() -> Any:
    """A place for messages, not seen while it is empty."""
    return pn.pane.Alert("", alert_type="danger", visible=False, width=290)


def show_error(box: Any, error: Exception | None) -> None:
    """Show a message, or none."""
    box.object = "" if error is None else str(error)
    box.visible = error is not None
