"""What an unfinished run in a folder goes on from, as a file."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np

from wetcow.array_files import (
    DamagedArraysError,
    read_arrays,
    state_bytes,
    state_of_bytes,
    write_arrays,
)

# In the folder of an array: in that of the group, zarr warns of files that it does not know.
CHECKPOINT = "mode/wetcow-checkpoint.npz"
RESTART = "delete the folder to start from the beginning (the command has --restart for that)"


class CheckpointError(ValueError):
    """A checkpoint that is damaged; the message says what to do."""


def write_checkpoint(folder: pathlib.Path, samples_done: int, state: Any) -> None:
    """Replace the checkpoint in a run's folder, whole or not at all."""
    arrays = {"samples_done": np.asarray(samples_done), "state": state_bytes(state)}
    write_arrays(folder / CHECKPOINT, arrays)


def read_checkpoint(folder: pathlib.Path, num_samples: int) -> tuple[int, np.ndarray]:
    """How many samples are done, and the state for `state_of`; 0 and nothing without a checkpoint.

    Raises
    ------
    CheckpointError
        If it is damaged.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return 0, np.zeros(0, np.uint8)
    try:
        found = read_arrays(path)
        samples_done = int(found["samples_done"])
        if not 0 < samples_done <= num_samples:
            raise ValueError(f"{samples_done} of {num_samples} samples")
        return samples_done, found["state"]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path} is damaged, or of an earlier version: {error}; {RESTART}"
        ) from error


def state_of(found: np.ndarray, like: Any, folder: pathlib.Path) -> Any:
    """State in a checkpoint, a pytree with the structure of `like`.

    Raises
    ------
    CheckpointError
        If it is the state of another run.
    """
    try:
        return state_of_bytes(found, like)
    except DamagedArraysError as error:
        raise CheckpointError(
            f"{folder / CHECKPOINT} has not the state of this run: {error}; {RESTART}"
        ) from error
