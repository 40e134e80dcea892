"""Fits refined by gradient through the simulation, where noise is strong (docs/brain.md).

The closed form is exact for weak noise. Where amplitudes are so large that the nonlinear terms act,
a few more steps go down the loss of simulated runs. All steps see the same noise, so that the loss
is a smooth function of the parameters; what is reported is of other noise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from wetcow import validation
from wetcow.fit.losses import Objective, target_of
from wetcow.fit.model import Structure, shifted_matrix
from wetcow.fit.optimiser import Problem
from wetcow.modes.mode import Mode
from wetcow.networks.network import Network
from wetcow.process import bound_compiled_calls

SIMULATED = ("fc", "power_fc")  # losses that are taken from runs
ADAPTATION = 0.2  # of each run, which is left out
LONGEST_STEP = 1.0  # times the fastest linear rate
OTHER_NOISE = 1_000_003  # added to the seed for what is reported


class Refinement(NamedTuple):
    """How `wetcow.fit` goes on through simulations.

    Attributes
    ----------
    steps : int
        Of Adam.
    t1 : float
        Length of each run, time units, of which the first fifth is left out.
    dt : float
        Step of the simulation, time units. Linear motion is exact, the rest of second order.
    runs : int
        Side by side, each with noise of its own.
    learning_rate : float
    loss : callable, optional
        A function of simulated amplitudes, complex (runs, times, n), that returns a number, in JAX.
        Default: that of the fit, which must then be of "fc" or "power_fc".
    seed : int
        Of the noise.
    """

    steps: int = 20
    t1: float = 200.0
    dt: float = 0.1
    runs: int = 4
    learning_rate: float = 0.02
    loss: Callable[[Any], Any] | None = None
    seed: int = 0


class Refined(NamedTuple):
    """What a refinement did.

    Attributes
    ----------
    losses : float array (steps + 1,)
        Of simulated runs, before each step and at the end, with prior.
    before, after : float
        Loss of the closed form's parameters and of the refined ones, simulated with other noise.
    scores_before, scores_after : dict of str to float
        Pearson correlation of those runs with the data of each loss, and as "held_out" with other
        subjects.
    """

    losses: np.ndarray
    before: float
    after: float
    scores_before: dict[str, float]
    scores_after: dict[str, float]


class Sampled(NamedTuple):
    """Statistics of simulated amplitudes, under the names that `wetcow.Resting` has for them."""

    a: Any

    @property
    def correlation(self) -> Any:
        """Of Re a, (n, n)."""
        return _correlation(self.a.real)

    @property
    def power_correlation(self) -> Any:
        """Of |a|², (n, n)."""
        return _correlation(self.a.real**2 + self.a.imag**2)


def _correlation(x: Any) -> Any:
    x = x.reshape(-1, x.shape[-1])
    x = x - jnp.mean(x, axis=0)
    covariance = x.T @ x
    size = jnp.sqrt(jnp.diagonal(covariance) + jnp.finfo(x.dtype).tiny)
    return covariance / size[:, None] / size


def checked_refinement(refine: Any, objective: Objective, network: Network) -> Refinement | None:
    """Check how a fit is to go on.

    Raises
    ------
    ValueError
        For numbers out of range, and losses that runs have not.
    """
    if refine is None or refine is False:
        return None
    if not isinstance(refine, Refinement):
        raise ValueError(f"refine must be a wetcow.Refinement(…), got {refine!r}")
    kinds = [one.kind for one in objective.targets]
    if refine.loss is None and (objective.own is not None or not set(kinds) <= set(SIMULATED)):
        raise ValueError(
            f"runs are compared by the losses {SIMULATED}: for others give Refinement(loss=…), a "
            "function of simulated amplitudes (runs, times, n)"
        )
    steps = validation.integer("refine.steps", refine.steps, minimum=1)
    runs = validation.integer("refine.runs", refine.runs, minimum=1)
    t1 = validation.number("refine.t1", refine.t1, above=0)
    dt = validation.number("refine.dt", refine.dt, above=0)
    rate = float(np.max(np.abs(np.asarray(network.modes.gamma)))) + float(
        np.linalg.norm(np.asarray(network.coupling.matrix()), 2)
    )
    if dt * rate > LONGEST_STEP or dt > t1 / 20:
        raise ValueError(
            f"refine.dt={dt:g} must be at most {min(LONGEST_STEP / max(rate, 1e-9), t1 / 20):.3g}: "
            f"rates of growth and coupling are up to {rate:.3g}, and runs {t1:g} long"
        )
    rate = validation.number("refine.learning_rate", refine.learning_rate, above=0)
    seed = validation.integer("refine.seed", refine.seed, minimum=0)
    return refine._replace(steps=steps, runs=runs, t1=t1, dt=dt, learning_rate=rate, seed=seed)


def simulated(
    matrix: Any, mode: Mode, noise: Any, key: Any, *, steps: int, dt: float, runs: int
) -> Any:
    """Amplitudes of runs from rest, complex (runs, steps, n), differentiable.

    Each step is half a step of the linear motion, exactly, half of the noise, the nonlinear terms
    by the midpoint rule, and the other halves.

    Parameters
    ----------
    matrix : complex array (n, n)
        A of the linear motion.
    mode : Mode
        n modes with γ = ω = 0: what else moves them.
    noise : float array (n,)
        σ of each mode.
    key : JAX key
    steps, dt, runs
        How many, how long, how many side by side.
    """
    half = jax.scipy.linalg.expm(matrix * (0.5 * dt))
    size = len(matrix)
    # Half of the variance in each part, and half before and after what is nonlinear.
    strength = (jnp.sqrt(0.25 * dt) * noise).astype(matrix.real.dtype)

    def one(a, number):
        shape = (2, 2, runs, size)
        kicks = strength * jax.random.normal(jax.random.fold_in(key, number), shape, strength.dtype)
        before, after = jax.lax.complex(kicks[0], kicks[1])
        a = a @ half.T + before
        middle = a + 0.5 * dt * mode.field(a)
        a = (a + dt * mode.field(middle) + after) @ half.T
        return a, a

    start = jnp.zeros((runs, size), matrix.dtype)
    _, found = jax.lax.scan(one, start, jnp.arange(steps))
    return found[int(ADAPTATION * steps) :].swapaxes(0, 1)


class _Course(eqx.Module):
    """What does not change from step to step."""

    problem: Problem
    structure: Structure
    mode: Mode
    own: Callable | None = eqx.field(static=True)
    steps: int = eqx.field(static=True)
    dt: float = eqx.field(static=True)
    runs: int = eqx.field(static=True)

    def sampled(self, coefficients: Any, key: Any) -> Sampled:
        values = self.problem.values(coefficients)
        matrix, _ = shifted_matrix(self.structure, values)
        return Sampled(
            simulated(
                matrix, self.mode, values["noise"], key,
                steps=self.steps, dt=self.dt, runs=self.runs,
            )
        )  # fmt: skip

    def loss(self, coefficients: Any, key: Any) -> Any:
        found: Any = self.sampled(coefficients, key)  # has what its losses ask for
        data = self.problem.objective(found) if self.own is None else self.own(found.a)
        penalty = self.problem.layout.penalty(coefficients) / self.problem.num_independent
        return data + penalty


@eqx.filter_jit
def _slope(course: _Course, coefficients: Any, key: Any) -> tuple[Any, Any]:
    return jax.value_and_grad(course.loss)(coefficients, key)


@eqx.filter_jit
def _judged(course: _Course, targets: Any, coefficients: Any, key: Any) -> tuple[Any, Any]:
    """Loss, and correlations with data by name."""
    found = course.sampled(coefficients, key)
    return course.loss(coefficients, key), {
        name: one.correlation(found) for name, one in targets.items()
    }


def _descended(
    course: _Course, coefficients: np.ndarray, key: Any, how: Refinement
) -> tuple[Any, list[float]]:
    """Coefficients of the smallest loss, and all losses."""
    adam = optax.adam(how.learning_rate)
    now = best = jnp.asarray(coefficients, jnp.float32)
    state, losses = adam.init(now), []
    for step in range(how.steps + 1):
        loss, slope = _slope(course, now, key)
        losses.append(float(loss))
        if not (np.isfinite(losses[-1]) and bool(jnp.all(jnp.isfinite(slope)))):
            break  # the best so far is kept
        if losses[-1] <= min(losses):
            best = now
        if step < how.steps:
            change, state = adam.update(slope, state)
            now = optax.apply_updates(now, change)
    return best, losses


def refine_fit(
    problem: Problem,
    structure: Structure,
    network: Network,
    coefficients: np.ndarray,
    how: Refinement | None,
    judged: Any,
) -> tuple[np.ndarray, Refined | None]:
    """Go down the loss of simulated runs from where the closed form ended.

    Parameters
    ----------
    problem : Problem
    structure : Structure
    network : Network
        For the constants of its modes.
    coefficients : float array (k,)
    how : Refinement, optional
        None: leave them as they are.
    judged : array (n, n), optional
        Functional connectivity of other subjects.

    Returns
    -------
    float array (k,), Refined or None
        Coefficients of the smallest loss, which may be the first.
    """
    if how is None:
        return coefficients, None
    bound_compiled_calls()
    size = network.size
    mode = Mode(np.zeros(size), 0.0, **network.modes.constants._asdict())
    course = _Course(
        problem=problem, structure=structure, mode=jax.tree.map(np.asarray, mode), own=how.loss,
        steps=round(how.t1 / how.dt), dt=how.dt, runs=how.runs,
    )  # fmt: skip
    targets = {one.kind: one for one in problem.objective.targets if one.kind in SIMULATED}
    if judged is not None:
        targets["held_out"] = target_of("fc", judged, size)
    key, other = (jax.random.key(how.seed + shift) for shift in (0, OTHER_NOISE))
    best, losses = _descended(course, coefficients, key, how)
    if not np.isfinite(losses[0]):
        raise ValueError(
            "the loss of simulated runs is not finite: is noise too strong for dt, or the loss a "
            "function that JAX cannot differentiate?"
        )
    (before, first), (after, last) = (
        _judged(course, targets, jnp.asarray(one, jnp.float32), other)
        for one in (coefficients, best)
    )
    found = Refined(
        losses=np.array(losses),
        before=float(before),
        after=float(after),
        scores_before={name: float(one) for name, one in first.items()},
        scores_after={name: float(one) for name, one in last.items()},
    )
    return np.asarray(best, dtype=float), found
