"""The modules of `wetcow.explore`, once."""

from . import (
    app as app,
    canvas as canvas,
    digit_page as digit_page,
    drawing as drawing,
    following as following,
    lesson as lesson,
    memory_page as memory_page,
    memory_view as memory_view,
    mode_page as mode_page,
    mode_view as mode_view,
    model as model,
    network_page as network_page,
    network_view as network_view,
    panes as panes,
    runs as runs,
    sharing as sharing,
    widgets as widgets,
)
