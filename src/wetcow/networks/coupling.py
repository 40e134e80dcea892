"""Coupling R as an operator, (R a)_i = Σ_j R_ij a_j with R_ij = w_ij e^{−iδ_ij}, R_ii = 0 [19, 20].

A coupling has a `size`, is called with the amplitudes, bounds its own rate, and can be written out
as a matrix. To add one, subclass `Coupling` and implement its abstract methods.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.modes.system import accept_former_layout, former_layout
from wetcow.validation import array


def as_coupling_values(value: Any) -> Any:
    """Keep JAX arrays (they may be traced); everything else becomes complex128 NumPy.

    Raises
    ------
    ValueError
        For what is not numbers: masked entries, text, functions, SciPy's sparse arrays.
    """
    if isinstance(value, jax.Array):
        return value
    if hasattr(value, "tocoo"):
        raise ValueError("this is a sparse array of SciPy: use wetcow.Sparse.from_matrix")
    # Whether values are finite is checked where their name is known.
    return array("a coupling", value, dtype=np.complex128, finite=False, empty=True)


def require_finite(name: str, value: Any) -> None:
    """Raise if `value` has NaN or infinite entries."""
    if not np.all(np.isfinite(value)):
        raise ValueError(f"{name} must be finite; it has NaN or infinite entries")


def require_square(name: str, value: Any) -> None:
    """Raise if `value` is not a square matrix."""
    if np.ndim(value) != 2 or np.shape(value)[0] != np.shape(value)[1]:
        raise ValueError(f"{name} must be a square matrix (n, n), got shape {np.shape(value)}")
    if np.shape(value)[0] == 0:
        raise ValueError(f"{name} is empty: a network has at least one mode")


def require_no_self_coupling(diagonal: Any) -> None:
    """Raise if `diagonal`, of R, is not zero."""
    if np.any(np.asarray(diagonal) != 0):
        raise ValueError(
            "R_ii must be zero [19]: a mode's action on itself belongs into its gamma (real part) "
            "and omega (imaginary part)"
        )


def written_out(coupling: Coupling, like: Any) -> Any:
    """R from how it acts on single modes, complex (n, n), of the precision of `like`."""
    unit = jnp.eye(coupling.size, dtype=jnp.asarray(like).dtype)
    return jax.vmap(coupling, out_axes=1)(unit)


class Coupling(eqx.Module):
    """Linear operator on the amplitudes of n modes."""

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """Number of modes n."""

    @abc.abstractmethod
    def __call__(self, a: Any, past: Callable | None = None) -> Any:
        """R a, complex (n,), for amplitudes `a`, complex (n,); `past` as in `System.field`."""

    @abc.abstractmethod
    def bound(self) -> Any:
        """Upper bound of max_i Σ_j |R_ij|, 1/time."""

    @abc.abstractmethod
    def matrix(self) -> Any:
        """R as a dense matrix, complex (n, n)."""

    @abc.abstractmethod
    def scaled(self, strength: Any) -> Coupling:
        """The coupling times a number."""

    def compiled_layout(self) -> Coupling:
        """The same operator, laid out for being applied many times; default: itself."""
        return self

    def arranged(self) -> Coupling:
        """Deprecated: the former name of `compiled_layout`."""
        return former_layout(self)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        accept_former_layout(cls)

    def part(self, part: Callable) -> Coupling:
        """Apply an elementwise real-linear function to R, such as ``np.real``.

        A coupling that does not say how is written out, by `wetcow.networks.dense.part_of`.
        """
        raise NotImplementedError(
            f"a {type(self).__name__} has no part() of its own: use wetcow.networks.dense.part_of"
        )

    @property
    def delays(self) -> tuple[float, float]:
        """Smallest and largest nonzero delay, time units."""
        return 0.0, 0.0

    def parameters(self) -> dict[str, Any]:
        """The arrays that define the coupling, by name."""
        return {f"coupling_{name}": value for name, value in vars(self).items()}
