"""The variational equation of the synchronized motion, along one period.

Modes that all run as one, a_i = s(t), feel small deviations δ_i as

    dδ/dt = M δ + p(t) δ + q(t) δ*,    M = diag(γ_i + iω_i) + R,

where p and q, of the nonlinear terms at s(t), are the same for all modes:

    p = w_a (s e^{−iψ} + ½ s* e^{iψ}) − (3/2) α|s| + i w_φ (s + ½ s*),
    q = ½ s (w_a e^{iψ} − α s/|s| + i w_φ).

In real numbers, Re δ above Im δ, it is a periodic system of 2n equations. After one period T its
solutions are multiplied by e^{λT}; the λ are the exponents. Each turn is cut into intervals of θ
(`wetcow.modes.waveform`), in which Magnus's expansion of fourth order, at two Gauss points, makes
the propagator one matrix exponential.

M and M* do not commute in general (Re R and Im R do not), so that eigenvectors of M do not
decouple the equations: the usual master stability function is not exact here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from wetcow.modes.mode import Mode
from wetcow.modes.waveform import rest_point, waveform

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

NUM_INTERVALS = 192  # of a turn
GAUSS = np.sqrt(3) / 6  # distance of both Gauss points from the middle, in intervals
AT_ONCE = 2**19  # entries of the matrices that are exponentiated together


class Local(NamedTuple):
    """What the nonlinear terms do to deviations, δ ↦ p δ + q δ*, and how much time passes.

    Attributes
    ----------
    p, q : complex arrays (k,)
        Times `time`.
    time : array (k,)
        Time, the factor of M.
    """

    p: Complex
    q: Complex
    time: Real

    def combined(self, one: float, other: Local, two: float) -> Local:
        """``one`` times this and ``two`` times the `other`."""
        return Local(
            p=one * self.p + two * other.p,
            q=one * self.q + two * other.q,
            time=one * self.time + two * other.time,
        )


def nonlinear(mode: Mode, s: Any) -> tuple[Complex, Complex]:
    """Return p and q at amplitudes `s` of a single mode, or of n along the last axis."""
    w_a, w_phi, psi, alpha = (np.asarray(value) for value in mode.constants)
    size = np.abs(s)
    unit = np.where(size > 0, s / np.where(size > 0, size, 1), 0)
    turned = s * np.exp(-1j * psi)
    p = w_a * (turned + turned.conj() / 2) - 1.5 * alpha * size + 1j * w_phi * (s + s.conj() / 2)
    q = s / 2 * (w_a * np.exp(1j * psi) - alpha * unit + 1j * w_phi)
    return p, q


def _at(mode: Mode, theta: Any, width: float) -> Local:
    s, pace = waveform(mode, theta)
    p, q = nonlinear(mode, s)
    return Local(p=width * pace * p, q=width * pace * q, time=width * pace)


def gauss_points(mode: Mode, num: int = NUM_INTERVALS) -> tuple[Local, Local]:
    """Both Gauss points of each of `num` intervals, times the interval."""
    width = 2 * np.pi / num
    middle = -np.pi + width * (np.arange(num) + 0.5)
    first, second = (_at(mode, middle + sign * GAUSS * width, width) for sign in (-1, 1))
    return first, second


def as_real(matrix: Any) -> Real:
    """A complex matrix (n, n) as it acts on real above imaginary parts, (2n, 2n)."""
    return np.block([[matrix.real, -matrix.imag], [matrix.imag, matrix.real]])


def _pair(p: Any, q: Any) -> Real:
    """δ ↦ p δ + q δ* on real and imaginary parts, (…, 2, 2)."""
    rows = [[(p + q).real, (q - p).imag], [(p + q).imag, (p - q).real]]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def _of_all(pair: Real, size: int) -> Real:
    """The same (…, 2, 2) for every of `size` modes, (…, 2n, 2n)."""
    found = np.zeros((*pair.shape[:-2], 2, size, 2, size))
    every = np.arange(size)
    found[..., :, every, :, every] = pair
    return found.reshape(*pair.shape[:-2], 2 * size, 2 * size)


def _commutator(matrix: Real, pairs: Real) -> Real:
    """[M, 1⊗N] for each N of `pairs`, (k, 2, 2): blocks of M times numbers."""
    size = len(matrix) // 2
    blocks = matrix.reshape(2, size, 2, size)
    after = np.einsum("aibj,kbc->kaicj", blocks, pairs)
    before = np.einsum("kab,bicj->kaicj", pairs, blocks)
    return (after - before).reshape(-1, *matrix.shape)


def propagators(m: Any, mode: Mode, num: int = NUM_INTERVALS) -> Iterator[Real]:
    """Propagator of deviations over each interval of a turn, real (2n, 2n).

    Parameters
    ----------
    m : complex array (n, n)
        M.
    mode : Mode
        The single mode that all run as.
    """
    whole = as_real(np.asarray(m))
    first, second = gauss_points(mode, num)
    one, two = (_pair(point.p, point.q) for point in (first, second))
    time = [point.time[:, None, None] for point in (first, second)]
    # Ω = ½ (A₁ + A₂) − (√3/12) [A₁, A₂] with A = time · M + 1⊗pair.
    own = (one + two) / 2 - np.sqrt(3) / 12 * (one @ two - two @ one)
    mixed = -np.sqrt(3) / 12 * (time[0] * two - time[1] * one)
    together = max(AT_ONCE // whole.size, 1)
    for start in range(0, num, together):
        some = slice(start, start + together)
        omega = (time[0] + time[1])[some] / 2 * whole + _of_all(own[some], len(m))
        yield from scipy.linalg.expm(omega + _commutator(whole, mixed[some]))


def rest_matrix(m: Any, mode: Mode) -> Real:
    """Generator of deviations from where a silent mode rests, real (2n, 2n)."""
    p, q = nonlinear(mode, np.asarray(rest_point(mode)))
    return as_real(np.asarray(m)) + _of_all(_pair(p, q), len(m))
