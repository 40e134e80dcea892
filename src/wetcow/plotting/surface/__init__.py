"""Values of regions on the surface of the cortex.

`vertices` says which region each vertex of a mesh is in, from a parcellation or from centres alone,
`region_values` which value each region has, by name, and `figure` draws both.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
