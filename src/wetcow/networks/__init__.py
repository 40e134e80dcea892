"""Coupled modes, their couplings, and the models they are compared with [1, 19, 20].

A `Network` is modes and a `Coupling` R: da/dt = F(a) + R a, R_ij = w_ij e^{−iδ_ij}. So an
input excites a mode by its cosine and turns it by its sine.

- Couplings: `Dense`, `Sparse` (a list of links, summed by `gather`), `Sheet` and `LowRank`
  (`structured`), `Delayed`. To add one, subclass `Coupling`; give it a `compiled_layout` if it can
  be applied faster when laid out first.
- `Connectome`: a brain's structural connectivity from files, and its networks (`connectome`).
- `resting`: covariance and spectra of noise at rest in closed form (`resting_state`, `lyapunov`).
- Baselines: `phase_only` and `amplitude_only` coupling, `Kuramoto`, `LeakyIntegrateAndFire`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
