"""Compiled calls that advance one group of a batch: one run each, side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow.modes.system import System
from wetcow.simulation.reduce import Reducer, fold
from wetcow.simulation.seeds import keys
from wetcow.simulation.steps.advance import advance, first_piece, next_piece, share_done
from wetcow.simulation.steps.delay_buffer import DelayBuffer
from wetcow.simulation.steps.stepping import Adaptive, Fixed, Piece, State

SYSTEM = "system"  # among what varies: whole systems, in place of parameters of one


class Member(NamedTuple):
    """What one run of a batch carries on; in a batch, arrays have one more axis in front.

    Attributes
    ----------
    a : complex array (n,)
        Amplitudes now.
    taken : int array ()
        Adaptive steps taken. Fixed ones are the same number for all runs: with one for each,
        look-ups in the past would be slow.
    buffer : DelayBuffer
    accumulators : pytree
        Of the reducers.
    """

    a: Any
    taken: Any
    buffer: DelayBuffer
    accumulators: Any


class Settings(NamedTuple):
    """What all runs have in common.

    Attributes
    ----------
    system : System
        Whose parameters vary; laid out for speed.
    stepping : Adaptive or Fixed
        Traced.
    max_steps : int array ()
        Adaptive steps that each may take.
    eighth_order : bool or None
        Method of adaptive steps.
    record : bool
    reducers : dict of name to Reducer
    devices : tuple of JAX devices
    """

    system: Any
    stepping: Any
    max_steps: Any
    eighth_order: bool | None
    record: bool
    reducers: dict[str, Reducer]
    devices: tuple[Any, ...]


def system_of_run(system: System, varied: dict[str, Any]) -> System:
    """The system of one run: its own one if systems vary, with its own parameters."""
    varied = dict(varied)
    system = varied.pop(SYSTEM, system)
    return system.replace(**varied) if varied else system


def _side_by_side(function, devices, *batch):
    """`function` of batched arguments; each device has its share of the batch."""
    batched = jax.vmap(function)
    if len(devices) == 1:
        return batched(*batch)
    mesh = jax.sharding.Mesh(np.asarray(devices), ("batch",))
    spec = jax.sharding.PartitionSpec("batch")
    return jax.shard_map(batched, mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False)(*batch)


@eqx.filter_jit
def initial_group(system: System, own: Any) -> Any:
    """The system's own amplitudes at the start, (runs, n)."""

    def initial(own):
        one = system_of_run(system, own[0])
        return jnp.broadcast_to(jnp.asarray(one.initial(keys(own[2])[0])), one.size)

    return jax.vmap(initial)(own)


@eqx.filter_jit
def start_group(settings: Settings, own: Any, a0: Any, t: Any) -> Member:
    """At the start, at amplitudes (runs, n)."""
    stepping = settings.stepping
    length = stepping.history if isinstance(stepping, Fixed) else 0

    def start(own, a):
        observed = system_of_run(settings.system, own[0]).observe(a)
        return Member(
            a=a,
            taken=jnp.zeros((), int),
            buffer=DelayBuffer.constant(a, length),
            accumulators={name: each.init(t, observed) for name, each in settings.reducers.items()},
        )

    return _side_by_side(start, settings.devices, own, a0)


def _begin(settings, one, member, step, times):
    """State at a sample, and whether the run is still finite.

    No step would be short enough for one that has become singular before: it starts anew, and what
    comes of that is not used.
    """
    finite = jnp.isfinite(member.a).all()
    if isinstance(settings.stepping, Fixed):
        return State(a=member.a, step=step, buffer=member.buffer), finite
    begin = jnp.where(finite, member.a, one.initial().astype(member.a.dtype))
    return State(a=begin, step=member.taken, buffer=member.buffer), finite


def _after(settings, member, state, finite, accumulators):
    taken = member.taken
    if isinstance(settings.stepping, Adaptive):
        taken = jnp.where(finite, state.step, taken)
    a = jnp.where(finite, state.a, member.a)
    return Member(a=a, taken=taken, buffer=state.buffer, accumulators=accumulators)


@eqx.filter_jit
def advance_group(
    settings: Settings, own: Any, members: Member, times: Any, count: Any, step: Any
) -> tuple[Any, Member]:
    """Advance through `count` intervals; samples, if recorded, and what is carried on."""

    def go(own, member):
        varied, noise, seed = own
        one = system_of_run(settings.system, varied)
        state, finite = _begin(settings, one, member, step, times)
        samples, state = advance(
            one,
            state,
            times,
            settings.stepping,
            noise,
            keys(seed)[1],
            count=count,
            eighth_order=settings.eighth_order,
            limit=settings.max_steps,
        )
        observed = jax.vmap(one.observe)(jnp.where(finite, samples, member.a))
        accumulators = fold(settings.reducers, member.accumulators, times[1:], observed, count)
        after = _after(settings, member, state, finite, accumulators)
        return observed if settings.record else None, after

    return _side_by_side(go, settings.devices, own, members)


def _parted(piece: Piece, stepping: Adaptive | Fixed) -> Piece:
    """Piece without numbers of steps that are the same for all runs."""
    if isinstance(stepping, Adaptive):
        return piece
    return piece._replace(state=piece.state._replace(step=None), first=None)


def _joined(piece: Piece, stepping: Adaptive | Fixed, first: Any, step: Any) -> Piece:
    """Inverse of `_parted`."""
    if isinstance(stepping, Adaptive):
        return piece
    return piece._replace(state=piece.state._replace(step=step), first=first)


@eqx.filter_jit
def first_pieces(settings: Settings, own: Any, members: Member, times: Any, step: Any) -> Piece:
    """Start from a sample in pieces; what has become singular is at the next sample at once."""

    def go(own, member):
        varied, noise, seed = own
        one = system_of_run(settings.system, varied)
        state, finite = _begin(settings, one, member, step, times)
        key = keys(seed)[1]
        piece = first_piece(one, state, times, settings.stepping, noise, key, settings.eighth_order)
        piece = piece._replace(time=jnp.where(finite, piece.time, times[1]))
        return _parted(piece, settings.stepping)

    return _side_by_side(go, settings.devices, own, members)


@eqx.filter_jit
def next_pieces(
    settings: Settings, own: Any, pieces: Piece, times: Any, limit: Any, first: Any, step: Any
) -> tuple[Piece, Any]:
    """Go on for `limit` steps each; also the share of the way that each has done."""
    stepping = settings.stepping

    def go(own, piece):
        varied, noise, seed = own
        one = system_of_run(settings.system, varied)
        piece, steps = _joined(piece, stepping, first, step), limit
        if isinstance(stepping, Adaptive):
            steps = jnp.clip(settings.max_steps - piece.state.step, 1, limit)
        piece = next_piece(
            one, piece, times, stepping, noise, keys(seed)[1], settings.eighth_order, steps
        )
        return _parted(piece, stepping), share_done(piece, times, stepping)

    return _side_by_side(go, settings.devices, own, pieces)


@eqx.filter_jit
def end_pieces(
    settings: Settings, own: Any, members: Member, pieces: Piece, times: Any
) -> tuple[Any, Member]:
    """As `advance_group`, of pieces that have reached the next sample."""

    def go(own, member, piece):
        one = system_of_run(settings.system, own[0])
        finite = jnp.isfinite(member.a).all()
        observed = one.observe(jnp.where(finite, piece.state.a, member.a))[None]
        accumulators = fold(settings.reducers, member.accumulators, times[1:], observed)
        after = _after(settings, member, piece.state, finite, accumulators)
        return observed if settings.record else None, after

    return _side_by_side(go, settings.devices, own, members, pieces)


@eqx.filter_jit
def observe_group(system: System, own: Any, members: Member) -> Any:
    """Samples now, (runs, 1, n)."""

    def observed(own, member):
        return system_of_run(system, own[0]).observe(member.a)[None]

    return jax.vmap(observed)(own, members)


@eqx.filter_jit
def group_results(reducers: dict[str, Reducer], members: Member) -> dict[str, Any]:
    """Those of the reducers."""

    def result(member):
        return {name: one.result(member.accumulators[name]) for name, one in reducers.items()}

    return jax.vmap(result)(members)
