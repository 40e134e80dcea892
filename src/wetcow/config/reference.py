"""The page that lists every key of a configuration file, made from its models."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from wetcow.config import couplings, drives, systems, tables, values
from wetcow.config.file import Config
from wetcow.config.simulation import Simulation

INTRODUCTION = """# Configuration files

`wetcow simulate FILE.toml` reads a [TOML](https://toml.io) file. This page lists every key. It is
made from the models that check the files, by `python tools/document_configuration.py`.

A wrong file is refused before anything is computed, with the path of each key that is wrong:
unknown keys, numbers that are not finite or beyond 1e100, sizes that no memory holds, nesting that
no table needs.

## Forms of numbers

A key marked **numbers** takes any of these, one marked **array** only the first three:

| form | meaning |
| --- | --- |
| `0.5` | one number for all |
| `[0.9, 1.0, 1.1]` | a list, or rows of a matrix |
| `{file = "NAME.npy"}` | an array of a `.npy` or `.csv` file in the folder of the configuration |
| `{linspace = [first, last, n]}` | equally spaced |
| `{uniform = [low, high]}` | drawn uniformly |
| `{normal = [mean, sd]}` | drawn from a normal distribution |
| `{lognormal = [mean, sd]}` | numbers whose logarithm is normal, with this mean and sd |

Drawn numbers come from `simulation.seed`, each key from a stream of its own, or from a `seed` of
their own in the same braces. There are as many as modes (links, pairs of modes), or `n`, in the
same braces.
"""


def _type(annotation: Any) -> str:
    """A type in words."""
    for form, name in (
        (values.Values, "numbers"),
        (values.Array, "array"),
        (values.Range, "[low, high]"),
        (tables.PositiveCount, "positive integer"),
    ):
        if annotation == form:
            return name
    origin = get_origin(annotation)
    if origin is Annotated:
        return _type(get_args(annotation)[0])
    if origin is Literal:
        return " or ".join(f'`"{value}"`' for value in get_args(annotation))
    if origin in (Union, types.UnionType):
        known = [part for part in get_args(annotation) if part is not types.NoneType]
        return _union(known)
    if origin is list:
        return f"list of {_type(get_args(annotation)[0])}"
    if origin is dict:
        return f"table of {_type(get_args(annotation)[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        keys = ", ".join(annotation.model_fields)
        return f"table of {keys}"
    return {float: "number", int: "integer", bool: "`true` or `false`", str: "text"}[annotation]


def _union(parts: list[Any]) -> str:
    tags = {mark.tag for part in parts for mark in get_args(part)[1:] if isinstance(mark, Tag)}
    if "<uniform>" in tags:
        return "numbers"
    if "<file>" in tags:
        return "array"
    if tags:
        return "one of the tables below"
    return " or ".join(dict.fromkeys(_type(part) for part in parts))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is PydanticUndefined or field.default is None:
        return ""
    if isinstance(field.default, float):
        return f"`{field.default:.6g}`"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _limits(field: FieldInfo) -> str:
    words = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
    return ", ".join(
        f"{sign} {getattr(mark, name)}"
        for mark in field.metadata
        for name, sign in words.items()
        if getattr(mark, name, None) is not None
    )


def _table(model: type[BaseModel]) -> Iterator[str]:
    yield "| key | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        kind = _type(field.annotation)
        limits = _limits(field)
        limits = f", {limits}" if limits and kind != "[low, high]" else ""
        yield f"| `{name}` | {kind}{limits} | {_default(field)} | {field.description or ''} |"


def _models(union: Any) -> list[type[BaseModel]]:
    return [get_args(part)[0] for part in get_args(get_args(union)[0])]


def _section(title: str, model: type[BaseModel], level: str) -> str:
    purpose = " ".join(re.sub("`+", "``", model.__doc__ or "").split())
    return "\n".join((f"{level} {title}", "", purpose, "", *_table(model), ""))


def page() -> str:
    """Return the page, Markdown."""
    parts = [INTRODUCTION, _section("The file", Config, "##")]
    for table, union in (("system", systems.AnySystem), ("coupling", couplings.AnyCoupling)):
        parts.append(f"## Table `{table}`\n")
        for model in _models(union):
            kind = get_args(model.model_fields["kind"].annotation)[0]
            parts.append(_section(f'`{table}`, `kind = "{kind}"`', model, "###"))
    parts += [
        _section("`coupling.random`", couplings.RandomCoupling, "###"),
        _section("`coupling.target`", couplings.Target, "###"),
        "## Table `drive`\n",
        *(
            _section(f'`drive`, `kind = "{kind}"`', model, "###")
            for kind, model in (("arrays", drives.ArrayDrive), ("pulse", drives.PulseDrive))
        ),
        _section("Table `simulation`", Simulation, "##"),
        "## Table `sweep`\n\nNames of parameters of the system (and `seed`), each with the values "
        "to run: all combinations, as\n{py:func}`wetcow.sweep` does. For example `gamma = "
        "{linspace = [0.1, 1.9, 10]}`.\n",
    ]
    return "\n".join(parts)
