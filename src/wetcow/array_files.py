"""Named arrays in one file, replaced whole and refused if damaged: checkpoints are such files."""

from __future__ import annotations

import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

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
