"""Run one system: `simulate`, with recording, reduction, progress and resumption."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import xarray as xr

from wetcow.modes.system import System, check_system
from wetcow.process import check_process
from wetcow.simulation.chunks import (
    SimulationError,
    chunk_length,
    cost_of_step,
    steps_of_piece,
)
from wetcow.simulation.devices import mesh_of
from wetcow.simulation.drive import Drive
from wetcow.simulation.driven import driven
from wetcow.simulation.files.results import TIME, describe
from wetcow.simulation.files.store import open_store
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
from wetcow.simulation.reduce import Reducer, check_reducers, warn_of
from wetcow.simulation.run import Run
from wetcow.simulation.seeds import keys
from wetcow.validation import indices, refuse_unknown

__all__ = ["SimulationError", "simulate"]


def simulate(
    system: System,
    t1: float = 200.0,
    *,
    t0: float = 0.0,
    num_samples: int = 2001,
    a0: Any = None,
    drive: Drive | None = None,
    seed: int | None = None,
    noise: Any = 0.0,
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
    drive : Drive, optional
        Input in time: `Drive` or `pulse`.
    seed : int, optional
        Of initial phases and noise.
    noise : float, array (n,) or complex array (n, n)
        σ of additive complex white noise of all modes or of each, da = F dt + σ dW with E|dW|² =
        dt; amplitude/sqrt(time). A matrix is its covariance Q, E[dξ dξ†] = Q dt, as of `resting`.
        Needs a seed.
    dt : float, optional
        Take fixed steps of at most `dt`. Without it steps are adaptive, except with noise, delays
        or resets, where `dt` defaults to a twentieth of the fastest linear time scale.
    rtol, atol : float, optional
        Tolerances of adaptive steps: 1e-8 and 1e-10 in double, 1e-5 and 1e-7 in single precision.
    precision : {"double", "single"}
        float64 or float32 arithmetic. Noise of a seed is another one in either; phases at the
        start are the same.
    record : bool
        Whether to keep the trajectory.
    modes : int or sequence of int, optional
        Modes to record and reduce; default all.
    reduce : dict of name to Reducer, optional
        Statistics to accumulate while running, over all samples.
    path : path, optional
        A ``.zarr`` folder to which samples are appended while running instead of being held; with
        ``record=False`` it has the reducers' results, and what continuing needs. If it
        has an unfinished run with the same arguments, the run continues to the same result; a
        finished one is read. One that differs in an earlier `t1` alone goes on from its end to this
        one, its samples as far apart as they were (`num_samples` for the whole). With fixed steps
        this is one run to `t1` up to rounding, with adaptive ones within the tolerances.
    progress : bool
        Show a progress bar.
    devices : sequence of JAX devices, optional
        Devices that share a large `Dense` network, each with the couplings to some of its modes;
        also those of other processes, after ``jax.distributed.initialize()``, if all of them call
        this alike. Default: one device. It does not change the result, up to rounding.
    max_steps : int
        Refuse, before it starts, a run that is estimated to take more steps, and end one that takes
        more adaptive steps than was estimated.

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
        If the solution becomes singular, or takes `max_steps` before its end.

    Examples
    --------
    >>> from wetcow.modes.mode import Mode
    >>> run = simulate(Mode(gamma=1.9), t1=50.0, num_samples=501)
    >>> run.a.dims, run.attrs["gamma"]
    (('time', 'mode'), 1.9)
    """
    check_process()
    if unknown:
        refuse_unknown(unknown, inspect.signature(simulate).parameters, SYNONYMS)
    check_system(system)
    times = sample_times(t0, t1, num_samples)
    noise, factor = check_noise(noise, system.size)
    seed = check_seed(seed, noise)
    whole = driven(system, drive, times)
    stepping = choose_stepping(whole, times, dt, rtol, atol, bool(np.any(factor)), precision)
    reducers = check_reducers(reduce, record, times=times)
    reducers = {name: one.for_system(system).for_times(times) for name, one in reducers.items()}
    chosen = _check_modes(modes, system.size)
    held = chosen.size if record and path is None else None
    each = check_effort(whole, times, stepping, max_steps=max_steps, recorded=held)
    cost = cost_of_step(system.size)
    length = chunk_length(times.size, each * cost)
    mesh = mesh_of(devices, system)
    if mesh is not None and path is not None and jax.process_count() > 1:
        raise ValueError("path is for runs of one process; of several, each returns the result")
    first_key, noise_key = keys(seed)
    a0 = check_initial(system, a0, first_key)
    parameters = {**system.parameters(), **({} if drive is None else drive.parameters())}
    attrs = describe(
        type(system).__name__,
        parameters,
        times,
        stepping,
        noise=noise,
        seed=seed,
        precision=precision,
        a0=a0,
    )
    dtype = TYPES[precision]
    labels = xr.Dataset(coords={"time": ("time", times, TIME), "mode": chosen}, attrs=attrs)
    arguments: dict[str, Any] = {"system": system, "reduce": reducers}
    if drive is not None:
        arguments["drive"] = drive
    store = open_store(path, labels, dtype=dtype, record=record, arguments=arguments)
    with store, jax.enable_x64(precision == "double"):
        if store.finished:
            return store.dataset()
        run = Run.of(
            whole,
            stepping,
            noise=factor,
            key=noise_key,
            reducers=reducers,
            mesh=mesh,
            eighth_order=uses_eighth_order(stepping, length),
            modes=chosen,
            record=record,
            piece_steps=steps_of_piece(length, each, cost),
            max_steps=int(max_steps),
        )
        exact = times.astype(np.finfo(dtype).dtype)
        results = run.fill(store, np.asarray(a0, dtype), exact, length, progress=progress)
    warn_of(reducers, results)
    return results


def _check_modes(modes: Any, size: int) -> np.ndarray:
    if modes is None:
        return np.arange(size)
    chosen = np.atleast_1d(modes)
    if chosen.dtype.kind not in "iu" or chosen.ndim != 1 or chosen.size == 0:
        raise ValueError(f"modes must be an index or a list of indices, got {modes!r}")
    return indices("modes", chosen, size)
