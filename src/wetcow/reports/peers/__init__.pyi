"""The modules of `wetcow.reports.peers`, once."""

from . import (
    continual as continual,
    descent as descent,
    layers as layers,
    line_up as line_up,
    penalised as penalised,
    perceptron as perceptron,
    spiking as spiking,
)
