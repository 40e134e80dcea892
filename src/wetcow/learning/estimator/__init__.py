"""What makes an estimator of the pipeline: its steps, its answers, its former parameters.

`learner` calls the pipeline's steps for `fit` and `partial_fit`; `prediction` answers once it is
fitted; `former_names` says what became of parameters and attributes that earlier versions had.
`wetcow.WaveClassifier` derives from them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
