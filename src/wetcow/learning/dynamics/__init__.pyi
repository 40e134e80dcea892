"""The public names of wetcow.learning.dynamics."""

from . import (
    build as build,
    network as network,
    random_modes as random_modes,
    readout as readout,
    traces as traces,
)
from .build import build_network as build_network
from .network import LearnedNetwork as LearnedNetwork
from .random_modes import (
    RandomModes as RandomModes,
    draw_random_modes as draw_random_modes,
)
from .readout import (
    Reading as Reading,
    read_class as read_class,
)
