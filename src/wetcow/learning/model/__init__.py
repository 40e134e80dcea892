"""The model: from patches of images to codes, and from codes to class modes in closed form [26-28].

Read it in the order in which an image passes. `encoder`: patches, normalised, drive hidden modes,
whose codes (`activation`) are pooled over regions. `dictionary`: where their couplings come from,
patches of training images, whitened; `innate`: from patches of two `photographs` instead.
`hidden_modes`: both together, with the scales of what goes in and comes out. `statistics`: sums
over samples, which merge in any order. `ridge`: class modes solved from them, with their leverages.
`hinge`: the same with inequalities, a few passes through the data.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
