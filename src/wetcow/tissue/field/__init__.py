"""The wave field itself: ∂_t ∇²Ψ = −∇·(Σ·∇Ψ) + F [2], integrated pseudo-spectrally.

`simulate_field` takes the tissue, an initial potential or a source, and what happens at the
borders; `run` holds the compiled steps, `spectral` the operator, `exponential` the scheme in time.
"""

from wetcow.tissue.field.borders import Absorbing
from wetcow.tissue.field.simulate import simulate_field

__all__ = ["Absorbing", "simulate_field"]
