"""Spike times, frequencies and synchrony: of recorded results, or while running."""

from wetcow.synchrony.measures import (
    amplitude_order_parameter,
    linear_period,
    order_parameter,
    phase,
    phase_locking,
    spike_times,
    spiking_frequency,
    time_to_synchrony,
)
from wetcow.synchrony.running import (
    Frequency,
    MeanAmplitude,
    MeanOrder,
    Silent,
    SilentShare,
    SynchronyTime,
)
from wetcow.synchrony.silence import silent_modes

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
