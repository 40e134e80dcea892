"""The state of a solution in a file: what was interrupted goes on to the same bits."""

from __future__ import annotations

import hashlib
import os
import pathlib
from typing import Any

import numpy as np

from wetcow.array_files import read_arrays, write_arrays
from wetcow.learning.model.memory.solver import State

_FORMAT = "wetcow kernel memory 1"
_ADVICE = "remove it to solve from the start"


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
        write_arrays(self.path, values)

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
            found = read_arrays(self.path)
            if found["format"].item() != _FORMAT:
                raise ValueError(f"its format is {found['format']}")
            mark = found["mark"].item()
            values: dict[str, Any] = {name: found[name] for name in State._fields}
        except (KeyError, ValueError) as error:
            raise StateFileError(
                f"{self.path} is no checkpoint, or a damaged one: {error}; {_ADVICE}"
            ) from error
        if mark != self._mark:
            raise StateFileError(f"{self.path} is of other examples or parameters; {_ADVICE}")
        values["iteration"] = int(values["iteration"])
        values["verified"] = float(values["verified"])
        return State(**values)
