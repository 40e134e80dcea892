"""Images before they are learned.

`background` tells what of an image is background, and takes it away. `align` brings what is left to
a common frame: centred, scaled, upright. `augment` deforms images at random, samples of what else
they could have been. `read_picture` makes an image like those of MNIST from a picture file of any
size and colours.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
