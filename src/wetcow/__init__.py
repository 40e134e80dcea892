"""Weakly evanescent cortical waves: modes, networks, memories, and learning by them.

The names below are the public ones; each is imported when first used, so that importing the
package does no array work.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from wetcow.version import __version__

_HOMES = {
    "tissue.conductivity": ("Conductivity",),
    "tissue.dispersion": ("dispersion",),
    "tissue.directions": ("survival",),
    "tissue.rays": ("trace_rays",),
    "tissue.mri": ("conductivity_from_dwi",),
    "tissue.field": ("Absorbing", "simulate_field"),
    "tissue.projection": (
        "mode_amplitudes",
        "network_of_field",
        "network_of_tissue",
        "spatial_mode_amplitudes",
    ),
    "modes.criticality": ("Constants", "CANONICAL"),
    "modes.hamiltonian": ("hamiltonian", "motion", "network_hamiltonian"),
    "modes.mode": ("Mode",),
    "modes.response": ("response",),
    "modes.wave_kernel": ("wave_kernel",),
    "networks.coupling": ("Coupling",),
    "networks.dense": ("Dense",),
    "networks.sparse": ("Sparse",),
    "networks.structured": ("LowRank", "Sheet"),
    "networks.delayed": ("Delayed",),
    "networks.network": ("Network",),
    "networks.baselines": ("Kuramoto", "LeakyIntegrateAndFire", "amplitude_only", "phase_only"),
    "networks.connectome": ("Connectome", "ConnectomeError", "load_connectome"),
    "simulation.integrate": ("integrate",),
    "simulation.simulate": ("SimulationError", "simulate"),
    "simulation.sweep": ("sweep",),
    "simulation.reduce": ("Reducer",),
    "simulation.results": ("load_run", "save_run"),
    "synchrony": (
        "amplitude_order_parameter",
        "order_parameter",
        "phase_locking",
        "spike_times",
        "spiking_frequency",
        "time_to_synchrony",
    ),
    "synchrony.connectivity": ("compare_connectivity", "functional_connectivity"),
    "synchrony.avalanches": ("crackling", "find_avalanches", "find_events", "shuffled"),
    "synchrony.power_law": ("fit_power_law",),
    "memory": ("interference", "memorize"),
    "learning.classifier": ("WaveClassifier",),
    "plotting": ("animate", "plot", "plot_brain"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = (
    "datasets",
    "learning",
    "memory",
    "modes",
    "networks",
    "plotting",
    "reports",
    "simulation",
    "synchrony",
    "tissue",
)

if TYPE_CHECKING:
    from wetcow import datasets, synchrony
    from wetcow.learning.classifier import WaveClassifier
    from wetcow.memory import interference, memorize
    from wetcow.modes.criticality import CANONICAL, Constants
    from wetcow.modes.hamiltonian import hamiltonian, motion, network_hamiltonian
    from wetcow.modes.mode import Mode
    from wetcow.modes.response import response
    from wetcow.modes.wave_kernel import wave_kernel
    from wetcow.networks.baselines import (
        Kuramoto,
        LeakyIntegrateAndFire,
        amplitude_only,
        phase_only,
    )
    from wetcow.networks.connectome import Connectome, ConnectomeError, load_connectome
    from wetcow.networks.coupling import Coupling
    from wetcow.networks.delayed import Delayed
    from wetcow.networks.dense import Dense
    from wetcow.networks.network import Network
    from wetcow.networks.sparse import Sparse
    from wetcow.networks.structured import LowRank, Sheet
    from wetcow.plotting.animation import animate
    from wetcow.plotting.brain import plot_brain
    from wetcow.plotting.kinds import plot
    from wetcow.simulation.integrate import integrate
    from wetcow.simulation.reduce import Reducer
    from wetcow.simulation.results import load_run, save_run
    from wetcow.simulation.simulate import SimulationError, simulate
    from wetcow.simulation.sweep import sweep
    from wetcow.synchrony import (
        amplitude_order_parameter,
        order_parameter,
        phase_locking,
        spike_times,
        spiking_frequency,
        time_to_synchrony,
    )
    from wetcow.synchrony.avalanches import crackling, find_avalanches, find_events, shuffled
    from wetcow.synchrony.connectivity import compare_connectivity, functional_connectivity
    from wetcow.synchrony.power_law import fit_power_law
    from wetcow.tissue.conductivity import Conductivity
    from wetcow.tissue.directions import survival
    from wetcow.tissue.dispersion import dispersion
    from wetcow.tissue.field import Absorbing, simulate_field
    from wetcow.tissue.mri import conductivity_from_dwi
    from wetcow.tissue.projection import (
        mode_amplitudes,
        network_of_field,
        network_of_tissue,
        spatial_mode_amplitudes,
    )
    from wetcow.tissue.rays import trace_rays

__all__ = [
    "CANONICAL",
    "Absorbing",
    "Conductivity",
    "Connectome",
    "ConnectomeError",
    "Constants",
    "Coupling",
    "Delayed",
    "Dense",
    "Kuramoto",
    "LeakyIntegrateAndFire",
    "LowRank",
    "Mode",
    "Network",
    "Reducer",
    "Sheet",
    "SimulationError",
    "Sparse",
    "WaveClassifier",
    "__version__",
    "amplitude_only",
    "amplitude_order_parameter",
    "animate",
    "compare_connectivity",
    "conductivity_from_dwi",
    "crackling",
    "datasets",
    "dispersion",
    "find_avalanches",
    "find_events",
    "fit_power_law",
    "functional_connectivity",
    "hamiltonian",
    "integrate",
    "interference",
    "load_connectome",
    "load_run",
    "memorize",
    "mode_amplitudes",
    "motion",
    "network_hamiltonian",
    "network_of_field",
    "network_of_tissue",
    "order_parameter",
    "phase_locking",
    "phase_only",
    "plot",
    "plot_brain",
    "response",
    "save_run",
    "shuffled",
    "simulate",
    "simulate_field",
    "spatial_mode_amplitudes",
    "spike_times",
    "spiking_frequency",
    "survival",
    "sweep",
    "synchrony",
    "time_to_synchrony",
    "trace_rays",
    "wave_kernel",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"wetcow.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'wetcow' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"wetcow.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
