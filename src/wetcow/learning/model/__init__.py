"""The model: from patches of images to codes, and from codes to class modes in closed form [26-28].

Read it in the order in which an image passes. `encoder`: patches, normalised, drive hidden modes,
whose codes (`activation`) are pooled over regions. `dictionary`: where their couplings come from,
patches of training images, whitened; `innate`: from patches of two `photographs` instead.
`hidden_modes`: both together, with the scales of what goes in and comes out. `kernel_projection`: the
directions of codes that the wave kernel compares. `kernel_memory`: class modes coupled to a continuum
of random modes, solved for all stored examples by `kernel_solver` with the operators of
`kernel_operators`; `kernel_landmarks`: some examples that stand for all. `readout`: what a classifier
answers with. `statistics` and `ridge`: sums over samples, which merge in any order, and class modes
solved from them, for landmarks and for training.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
