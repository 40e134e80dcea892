"""Runs of networks with delays in blocks: through samples, and in pieces between two of them."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from wetcow.modes.system import System
from wetcow.networks.delayed_links import DelayedLinks
from wetcow.simulation.steps.blocks import BlockSteps
from wetcow.simulation.steps.fixed import FixedSteps
from wetcow.simulation.steps.stepping import Fixed, Piece, State


def links_of(system: System) -> DelayedLinks | None:
    """Those that are laid out for blocks."""
    coupling = getattr(system, "coupling", None)
    return coupling if isinstance(coupling, DelayedLinks) else None


def advance_blocks(
    system: System,
    state: State,
    times: Any,
    stepping: Fixed,
    noise: Any,
    key: Any,
    count: Any,
) -> tuple[Any, State]:
    """As `wetcow.simulation.steps.fixed.advance_fixed`, where links are laid out."""
    blocks = _blocks(system, state.step, times, stepping, noise, key)
    length, each = times.shape[0] - 1, stepping.steps_per_sample
    moving = blocks.begin(state)

    def after(now, samples):
        done, more = jnp.divmod(now.step - state.step, each)
        where = jnp.where(more == 0, done - 1, length)
        return samples.at[where].set(now.a, mode="drop")

    samples = jnp.zeros((length, moving.a.size), moving.a.dtype)
    number = length if count is None else count
    moving, samples = blocks.go(moving, number * each, after, samples)
    return samples, blocks.end(moving)[0]


def first_block_piece(
    system: System, state: State, times: Any, stepping: Fixed, noise: Any, key: Any
) -> Piece:
    """At a sample."""
    blocks = _blocks(system, state.step, times, stepping, noise, key)
    began, carried = blocks.end(blocks.begin(state))
    return Piece(state=began, first=state.step, time=times[0], method=carried, control=None)


def next_block_piece(
    system: System,
    piece: Piece,
    times: Any,
    stepping: Fixed,
    limit: Any,
    noise: Any,
    key: Any,
) -> Piece:
    """As `wetcow.simulation.steps.fixed.next_fixed_piece`, where links are laid out."""
    blocks = _blocks(system, piece.first, times, stepping, noise, key)
    left = stepping.steps_per_sample - (piece.state.step - piece.first)
    moving = blocks.begin(piece.state, piece.method)
    moving, _ = blocks.go(moving, jnp.minimum(limit, left), lambda now, kept: kept, None)
    state, method = blocks.end(moving)
    return piece._replace(state=state, method=method)


def _blocks(
    system: System, first: Any, times: Any, stepping: Fixed, noise: Any, key: Any
) -> BlockSteps:
    steps = FixedSteps(
        system=system, stepping=stepping, start=times[0], first=first, noise=noise, key=key
    )
    return BlockSteps.of(steps)
