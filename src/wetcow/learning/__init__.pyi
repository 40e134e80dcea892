"""The public names of wetcow.learning."""

from . import (
    classifier as classifier,
    data as data,
    dynamics as dynamics,
    estimator as estimator,
    finetune as finetune,
    io as io,
    memory as memory,
    model as model,
    pipeline as pipeline,
    progress as progress,
    settings as settings,
    views as views,
)
from .classifier import WaveClassifier as WaveClassifier
from .estimator.features import WaveFeatures as WaveFeatures
from .estimator.regressor import WaveRegressor as WaveRegressor
from .estimator.series import SeriesFeatures as SeriesFeatures
