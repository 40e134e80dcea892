"""Parameters of a brain from data: fits of statistics at rest in closed form (docs/theory.md).

`fit` takes a network and functional connectivity, and returns a `Fitted`: the parameters
(`parameters`), the network, how close it comes (`losses`), with which certainty (`uncertainty`),
and what null connectomes reach (`nulls`).

The room has the name of its function, so it can be called: ``wetcow.fit(network, target)``.
"""

import sys
import types
from typing import Any

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


class _Callable(types.ModuleType):
    """A module whose call is that of the function of its name.

    ``wetcow.fit`` is the function until something imports this package, which then takes its
    place as an attribute of ``wetcow``.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from wetcow.fit.fitting import fit

        return fit(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
