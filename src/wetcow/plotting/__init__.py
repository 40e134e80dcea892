"""Drawing: what the package returns in, Matplotlib figures out, in one style.

`plot` draws each kind of result, `plot_brain` values at the positions of regions, and `animate`
moves them. What belongs to one kind of experiment has a figure of its own: phase diagrams,
connectivity, conduction delays and avalanches of whole brains, maps and rays of tissue. Colours,
units and layout stand in `style`. Figures are made without `matplotlib.pyplot`: save them with
``savefig``.

The public names stand in `__init__.pyi`, and are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
