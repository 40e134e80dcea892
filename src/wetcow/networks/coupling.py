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


def _complex(value: Any) -> Any:
    return value if isinstance(value, jax.Array) else np.asarray(value, dtype=np.complex128)


def _index(value: Any) -> Any:
    return value if isinstance(value, jax.Array) else np.asarray(value, dtype=np.int32)


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(int(extent) for extent in value)


def _require_finite(name: str, value: Any) -> None:
    if not np.all(np.isfinite(value)):
        raise ValueError(f"{name} must be finite; it has NaN or infinite entries")


def _require_square(name: str, value: Any) -> None:
    if np.ndim(value) != 2 or np.shape(value)[0] != np.shape(value)[1]:
        raise ValueError(f"{name} must be a square matrix (n, n), got shape {np.shape(value)}")


def _require_no_self_coupling(diagonal: Any) -> None:
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

    r: Any = eqx.field(converter=_complex)

    def __check_init__(self):
        _require_square("R", self.r)
        if not is_traced(self.r):
            _require_finite("R", self.r)
            _require_no_self_coupling(np.diagonal(self.r))

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
    """

    num_modes: int = eqx.field(static=True)
    target: Any = eqx.field(converter=_index)
    source: Any = eqx.field(converter=_index)
    value: Any = eqx.field(converter=_complex)

    def __check_init__(self):
        if not np.shape(self.target) == np.shape(self.source) == np.shape(self.value):
            raise ValueError(
                "target, source and value need one entry per link, got shapes "
                f"{np.shape(self.target)}, {np.shape(self.source)}, {np.shape(self.value)}"
            )
        if is_traced(vars(self)) or np.size(self.value) == 0:
            return
        _require_finite("value", self.value)
        ends = np.concatenate([self.target, self.source])
        if ends.min() < 0 or ends.max() >= self.num_modes:
            raise ValueError(
                f"links must join modes 0…{self.num_modes - 1}, got {ends.min()}…{ends.max()}"
            )
        _require_no_self_coupling(np.asarray(self.value)[self.target == self.source])

    @classmethod
    def from_matrix(cls, r: Any) -> Sparse:
        """Build from a SciPy sparse array, or from the nonzero entries of a dense one."""
        import scipy.sparse

        links: Any = scipy.sparse.csr_array(r)
        _require_square("R", links)
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


class Sheet(Coupling):
    """Translation-invariant coupling on a rectangular sheet of modes: a convolution, by FFT.

    (R a)(r) = Σ_s K(s) a(r + s): the kernel's entry at offset s from its centre is the coupling
    from the neighbour at r + s.

    Parameters
    ----------
    shape : (height, width)
        The sheet; modes are numbered row by row, n = height · width.
    kernel : complex array (2p + 1, 2q + 1)
        K, 1/time, with a zero at its centre; not larger than the sheet.
    periodic : bool
        Whether opposite borders are joined (default) or nothing acts from beyond them.

    Raises
    ------
    ValueError
        For even-sized or too large kernels, a nonzero centre, or non-finite values.
    """

    shape: tuple[int, ...] = eqx.field(static=True, converter=_shape)
    kernel: Any = eqx.field(converter=_complex)
    periodic: bool = eqx.field(static=True, default=True)

    def __check_init__(self):
        size = np.shape(self.kernel)
        if len(self.shape) != 2 or len(size) != 2 or not all(extent % 2 for extent in size):
            raise ValueError(
                f"a Sheet needs a shape (height, width) and a kernel of odd sizes, got "
                f"{self.shape} and {size}"
            )
        if any(k > extent for k, extent in zip(size, self.shape, strict=True)):
            raise ValueError(f"the kernel {size} is larger than the sheet {self.shape}")
        if not is_traced(self.kernel):
            _require_finite("kernel", self.kernel)
            _require_no_self_coupling(self.kernel[size[0] // 2, size[1] // 2])

    @property
    def size(self) -> int:
        return self.shape[0] * self.shape[1]

    def __call__(self, a, past=None):
        # Room for the kernel beyond open borders keeps the circular convolution from wrapping.
        reach = [0, 0] if self.periodic else [k // 2 for k in self.kernel.shape]
        padded = [n + p for n, p in zip(self.shape, reach, strict=True)]
        rows, columns = (
            (np.arange(k // 2, -(k // 2) - 1, -1)) % n
            for k, n in zip(self.kernel.shape, padded, strict=True)
        )
        a = a.reshape(self.shape)
        kernel = jnp.zeros(padded, a.dtype)
        kernel = kernel.at[rows[:, None], columns[None, :]].set(jnp.asarray(self.kernel, a.dtype))
        sheet = jnp.fft.ifft2(jnp.fft.fft2(kernel) * jnp.fft.fft2(a, s=padded))
        return sheet[: self.shape[0], : self.shape[1]].reshape(-1)

    def bound(self):
        return jnp.sum(jnp.abs(self.kernel))

    def matrix(self):
        unit = jnp.eye(self.size, dtype=jnp.asarray(self.kernel).dtype)
        return jax.vmap(self, out_axes=1)(unit)

    def scaled(self, strength):
        return Sheet(self.shape, strength * self.kernel, self.periodic)

    def part(self, part):
        return Sheet(self.shape, part(np.asarray(self.kernel)), self.periodic)


class LowRank(Coupling):
    """Coupling R = L·M without its diagonal, of rank k ≪ n: cost n·k.

    Parameters
    ----------
    left : complex array (n, k)
    right : complex array (k, n)
        L and M; the product has the unit 1/time.

    Raises
    ------
    ValueError
        For shapes that do not fit, or non-finite values.

    Examples
    --------
    All-to-all coupling of 1000 modes with R_ij = 0.5/1000:

    >>> LowRank.uniform(1000, 0.5).size
    1000
    """

    left: Any = eqx.field(converter=_complex)
    right: Any = eqx.field(converter=_complex)

    def __check_init__(self):
        if np.ndim(self.left) != 2 or np.shape(self.left) != np.shape(self.right)[::-1]:
            raise ValueError(
                "left must have shape (n, k) and right (k, n), got "
                f"{np.shape(self.left)} and {np.shape(self.right)}"
            )
        if not is_traced(vars(self)):
            _require_finite("left", self.left)
            _require_finite("right", self.right)

    @classmethod
    def uniform(cls, num_modes: int, strength: complex) -> LowRank:
        """All-to-all coupling R_ij = strength/n."""
        return cls(np.full((num_modes, 1), strength / num_modes), np.ones((1, num_modes)))

    @property
    def size(self) -> int:
        return self.left.shape[0]

    def __call__(self, a, past=None):
        diagonal = jnp.sum(self.left * self.right.T, axis=1)
        return self.left @ (self.right @ a) - diagonal * a

    def bound(self):
        return jnp.max(jnp.abs(self.left) @ jnp.sum(jnp.abs(self.right), axis=1))

    def matrix(self):
        full = self.left @ self.right
        return full - jnp.diag(jnp.diagonal(full))

    def scaled(self, strength):
        return LowRank(strength * self.left, self.right)


class Delayed(Coupling):
    """Coupling with conduction delays, (R a)_i(t) = Σ_j R_ij a_j(t − τ_ij); n² look-ups.

    `simulate` integrates it with a fixed step no longer than the shortest delay; before the start
    the amplitudes are taken to have had their initial values.

    Parameters
    ----------
    r : complex array (n, n)
        R_ij, 1/time; zero diagonal.
    delay : float array (n, n)
        τ_ij ≥ 0, time. Where it is zero the coupling is instantaneous.

    Raises
    ------
    ValueError
        As `Dense`; or for negative or non-finite delays, or another shape than that of `r`.
    """

    r: Any = eqx.field(converter=_complex)
    delay: Any = eqx.field(converter=lambda d: np.asarray(d, dtype=np.float64))

    def __check_init__(self):
        Dense(self.r)
        if np.shape(self.delay) != np.shape(self.r):
            raise ValueError(
                f"delay must have the shape of R, {np.shape(self.r)}, got {np.shape(self.delay)}"
            )
        if not is_traced(self.delay):
            _require_finite("delay", self.delay)
            if np.any(self.delay < 0):
                raise ValueError(f"delays must not be negative, got {np.min(self.delay)}")

    @property
    def size(self) -> int:
        return self.r.shape[0]

    def __call__(self, a, past=None):
        if past is None:
            raise ValueError("delayed coupling needs the past; integrate it with simulate()")
        arriving = jnp.where(self.delay == 0, a[None, :], past(self.delay))
        return jnp.sum(self.r * arriving, axis=1)

    def bound(self):
        return Dense(self.r).bound()

    def matrix(self):
        return self.r

    def scaled(self, strength):
        return Delayed(strength * self.r, self.delay)

    def part(self, part):
        return Delayed(part(np.asarray(self.r)), self.delay)

    @property
    def delays(self):
        used = self.delay[(self.delay > 0) & (np.asarray(self.r) != 0)]
        return (float(used.min()), float(used.max())) if used.size else (0.0, 0.0)
