"""Integration of modes and networks: `simulate`, `sweep`, and their results."""

import pkgutil

import lazy_loader

_MODULES = [module.name for module in pkgutil.iter_modules(__path__)]
__getattr__, __dir__, _ = lazy_loader.attach(__name__, submodules=_MODULES)
