"""Integration of modes and networks: the one place that integrates, and its results.

`simulate.simulate` runs one system and `sweep.sweep` many of a kind side by side; both are public
as `wetcow.simulate` and `wetcow.sweep`. They check first what a run will take (`plan`), then go
through time in chunks, each one compiled call (`chunks`, `steps`, `batch`). Input in time is a
`Drive` (`course`, `driven`), what is measured while running a `Reducer`. Results are labelled data,
which can be stored while they come, resumed and extended (`files`). `integrate.integrate` is the
differentiable solution without all that.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
