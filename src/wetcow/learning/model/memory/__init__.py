"""The memory of examples: the second half of the model, from codes to class modes [26, 27].

`projection` has the directions of codes that the wave kernel compares. `memorize` couples class
modes to a continuum of random modes, solved for all stored examples by `solver` with the operators
of `operators`, or of few examples by `direct`; its state in a file is in `checkpoint`. `stored` is
what comes out and answers, `recall` what that says beside its predictions, `landmarks` some
examples that stand for all.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
