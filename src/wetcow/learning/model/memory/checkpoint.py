"""The state of a solution in a file: what was interrupted goes on to the same bits."""

from __future__ import annotations

import hashlib
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from wetcow.array_files import read_arrays, write_arrays
from wetcow.learning.model.memory.solver import State

_ADVICE = "remove it to begin anew"


class StateFileError(ValueError):
    """A file that is damaged, or of another problem."""


def mark_of(problem: tuple[Any, ...]) -> str:
    """What tells problems apart: a digest of arrays, numbers and text."""
    mark = hashlib.sha256()
    for part in problem:
        given = np.ascontiguousarray(part)
        mark.update(repr((given.dtype.str, given.shape)).encode())
        mark.update(given.data if given.size else b"")
    return mark.hexdigest()


class MarkedFile:
    """A file of arrays that belong to one problem; replaced whole or not at all.

    Parameters
    ----------
    path : path
    form : str
        Name and version of what is in it.
    mark : str
        Of the problem, by `mark_of`. A file of another problem is refused.
    """

    def __init__(self, path: str | os.PathLike, form: str, mark: str):
        self.path = pathlib.Path(path)
        self._form = form
        self._mark = mark

    def write(self, values: Mapping[str, Any]) -> None:
        """Replace the file by one with these arrays."""
        write_arrays(
            self.path, {**values, "format": np.array(self._form), "mark": np.array(self._mark)}
        )

    def read(self, names: tuple[str, ...]) -> dict[str, np.ndarray] | None:
        """The arrays of these names; None without a file.

        Raises
        ------
        StateFileError
            That says what to do.
        """
        if not self.path.exists():
            return None
        try:
            found = read_arrays(self.path)
            if found["format"].item() != self._form:
                raise ValueError(f"its format is {found['format']}")
            mark = found["mark"].item()
            values = {name: found[name] for name in names}
        except (KeyError, ValueError) as error:
            raise StateFileError(
                f"{self.path} is no checkpoint, or a damaged one: {error}; {_ADVICE}"
            ) from error
        if mark != self._mark:
            raise StateFileError(f"{self.path} is of other examples or parameters; {_ADVICE}")
        return values


class StateFile:
    """A file with the state of one solution.

    Parameters
    ----------
    path : path
    problem : tuple
        What is solved, as in `mark_of`. A state of another problem is refused.
    """

    def __init__(self, path: str | os.PathLike, problem: tuple[Any, ...]):
        self._file = MarkedFile(path=path, form="wetcow kernel memory 1", mark=mark_of(problem))

    def write(self, state: State) -> None:
        """Replace the file by one with this state."""
        self._file.write({name: np.asarray(value) for name, value in state._asdict().items()})

    def read(self) -> State | None:
        """State in the file; None without one; `StateFileError` as of `MarkedFile`."""
        values: Any = self._file.read(State._fields)
        if values is None:
            return None
        values["iteration"] = int(values["iteration"])
        values["verified"] = float(values["verified"])
        return State(**values)
