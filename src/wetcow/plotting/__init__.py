"""Drawing: what the package returns in, Matplotlib figures out, in one style.

`plot` draws each kind of result, `plot_brain` values at the positions of regions, and `animate`
moves them. Figures are made without `matplotlib.pyplot`: save them with ``savefig``.
"""

import pkgutil

import lazy_loader

_MODULES = [module.name for module in pkgutil.iter_modules(__path__)]
_NAMES = {"animation": ["animate"], "brain": ["plot_brain"], "kinds": ["plot"]}
__getattr__, __dir__, _ = lazy_loader.attach(__name__, submodules=_MODULES, submod_attrs=_NAMES)
__all__ = ["animate", "plot", "plot_brain"]
