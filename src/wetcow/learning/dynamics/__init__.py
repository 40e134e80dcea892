"""The learner as a network of modes that can be integrated, for one input.

In the formula of the learner a mode has settled, and its codes are fitted functions. Here the modes
run: `build_network` makes the network, a system to `wetcow.simulate`, `traces` are running means of
what its modes do, and `read_class` reads the class from the trajectories of the class modes.
"""

import pkgutil

import lazy_loader

_MODULES = [module.name for module in pkgutil.iter_modules(__path__)]
_NAMES = {
    "build": ["build_network"],
    "network": ["LearnedNetwork"],
    "readout": ["Reading", "read_class"],
}
__getattr__, __dir__, _ = lazy_loader.attach(__name__, submodules=_MODULES, submod_attrs=_NAMES)
__all__ = ["LearnedNetwork", "Reading", "build_network", "read_class"]
