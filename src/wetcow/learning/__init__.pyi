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
    series_files as series_files,
    settings as settings,
    views as views,
)
from .classifier import WaveClassifier as WaveClassifier
from .estimator.features import WaveFeatures as WaveFeatures
from .estimator.regressor import WaveRegressor as WaveRegressor
from .estimator.series import SeriesFeatures as SeriesFeatures
from .series_files import (
    load_series_model as load_series_model,
    save_series_model as save_series_model,
    series_card as series_card,
    series_to_onnx as series_to_onnx,
)
