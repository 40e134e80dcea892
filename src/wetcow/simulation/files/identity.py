"""Which run is which: arguments are told apart by their content, not by how they are shown."""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import pickle
import types
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np


def identity(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Digest of each argument by name; of a dict, such as that of reducers, one for each item.

    Examples
    --------
    >>> first = identity({"reduce": {"order": np.zeros(3)}, "noise": 0.1})
    >>> second = identity({"reduce": {"order": np.ones(3)}, "noise": 0.1})
    >>> [name for name in first if first[name] != second[name]]
    ["reduce['order']"]
    """
    found = {}
    for name, value in arguments.items():
        if isinstance(value, Mapping):
            found |= {f"{name}[{key!r}]": content_digest(item) for key, item in value.items()}
        else:
            found[name] = content_digest(value)
    return found


def content_digest(value: Any) -> str:
    """Hash of a value, the same for equal contents in every process.

    Parameters
    ----------
    value : object
        Of numbers, text, arrays, containers, functions and objects of those.

    Raises
    ------
    ValueError
        If it holds something whose content cannot be read, such as an open file.

    Examples
    --------
    >>> content_digest([1.0, np.arange(2)]) == content_digest((1, np.array([0, 1])))
    True
    """
    digest = hashlib.sha256()
    _feed(digest, value, ())
    return digest.hexdigest()


def _feed(digest: Any, value: Any, within: tuple[int, ...]) -> None:
    if isinstance(value, jax.Array) and jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key):
        value = jax.random.key_data(value)
    if isinstance(value, np.ndarray | np.generic | jax.Array):
        array = np.asarray(value)
        if array.ndim == 0 and array.dtype.kind in "biufc":
            value = array.item()
        elif array.dtype.kind not in "OT":
            digest.update(f"array {array.dtype.str} {array.shape}".encode() + array.tobytes())
            return
        else:
            value = ["objects", *array.shape, *array.ravel().tolist()]
    if isinstance(value, bool | int | float | complex):
        digest.update(f"number {_number(value)}".encode())
        return
    if value is None or isinstance(value, str | bytes | np.dtype) or value is Ellipsis:
        digest.update(f"{type(value).__name__} {value!r}".encode())
        return
    if id(value) in within:  # a cycle
        digest.update(f"again {within.index(id(value))}".encode())
        return
    name, parts = _parts(value)
    digest.update(f"{name} {len(parts)}".encode())
    for part in parts:
        _feed(digest, part, (*within, id(value)))


def _number(value: Any) -> str:
    """One text for 1, 1.0 and True, which compute the same."""
    if isinstance(value, complex):
        return repr(value) if value.imag else _number(value.real)
    if isinstance(value, float) and not value.is_integer():
        return value.hex()
    return repr(-0.0) if value == 0 and str(value).startswith("-") else str(int(value))


def _parts(value: Any) -> tuple[str, list[Any]]:
    """What kind of thing a value is, and what it consists of."""
    if isinstance(value, Mapping):
        return "mapping", [part for key in sorted(value, key=str) for part in (key, value[key])]
    if isinstance(value, set | frozenset):
        return "set", sorted(content_digest(item) for item in value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return _name(type(value)), list(value)
    if isinstance(value, list | tuple):
        return "sequence", list(value)
    if isinstance(value, enum.Enum):
        return f"{_name(type(value))}.{value.name}", []
    if isinstance(value, type | types.ModuleType | types.BuiltinFunctionType | np.ufunc):
        return _name(value), []
    if isinstance(value, functools.partial):
        return "partial", [value.func, value.args, value.keywords]
    if isinstance(value, types.MethodType):
        return "method", [value.__func__, value.__self__]
    if isinstance(value, types.CodeType):
        return "code", [value.co_code, value.co_consts, value.co_names]
    if isinstance(value, types.FunctionType):
        used = {name: value.__globals__.get(name) for name in value.__code__.co_names}
        simple = bool | int | float | complex | str | np.ndarray | jax.Array
        constants = {name: one for name, one in used.items() if isinstance(one, simple)}
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        return "function", [
            value.__code__, value.__defaults__, value.__kwdefaults__, cells, constants
        ]  # fmt: skip
    if hasattr(value, "__wrapped__"):  # a compiled function
        return "wrapped", [value.__wrapped__]
    if dataclasses.is_dataclass(value):
        fields = [field.name for field in dataclasses.fields(value)]
        return _name(type(value)), [(name, getattr(value, name, None)) for name in fields]
    if getattr(value, "__dict__", None):
        return _name(type(value)), [vars(value)]
    try:
        return _name(type(value)), [pickle.dumps(value)]
    except Exception as error:
        raise ValueError(
            f"a {type(value).__name__} among the arguments cannot be told from others, so that a "
            "run in a file cannot be recognised: leave path out, or use numbers, arrays, functions"
        ) from error


def _name(value: Any) -> str:
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value)}"
