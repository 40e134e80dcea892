"""Parameters of a brain from data: fits of statistics at rest in closed form (docs/theory.md).

`fit` takes a network and functional connectivity, and returns a `Fitted`: the parameters
(`parameters`), the network, how close it comes (`losses`), with which certainty (`uncertainty`),
and what null connectomes reach (`nulls`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
