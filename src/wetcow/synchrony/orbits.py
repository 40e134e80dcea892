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
from wetcow.process import bound_compiled_calls
from wetcow.simulation.integrate import integrate
from wetcow.synchrony.exponents import Stability, neutral_first
from wetcow.synchrony.floquet import AT_ONCE, GAUSS, NUM_INTERVALS, as_real, nonlinear
from wetcow.synchrony.frames import exponents, turn

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

NEWTON_STEPS = 12
CLOSED = 1e-9  # of the largest amplitude: what a motion may miss of its start
SETTLING = 12  # periods in which a motion that attracts is looked for
RTOL, ATOL = 1e-10, 1e-12
SLOW = 0.1  # progress of a step, below which its Jacobian is a new one
EVEN_INTERVALS = 256
FARTHEST_LAG = 0.1  # of a period
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


def nearby_orbit(
    network: Network, modes: Mode, guess: Orbit | None = None, lags: Any = None
) -> Orbit | None:
    """Find the periodic motion near the one that `modes` have by themselves, with peaks in time.

    Parameters
    ----------
    network : Network
        Without delays.
    modes : Mode
        n spiking modes of about one rate.
    guess : Orbit, optional
        Of a network like this one, to begin with.
    lags : array (n,), optional
        Shares of the period by which modes are later. Default: none is.

    Returns
    -------
    Orbit or None
        None if Newton's method does not find one.
    """
    found = one_period(modes, [0.0], 0.0 if lags is None else lags)
    start = np.broadcast_to(found.a[:, 0], network.size).copy()
    period = float(np.mean(found.duration))
    if guess is not None:
        start, period = guess.start, guess.stability.period
    rows = {name: np.broadcast_to(v, network.size) for name, v in modes.parameters().items()}
    middle = int(np.argsort(rows["omega"])[network.size // 2])
    reference = Mode(**{name: v[middle] for name, v in rows.items()})
    grid = _grid(reference) if lags is None else _even_grid()
    watched = slice(None) if lags is None else slice(middle, middle + 1)
    bound_compiled_calls()
    with threadpool_limits(limits=1, user_api="blas"):
        found = _closed(network, grid, start, period)
        if found is None:
            settled = _settled(network, start, period, watched)
            found = None if settled is None else _closed(network, grid, *settled)
    if found is not None and lags is not None and lateness(found, lags) > FARTHEST_LAG:
        return None  # another motion, such as all in synchrony
    return found


def lateness(orbit: Orbit, lags: Any) -> float:
    """Largest difference of the lags of a motion from those that are wanted, of a period.

    A lag is that of the peak of a mode, and those of all modes are taken together up to a shift.
    """
    peaks = orbit.times[np.argmax(np.abs(orbit.a), axis=0)] / orbit.stability.period
    turned = np.exp(2j * np.pi * (peaks - lags))
    return float(np.abs(np.angle(turned * np.mean(turned).conj())).max() / (2 * np.pi))


def _settled(
    network: Network, start: Complex, period: float, watched: slice
) -> tuple[Complex, float] | None:
    """State at a peak of the watched modes after a while, and the time from peak to peak."""
    samples = np.linspace(0, SETTLING * period, 400 * SETTLING + 1)
    a = _integrated(network, start, samples)
    if not np.all(np.isfinite(a)):
        return None
    size = np.abs(a[:, watched]).mean(axis=1)
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
    return integrate(network, start, times, max_steps=None, rtol=RTOL, atol=ATOL)


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


def _even_grid() -> tuple[Real, Real]:
    """As `_grid`, where spikes are everywhere: intervals equal in time, as short as at a spike."""
    ends = np.linspace(0, 1, EVEN_INTERVALS + 1)
    middle, half = (ends[:-1] + ends[1:]) / 2, np.diff(ends) / 2
    return ends, middle[:, None] + 2 * GAUSS * half[:, None] * np.array([-1, 1])


def _closed(
    network: Network, grid: tuple[Real, Real], start: Complex, period: float
) -> Orbit | None:
    """Newton's method for a(T) = a₀, with steps of a₀ across the velocity."""
    ends, points = grid
    shares = np.concatenate([[0.0], points.ravel(), [1.0]])
    scale = float(np.abs(start).max())
    jacobian, before = None, np.inf
    for _ in range(NEWTON_STEPS):
        a = _integrated(network, start, shares * period)
        if not np.all(np.isfinite(a)):
            return None
        missed = float(np.abs(a[-1] - start).max()) / scale
        along = a[1:-1].reshape(len(points), 2, -1)
        if missed < CLOSED:
            found = turn(_propagators(network, ends * period, along))
            return _orbit(found, shares[1:-1] * period, a, period, missed)
        if jacobian is None or missed > SLOW * before:  # else the last one is good enough
            jacobian = _jacobian(network, ends * period, along, a)
        before = missed
        step = _solved(jacobian, np.append(_real(start - a[-1]), 0.0))
        size = max(np.abs(step[:-1]).max() / scale, abs(step[-1]) / period)
        if not np.isfinite(size):
            return None
        step *= min(1.0, FARTHEST / size)
        start = start + step[: network.size] + 1j * step[network.size : -1]
        period += float(step[-1])
    return None


def _jacobian(network: Network, ends: Real, along: Complex, a: Complex) -> Real:
    """Derivative of a(T) − a₀, and of the shift along the velocity, for a₀ and T."""
    whole: Any = np.eye(2 * network.size)
    for one in _propagators(network, ends, along):
        whole = one @ whole
    field = in_double(lambda at: network.field(at))
    begins, arrives = (_real(field(at)) for at in (a[0], a[-1]))
    found: Any = np.block(
        [[whole - np.eye(len(whole)), arrives[:, None]], [begins[None], np.zeros((1, 1))]]
    )
    return found


def _solved(matrix: Real, right: Real) -> Real:
    try:
        return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full_like(right, np.nan)


def _orbit(found: Any, times: Real, a: Complex, period: float, missed: float) -> Orbit:
    every = neutral_first(exponents(np.linalg.eigvals(found.product()), period)[0])
    return Orbit(
        times=times,
        a=a[1:-1],
        start=a[0],
        missed=missed,
        stability=Stability(exponents=every, largest=float(every[1].real), period=period),
    )


def _real(a: Any) -> Any:
    return np.concatenate([np.real(a), np.imag(a)])


def _propagators(network: Network, ends: Real, along: Complex) -> Iterator[Real]:
    """Propagator of deviations over each interval, real (2n, 2n); see `floquet.propagators`.

    `ends` (k + 1,) are those of intervals, `along` (k, 2, n) amplitudes at their Gauss points.
    """
    size, modes = network.size, network.modes
    own = np.broadcast_to(modes.gamma + 1j * modes.omega, size)
    matrix = np.asarray(in_double(lambda coupling: coupling.matrix())(network.coupling))
    whole = as_real(matrix + np.diag(own))
    p, q = nonlinear(modes, along)
    blocks = np.empty((*p.shape[:2], size, 2, 2))  # δ ↦ p δ + q δ* on real and imaginary parts
    blocks[..., 0, 0], blocks[..., 0, 1] = (p + q).real, (q - p).imag
    blocks[..., 1, 0], blocks[..., 1, 1] = (p + q).imag, (p - q).real
    width = np.diff(ends)
    together = max(AT_ONCE // whole.size, 1)
    every = np.arange(size)
    for low in range(0, len(width), together):
        some = slice(low, low + together)
        dt = width[some, None, None]
        field = np.zeros((2, len(dt), 2, size, 2, size))
        field[:, :, :, every, :, every] = np.moveaxis(blocks[some], (1, 2), (1, 0))
        one, two = whole + field.reshape(2, len(dt), 2 * size, 2 * size)
        omega = dt / 2 * (one + two) - np.sqrt(3) / 12 * dt**2 * (one @ two - two @ one)
        yield from scipy.linalg.expm(omega)
