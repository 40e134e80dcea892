"""Coupling with conduction delays."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from wetcow.networks.coupling import Coupling, as_coupling_values
from wetcow.networks.dense import Dense
from wetcow.precision import is_traced
from wetcow.validation import array, number


def _min_delay(value: Any) -> Any:
    return value if is_traced(value) else number("min_delay", value, minimum=0)


class Delayed(Coupling):
    """Coupling with conduction delays, (R a)_i(t) = Σ_j R_ij a_j(t − τ_ij).

    `simulate` integrates it with a fixed step no longer than the shortest delay, and reads what
    arrives over each link once a step; before the start the amplitudes are taken to have had their
    initial values.

    One very short link makes all steps short. With `min_delay` = m, what arrives over a link of
    τ < m is interpolated between now and m ago,

        a_j(t − τ) ≈ (1 − τ/m) a_j(t) + (τ/m) a_j(t − m),

    so that steps may be as long as m. That is wrong by at most τ(m − τ)/2 · max|d²a_j/dt²|, and for
    a wave of one frequency by `min_delay_error`.

    Parameters
    ----------
    r : complex array (n, n)
        R_ij, 1/time; zero diagonal.
    delay : float array (n, n)
        τ_ij ≥ 0, time. Where it is zero the coupling is instantaneous.
    min_delay : float
        m, time: shorter delays are interpolated. Default 0: all are exact.

    Raises
    ------
    ValueError
        As `Dense`; or for negative or non-finite delays, or another shape than that of `r`.

    Examples
    --------
    >>> coupling = Delayed([[0, 0.1], [0.1, 0]], delay=[[0, 0.05], [2.0, 0]])
    >>> coupling.delays
    (0.05, 2.0)

    Interpolated over 0.2, its short link is wrong by 0.4 % for a wave that turns by 1 rad in a unit
    of time:

    >>> faster = Delayed(coupling.r, coupling.delay, min_delay=0.2)
    >>> faster.delays, round(faster.min_delay_error(1.0), 4)
    ((0.2, 2.0), 0.0037)
    """

    r: Any = eqx.field(converter=as_coupling_values)
    delay: Any = eqx.field(converter=lambda d: array("delay", d, empty=True))
    min_delay: Any = eqx.field(default=0.0, converter=_min_delay)

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
        share, delay = self.late()
        late = jnp.asarray(past(delay))
        share, now = jnp.asarray(share, late.dtype), jnp.asarray(a, late.dtype)
        arriving = share * late + (1 - share) * now[None, :]
        return jnp.sum(self.r * arriving, axis=1)

    def late(self) -> tuple[Any, Any]:
        """Share of each link that arrives late, and how late: that of short links is interpolated.

        Of several couplings in one, whose arrays have more axes in front, all.

        Returns
        -------
        share, delay : float arrays (n, n)
            The rest of what arrives, 1 − share, is what the source has now. As NumPy, unless they
            are traced.
        """
        numpy: Any = jnp if is_traced(self.delay, self.min_delay) else np
        shortest = numpy.asarray(self.min_delay)[..., None, None]
        short = self.delay < shortest
        share = numpy.where(short, self.delay / numpy.where(shortest > 0, shortest, 1.0), 1.0)
        delay = numpy.where(short, shortest, self.delay)
        return numpy.where(self.delay == 0, 0.0, share), delay

    def min_delay_error(self, omega: float) -> float:
        """Relative error that `min_delay` makes in what arrives of a wave e^{iωt}.

        Parameters
        ----------
        omega : float
            ω, rad/time; spikes are made of several times their rate.

        Returns
        -------
        float
            The largest of all links, |(1 − s) + s e^{−iωm} − e^{−iωτ}| with s = τ/m; at most
            (ωm)²/8.
        """
        share, delay = self.late()
        omega = number("omega", omega)
        arriving = (1 - share) + share * np.exp(-1j * omega * delay)
        error = np.abs(arriving - np.exp(-1j * omega * self.delay))
        return float(np.max(error, where=np.asarray(self.r) != 0, initial=0.0))

    def bound(self):
        return Dense(self.r).bound()

    def matrix(self):
        return self.r

    def scaled(self, strength):
        return Delayed(r=strength * self.r, delay=self.delay, min_delay=self.min_delay)

    def part(self, part):
        return Delayed(r=part(np.asarray(self.r)), delay=self.delay, min_delay=self.min_delay)

    def parameters(self):
        found = super().parameters()
        # Left out where it does nothing, so that runs of earlier versions can go on.
        if np.ndim(self.min_delay) == 0 and self.min_delay == 0:
            del found["coupling_min_delay"]
        return found

    @property
    def delays(self):
        late = self.late()[1]
        linked = True if is_traced(self.r) else np.asarray(self.r) != 0
        used = late[(self.delay > 0) & linked]
        return (float(used.min()), float(used.max())) if used.size else (0.0, 0.0)
