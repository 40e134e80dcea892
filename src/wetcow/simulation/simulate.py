"""Run one system: `simulate`, with recording, reduction, progress and resumption."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.modes.system import System
from wetcow.precision import in_double
from wetcow.simulation.alone import advance_alone
from wetcow.simulation.chunks import carry_out, piece_length
from wetcow.simulation.devices import arranged, everywhere, gathered, mesh_of
from wetcow.simulation.integrate import State, initial_state
from wetcow.simulation.plan import (
    TYPES,
    check_initial,
    check_noise,
    check_seed,
    choose_stepping,
    sample_times,
)
from wetcow.simulation.reduce import Reducer, check_reducers, fold
from wetcow.simulation.results import describe
from wetcow.simulation.store import open_store


class SimulationError(RuntimeError):
    """A trajectory became singular; the message says where and what to try."""


def keys(seed: int | None) -> tuple[Any, Any]:
    """Keys of the initial state and of the noise for a seed, or None for both."""
    if seed is None:
        return None, None
    initial, noise = jax.random.split(jax.random.key(seed))
    return initial, noise


@eqx.filter_jit
def _segment(
    system, state, accumulators, times, stepping, noise, key, modes, record, reducers, mesh
):
    """Advance through `times`; return what is recorded, the accumulators and the new state."""
    samples, state = advance_alone(system, state, times, stepping, noise, key)
    samples, state = gathered((samples, state), mesh)
    observed = jax.vmap(system.observe)(samples)[:, modes]
    accumulators = fold(reducers, accumulators, times[1:], observed)
    return observed if record else None, accumulators, state


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

    Returns
    -------
    xarray.Dataset
        Complex ``a`` on (time, mode) if recorded, one variable per reducer, and every parameter
        and setting in the attributes.

    Raises
    ------
    ValueError
        Before integration, for arguments that make no sense.
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
    times = sample_times(t0, t1, num_samples)
    noise = check_noise(noise)
    seed = check_seed(seed, noise)
    stepping = choose_stepping(system, times, dt, rtol, atol, noise > 0, precision)
    reducers = check_reducers(reduce, record)
    if path is not None and not record:
        raise ValueError("path is where the trajectory is recorded, but record=False")
    indices = _check_modes(modes, system.size)
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
    rate = float(np.max(in_double(lambda one: one.rate())(system)))
    piece = piece_length(system, stepping, times, rate)
    labels = xr.Dataset(coords={"time": times, "mode": indices}, attrs=attrs)
    arguments = {"system": system, "reduce": reducers}
    store = open_store(path, labels, dtype=dtype, record=record, arguments=arguments)
    with store, jax.enable_x64(precision == "double"):
        if store.finished:
            return store.dataset()
        real = np.finfo(dtype).dtype
        system = arranged(system, mesh)
        state = initial_state(jnp.asarray(a0, dtype), stepping)
        observed = system.observe(state.a)[indices]
        accumulators = {
            name: reducer.init(jnp.asarray(times[0], real), observed)
            for name, reducer in reducers.items()
        }
        if record and not store.samples_done:
            store.write(0, np.asarray(observed)[None])
        run = _Run(
            system,
            state,
            accumulators,
            times.astype(real),
            (stepping, noise, everywhere(noise_key, mesh), indices, record, reducers, mesh),
        )
        carry_out(run, store, times.size, piece, progress=progress, title="simulating")
        results = {
            name: np.asarray(reducer.result(run.accumulators[name]))
            for name, reducer in reducers.items()
        }
        return store.finish(results)


class _Run:
    """One run, for the loop of chunks; `settings` are the last arguments of `_segment`."""

    def __init__(self, system, state, accumulators, times, settings):
        self.system, self.times, self.settings = system, times, settings
        self.mesh = settings[-1]
        self.restore((state, accumulators))

    def advance(self, low: int, high: int, done: Callable[[float], None]) -> np.ndarray | None:
        times = everywhere(jnp.asarray(self.times[low - 1 : high]), self.mesh)
        kept, self.accumulators, self.now = _segment(
            self.system, self.now, self.accumulators, times, *self.settings
        )
        _check_finite(self.now, self.times[low - 1], self.times[high - 1])
        done(1.0)
        return None if kept is None else np.asarray(kept)

    def state(self) -> Any:
        return self.now, self.accumulators

    def restore(self, state: Any) -> None:
        self.now, self.accumulators = everywhere(state, self.mesh)


def _check_modes(modes: Any, size: int) -> np.ndarray:
    if modes is None:
        return np.arange(size)
    indices = np.atleast_1d(modes)
    if not np.issubdtype(indices.dtype, np.integer) or indices.ndim != 1:
        raise ValueError(f"modes must be an index or a list of indices, got {modes!r}")
    if indices.size == 0 or indices.min() < 0 or indices.max() >= size:
        raise ValueError(f"modes must be indices 0…{size - 1}, got {modes!r}")
    return indices


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
