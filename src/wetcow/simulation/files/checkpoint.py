"""What an unfinished run in a folder goes on from, as a file."""

from __future__ import annotations

import pathlib
from typing import Any

import jax
import numpy as np

from wetcow.array_files import read_arrays, write_arrays

# In the folder of an array: in that of the group, zarr warns of files that it does not know.
CHECKPOINT = "mode/wetcow-checkpoint.npz"
RESTART = "delete the folder to start from the beginning (the command has --restart for that)"


class CheckpointError(ValueError):
    """A checkpoint that is damaged; the message says what to do."""


def write_checkpoint(folder: pathlib.Path, samples_done: int, state: Any) -> None:
    """Replace the checkpoint in a run's folder, whole or not at all."""
    leaves: dict[str, Any] = {
        f"leaf_{index}": np.asarray(leaf) for index, leaf in enumerate(jax.tree.leaves(state))
    }
    write_arrays(folder / CHECKPOINT, {"samples_done": np.asarray(samples_done), **leaves})


def read_checkpoint(folder: pathlib.Path, num_samples: int) -> tuple[int, dict[str, np.ndarray]]:
    """How many samples are done, and the leaves of the state; 0 and none without a checkpoint.

    Raises
    ------
    CheckpointError
        If it is damaged.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return 0, {}
    try:
        leaves = read_arrays(path)
        samples_done = int(leaves.pop("samples_done"))
        if not 0 < samples_done <= num_samples:
            raise ValueError(f"{samples_done} of {num_samples} samples")
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: {error}; {RESTART}") from error
    return samples_done, leaves


def state_of(leaves: dict[str, np.ndarray], like: Any, folder: pathlib.Path) -> Any:
    """State of the leaves of a checkpoint, a pytree with the structure of `like`.

    Raises
    ------
    CheckpointError
        If they are of another state.
    """
    wanted, structure = jax.tree.flatten(like)
    found = [leaves.get(f"leaf_{index}") for index in range(len(wanted))]
    for leaf, one in zip(wanted, found, strict=True):
        if one is None or one.shape != np.shape(leaf) or len(found) != len(leaves):
            raise CheckpointError(f"{folder / CHECKPOINT} has not the state of this run; {RESTART}")
    return structure.unflatten(
        jax.numpy.asarray(np.asarray(one, leaf.dtype))
        for one, leaf in zip(found, wanted, strict=True)
    )
