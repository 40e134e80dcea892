"""The model: from patches of images to codes, and from codes to class modes in closed form [26-28].

Read it in the order in which an image passes. `encoder`: patches, normalised, drive hidden modes,
whose codes (`activation`) are pooled over regions. `dictionary`: where their couplings come from,
patches of training images, whitened; `innate`: from patches of two `photographs` instead.
`hidden_modes`: both together, with the scales of what goes in and comes out. `memory`: class modes
coupled to stored examples of codes. `readout`: what a classifier answers with. `statistics` and
`ridge`: sums over samples, which merge in any order, and class modes solved from them, for
landmarks and for training.
"""

import lazy_loader

from wetcow import _moved

_attribute, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    return _moved.attribute(__name__, name) or _attribute(name)
