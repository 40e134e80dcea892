"""The explorer, a local web page: a mode, a network, a memory and drawn digits, live.

What there is to see of each is computed by plain functions (`mode_view`, `network_view`,
`memory_view`, `drawing`), which need no browser. Pages (`*_page`) put them beside sliders with
Panel, which comes with ``pip install "wetcow[explore]"``; `app` serves them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
