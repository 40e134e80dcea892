"""Noise at rest: what a network below onset does on average, in closed form (docs/theory.md).

Weak noise makes of a network at rest the linear process da = A a dt + dξ with
A = diag(γ + iω) + R and E[dξ dξ†] = Q dt. Its covariances and spectra follow without integration.
"""

from __future__ import annotations

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from threadpoolctl import threadpool_limits

from wetcow import validation
from wetcow.modes.mode import Mode
from wetcow.networks.delayed import Delayed
from wetcow.networks.lyapunov import abscissa, complex_of, lyapunov
from wetcow.networks.network import Network
from wetcow.networks.noise import noise_covariance
from wetcow.networks.resting_delays import DelayedRest, covariance_of, exact_abscissa, phases
from wetcow.networks.resting_statistics import Resting
from wetcow.precision import in_double, is_traced
from wetcow.process import bound_compiled_calls, check_process

MARGIN_TO_SUGGEST = 0.05  # of the fastest rate, by which advice goes beyond the border


def resting(
    network: Any,
    noise: Any = 0.01,
    *,
    delays: Literal["exact", "phase"] | None = None,
    phase_frequency: float | None = None,
) -> Resting:
    """Covariance, spectra and distance from criticality of a network at rest under weak noise.

    Parameters
    ----------
    network : Network or Mode
        n modes, below onset: all eigenvalues of A = diag(γ + iω) + R have negative real parts.
    noise : float, array (n,) or complex array (n, n)
        σ of the noise of all modes or of each, amplitude/sqrt(time), as of `simulate`: Q = σ². A
        matrix is the covariance Q itself, amplitude²/time, Hermitian and positive semi-definite.
    delays : {"exact", "phase"}, optional
        Of `Delayed` coupling. "exact": by the transfer function (iν − D − R e^{−iντ})⁻¹ at each
        frequency ν, which is integrated for the covariance. "phase": links turn what they carry by
        e^{−iωτ}, ω the `phase_frequency`. That is accurate as long as amplitudes and phases hardly
        change within a delay: |λ − iω| τ ≪ 1 for the eigenvalues λ of slow decay. Default: "exact".
    phase_frequency : float, optional
        ω of phases, radians/time. Default: the mean of the network's.

    Returns
    -------
    Resting
        Arrays of NumPy in double precision. If something is traced by JAX, arrays of JAX, which
        have derivatives: then a network that is not stable gives NaN instead of an error.

    Raises
    ------
    ValueError
        If the network is not stable at rest; the message says by how much, and what to change. For
        noise of another shape, negative, or no covariance.
    TypeError
        For what is neither a Network nor a Mode.

    Notes
    -----
    The closed form is exact for weak noise. Where noise makes amplitudes that the nonlinear terms
    feel, about 0.01 and more for rates of about 1, simulate.

    Examples
    --------
    >>> import wetcow as wc
    >>> pair = wc.Network(-0.5, [1.0, 1.1], wc.Dense([[0, 0.3], [0.3, 0]]))
    >>> rest = resting(pair, noise=0.01)
    >>> round(rest.margin, 3), rest.correlation.round(3).tolist()
    (0.204, [[1.0, 0.594], [0.594, 1.0]])
    """
    check_process()
    if not isinstance(network, Network | Mode):
        raise TypeError(f"resting() is of a Network or a Mode, got a {type(network).__name__}")
    delayed = isinstance(network, Network) and isinstance(network.coupling, Delayed)
    if delays not in (None, "exact", "phase"):
        raise ValueError(f"delays must be 'exact' or 'phase', got {delays!r}")
    if not delayed and (delays is not None or phase_frequency is not None):
        raise ValueError("this network has no delays: they are those of wetcow.Delayed coupling")
    if delays == "exact" and phase_frequency is not None:
        raise ValueError("phase_frequency is for delays='phase'")
    if phase_frequency is not None:
        phase_frequency = validation.number("phase_frequency", phase_frequency)
    q = noise_covariance(noise, network.size)
    traced = is_traced(network, q)
    bound_compiled_calls()
    with threadpool_limits(limits=1, user_api="blas"):  # such matrices do not gain by more
        if delayed and delays != "phase":
            return _with_delays(network, q, traced)
        return of_matrix(generator(network, phase_frequency), q)


def generator(network: Any, phase_frequency: float | None = None) -> Any:
    """A = diag(γ + iω) + R, complex (n, n), with phases for delays.

    Parameters
    ----------
    network : Network or Mode
    phase_frequency : float, optional
        As of `resting`.
    """

    def build(network):
        modes = network.modes if isinstance(network, Network) else network
        own = complex_of(modes.gamma, modes.omega)
        own = jnp.diag(jnp.broadcast_to(own, (network.size,)))
        if not isinstance(network, Network):
            return own
        if isinstance(network.coupling, Delayed):
            frequency = jnp.mean(modes.omega) if phase_frequency is None else phase_frequency
            return own + phases(network.coupling, frequency)
        return own + network.coupling.matrix()

    return in_double(build)(network)


def of_matrix(a: Any, q: Any) -> Resting:
    """Statistics of da = A a dt + dξ.

    Parameters
    ----------
    a, q : complex array (n, n)
        A and Q.

    Raises
    ------
    ValueError
        If A is not stable; if it is traced, what is returned is NaN.
    """
    if is_traced(a, q):
        border = abscissa(a)
        covariance = jnp.where(border < 0, lyapunov(a, q), jnp.nan)
        return Resting(matrix=a, noise_covariance=q, covariance=covariance, abscissa=border)
    border = float(in_double(_abscissa)(a))
    _require_stable(border, a)
    covariance = in_double(_covariance)(a, q)
    if not np.all(np.isfinite(covariance)):
        raise ValueError(
            "the covariance is not finite: the noise is too strong, its largest Q is "
            f"{np.max(np.abs(q)):.3g}, or the network, whose growth rate is {border:.3g}, too "
            "close to instability"
        )
    return Resting(matrix=a, noise_covariance=q, covariance=covariance, abscissa=border)


_abscissa = jax.jit(abscissa)
_covariance = jax.jit(lyapunov)


def _with_delays(network: Any, q: Any, traced: bool) -> Resting:
    """Statistics with delays exactly in the frequency domain."""
    rest = DelayedRest.of(network)
    if traced:
        covariance, border = covariance_of(rest, q), exact_abscissa(rest)
    else:
        border = in_double(exact_abscissa)(rest)
        if not np.isfinite(border):
            raise ValueError(
                "how fast this network with delays relaxes could not be found: delays, up to "
                f"{np.max(rest.delay):.3g} units of time, are too long beside its rates to follow "
                "its characteristic roots. Use delays='phase', or shorter delays"
            )
        _require_stable(float(border), in_double(DelayedRest.matrix)(rest, 0j))
        covariance, roots = rest.covariance_and_unstable_roots(q)
        if roots:
            raise ValueError(
                f"this network is unstable at rest: with its delays {roots} characteristic roots "
                "have positive real parts, so that noise grows instead of decaying. Lower gamma "
                "(network.replace(gamma=…)), the coupling strength, or the delays"
            )
        border = float(border)
    a = in_double(lambda one: one.matrix(complex_of(0.0, one.center)))(rest)
    return Resting(
        matrix=a, noise_covariance=q, covariance=covariance, abscissa=border, delayed=rest
    )


def _require_stable(border: float, a: Any) -> None:
    if border < 0:
        return
    enough = border + MARGIN_TO_SUGGEST * float(np.max(np.abs(a)))
    raise ValueError(
        f"this network is unstable at rest: its spectral abscissa, the largest growth rate, is "
        f"{border:.4g}, and must be negative. Lower gamma by more than that, as in "
        f"network.replace(gamma=network.modes.gamma - {enough:.2g}), or the coupling strength; "
        "simulate() what spikes by itself"
    )
