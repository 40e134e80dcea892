"""The public names of wetcow.learning."""

from . import (
    classifier as classifier,
    data as data,
    dynamics as dynamics,
    estimator as estimator,
    features as features,
    finetune as finetune,
    io as io,
    memory as memory,
    model as model,
    pipeline as pipeline,
    progress as progress,
    regressor as regressor,
    settings as settings,
    views as views,
)
from .classifier import WaveClassifier as WaveClassifier
from .features import WaveFeatures as WaveFeatures
from .regressor import WaveRegressor as WaveRegressor
