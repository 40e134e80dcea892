"""Periodic motions of networks whose modes have different wave fronts, and what deviations do.

A motion that is nearly periodic is closed by Newton's method: the state a₀ at a time and the period
T are changed until a(T) = a₀. Its Jacobian is the product of propagators of the variational
equation (`wetcow.synchrony.floquet`), with p and q of every mode along the motion; the exponents of
the motion come with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from wetcow.modes.mode import Mode
from wetcow.modes.waveform import one_period, waveform
from wetcow.networks.network import Network
from wetcow.precision import in_double
from wetcow.simulation.integrate import integrate
from wetcow.synchrony.exponents import Stability, neutral_first
from wetcow.synchrony.floquet import AT_ONCE, GAUSS, NUM_INTERVALS, as_real, nonlinear
from wetcow.synchrony.frames import exponents, turn

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

NEWTON_STEPS = 12
CLOSED = 1e-9  # of the largest amplitude: what a motion may miss of its start
SETTLING = 12  # periods in which a motion that attracts is looked for
ACCURACY = {"rtol": 1e-10, "atol": 1e-12}
FARTHEST = 0.3  # of a period and of the largest amplitude, what one step may change


class Orbit(NamedTuple):
    """A periodic motion, from a peak of the reference mode on.

    Attributes
    ----------
    times : array (k,)
        Gauss points of the intervals of a turn, time.
    a : complex array (k, n)
        Amplitudes there.
    start : complex array (n,)
        State at time 0.
    missed : float
        How far it is from returning, of the largest amplitude.
    stability : Stability
        Exponents and period.
    """

    times: Real
    a: Complex
    start: Complex
    missed: float
    stability: Stability


def nearby_orbit(network: Network, modes: Mode) -> Orbit | None:
    """Find the periodic motion near the one that `modes` have by themselves, with peaks in time.

    Parameters
    ----------
    network : Network
        Without delays.
    modes : Mode
        n spiking modes of about one rate.

    Returns
    -------
    Orbit or None
        None if Newton's method does not find one.
    """
    rows = {name: np.broadcast_to(v, network.size) for name, v in modes.parameters().items()}
    every = [Mode(**{name: v[i] for name, v in rows.items()}) for i in range(network.size)]
    reference = every[int(np.argsort(np.asarray(rows["omega"]))[network.size // 2])]
    start = np.array([one_period(one, [0.0]).a[0] for one in every])
    period = 2 * np.pi / float(np.mean(modes.spiking_frequency()))
    with threadpool_limits(limits=1, user_api="blas"):
        found = _closed(network, reference, start, period)
        if found is None:
            settled = _settled(network, start, period)
            found = None if settled is None else _closed(network, reference, *settled)
    return found


def _settled(network: Network, start: Complex, period: float) -> tuple[Complex, float] | None:
    """State at a peak of the motion after a while, and the time from peak to peak."""
    samples = np.linspace(0, SETTLING * period, 400 * SETTLING + 1)
    a = _integrated(network, start, samples)
    if not np.all(np.isfinite(a)):
        return None
    size = np.abs(a).mean(axis=1)
    half = len(size) // 2
    top = size[half:].max()
    inner = size[1:-1]
    peaks = 1 + np.flatnonzero((inner > size[:-2]) & (inner >= size[2:]) & (inner > 0.7 * top))
    peaks = peaks[peaks > half]
    if len(peaks) < 2:
        return None
    return a[peaks[-1]], float(samples[peaks[-1]] - samples[peaks[-2]])


def _integrated(network: Network, start: Complex, times: Real) -> Complex:
    with jax.enable_x64(True):
        return np.asarray(_trajectory(network, start, times))


@jax.jit
def _trajectory(network: Network, start: Any, times: Any) -> Any:
    return integrate(network, start, times, max_steps=None, **ACCURACY)


def _grid(reference: Mode) -> tuple[Real, Real]:
    """Ends of the intervals of a turn as shares of the period, and their Gauss points, (k, 2).

    Intervals are equal in θ, in which the spike and the slow passage are equally well resolved.
    """
    fine = 16 * NUM_INTERVALS
    theta = -np.pi + 2 * np.pi * np.arange(fine) / fine
    a, pace = waveform(reference, theta)
    pace = np.roll(pace, -int(np.argmax(np.abs(a))))
    passed = np.concatenate([[0.0], np.cumsum((pace + np.roll(pace, -1)) / 2)])
    ends = (passed / passed[-1])[::16]
    width = np.diff(ends)
    middle = ends[:-1] + width / 2
    return ends, middle[:, None] + GAUSS * width[:, None] * np.array([-1, 1])


def _closed(
    network: Network, reference: Mode, start: Complex, period: float
) -> Orbit | None:
    """Newton's method for a(T) = a₀, with a₀ − a_guess across the velocity."""
    ends, points = _grid(reference)
    shares = np.concatenate([[0.0], points.ravel(), [1.0]])
    field = in_double(lambda a: network.field(a))
    scale = float(np.abs(start).max())
    for _ in range(NEWTON_STEPS):
        a = _integrated(network, start, shares * period)
        if not np.all(np.isfinite(a)):
            return None
        missed = a[-1] - start
        way = _Way(ends * period, a[1:-1].reshape(len(points), 2, -1))
        found = turn(_propagators(network, way))
        if np.abs(missed).max() < CLOSED * scale:
            return _orbit(found, shares[1:-1] * period, a, period, scale)
        whole = np.eye(2 * network.size)
        for one in found.segments:
            whole = one.product @ whole
        begins, arrives = (_real(field(one)) for one in (a[0], a[-1]))
        matrix = np.block(
            [[whole - np.eye(len(whole)), arrives[:, None]], [begins[None], np.zeros((1, 1))]]
        )
        try:
            step = np.linalg.solve(matrix, -np.append(_real(missed), 0.0))
        except np.linalg.LinAlgError:
            return None
        size = max(np.abs(step[:-1]).max() / scale, abs(step[-1]) / period)
        if not np.isfinite(size):
            return None
        step *= min(1.0, FARTHEST / size)
        start = start + step[: network.size] + 1j * step[network.size : -1]
        period += float(step[-1])
    return None


def _orbit(found: Any, times: Real, a: Complex, period: float, scale: float) -> Orbit:
    every = neutral_first(exponents(np.linalg.eigvals(found.product()), period)[0])
    return Orbit(
        times=times,
        a=a[1:-1],
        start=a[0],
        missed=float(np.abs(a[-1] - a[0]).max()) / scale,
        stability=Stability(every, float(every[1].real), period),
    )


def _real(a: Any) -> Real:
    return np.concatenate([np.real(a), np.imag(a)])


class _Way(NamedTuple):
    """A motion over a turn: ends of intervals, (k + 1,), and both Gauss points, (k, 2, n)."""

    ends: Real
    a: Complex


def _propagators(network: Network, way: _Way) -> Iterator[Real]:
    """Propagator of deviations over each interval, real (2n, 2n); see `floquet.propagators`."""
    size = network.size
    modes = network.modes
    own = np.broadcast_to(modes.gamma + 1j * modes.omega, size)
    matrix = np.asarray(in_double(lambda coupling: coupling.matrix())(network.coupling))
    whole = as_real(matrix + np.diag(own))
    rows = {name: np.broadcast_to(v, size) for name, v in modes.parameters().items()}
    p, q = _nonlinear(rows, way.a)
    blocks = np.empty((*p.shape[:2], 2, 2, size))  # δ ↦ p δ + q δ* on real and imaginary parts
    blocks[..., 0, 0, :], blocks[..., 0, 1, :] = (p + q).real, (q - p).imag
    blocks[..., 1, 0, :], blocks[..., 1, 1, :] = (p + q).imag, (p - q).real
    width = np.diff(way.ends)
    together = max(AT_ONCE // whole.size, 1)
    every = np.arange(size)
    for low in range(0, len(width), together):
        some = slice(low, low + together)
        fields = []
        for point in range(2):
            field = np.zeros((len(width[some]), 2, size, 2, size))
            field[:, :, every, :, every] = np.moveaxis(blocks[some, point], -1, 0)
            fields.append(whole + field.reshape(-1, 2 * size, 2 * size))
        one, two = fields
        dt = width[some, None, None]
        omega = dt / 2 * (one + two) - np.sqrt(3) / 12 * dt**2 * (one @ two - two @ one)
        yield from scipy.linalg.expm(omega)


def _nonlinear(rows: dict[str, Any], a: Complex) -> tuple[Complex, Complex]:
    """Return p and q of `floquet.nonlinear` for modes along the last axis."""
    found = [
        nonlinear(Mode(**{name: value[i] for name, value in rows.items()}), a[..., i])
        for i in range(a.shape[-1])
    ]
    p, q = zip(*found, strict=True)
    return np.stack(p, axis=-1), np.stack(q, axis=-1)
