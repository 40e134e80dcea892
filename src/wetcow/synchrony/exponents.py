"""Exponents of the synchronized motion that belongs to a matrix M, and their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wetcow.modes.mode import Mode
from wetcow.synchrony import floquet, frames

EQUAL = 1e-6  # how far totals of modes may differ, of the target's |γ| + ω


class Stability(NamedTuple):
    """How small deviations from the synchronized motion grow or decay, like e^{λt}.

    Attributes
    ----------
    exponents : complex array
        λ, 1/time. Where modes spike, the neutral one first: 0, of a shift in time. Then largest
        real part first: the 2n − 1 others, or only the leading ones.
    largest : float
        Largest real part but for the neutral one's, 1/time: the slowest decay, or fastest growth.
    period : float
        Of the motion, time; infinite where modes rest.
    """

    exponents: Any
    largest: Any
    period: Any

    @property
    def attracts(self) -> Any:
        """Whether all deviations but a shift in time decay."""
        return self.largest < 0


def of_matrix(m: NDArray[np.complex128], constants: Mode) -> Stability:
    """All exponents, given M, complex (n, n), and a mode with the common constants."""
    mode = common(m.sum(axis=1), constants)
    if not spikes(mode):
        found = np.linalg.eigvals(floquet.rest_matrix(m, mode))
        found = found[np.argsort(-found.real, kind="stable")].astype(complex)
        return Stability(exponents=found, largest=float(found[0].real), period=np.inf)
    period = 2 * np.pi / float(mode.spiking_frequency())
    product = frames.turn(floquet.propagators(m, mode)).product()
    found = neutral_first(frames.exponents(np.linalg.eigvals(product), period)[0])
    return Stability(exponents=found, largest=float(found[1].real), period=period)


def spikes(mode: Mode) -> bool:
    """Whether a single mode spikes, rather than rests."""
    if mode.state == "bistable":
        raise ValueError(
            f"modes with gamma={float(mode.gamma):.6g} can both rest and spike in this memory; "
            "choose a target with another gamma"
        )
    return 0 < float(mode.criticality) < 1


def neutral_first(exponents: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Sorted exponents with the one nearest to zero in front."""
    nearest = int(np.argmin(np.abs(exponents)))
    return np.concatenate([exponents[[nearest]], np.delete(exponents, nearest)])


def common(total: NDArray[np.complex128], constants: Mode) -> Mode:
    """The single mode that all modes run as, given γ̄_i + iω̄_i of each."""
    mean = complex(np.mean(total))
    apart = float(np.max(np.abs(total - mean)))
    if not apart <= EQUAL * (abs(mean.real) + abs(mean.imag)):
        raise ValueError(
            "this network has no synchronized motion: the totals of its modes differ by up to "
            f"{apart:.4g} from their mean, {mean.real:.4g} + {mean.imag:.4g}i (excitation and "
            "frequency, network.synchronized()); memorize() makes them equal"
        )
    if not mean.imag > 0:
        raise ValueError(f"the common frequency must be positive, got {mean.imag:.6g}")
    return constants.replace(gamma=mean.real, omega=mean.imag)


@jax.custom_vjp
def differentiable(m: Any, constants: Any) -> Any:
    """All exponents and the period, as `of_matrix`; NaN where there is no synchronized motion."""
    kind = jnp.result_type(m)
    shapes = (
        jax.ShapeDtypeStruct((2 * m.shape[0],), kind),
        jax.ShapeDtypeStruct((), m.real.dtype),
    )

    def found(m, constants):
        try:
            with threadpool_limits(limits=1, user_api="blas"):
                whole = of_matrix(np.asarray(m, dtype=complex), _mode_of(constants))
        except ValueError:
            return np.full(2 * len(m), np.nan, kind), np.array(np.nan, m.real.dtype)
        return whole.exponents.astype(kind), np.asarray(whole.period, m.real.dtype)

    return jax.pure_callback(found, shapes, m, constants, vmap_method="sequential")


def _mode_of(constants: Any) -> Mode:
    w_a, w_phi, psi, alpha = (float(value) for value in np.asarray(constants))
    return Mode(gamma=0.0, w_a=w_a, w_phi=w_phi, psi=psi, alpha=alpha)


def _forward(m: Any, constants: Any) -> tuple[Any, Any]:
    return differentiable(m, constants), (m, constants)


def _backward(kept: Any, cotangent: Any) -> tuple[Any, Any]:
    m, constants = kept

    def found(m, constants, weights):
        try:
            with threadpool_limits(limits=1, user_api="blas"):
                whole = np.asarray(m, dtype=complex)
                gradient = derivative(whole, _mode_of(constants), lambda _: weights)[1]
        except ValueError:
            gradient = np.full(m.shape, complex(np.nan, np.nan))
        return gradient.astype(m.dtype)

    shape = jax.ShapeDtypeStruct(m.shape, m.dtype)
    gradient = jax.pure_callback(found, shape, m, constants, cotangent[0], vmap_method="sequential")
    return gradient, jnp.zeros_like(constants)


differentiable.defvjp(_forward, _backward)


def derivative(
    m: NDArray[np.complex128],
    constants: Mode,
    weights: Callable[[NDArray[np.complex128]], NDArray[Any]],
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Exponents as of `of_matrix`, and g with d Re Σ c λ = Re Σ_ij g_ij dM_ij.

    `weights` maps exponents, complex (2n,), to the weight c of each.
    """
    mode = common(m.sum(axis=1), constants)
    if spikes(mode):

        def in_order(exponents):
            nearest = int(np.argmin(np.abs(exponents)))
            given = np.asarray(weights(neutral_first(exponents)))
            return np.insert(given[1:], nearest, given[0])

        found, gradient = frames.slope(m, mode, in_order)
        return neutral_first(found), gradient
    return frames.slope_at_rest(m, mode, weights)
