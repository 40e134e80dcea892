"""Noise of the modes of a network: one strength, one for each, or a covariance."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from wetcow import validation
from wetcow.precision import is_traced

HERMITIAN_WITHIN = 1e-8  # of the largest entry
NEGATIVE_WITHIN = 1e-8  # of the largest eigenvalue


def noise_covariance(noise: Any, size: int) -> Any:
    """Q of E[dξ dξ†] = Q dt, complex (n, n), amplitude²/time.

    Parameters
    ----------
    noise : float, array (n,) or complex array (n, n)
        σ of all modes or of each, amplitude/sqrt(time): Q = σ²; or Q itself.
    size : int
        n.

    Raises
    ------
    ValueError
        For another shape, negative strengths, or a matrix that is no covariance. What is traced
        cannot be checked but for its shape.

    Examples
    --------
    >>> noise_covariance([0.5, 2.0], 2).real.tolist()
    [[0.25, 0.0], [0.0, 4.0]]
    """
    if not is_traced(noise):
        noise = validation.array("noise", noise, dtype=np.complex128)
    shape = np.shape(noise)
    if shape not in ((), (size,), (size, size)):
        raise ValueError(
            f"noise must be a number, an array of shape ({size},) for the {size} modes, or a "
            f"covariance ({size}, {size}), got shape {shape}"
        )
    own = jnp if is_traced(noise) else np
    if len(shape) == 2:
        if own is np:
            _check_covariance(noise)
        return noise
    if own is np and (np.any(noise.real < 0) or np.any(noise.imag != 0)):
        raise ValueError("strengths of noise must not be negative, nor complex")
    return own.diag(own.broadcast_to(own.abs(noise) ** 2, (size,))).astype(complex)


def noise_factor(noise: Any, size: int) -> Any:
    """What makes noise of independent complex white noise: dξ = L dW with L L† = Q.

    Parameters
    ----------
    noise, size
        As of `noise_covariance`; not traced.

    Returns
    -------
    float, float array (n,) or complex array (n, n)
        σ, of all modes or of each, or the L that is Hermitian.

    Raises
    ------
    ValueError
        As `noise_covariance`.

    Examples
    --------
    >>> q = np.array([[2.0, 1j], [-1j, 2.0]])
    >>> root = noise_factor(q, 2)
    >>> bool(np.allclose(root @ root.conj().T, q))
    True
    """
    if np.ndim(noise) == 0:
        return validation.number("noise", noise, minimum=0)
    q = noise_covariance(noise, size)
    if np.ndim(noise) == 1:
        return np.sqrt(q.diagonal().real)
    values, vectors = np.linalg.eigh(q)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.conj().T


def _check_covariance(q: Any) -> None:
    largest = np.max(np.abs(q))
    if np.max(np.abs(q - q.conj().T)) > HERMITIAN_WITHIN * largest:
        raise ValueError(
            "noise as a matrix is the covariance Q of all modes, which must be Hermitian: "
            "Q_ij = conj(Q_ji)"
        )
    values = np.linalg.eigvalsh(q)
    if values[0] < -NEGATIVE_WITHIN * max(values[-1], 0.0) or values[-1] < 0:
        raise ValueError(
            "noise as a matrix is a covariance, which has no negative eigenvalues; the smallest "
            f"of this one is {values[0]:.4g}"
        )
