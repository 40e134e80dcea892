"""Couplings with structure, cheaper than a matrix: sheets (convolutions) and low rank."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from wetcow.networks.coupling import (
    Coupling,
    as_coupling_values,
    require_finite,
    require_no_self_coupling,
    written_out,
)
from wetcow.networks.dense import Dense
from wetcow.precision import is_traced
from wetcow.validation import integer, reasonable_size

_DIRECT = 9  # entries of a kernel up to which shifted sums are faster than Fourier transforms


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(integer("an extent of the sheet", extent, minimum=1) for extent in value)


class Sheet(Coupling):
    """Translation-invariant coupling on a rectangular sheet of modes: a convolution.

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

    Examples
    --------
    >>> neighbours = Sheet((8, 8), [[0, 0.1, 0], [0.1, 0, 0.1], [0, 0.1, 0]])
    >>> neighbours.size, round(float(neighbours.bound()), 3)
    (64, 0.4)
    """

    shape: tuple[int, ...] = eqx.field(static=True, converter=_shape)
    kernel: Any = eqx.field(converter=as_coupling_values)
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
            require_finite("kernel", self.kernel)
            require_no_self_coupling(self.kernel[size[0] // 2, size[1] // 2])

    @property
    def size(self) -> int:
        return self.shape[0] * self.shape[1]

    def __call__(self, a, past=None):
        if np.size(self.kernel) > _DIRECT:
            return self.compiled_layout()(a)
        reach = [k // 2 for k in self.kernel.shape]
        around = jnp.pad(
            a.reshape(self.shape),
            [(r, r) for r in reach],
            mode="wrap" if self.periodic else "constant",
        )
        height, width = self.shape
        total = jnp.zeros(self.shape, jnp.result_type(self.kernel, a))
        for y, x in np.ndindex(self.kernel.shape):
            total = total + self.kernel[y, x] * around[y : y + height, x : x + width]
        return total.reshape(-1)

    def compiled_layout(self):
        return self if np.size(self.kernel) <= _DIRECT else Spectrum.of(self)

    def bound(self):
        return jnp.sum(jnp.abs(self.kernel))

    def matrix(self):
        return written_out(self, self.kernel)

    def scaled(self, strength):
        return Sheet(self.shape, strength * self.kernel, periodic=self.periodic)

    def part(self, part):
        return Sheet(self.shape, part(np.asarray(self.kernel)), periodic=self.periodic)


class Spectrum(Coupling):
    """A `Sheet` by its kernel's Fourier transform.

    Attributes
    ----------
    shape : (height, width)
        The sheet.
    transform : complex array
        Of the kernel on the sheet and, if borders are open, what the kernel reaches beyond it.
    """

    shape: tuple[int, ...] = eqx.field(static=True)
    transform: Any

    @classmethod
    def of(cls, sheet: Sheet) -> Spectrum:
        """Transform the kernel."""
        from scipy.fft import next_fast_len

        kernel = sheet.kernel
        own = np if isinstance(kernel, np.ndarray) else jnp
        # Room for the kernel beyond open borders keeps the circular convolution from wrapping.
        extents = [
            n if sheet.periodic else next_fast_len(n + k // 2)
            for n, k in zip(sheet.shape, kernel.shape, strict=True)
        ]
        room = [(0, n - k) for n, k in zip(extents, kernel.shape, strict=True)]
        centred = own.roll(
            own.pad(kernel[::-1, ::-1], room), [-(k // 2) for k in kernel.shape], (0, 1)
        )
        return cls(sheet.shape, own.fft.fft2(centred))

    @property
    def size(self):
        return self.shape[0] * self.shape[1]

    def __call__(self, a, past=None):
        transform = jnp.asarray(self.transform, a.dtype)
        spectrum = jnp.fft.fft2(a.reshape(self.shape), s=transform.shape)
        sheet = jnp.fft.ifft2(transform * spectrum)
        return sheet[: self.shape[0], : self.shape[1]].reshape(-1)

    def bound(self):
        return jnp.sum(jnp.abs(jnp.fft.ifft2(self.transform)))

    def matrix(self):
        return written_out(self, self.transform)

    def scaled(self, strength):
        return Spectrum(self.shape, strength * self.transform)


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

    left: Any = eqx.field(converter=as_coupling_values)
    right: Any = eqx.field(converter=as_coupling_values)

    def __check_init__(self):
        if np.ndim(self.left) != 2 or np.shape(self.left) != np.shape(self.right)[::-1]:
            raise ValueError(
                "left must have shape (n, k) and right (k, n), got "
                f"{np.shape(self.left)} and {np.shape(self.right)}"
            )
        if np.size(self.left) == 0:
            raise ValueError(f"left is empty, got shape {np.shape(self.left)}")
        if not is_traced(vars(self)):
            require_finite("left", self.left)
            require_finite("right", self.right)

    @classmethod
    def uniform(cls, num_modes: int, strength: complex) -> LowRank:
        """All-to-all coupling R_ij = strength/n."""
        num_modes = integer("num_modes", num_modes, minimum=1)
        reasonable_size("the coupling", 32.0 * num_modes, "take fewer modes")
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

    def part(self, part):
        return Dense(part(np.asarray(self.matrix())))
