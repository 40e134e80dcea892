"""Speed and scale of networks, beside the limits of the machine and beside other simulators.

`run` measures part by part, each in a process of its own: products of couplings beside memory and
arithmetic (`limits`), growth with size (`growth`), methods of integration (`methods`), shared
networks and sweeps (`devices`, `sweeps`), and other simulators of the same equations (`peers`,
`kuramoto`), brains whose links take time (`brains`), brains that are fitted, and BOLD
(`brain_fits`). `tables` shows the rows: ``wetcow bench``.

Modules are imported when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
