"""What all tables of a configuration file share: known keys, and numbers one can compute with."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, model_validator

from wetcow.validation import reasonable_size

DEEPEST = 8  # tables and lists within each other; the models need four
LARGEST_NUMBER = 1e100  # of all numbers: their squares and products must stay finite
LARGEST_WHOLE = 2**53
MOST_NUMBERS = 10**7  # modes, numbers drawn
LARGEST_MATRIX = 2**35  # bytes
UNBOUNDED = ("max_weight", "max_phase")  # the keys that may be inf

PositiveCount = Annotated[int, Field(gt=0, le=MOST_NUMBERS)]


def shown(value: Any) -> str:
    """A value in a message: its beginning, however large and deep it is."""
    return reprlib.repr(value)


def walk(tables: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every entry of the file with its key's path, without recursion.

    Raises
    ------
    ValueError
        For nesting deeper than any table needs.
    """
    waiting: list[tuple[str, Any, int]] = [("", tables, 0)]
    while waiting:
        key, value, depth = waiting.pop()
        yield key, value
        if isinstance(value, dict | list) and depth >= DEEPEST:
            raise ValueError(f"{key[:40]}: nested more than {DEEPEST} deep; no table needs that")
        if isinstance(value, dict):
            waiting += [
                (f"{key}.{name}".lstrip("."), one, depth + 1) for name, one in value.items()
            ]
        elif isinstance(value, list):
            waiting += [(f"{key}[{i}]", one, depth + 1) for i, one in enumerate(value)]


def check_numbers(tables: dict[str, Any]) -> None:
    """Raise for numbers that nothing can be computed with, before any model is built.

    Raises
    ------
    ValueError
        With the key's path.
    """
    for key, value in walk(tables):
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if isinstance(value, int) and abs(value) > LARGEST_WHOLE:
            raise ValueError(f"{key}: expected a whole number up to 2**53, got {shown(value)}")
        unbounded = value == math.inf and last_name(key) in UNBOUNDED
        if not math.isfinite(value) and not unbounded:
            raise ValueError(f"{key}: expected a finite number, got {value}")
        if abs(value) > LARGEST_NUMBER and not unbounded:
            raise ValueError(f"{key}: expected a number up to {LARGEST_NUMBER:g}, got {value}")


def last_name(key: str) -> str:
    """Last name of a key's path, without positions in lists."""
    return key.rpartition(".")[2].partition("[")[0]


class ConfigTable(BaseModel):
    """A table of the file, without keys that nobody reads."""

    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, table: Any) -> Any:
        # Here and not by pydantic alone, whose message does not say what would be right.
        if not isinstance(table, dict):
            raise ValueError(
                f"expected a table of {', '.join(cls.model_fields)}, got {shown(table)}"
            )
        unknown = [key for key in table if key not in cls.model_fields]
        if unknown:
            raise ValueError(
                f"unknown key{'s' * (len(unknown) > 1)} {', '.join(map(shown, unknown))}; "
                f"expected {', '.join(cls.model_fields)}"
            )
        return table


def matrix_fits(key: str, shape: tuple[int, ...]) -> None:
    """Raise before a matrix is made that is too large.

    Raises
    ------
    ValueError
        With the size.
    """
    reasonable_size(
        f"{key}: a matrix of {' × '.join(map(str, shape))}",
        16.0 * math.prod(shape),
        'use kind = "sparse", "sheet" or "lowrank", or fewer modes',
        LARGEST_MATRIX,
    )


def _tagged(table: Any) -> str | None:
    kind = table.get("kind") if isinstance(table, dict) else None
    return f"<{kind}>" if isinstance(kind, str) else None


def by_kind(kinds: str) -> Discriminator:
    """Choose the model of a table by its key ``kind``; `kinds` are named where it is wrong."""
    return Discriminator(
        _tagged, custom_error_type="kind", custom_error_message=f"expected kind = {kinds}"
    )
