"""Run one system for many parameters and seeds, in one batched compiled call."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
import xarray as xr

from wetcow.modes.system import System
from wetcow.precision import check_process
from wetcow.simulation.batch.layout import execution_order
from wetcow.simulation.batch.runs import Batch
from wetcow.simulation.chunks import chunk_length, cost_of_step, steps_of_piece
from wetcow.simulation.cluster import num_blocks, on_workers
from wetcow.simulation.drive import Drive
from wetcow.simulation.driven import swept, undriven
from wetcow.simulation.files.results import TIME, describe
from wetcow.simulation.files.store import open_store
from wetcow.simulation.plan import (
    MAX_STEPS,
    TYPES,
    check_effort,
    check_initial,
    choose_stepping,
    sample_times,
)
from wetcow.simulation.reduce import Reducer, check_reducers, warn_of
from wetcow.simulation.steps.stepping import Adaptive, Fixed
from wetcow.simulation.varied import Varied

FEWEST_STEPS = 16  # of a compiled call


def sweep(
    system: System | Callable[..., System],
    t1: float = 200.0,
    *,
    seed: int | Sequence[int] | None = None,
    t0: float = 0.0,
    num_samples: int = 2001,
    a0: Any = None,
    drive: Drive | Sequence[Drive] | Mapping[Any, Drive] | None = None,
    noise: Any = 0.0,
    dt: float | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    precision: str = "double",
    record: bool = True,
    reduce: dict[str, Reducer] | None = None,
    path: str | os.PathLike | None = None,
    progress: bool = False,
    devices: Sequence[Any] | None = None,
    client: Any = None,
    max_steps: int = MAX_STEPS,
    **parameters: Any,
) -> xr.Dataset:
    """Integrate `system` for all combinations of parameter values and seeds.

    The combinations are sorted by their fastest rate and step in groups of similar ones, so that
    slow ones do not hold up the rest; with several devices each takes an equal share. All advance
    through time together, in short pieces; between them the sweep can be interrupted. Adaptive
    steps start anew in each piece, as those of `simulate` do, with the same tolerances. A run that
    becomes singular goes on as NaN or infinity, with a warning.

    Parameters
    ----------
    system : System or callable
        The system whose parameters vary. Or a function that returns it, for what is no parameter
        of the system itself, such as the speed of a connectome: its arguments are then swept as
        well, and the systems must be of one kind and size.
    t1, t0, num_samples, a0, dt, rtol, atol, precision, record, reduce
        As of `simulate`. With ``record=False`` only the reducers' results are held.
    drive : Drive, or sequence or mapping of Drive, optional
        Input in time of all runs. Several drives of arrays become the dimension "drive", whose
        coordinate is their position, or the keys of a mapping.
    seed : int or sequence of int, optional
        Several seeds become the dimension "seed".
    noise : float, or sequence or mapping
        As of `simulate`. Several numbers become the dimension "noise"; so do several rows for the
        modes (k, n) or covariances (k, n, n), whose coordinate is their position, or the keys of a
        mapping. One for all runs is a sequence of one.
    path : path, optional
        A ``.zarr`` folder that samples and results are written to while running. If it has an
        unfinished sweep with the same arguments, that is continued to the same result; a finished
        one is read, or goes on to a later `t1`, as of `simulate`.
    progress : bool
        Show a progress bar.
    devices : sequence of JAX devices, optional
        Default: all devices of the default backend.
    client : distributed.Client, optional
        Of a Dask cluster, whose workers take the runs in equal blocks instead of these devices; a
        worker uses its first JAX device. The result is the same, up to rounding. Not with `path`.
    max_steps : int
        As of `simulate`, for each run; one that takes more ends the sweep.
    **parameters : sequence or mapping
        Values of parameters that ``system.replace`` knows, or arguments of the function `system`.
        One dimension each, named after it: numbers (k,), which are its coordinate; rows for the
        modes (k, n), or for ``coupling`` couplings of one kind and size, whose coordinate is their
        position, or the keys if they are given as a mapping from names or numbers to them.
        ``coupling_strength`` is absolute: it replaces the one that a network was built with.

    Returns
    -------
    xarray.Dataset
        As of `simulate`, with a dimension per parameter, for several noises and for several seeds
        before (time, mode).

    Raises
    ------
    ValueError
        Before integration, for arguments that make no sense.
    FileExistsError
        If `path` has other results.
    SimulationError
        If a run takes `max_steps` before its end.

    Examples
    --------
    >>> import wetcow as wc
    >>> runs = wc.sweep(wc.Mode(gamma=0.0), t1=10.0, num_samples=11, gamma=[0.5, 1.0])
    >>> dict(runs.sizes)
    {'gamma': 2, 'time': 11, 'mode': 1}

    Over the conduction speed of a connectome, m/s, and the coupling strength:

    >>> pair = wc.Connectome([[0, 1.0], [1.0, 0]], tract_lengths=[[0, 30.0], [30.0, 0]])
    >>> def network(speed):
    ...     return pair.replace(speed=speed).to_network()
    >>> settings = {"t1": 10.0, "num_samples": 11}
    >>> runs = wc.sweep(network, **settings, speed=[3.0, 6.0], coupling_strength=[0.3, 0.5])
    >>> runs.speed.values.tolist(), runs.coupling_strength.values.tolist()
    ([3.0, 6.0], [0.3, 0.5])
    """
    _check_places(path, devices, client)
    times = sample_times(t0, t1, num_samples)
    check_process()
    system, several = swept(system, drive, times)
    varied = Varied.of(system, {**parameters, **several}, noise, seed)
    system = varied.system
    if a0 is not None:
        a0 = check_initial(system, a0, None)
    reducers = {
        name: one.for_system(undriven(system)).for_times(times)
        for name, one in check_reducers(reduce, record, varied.coords, times).items()
    }
    rates, noisy = varied.rates(), bool(np.any(varied.runs[1]))
    slowest = varied.system_of(int(np.argmax(rates)))
    stepping = choose_stepping(slowest, times, dt, rtol, atol, noisy, precision, varied.delays)
    if devices is None and client is None:
        devices = jax.devices()
    shares = min(num_blocks(client), rates.size) if devices is None else len(devices)
    order, group = execution_order(rates, shares)
    each = check_effort(
        slowest,
        times,
        stepping,
        runs=rates.size,
        rate=float(rates.max()),
        max_steps=max_steps,
        recorded=system.size if record and path is None else None,
    )
    cost = group * cost_of_step(system.size)
    length = sweep_length(times.size, each, cost)
    batch = Batch(
        system=system,
        a0=a0,
        times=times,
        stepping=stepping,
        precision=precision,
        record=record,
        reducers=reducers,
        group=group,
        length=length,
        piece_steps=steps_of_piece(length, each, cost),
        max_steps=int(max_steps),
    )
    labels = _labels(varied, drive, times, stepping, precision)
    arguments = {"system": undriven(system), "runs": varied.runs, "a0": a0, "reduce": reducers}
    arguments |= {"drive": drive} if isinstance(drive, Drive) else {}
    with open_store(
        path, labels, dtype=TYPES[precision], record=record, arguments=arguments
    ) as store:
        if store.finished:
            return store.dataset()
        placed = jax.tree.map(lambda leaf: leaf[order], varied.runs)
        if devices is not None:
            runs = batch.fill(store, placed, order, varied.shape, devices, progress=progress)
        else:
            found = on_workers(client, batch.run, placed, shares, progress=progress)
            runs = _stored(_in_order(found, order, varied.shape), store, record)
    if record:
        _warn_of_singular(runs)
    warn_of(reducers, runs)
    return runs


def _check_places(path: Any, devices: Any, client: Any) -> None:
    if client is not None and devices is not None:
        raise ValueError("runs go to devices of this process or to workers: give devices or client")
    if client is not None and path is not None:
        raise ValueError("path is for runs of this process: save what workers return by save_run")


def _stored(found: dict[str, np.ndarray], store: Any, record: bool) -> xr.Dataset:
    """Keep what workers have found."""
    if record:
        store.write(0, found.pop("a"))
    return store.finish(found)


def _labels(
    varied: Varied, drive: Any, times: np.ndarray, stepping: Adaptive | Fixed, precision: str
) -> xr.Dataset:
    """Coordinates and attributes of the results."""
    attrs = describe(
        type(undriven(varied.system)).__name__,
        {**varied.fixed, **(drive.parameters() if isinstance(drive, Drive) else {})},
        times,
        stepping,
        noise=varied.noise,
        seed=varied.seed,
        precision=precision,
    )
    modes = np.arange(varied.system.size)
    coords = {**varied.coords, "time": ("time", times, TIME), "mode": modes}
    return xr.Dataset(coords=coords, attrs=attrs)


def _in_order(
    found: dict[str, np.ndarray], order: np.ndarray, shape: tuple[int, ...]
) -> dict[str, np.ndarray]:
    """Results in execution order as those of the sweep, whose dimensions are first."""
    place = np.empty(math.prod(shape), int)
    place[order] = np.arange(order.size)
    return {name: value[place].reshape(*shape, *value.shape[1:]) for name, value in found.items()}


def _warn_of_singular(runs: xr.Dataset) -> None:
    singular = ~np.isfinite(runs["a"].isel(time=-1).values).all(axis=-1)
    if singular.any():
        warnings.warn(
            f"{singular.sum()} of {singular.size} runs became singular and end in NaN or infinity",
            stacklevel=3,
        )


def sweep_length(num_samples: int, steps: float, cost: float) -> int:
    """Samples in one chunk, with `steps` steps of `cost` between two of them.

    As `chunk_length`, but at least some steps: adaptive ones start anew in each chunk.

    Examples
    --------
    >>> sweep_length(2001, 1.0, 4e4), sweep_length(2001, 1.0, 1e9)
    (32, 16)
    """
    shortest = 1 << max(math.ceil(math.log2(FEWEST_STEPS / steps)), 0)
    longest = chunk_length(num_samples, 0.0)
    return min(max(chunk_length(num_samples, steps * cost), shortest), longest)
