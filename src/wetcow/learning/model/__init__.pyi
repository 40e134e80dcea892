"""The public names of wetcow.learning.model."""

from . import (
    activation as activation,
    brightness as brightness,
    dictionary as dictionary,
    encoder as encoder,
    feature_names as feature_names,
    geometry as geometry,
    hidden_modes as hidden_modes,
    innate as innate,
    memory as memory,
    patches as patches,
    photographs as photographs,
    readout as readout,
    ridge as ridge,
    series_modes as series_modes,
    statistics as statistics,
)
from .encoder import (
    Geometry as Geometry,
    Layer as Layer,
)
from .hidden_modes import HiddenModes as HiddenModes
from .ridge import ClassModes as ClassModes
from .statistics import Statistics as Statistics
