"""The motion of a single mode that has settled: the wave form of its spikes, or where it rests.

The limit cycle is given over θ (`wetcow.modes.limit_cycle`), an angle in which the spike and the
slow passage that follows are equally well resolved. All of it is smooth and periodic in θ, so that
the trapezoidal rule over a turn converges spectrally.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial.polynomial import polyint, polyval
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize_scalar

from wetcow.modes.collocation import INTERVAL, NUM_INTERVALS, POINTS
from wetcow.modes.criticality import Constants
from wetcow.modes.limit_cycle import course, solve_orbit
from wetcow.modes.mode import Mode

FINE = 4096  # points of θ between which a motion is interpolated


def waveform(mode: Mode, theta: Any) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Amplitude a(θ) of a spiking mode, and its pace dt/dθ.

    Parameters
    ----------
    mode : Mode
        A single one, 0 < cr < 1.
    theta : array
        In [−π, π); the spike is near −π.

    Returns
    -------
    a : complex array
        Amplitudes, of the shape of `theta`.
    pace : array
        dt/dθ, time; its mean times 2π is the period.

    Raises
    ------
    ValueError
        If the mode does not spike.

    Examples
    --------
    >>> mode = Mode(gamma=1.9)
    >>> pace = waveform(mode, np.linspace(-np.pi, np.pi, 256, endpoint=False))[1]
    >>> print(round(1 / pace.mean(), 4), round(float(mode.spiking_frequency()), 4))
    0.2409 0.2409
    """
    a, pace = waveforms(mode, theta)
    return a[0], pace[0]


def waveforms(modes: Mode, theta: Any) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """As `waveform`, of several modes: amplitudes and paces, (n, m) for `theta` (m,)."""
    theta = np.asarray(theta, dtype=np.float64)
    size = (modes.size,)
    criticality = np.broadcast_to(modes.criticality, size)
    silent = ~((criticality > 0) & (criticality < 1))
    if np.any(silent):
        raise ValueError(f"a mode of criticality {criticality[silent][0]:.6g} does not spike")
    gamma, omega, w_a, w_phi, psi, alpha, at, ratio = (
        np.broadcast_to(np.asarray(value, dtype=np.float64), size)
        for value in (*modes.parameters().values(), modes.critical_phase, modes.critical_ratio)
    )
    distance = np.sqrt(1 - criticality)
    own = Constants(w_a=w_a, w_phi=w_phi, psi=psi, alpha=alpha)
    with np.errstate(all="ignore"):
        orbit = solve_orbit(np, distance, own, at, ratio)[0]
    if not np.all(orbit.error < 1e-6):
        raise ValueError(f"the limit cycle of {modes} was not found")

    index = np.clip(np.floor((theta + np.pi) / INTERVAL).astype(int), 0, NUM_INTERVALS - 1)
    inside = ((theta + np.pi) / INTERVAL - index)[:, None]
    # In each interval du/dθ is the polynomial through its values at the Gauss points.
    powers = np.tensordot(np.linalg.inv(np.vander(POINTS, increasing=True)), orbit.slopes, 1)
    risen = polyval(inside, polyint(powers)[:, index], tensor=False)
    u = orbit.ends[index] + INTERVAL * risen
    way = course(np, theta[:, None], distance, at)
    velocity = u + gamma / omega * w_phi * np.cos(way.phase)
    a, pace = gamma / u * np.exp(1j * way.phase), u * way.stretch / velocity / omega
    return a.T, pace.T


class Period(NamedTuple):
    """The motions of n spiking modes over one period each, from the peaks of amplitudes on.

    Attributes
    ----------
    a : complex array (n, m)
        Amplitudes.
    duration : array (n,)
        Of the period, time.
    """

    a: NDArray[np.complex128]
    duration: NDArray[np.float64]


def one_period(modes: Mode, shares: Any, lags: Any = 0.0) -> Period:
    """Amplitudes of spiking modes at given shares of their periods, from their peaks on.

    Parameters
    ----------
    modes : Mode
        n modes, 0 < cr < 1.
    shares : array (m,)
        Of the period, in [0, 1).
    lags : float or array (n,)
        Shares of the period by which modes are later than that.

    Raises
    ------
    ValueError
        If a mode does not spike.

    Examples
    --------
    >>> found = one_period(Mode(gamma=1.9), np.arange(8) / 8)
    >>> print(abs(found.a).argmax(), abs(found.a).max().round(3), found.duration.round(3))
    0 1.208 [26.077]
    """
    theta = -np.pi + 2 * np.pi * np.arange(FINE) / FINE
    shares = np.asarray(shares, dtype=np.float64)
    lags = np.broadcast_to(np.asarray(lags, dtype=np.float64), (modes.size,))
    found, durations = [], []
    for a, pace, lag in zip(*waveforms(modes, theta), lags, strict=True):
        mean = float(pace.mean())
        # The integral of a periodic function, term by term.
        terms = np.fft.rfft(pace - mean)
        terms[1:] /= 1j * np.arange(1, len(terms))
        passed = mean * (theta + np.pi) + np.fft.irfft(terms, FINE)
        period = 2 * np.pi * mean
        ends = np.append(passed, passed[0] + period)
        curve = CubicSpline(ends, np.append(a, a[0]), bc_type="periodic")
        top = int(np.argmax(np.abs(a)))
        beside = ends[top] - (ends[1] - ends[0] if top == 0 else ends[top] - ends[top - 1])
        size = minimize_scalar(
            lambda t, curve=curve: -abs(curve(t)), bounds=(beside, ends[top + 1]), method="bounded"
        )
        found.append(curve(size.x + (shares - lag) % 1.0 * period))
        durations.append(period)
    return Period(np.array(found), np.array(durations))


def rest_point(mode: Mode) -> complex:
    """Amplitude at which a single mode rests: 0 for γ ≤ 0, or the node beyond criticality.

    At rest A = γ/(α − w_a cos(φ − ψ)) and A w_φ cos φ = −ω. With φ = π + s they are one equation,

        (c w_φ − w_a cos ψ) cos s − w_a sin ψ sin s = α,    c = γ/ω,

    with two solutions: a node, which attracts, and a saddle.

    Raises
    ------
    ValueError
        Below criticality, where a mode does not rest, or where it is bistable.

    Examples
    --------
    >>> at = rest_point(Mode(gamma=2.5))
    >>> bool(abs(Mode(gamma=2.5).field(np.array([at]))[0]) < 1e-6)
    True
    """
    gamma, omega = float(mode.gamma), float(mode.omega)
    if gamma <= 0:
        return 0j
    if mode.state == "bistable":
        raise ValueError(f"a mode with gamma={gamma:g} can both rest and spike (bistable)")
    w_a, w_phi, psi, alpha = (float(value) for value in mode.constants)
    level, across = gamma / omega * w_phi - w_a * np.cos(psi), w_a * np.sin(psi)
    size = np.hypot(level, across)
    if size < alpha:
        raise ValueError(f"a mode of criticality {float(mode.criticality):.6g} does not rest")
    # The other solution, + arccos, is the saddle.
    turn = -np.arccos(alpha / size) - np.arctan2(across, level)
    amplitude = gamma / (alpha + w_a * np.cos(turn - psi))
    return complex(amplitude * np.exp(1j * (np.pi + turn)))
