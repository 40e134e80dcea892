"""The public names of wetcow.learning."""

from . import (
    calibration as calibration,
    checks as checks,
    classifier as classifier,
    data as data,
    dynamics as dynamics,
    finetune as finetune,
    io as io,
    landmark_memory as landmark_memory,
    memory as memory,
    model as model,
    pipeline as pipeline,
    presets as presets,
    progress as progress,
    record as record,
)
from .classifier import WaveClassifier as WaveClassifier
