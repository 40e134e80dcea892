"""From the wave field to wave modes: amplitudes [7, 8] and parameters of a mode network [19, 20].

Amplitudes are projections of a simulated field on waves in time or in space. Networks follow from
the tissue, in closed form, or are fitted to the amplitudes of fields.
"""

from wetcow.tissue.projection.amplitudes import (
    local_rates,
    mode_amplitudes,
    spatial_mode_amplitudes,
)
from wetcow.tissue.projection.networks import ModeNetwork, network_of_field, network_of_tissue

__all__ = [
    "ModeNetwork",
    "local_rates",
    "mode_amplitudes",
    "network_of_field",
    "network_of_tissue",
    "spatial_mode_amplitudes",
]
