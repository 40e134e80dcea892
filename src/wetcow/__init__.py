"""Weakly evanescent cortical waves: modes, networks, memories, and learning by them.

The public names stand in `__init__.pyi`. Each is imported when first used, so that importing the
package does no array work.
"""

import lazy_loader

from wetcow import _moved, forks

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

_moved.install()
forks.watch()
forks.send_by_name(__name__)
