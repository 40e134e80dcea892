"""Connectomes: which regions of a brain are joined, how strongly, and how far apart they are.

A signal takes τ_ij = L_ij/v along a tract of length L_ij with conduction speed v. A wave of angular
frequency ω arrives turned by the phase delay δ_ij = ω τ_ij of [19, 20]: a_j(t − τ) is then
a_j(t) e^{−iωτ}, as long as its amplitude and frequency stay what they are during τ.
"""

from wetcow.networks.connectome.brains import Brains, load_brains
from wetcow.networks.connectome.files import load_connectome
from wetcow.networks.connectome.model import Connectome
from wetcow.networks.connectome.preparation import (
    NORMALISATIONS,
    ConnectomeError,
    Normalisation,
)

__all__ = [
    "NORMALISATIONS",
    "Brains",
    "Connectome",
    "ConnectomeError",
    "Normalisation",
    "load_brains",
    "load_connectome",
]
