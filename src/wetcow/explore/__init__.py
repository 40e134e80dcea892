"""The explorer, a local web page: a mode, a network, a memory and drawn digits, live.

What there is to see of each is computed by plain functions (`mode_view`, `network_view`,
`memory_view`, `drawing`), which need no browser. Pages (`*_page`) put them beside sliders with
Panel, which comes with ``pip install "wetcow[explore]"``; `app` serves them.
"""

__all__ = [
    "app",
    "canvas",
    "digit_page",
    "drawing",
    "memory_page",
    "memory_view",
    "mode_page",
    "mode_view",
    "model",
    "network_page",
    "network_view",
    "runs",
    "widgets",
]
