"""The leading exponents of large networks, by Arnoldi's method: no matrix is ever formed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse.linalg

from wetcow.modes.mode import Mode
from wetcow.modes.waveform import rest_point
from wetcow.networks.coupling import Coupling
from wetcow.precision import in_double
from wetcow.synchrony.floquet import GAUSS, Complex, Local, gauss_points, nonlinear
from wetcow.synchrony.frames import exponents

NUM_STEPS = 96  # intervals where there is no matrix
LARGEST_STEP, TERMS = 1.5, 14  # norm of what one Taylor series takes, and its order
TOLERANCE = 1e-7  # of eigenvalues by Arnoldi's method


@eqx.filter_jit
def _turned(coupling: Coupling, own: Any, steps: Local, v: Any) -> Any:
    """Deviations `v`, real above imaginary parts, (2n,), after all `steps`."""

    def step(x, each):
        def term(order, sums):
            power, total = sums
            change = each.time * (own * power + coupling(power))
            power = (change + each.p * power + each.q * jnp.conj(power)) / order
            return power, total + power

        return jax.lax.fori_loop(1, TERMS + 1, term, (x, x))[1], None

    x, _ = jax.lax.scan(step, jax.lax.complex(*jnp.split(v, 2)), steps)
    return jnp.concatenate([x.real, x.imag])


@eqx.filter_jit
def _changed(coupling: Coupling, own: Any, p: Any, q: Any, v: Any) -> Any:
    """Rate of change of deviations `v`, (2n,)."""
    x = jax.lax.complex(*jnp.split(v, 2))
    x = own * x + coupling(x) + p * x + q * jnp.conj(x)
    return jnp.concatenate([x.real, x.imag])


def _eigenvalues(product: Callable[..., Any], size: int, count: int, which: Any) -> Complex:
    """Eigenvalues of a linear map of deviations, by Arnoldi's method."""
    operator: Any = scipy.sparse.linalg.LinearOperator
    operator = operator((2 * size, 2 * size), matvec=product, dtype=float)
    eigs: Any = scipy.sparse.linalg.eigs
    start = np.random.default_rng(0).normal(size=2 * size)
    return eigs(operator, count, which=which, v0=start, tol=TOLERANCE, return_eigenvectors=False)


def _steps(mode: Mode, bound: float) -> Local:
    """A turn in steps that a Taylor series takes, of fourth order, without commutators."""
    first, second = gauss_points(mode, NUM_STEPS)
    halves = [first.combined(0.25 + sign * GAUSS, second, 0.25 - sign * GAUSS) for sign in (1, -1)]
    p, q, time = (np.stack(pair, axis=1).ravel() for pair in zip(*halves, strict=True))
    every = Local(p=p, q=q, time=np.real(time))
    strength = np.abs(every.p) + np.abs(every.q) + bound * np.abs(every.time)
    parts = np.maximum(np.ceil(strength / LARGEST_STEP), 1).astype(int)
    return Local(
        p=np.repeat(every.p / parts, parts),
        q=np.repeat(every.q / parts, parts),
        time=np.repeat(every.time / parts, parts),
    )


def leading(coupling: Coupling, own: Complex, mode: Mode, count: int) -> Complex:
    """The `count` exponents of largest real part, by Arnoldi's method, without a matrix.

    Parameters
    ----------
    coupling : Coupling
        R.
    own : complex array (n,)
        γ_i + iω_i.
    mode : Mode
        The single mode that all run as; if it is silent, these are eigenvalues where it rests.
    """
    coupling, size = coupling.compiled_layout(), len(own)
    if not 0 < float(mode.criticality) < 1:
        p, q = nonlinear(mode, np.asarray(rest_point(mode)))
        change = in_double(lambda v: _changed(coupling, own, p, q, v))
        found = _eigenvalues(change, size, count, "LR")
        return found[np.argsort(-found.real, kind="stable")]
    bound = float(np.max(np.abs(own)) + in_double(lambda: coupling.bound())())
    steps = _steps(mode, bound)
    turned = in_double(lambda v: _turned(coupling, own, steps, v))
    return exponents(_eigenvalues(turned, size, count, "LM"), float(steps.time.sum()))[0]
