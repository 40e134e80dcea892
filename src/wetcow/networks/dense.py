"""Coupling by a full matrix, and how it is laid out for speed."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.networks.coupling import (
    Coupling,
    as_coupling_values,
    require_finite,
    require_no_self_coupling,
    require_square,
)
from wetcow.precision import is_traced

FEW_MODES = 32  # modes up to which one plain product of twice the numbers is the fastest
ONE_CORE, TWO_PARTS = 255, 320  # modes between which a product in two parts avoids idle threads
CACHED = 1024  # modes up to which R stays in the cache and columns are the faster layout


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

    r: Any = eqx.field(converter=as_coupling_values)

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

    def part(self, part):
        return Dense(part(np.asarray(self.r)))

    def compiled_layout(self):
        if self.size <= FEW_MODES:
            return RealBlock.of(self.r)
        if ONE_CORE < self.size <= TWO_PARTS:
            return Split.of(self.r)
        return ColumnMajor.of(self.r) if self.size <= CACHED else RowMajor.of(self.r)


def part_of(coupling: Coupling, part: Callable) -> Coupling:
    """Apply an elementwise real-linear function to R; written out where it has no `part`."""
    if type(coupling).part is not Coupling.part:
        return coupling.part(part)
    return Dense(part(np.asarray(coupling.matrix())))


class _RealLayout(Coupling):
    """A full matrix as real numbers; `r` holds them in some order."""

    r: Any

    @classmethod
    @abc.abstractmethod
    def of(cls, r: Any) -> _RealLayout:
        """Lay out R, complex (n, n)."""

    @property
    def size(self):
        return self.r.shape[0]

    def bound(self):
        return Dense(self.matrix()).bound()

    def scaled(self, strength):
        return type(self).of(strength * self.matrix())


class RowMajor(_RealLayout):
    """Row by row, as complex numbers lie in memory: reads R at the full rate of memory.

    Attributes
    ----------
    r : real array (n, 2n)
        Re and Im of each R_ij beside each other.
    """

    @classmethod
    def of(cls, r):
        if isinstance(r, np.ndarray):
            return cls(np.ascontiguousarray(r).view(r.real.dtype))
        return cls(jnp.stack([r.real, r.imag], axis=-1).reshape(len(r), -1))

    def __call__(self, a, past=None):
        # One real product with two columns: (Re a, −Im a) for the real part, (Im a, Re a) for Im.
        columns = jnp.stack([jnp.conj(a), 1j * jnp.conj(a)], axis=1)
        columns = jnp.stack([columns.real, columns.imag], axis=1).reshape(-1, 2)
        found = self.r @ columns
        return jax.lax.complex(found[:, 0], found[:, 1])

    def matrix(self):
        return jax.lax.complex(self.r[:, 0::2], self.r[:, 1::2])


class ColumnMajor(_RealLayout):
    """Column by column: faster while R stays in the cache.

    Attributes
    ----------
    r : real array (n, 2n)
        Re R and Im R, both transposed, beside each other.
    """

    @classmethod
    def of(cls, r):
        own = np if isinstance(r, np.ndarray) else jnp
        return cls(own.concatenate([r.real.T, r.imag.T], axis=1))

    def __call__(self, a, past=None):
        found = jnp.stack([a.real, a.imag]) @ self.r
        (rr, ri), (ir, ii) = found.reshape(2, 2, -1)
        return jax.lax.complex(rr - ii, ri + ir)

    def matrix(self):
        return jax.lax.complex(self.r[:, : self.size].T, self.r[:, self.size :].T)


class Split(_RealLayout):
    """Column by column, in two products that are each too small for being shared by threads.

    At these sizes starting threads takes longer than the product.

    Attributes
    ----------
    r : tuple of two real arrays (n, n)
        Re R and Im R, both transposed.
    """

    @classmethod
    def of(cls, r):
        own = np.ascontiguousarray if isinstance(r, np.ndarray) else jnp.asarray
        return cls((own(r.real.T), own(r.imag.T)))

    @property
    def size(self):
        return self.r[0].shape[0]

    def __call__(self, a, past=None):
        parts = jnp.stack([a.real, a.imag])
        (rr, ir), (ri, ii) = (parts @ one for one in self.r)
        return jax.lax.complex(rr - ii, ri + ir)

    def matrix(self):
        return jax.lax.complex(self.r[0].T, self.r[1].T)


class RealBlock(_RealLayout):
    """All of R as it acts on Re a above Im a: one product with nothing to be put together after.

    Attributes
    ----------
    r : real array (2n, 2n)
        Re R and Im R, both transposed, beside each other, above −Im R and Re R.
    """

    @classmethod
    def of(cls, r):
        own = np if isinstance(r, np.ndarray) else jnp
        return cls(own.block([[r.real.T, r.imag.T], [-r.imag.T, r.real.T]]))

    @property
    def size(self):
        return self.r.shape[0] // 2

    def __call__(self, a, past=None):
        found = jnp.concatenate([a.real, a.imag]) @ self.r
        return jax.lax.complex(found[: self.size], found[self.size :])

    def matrix(self):
        above = self.r[: self.size]
        return jax.lax.complex(above[:, : self.size].T, above[:, self.size :].T)
