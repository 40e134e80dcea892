"""The public names of wetcow.modes; `hamiltonian` and `response` are in modules of these names."""

from . import (
    collocation as collocation,
    criticality as criticality,
    end_of_spiking as end_of_spiking,
    equal_rate as equal_rate,
    hamiltonian as hamiltonian,
    hermite as hermite,
    kernel_matrix as kernel_matrix,
    kernel_series as kernel_series,
    limit_cycle as limit_cycle,
    mode as mode,
    response as response,
    response_fit as response_fit,
    spiking as spiking,
    system as system,
    wave_kernel as wave_kernel,
    waveform as waveform,
)
from .criticality import (
    CANONICAL as CANONICAL,
    Constants as Constants,
    critical_phase as critical_phase,
    critical_ratio as critical_ratio,
)
from .hamiltonian import (
    motion as motion,
    network_hamiltonian as network_hamiltonian,
)
from .mode import Mode as Mode
from .system import System as System
