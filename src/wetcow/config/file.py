"""The whole configuration file: read, checked, and made into a system."""

from __future__ import annotations

import contextlib
import pathlib
import tomllib
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from pydantic import Field, NonNegativeInt, ValidationError, model_validator

from wetcow.config.couplings import AnyCoupling, MemoryCoupling
from wetcow.config.systems import AnySystem, ModeSystem, NetworkSystem
from wetcow.config.values import Table, require_seed
from wetcow.memory import memorize
from wetcow.modes.mode import Mode
from wetcow.modes.system import System
from wetcow.networks.baselines import Kuramoto, LeakyIntegrateAndFire
from wetcow.networks.network import Network

LONGEST_SHOWN = 60  # characters of a wrong value that are repeated in a message


class Simulation(Table):
    """The arguments of `wetcow.simulate`."""

    t1: float = 200.0
    t0: float = 0.0
    num_samples: int = 2001
    dt: float | None = None
    rtol: float | None = None
    atol: float | None = None
    noise: float = 0.0
    precision: Literal["double", "single"] = "double"
    seed: NonNegativeInt | None = None
    modes: list[int] | None = None


class Config(Table):
    """A configuration file: a system, its coupling, and how to run it."""

    system: AnySystem
    coupling: AnyCoupling | None = None
    simulation: Simulation = Field(default_factory=Simulation)

    @model_validator(mode="after")
    def _fits(self):
        kind, coupling = self.system.kind, self.coupling
        if isinstance(self.system, ModeSystem):
            if coupling is not None:
                raise ValueError('coupling: system.kind = "mode" has none; did you mean "network"?')
            return self
        if coupling is None:
            raise ValueError(f'coupling: missing; system.kind = "{kind}" needs this table')
        memory = isinstance(coupling, MemoryCoupling)
        if memory and not isinstance(self.system, NetworkSystem):
            raise ValueError('coupling.kind: "memory" needs system.kind = "network"')
        if isinstance(self.system, NetworkSystem) and (self.system.gamma is None) != memory:
            raise ValueError(
                "system.gamma: with a memory, give coupling.background instead"
                if memory
                else "system.gamma: missing; a network needs the excitation of its modes"
            )
        return self

    def build(self) -> System:
        """Return the system that the file describes.

        Raises
        ------
        ValueError
            For parameters that make no sense together; the message names the table.
        """
        seed = self.simulation.seed
        rows, n = self.system.rows(seed)
        if isinstance(self.system, ModeSystem):
            with _naming("system"):
                return Mode(**{**rows, "gamma": _full(rows["gamma"], n)})
        if isinstance(self.coupling, MemoryCoupling):
            with _naming("coupling"):
                return _memory(self.coupling, rows, n, seed)
        assert self.coupling is not None
        with _naming("coupling"):
            coupling = self.coupling.build(n, seed)
        kinds = {"network": Network, "kuramoto": Kuramoto, "lif": LeakyIntegrateAndFire}
        with _naming("system"):
            if n not in (None, coupling.size):
                raise ValueError(f"it has {n} modes, but coupling joins {coupling.size}")
            return kinds[self.system.kind](coupling=coupling, **rows)


def _memory(coupling: MemoryCoupling, rows: dict, n: int | None, seed: int | None) -> Network:
    drawn = coupling.nearest_to == "random"
    if drawn:
        require_seed(seed, "nearest_to")
    return memorize(
        Mode(coupling.target.gamma, coupling.target.omega),
        background=coupling.background,
        max_weight=coupling.max_weight,
        max_phase=coupling.max_phase,
        seed=seed if drawn else None,
        **{**rows, "omega": _full(rows["omega"], n)},
    )


def _full(value: Any, n: int | None) -> Any:
    return value if n is None or np.ndim(value) else np.full(n, value)


@contextlib.contextmanager
def _naming(table: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{table}: {error}") from error


def _describe(error: Any) -> str:
    """One problem in words: its key, what is wrong, what is expected."""
    parts = [str(part) for part in error["loc"] if not str(part).startswith("<")]
    key = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts).lstrip(".")
    if error["type"] == "missing":
        return f"{key}: missing"
    if error["type"] == "value_error":
        return f"{key}: {error['ctx']['error']}" if key else str(error["ctx"]["error"])
    given = error["input"]
    if error["type"] == "kind":
        key, given = f"{key}.kind", given.get("kind") if isinstance(given, dict) else given
    given = repr(given)
    given = given if len(given) <= LONGEST_SHOWN else f"{given[:LONGEST_SHOWN]}…"
    expected = error["msg"].replace("Input should be", "expected")
    return f"{key}: {expected}, got {given}"


def load_config(path: str | pathlib.Path, seed: int | None = None) -> Config:
    """Read and check a configuration file.

    Parameters
    ----------
    path : path
        A TOML file. Files that it names are relative to its folder.
    seed : int, optional
        Replaces ``simulation.seed``.

    Returns
    -------
    Config
        ``config.build()`` is the system, ``config.simulation`` holds the arguments of `simulate`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no valid TOML, with the line, or its content is wrong, with the keys.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no configuration file {path}")
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not valid TOML: it is no UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        end = f"at the end, line {len(text.splitlines())}"
        where = str(error).replace("at end of document", end)
        raise ValueError(f"{path} is not valid TOML: {where}") from error
    try:
        config = Config.model_validate(tables, context={"folder": path.parent})
    except ValidationError as error:
        problems = "; ".join(_describe(problem) for problem in error.errors())
        raise ValueError(f"{path}: {problems}") from error
    if seed is not None:
        config.simulation.seed = seed
    return config
