"""The public names of wetcow.learning."""

from . import (
    calibration as calibration,
    checks as checks,
    classifier as classifier,
    data as data,
    decide as decide,
    dynamics as dynamics,
    finetune as finetune,
    former_names as former_names,
    io as io,
    landmark_memory as landmark_memory,
    memory as memory,
    model as model,
    pipeline as pipeline,
    presets as presets,
    progress as progress,
    record as record,
    views as views,
)
from .classifier import WaveClassifier as WaveClassifier
