"""The tables of a configuration file, and the forms in which it may give numbers."""

from __future__ import annotations

import pathlib
from typing import Annotated, Any

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PositiveInt,
    Tag,
    ValidationInfo,
    model_validator,
)


class Table(BaseModel):
    """A table of the file, without keys that nobody reads."""

    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, table: Any) -> Any:
        # Here and not by pydantic alone, whose message does not say what would be right.
        if not isinstance(table, dict):
            raise ValueError(f"expected a table of {', '.join(cls.model_fields)}, got {table!r}")
        unknown = [key for key in table if key not in cls.model_fields]
        if unknown:
            raise ValueError(
                f"unknown key{'s' * (len(unknown) > 1)} {', '.join(unknown)}; "
                f"expected {', '.join(cls.model_fields)}"
            )
        return table


def _ordered(values: list[float]) -> list[float]:
    if not np.all(np.isfinite(values)) or values[0] > values[1]:
        raise ValueError("expected [low, high], finite, with low ≤ high")
    return values


Range = Annotated[list[float], Field(min_length=2, max_length=2), AfterValidator(_ordered)]


class Linspace(Table):
    """``{linspace = [a, b, n]}``: n equally spaced numbers from a to b."""

    linspace: Annotated[list[float], Field(min_length=3, max_length=3)]

    @model_validator(mode="after")
    def _whole_count(self):
        finite = np.all(np.isfinite(self.linspace))
        if not finite or self.linspace[2] < 1 or self.linspace[2] % 1:
            raise ValueError("expected [first, last, n], finite, with a positive integer n")
        return self

    def values(self) -> np.ndarray:
        """Return the numbers."""
        first, last, count = self.linspace
        return np.linspace(first, last, int(count))


class Uniform(Table):
    """``{uniform = [low, high], n = …}``: n numbers drawn from the seed; default: one per mode."""

    uniform: Range
    n: PositiveInt | None = None


def _array(value: Any) -> np.ndarray:
    try:
        array = np.array(value)
    except ValueError:
        raise ValueError("the rows differ in length; expected rows of numbers") from None
    if array.dtype.kind not in "iuf":
        what = "complex numbers" if array.dtype.kind == "c" else "entries that are not numbers"
        raise ValueError(f"it has {what}; expected real numbers (complex ones in two parts)")
    if not array.size:
        raise ValueError("it is empty; expected numbers")
    return array


def _read_array(value: Any, info: ValidationInfo) -> np.ndarray:
    if set(value) != {"file"} or not isinstance(value["file"], str):
        raise ValueError('expected {file = "NAME.npy"} or {file = "NAME.csv"} and no other key')
    path = (info.context or {}).get("folder", pathlib.Path()) / value["file"]
    if not path.exists():
        raise ValueError(f"there is no file {path}")
    if path.suffix not in (".npy", ".csv"):
        raise ValueError(f"{path.name} is neither .npy nor .csv")
    try:
        array = np.load(path) if path.suffix == ".npy" else np.loadtxt(path, delimiter=",")
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} cannot be read as numbers: {error}") from error
    return _array(array)


def _form(value: Any) -> str | None:
    """Which form of numbers `value` has. Tags are bracketed to tell them from keys in messages."""
    if isinstance(value, dict):
        return next((f"<{key}>" for key in ("linspace", "uniform", "file") if key in value), None)
    if isinstance(value, list):
        return "<list>"
    return "<number>" if isinstance(value, int | float) and not isinstance(value, bool) else None


_Number = Annotated[float, Tag("<number>")]
_List = Annotated[Any, AfterValidator(_array), Tag("<list>")]
_File = Annotated[Any, AfterValidator(_read_array), Tag("<file>")]

Array = Annotated[
    _Number | _List | _File,
    Discriminator(
        _form,
        custom_error_type="form",
        custom_error_message='expected a number, a list or {file = "NAME.npy"}',
    ),
]
Values = Annotated[
    _Number
    | _List
    | _File
    | Annotated[Linspace, Tag("<linspace>")]
    | Annotated[Uniform, Tag("<uniform>")],
    Discriminator(
        _form,
        custom_error_type="form",
        custom_error_message="expected a number, a list, {linspace = [first, last, n]}, "
        '{uniform = [low, high], n = …} or {file = "NAME.npy"}',
    ),
]


def require_seed(seed: int | None, key: str) -> int:
    """Return the seed, or say that `key` needs one."""
    if seed is None:
        raise ValueError(f"{key}: random numbers need a seed; set simulation.seed or give --seed")
    return seed


def generator(seed: int | None, key: str) -> np.random.Generator:
    """Random numbers for one key, of its own stream."""
    return np.random.default_rng([require_seed(seed, key), *key.encode()])


def _tagged(table: Any) -> str | None:
    return f"<{table['kind']}>" if isinstance(table, dict) and "kind" in table else None


def by_kind(kinds: str) -> Discriminator:
    """Choose the model of a table by its key ``kind``; `kinds` are named where it is wrong."""
    return Discriminator(
        _tagged, custom_error_type="kind", custom_error_message=f"expected kind = {kinds}"
    )
