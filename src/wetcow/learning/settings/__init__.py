"""Parameters: what a budget chooses (`presets`), how images are seen (`view`), and `checks`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
