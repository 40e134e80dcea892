"""Explicit Runge-Kutta methods of diffrax with their stages written out, and the size of steps.

diffrax runs the stages of a step in a loop, so that a field is traced once. Written out, what lies
between two evaluations is one pass over the state: where networks are small most of a step is that,
and a step takes a third of the time.
"""

from __future__ import annotations

from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import optimistix
from diffrax import RESULTS


class _Stages:
    """Mixed into a method: its steps for one drift."""

    tableau: Any

    def init(self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any) -> Any:
        """Slope at the start, for methods that take it from the last stage of the last step."""
        return terms.vf(t0, y0, args) if self.tableau.fsal else None

    def step(
        self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any, solver_state: Any, made_jump: Any
    ) -> Any:
        """One step; see `diffrax.AbstractSolver.step`."""
        tableau = self.tableau
        control = terms.contr(t0, t1)  # the step, or its negative backwards in time
        slope = solver_state
        if solver_state is None:
            slope = terms.vf(t0, y0, args)
        elif isinstance(made_jump, jax.Array):  # else it is known that there is none
            slope = jax.lax.cond(made_jump, lambda: terms.vf(t0, y0, args), lambda: solver_state)
        moves, y = [terms.prod(slope, control)], y0
        for weights, c in zip(tableau.a_lower, tableau.c, strict=True):
            y = _add(y0, _sum(weights, moves))
            slope = terms.vf(t1 if c == 1 else t0 + float(c) * (t1 - t0), y, args)
            moves.append(terms.prod(slope, control))
        # Where the last stage lies at the end of the step, its state is the result.
        y1 = y if tableau.ssal else _add(y0, _sum(tableau.b_sol, moves))
        dense = {"y0": y0, "y1": y1, "k": jax.tree.map(lambda *k: jnp.stack(k), *moves)}
        state = slope if tableau.fsal else None
        return y1, _sum(tableau.b_error, moves), dense, state, RESULTS.successful


def _add(y: Any, move: Any) -> Any:
    return jax.tree.map(lambda a, b: a + b, y, move)


def _sum(weights: Any, moves: list[Any]) -> Any:
    """Σ_i w_i k_i, without the terms that are zero."""
    own = [(float(w), k) for w, k in zip(weights, moves, strict=True) if w != 0]

    def total(*leaves: Any) -> Any:
        return sum(w * leaf for (w, _), leaf in zip(own[1:], leaves[1:], strict=True)) + (
            own[0][0] * leaves[0]
        )

    return jax.tree.map(total, *(k for _, k in own))


class Bosh3(_Stages, diffrax.Bosh3):
    """Bogacki and Shampine's method of third order: three evaluations a step."""


class Tsit5(_Stages, diffrax.Tsit5):
    """Tsitouras' method of fifth order: six evaluations a step."""


class Dopri8(_Stages, diffrax.Dopri8):
    """Dormand and Prince's method of eighth order: thirteen evaluations a step."""


class ShARK(diffrax.ShARK):
    """Foster's method of strong order 1.5: two evaluations a step.

    For noise that depends neither on the state nor on time, as all is here.
    """

    def step(
        self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any, solver_state: Any, made_jump: Any
    ) -> Any:
        """One step; see `diffrax.AbstractSolver.step`. It has no estimate of the error."""
        drift, noise = terms.terms
        drawn, control = noise.contr(t0, t1, use_levy=True), drift.contr(t0, t1)
        spread = noise.vf(t0, y0, args)
        w, h = (noise.prod(spread, part) for part in (drawn.W, drawn.H))
        tableau = self.tableau
        w_coeffs, h_coeffs = tableau.coeffs_w, tableau.coeffs_hh
        assert h_coeffs is not None
        moves: list[Any] = []
        for weights, c, of_w, of_h in zip(
            [(), *tableau.a], [0, *tableau.c], w_coeffs.a, h_coeffs.a, strict=True
        ):
            z = _add(y0, _sum([*weights, of_w, of_h], [*moves, w, h]))
            moves.append(drift.prod(drift.vf(t0 + float(c) * (t1 - t0), z, args), control))
        b_sol = [*tableau.b_sol, w_coeffs.b_sol, h_coeffs.b_sol]
        y1 = _add(y0, _sum(b_sol, [*moves, w, h]))
        return y1, None, {"y0": y0, "y1": y1}, None, RESULTS.successful


def _size_of_error(error: Any) -> Any:
    """Root of the mean square; infinite where it is not a number, so that the step is cut.

    Where a trial overflows, error and state are infinite, and so is what the error is measured by.
    A step that follows from their ratio would not be a number either, and the trials never end.
    """
    size = optimistix.rms_norm(error)
    return jnp.where(jnp.isnan(size), jnp.inf, size)


# Step sizes after the last two errors instead of one: fewer steps are refused.
STEP_CONTROL: dict[str, Any] = {"pcoeff": 0.2, "icoeff": 0.7, "norm": _size_of_error}
