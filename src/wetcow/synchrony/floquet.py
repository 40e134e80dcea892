"""Floquet exponents of the synchronized motion: the variational equation along one period.

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

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
import scipy.sparse.linalg
from numpy.typing import NDArray

from wetcow.modes.mode import Mode
from wetcow.modes.waveform import rest_point, waveform

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

NUM_INTERVALS = 192  # of a turn
GAUSS = np.sqrt(3) / 6  # distance of both Gauss points from the middle, in intervals
NONE = 1e-10
ROUNDS = 6  # turns that put the directions of growth in order
STRETCH = 8.0  # logarithm of growth or decay in one factor of the product over a turn
LARGEST_STEP = 4.0  # norm of what one Taylor series takes
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
        return Local(*(one * a + two * b for a, b in zip(self, other, strict=True)))


def nonlinear(mode: Mode, s: Any) -> tuple[Complex, Complex]:
    """Return p and q at amplitudes `s` of a single mode."""
    w_a, w_phi, psi, alpha = (float(value) for value in mode.constants)
    size = np.abs(s)
    unit = np.where(size > 0, s / np.where(size > 0, size, 1), 0)
    turned = s * np.exp(-1j * psi)
    p = w_a * (turned + turned.conj() / 2) - 1.5 * alpha * size + 1j * w_phi * (s + s.conj() / 2)
    q = s / 2 * (w_a * np.exp(1j * psi) - alpha * unit + 1j * w_phi)
    return p, q


def _at(mode: Mode, theta: Any, width: float) -> Local:
    s, pace = waveform(mode, theta)
    p, q = nonlinear(mode, s)
    return Local(width * pace * p, width * pace * q, width * pace)


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


def _segments(each: Iterator[Real]) -> list[Real]:
    """Products of neighbouring propagators that neither grow nor decay too much."""
    found: list[Real] = []
    product, spent = None, 0.0
    for one in each:
        strong = max(np.log(np.linalg.norm(one, 1)), -_log_size(one))
        if product is not None and spent + strong <= STRETCH:
            product, spent = one @ product, spent + strong
            continue
        if product is not None:
            found.append(product)
        product, spent = one, strong
    assert product is not None
    return [*found, product]


def _log_size(matrix: Real) -> float:
    """Mean logarithm of what a matrix multiplies by."""
    return float(np.linalg.slogdet(matrix)[1] / len(matrix))


class Turn(NamedTuple):
    """What one period does to deviations, in the basis `basis`: `product` is nearly triangular.

    Rows are graded from the fastest growth to the fastest decay, which eigenvalue solvers need to
    find those of e^{−100} beside those of 1.
    """

    basis: Real
    product: Real
    period: float


def exponents(multipliers: Any, period: float) -> tuple[Complex, NDArray[np.intp]]:
    """log(μ)/T, largest real part first, and their order."""
    with np.errstate(divide="ignore"):
        found = np.log(np.asarray(multipliers, dtype=complex)) / period
    order = np.argsort(-found.real, kind="stable")
    return found[order], order


def turn(each: Iterator[Real], period: float) -> Turn:
    """Follow all deviations along a period, given the propagators of its intervals."""
    segments = _segments(each)
    basis = np.eye(len(segments[0]))
    before, triangle = basis, basis
    for _ in range(ROUNDS):
        before, triangle = basis, np.eye(len(basis))
        for segment in segments:
            basis, upper = np.linalg.qr(segment @ basis)
            triangle = upper @ triangle
    # By now what a slow direction has of faster ones is none, or of their size: rounding must not
    # lift those that decay to e^{−100}.
    turned = before.T @ basis
    turned[(np.tri(len(turned), k=-1) > 0) & (np.abs(turned) < NONE)] = 0
    return Turn(before, turned @ triangle, period)


def rest_matrix(m: Any, mode: Mode) -> Real:
    """Generator of deviations from where a silent mode rests, real (2n, 2n)."""
    p, q = nonlinear(mode, np.asarray(rest_point(mode)))
    return as_real(np.asarray(m)) + _of_all(_pair(p, q), len(m))


def _exponential(apply: Callable[[Complex], Complex], p: complex, q: complex, time: float, v: Any):
    """exp(time·M + local) v by Taylor series, on complex amplitudes (n,)."""

    def step(x):
        return time * apply(x) + p * x + q * x.conj()

    power, total, size = v, v, np.linalg.norm(v)
    for order in range(1, 60):
        power = step(power) / order
        total = total + power
        if np.linalg.norm(power) <= 1e-13 * size:
            break
    return total


def leading(
    apply: Callable[[Complex], Complex],
    bound: float,
    mode: Mode,
    size: int,
    *,
    count: int,
    num: int = NUM_INTERVALS,
) -> Complex:
    """The `count` exponents of largest real part, by Arnoldi's method, without a matrix.

    Parameters
    ----------
    apply : callable
        M as it acts on amplitudes, complex (n,).
    bound : float
        Of the norm of M, 1/time.
    mode : Mode
        The single mode that all run as.
    size : int
        n.
    """
    first, second = gauss_points(mode, num)
    period = float(first.time.sum() + second.time.sum()) / 2
    # Fourth order without commutators: two exponentials an interval.
    halves = [first.combined(0.25 + sign * GAUSS, second, 0.25 - sign * GAUSS) for sign in (1, -1)]
    steps = []
    for k in range(num):
        for half in halves:
            strength = abs(half.p[k]) + abs(half.q[k]) + bound * abs(half.time[k])
            parts = max(int(np.ceil(strength / LARGEST_STEP)), 1)
            steps += [(half.p[k] / parts, half.q[k] / parts, half.time[k] / parts)] * parts

    def turned(v):
        x = v[:size] + 1j * v[size:]
        for p, q, time in steps:
            x = _exponential(apply, p, q, time, x)
        return np.concatenate([x.real, x.imag])

    operator = scipy.sparse.linalg.LinearOperator((2 * size, 2 * size), turned, dtype=float)
    start = np.random.default_rng(0).normal(size=2 * size)
    found = scipy.sparse.linalg.eigs(
        operator, count, which="LM", v0=start, tol=1e-9, return_eigenvectors=False
    )
    return exponents(found, period)[0]


def leading_at_rest(
    apply: Callable[[Complex], Complex], mode: Mode, size: int, *, count: int
) -> Complex:
    """The `count` eigenvalues of largest real part where a silent mode rests."""
    p, q = nonlinear(mode, np.asarray(rest_point(mode)))

    def change(v):
        x = v[:size] + 1j * v[size:]
        x = apply(x) + p * x + q * x.conj()
        return np.concatenate([x.real, x.imag])

    operator = scipy.sparse.linalg.LinearOperator((2 * size, 2 * size), change, dtype=float)
    start = np.random.default_rng(0).normal(size=2 * size)
    found = scipy.sparse.linalg.eigs(
        operator, count, which="LR", v0=start, tol=1e-9, return_eigenvectors=False
    )
    return found[np.argsort(-found.real, kind="stable")]


def slope(m: Any, mode: Mode, weights: Callable[[Complex], Complex]) -> tuple[Complex, Complex]:
    """All exponents and the derivative of a sum of them with respect to M, the motion held fixed.

    From the solutions of the variational equation and of its adjoint along a period, v and w,

        dλ = (1/T) ∮ w(t)ᵀ dA(t) v(t) dt / (wᵀ v),

    an integral over θ by the trapezoidal rule.

    Parameters
    ----------
    m, mode
        As of `propagators`.
    weights : callable
        Maps exponents, complex (2n,), to the weight c of each.

    Returns
    -------
    exponents : complex array (2n,)
        Largest real part first.
    derivative : complex array (n, n)
        g with d Re Σ c λ = Re Σ_ij g_ij dM_ij.
    """
    size = len(m)
    every = list(propagators(m, mode))
    theta = -np.pi + 2 * np.pi / len(every) * np.arange(len(every))
    pace = waveform(mode, theta)[1]
    period = 2 * np.pi * float(pace.mean())
    whole = turn(iter(every), period)
    multipliers, right = np.linalg.eig(whole.product)
    found, order = exponents(multipliers, period)
    right = right[:, order]
    weight = np.asarray(weights(found), dtype=complex)
    chosen = np.flatnonzero(weight)
    # Right vectors of a graded matrix are accurate, those of its transpose are not.
    v, w = whole.basis @ right[:, chosen], whole.basis @ np.linalg.inv(right)[chosen].T
    w = w * weight[chosen]
    step = 2 * np.pi / len(every) / period
    forward = [v]
    for one in every[:-1]:
        forward.append(one @ forward[-1])
    gathered = np.zeros((2 * size, 2 * size), dtype=complex)
    backward = w / multipliers[order][chosen]
    for k in range(len(every) - 1, -1, -1):
        backward = every[k].T @ backward
        gathered += step * pace[k] * (backward @ forward[k].T)
    return found, _as_complex(gathered)


def slope_at_rest(
    m: Any, mode: Mode, weights: Callable[[Complex], Complex]
) -> tuple[Complex, Complex]:
    """As `slope`, where a silent mode rests: dλ = wᵀ dA v / (wᵀ v)."""
    matrix = rest_matrix(m, mode)
    found, right = np.linalg.eig(matrix)
    order = np.argsort(-found.real, kind="stable")
    found, right = found[order].astype(complex), right[:, order]
    weight = np.asarray(weights(found), dtype=complex)
    chosen = np.flatnonzero(weight)
    v, w = right[:, chosen], np.linalg.inv(right)[chosen].T
    return found, _as_complex((w * weight[chosen]) @ v.T)


def _as_complex(gathered: Complex) -> Complex:
    """Derivative for M of what has the derivative `gathered` for its real form, (2n, 2n)."""
    size = len(gathered) // 2
    (rx, ry), (sx, sy) = gathered.reshape(2, size, 2, size).swapaxes(1, 2)
    return (rx + sy).real - 1j * (sx - ry).real
