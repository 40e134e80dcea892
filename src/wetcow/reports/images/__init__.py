"""Images that sections of the report learn, and images unlike those.

`data` loads as many as the effort allows, and `deformation` deforms them at random. `corruptions`
blurs, shifts, covers and darkens images in steps of strength; `letters` draws letters where digits
were learned.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
