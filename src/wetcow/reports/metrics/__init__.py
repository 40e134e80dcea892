"""What is measured of learners.

`confidence` scores probabilities: calibration, likelihood, risk by coverage. `uncertainty` applies
that to our classifier and to ensembles. `operations` counts arithmetic and memory from sizes, and
`energy` counts them for networks that have learned the same images.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
