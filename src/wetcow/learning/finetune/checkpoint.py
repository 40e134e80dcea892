"""The state of training in a file: an interrupted training goes on to the same result."""

from __future__ import annotations

import functools
import hashlib
import os
import pathlib

import jax
import numpy as np

from wetcow.array_files import read_arrays, state_bytes, state_of_bytes, write_arrays
from wetcow.learning.finetune.steps import TrainingState
from wetcow.learning.finetune.training import Trainer

_FORMAT = "wetcow training 2"
_ADVICE = "remove it to train from the start (wetcow learn --restart does)"


class CheckpointError(ValueError):
    """A checkpoint that is damaged, or of another training."""


class Checkpoint:
    """A file with the state of one training.

    Parameters
    ----------
    path : path or None
        None: nothing is kept.
    trainer : Trainer
        Of the training. Its data, constructed network and parameters are recognised.
    """

    def __init__(self, path: str | os.PathLike | None, trainer: Trainer):
        self.path = None if path is None else pathlib.Path(path)
        self.trainer = trainer

    @functools.cached_property
    def _mark(self) -> str:
        """What tells this training from others."""
        trainer = self.trainer
        mark = hashlib.sha256(repr(trainer.plan._replace(mesh=None)).encode())
        arrays = (trainer.network, trainer.scaling, trainer.images, trainer.labels)
        for array in jax.tree.leaves(arrays):
            mark.update(np.asarray(array).tobytes())
        return mark.hexdigest()

    def write(self, state: TrainingState) -> None:
        """Replace the file by one with this state, whole or not at all."""
        if self.path is None:
            return
        arrays = {"format": _FORMAT, "mark": self._mark, "state": state_bytes(state)}
        write_arrays(self.path, arrays)

    def read(self) -> TrainingState | None:
        """State in the file; None without one.

        Raises
        ------
        CheckpointError
        """
        if self.path is None or not self.path.exists():
            return None
        try:
            found = read_arrays(self.path)
            if found["format"].item() != _FORMAT:
                raise ValueError(f"its format is {found['format']}")
            same = found["mark"].item() == self._mark
            state = state_of_bytes(found["state"], self.trainer.start(1)) if same else None
        except (KeyError, ValueError) as error:
            raise CheckpointError(
                f"{self.path} is no checkpoint, or a damaged one: {error}; {_ADVICE}"
            ) from error
        if state is None:
            raise CheckpointError(
                f"{self.path} belongs to a training of other data or parameters; {_ADVICE}"
            )
        return state
