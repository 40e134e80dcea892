"""What networks do together: spikes, rates, synchrony, and whether it lasts.

Measures of recorded runs: when and how fast modes spike (`spikes`), how far their phases agree
(`order`), which pairs go together (`pairs`, `connectivity`) and how that changes (`dynamics`), at
which frequencies there is power (`spectra`), how activity spreads (`avalanches`, `power_law`). Some
of them also as reducers that need no record (`running`). Modes that do not move have no phase and
are left out (`silence`). And without any run: whether the synchronized motion of a memory attracts
(`stability`).
"""

from wetcow.synchrony.order import (
    amplitude_order_parameter,
    linear_period,
    order_parameter,
    time_to_synchrony,
)
from wetcow.synchrony.pairs import phase_locking
from wetcow.synchrony.running import (
    Frequency,
    MeanAmplitude,
    MeanOrder,
    Silent,
    SilentShare,
    SynchronyTime,
)
from wetcow.synchrony.silence import silent_modes
from wetcow.synchrony.spikes import phase, spike_times, spiking_frequency

__all__ = [
    "Frequency",
    "MeanAmplitude",
    "MeanOrder",
    "Silent",
    "SilentShare",
    "SynchronyTime",
    "amplitude_order_parameter",
    "linear_period",
    "order_parameter",
    "phase",
    "phase_locking",
    "silent_modes",
    "spike_times",
    "spiking_frequency",
    "time_to_synchrony",
]
