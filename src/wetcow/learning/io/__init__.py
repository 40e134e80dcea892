"""Models in files: nothing in them is executed, and damage is named.

`container` is the file, a JSON header and arrays in a zip; `model` a classifier as these two;
`soundness` whether the parts fit each other; `labels` the labels of any kind; `record` what is kept
of how it was learned; `card` a text for people. `onnx`, `onnx_graph` and `onnx_layers` write a
classifier for other runtimes.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
