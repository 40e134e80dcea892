"""How far the construction of a memory has come, in files: what was killed goes on from them.

What takes longest is kept once it is done: the projected codes of all examples. The solution for
them is kept as it proceeds (`wetcow.learning.model.memory.checkpoint`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from wetcow.learning.data.rows import Rows
from wetcow.learning.model.memory.checkpoint import MarkedFile, mark_of
from wetcow.version import __version__

SUFFIXES = (".codes", ".solution")
_NO_MATTER = ("checkpoint", "progress", "batch_size", "cache_size")  # to the result


class ConstructionFiles(NamedTuple):
    """Where a construction is kept, and of what it is.

    Attributes
    ----------
    path : str
        The files are beside it, with `SUFFIXES`.
    mark : str
        Of the samples, the parameters and the version.
    """

    path: str
    mark: str

    @property
    def solution(self) -> str:
        """File for the state of the solution."""
        return self.path + SUFFIXES[1]

    @property
    def _codes(self) -> MarkedFile:
        return MarkedFile(self.path + SUFFIXES[0], "wetcow codes 1", self.mark)

    def check(self) -> None:
        """Raise `StateFileError`, before any work, for codes of other samples or parameters."""
        self._codes.read(())

    def rows(self, collect: Callable[[], Rows]) -> Rows:
        """Rows that are kept, or else those that `collect` returns, which are kept from now on."""
        known: Any = self._codes.read(Rows._fields)
        if known is not None:
            return Rows(**known)
        rows = collect()
        self._codes.write(rows._asdict())
        return rows


def construction_files(
    estimator: Any, X: Any, labels: np.ndarray, weights: np.ndarray | None
) -> ConstructionFiles | None:
    """Where an estimator keeps what `fit` constructs of samples; None if it need not be kept.

    Raises
    ------
    ValueError
        For samples that are elsewhere, or parameters by which each `fit` draws something else.
    StateFileError
        For files of something else.
    """
    # With training, the file is that of training.
    if estimator.checkpoint is None or estimator.train_minutes:
        return None
    if not isinstance(X, np.ndarray):
        raise ValueError(
            "checkpoint keeps what is learned from arrays of this process, not from Dask arrays: "
            "leave it at None"
        )
    seed = estimator.random_state
    if not isinstance(seed, (int, np.integer)) or estimator.warm_start:
        raise ValueError(
            "checkpoint needs an integer as random_state and no warm_start, got "
            f"random_state={seed!r} and warm_start={estimator.warm_start!r}: else fit has other "
            "hidden modes each time, and cannot go on from what an earlier one kept"
        )
    parameters = {
        name: value for name, value in estimator.get_params().items() if name not in _NO_MATTER
    }
    told = f"{__version__} {sorted(parameters.items())!r}"
    problem = (X, labels, () if weights is None else weights, told)
    files = ConstructionFiles(path=os.fspath(estimator.checkpoint), mark=mark_of(problem))
    files.check()
    return files
