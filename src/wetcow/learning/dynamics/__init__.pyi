"""The public names of wetcow.learning.dynamics."""

from . import (
    build as build,
    network as network,
    readout as readout,
    traces as traces,
)
from .build import build_network as build_network
from .network import LearnedNetwork as LearnedNetwork
from .readout import (
    Reading as Reading,
    read_class as read_class,
)
