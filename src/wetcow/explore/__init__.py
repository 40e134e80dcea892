"""The explorer, a local web page: a mode, a network, a memory, a brain, tissue and digits, live.

What there is to see of each is computed by plain functions (`views`), which need no browser.
`pages` put them beside sliders with Panel, which comes with ``pip install "wetcow[explore]"``, and
are made of `parts`; `app` serves them. `model` is the classifier that answers to drawings.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
