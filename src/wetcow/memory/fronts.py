"""Memories whose modes keep wave fronts of their own [28].

Each mode i has a motion b_i(t) to remember: that of a mode (γ̄_i, ω̄_i), all of one exact rate, with
their peaks in time. Mode i moves like that if what it receives is

    Σ_j R_ij b_j(t) = κ_i b_i(t),    κ_i = (γ̄_i − γ_i) + i(ω̄_i − ω_i),

all along the period. A wave that travels is of one wave form, b_i(t) = b(t − s_i T), with lags
s_i. That is more than a network of n modes can do in general, and is asked for in
the least-squares sense: with ⟨·⟩ the mean over the period and B² that of all |b|²,

    minimise  ⟨|Σ_j R_ij b_j − κ_i b_i|²⟩ / B² + ρ Σ_j |R_ij − D_ij|²    within the bounds,

row by row, ρ the ridge and D what is drawn. What remains makes the true motion differ from b, in
rate and in heights of peaks. These n + 1 numbers are then put right: what is asked for is changed,
against their errors, until the true periodic motion (`wetcow.synchrony.orbits`) has those that were
wanted.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wetcow import validation
from wetcow.memory.attract import UnstableMemoryError, UnstableMemoryWarning
from wetcow.memory.families import RIDGE, motions, wave_family
from wetcow.memory.ridge import Asked, couplings, gram_of, residual
from wetcow.modes.criticality import Constants
from wetcow.modes.equal_rate import equal_rate
from wetcow.modes.mode import Mode
from wetcow.networks.dense import Dense
from wetcow.networks.network import Network
from wetcow.synchrony.orbits import Orbit, lateness, nearby_orbit

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

RIDGES = (1.0, 0.1, 0.01)  # times the ridge, one after the other
SHARES = (1.0, 0.5, 0.25, 0.0)  # of what is drawn
SAME_RATE = 1e-3
MOST_CORRECTIONS = 12
CORRECT = 1e-3  # relative error of rate and peaks that is small enough
ACCEPTABLE = 0.05  # beyond it there is a warning
DAMPING = 0.8  # along the curve of equal rate peaks rise a little faster than ω̄
SMALLEST = 0.03  # of the changes of errors: smaller ones say nothing of the next
FARTHEST = 1.5  # factor by which one correction may change rate and ω̄
LOWEST = 1.01  # ω̄ in units of the rate


class WaveFrontWarning(UserWarning):
    """A memory whose modes do not have the wave fronts that were asked for."""


class Found(NamedTuple):
    """Couplings and what they do.

    Attributes
    ----------
    r : complex array (n, n)
    orbit : Orbit or None
        Their periodic motion, if there is one near that asked for.
    error : float
        The largest relative error of its rate and peaks, and of lags in units of the period.
    residual : float
        Of the least-squares problem, the largest of all rows, relative to κ_i b_i.
    """

    r: Complex
    orbit: Orbit | None
    error: float
    residual: float


def check_fronts(target: Mode, modes: Mode) -> float:
    """Return the rate that members of a memory share.

    Raises
    ------
    ValueError
        If they do not all spike, at one rate, with the constants of the network's modes.
    """
    criticality = np.asarray(target.criticality)
    if np.any(~((criticality > 0) & (criticality < 1))):
        raise ValueError(
            "each member of a memory with different wave fronts must spike: its criticality must "
            f"lie between 0 and 1, got {criticality.min():.4g} to {criticality.max():.4g}"
        )
    for name in Constants._fields:
        own, wanted = (np.asarray(getattr(one, name)) for one in (modes, target))
        if not np.allclose(own, wanted, rtol=1e-12, atol=0) or np.ptp(wanted) > 0:
            raise ValueError(
                f"wave fronts are those of modes with the network's {name}, the same for all: give "
                f"the target and memorize the same {name}"
            )
    rates = np.asarray(target.spiking_frequency())
    if np.ptp(rates) > SAME_RATE * rates.mean():
        raise ValueError(
            f"the members of a memory must spike at one rate, got {rates.min():.5g} to "
            f"{rates.max():.5g}: wetcow.equal_rate(frequency, omega) has modes that do"
        )
    return float(rates.mean())


def memorize_fronts(
    target: Mode,
    modes: Mode,
    *,
    lags: Real | None,
    weight: Real,
    phase: Real,
    draw: Complex,
    ridge: float | None,
    margin: float | None,
    unstable: str,
) -> Complex:
    """Return couplings with which `modes` move like `target`; arguments as of `memorize`."""
    check_fronts(target, modes)
    ridge = RIDGE if ridge is None else validation.number("ridge", ridge, above=0)
    own = np.broadcast_to(modes.gamma + 1j * modes.omega, modes.size)
    best = None
    drawn = bool(np.any(draw))
    tried = [(ridge, share) for share in SHARES if drawn or share == 0]
    for strength, share in tried + [(ridge * factor, 0.0) for factor in RIDGES[1:]]:
        asked = Asked(own=own, weight=weight, phase=phase, draw=share * draw)
        found = corrected(target, modes, asked, strength, lags=lags)
        if best is None or _rank(found) < _rank(best):
            best = found
        if _largest(found) < -(margin or 0.0) and found.error <= ACCEPTABLE:
            break
    assert best is not None
    _report(best, margin, unstable, wave_family(target, ridge, lags=lags).rank)
    return best.r


def _largest(found: Found) -> float:
    return np.inf if found.orbit is None else float(found.orbit.stability.largest)


def _rank(found: Found) -> tuple[bool, bool, float]:
    """What is better is smaller: attracting ones first, then those without large errors."""
    return not _largest(found) < 0, found.error > ACCEPTABLE, found.error


def _report(found: Found, margin: float | None, unstable: str, rank: float) -> None:
    """Warn, or raise, where a memory is not what was asked for."""
    largest = _largest(found)
    if not largest < -(margin or 0.0) and unstable != "ignore":
        said = (
            "no periodic motion was found near the wave fronts that were asked for"
            if found.orbit is None
            else f"the motion with these wave fronts does not attract by the margin {margin or 0:g}"
            f": its largest exponent is {largest:.4g}"
        )
        message = (
            f"{said}. They are made of about {rank:.1f} different wave forms; raise max_weight or "
            "max_phase, lower the ridge, or ask for fronts that are more alike"
        )
        if unstable == "raise":
            raise UnstableMemoryError(message, largest)
        warnings.warn(message, UnstableMemoryWarning, stacklevel=4)
    elif found.orbit is not None and found.error > ACCEPTABLE:
        warnings.warn(
            "rate, peaks or lags of the memory differ from those asked for by up to "
            f"{found.error:.1%}: couplings within the bounds cannot make these fronts, which are "
            f"made of about {rank:.1f} different wave forms",
            WaveFrontWarning,
            stacklevel=4,
        )


def corrected(
    target: Mode,
    modes: Mode,
    asked: Asked,
    ridge: float,
    most: int = MOST_CORRECTIONS,
    *,
    lags: Real | None = None,
) -> Found:
    """Couplings with whose true motion rate and peaks are those of the target, if possible.

    What is asked for is solved `most` times at most; with 1, nothing is put right.
    """
    moving = motions(target, lags)
    heights = np.abs(moving).max(axis=0)
    rate = float(np.mean(target.spiking_frequency()))
    wanted, best = target, None
    course = _Course([], [])
    at = np.log(np.append(rate, target.omega))
    for count in range(most):
        if count:
            wanted = _of_rate(float(np.exp(at[0])), np.exp(at[1:]), target)
            moving = motions(wanted, lags)
        needed = wanted.gamma + 1j * wanted.omega - asked.own
        gram = gram_of(moving)
        r = couplings(gram, needed, asked, ridge)
        left = float(residual(r, needed, gram).max())
        network = Network(coupling=Dense(r), **modes.parameters())
        orbit = nearby_orbit(network, wanted, best and best.orbit, lags)
        if orbit is None:
            return best or Found(r=r, orbit=None, error=np.inf, residual=left)
        turned = 2 * np.pi / orbit.stability.period / rate
        grown = np.abs(orbit.a).max(axis=0) / heights
        error = float(max(abs(turned - 1), np.abs(grown - 1).max()))
        late = 0.0 if lags is None else lateness(orbit, lags)
        if best is None or max(error, late) < best.error:
            best = Found(r=r, orbit=orbit, error=max(error, late), residual=left)
        if error <= CORRECT:
            break
        at = course.next(at, np.log(np.append(turned, grown)))
        at[1:] = np.maximum(at[1:], at[0] + np.log(LOWEST))
    assert best is not None
    return best


class _Course(NamedTuple):
    """Corrections so far: what was asked for, and the error of what came; logarithms."""

    asked: list[Real]
    errors: list[Real]

    def next(self, asked: Real, error: Real) -> Real:
        """What to ask for next, by Anderson's method: as if errors were linear in it."""
        self.asked.append(asked)
        self.errors.append(error)
        # Rate and peaks grow with what is asked for, about alike.
        step = -DAMPING * error
        if len(self.errors) > 1:
            moved, changed = (np.diff(np.array(part), axis=0).T for part in self)
            share = np.linalg.lstsq(changed, error, rcond=SMALLEST)[0]
            step = step - (moved - DAMPING * changed) @ share
        return asked + np.clip(step, -np.log(FARTHEST), np.log(FARTHEST))


def _of_rate(frequency: float, omega: Real, like: Mode) -> Mode:
    constants = {name: float(np.mean(getattr(like, name))) for name in Constants._fields}
    return equal_rate(frequency, omega, **constants)
