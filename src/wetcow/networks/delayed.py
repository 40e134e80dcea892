"""Coupling with conduction delays."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from wetcow.networks.coupling import Coupling, as_coupling_values
from wetcow.networks.dense import Dense
from wetcow.validation import array


class Delayed(Coupling):
    """Coupling with conduction delays, (R a)_i(t) = Σ_j R_ij a_j(t − τ_ij).

    `simulate` integrates it with a fixed step no longer than the shortest delay, and reads what
    arrives over each link once a step; before the start the amplitudes are taken to have had their
    initial values.

    Parameters
    ----------
    r : complex array (n, n)
        R_ij, 1/time; zero diagonal.
    delay : float array (n, n)
        τ_ij ≥ 0, time. Where it is zero the coupling is instantaneous.

    Raises
    ------
    ValueError
        As `Dense`; or for negative or non-finite delays, or another shape than that of `r`.

    Examples
    --------
    >>> Delayed([[0, 0.1], [0.1, 0]], delay=[[0, 0.5], [2.0, 0]]).delays
    (0.5, 2.0)
    """

    r: Any = eqx.field(converter=as_coupling_values)
    delay: Any = eqx.field(converter=lambda d: array("delay", d, empty=True))

    def __check_init__(self):
        Dense(self.r)
        if np.shape(self.delay) != np.shape(self.r):
            raise ValueError(
                f"delay must have the shape of R, {np.shape(self.r)}, got {np.shape(self.delay)}"
            )
        if np.any(self.delay < 0):
            raise ValueError(f"delays must not be negative, got {np.min(self.delay)}")

    @property
    def size(self) -> int:
        return self.r.shape[0]

    def __call__(self, a, past=None):
        if past is None:
            raise ValueError("delayed coupling needs the past; integrate it with simulate()")
        arriving = jnp.where(self.delay == 0, a[None, :], past(self.delay))
        return jnp.sum(self.r * arriving, axis=1)

    def bound(self):
        return Dense(self.r).bound()

    def matrix(self):
        return self.r

    def scaled(self, strength):
        return Delayed(strength * self.r, self.delay)

    def part(self, part):
        return Delayed(part(np.asarray(self.r)), self.delay)

    @property
    def delays(self):
        used = self.delay[(self.delay > 0) & (np.asarray(self.r) != 0)]
        return (float(used.min()), float(used.max())) if used.size else (0.0, 0.0)
