"""Single wave modes: parameters, Hamiltonian, criticality and rates [6, 9-18].

A mode is an amplitude and a phase, da/dt = (γ + iω) a + a [w_a Re(a e^{−iψ}) − α|a| + i w_φ Re a].
Weakly excited it oscillates, harder it spikes, ever more slowly, and at γ_c it falls silent.

- `Mode`, one or a row of them, with criticality, states and rates; `Constants` of the nonlinear
  terms, `CANONICAL` those of the paper.
- `hamiltonian.hamiltonian`, the energy [6, 9] and the motion that follows from it.
- `response.response`: spiking frequency and mean amplitude as functions of γ/ω alone, fitted
  (`response_fit`) to limit cycles that are solved (`limit_cycle`), up to where spiking ends
  (`end_of_spiking`); `spiking` compares the exact frequency with approximations.
- `System`, the interface of what `wetcow.simulate` integrates.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
