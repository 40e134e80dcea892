"""Models in files: nothing in them is executed, and damage is named.

`container` is the file, a JSON header and arrays in a zip; `model` a classifier as these two;
`soundness` whether the parts fit each other; `labels` the labels of any kind; `card` a text for
people. `onnx`, `onnx_graph` and `onnx_layers` write a classifier for other runtimes.
"""

import pkgutil

import lazy_loader

_MODULES = [module.name for module in pkgutil.iter_modules(__path__)]
_NAMES = {"container": ["ModelFileError", "read_model", "write_model"], "onnx": ["save_onnx"]}
__getattr__, __dir__, _ = lazy_loader.attach(__name__, submodules=_MODULES, submod_attrs=_NAMES)
__all__ = ["ModelFileError", "read_model", "save_onnx", "write_model"]
