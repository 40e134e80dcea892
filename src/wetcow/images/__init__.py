"""Images before they are learned.

`background` tells what of an image is background, and takes it away. `align` brings what is left to
a common frame: centred, scaled, upright. `augment` deforms images at random, samples of what else
they could have been. `read_picture` makes an image like those of MNIST from a picture file of any
size and colours.
"""

import pkgutil

import lazy_loader

_MODULES = [module.name for module in pkgutil.iter_modules(__path__)]
_NAMES = {
    "augmentation": ["Augmentation", "augment"],
    "background": ["without_background"],
    "frame": ["Frame", "align"],
    "pictures": ["PictureError", "read_picture"],
}
__getattr__, __dir__, _ = lazy_loader.attach(__name__, submodules=_MODULES, submod_attrs=_NAMES)
__all__ = [
    "Augmentation",
    "Frame",
    "PictureError",
    "align",
    "augment",
    "read_picture",
    "without_background",
]
