"""From constructed hidden modes to trained ones, if these do better on images not learned."""

from __future__ import annotations

import os
import time
import warnings
from typing import Any, NamedTuple

import numpy as np

from wetcow.images.augmentation import Augmentation
from wetcow.learning import calibration
from wetcow.learning.data.batches import Blocks
from wetcow.learning.data.copies import Copies
from wetcow.learning.finetune.checkpoint import Checkpoint
from wetcow.learning.finetune.training import Look, Trainer, fit_to_time, train
from wetcow.learning.model.hidden_modes import NUM_STANDARDISING, HiddenModes
from wetcow.learning.model.statistics import accumulate
from wetcow.learning.progress import StartStage

_SHARE, _MOST = 10, 5_000  # a tenth of the samples judges, but not more of them


class Refined(NamedTuple):
    """What training came to.

    Attributes
    ----------
    hidden : HiddenModes
        Those with the higher accuracy; the constructed ones if it is the same.
    constructed, trained : float
        Accuracies on samples that were not learned, with class modes in closed form. 0 if what
        was trained has none.
    looks : list of Look
        How training went.
    seconds : float
        That all this took.
    complete : bool
        Whether no one interrupted it.
    """

    hidden: HiddenModes
    constructed: float
    trained: float
    looks: list[Look]
    seconds: float
    complete: bool


class Recipe(NamedTuple):
    """How to train, and how class modes are solved.

    Attributes
    ----------
    minutes : float
    augmentation : Augmentation or None
    rate : float
        Largest learning rate.
    checkpoint : path or None
    ridge : float or "gcv"
    margin_passes : int
    block_size : int
    cache_size : float
    copies : Copies
    """

    minutes: float
    augmentation: Augmentation | None
    rate: float
    checkpoint: str | os.PathLike | None
    ridge: Any
    margin_passes: int
    block_size: int
    cache_size: float
    copies: Copies


def refine(
    hidden: HiddenModes,
    X: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    recipe: Recipe,
    rng: np.random.Generator,
    start: StartStage,
) -> Refined:
    """Train hidden modes for a given time.

    Parameters
    ----------
    hidden : HiddenModes
        Constructed.
    X : array (n, columns)
        Rows in memory.
    labels : int array (n,)
        Numbers of their classes.
    n_classes : int
    recipe : Recipe
        Its minutes include the solutions of class modes here, but not what comes after. Its
        checkpoint is that of this network alone.
    rng : numpy Generator
        Draws the samples that judge, and the seed of training.
    start : callable
        Starts a stage of the progress.
    """
    began = time.perf_counter()
    judging = np.zeros(len(X), bool)
    judging[calibration.some_rows(len(X), min(max(len(X) // _SHARE, 1), _MOST), rng)] = True
    seed = int(rng.integers(2**31))
    learned, judged = (X[~judging], labels[~judging]), (X[judging], labels[judging])

    def solved(modes: HiddenModes) -> tuple[calibration.Solution, float]:
        blocks = Blocks(
            *(modes, *learned, n_classes, recipe.block_size, recipe.cache_size, recipe.copies)
        )
        sums = blocks.reduce(accumulate, lambda one, _: one)
        again = np.random.default_rng(seed)  # the same rows calibrate both
        passes = recipe.margin_passes
        solution = calibration.solve(sums, blocks, recipe.ridge, passes, again, start)
        found = solution.modes.criticality(modes.features(judged[0])).argmax(axis=1)
        return solution, float(np.mean(found == judged[1]))

    solution, constructed = solved(hidden)
    took = time.perf_counter() - began  # and will take once more
    trainer = Trainer(
        *(hidden, solution.modes, solution.sharpness, hidden.images(learned[0]), learned[1]),
        (hidden.images(judged[0]), judged[1]),
        *(recipe.augmentation, recipe.rate, seed),
    )
    checkpoint = Checkpoint(recipe.checkpoint, trainer)
    state = checkpoint.read()
    if state is None:
        left = 60 * recipe.minutes - 2 * took
        if left <= 0:
            warnings.warn(
                f"hardly any training: of {60 * recipe.minutes:.3g} s for a member, solving class "
                f"modes twice takes {2 * took:.3g} s; give more train_minutes, or choose a smaller "
                "budget",
                stacklevel=4,
            )
        start("how long a step takes")
        state = trainer.start(fit_to_time(trainer, left))
    advance = start("training", int(state.steps))
    advance(int(state.step))
    looks: list[Look] = []

    def tell(look: Look) -> None:
        earlier = looks[-1].step if looks else int(state.step)
        advance(look.step - earlier, f"loss {look.loss:.3f}, validation {look.accuracy:.4f}")
        looks.append(look)

    final = train(trainer, state, checkpoint.write, tell)
    some = np.sort(
        rng.choice(len(learned[0]), min(NUM_STANDARDISING, len(learned[0])), replace=False)
    )
    layers = trainer.hidden_of(final.average)
    other = hidden.with_layers(layers, np.asarray(trainer.images[some]))
    try:
        _, trained = solved(other)
    except (ValueError, np.linalg.LinAlgError):  # diverged: codes that say nothing
        trained = 0.0
    best = other if trained > constructed else hidden
    seconds, complete = time.perf_counter() - began, int(final.step) == int(final.steps)
    return Refined(best, constructed, trained, looks, seconds, complete)
