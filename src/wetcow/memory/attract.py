"""Choose couplings with which the synchronized motion of each memory attracts.

The conditions are linear and the bounds convex: everything on the straight line between two
couplings that satisfy them does so too, and what a gradient step leaves is projected back
(`wetcow.memory.projection`).
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from threadpoolctl import threadpool_limits

from wetcow.memory.projection import Row, nearest
from wetcow.modes.criticality import Constants
from wetcow.modes.mode import Mode
from wetcow.synchrony.exponents import derivative, of_matrix
from wetcow.synchrony.stability import DENSE_UP_TO

Complex = NDArray[np.complex128]

MARGIN = 0.5  # of ω_s: what memories get that have to be changed
BISECTIONS = 6
OPTIMISER_STEPS = 40
SHARPNESS = (10.0, 100.0)  # of the smooth maximum of exponents, in 1/ω_s, first and last
NOTHING = 1e-12
FIRST_STEP, SHORTEST_STEP = 0.1, 1e-4  # of the largest weight


class UnstableMemoryWarning(UserWarning):
    """No couplings were found with which the synchronized motion attracts."""


class UnstableMemoryError(ValueError):
    """No couplings were found with which the synchronized motion attracts.

    Attributes
    ----------
    exponent : float
        The largest exponent of the best couplings that were found, 1/time.
    """

    def __init__(self, message: str, exponent: float):
        self.exponent = exponent
        super().__init__(message)


class Judged(NamedTuple):
    """One memory: its members, a mode with the constants they share, and whether it spikes."""

    members: NDArray[np.intp]
    constants: Mode
    spikes: bool


class Slope(NamedTuple):
    """The largest exponent, a smooth bound of it, and the derivative of the bound for R.

    The bound is (1/β) log Σ e^{β Re λ}, over all exponents but neutral ones.
    """

    largest: float
    bound: float
    derivative: Complex


class Judge(NamedTuple):
    """What decides whether couplings hold their memories.

    Attributes
    ----------
    own : complex array (n,)
        γ_i + iω_i.
    memories : tuple of Judged
    rate : float
        The slowest ω_s of all memories.
    """

    own: Complex
    memories: tuple[Judged, ...]
    rate: float

    @classmethod
    def of(
        cls, modes: Mode, targets: list[Mode], subsets: list[NDArray[np.intp]], *, patient: bool
    ) -> Judge:
        """Judge what can be judged; if `patient` also what takes long."""
        size = (modes.size,)
        full = {name: np.broadcast_to(value, size) for name, value in modes.parameters().items()}
        memories = []
        for target, members in zip(targets, subsets, strict=True):
            own = {name: full[name][members] for name in Constants._fields}
            if any(np.ptp(value) > 0 for value in own.values()):
                continue
            constants = Mode(
                gamma=0.0,
                w_a=own["w_a"][0],
                w_phi=own["w_phi"][0],
                psi=own["psi"][0],
                alpha=own["alpha"][0],
            )
            like = constants.replace(gamma=target.gamma, omega=target.omega)
            if "bistable" in (target.state, like.state):
                continue
            if patient or len(members) <= DENSE_UP_TO:
                memories.append(
                    Judged(
                        members=members, constants=constants, spikes=float(target.criticality) < 1
                    )
                )
        rate = min(float(target.omega) for target in targets)
        return cls(full["gamma"] + 1j * full["omega"], tuple(memories), rate)

    def _generator(self, r: Complex, members: NDArray[np.intp]) -> Complex:
        return r[np.ix_(members, members)] + np.diag(self.own[members])

    def largest(self, r: Complex) -> float:
        """The largest exponent of all memories, 1/time."""
        return max(
            of_matrix(self._generator(r, members), constants).largest
            for members, constants, _ in self.memories
        )

    def slope(self, r: Complex, sharpness: float) -> Slope:
        """Exponents and their derivative, β the `sharpness`."""
        largest, bounds, slopes = [], [], []
        for members, constants, spikes in self.memories:
            first = 1 if spikes else 0  # after the neutral one

            def weights(exponents, first=first):
                share = softmax(sharpness * exponents.real[first:])
                return np.concatenate([np.zeros(first), share])

            m = self._generator(r, members)
            exponents, one = derivative(m, constants, weights)
            slope = np.zeros_like(r)
            slope[np.ix_(members, members)] = one
            largest.append(float(exponents[first].real))
            bounds.append(logsumexp(sharpness * exponents.real[first:]) / sharpness)
            slopes.append(slope)
        share = softmax(sharpness * np.array(bounds))
        bound = float(logsumexp(sharpness * np.array(bounds)) / sharpness)
        return Slope(
            largest=max(largest), bound=bound, derivative=np.tensordot(share, np.array(slopes), 1)
        )


def settle(
    r: Complex,
    row: Row,
    judge: Judge,
    *,
    margin: float | None,
    optimise: bool,
    unstable: str,
) -> Complex:
    """Return couplings that attract: `r` if it does, else others within the bounds.

    Parameters
    ----------
    r : complex array (n, n)
        Satisfies the conditions; the nearest to ``row.draw``.
    row : Row
        Conditions, bounds and draw.
    margin, optimise, unstable
        As of `memorize`.
    """
    if not judge.memories:
        return r
    with threadpool_limits(limits=1, user_api="blas"):
        found = judge.largest(r)
        enough = 0.0 if margin is None else -margin
        if found < enough and not optimise:
            return r
        goal = -MARGIN * judge.rate if margin is None else -margin
        least = _minimum_norm(r, row)
        at_end = judge.largest(least)
        if at_end < goal and not optimise:
            return _between(r, least, judge, goal)
        start = least if at_end <= found else r
        start, found = _descend(start, row, judge, -np.inf if optimise else goal)
    if found >= enough and unstable != "ignore":
        wanted = "" if margin is None else f" by the margin {margin:g}"
        message = (
            f"no couplings were found within the bounds with which the memory attracts{wanted}: "
            f"the best have a largest exponent of {found:.4g}. Raise max_weight or max_phase, "
            "allow more links, or choose another target"
        )
        if unstable == "raise":
            raise UnstableMemoryError(message, found)
        warnings.warn(message, UnstableMemoryWarning, stacklevel=3)
    return start


def _projected(r: Complex, row: Row, otherwise: Complex) -> Complex:
    """Couplings nearest to `r` that satisfy all; rows at the very edge stay as they are."""
    solution = nearest(row._replace(draw=r))
    return np.where(solution.solved[:, None], solution.x, otherwise)


def _minimum_norm(r: Complex, row: Row) -> Complex:
    used = np.any(row.factor > 0, axis=1)
    return _projected(np.where(used, 0, r), row, r)  # links that no condition contains stay


def _between(r: Complex, least: Complex, judge: Judge, goal: float) -> Complex:
    """The first couplings on the way from `r` to `least` that are below `goal`, as `least` is."""
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        share = (low + high) / 2
        if judge.largest((1 - share) * r + share * least) < goal:
            high = share
        else:
            low = share
    return (1 - high) * r + high * least


def _descend(r: Complex, row: Row, judge: Judge, goal: float) -> tuple[Complex, float]:
    """Follow the gradient of the smooth bound within what is allowed, until below `goal`."""
    best, lowest = r, judge.largest(r)
    linked = np.any(row.factor > 0, axis=1)
    step = FIRST_STEP * float(np.abs(r).max())
    shortest = SHORTEST_STEP * step
    for count in range(OPTIMISER_STEPS):
        if lowest < goal or step < shortest:
            break
        progress = count / (OPTIMISER_STEPS - 1)
        sharpness = SHARPNESS[0] ** (1 - progress) * SHARPNESS[1] ** progress / judge.rate
        here = judge.slope(r, sharpness)
        downhill = np.where(linked, -here.derivative.conj(), 0)
        size = np.abs(downhill).max()
        if not np.isfinite(size) or size == 0:
            break
        trial = _projected(r + step / size * downhill, row, r)
        if np.abs(trial - r).max() <= NOTHING * np.abs(r).max():
            break  # the conditions leave no choice
        there = judge.slope(trial, sharpness)
        if there.bound < here.bound:
            r, step = trial, 1.5 * step
        else:
            step /= 3
        if there.largest < lowest:
            best, lowest = trial, there.largest
    return best, lowest
