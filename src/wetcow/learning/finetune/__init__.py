"""Training by gradient, from the construction on.

`trainable` has what is trained and its units, `steps` the compiled steps, `training` the trainer
that goes through them and how many there is time for, `checkpoint` its state in a file, and
`refine` the whole: train hidden modes, and keep them if they do better on samples not learned.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
