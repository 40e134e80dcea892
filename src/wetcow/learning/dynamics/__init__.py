"""The learner as a network of modes that can be integrated, for one input.

In the formula of the learner a mode has settled, and its codes are fitted functions. Here the modes
run: `draw_random_modes` replaces the continuum of random modes by some, `build_network` makes the
network, a system to `wetcow.simulate`, `traces` are running means of
what its modes do, and `read_class` reads the class from the trajectories of the class modes.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
