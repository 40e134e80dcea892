"""The Lyapunov equation A S + S A† + Q = 0 and the spectral abscissa, with derivatives.

Both are solved without eigenvectors, so that matrices that are far from normal, or that have no
basis of eigenvectors at all, are no special case.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

MOST_DOUBLINGS = 64  # enough for decay rates of 1e-15 of the fastest rate
CONVERGED = 1e-1  # in units of rounding, of what another doubling would add
INVERSE_ITERATIONS = 3  # each shrinks the error by the distance to the eigenvalue over the gap
NEAR = 64  # roundings of A's norm from an eigenvalue, where inverse iteration is done

# jaxlib shares stacked matrices among the threads that also wait for them; with as many waiting
# calls as threads all wait for ever. One matrix after the other it does not.
_inverse = jax.custom_batching.sequential_vmap(jnp.linalg.inv)
_eigenvalues = jax.custom_batching.sequential_vmap(jnp.linalg.eigvals)


def product(a: Any, b: Any) -> Any:
    """Matrix product of complex matrices (…, n, n) by three real products instead of four."""
    if not (jnp.iscomplexobj(a) and jnp.iscomplexobj(b)):
        return a @ b
    real, imaginary = a.real @ b.real, a.imag @ b.imag
    mixed = (a.real + a.imag) @ (b.real + b.imag)
    return jax.lax.complex(real - imaginary, mixed - real - imaginary)


def adjoint(a: Any) -> Any:
    """Conjugate transpose a†, (…, n, n)."""
    return jnp.conj(jnp.swapaxes(a, -1, -2))


def complex_of(real: Any, imaginary: Any) -> Any:
    """Complex array with these real and imaginary parts, which broadcast."""
    kind = jnp.result_type(real, imaginary)
    shape = np.broadcast_shapes(np.shape(real), np.shape(imaginary))
    parts = (jnp.broadcast_to(jnp.asarray(part, kind), shape) for part in (real, imaginary))
    return jax.lax.complex(*parts)


def lyapunov(a: Any, q: Any) -> Any:
    """Solve A S + S A† + Q = 0.

    Derivatives of any order, forwards and backwards, are solutions of the same equation with
    another right-hand side: for a loss with dL = Re tr(G† dS), G Hermitian, A† Y + Y A = −G and
    dL = 2 Re tr(Y dA S) + Re tr(Y dQ) (docs/theory.md).

    Parameters
    ----------
    a : complex array (n, n)
        A, all of whose eigenvalues have negative real parts.
    q : complex array (n, n)
        Q, Hermitian or not.

    Returns
    -------
    complex array (n, n)
        S; NaN where A is not stable, as far as rounding can tell.

    Notes
    -----
    By doubling, as in Smith's method: with p > 0, E = (A − p)⁻¹(A + p) and B = (A − p)⁻¹,
    S = Σ_k E^k (2p B Q B†) E^k†, whose first 2^j terms take j steps S ← S + E S E†, E ← E².
    It takes products of matrices only, runs side by side under ``vmap`` and on any device.
    """
    a, q = jnp.asarray(a), jnp.asarray(q)
    kind = np.result_type(a.dtype, q.dtype, np.complex64)
    a, q = a.astype(kind), q.astype(kind)
    p, inverse = _inverse_of_distant(jax.lax.stop_gradient(a))
    return jax.lax.custom_linear_solve(
        lambda s: -(product(a, s) + product(s, adjoint(a))),
        q,
        lambda _, right: _doubled(p, inverse, right),
        # The transposed map is G ↦ −(Aᵀ G + G A*), the same for Aᵀ.
        lambda _, right: _doubled(p, inverse.T, right),
    )


def _inverse_of_distant(a: Any) -> tuple[Any, Any]:
    """Some p > 0, and B = (A − p)⁻¹."""
    identity = jnp.eye(a.shape[-1], dtype=a.dtype)
    # What turns all modes alike changes nothing: S is the same for A − iω.
    a = a - complex_of(0.0, jnp.mean(jnp.imag(jnp.diagonal(a)))) * identity
    # Between fast and slow decay: with a larger p slow modes take more doublings.
    p = jnp.sqrt(jnp.sum(jnp.abs(a) ** 2) / a.shape[-1]) / 2 + jnp.finfo(a.dtype).tiny
    p = p.astype(a.dtype)
    return p, _inverse(a - p * identity)


def _doubled(p: Any, inverse: Any, q: Any) -> Any:
    """S by doubling."""
    size = inverse.shape[-1]
    start = 2 * p * product(product(inverse, q), adjoint(inverse))
    limit = CONVERGED * jnp.finfo(inverse.dtype).eps

    def more(carry):
        s, _, left, count = carry
        return (left > limit * jnp.linalg.norm(s)) & (count < MOST_DOUBLINGS)  # False for NaN

    def double(carry):
        s, e, _, count = carry
        # One product of twice the width, which is faster than two.
        moved = product(e, jnp.concatenate([s, e], axis=1))
        added = product(moved[:, :size], adjoint(e))
        # The next doubling adds E² (S + D) E²† = E (D + E D E†) E†, where D was added now.
        square = jnp.linalg.norm(e) ** 2
        left = jnp.linalg.norm(added) * square * (1 + square)
        return s + added, moved[:, size:], left, count + 1

    e = jnp.eye(size, dtype=inverse.dtype) + 2 * p * inverse
    carry = (start, e, jnp.asarray(jnp.inf, inverse.real.dtype), 0)
    s, _, left, _ = jax.lax.while_loop(more, double, carry)
    norm = jnp.linalg.norm(s)
    return jnp.where((left <= limit * norm) & jnp.isfinite(norm), s, jnp.nan)


@jax.custom_jvp
def abscissa(a: Any) -> Any:
    """Spectral abscissa α(A) = max Re λ, real; A is complex (n, n).

    Its derivative is dα = Re(v† dA u)/(v† u), with the right and left eigenvectors u and v of the
    rightmost eigenvalue. Where v† u vanishes, since the eigenvalue is defective, the derivative is
    bounded instead of infinite.
    """
    return jnp.max(_eigenvalues(a).real)


@abscissa.defjvp
def _abscissa_derivative(primals: Any, tangents: Any) -> Any:
    (a,), (change,) = primals, tangents
    value, right, left = rightmost(a)
    overlap = jnp.vdot(left, right)
    bounded = jnp.maximum(jnp.abs(overlap) ** 2, jnp.finfo(a.dtype).eps)
    weight = jnp.conj(overlap) / bounded.astype(a.dtype)
    slope = jnp.real(weight * (jnp.conj(left) @ change.astype(a.dtype) @ right))
    return value.real, slope.astype(value.real.dtype)


def rightmost(a: Any) -> tuple[Any, Any, Any]:
    """The eigenvalue of largest real part, and its right and left eigenvectors of unit length.

    Found by inverse iteration, which needs no basis of eigenvectors.

    Parameters
    ----------
    a : complex array (n, n)

    Returns
    -------
    complex scalar, complex array (n,), complex array (n,)
        λ, u and v: A u = λ u, v† A = λ v†.
    """
    a = jax.lax.stop_gradient(a)
    values = _eigenvalues(a)
    value = values[jnp.argmax(values.real)]
    scale = (jnp.linalg.norm(a) + jnp.finfo(a.dtype).tiny).astype(a.dtype)
    near = value + float(NEAR * jnp.finfo(a.dtype).eps) * scale
    # One inverse instead of factors: permuting by pivots is slow where it is not done by LAPACK.
    inverse = _inverse(a - near * jnp.eye(len(a), dtype=a.dtype))

    def vector(step: Any) -> Any:
        # Any start with a part along the eigenvector would do; one that symmetry does not annul.
        x = jnp.asarray(np.exp(1j * (1.0 + np.arange(len(a)) ** 2)), a.dtype)
        for _ in range(INVERSE_ITERATIONS):
            x = step @ x
            # By its largest entry first, since what is defective grows beyond squares.
            x = x / jnp.max(jnp.abs(x)).astype(x.dtype)
            x = x / jnp.linalg.norm(x).astype(x.dtype)
        return jnp.where(jnp.all(jnp.isfinite(x)), x, 0)

    return value, vector(inverse), vector(adjoint(inverse))
