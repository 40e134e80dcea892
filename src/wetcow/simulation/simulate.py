"""Run one system: `simulate`, with recording, reduction, progress and resumption."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.modes.system import System, check_system
from wetcow.process import check_process, wait
from wetcow.simulation.chunks import (
    as_arguments,
    chunk_length,
    cost_of_step,
    run_chunks,
)
from wetcow.simulation.devices import arranged, everywhere, gathered, mesh_of
from wetcow.simulation.integrate import State, initial_state, traced_stepping
from wetcow.simulation.plan import (
    MAX_STEPS,
    SYNONYMS,
    TYPES,
    check_effort,
    check_initial,
    check_noise,
    check_seed,
    choose_stepping,
    sample_times,
    uses_eighth_order,
)
from wetcow.simulation.reduce import Reducer, check_reducers, fold
from wetcow.simulation.results import describe
from wetcow.simulation.single_kernel import advance_alone
from wetcow.simulation.store import open_store
from wetcow.validation import indices, refuse_unknown


class SimulationError(RuntimeError):
    """A trajectory became singular; the message says where and what to try."""


def keys(seed: int | None) -> tuple[Any, Any]:
    """Keys of the initial state and of the noise for a seed, or None for both."""
    if seed is None:
        return None, None
    initial, noise = jax.random.split(jax.random.key(seed))
    return initial, noise


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
):
    """Advance through the first `count` intervals; return what is recorded and the new state."""
    state, accumulators = carry
    samples, state = advance_alone(
        system, state, times, stepping, noise, key, count=count, eighth_order=eighth_order
    )
    samples, state = gathered((samples, state), mesh)
    observed = jax.vmap(system.observe)(samples)[:, modes]
    accumulators = fold(reducers, accumulators, times[1:], observed, count)
    return observed if record else None, (state, accumulators)


def simulate(
    system: System,
    t1: float = 200.0,
    *,
    t0: float = 0.0,
    num_samples: int = 2001,
    a0: Any = None,
    seed: int | None = None,
    noise: float = 0.0,
    dt: float | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    precision: str = "double",
    record: bool = True,
    modes: Any = None,
    reduce: dict[str, Reducer] | None = None,
    path: str | os.PathLike | None = None,
    progress: bool = False,
    devices: Sequence[Any] | None = None,
    max_steps: int = MAX_STEPS,
    **unknown: Any,
) -> xr.Dataset:
    """Integrate a mode, a network or a baseline and return its trajectory.

    Parameters
    ----------
    system : System
        `Mode`, `Network`, `Kuramoto`, `LeakyIntegrateAndFire`, …; n modes.
    t1, t0 : float
        End and start, time units of the system.
    num_samples : int
        Equally spaced samples from t0 to t1, both included; they do not set the accuracy.
    a0 : complex or array (n,), optional
        Initial state. Default: amplitude 0.1 with phase 0, or random phases if a seed is given.
    seed : int, optional
        Of initial phases and noise.
    noise : float
        σ of additive complex white noise, da = F dt + σ dW with E|dW|² = dt; amplitude/sqrt(time).
        Needs a seed.
    dt : float, optional
        Take fixed steps of at most `dt`. Without it steps are adaptive, except with noise, delays
        or resets, where `dt` defaults to a twentieth of the fastest linear time scale.
    rtol, atol : float, optional
        Tolerances of adaptive steps: 1e-8 and 1e-10 in double, 1e-5 and 1e-7 in single precision.
    precision : {"double", "single"}
        float64 or float32 arithmetic.
    record : bool
        Whether to keep the trajectory.
    modes : int or sequence of int, optional
        Modes to record and reduce; default all.
    reduce : dict of name to Reducer, optional
        Statistics to accumulate while running, over all samples.
    path : path, optional
        A ``.zarr`` folder to which samples are appended while running instead of being held. If it
        has an unfinished run with the same arguments, the run continues to the same result; a
        finished one is read.
    progress : bool
        Show a progress bar.
    devices : sequence of JAX devices, optional
        Devices that share a large `Dense` network, each with the couplings to some of its modes;
        also those of other processes, after ``jax.distributed.initialize()``, if all of them call
        this alike. Default: one device. It does not change the result, up to rounding.
    max_steps : int
        Refuse, before it starts, a run that is estimated to take more steps.

    Returns
    -------
    xarray.Dataset
        Complex ``a`` on (time, mode) if recorded, one variable per reducer, and every parameter
        and setting in the attributes.

    Raises
    ------
    ValueError
        Before integration, for arguments that make no sense, and for runs that would take more than
        `max_steps` or more memory than is free.
    TypeError
        For unknown arguments, and for what is not a system.
    ForkedProcessError
        In a process that was forked after JAX was used in its parent.
    FileExistsError
        If `path` has results of another run.
    SimulationError
        If the solution becomes singular.

    Examples
    --------
    >>> from wetcow.modes.mode import Mode
    >>> run = simulate(Mode(gamma=1.9), t1=50.0, num_samples=501)
    >>> run.a.dims, run.attrs["gamma"]
    (('time', 'mode'), 1.9)
    """
    check_process()
    refuse_unknown(unknown, inspect.signature(simulate).parameters, SYNONYMS)
    check_system(system)
    times = sample_times(t0, t1, num_samples)
    noise = check_noise(noise)
    seed = check_seed(seed, noise)
    stepping = choose_stepping(system, times, dt, rtol, atol, noise > 0, precision)
    reducers = check_reducers(reduce, record)
    reducers = {name: one.for_system(system) for name, one in reducers.items()}
    if path is not None and not record:
        raise ValueError("path is where the trajectory is recorded, but record=False")
    chosen = _check_modes(modes, system.size)
    held = chosen.size if record and path is None else None
    each = check_effort(system, times, stepping, max_steps=max_steps, recorded=held)
    length = chunk_length(times.size, each * cost_of_step(system.size))
    mesh = mesh_of(devices, system)
    if mesh is not None and path is not None and jax.process_count() > 1:
        raise ValueError("path is for runs of one process; of several, each returns the result")
    first_key, noise_key = keys(seed)
    a0 = check_initial(system, a0, first_key)
    attrs = describe(
        type(system).__name__,
        system.parameters(),
        times,
        stepping,
        noise=noise,
        seed=seed,
        precision=precision,
        a0=a0,
    )
    dtype = TYPES[precision]
    labels = xr.Dataset(coords={"time": times, "mode": chosen}, attrs=attrs)
    arguments = {"system": system, "reduce": reducers}
    store = open_store(path, labels, dtype=dtype, record=record, arguments=arguments)
    with store, jax.enable_x64(precision == "double"):
        if store.finished:
            return store.dataset()
        real = np.finfo(dtype).dtype
        system = arranged(system, mesh)
        state = initial_state(jnp.asarray(a0, dtype), stepping)
        observed = system.observe(state.a)[chosen]
        accumulators = {
            name: reducer.init(jnp.asarray(times[0], real), observed)
            for name, reducer in reducers.items()
        }
        if store.samples_done:
            state, accumulators = store.resume((state, accumulators))
        elif record:
            store.write(0, np.asarray(observed)[None])
        carry, noise_key = everywhere(((state, accumulators), noise_key), mesh)
        numbers, rest = eqx.partition(traced_stepping(stepping), eqx.is_array)
        traced = eqx.combine(everywhere(numbers, mesh), rest)
        eighth_order = uses_eighth_order(stepping, length)
        strength, reducers = as_arguments((noise, reducers))

        def advance(carry, times, count, tick):
            found = _chunk(
                system=system,
                carry=carry,
                times=everywhere(jnp.asarray(times), mesh),
                count=everywhere(jnp.asarray(count), mesh),
                stepping=traced,
                eighth_order=eighth_order,
                noise=strength,
                key=noise_key,
                modes=chosen,
                record=record,
                reducers=reducers,
                mesh=mesh,
            )
            wait(found[1])
            tick()
            return found

        _, accumulators = run_chunks(
            advance,
            carry,
            store,
            times.astype(real),
            length,
            record=record,
            progress=progress,
            check=lambda carry, start, end: _check_finite(carry[0], start, end),
        )
        results = {
            name: np.asarray(reducer.result(accumulators[name]))
            for name, reducer in reducers.items()
        }
        return store.finish(results)


def _check_modes(modes: Any, size: int) -> np.ndarray:
    if modes is None:
        return np.arange(size)
    chosen = np.atleast_1d(modes)
    if chosen.dtype.kind not in "iu" or chosen.ndim != 1 or chosen.size == 0:
        raise ValueError(f"modes must be an index or a list of indices, got {modes!r}")
    return indices("modes", chosen, size)


def _check_finite(state: State, start: float, end: float) -> None:
    bad = ~np.isfinite(np.asarray(state.a))
    if bad.any():
        # Adaptive steps end for all modes at once; then there is nothing to tell them apart.
        where = "" if bad.all() else f" in modes {np.flatnonzero(bad)[:5].tolist()}"
        raise SimulationError(
            f"the solution became singular between t={start:g} and t={end:g}{where}: "
            "amplitudes grow without bound where w_a cos(phi − psi) outweighs alpha; "
            "check alpha > |w_a|, the coupling, and dt if given"
        )
