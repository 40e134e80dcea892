"""Learning in one shot: class modes coupled, in closed form, to the codes of hidden modes [26-28].

`WaveClassifier` is the estimator, with scikit-learn's interface; `WaveRegressor` finds numbers and
`WaveFeatures` has codes alone, `SeriesFeatures` those of series. What they do with an image is in
`pipeline`, one function a step, to call one by one:

    validate → frame → encode → pool → statistics → solve → calibrate

`progress` shows how far it is. The rest is in rooms:

- `estimator`: those beside the classifier, and what makes an estimator of the pipeline.
- `settings`: what a budget chooses, and what parameters may be.
- `views`: how images are looked at, which is found out from some of them.
- `model`: what the learner computes. Activation and encoder, the dictionary of patches, hidden
  modes, the memory of examples, sums over samples, the closed form (ridge).
- `memory`: which examples are stored, and how far answers are to be trusted.
- `data`: training data of many kinds, as checked rows and as sources of batches, on a Dask cluster
  too; deformed copies; values of images.
- `finetune`: training by gradient from the construction on, with checkpoints.
- `dynamics`: the learner as a network of modes that can be integrated, and the class read from it.
- `io`: models in files, their cards, and ONNX.

Images are framed, and deformed, in `wetcow.images`, which knows nothing of learning.
"""

import lazy_loader

from wetcow import _moved

_attribute, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    return _moved.attribute(__name__, name) or _attribute(name)
