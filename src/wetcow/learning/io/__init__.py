"""Models in files: nothing in them is executed, and damage is named.

`container` is the file, a JSON header and arrays in a zip; `model` an estimator as these two, of
one of the `kinds`; `earlier` what files of earlier versions are in this one; `soundness` whether
the parts fit each other; `labels` the labels of any kind; `record` what is kept of how it was
learned; `card` and `cards` a text for people. `onnx`, `onnx_graph`, `onnx_layers` and `onnx_series`
write an estimator for other runtimes. `series` are the features of series as parts of a file;
`wetcow.learning.series_files` puts them together.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
