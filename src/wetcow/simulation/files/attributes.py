"""Attributes of results as JSON, with their types, and back."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from wetcow.validation import refuse_masked


def encoded(value: Any, where: str) -> Any:
    """Value of an attribute for JSON, with its type."""
    refuse_masked(where, value)
    if value is None or isinstance(value, bool | str) or type(value) in (int, float):
        return {"value": value}
    if type(value) is complex:
        return {"complex": [value.real, value.imag]}
    if isinstance(value, list | tuple):
        items = [encoded(item, where) for item in value]
        return {"tuple" if isinstance(value, tuple) else "list": items}
    if isinstance(value, dict):
        return {"dict": [[encoded(part, where) for part in item] for item in value.items()]}
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind in "biufcUSMm":
            content = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
            kind = "scalar" if isinstance(value, np.generic) else "array"
            return {kind: [value.dtype.str, list(value.shape), content]}
        if value.dtype.kind == "O":
            items = [encoded(item, where) for item in value.ravel()]
            return {"objects": [list(value.shape), items]}
    raise ValueError(
        f"{where} is a {type(value).__name__}, which files cannot hold: make it a number, a "
        "text, an array, or a list, tuple or dict of them, or drop it"
    )


def decoded(encoded: Any) -> Any:
    """Inverse of `encoded`."""
    ((kind, value),) = encoded.items()
    if kind == "value":
        return value
    if kind == "complex":
        return complex(*value)
    if kind == "list":
        return [decoded(item) for item in value]
    if kind == "tuple":
        return tuple(decoded(item) for item in value)
    if kind == "dict":
        return {decoded(key): decoded(item) for key, item in value}
    if kind == "objects":
        shape, items = value
        array = np.empty(len(items), object)
        array[:] = [decoded(item) for item in items]
        return array.reshape(shape)
    dtype, shape, content = value
    array = np.frombuffer(base64.b64decode(content), dtype).reshape(shape).copy()
    return array[()] if kind == "scalar" else array
