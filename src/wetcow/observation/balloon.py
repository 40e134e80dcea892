"""The Balloon–Windkessel model: from activity of a region to what a scanner sees of its blood.

Signal s, flow f, volume v and deoxyhaemoglobin q of a region follow its activity z (Friston 2000):

    ds/dt = z − κ s − γ (f − 1),      df/dt = s,
    τ dv/dt = f − v^{1/α},            τ dq/dt = f E(f)/E₀ − v^{1/α} q/v,

with the extraction E(f) = 1 − (1 − E₀)^{1/f}, and the signal is

    y = V₀ (k₁ (1 − q) + k₂ (1 − q/v) + k₃ (1 − v)).

Here the state is what differs from rest, (s, f − 1, v − 1, q − 1), so that weak activity is not
lost in rounding.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.precision import in_double
from wetcow.simulation.steps.solvers import Bosh3
from wetcow.validation import number


class Balloon(eqx.Module):
    """Constants of the Balloon–Windkessel model; those of publications: `balloon`.

    Attributes
    ----------
    kappa : float
        Decay of the signal κ, 1/s.
    gamma : float
        Autoregulation of the flow γ, 1/s².
    tau : float
        Mean transit time τ, s.
    alpha : float
        Grubb's exponent α.
    e0 : float
        Oxygen extraction at rest E₀.
    v0 : float
        Share of blood in the volume at rest V₀.
    k1, k2, k3 : float
        Weights of the signal.
    """

    kappa: Any
    gamma: Any
    tau: Any
    alpha: Any
    e0: Any
    v0: Any
    k1: Any
    k2: Any
    k3: Any

    def __check_init__(self) -> None:
        for name in ("kappa", "gamma", "tau", "alpha", "e0", "v0"):
            value = number(name, getattr(self, name), above=0)
            if name in ("alpha", "e0", "v0") and value > 1:
                raise ValueError(f"{name} must be at most 1, got {value:g}")
        for name in ("k1", "k2", "k3"):
            number(name, getattr(self, name))

    def change(self, state: Any, z: Any) -> Any:
        """Time derivative of the state (4, …) for activity z (…), 1/s² for z in 1/s².

        NaN where the flow would be negative, which is beyond the model.
        """
        s, f, v, q = state
        f = jnp.where(f > -1, f, jnp.nan)
        # E(f)/E₀ − 1, and what leaves the balloon beside that at rest.
        more = -(1 - self.e0) / self.e0 * jnp.expm1(-jnp.log1p(-self.e0) * f / (1 + f))
        leaving = jnp.expm1(jnp.log1p(v) / self.alpha)
        carried = jnp.expm1(jnp.log1p(v) * (1 / self.alpha - 1))
        return jnp.stack(
            [
                z - self.kappa * s - self.gamma * f,
                s,
                (f - leaving) / self.tau,
                (f + more + f * more - (carried + q + carried * q)) / self.tau,
            ]
        )

    def signal(self, state: Any) -> Any:
        """BOLD signal y (…) of a state (4, …), as a share of the signal at rest."""
        _, _, v, q = state
        return self.v0 * (-self.k1 * q + self.k2 * (v - q) / (1 + v) - self.k3 * v)

    def step(self, state: Any, z: Any, z_after: Any, interval: Any) -> Any:
        """State after an interval, s, over which activity goes from `z` to `z_after` linearly."""

        def change(t: Any, y: Any, args: Any) -> Any:
            return self.change(y, z + (z_after - z) * (t / interval))

        start = jnp.zeros_like(interval)
        terms, method = diffrax.ODETerm(change), Bosh3()
        carried = method.init(terms, start, interval, state, None)
        return method.step(terms, start, interval, state, None, carried, made_jump=False)[0]

    def linear(self) -> tuple[np.ndarray, np.ndarray]:
        """The model near rest: dx/dt = H x + (1, 0, 0, 0) z and y = c x.

        Returns
        -------
        h : float array (4, 4)
            1/s.
        c : float array (4,)
        """
        return in_double(_derivatives)(self)

    def response(self, frequency: Any) -> np.ndarray:
        """Transfer function y/z of weak activity, complex (…), s².

        Parameters
        ----------
        frequency : float or array (…)
            Hz.

        Examples
        --------
        >>> abs(balloon("stephan2007").response([0.0, 0.03, 0.3])).round(3).tolist()
        [0.193, 0.186, 0.003]
        """
        h, c = self.linear()
        turns = 2j * np.pi * np.asarray(frequency, dtype=float)[..., None, None]
        whole = turns * np.eye(4) - h
        return (
            np.linalg.solve(whole, np.broadcast_to(np.eye(4)[:, :1], (*whole.shape[:-1], 1)))[
                ..., 0
            ]
            @ c
        )

    def impulse_response(self, time: Any) -> np.ndarray:
        """Response of y to a short weak pulse of z of area one, real (…), s.

        Parameters
        ----------
        time : float or array (…)
            Since the pulse, s; zero before it.

        Examples
        --------
        >>> time = np.linspace(0, 20, 2001)
        >>> float(time[balloon("stephan2007").impulse_response(time).argmax()].round(1))
        4.5
        """
        poles = self.poles()
        time = np.asarray(time, dtype=float)[..., None]
        found = (poles.residues * np.exp(poles.rates * np.maximum(time, 0))).sum(axis=-1).real
        return np.where(time[..., 0] < 0, 0.0, found)

    def poles(self) -> Poles:
        """The impulse response as a sum of exponentials."""
        h, c = self.linear()
        rates, vectors = np.linalg.eig(h)
        return Poles(rates=rates, residues=(c @ vectors) * np.linalg.inv(vectors)[:, 0])


@jax.jit
def _derivatives(balloon: Balloon) -> tuple[Any, Any]:
    rest = jnp.zeros(4)
    matrix = jax.jacfwd(lambda x: balloon.change(x, jnp.zeros(())))(rest)
    return matrix, jax.grad(balloon.signal)(rest)


class Poles(NamedTuple):
    """Exponentials of which an impulse response is the sum: Σ r_p e^{μ_p t}.

    Attributes
    ----------
    rates : complex array (4,)
        μ, 1/s.
    residues : complex array (4,)
        r.
    """

    rates: np.ndarray
    residues: np.ndarray


FRISTON_2003 = Balloon(
    kappa=0.65,
    gamma=0.41,
    tau=0.98,
    alpha=0.32,
    e0=0.34,
    v0=0.02,
    k1=7 * 0.34,
    k2=2.0,
    k3=2 * 0.34 - 0.2,
)
STEPHAN_2007 = Balloon(
    kappa=0.64,
    gamma=0.32,
    tau=2.0,
    alpha=0.32,
    e0=0.4,
    v0=0.04,
    # 4.3 ϑ₀ E₀ TE, ε r₀ E₀ TE and 1 − ε, with ϑ₀ = 40.3/s, r₀ = 25/s, TE = 0.04 s, ε = 1
    k1=4.3 * 40.3 * 0.4 * 0.04,
    k2=25 * 0.4 * 0.04,
    k3=0.0,
)
PUBLISHED = {"stephan2007": STEPHAN_2007, "friston2003": FRISTON_2003}


def balloon(name: str = "stephan2007", **constants: float) -> Balloon:
    """Balloon–Windkessel model with published constants.

    Parameters
    ----------
    name : {"stephan2007", "friston2003"}
        "stephan2007": rates and weights k₁ = 4.3 ϑ₀ E₀ TE, k₂ = ε r₀ E₀ TE, k₃ = 1 − ε for 1.5 T
        and TE = 40 ms [1]_, as SPM has them. "friston2003": the rates of [2]_ with the weights 7
        E₀, 2 and 2 E₀ − 0.2 of [3]_, which most whole-brain models use.
    **constants : float
        Others than those, by the names of `Balloon`.

    Returns
    -------
    Balloon

    Raises
    ------
    ValueError
        For another name, or constants out of range.

    References
    ----------
    .. [1] K. E. Stephan, N. Weiskopf, P. M. Drysdale, P. A. Robinson, K. J. Friston, "Comparing
       hemodynamic models with DCM", NeuroImage 38, 387 (2007).
    .. [2] K. J. Friston, L. Harrison, W. Penny, "Dynamic causal modelling", NeuroImage 19, 1273
       (2003).
    .. [3] K. J. Friston, A. Mechelli, R. Turner, C. J. Price, "Nonlinear responses in fMRI: the
       Balloon model, Volterra kernels, and other hemodynamics", NeuroImage 12, 466 (2000).

    Examples
    --------
    >>> balloon("friston2003").tau, balloon(tau=1.5).tau
    (0.98, 1.5)
    """
    if name not in PUBLISHED:
        raise ValueError(f"balloon must be one of {[*PUBLISHED]}, got {name!r}")
    given = vars(PUBLISHED[name]) | constants
    return Balloon(**given)
