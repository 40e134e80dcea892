"""The public names of wetcow.learning.model."""

from . import (
    activation as activation,
    brightness as brightness,
    dictionary as dictionary,
    encoder as encoder,
    geometry as geometry,
    hidden_modes as hidden_modes,
    innate as innate,
    kernel_checkpoint as kernel_checkpoint,
    kernel_landmarks as kernel_landmarks,
    kernel_memory as kernel_memory,
    kernel_operators as kernel_operators,
    kernel_projection as kernel_projection,
    kernel_recall as kernel_recall,
    kernel_solver as kernel_solver,
    photographs as photographs,
    readout as readout,
    ridge as ridge,
    statistics as statistics,
)
from .encoder import (
    Geometry as Geometry,
    Layer as Layer,
)
from .hidden_modes import HiddenModes as HiddenModes
from .ridge import ClassModes as ClassModes
from .statistics import Statistics as Statistics
