"""The public names of `wetcow.plotting`, once."""

from . import (
    animation as animation,
    brain as brain,
    fields as fields,
    kinds as kinds,
    matrices as matrices,
    names as names,
    runs as runs,
    series as series,
    spectra as spectra,
    style as style,
    surface as surface,
    sweeps as sweeps,
    tissue as tissue,
    whole_brain as whole_brain,
)
from .animation import animate as animate
from .brain import plot_brain as plot_brain
from .kinds import plot as plot
from .surface import plot_surface as plot_surface
from .tissue import (
    draw_plane as draw_plane,
    draw_rays as draw_rays,
    tissue_figure as tissue_figure,
)
from .whole_brain import (
    figure_avalanches as figure_avalanches,
    figure_connectivity as figure_connectivity,
    figure_phase_approximation as figure_phase_approximation,
    figure_phase_diagram as figure_phase_diagram,
)
