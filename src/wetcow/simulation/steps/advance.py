"""The one place that integrates: a system from sample to sample.

The Cartesian complex form is integrated as real pairs (Re, Im). Smooth systems take adaptive steps;
delays, resets and noise need fixed steps. Both are pure functions of the state, so they can be
compiled, batched, differentiated, stopped at any sample and continued from there.
"""

from __future__ import annotations

from typing import Any

import diffrax

from wetcow.modes.system import System
from wetcow.simulation.steps.adaptive import (
    advance_adaptive,
    first_adaptive_piece,
    next_adaptive_piece,
)
from wetcow.simulation.steps.block_loop import (
    advance_blocks,
    first_block_piece,
    links_of,
    next_block_piece,
)
from wetcow.simulation.steps.fixed import advance_fixed, first_fixed_piece, next_fixed_piece
from wetcow.simulation.steps.stepping import Adaptive, Fixed, Piece, State, takes_eighth_order


def advance(
    system: System,
    state: State,
    times: Any,
    stepping: Adaptive | Fixed,
    noise: Any = 0.0,
    key: Any = None,
    adjoint: diffrax.AbstractAdjoint | None = None,
    max_steps: int | None = None,
    count: Any = None,
    eighth_order: bool | None = None,
    limit: Any = None,
) -> tuple[Any, State]:
    """Integrate from ``times[0]``, where the system is in `state`, through all of `times`.

    Parameters
    ----------
    system : System
        What to integrate.
    state : State
        At ``times[0]``.
    times : float array (k + 1,)
        Increasing; equally spaced by ``dt · steps_per_sample`` if stepping is fixed.
    stepping : Adaptive or Fixed
        Its numbers may be traced (`traced_stepping`), so that one compiled call serves them all.
    noise : float, float array (n,) or complex array (n, n)
        As of `wetcow.simulation.steps.noise.spread_of`.
    key : JAX key, optional
        Of the noise.
    adjoint, max_steps : optional
        As of ``diffrax.diffeqsolve``, for gradients through adaptive steps.
    count : int, optional
        Traced number of intervals that count; all later times repeat the last one. One compiled
        call then serves all numbers of samples up to k. Has no reverse-mode gradients.
    eighth_order : bool, optional
        Method of adaptive steps; needed if tolerances are traced.
    limit : int, optional
        Traced number of adaptive steps since the start of the run, after which samples are
        infinite. Has no reverse-mode gradients.

    Returns
    -------
    samples : complex array (k, n)
        Amplitudes at ``times[1:]``; not finite from where the integration failed.
    state : State
        At ``times[-1]``.
    """
    system = system.compiled_layout()
    if isinstance(stepping, Fixed):
        if links_of(system) is not None:
            return advance_blocks(system, state, times, stepping, noise, key, count)
        return advance_fixed(system, state, times, stepping, noise, key, count)
    if eighth_order is None:
        sampled = times.shape[0] > 2 or max_steps is not None
        eighth_order = takes_eighth_order(stepping.rtol, sampled)
    return advance_adaptive(
        system,
        state,
        times,
        stepping,
        eighth_order=eighth_order,
        adjoint=adjoint,
        max_steps=max_steps,
        limit=limit,
    )


def first_piece(
    system: System,
    state: State,
    times: Any,
    stepping: Adaptive | Fixed,
    noise: Any,
    key: Any,
    eighth_order: bool | None,
) -> Piece:
    """Start from a sample towards the next one, ``times[1]``, in pieces; arguments as of `advance`.

    Where samples are far apart, Python can stop a run between pieces.
    """
    system = system.compiled_layout()
    if isinstance(stepping, Fixed):
        if links_of(system) is not None:
            return first_block_piece(system, state, times, stepping, noise, key)
        return first_fixed_piece(system, state, times, stepping, noise, key)
    return first_adaptive_piece(system, state, times, stepping, eighth_order=bool(eighth_order))


def next_piece(
    system: System,
    piece: Piece,
    times: Any,
    stepping: Adaptive | Fixed,
    noise: Any,
    key: Any,
    eighth_order: bool | None,
    limit: Any,
) -> Piece:
    """Go on for `limit` steps, a traced number, but not beyond ``times[1]``.

    Fixed steps are the same ones as without pieces. Adaptive ones go on with the step size that
    they had; results agree with those without pieces up to the rounding of time.
    """
    system = system.compiled_layout()
    if isinstance(stepping, Fixed):
        if links_of(system) is not None:
            return next_block_piece(system, piece, times, stepping, limit, noise, key)
        return next_fixed_piece(system, piece, times, stepping, limit, noise, key)
    return next_adaptive_piece(
        system, piece, times, stepping, limit, eighth_order=bool(eighth_order)
    )


def share_done(piece: Piece, times: Any, stepping: Adaptive | Fixed) -> Any:
    """How much of the way to the next sample is done: 1 at its end."""
    if isinstance(stepping, Fixed):
        return (piece.state.step - piece.first) / stepping.steps_per_sample
    return (piece.time - times[0]) / (times[1] - times[0])
