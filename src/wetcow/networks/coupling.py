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

from wetcow.precision import is_traced


def as_complex(value: Any) -> Any:
    """Keep JAX arrays (they may be traced); everything else becomes complex128 NumPy."""
    return value if isinstance(value, jax.Array) else np.asarray(value, dtype=np.complex128)


def _index(value: Any) -> Any:
    return value if isinstance(value, jax.Array) else np.asarray(value, dtype=np.int32)


def require_finite(name: str, value: Any) -> None:
    """Raise if `value` has NaN or infinite entries."""
    if not np.all(np.isfinite(value)):
        raise ValueError(f"{name} must be finite; it has NaN or infinite entries")


def require_square(name: str, value: Any) -> None:
    """Raise if `value` is not a square matrix."""
    if np.ndim(value) != 2 or np.shape(value)[0] != np.shape(value)[1]:
        raise ValueError(f"{name} must be a square matrix (n, n), got shape {np.shape(value)}")


def require_no_self_coupling(diagonal: Any) -> None:
    """Raise if `diagonal`, of R, is not zero."""
    if np.any(np.asarray(diagonal) != 0):
        raise ValueError(
            "R_ii must be zero [19]: a mode's action on itself belongs into its gamma (real part) "
            "and omega (imaginary part)"
        )


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

    def part(self, part: Callable) -> Coupling:
        """Apply an elementwise real-linear function to R, such as ``np.real``."""
        return Dense(part(np.asarray(self.matrix())))

    @property
    def delays(self) -> tuple[float, float]:
        """Smallest and largest nonzero delay, time units."""
        return 0.0, 0.0

    def parameters(self) -> dict[str, Any]:
        """The arrays that define the coupling, by name."""
        return {f"coupling_{name}": value for name, value in vars(self).items()}


class Dense(Coupling):
    """Coupling by a full matrix: one matrix-vector product.

    Parameters
    ----------
    r : complex array (n, n)
        R_ij, from mode j to mode i, 1/time. The diagonal must be zero.

    Raises
    ------
    ValueError
        If `r` is not square, not finite, or has a nonzero diagonal.

    Examples
    --------
    >>> Dense.from_polar(weight=[[0, 1], [1, 0]], phase=0.5).size
    2
    """

    r: Any = eqx.field(converter=as_complex)

    def __check_init__(self):
        require_square("R", self.r)
        if not is_traced(self.r):
            require_finite("R", self.r)
            require_no_self_coupling(np.diagonal(self.r))

    @classmethod
    def from_polar(cls, weight: Any, phase: Any) -> Dense:
        """Build from weights w_ij (1/time) and phase delays δ_ij (radians), which broadcast."""
        return cls(np.asarray(weight) * np.exp(-1j * np.asarray(phase)))

    @property
    def size(self) -> int:
        return self.r.shape[0]

    def __call__(self, a, past=None):
        return self.r @ a

    def bound(self):
        return jnp.max(jnp.sum(jnp.abs(self.r), axis=1))

    def matrix(self):
        return self.r

    def scaled(self, strength):
        return Dense(strength * self.r)


class Sparse(Coupling):
    """Coupling by a list of links: cost and memory grow with their number.

    Parameters
    ----------
    num_modes : int
        n.
    target, source : int arrays (num_links,)
        Link k acts from mode ``source[k]`` on mode ``target[k]``.
    value : complex array (num_links,)
        R of each link, 1/time.

    Raises
    ------
    ValueError
        For lengths that differ, indices outside 0…n−1, non-finite values, or self-coupling.

    Examples
    --------
    >>> ring = Sparse(3, target=[0, 1, 2], source=[2, 0, 1], value=[0.1, 0.1, 0.1])
    >>> ring.matrix()[0].tolist()[2].real > 0
    True
    """

    num_modes: int = eqx.field(static=True)
    target: Any = eqx.field(converter=_index)
    source: Any = eqx.field(converter=_index)
    value: Any = eqx.field(converter=as_complex)

    def __check_init__(self):
        if not np.shape(self.target) == np.shape(self.source) == np.shape(self.value):
            raise ValueError(
                "target, source and value need one entry per link, got shapes "
                f"{np.shape(self.target)}, {np.shape(self.source)}, {np.shape(self.value)}"
            )
        if is_traced(vars(self)) or np.size(self.value) == 0:
            return
        require_finite("value", self.value)
        ends = np.concatenate([self.target, self.source])
        if ends.min() < 0 or ends.max() >= self.num_modes:
            raise ValueError(
                f"links must join modes 0…{self.num_modes - 1}, got {ends.min()}…{ends.max()}"
            )
        require_no_self_coupling(np.asarray(self.value)[self.target == self.source])

    @classmethod
    def from_matrix(cls, r: Any) -> Sparse:
        """Build from a SciPy sparse array, or from the nonzero entries of a dense one."""
        import scipy.sparse

        links: Any = scipy.sparse.csr_array(r)
        require_square("R", links)
        links.sum_duplicates()
        links = links.tocoo()
        return cls(links.shape[0], links.row, links.col, links.data)

    @property
    def size(self) -> int:
        return self.num_modes

    def _sum(self, per_link):
        return jax.ops.segment_sum(per_link, self.target, self.num_modes)

    def __call__(self, a, past=None):
        return self._sum(self.value * a[self.source])

    def bound(self):
        return jnp.max(self._sum(jnp.abs(self.value)))

    def matrix(self):
        empty = jnp.zeros((self.num_modes, self.num_modes), jnp.asarray(self.value).dtype)
        return empty.at[self.target, self.source].add(self.value)

    def scaled(self, strength):
        return Sparse(self.num_modes, self.target, self.source, strength * self.value)

    def part(self, part):
        return Sparse(self.num_modes, self.target, self.source, part(np.asarray(self.value)))
