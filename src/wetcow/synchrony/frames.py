"""Floquet exponents and their derivatives, from propagators of a period, in moving frames.

A product of propagators would lose what decays fast beside what does not. Frames of orthonormal
vectors are carried along instead, and re-orthonormalised: after a few turns the first vectors span
what grows fastest, and all exponents have their full precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from wetcow.modes.mode import Mode
from wetcow.modes.waveform import waveform
from wetcow.synchrony.floquet import NUM_INTERVALS, Complex, Real, propagators, rest_matrix

NONE = 1e-10
ROUNDS = 6  # turns that put the directions of growth in order
STRETCH = 8.0  # logarithm of growth or decay in one factor of the product over a turn


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
    every: Any = np.asarray(multipliers, dtype=complex)
    with np.errstate(divide="ignore"):  # what decays beyond all numbers
        found: Any = np.log(np.abs(every)) / period + 1j * (np.angle(every) / period)
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
    return Turn(segments=segments, frames=frames, triangles=triangles, rotation=rotation)


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
    order = np.argsort(-np.real(found), kind="stable")
    found, right = found[order].astype(complex), right[:, order]
    weight = np.asarray(weights(found), dtype=complex)
    chosen = np.flatnonzero(weight)
    v, w = right[:, chosen], np.linalg.inv(right)[chosen].T
    return found, _as_complex((w * weight[chosen]) @ v.T)


def _as_complex(gathered: NDArray[Any]) -> Complex:
    """Derivative for M of what has the derivative `gathered` for its real form, (2n, 2n)."""
    size = len(gathered) // 2
    (rx, ry), (sx, sy) = gathered.reshape(2, size, 2, size).swapaxes(1, 2)
    return (rx + sy).real - 1j * (sx - ry).real
