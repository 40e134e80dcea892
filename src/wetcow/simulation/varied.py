"""What a sweep varies: its dimensions, and for each run the values of its own."""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from wetcow import validation
from wetcow.modes.system import System
from wetcow.precision import in_double
from wetcow.simulation.batch.calls import SYSTEM, system_of_run
from wetcow.simulation.plan import SYNONYMS, check_noise, check_seed
from wetcow.simulation.seeds import seed_words

TAKEN = ("a", "time", "mode", "seed", "noise")
MOST_TRIED = 64  # values that constructors check one by one


class Varied(NamedTuple):
    """All combinations of parameters, noises and seeds.

    Attributes
    ----------
    system : System
        Whose parameters vary; or the first of those that vary.
    coords : dict of name to array
        Of the sweep, in the order of dimensions.
    shape : tuple of int
        Of the sweep.
    runs : (parameters, noise, words of seeds)
        Pytrees of arrays whose first axis are the runs; no seeds: None.
    seed : int, optional
        Of all runs, if there is one.
    fixed : dict
        Parameters that all runs share, by name.
    delays : (float, float)
        Shortest and longest delay of all runs.
    noise : float or array, optional
        What the coordinates do not tell of noise: that of all runs, or strengths (k, n) or
        covariances (k, n, n) along "noise".
    """

    system: System
    coords: dict[str, np.ndarray]
    shape: tuple[int, ...]
    runs: tuple[dict[str, Any], np.ndarray, np.ndarray | None]
    seed: int | None
    fixed: dict[str, Any]
    delays: tuple[float, float]
    noise: Any

    @classmethod
    def of(
        cls,
        system: System | Callable[..., System],
        parameters: dict[str, Any],
        noise: Any,
        seed: Any,
    ) -> Varied:
        """Check the arguments of `sweep`, and combine them."""
        for name in parameters:
            if name in TAKEN:
                raise ValueError(f"{name} is the name of something else in the results of a sweep")
        given = {name: _listed(name, values) for name, values in parameters.items()}
        systems, built = _systems(system, given)
        own = {name: values for name, values in given.items() if name not in built}
        axes = {name: _stacked(systems[0], name, values) for name, (_, values) in own.items()}
        # Dimensions are in the order of the arguments.
        coords: dict[str, Any] = {name: coordinate for name, (coordinate, _) in given.items()}
        coordinate, recorded, noises = _noises(noise, systems[0].size)
        if coordinate is not None:
            coords["noise"] = coordinate
        seeds, several_seeds = _seeds(seed, noises)
        if several_seeds:
            coords["seed"] = seeds
        if not coords:
            raise ValueError(
                "nothing varies: give values of a parameter, such as gamma=[0.5, 1.0], or several "
                "seeds"
            )
        shape = tuple(len(coordinate) for coordinate in coords.values())
        index = dict(zip(coords, np.indices(shape).reshape(len(shape), -1), strict=True))
        values = {name: _picked(stacked, index[name]) for name, stacked in axes.items()}
        if built:
            lengths = [len(coordinate) for coordinate, _ in built.values()]
            which = np.ravel_multi_index([index[name] for name in built], lengths)
            values[SYSTEM] = _picked(_one_kind(systems), which)
        same = np.zeros(math.prod(shape), int)
        return cls(
            system=systems[0],
            coords=coords,
            shape=shape,
            runs=(
                values,
                noises[index.get("noise", same)],
                None if seeds is None else seed_words(seeds[index.get("seed", same)]),
            ),
            seed=None if several_seeds or seeds is None else int(seeds[0]),
            fixed=_fixed(systems[0], systems, own),
            delays=_delays(systems, own.get("coupling")),
            noise=recorded,
        )

    def rates(self) -> np.ndarray:
        """Fastest linear rate of each run, 1/time."""

        def rates(varied):
            rate = jax.vmap(lambda own: system_of_run(self.system, own).rate())
            return rate(varied) if varied else jnp.full(len(self.runs[1]), self.system.rate())

        return np.asarray(in_double(rates)(self.runs[0]))

    def system_of(self, run: int) -> System:
        """The system of one run."""
        return system_of_run(self.system, _picked(self.runs[0], run))


def _systems(
    system: System | Callable[..., System], given: dict[str, Any]
) -> tuple[list[System], dict[str, Any]]:
    """The system, or all that a function builds, and which of `given` it builds them from."""
    if isinstance(system, System):
        return [system], {}
    built = {name: given[name] for name in _arguments(system, given)}
    return _build(system, built), built


def _picked(values: Any, which: Any) -> Any:
    return jax.tree.map(lambda leaf: np.asarray(leaf)[which], values)


def _listed(name: str, values: Any) -> tuple[np.ndarray, list[Any]]:
    """Coordinate and values of one dimension."""
    validation.refuse_masked(name, values)
    if isinstance(values, Mapping):
        keys, listed = list(values), list(values.values())
        if not listed:
            raise ValueError(f"{name} must not be empty")
        words = all(isinstance(key, str) for key in keys)
        if not words:
            return validation.array(f"keys of {name}", keys, ndim=1), listed
        return np.array(keys), listed
    if isinstance(values, str) or not np.iterable(values):
        values = [values]
    listed = list(values)
    if not listed:
        raise ValueError(f"{name} must not be empty: give at least one value")
    if all(isinstance(value, str) for value in listed):
        return _unique(name, np.array(listed)), listed
    if not all(np.isscalar(value) or np.shape(value) == () for value in listed) or any(
        isinstance(value, System) or hasattr(value, "matrix") for value in listed
    ):
        return np.arange(len(listed)), listed
    for value in listed:
        validation.refuse_masked(name, value)
    return _unique(name, validation.array(name, listed, ndim=1)), listed


def _unique(name: str, values: np.ndarray) -> np.ndarray:
    found, counts = np.unique(values, return_counts=True)
    if np.any(counts > 1):
        raise ValueError(
            f"{name} has {found[counts > 1][0]} more than once: each value is one place of the "
            "dimension; give it once, and several seeds for repetitions"
        )
    return values


def _arguments(function: Any, given: dict[str, Any]) -> list[str]:
    """Names of the swept arguments of a function that builds systems."""
    if not callable(function):
        raise ValueError(
            "system must be a System such as wetcow.Mode(…), or a function that returns one, got a "
            f"{type(function).__name__}"
        )
    signature = inspect.signature(function).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in signature):
        return list(given)
    names = [one.name for one in signature if one.name in given]
    missing = [one.name for one in signature if one.default is one.empty and one.name not in given]
    if missing or not names:
        raise ValueError(
            f"the function that builds the system needs values of {missing or 'an argument'}: "
            f"sweep(…, {(missing or ['name'])[0]}=[…])"
        )
    return names


def _build(function: Callable[..., System], built: dict[str, Any]) -> list[System]:
    """Systems for all combinations of arguments, the last of which varies fastest."""
    systems = []
    for values in itertools.product(*(values for _, values in built.values())):
        arguments = dict(zip(built, values, strict=True))
        system = function(**arguments)
        if not isinstance(system, System):
            raise ValueError(
                f"the function must return a System such as wetcow.Network(…), got a "
                f"{type(system).__name__} for {arguments}"
            )
        systems.append(system)
    return systems


def _one_kind(systems: list[System]) -> Any:
    """Systems as one whose leaves have one more axis in front."""
    return _stack("the systems that the function returns", systems)


def _stack(what: str, values: list[Any]) -> Any:
    try:
        return jax.tree.map(lambda *leaves: np.stack(leaves), *values)
    except ValueError as error:
        raise ValueError(f"{what} must have one kind and shape: {error}") from error


def _stacked(system: System, name: str, values: list[Any]) -> Any:
    """Stacked values of a parameter of the system, each of them tried out."""
    values = [
        value
        if np.isscalar(value) or isinstance(value, eqx.Module)  # such as a coupling
        else validation.array(name, value)
        for value in values
    ]
    tried = values[:: max(1, len(values) // MOST_TRIED)]
    if all(np.isscalar(value) for value in values):
        tried += [min(values), max(values)]
    for value in tried:
        validation.refuse_masked(name, value)
        change = {name: value}
        try:
            replaced = system.replace(**change)
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"cannot sweep {name}={value!r}: {error}{_hint(name, system)}"
            ) from error
        if replaced.size != system.size:
            raise ValueError(f"{name} must keep the number of modes, {system.size}")
    stacked = _stack(f"the values of {name}", values)
    if isinstance(stacked, np.ndarray):
        stacked = validation.array(name, stacked)
    return stacked


def _hint(name: str, system: System) -> str:
    """What was probably meant; what to do for the fields of a connectome, which networks lack."""
    if name not in ("speed", "frequency"):
        known = {**system.parameters(), **dict.fromkeys(SYNONYMS.values())}
        return "" if name in known else validation.did_you_mean(name, known, SYNONYMS)
    build = f"lambda {name}: connectome.replace({name}={name}).to_network(…)"
    return f". For that of a connectome: sweep({build}, {name}=[…])"


def _noises(noise: Any, size: int) -> tuple[np.ndarray | None, Any, np.ndarray]:
    """Coordinate, if there are several, what it does not tell, and noises as steps take them."""
    if np.ndim(noise) == 0 and not isinstance(noise, Mapping):
        recorded, factor = check_noise(noise, size)
        return None, recorded, np.array([factor])
    coordinate, listed = _listed("noise", noise)
    found = [check_noise(one, size) for one in listed]
    factors = _stack("the values of noise", [np.asarray(factor) for _, factor in found])
    told = factors.ndim == 1 and not isinstance(noise, Mapping)
    return coordinate, None if told else np.array([one for one, _ in found]), factors


def _seeds(seed: Any, noises: np.ndarray) -> tuple[np.ndarray | None, bool]:
    if seed is None:
        check_seed(None, noises)
        return None, False
    several = np.ndim(seed) > 0
    listed = list(seed) if several else [seed]
    if not listed:
        raise ValueError("seed must not be an empty sequence")
    validation.refuse_masked("seed", seed)
    found = np.array([check_seed(one, noises) for one in listed])
    return (_unique("seed", found) if several else found), several


def _fixed(system: System, systems: list[System], own: dict[str, Any]) -> dict[str, Any]:
    """Parameters that all runs share."""
    if "coupling_strength" in own:
        system = system.replace(coupling_strength=1.0)
        systems = [one.replace(coupling_strength=1.0) for one in systems]
    shared = {}
    others = [one.parameters() for one in systems[1:]]
    for name, value in system.parameters().items():
        if name in own or ("coupling" in own and name.startswith("coupling_")):
            continue
        if all(np.array_equal(value, other[name]) for other in others):
            shared[name] = value
    return shared


def _delays(systems: list[System], couplings: Any) -> tuple[float, float]:
    """Shortest and longest delay over all runs."""
    each = [one.delays for one in (systems if couplings is None else couplings[1])]
    shortest = [short for short, long in each if long]
    return min(shortest, default=0.0), max(long for _, long in each)
