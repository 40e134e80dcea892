"""Named arrays in one file, replaced whole and refused if damaged: checkpoints are such files."""

from __future__ import annotations

import io
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import numpy as np

from wetcow.files import whole_file

# What the standard library and NumPy raise for damaged bytes.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError, SyntaxError),
    *(OSError, EOFError, KeyError, IndexError, OverflowError, MemoryError),
    *(TypeError, ValueError, RuntimeError, UserWarning),
)


class DamagedArraysError(ValueError):
    """A file that has no arrays, or is damaged."""


def write_arrays(path: str | os.PathLike, arrays: Mapping[str, Any]) -> None:
    """Replace a file by one with these arrays, whole or not at all."""
    with whole_file(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_arrays(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Arrays of a file by name.

    Raises
    ------
    DamagedArraysError
        For a file that `write_arrays` did not write, or that was damaged since.
    """
    try:
        # np.load leaves a file that it cannot read open.
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            return dict(file)
    except _DAMAGE as error:
        raise DamagedArraysError(repr(error)) from error


def state_bytes(state: Any) -> np.ndarray:
    """Leaves of a pytree, as equinox writes them, as one of the arrays of a file.

    Parameters
    ----------
    state : pytree of arrays and numbers

    Returns
    -------
    uint8 array (n,)
    """
    file = io.BytesIO()
    eqx.tree_serialise_leaves(file, state)
    return np.frombuffer(file.getvalue(), np.uint8)


def state_of_bytes(found: np.ndarray, like: Any) -> Any:
    """State that `state_bytes` made an array of.

    Parameters
    ----------
    found : uint8 array (n,)
    like : pytree
        With the structure, shapes and dtypes of the state; whole numbers may be of another width.

    Raises
    ------
    DamagedArraysError
        If it is another state.
    """
    file = io.BytesIO(found.tobytes())
    try:
        state = eqx.tree_deserialise_leaves(file, like, filter_spec=_leaf)
    except _DAMAGE as error:
        raise DamagedArraysError(f"it has another state ({error})") from error
    if file.read(1):
        raise DamagedArraysError("it has another state (of more leaves)")
    return state


def _leaf(file: Any, like: Any) -> Any:
    """Return a leaf; a counter of steps is as wide as the precision that it was counted in."""
    found = eqx.default_deserialise_filter_spec(file, like)
    if isinstance(like, (np.ndarray, jax.Array)) and found.dtype.kind == like.dtype.kind == "i":
        return found.astype(like.dtype)
    return found
