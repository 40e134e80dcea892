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
_NO_MATTER = ("checkpoint", "progress", "cache_size")  # to the result


class ConstructionFiles(NamedTuple):
    """Where a construction is kept, and what is kept already.

    Attributes
    ----------
    codes : MarkedFile
        For the rows of all examples.
    solution : str
        File for the state of the solution.
    known : Rows or None
        What is in the first.
    """

    codes: MarkedFile
    solution: str
    known: Rows | None

    def rows(self, collect: Callable[[], Rows]) -> Rows:
        """Rows that are kept, or else those that `collect` returns, which are kept from now on."""
        if self.known is not None:
            return self.known
        rows = collect()
        self.codes.write(rows._asdict())
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
    if not isinstance(seed, (int, np.integer)):
        raise ValueError(
            f"checkpoint needs an integer as random_state, got random_state={seed!r}: else fit has "
            "other hidden modes each time, and cannot go on from what an earlier one kept"
        )
    parameters = {
        name: value for name, value in estimator.get_params().items() if name not in _NO_MATTER
    }
    told = f"{__version__} {sorted(parameters.items())!r}"
    problem = (X, labels, () if weights is None else weights, told)
    path = os.fspath(estimator.checkpoint)
    codes = MarkedFile(path=path + SUFFIXES[0], form="wetcow codes 1", mark=mark_of(problem))
    found: Any = codes.read(Rows._fields)
    known = None if found is None else Rows(**found)
    return ConstructionFiles(codes=codes, solution=path + SUFFIXES[1], known=known)
