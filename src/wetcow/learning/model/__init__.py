"""The model: from patches of images to codes, and from codes to class modes in closed form [26-28].

Read it in the order in which an image passes. `encoder`: patches, normalised, drive hidden modes,
whose codes (`activation`) are pooled over regions. `dictionary`: where their couplings come from,
patches of training images, whitened. `hidden_modes`: both together, with the scales of what goes in
and comes out. `statistics`: sums over samples, which merge in any order. `ridge`: class modes
solved from them, with their leverages. `hinge`: the same with inequalities, a few passes through
the data.
"""

import pkgutil

import lazy_loader

_MODULES = [module.name for module in pkgutil.iter_modules(__path__)]
_NAMES = {
    "encoder": ["Geometry", "Layer"],
    "hidden_modes": ["HiddenModes"],
    "ridge": ["ClassModes"],
    "statistics": ["Statistics"],
}
__getattr__, __dir__, _ = lazy_loader.attach(__name__, submodules=_MODULES, submod_attrs=_NAMES)
__all__ = ["ClassModes", "Geometry", "HiddenModes", "Layer", "Statistics"]
