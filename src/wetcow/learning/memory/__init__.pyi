"""The public names of wetcow.learning.memory."""

from . import (
    calibration as calibration,
    construction_files as construction_files,
    examples as examples,
    landmarks as landmarks,
    noise as noise,
    relevance as relevance,
    scale as scale,
    values as values,
)
