"""Run one system for many parameters and seeds, in one batched compiled call."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from wetcow.modes.system import System
from wetcow.precision import in_double
from wetcow.simulation.cluster import num_blocks, on_workers
from wetcow.simulation.lanes import Lanes, arrange
from wetcow.simulation.plan import (
    check_initial,
    check_noise,
    check_seed,
    choose_stepping,
    sample_times,
)
from wetcow.simulation.reduce import Reducer
from wetcow.simulation.results import describe


def sweep(
    system: System,
    t1: float = 200.0,
    *,
    seed: int | Sequence[int] | None = None,
    t0: float = 0.0,
    num_samples: int = 2001,
    a0: Any = None,
    noise: float = 0.0,
    dt: float | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    precision: str = "double",
    record: bool = True,
    reduce: dict[str, Reducer] | None = None,
    devices: Sequence[Any] | None = None,
    client: Any = None,
    **parameters: Any,
) -> xr.Dataset:
    """Integrate `system` for all combinations of parameter values and seeds.

    The combinations are sorted by their fastest rate and step in groups of similar ones, so that
    slow ones do not hold up the rest; with several devices each takes an equal share.

    Parameters
    ----------
    system : System
        The system whose parameters vary.
    t1, t0, num_samples, a0, noise, dt, rtol, atol, precision, record, reduce
        As of `simulate`. With ``record=False`` only the reducers' results are held.
    seed : int or sequence of int, optional
        Several seeds become the dimension "seed".
    devices : sequence of JAX devices, optional
        Default: all devices of the default backend.
    client : distributed.Client, optional
        Of a Dask cluster, whose workers take the runs in equal blocks instead of these devices; a
        worker uses its first JAX device. The result is the same, up to rounding.
    **parameters : sequence
        Values of parameters that ``system.replace`` knows, one dimension each, named after it:
        numbers (k,), rows for the modes (k, n), or for ``coupling`` a list of couplings of one
        kind and size.

    Returns
    -------
    xarray.Dataset
        As of `simulate`, with a dimension per parameter and for several seeds before (time, mode).

    Raises
    ------
    ValueError
        Before integration, for arguments that make no sense.

    Examples
    --------
    >>> from wetcow.modes.mode import Mode
    >>> runs = sweep(Mode(gamma=0.0), t1=10.0, num_samples=11, gamma=[0.5, 1.0])
    >>> dict(runs.sizes)
    {'gamma': 2, 'time': 11, 'mode': 1}
    """
    if client is not None and devices is not None:
        raise ValueError("runs go to devices of this process or to workers: give devices or client")
    times = sample_times(t0, t1, num_samples)
    noise = check_noise(noise)
    reducers = dict(reduce or {})
    if not record and not reducers:
        raise ValueError("nothing would be kept: record=True, or pass reducers as reduce={…}")
    axes = {name: _axis(system, name, values) for name, values in parameters.items()}
    sizes = {name: len(coordinate) for name, (coordinate, _) in axes.items()}
    several = seed is not None and np.ndim(seed) > 0
    seeds = [check_seed(one, noise) for one in np.asarray(seed)] if several else None
    if seeds is not None:
        if not seeds:
            raise ValueError("seed must not be an empty sequence")
        sizes["seed"] = len(seeds)
    if not sizes:
        raise ValueError(
            "nothing varies: give values of a parameter, such as gamma=[0.5, 1.0], or several seeds"
        )
    seed_base = check_seed(None if several else seed, 0.0 if several else noise)

    num_lanes = math.prod(sizes.values())
    positions = np.indices(tuple(sizes.values())).reshape(len(sizes), -1)
    index = dict(zip(sizes, positions, strict=True))
    varied = {
        name: jax.tree.map(lambda leaf, i=index[name]: np.asarray(leaf)[i], values)
        for name, (_, values) in axes.items()
    }
    lane_seeds = None
    if seeds is not None:
        lane_seeds = np.asarray(seeds)[index["seed"]]
    elif seed_base is not None:
        lane_seeds = np.full(num_lanes, seed_base)

    def rates(varied):
        rate = jax.vmap(lambda own: system.replace(**own).rate())
        return rate(varied) if varied else jnp.full(num_lanes, system.rate())

    cost = np.asarray(in_double(rates)(varied))
    slowest = system.replace(**jax.tree.map(lambda leaf: leaf[np.argmax(cost)], varied))
    delays = _delays(system, parameters.get("coupling"))
    stepping = choose_stepping(slowest, times, dt, rtol, atol, noise > 0, precision, delays)
    if a0 is not None:
        a0 = check_initial(system, a0, None)

    if client is None:
        devices = jax.devices() if devices is None else list(devices)
        shares = len(devices)
    else:
        shares = min(num_blocks(client), num_lanes)
    order, group = arrange(cost, shares)
    lanes = Lanes(system, a0, times, noise, stepping, precision, record, reducers, group)
    batch = jax.tree.map(lambda leaf: leaf[order], (varied, lane_seeds))
    if client is None:
        found = lanes.run(batch, devices)
    else:
        found = on_workers(client, lanes.run, batch, shares)
    back = np.empty(num_lanes, int)
    back[order] = np.arange(order.size)
    results = {name: value[back] for name, value in found.items()}

    coords: dict[str, Any] = {name: coordinate for name, (coordinate, _) in axes.items()}
    if seeds is not None:
        coords["seed"] = seeds
    if record:
        singular = ~np.isfinite(results["a"][:, -1]).all(axis=-1)
        if singular.any():
            warnings.warn(
                f"{singular.sum()} of {num_lanes} runs became singular and end in NaN or infinity",
                stacklevel=2,
            )
        coords["time"] = times
    coords["mode"] = np.arange(system.size)
    fixed = {name: value for name, value in system.parameters().items() if name not in axes}
    attrs = describe(
        type(system).__name__,
        fixed,
        times,
        stepping,
        noise=noise,
        seed=seed_base,
        precision=precision,
    )
    return xr.Dataset(_variables(results, sizes, record), coords=coords, attrs=attrs)


def _variables(
    results: dict[str, np.ndarray], sizes: dict[str, int], record: bool
) -> dict[str, Any]:
    """Results of lanes, (lanes, …), as variables with a dimension per varied parameter."""
    variables = {}
    for name, value in results.items():
        own = ("time", "mode") if name == "a" and record else ("mode",) * (value.ndim - 1)
        variables[name] = ((*sizes, *own), value.reshape(*sizes.values(), *value.shape[1:]))
    return variables


def _axis(system: System, name: str, values: Any) -> tuple[np.ndarray, Any]:
    """Coordinate and stacked values of one varied parameter, each of them tried out."""
    try:
        values = list(values)
    except TypeError:
        values = [values]
    if not values:
        raise ValueError(f"{name} must not be empty")
    tried = values[:: max(1, len(values) // 64)]  # the constructors check each value
    if all(np.isscalar(value) for value in values):
        tried += [min(values), max(values)]
    for value in tried:
        try:
            replaced = system.replace(**{name: value})
        except (ValueError, TypeError) as error:
            raise ValueError(f"cannot sweep {name}={value!r}: {error}") from error
        if replaced.size != system.size:
            raise ValueError(f"{name} must keep the number of modes, {system.size}")
    try:
        stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *values)
    except ValueError as error:
        raise ValueError(f"the values of {name} must have one kind and shape: {error}") from error
    plain = isinstance(stacked, np.ndarray)
    if plain and not np.all(np.isfinite(stacked)):
        raise ValueError(f"{name} must be finite; it has NaN or infinite entries")
    if plain and stacked.ndim == 1:
        return stacked, stacked.astype(float)
    return np.arange(len(values)), stacked


def _delays(system: System, couplings: Any) -> tuple[float, float]:
    """Shortest and longest delay over all couplings of a sweep."""
    if couplings is None:
        return system.delays
    each = [one.delays for one in couplings] if np.iterable(couplings) else [couplings.delays]
    shortest = [short for short, long in each if long]
    return min(shortest, default=0.0), max(long for _, long in each)
