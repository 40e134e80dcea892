"""The state of a solution in a file: what was interrupted goes on to the same bits."""

from __future__ import annotations

import hashlib
import os
import pathlib
import struct
import tokenize
import zipfile
import zlib
from typing import Any

import numpy as np

from wetcow.files import whole_file
from wetcow.learning.model.memory.solver import State

_FORMAT = "wetcow kernel memory 1"
_ADVICE = "remove it to solve from the start"
# What the standard library and NumPy raise for damaged bytes.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError, SyntaxError),
    *(OSError, EOFError, KeyError, IndexError, OverflowError, MemoryError),
    *(TypeError, ValueError, RuntimeError, UserWarning),
)


class StateFileError(ValueError):
    """A file that is damaged, or of another problem."""


class StateFile:
    """A file with the state of one solution; replaced whole or not at all.

    Parameters
    ----------
    path : path
    problem : tuple
        What is solved: arrays, numbers and text. A state of another problem is refused.
    """

    def __init__(self, path: str | os.PathLike, problem: tuple[Any, ...]):
        self.path = pathlib.Path(path)
        mark = hashlib.sha256()
        for part in problem:
            given = np.ascontiguousarray(part)
            mark.update(repr((given.dtype.str, given.shape)).encode())
            mark.update(given.data if given.size else b"")
        self._mark = mark.hexdigest()

    def write(self, state: State) -> None:
        """Replace the file by one with this state."""
        values = {name: np.asarray(value) for name, value in state._asdict().items()}
        values |= {"format": np.array(_FORMAT), "mark": np.array(self._mark)}
        with whole_file(self.path) as file:
            np.savez(file, allow_pickle=False, **values)

    def read(self) -> State | None:
        """State in the file; None without one.

        Raises
        ------
        StateFileError
            That says what to do.
        """
        if not self.path.exists():
            return None
        try:
            # np.load leaves a file that it cannot read open.
            with self.path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                found = dict(file)
            if found["format"].item() != _FORMAT:
                raise ValueError(f"its format is {found['format']}")
            mark, values = found["mark"].item(), {name: found[name] for name in State._fields}
        except _DAMAGE as error:
            raise StateFileError(
                f"{self.path} is no checkpoint, or a damaged one: {error!r}; {_ADVICE}"
            ) from error
        if mark != self._mark:
            raise StateFileError(f"{self.path} is of other examples or parameters; {_ADVICE}")
        values["iteration"] = int(values["iteration"])
        values["verified"] = float(values["verified"])
        return State(**values)
