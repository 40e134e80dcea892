"""Does a memory replay? Whether the synchronized motion of a network attracts, and how fast."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wetcow import validation
from wetcow.modes.mode import Mode
from wetcow.networks.baselines import Kuramoto
from wetcow.networks.dense import Dense
from wetcow.networks.network import Coupled, Network
from wetcow.networks.sparse import Sparse
from wetcow.precision import in_double, is_traced
from wetcow.synchrony.arnoldi import leading as leading_exponents
from wetcow.synchrony.exponents import (
    EQUAL,
    Stability,
    common,
    differentiable,
    neutral_first,
    of_matrix,
    spikes,
)
from wetcow.synchrony.orbits import nearby_orbit

DENSE_UP_TO = 256  # modes of which all exponents are computed
LEADING = 6  # exponents of larger networks


def stability(
    network: Coupled,
    *,
    members: Any = None,
    leading: int | None = None,
    near: Mode | None = None,
    lags: Any = None,
) -> Stability:
    """Floquet exponents of the synchronized motion of a memory.

    Modes that run as copies of each other, a_i = s(t), are a single mode with the total excitation
    γ̄ and frequency ω̄ that all have [29, 30]. Deviations obey the variational equation

        dδ/dt = M δ + p(t) δ + q(t) δ*,    M = diag(γ_i + iω_i) + R,

    with p, q of the nonlinear terms at s(t), periodic. Along one period they are multiplied by
    e^{λT}. Where the common mode is silent it rests, and λ are eigenvalues. The motion attracts if
    all λ but one, which is 0, have negative real parts; from how far away is for `sweep` to show.

    Parameters
    ----------
    network : Network or Kuramoto
        Whose modes, or `members`, have equal totals and nonlinear constants: what `memorize`
        returns. Oscillators of `Kuramoto` have n exponents, the eigenvalues of
        Re R − diag(Σ_j Re R_ij).
    members : integer array, optional
        Only these modes; the others are left out, as if they were silent. Default: all.
    leading : int, optional
        How many exponents of largest real part to compute, by Arnoldi's method, which needs no
        matrix. Default: all of up to 256 modes, then 6.
    near : Mode, optional
        One spiking mode for each of a `Network`, all of one rate: the periodic motion near that of
        these modes by themselves is looked for by Newton's method, and its exponents are returned.
        So for memories with different wave fronts, whose totals differ.
    lags : array (n,), optional
        With `near`: shares of the period by which each mode is later, as of `wetcow.memorize`.

    Returns
    -------
    Stability

    Raises
    ------
    ValueError
        If the totals of modes differ, so that there is no synchronized motion, or if there is no
        periodic motion found near that of `near`; for constants that differ, delays, modes that can
        both rest and spike, or traced constants.
    TypeError
        For what is neither a Network nor Kuramoto.

    Notes
    -----
    Exponents of full matrices carry derivatives with respect to γ, ω and couplings, if these are
    traced by `jax.grad`. The motion is held fixed: they are meant for changes that keep the totals
    of all modes. They are not to be trusted where several exponents are equal.

    The leading exponent is within about 10⁻⁶ of its limit for many intervals.

    Examples
    --------
    >>> import wetcow as wc
    >>> net = wc.memorize(wc.Mode(gamma=1.9), np.linspace(0.5, 1.5, 10), background=0.4)
    >>> found = wc.stability(net)
    >>> found.exponents.shape, round(found.largest, 3), found.attracts
    ((20,), -1.667, True)
    """
    if not isinstance(network, Network | Kuramoto):
        raise TypeError(f"stability() is of a Network or Kuramoto, got a {type(network).__name__}")
    if network.delays[1]:
        raise ValueError("stability() has no delays: this network's links need time")
    if near is not None:
        return _near(network, near, lags, alone=members is None and leading is None)
    if lags is not None:
        raise ValueError("lags are those of modes that move like near=")
    if leading is not None:
        leading = validation.integer("leading", leading, minimum=2, maximum=2 * network.size - 2)
    if members is not None:
        members = validation.indices("members", np.asarray(members), network.size)
    if is_traced(network):
        if leading is not None or isinstance(network, Kuramoto):
            raise ValueError("only all exponents of a Network have derivatives")
        return _traced(network, members)
    with threadpool_limits(limits=1, user_api="blas"):  # such matrices do not gain by more
        if isinstance(network, Kuramoto):
            return _of_phases(network, members)
        size = network.size if members is None else len(members)
        if leading is None and size > DENSE_UP_TO:
            leading = LEADING
        if leading is None:
            return of_matrix(_generator(network, members), _constants(network, members))
        return _leading(network, members, leading)


def _near(network: Coupled, modes: Any, lags: Any, *, alone: bool) -> Stability:
    if not isinstance(modes, Mode) or modes.shape != (network.size,):
        raise ValueError(f"near must be a Mode of {network.size}, one for each of the network's")
    if not isinstance(network, Network) or not alone or is_traced(network, modes):
        raise ValueError("near is for a Network, without members, leading or derivatives")
    if lags is not None:
        lags = validation.array("lags", lags, ndim=1)
        if lags.shape != (network.size,):
            raise ValueError(f"lags must have {network.size} entries, got {len(lags)}")
    orbit = nearby_orbit(network, modes, lags=lags)
    if orbit is None:
        raise ValueError("no periodic motion was found near that of these modes")
    return orbit.stability


def _rows(network: Network, members: Any) -> dict[str, Any]:
    """Parameters of the members, (m,)."""
    size = (network.size,)
    rows = {}
    for name, value in network.modes.parameters().items():
        own = jnp if is_traced(value) else np
        full = own.broadcast_to(own.asarray(value), size)
        rows[name] = full if members is None else full[members]
    return rows


def _constants(network: Network, members: Any) -> Mode:
    """A mode with the constants that all members share."""
    rows = _rows(network, members)
    shared = {}
    for name in ("w_a", "w_phi", "psi", "alpha"):
        if is_traced(rows[name]):
            raise ValueError(f"stability() has no derivatives with respect to {name}")
        value = np.asarray(rows[name])
        if np.ptp(value) > EQUAL * np.max(np.abs(value)):
            raise ValueError(
                f"modes whose {name} differ do not run as copies of each other; stability() needs "
                "the same constants for all"
            )
        shared[name] = float(value.flat[0])
    return Mode(gamma=0.0, **shared)


def _matrix(network: Coupled) -> NDArray[np.complex128]:
    return np.asarray(in_double(lambda coupling: coupling.matrix())(network.coupling))


def _generator(network: Network, members: Any) -> Any:
    """M of the members, complex (m, m)."""
    rows = _rows(network, members)
    matrix = jnp.asarray(network.coupling.matrix()) if is_traced(network) else _matrix(network)
    if members is not None:
        matrix = matrix[np.ix_(members, members)]
    if is_traced(network):
        gamma, omega = jnp.broadcast_arrays(rows["gamma"], rows["omega"])
        return matrix + jnp.diag(jax.lax.complex(gamma, omega))
    return matrix + np.diag(rows["gamma"] + 1j * rows["omega"])


def _of_phases(network: Kuramoto, members: Any) -> Stability:
    matrix = _matrix(network)
    omega = np.broadcast_to(np.asarray(network.omega, dtype=np.float64), (network.size,))
    if members is not None:
        matrix, omega = matrix[np.ix_(members, members)], omega[members]
    total = omega + matrix.imag.sum(axis=1)
    if not np.ptp(total) <= EQUAL * np.max(np.abs(omega) + np.abs(matrix).sum(axis=1)):
        raise ValueError(
            "these oscillators do not turn as one: their total frequencies range from "
            f"{total.min():.4g} to {total.max():.4g}"
        )
    found = np.linalg.eigvals(matrix.real - np.diag(matrix.real.sum(axis=1))).astype(complex)
    found = neutral_first(found[np.argsort(-np.real(found), kind="stable")])
    with np.errstate(divide="ignore"):
        period = float(2 * np.pi / np.abs(np.mean(total)))
    return Stability(exponents=found, largest=float(np.real(found[1])), period=period)


def _leading(network: Network, members: Any, count: int) -> Stability:
    rows, coupling = _rows(network, members), network.coupling
    own = rows["gamma"] + 1j * rows["omega"]
    if members is not None:
        # A Sheet or LowRank coupling of some of its modes is none.
        r = _matrix(network)[np.ix_(members, members)]
        coupling = (Sparse.from_matrix if isinstance(coupling, Sparse) else Dense)(r)
    total = own + in_double(lambda one: one(np.ones(one.size, dtype=complex)))(coupling)
    mode = common(total, _constants(network, members))
    found = leading_exponents(coupling, own, mode, count)
    if not spikes(mode):
        return Stability(exponents=found, largest=float(found[0].real), period=np.inf)
    found = neutral_first(found)
    return Stability(
        exponents=found,
        largest=float(found[1].real),
        period=2 * np.pi / float(mode.spiking_frequency()),
    )


def _traced(network: Network, members: Any) -> Stability:
    constants = _constants(network, members)
    m = _generator(network, members)
    values = jnp.asarray([float(value) for value in constants.constants])
    found, period = differentiable(m, values)
    at = jnp.where(jnp.isinf(period), 0, 1)
    return Stability(exponents=found, largest=found[at].real, period=period)
