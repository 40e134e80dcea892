"""The forms in which a configuration file may give numbers."""

from __future__ import annotations

import abc
import pathlib
import warnings
from typing import Annotated, Any

import numpy as np
from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    NonNegativeInt,
    Tag,
    ValidationInfo,
    model_validator,
)

from wetcow.config.tables import (
    LARGEST_NUMBER,
    MOST_NUMBERS,
    ConfigTable,
    PositiveCount,
    matrix_fits,
)


def _ordered(values: list[float]) -> list[float]:
    if not np.all(np.isfinite(values)) or values[0] > values[1]:
        raise ValueError("expected [low, high], finite, with low ≤ high")
    return values


Range = Annotated[list[float], Field(min_length=2, max_length=2), AfterValidator(_ordered)]


class Linspace(ConfigTable):
    """``{linspace = [a, b, n]}``: n equally spaced numbers from a to b."""

    linspace: Annotated[list[float], Field(min_length=3, max_length=3)]

    @model_validator(mode="after")
    def _whole_count(self):
        finite = np.all(np.isfinite(self.linspace))
        if not finite or not 1 <= self.linspace[2] <= MOST_NUMBERS or self.linspace[2] % 1:
            raise ValueError(
                f"expected [first, last, n], finite, with an integer n from 1 to {MOST_NUMBERS}"
            )
        return self

    def values(self) -> np.ndarray:
        """Return the numbers."""
        first, last, count = self.linspace
        return np.linspace(first, last, int(count))


class Drawn(ConfigTable, abc.ABC):
    """Numbers drawn at random."""

    n: PositiveCount | None = Field(None, description="how many to draw; default: one per mode")
    seed: NonNegativeInt | None = Field(
        None, description="of these numbers alone; default: simulation.seed"
    )

    @abc.abstractmethod
    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return numbers."""


class Uniform(Drawn):
    """``{uniform = [low, high]}``: drawn uniformly from low to high."""

    uniform: Range

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return numbers."""
        return rng.uniform(self.uniform[0], self.uniform[1], shape)


def _mean_and_deviation(values: list[float]) -> list[float]:
    if values[1] < 0:
        raise ValueError("expected [mean, standard deviation], the latter not negative")
    return values


Moments = Annotated[
    list[float], Field(min_length=2, max_length=2), AfterValidator(_mean_and_deviation)
]


class Normal(Drawn):
    """``{normal = [mean, sd]}``: drawn from a normal distribution."""

    normal: Moments

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return numbers."""
        return rng.normal(self.normal[0], self.normal[1], shape)


class LogNormal(Drawn):
    """``{lognormal = [mean, sd]}``: numbers whose logarithm is normal, with this mean and sd."""

    lognormal: Moments

    @model_validator(mode="after")
    def _not_too_large(self):
        if abs(self.lognormal[0]) > 100 or self.lognormal[1] > 10:
            raise ValueError("expected [mean, sd] of the logarithm, up to 100 and 10")
        return self

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Return numbers."""
        return rng.lognormal(self.lognormal[0], self.lognormal[1], shape)


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
    if np.any(np.isnan(array)) or np.any(np.abs(array[np.isfinite(array)]) > LARGEST_NUMBER):
        raise ValueError(
            f"it has NaN, or numbers beyond {LARGEST_NUMBER:g}; expected finite numbers"
        )
    return array


def _read_array(value: Any, info: ValidationInfo) -> np.ndarray:
    if set(value) != {"file"} or not isinstance(value["file"], str):
        raise ValueError('expected {file = "NAME.npy"} or {file = "NAME.csv"} and no other key')
    path = (info.context or {}).get("folder", pathlib.Path()) / value["file"]
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    if path.suffix not in (".npy", ".csv"):
        raise ValueError(f"{path.name} is neither .npy nor .csv")
    try:
        # Mapped first: a header that declares more than the file holds then asks for no memory.
        if path.suffix == ".npy":
            array = np.array(np.load(path, mmap_mode="r", allow_pickle=False))
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # that there are no numbers
                array = np.loadtxt(path, delimiter=",")
    except (ValueError, OSError, EOFError, OverflowError, UserWarning) as error:
        raise ValueError(f"{path} cannot be read as numbers: {error}") from error
    found = _array(array)
    if not np.all(np.isfinite(found)):
        raise ValueError(f"{path} has infinite entries; expected finite numbers")
    return found


def _form(value: Any) -> str | None:
    """Which form of numbers `value` has. Tags are bracketed to tell them from keys in messages."""
    if isinstance(value, dict):
        forms = ("linspace", "uniform", "normal", "lognormal", "file")
        return next((f"<{key}>" for key in forms if key in value), None)
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
    | Annotated[Uniform, Tag("<uniform>")]
    | Annotated[Normal, Tag("<normal>")]
    | Annotated[LogNormal, Tag("<lognormal>")],
    Discriminator(
        _form,
        custom_error_type="form",
        custom_error_message="expected a number, a list, {linspace = [first, last, n]}, "
        "{uniform = [low, high]}, {normal = [mean, sd]}, {lognormal = [mean, sd]} or "
        '{file = "NAME.npy"}',
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


def numbers(value: Any, key: str, seed: int | None, shape: tuple[int, ...] | None) -> Any:
    """Numbers of a value in any form; random ones are drawn, `shape` of them.

    Raises
    ------
    ValueError
        If it is not known how many to draw, without a seed, or for too many.
    """
    if isinstance(value, Linspace):
        return value.values()
    if not isinstance(value, Drawn):
        return value
    if value.n is not None:
        shape = (value.n,)
    if shape is None:
        raise ValueError(f"{key}: how many to draw? Set n in it or in system")
    matrix_fits(key, shape)
    return value.draw(generator(seed if value.seed is None else value.seed, key), shape)
