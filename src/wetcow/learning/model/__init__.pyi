"""The public names of wetcow.learning.model."""

from . import (
    activation as activation,
    dictionary as dictionary,
    encoder as encoder,
    geometry as geometry,
    hidden_modes as hidden_modes,
    hinge as hinge,
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
