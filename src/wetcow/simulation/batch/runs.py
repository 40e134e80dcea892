"""Many runs of one system at once: a batch, which compiled calls advance group by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.modes.system import System
from wetcow.process import wait
from wetcow.simulation.batch import calls as calls
from wetcow.simulation.batch.layout import Layout
from wetcow.simulation.chunks import as_arguments, check_steps, run_chunks, run_pieces
from wetcow.simulation.files.store import MemoryStore, ZarrStore
from wetcow.simulation.laid_out import in_blocks
from wetcow.simulation.plan import TYPES, uses_eighth_order
from wetcow.simulation.reduce import Reducer
from wetcow.simulation.steps.stepping import Adaptive, Fixed, traced_stepping


class Batch(NamedTuple):
    """What all runs have in common; picklable, so that other processes can do some of them.

    Attributes
    ----------
    system : System
        Whose parameters vary; or one of those that vary.
    a0 : complex array, optional
        Initial state; default: the system's own.
    times : float array (k,)
        Of the samples.
    stepping : Adaptive or Fixed
        Of all runs.
    precision : {"double", "single"}
        Of the arithmetic.
    record : bool
        Whether trajectories are kept.
    reducers : dict of name to Reducer
        Statistics to accumulate.
    group : int
        Runs that step together.
    length : int
        Samples of one chunk.
    piece_steps : int or None
        As of `wetcow.simulation.chunks.steps_of_piece`.
    max_steps : int
        Adaptive steps that each run may take.
    """

    system: System
    a0: Any
    times: np.ndarray
    stepping: Adaptive | Fixed
    precision: str
    record: bool
    reducers: dict[str, Reducer]
    group: int
    length: int
    piece_steps: int | None
    max_steps: int

    def run(self, varied: Any, devices: Sequence[Any] | None = None) -> dict[str, np.ndarray]:
        """Integrate runs and hold the results.

        Parameters
        ----------
        varied : (parameters, noise, words of seeds)
            Pytrees of arrays whose first axis are the runs, whole groups for each device.
        devices : sequence of JAX devices, optional
            That share them; default: the first one.

        Returns
        -------
        dict of name to array (runs, ...)
        """
        order = np.arange(len(varied[1]))
        coords = {"run": order, "time": self.times, "mode": np.arange(self.system.size)}
        labels = xr.Dataset(coords=coords)
        store = MemoryStore(labels, record=self.record, reducers=self.reducers)
        found = self.fill(store, varied, order, order.shape, devices or jax.devices()[:1])
        return {str(name): one.values for name, one in found.data_vars.items()}

    def fill(
        self,
        store: MemoryStore | ZarrStore,
        varied: Any,
        order: np.ndarray,
        shape: tuple[int, ...],
        devices: Sequence[Any],
        *,
        progress: bool = False,
    ) -> xr.Dataset:
        """Integrate runs into a store that has some of their dimensions first.

        Parameters
        ----------
        store : MemoryStore or ZarrStore
        varied, devices
            As of `run`.
        order, shape
            As of `Layout`.
        progress : bool
            Show a progress bar.
        """
        with jax.enable_x64(self.precision == "double"):
            layout = Layout(order=order, shape=shape, group=self.group, num_devices=len(devices))
            work = _Work(self, varied, layout=layout, devices=tuple(devices))
            carry = work.start()
            saving = isinstance(store, ZarrStore)
            if store.samples_done:
                carry = work.placed(store.resume(work.saved(carry)))
            elif self.record:
                store.write(0, work.observed(carry))
            carry = run_chunks(
                work.advance,
                carry,
                store,
                work.times,
                self.length,
                record=self.record,
                progress=progress,
                saved=work.saved if saving else lambda carry: None,
                title="sweeping",
            )
            return store.finish(work.results(carry))


class _Work:
    """A batch on its way, for the loop of chunks: group by group, on all devices at once.

    A compiled call advances one group on each device, so that calls are short, and Python can stop
    between them. What is carried on is the number of fixed steps, which all runs have taken, and
    the members of each group.
    """

    def __init__(self, batch: Batch, varied: Any, *, layout: Layout, devices: tuple[Any, ...]):
        self.batch, self.layout = batch, layout
        self.own = layout.split((_in_blocks(varied[0], batch.stepping), *varied[1:]))
        self.times = batch.times.astype(np.finfo(TYPES[batch.precision]).dtype)
        largest = jnp.iinfo(jnp.zeros((), int).dtype).max
        self.settings = calls.Settings(
            system=in_blocks(batch.system, batch.stepping).compiled_layout(),
            stepping=traced_stepping(batch.stepping),
            max_steps=jnp.asarray(min(batch.max_steps, largest)),
            eighth_order=uses_eighth_order(batch.stepping, batch.length),
            record=batch.record,
            reducers=as_arguments(batch.reducers),
            devices=devices,
        )

    def start(self) -> tuple[Any, list[Any]]:
        """What is carried on, at the start."""
        settings, t = self.settings, jnp.asarray(self.times[0])
        groups = [calls.start_group(settings, own, self._initial(own), t) for own in self.own]
        return jnp.zeros((), int), groups

    def _initial(self, own: Any) -> Any:
        """Amplitudes at the start of the runs of a group, (runs, n).

        In double precision, as those of `simulate`: a seed has the same phases in any.
        """
        a0, kind, size = self.batch.a0, TYPES[self.batch.precision], self.settings.system.size
        if a0 is not None:
            shape = (jax.tree.leaves(own)[0].shape[0], size)
            return jnp.broadcast_to(jnp.asarray(a0, kind), shape)
        with jax.enable_x64(True):
            found = np.asarray(calls.initial_group(self.settings.system, own))
        return jnp.asarray(found, kind)

    def advance(
        self, carry: Any, times: Any, count: int, tick: Callable[[float], None]
    ) -> tuple[Any, Any]:
        """Advance all groups, as `run_chunks` wants it."""
        step, groups = carry
        parts, after = [], []
        interval, number = jnp.asarray(times), jnp.asarray(count)
        for own, group in zip(self.own, groups, strict=True):
            if self.batch.piece_steps is None:
                samples, group = calls.advance_group(
                    self.settings, own, group, interval, number, step
                )
                wait(group)
                tick(1 / len(self.own))
            else:
                samples, group = self._in_pieces(own, group, interval, step, tick)
            self._check(group.taken, lambda group=group: ~np.isfinite(group.a).all(axis=-1), times)
            after.append(group)
            parts.append(None if samples is None else np.asarray(samples))
        if isinstance(self.batch.stepping, Fixed):
            step = step + count * self.batch.stepping.steps_per_sample
        return self.layout.merge(parts) if self.batch.record else None, (step, after)

    def _in_pieces(
        self, own: Any, group: Any, times: Any, first: Any, tick: Callable[[float], None]
    ) -> tuple[Any, Any]:
        """From one sample to the next, in several compiled calls."""
        settings, steps = self.settings, self.batch.piece_steps or 1
        limit = jnp.asarray(steps)
        fixed = isinstance(self.batch.stepping, Fixed)

        def go(carry):
            step, pieces, _ = carry
            pieces, done = calls.next_pieces(settings, own, pieces, times, limit, first, step)
            return step + limit if fixed else step, pieces, done

        def check(carry):
            if not fixed:
                self._check(carry[1].state.step, lambda: carry[2] < 1, times)

        pieces = calls.first_pieces(settings, own, group, times, first)
        _, pieces, _ = run_pieces(
            go,
            (first, pieces, None),
            lambda carry: float(np.asarray(carry[2]).min()),
            tick,
            share=1 / len(self.own),
            check=check,
        )
        return calls.end_pieces(settings, own, group, pieces, times)

    def _check(self, taken: Any, unfinished: Callable[[], Any], times: Any) -> None:
        """Raise where adaptive steps are used up and a run has not come to the end of a chunk."""
        if np.max(taken) >= self.batch.max_steps and np.any(unfinished()):
            most = int(np.max(np.asarray(taken)[np.asarray(unfinished())]))
            check_steps(most, self.batch.max_steps, float(times[0]), float(times[-1]))

    def observed(self, carry: Any) -> np.ndarray:
        """Samples now, (sweep…, 1, n)."""
        each = zip(self.own, carry[1], strict=True)
        system = self.settings.system
        return self.layout.merge([calls.observe_group(system, own, group) for own, group in each])

    def saved(self, carry: Any) -> Any:
        """What is carried on, in the order of the sweep, so that other devices can go on too."""
        step, groups = carry
        return step, jax.tree.map(lambda *leaves: self.layout.merge(leaves), *groups)

    def placed(self, saved: Any) -> Any:
        """Inverse of `saved`."""
        step, members = saved
        return step, self.layout.split(jax.tree.map(self.layout.place, members))

    def results(self, carry: Any) -> dict[str, np.ndarray]:
        """Those of the reducers, (sweep…) or (sweep…, n)."""
        reducers = self.settings.reducers
        parts = [calls.group_results(reducers, group) for group in carry[1]]
        return {name: self.layout.merge([one[name] for one in parts]) for name in reducers}


def _in_blocks(varied: dict[str, Any], stepping: Adaptive | Fixed) -> dict[str, Any]:
    """Lay out delayed links among what varies, for all runs alike."""
    return {name: in_blocks(value, stepping) for name, value in varied.items()}
