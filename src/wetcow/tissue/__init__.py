"""Tissue: what waves of the brain run in, and how they run [2-5, 7, 8].

Charge in anisotropic, inhomogeneous tissue relaxes by ∂_t ∇²Ψ = −∇·(Σ·∇Ψ), Σ = σ/ε [2]. Waves of
it are weakly evanescent: damped by Σ, and turning where Σ changes in space.

- Media: `Conductivity`, from numbers, functions, diffusion tensors or MRI (`mri`).
- Waves in closed form: `dispersion.dispersion` [4, 5], `survival`, the direction in which they
  survive longest, and `trace_rays`, where packets go.
- The field itself (`field`): `simulate_field`.
- From the field to wave modes (`projection`): amplitudes [7, 8], and the network of modes that a
  tissue is [19, 20].

Lengths are in m, times in s, conductivities in S/m. Figures are in `wetcow.plotting.tissue`.
"""

import lazy_loader

from wetcow import _moved

_attribute, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> object:
    return _moved.attribute(__name__, name) or _attribute(name)
