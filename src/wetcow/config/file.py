"""The whole configuration file: read, checked, and made into a system."""

from __future__ import annotations

import contextlib
import math
import pathlib
import tomllib
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from wetcow.config.connectomes import read_connectome
from wetcow.config.couplings import AnyCoupling, MemoryCoupling
from wetcow.config.drives import AnyDrive
from wetcow.config.simulation import Simulation
from wetcow.config.systems import AnySystem, ConnectomeSystem, ModeSystem, NetworkSystem
from wetcow.config.tables import (
    DEEPEST,
    LARGEST_MATRIX,
    ConfigTable,
    check_numbers,
    shown,
)
from wetcow.config.values import Values, numbers, require_seed
from wetcow.memory import memorize
from wetcow.modes.mode import Mode
from wetcow.modes.system import System
from wetcow.networks.baselines import Kuramoto, LeakyIntegrateAndFire
from wetcow.networks.network import Network
from wetcow.simulation.drive import Drive
from wetcow.simulation.driven import check_drive
from wetcow.validation import indices, reasonable_size

SweptValues = Annotated[
    Values,
    Field(description="a list of numbers, or rows for the modes"),
]


class Config(ConfigTable):
    """A configuration file: a system, its coupling, and how to run it."""

    _folder: pathlib.Path = PrivateAttr(default_factory=pathlib.Path)

    system: AnySystem
    coupling: AnyCoupling | None = None
    drive: AnyDrive | None = None
    simulation: Simulation = Field(default_factory=lambda: Simulation.model_validate({}))
    sweep: dict[str, SweptValues] | None = Field(
        None,
        description="names of parameters and the values to run: all combinations; seed = [1, 2] "
        "runs several seeds",
    )

    @model_validator(mode="after")
    def _fits(self):
        kind, coupling = self.system.kind, self.coupling
        if self.sweep is not None and not self.sweep:
            raise ValueError("sweep: it is empty; name parameters and give their values")
        if self.sweep is not None and self.simulation.modes is not None:
            raise ValueError("simulation.modes: a sweep records all modes")
        if isinstance(self.system, ModeSystem | ConnectomeSystem):
            if coupling is not None:
                raise ValueError(f'coupling: system.kind = "{kind}" has none; use "network"')
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
        system = self._built()
        self._check_size(system.size)
        return system

    def build_drive(self, system: System) -> Drive | None:
        """Return the input in time of the system; None without one.

        Raises
        ------
        ValueError
            For inputs that make no sense together, or do not fit the system.
        """
        if self.drive is None:
            return None
        with _naming("drive"):
            drive = self.drive.build(system.size, self.simulation.seed)
            check_drive(drive, system)
        return drive

    def _check_size(self, size: int) -> None:
        if self.simulation.modes:
            indices("simulation.modes", self.simulation.modes, size)
        swept = self.swept()
        runs = math.prod(len(values) for values in swept.values())
        recorded = size if self.simulation.modes is None else len(self.simulation.modes)
        reasonable_size(
            f"simulation: {runs} runs of {self.simulation.num_samples} samples of {recorded} modes",
            16.0 * runs * self.simulation.num_samples * recorded,
            "record fewer modes or samples",
            LARGEST_MATRIX,
        )

    def swept(self) -> dict[str, np.ndarray]:
        """The values of each parameter that is swept, the first dimension over runs."""
        values = {
            name: np.atleast_1d(numbers(value, f"sweep.{name}", self.simulation.seed, None))
            for name, value in (self.sweep or {}).items()
        }
        for name, value in values.items():
            if value.ndim > 2 or not np.all(np.isfinite(value)):
                raise ValueError(f"sweep.{name}: expected a list of finite numbers, or rows")
        if "seed" in values:
            seeds = values["seed"]
            if np.any(seeds < 0) or np.any(seeds % 1):
                raise ValueError("sweep.seed: expected whole numbers, not negative")
            values["seed"] = seeds.astype(np.int64)
        return values

    def _built(self) -> System:
        seed = self.simulation.seed
        if isinstance(self.system, ConnectomeSystem):
            return self._connectome(self.system)
        rows, n = self.system.rows(seed)
        if isinstance(self.system, ModeSystem):
            rows["gamma"] = _full(rows["gamma"], n)
            with _naming("system"):
                return Mode(**rows)
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

    def _connectome(self, table: ConnectomeSystem) -> System:
        with _naming("system.file"):
            connectome = read_connectome(table, pathlib.Path(self._folder))
        size = len(connectome.weights)
        if table.n is not None and table.n != size:
            raise ValueError(f"system.n: it is {table.n}, but {table.file} has {size} regions")
        seed = self.simulation.seed
        arguments = {
            name: numbers(getattr(table, name), f"system.{name}", seed, (size,))
            for name in ("gamma", "omega", "coupling_strength", "delays", "min_delay")
            if getattr(table, name) is not None
        }
        with _naming("system"):
            return connectome.to_network(**arguments)


def _memory(coupling: MemoryCoupling, rows: dict, n: int | None, seed: int | None) -> Network:
    drawn = coupling.nearest_to == "random"
    if drawn:
        require_seed(seed, "nearest_to")
    rows["omega"] = _full(rows["omega"], n)
    return memorize(
        Mode(coupling.target.gamma, coupling.target.omega),
        background=coupling.background,
        max_weight=coupling.max_weight,
        max_phase=coupling.max_phase,
        seed=seed if drawn else None,
        **rows,
    )


def _full(value: Any, n: int | None) -> Any:
    return value if n is None or np.ndim(value) else np.full(n, value)


@contextlib.contextmanager
def _naming(table: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError) as error:
        text = str(error)
        raise ValueError(text if text.startswith(table) else f"{table}: {text}") from error


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
    given = shown(given)
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
    except RecursionError:
        raise ValueError(
            f"{path} is nested too deeply; no table needs more than {DEEPEST}"
        ) from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not valid TOML: it is no UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        end = f"at the end, line {len(text.splitlines())}"
        where = str(error).replace("at end of document", end)
        raise ValueError(f"{path} is not valid TOML: {where}") from error
    try:
        check_numbers(tables)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    try:
        config = Config.model_validate(tables, context={"folder": path.parent})
    except ValidationError as error:
        problems = "; ".join(_describe(problem) for problem in error.errors())
        raise ValueError(f"{path}: {problems}") from error
    config._folder = path.parent
    if seed is not None:
        config.simulation.seed = seed
    return config
