"""One run on its way: what `simulate` gives to the loop of chunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.modes.system import System
from wetcow.process import wait
from wetcow.simulation.chunks import (
    SimulationError,
    as_arguments,
    check_steps,
    run_chunks,
    run_pieces,
)
from wetcow.simulation.devices import arranged, everywhere, gather
from wetcow.simulation.files.store import MemoryStore, ZarrStore
from wetcow.simulation.laid_out import in_blocks
from wetcow.simulation.reduce import Reducer, fold
from wetcow.simulation.steps.advance import first_piece, share_done
from wetcow.simulation.steps.single_kernel import advance_single_kernel, next_piece_single_kernel
from wetcow.simulation.steps.stepping import Adaptive, Fixed, State, initial_state, traced_stepping


class Run(NamedTuple):
    """One run, for the loop of chunks; arrays are on all devices of the mesh.

    Attributes
    ----------
    system : System
        Laid out for speed.
    stepping : Adaptive or Fixed
        Traced.
    noise, key
        As of `advance`.
    eighth_order : bool or None
        Method of adaptive steps.
    modes : int array (m,)
        Recorded and reduced.
    reducers : dict of name to Reducer
    record : bool
    mesh : jax.sharding.Mesh or None
    piece_steps : int or None
        Steps of a compiled call, where there are several between two samples.
    max_steps : int
        Adaptive steps that the run may take.
    """

    system: Any
    stepping: Any
    noise: Any
    key: Any
    eighth_order: bool | None
    modes: np.ndarray
    reducers: dict[str, Reducer]
    record: bool
    mesh: Any
    piece_steps: int | None
    max_steps: int

    @classmethod
    def of(
        cls,
        system: System,
        stepping: Adaptive | Fixed,
        *,
        noise: Any,
        key: Any,
        reducers: dict[str, Reducer],
        mesh: Any,
        **others: Any,
    ) -> Run:
        """Put everything where it is needed."""
        traced = traced_stepping(stepping)
        numbers, rest = eqx.partition(traced, eqx.is_array)
        strength, reducers = as_arguments((noise, reducers))
        return cls(
            system=arranged(in_blocks(system, stepping), mesh),
            stepping=eqx.combine(everywhere(numbers, mesh), rest),
            noise=strength,
            key=everywhere(key, mesh),
            reducers=reducers,
            mesh=mesh,
            **others,
        )

    def fill(
        self,
        store: MemoryStore | ZarrStore,
        a0: np.ndarray,
        times: np.ndarray,
        length: int,
        *,
        progress: bool,
    ) -> xr.Dataset:
        """Integrate into a store, from the start or from where it has come to.

        Parameters
        ----------
        store : MemoryStore or ZarrStore
        a0 : complex array (n,)
            Amplitudes at the start.
        times : float array (num_samples,)
            In the precision of the run.
        length : int
            Of chunks.
        progress : bool
            Show a progress bar.
        """
        carry, observed = self.start(a0, times[0])
        if store.samples_done:
            carry = store.resume(carry)
        elif self.record:
            store.write(0, observed[None])
        carry = run_chunks(
            self.advance,
            everywhere(carry, self.mesh),
            store,
            times,
            length,
            record=self.record,
            progress=progress,
            check=self.check,
        )
        return store.finish(self.results(carry))

    def start(self, a0: np.ndarray, t0: Any) -> tuple[Any, np.ndarray]:
        """State and accumulators at the start, and what is observed there."""
        state = initial_state(a0, self.stepping)
        observed = np.asarray(self.system.observe(state.a))[self.modes]
        accumulators = {
            name: reducer.init(jnp.asarray(t0), observed) for name, reducer in self.reducers.items()
        }
        return (state, accumulators), observed

    def advance(
        self, carry: Any, times: Any, count: int, tick: Callable[[float], None]
    ) -> tuple[Any, Any]:
        """Advance through a chunk, as `run_chunks` wants it."""
        padded = everywhere(times, self.mesh)
        if self.piece_steps is not None:
            return self._in_pieces(carry, padded, tick)
        samples, carry = _chunk(
            system=self.system,
            carry=carry,
            times=padded,
            count=everywhere(np.asarray(count), self.mesh),
            stepping=self.stepping,
            eighth_order=self.eighth_order,
            noise=self.noise,
            key=self.key,
            modes=self.modes,
            record=self.record,
            reducers=self.reducers,
            mesh=self.mesh,
            limit=self._limit(self.max_steps),
        )
        wait(carry)
        tick(1.0)
        return samples, carry

    def _in_pieces(self, carry: Any, times: Any, tick: Callable[[float], None]) -> tuple[Any, Any]:
        """From one sample to the next, in several compiled calls."""
        state, accumulators = carry
        start, end = (float(t) for t in np.asarray(times))
        system, common = self.system, {"mesh": self.mesh, "eighth_order": self.eighth_order}
        settings = (times, self.stepping, self.noise, self.key)

        def go(piece):
            steps = self.piece_steps or 1
            if isinstance(self.stepping, Adaptive):
                steps = min(steps, max(self.max_steps - int(piece.state.step), 1))
            return _next_piece(system, piece, *settings, limit=self._limit(steps), **common)

        def check(piece):
            self.check((piece.state, None), start, end, unfinished=True)

        piece = run_pieces(
            go,
            _first_piece(system, state, *settings, **common),
            lambda piece: float(share_done(piece, times, self.stepping)),
            tick,
            check=check,
        )
        observed, accumulators = _sample(
            system, piece.state.a, times[1:], accumulators, self.modes, self.reducers
        )
        return observed if self.record else None, (piece.state, accumulators)

    def _limit(self, steps: int) -> Any:
        largest = np.iinfo(jax.dtypes.canonicalize_dtype(int)).max
        return everywhere(np.asarray(min(steps, largest)), self.mesh)

    def check(self, carry: Any, start: float, end: float, unfinished: bool = False) -> None:
        """Raise if the solution became singular or took too many steps between two times."""
        state: State = carry[0]
        bad = ~np.isfinite(np.asarray(state.a))
        if isinstance(self.stepping, Adaptive) and (unfinished or bad.any()):
            check_steps(int(state.step), self.max_steps, start, end)
        if bad.any():
            # Adaptive steps end for all modes at once; then there is nothing to tell them apart.
            where = "" if bad.all() else f" in modes {np.flatnonzero(bad)[:5].tolist()}"
            raise SimulationError(
                f"the solution became singular between t={start:g} and t={end:g}{where}: "
                "amplitudes grow without bound where w_a cos(phi − psi) outweighs alpha; "
                "check alpha > |w_a|, the coupling, and dt if given"
            )

    def results(self, carry: Any) -> dict[str, np.ndarray]:
        """Those of the reducers."""
        return {
            name: np.asarray(reducer.result(carry[1][name]))
            for name, reducer in self.reducers.items()
        }


@eqx.filter_jit
def _chunk(
    system,
    carry,
    times,
    count,
    stepping,
    eighth_order,
    noise,
    key,
    modes,
    record,
    reducers,
    mesh,
    limit,
):
    """Advance through the first `count` intervals; return what is recorded and the new state."""
    state, accumulators = carry
    samples, state = advance_single_kernel(
        system,
        state,
        times,
        stepping,
        noise,
        key,
        count=count,
        eighth_order=eighth_order,
        limit=limit,
    )
    samples, state = gather((samples, state), mesh)
    observed = jax.vmap(system.observe)(samples)[:, modes]
    accumulators = fold(reducers, accumulators, times[1:], observed, count)
    return observed if record else None, (state, accumulators)


@eqx.filter_jit
def _first_piece(system, state, times, stepping, noise, key, mesh, eighth_order):
    return gather(first_piece(system, state, times, stepping, noise, key, eighth_order), mesh)


@eqx.filter_jit
def _next_piece(system, piece, times, stepping, noise, key, mesh, eighth_order, limit):
    return gather(
        next_piece_single_kernel(system, piece, times, stepping, noise, key, eighth_order, limit),
        mesh,
    )


@eqx.filter_jit
def _sample(system, a, times, accumulators, modes, reducers):
    """What is recorded at a sample, (1, m), and the accumulators after it."""
    observed = system.observe(a)[None, modes]
    return observed, fold(reducers, accumulators, times, observed)
