"""Arrays of any type as those that files hold, and back."""

from __future__ import annotations

import hashlib
import json

import numpy as np


def digest(values: np.ndarray) -> str:
    """Hash of the content of an array."""
    if values.dtype.kind in "OUT":
        content = json.dumps([str(one) for one in values.ravel()]).encode()
    else:
        content = np.ascontiguousarray(values).tobytes()
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def plain_parts(values: np.ndarray, name: str) -> list[np.ndarray] | None:
    """Arrays that files can hold: parts of complex ones, text as objects.

    None for text that files cannot hold.

    Raises
    ------
    ValueError
        For types that they cannot hold.
    """
    values = np.asarray(values)
    kind = values.dtype.kind
    if kind == "c" and values.dtype.itemsize <= 16:
        native = values.astype(values.dtype.newbyteorder("="), copy=False)
        return [np.array(part(native), order="C") for part in (np.real, np.imag)]
    if kind == "b":
        return [values.astype(np.int8)]
    if kind in "mM":
        return [values.astype(values.dtype.newbyteorder("="), copy=False).view(np.int64)]
    if kind in "iu" or (kind == "f" and values.dtype.itemsize <= 8):
        return [values.astype(values.dtype.newbyteorder("="), copy=False)]
    if kind in "UT" or (kind == "O" and all(isinstance(one, str) for one in values.ravel())):
        return None if any(map(is_odd, values.ravel())) else [values.astype(object)]
    raise ValueError(
        f"{name} has values of type {values.dtype}, which files cannot hold: make them numbers or "
        "text, or drop them"
    )


def is_odd(text: str) -> bool:
    """Whether text has what files cannot hold: zeros, halves of characters."""
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)


def joined(parts: list[np.ndarray], dtype: str) -> np.ndarray:
    """Array of the parts that `plain_parts` gave."""
    if dtype == "text":
        return parts[0].astype(np.dtypes.StringDType())
    kind = np.dtype(dtype)
    if kind.kind == "c":
        # Without arithmetic, which would spoil infinite parts.
        values = np.empty(parts[0].shape, kind.newbyteorder("="))
        values.real, values.imag = parts
        return values.astype(kind, copy=False)
    if kind.kind in "mM":
        return parts[0].astype(np.int64).view(kind.newbyteorder("=")).astype(kind, copy=False)
    return parts[0].astype(kind, copy=False)
