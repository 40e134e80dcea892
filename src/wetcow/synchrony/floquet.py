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

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
import scipy.sparse.linalg
from numpy.typing import NDArray

from wetcow.modes.mode import Mode
from wetcow.modes.waveform import rest_point, waveform
from wetcow.networks.coupling import Coupling
from wetcow.precision import in_double

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

NUM_INTERVALS = 192  # of a turn
GAUSS = np.sqrt(3) / 6  # distance of both Gauss points from the middle, in intervals
NONE = 1e-10
ROUNDS = 6  # turns that put the directions of growth in order
STRETCH = 8.0  # logarithm of growth or decay in one factor of the product over a turn
NUM_STEPS = 96  # intervals where there is no matrix
LARGEST_STEP, TERMS = 1.5, 14  # norm of what one Taylor series takes, and its order
TOLERANCE = 1e-7  # of eigenvalues by Arnoldi's method
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


class Segment(NamedTuple):
    """Neighbouring intervals: their propagators (if they are kept), and the product of them."""

    parts: list[Real]
    product: Real


def _segments(each: Iterable[Real], keep: bool) -> Iterator[Segment]:
    """Put together what neither grows nor decays too much."""
    parts, product, spent = [], None, 0.0
    for one in each:
        strong = max(np.log(np.linalg.norm(one, 1)), -_log_size(one))
        if product is not None and spent + strong > STRETCH:
            yield Segment(parts, product)
            parts, product, spent = [], None, 0.0
        product = one if product is None else one @ product
        parts += [one] if keep else []
        spent += strong
    assert product is not None
    yield Segment(parts, product)


def _log_size(matrix: Real) -> float:
    """Mean logarithm of what a matrix multiplies by."""
    return float(np.linalg.slogdet(matrix)[1] / len(matrix))


class Turn(NamedTuple):
    """What one period does to deviations, in frames that have found their order.

    The first vectors of a frame span what grows fastest. From the beginning of segment s to its
    end, P_s Q_s = Q_{s+1} R_s with R_s upper triangular; at the end of the turn the first frame is
    back but for a rotation U of directions that grow alike.

    Attributes
    ----------
    segments : list of Segment
    frames : list of arrays (2n, 2n)
        Q_s, one more than segments.
    triangles : list of arrays (2n, 2n)
        R_s.
    rotation : array (2n, 2n)
        U = Q_0ᵀ Q_last.
    """

    segments: list[Segment]
    frames: list[Real]
    triangles: list[Real]
    rotation: Real

    def product(self) -> Real:
        """All of the turn in the first frame: rows graded from growth to decay.

        So eigenvalue solvers find multipliers of e^{−100} beside those of 1.
        """
        whole = self.triangles[0]
        for triangle in self.triangles[1:]:
            whole = triangle @ whole
        return self.rotation @ whole


def exponents(multipliers: Any, period: float) -> tuple[Complex, NDArray[np.intp]]:
    """log(μ)/T, largest real part first, and their order."""
    with np.errstate(divide="ignore"):
        found = np.log(np.asarray(multipliers, dtype=complex)) / period
    order = np.argsort(-found.real, kind="stable")
    return found[order], order


def turn(each: Iterable[Real], keep: bool = False) -> Turn:
    """Follow all deviations along a period, given the propagators of its intervals."""
    segments = list(_segments(each, keep))
    frames, triangles = [np.eye(len(segments[0].product))], []
    for _ in range(ROUNDS):
        frames, triangles = [frames[-1]], []
        for segment in segments:
            frame, triangle = np.linalg.qr(segment.product @ frames[-1])
            frames.append(frame)
            triangles.append(triangle)
    # By now what a slow direction has of faster ones is none, or of their size: rounding must not
    # lift those that decay to e^{−100}.
    rotation = frames[0].T @ frames[-1]
    rotation[np.abs(rotation) < NONE] = 0
    return Turn(segments, frames, triangles, rotation)


def rest_matrix(m: Any, mode: Mode) -> Real:
    """Generator of deviations from where a silent mode rests, real (2n, 2n)."""
    p, q = nonlinear(mode, np.asarray(rest_point(mode)))
    return as_real(np.asarray(m)) + _of_all(_pair(p, q), len(m))


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
    operator = scipy.sparse.linalg.LinearOperator((2 * size, 2 * size), product, dtype=float)
    start = np.random.default_rng(0).normal(size=2 * size)
    return scipy.sparse.linalg.eigs(
        operator, count, which=which, v0=start, tol=TOLERANCE, return_eigenvectors=False
    )


def _steps(mode: Mode, bound: float) -> Local:
    """A turn in steps that a Taylor series takes, of fourth order, without commutators."""
    first, second = gauss_points(mode, NUM_STEPS)
    halves = [first.combined(0.25 + sign * GAUSS, second, 0.25 - sign * GAUSS) for sign in (1, -1)]
    every = Local(*(np.stack(pair, axis=1).ravel() for pair in zip(*halves, strict=True)))
    strength = np.abs(every.p) + np.abs(every.q) + bound * np.abs(every.time)
    parts = np.maximum(np.ceil(strength / LARGEST_STEP), 1).astype(int)
    return Local(*(np.repeat(value / parts, parts) for value in every))


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
    coupling, size = coupling.arranged(), len(own)
    if not 0 < float(mode.criticality) < 1:
        p, q = nonlinear(mode, np.asarray(rest_point(mode)))
        change = in_double(lambda v: _changed(coupling, own, p, q, v))
        found = _eigenvalues(change, size, count, "LR")
        return found[np.argsort(-found.real, kind="stable")]
    bound = float(np.max(np.abs(own)) + in_double(lambda: coupling.bound())())
    steps = _steps(mode, bound)
    turned = in_double(lambda v: _turned(coupling, own, steps, v))
    return exponents(_eigenvalues(turned, size, count, "LM"), float(steps.time.sum()))[0]


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
    whole = turn(propagators(m, mode), keep=True)
    theta = -np.pi + 2 * np.pi / NUM_INTERVALS * np.arange(NUM_INTERVALS)
    pace = waveform(mode, theta)[1]
    pace /= pace.sum()
    period = 2 * np.pi / float(mode.spiking_frequency())
    multipliers, right = np.linalg.eig(whole.product())
    found, order = exponents(multipliers, period)
    multipliers, right = multipliers[order], right[:, order]
    weight = np.asarray(weights(found), dtype=complex)
    chosen = np.flatnonzero(weight)
    starts, ends = _modes(whole, multipliers[chosen], right, chosen)
    gathered = np.zeros((2 * len(m), 2 * len(m)), dtype=complex)
    count = 0
    for segment, v, w in zip(whole.segments, starts, ends, strict=True):
        forward = [v]
        for part in segment.parts[:-1]:
            forward.append(part @ forward[-1])
        for k in reversed(range(len(segment.parts))):
            w = segment.parts[k].T @ w
            gathered += pace[count + k] * ((w * weight[chosen]) @ forward[k].T)
        count += len(segment.parts)
    return found, _as_complex(gathered)


def _modes(
    whole: Turn, multipliers: Complex, right: Complex, chosen: NDArray[np.intp]
) -> tuple[list[Complex], list[Complex]]:
    """Solutions v at the beginnings of segments and w at their ends, wᵀv = 1, (2n, chosen).

    In the frames v has nothing of what decays faster, and is followed backward; w has nothing of
    what decays slower, and is followed backward as well: so errors shrink.
    """
    y, z = right[:, chosen].copy(), np.linalg.inv(right)[chosen].T
    place = chosen[None, :] - np.arange(len(right))[:, None]
    y[(place < 0) & (np.abs(y) < NONE * np.abs(y).max(axis=0))] = 0
    z[(place > 0) & (np.abs(z) < NONE * np.abs(z).max(axis=0))] = 0
    y, z = multipliers * (whole.rotation.T @ y), whole.rotation.T @ z / multipliers
    starts, ends = [], []
    for s in reversed(range(len(whole.segments))):
        ends.append(whole.frames[s + 1] @ z)
        y = scipy.linalg.solve_triangular(whole.triangles[s], y)
        z = whole.triangles[s].T @ z
        starts.append(whole.frames[s] @ y)
    return starts[::-1], ends[::-1]


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
