"""The public names of wetcow.plotting.surface."""

from . import (
    figure as figure,
    region_values as region_values,
    vertices as vertices,
)
from .figure import plot_surface as plot_surface
