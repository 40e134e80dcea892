"""Solving (K + λ1) α = Y for all stored examples and classes at once, by conjugate gradients.

K and the preconditioner are operators (`wetcow.learning.model.memory.operators`). Iterations follow
Polak and Ribière, which forgives the rounding of the preconditioner.

**Accuracy in single precision.** K's entries are rounded to about 1e-6. What is solved is thus a
system with K + E, |E_ij| ≲ 1e-6, whose norm is about 2·sqrt(n)·1e-6 if roundings are independent:
5e-4 for 60,000 examples, beside λ = 0.03. That system is solved as accurately as asked for:
iterations multiply in single precision, but once their residual has become small it is computed
anew from α, and they begin again from there if it is not small after all. That is done in double
precision if less than 0.005 is asked for, or if in single it does not become small, as where
couplings are large. Else it is off by less than 1e-4 in single, as a test says, and takes a
fraction of the time.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

_COARSE = 5e-3  # relative residual for which single precision is enough
_TRUSTED = 1e-4  # fall of the residual after which it is computed anew
_RECENT = 5  # iterations from which the time left is estimated


class Progress(NamedTuple):
    """How far a solution is.

    Attributes
    ----------
    iteration : int
        Products with K so far.
    residual : float
        Largest of all columns, relative to the right side.
    seconds, seconds_left : float
        Spent, and expected until the residual asked for; infinite while it does not fall.
    """

    iteration: int
    residual: float
    seconds: float
    seconds_left: float


class State(NamedTuple):
    """Between two iterations; all that is needed to go on to the same bits.

    Attributes
    ----------
    alpha, residual, direction : float64 arrays (n, columns)
        Solution, what is left of the right side, and where to go next.
    product : float64 array (columns,)
        residual · P⁻¹ residual.
    iteration : int
        Products with K so far.
    verified : float
        Relative residual when it was last computed from α itself; 1 at the start, where α = 0.
    """

    alpha: np.ndarray
    residual: np.ndarray
    direction: np.ndarray
    product: np.ndarray
    iteration: int
    verified: float


class Solution(NamedTuple):
    """What came out.

    Attributes
    ----------
    alpha : float64 array (n, columns)
    residual : float
        Largest of all columns, relative, computed from `alpha`.
    reached : bool
        Whether that is what was asked for.
    iterations : int
        Products with K.
    """

    alpha: np.ndarray
    residual: float
    reached: bool
    iterations: int


class System(NamedTuple):
    """(K + λ1) α = right for each column, of the examples that the column knows.

    Attributes
    ----------
    product, exact_product : callable
        K times float64 vectors (n, columns), in single and in double precision.
    precondition : callable
        P⁻¹ times such.
    noise : float
        λ.
    known : float64 array (n, columns)
        1 for the examples that a column knows, else 0: there α is zero, and nothing is asked.
    """

    product: Callable[[np.ndarray], np.ndarray]
    exact_product: Callable[[np.ndarray], np.ndarray]
    precondition: Callable[[np.ndarray], np.ndarray]
    noise: float
    known: np.ndarray

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """Return the left side for `vectors`, which must be zero for unknown examples."""
        return self.known * self.product(vectors) + self.noise * vectors

    def left(self, right: np.ndarray, alpha: np.ndarray, tolerance: float = 0.0) -> np.ndarray:
        """Residual of `alpha`, as accurate as a tolerance needs."""
        if tolerance >= _COARSE:
            return right - self.apply(alpha)
        return right - self.known * self.exact_product(alpha) - self.noise * alpha

    def start(
        self, alpha: np.ndarray, residual: np.ndarray, iteration: int, verified: float
    ) -> State:
        """Begin at `alpha`, for which `residual` is left."""
        direction = self.known * self.precondition(residual)
        product = (residual * direction).sum(0)
        return State(
            alpha=alpha,
            residual=residual,
            direction=direction,
            product=product,
            iteration=iteration,
            verified=verified,
        )

    def start_at(self, right: np.ndarray, alpha: np.ndarray, tolerance: float) -> State:
        """Begin at a solution that is nearly right."""
        left = self.left(right, alpha, tolerance)
        return self.start(alpha, left, 1, _relative(left, np.linalg.norm(right, axis=0)))

    def step(self, state: State) -> State:
        """Make one iteration."""
        applied = self.apply(state.direction)
        length = _ratio(state.product, (state.direction * applied).sum(0))
        residual = state.residual - length * applied
        conditioned = self.known * self.precondition(residual)
        product = (residual * conditioned).sum(0)
        turn = _ratio(product - (state.residual * conditioned).sum(0), state.product)
        return State(
            alpha=state.alpha + length * state.direction,
            residual=residual,
            direction=conditioned + turn * state.direction,
            product=product,
            iteration=state.iteration + 1,
            verified=state.verified,
        )


def _ratio(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Quotient, zero where there is nothing left to do."""
    return np.divide(upper, lower, out=np.zeros_like(upper), where=lower > 0)


def solve(
    system: System,
    right: np.ndarray,
    *,
    tolerance: float = 1e-3,
    max_iterations: int = 200,
    state: State | None = None,
    keep: Callable[[State], None] | None = None,
    keep_every: float = 60.0,
    progress: Callable[[Progress], None] | None = None,
) -> Solution:
    """Solve to a relative residual, which is verified.

    Parameters
    ----------
    system : System
        Left side.
    right : float64 array (n, columns)
        Right side, zero for unknown examples.
    tolerance : float
        Largest |right − (K + λ1) α| / |right| of any column that is asked for.
    max_iterations : int
        Products with K after which to give up.
    state : State, optional
        To go on from.
    keep : callable, optional
        Given the state every `keep_every` seconds, and when interrupted by Ctrl-C or an error.
    keep_every : float
        Seconds.
    progress : callable, optional
        Given a `Progress` after each iteration.

    Returns
    -------
    Solution

    Warns
    -----
    ConvergenceWarning
        If the residual was not reached.
    """
    if state is None:
        state = system.start(np.zeros_like(right), right, 0, 1.0)
    norm = np.linalg.norm(right, axis=0)
    best, accuracy = state, tolerance
    began = kept = time.monotonic()
    past = [(state.iteration, _relative(state.residual, norm))]
    try:
        while True:
            now = _relative(state.residual, norm)
            if (
                now <= max(tolerance, _TRUSTED * state.verified)
                or state.iteration >= max_iterations
            ):
                anew = system.left(right, state.alpha, accuracy)
                found = _relative(anew, norm)
                done = found <= tolerance or state.iteration >= max_iterations
                stuck = found > state.verified / 2  # rounding allows no better
                if stuck and not done and accuracy >= _COARSE:  # that of the residual, perhaps
                    accuracy = 0.0
                    anew = system.left(right, state.alpha)
                    found, stuck = _relative(anew, norm), False
                    done = found <= tolerance
                if done or stuck:
                    break
                if found > 2 * now:  # the recurrence has drifted: begin again from here
                    state = system.start(state.alpha, anew, state.iteration + 1, found)
                else:  # all directions so far are still worth something
                    state = state._replace(
                        residual=anew, iteration=state.iteration + 1, verified=found
                    )
            state = system.step(state)
            if _relative(state.residual, norm) < _relative(best.residual, norm):
                best = state
            past.append((state.iteration, _relative(state.residual, norm)))
            spent = time.monotonic() - began
            if progress is not None:
                progress(_progress(past, spent, tolerance))
            if keep is not None and time.monotonic() - kept >= keep_every:
                keep(state)
                kept = time.monotonic()
    except BaseException:
        if keep is not None:
            keep(state)
        raise
    if keep is not None:
        keep(state)
    if found > tolerance and best is not state:  # where rounding is too much, iterations get lost
        earlier = _relative(system.left(right, best.alpha, tolerance), norm)
        if earlier < found:
            found, state = earlier, best._replace(iteration=state.iteration)
    if found > tolerance:
        warnings.warn(
            f"after {state.iteration} iterations the relative residual is {found:.2g}, not the "
            f"{tolerance:.2g} that was asked for: allow more iterations, more landmarks for the "
            "preconditioner, a larger tolerance or more noise",
            ConvergenceWarning,
            stacklevel=2,
        )
    return Solution(
        alpha=state.alpha, residual=found, reached=found <= tolerance, iterations=state.iteration
    )


def _relative(residual: np.ndarray, norm: np.ndarray) -> float:
    return float(_ratio(np.linalg.norm(residual, axis=0), norm).max(initial=0))


def _progress(past: list[tuple[int, float]], seconds: float, tolerance: float) -> Progress:
    """From iterations and residuals so far."""
    (first, before), (iteration, now) = past[-_RECENT - 1 :][0], past[-1]
    left = 0.0
    if now > tolerance:
        fall = (math.log(before) - math.log(now)) / (iteration - first)
        each = seconds / (iteration - past[0][0])
        left = each * math.log(now / tolerance) / fall if fall > 0 else math.inf
    return Progress(iteration=iteration, residual=now, seconds=seconds, seconds_left=left)
