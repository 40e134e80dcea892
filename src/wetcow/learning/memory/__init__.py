"""From codes of examples to a memory of them: which are stored, and how far it is to be trusted.

`examples` collects codes, and stores all of them or lets some be `landmarks` for all; solving is in
`wetcow.learning.model.memory`. `calibration` finds probabilities and uncertainties by examples that
were left out, `noise` how much noise a memory is to have, `scale` and `relevance` how far apart the
rows of a table are to be seen, and by which columns; `values` are numbers in place of classes.
`construction_files` keep how far all this has come.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
