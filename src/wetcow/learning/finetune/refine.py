"""From constructed hidden modes to trained ones, if these do better on images not learned."""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from typing import Any, NamedTuple

import numpy as np

from wetcow.images.augmentation import Augmentation, check_augmentation
from wetcow.learning import pipeline
from wetcow.learning.data.batches import open_batches
from wetcow.learning.data.progress import StartStage
from wetcow.learning.data.samples import Samples, some_rows
from wetcow.learning.data.validation import is_dask
from wetcow.learning.finetune.checkpoint import Checkpoint
from wetcow.learning.finetune.linear import Linear, solve_linear
from wetcow.learning.finetune.training import EvaluationPoint, Trainer, fit_to_time, train
from wetcow.learning.memory.examples import Plan
from wetcow.learning.model.hidden_modes import NUM_STANDARDISING, HiddenModes

_SHARE, _MOST = 10, 5_000  # a tenth of the samples judges, but not more of them
_MEMORIZED = 5_000  # samples in the memories that are judged


class Refined(NamedTuple):
    """What training came to.

    Attributes
    ----------
    hidden : HiddenModes
        Those with the higher accuracy; the constructed ones if it is the same.
    constructed, trained : float
        Accuracies on samples that were not learned, of a memory of some of those learned. 0 if
        the codes of what was trained cannot be memorized.
    evaluations : list of EvaluationPoint
        How training went.
    seconds : float
        That all this took.
    complete : bool
        Whether no one interrupted it.
    """

    hidden: HiddenModes
    constructed: float
    trained: float
    evaluations: list[EvaluationPoint]
    seconds: float
    complete: bool


class Recipe(NamedTuple):
    """How to train, and how memories are made to judge by.

    Attributes
    ----------
    minutes : float
        They include the memories made here, but not what comes after.
    augmentation : Augmentation or None
    rate : float
        Largest learning rate.
    checkpoint : path or None
        File for the state of training.
    plan : Plan
    n_components : int
        Of memories.
    """

    minutes: float
    augmentation: Augmentation | None
    rate: float
    checkpoint: str | os.PathLike | None
    plan: Plan
    n_components: int


class _Judge:
    """Makes read-outs for hidden modes from some samples, and judges them on the others."""

    def __init__(
        self, samples: Samples, recipe: Recipe, *, rng: np.random.Generator, start: StartStage
    ):
        n = len(samples.labels)
        judging = np.zeros(n, bool)
        judging[some_rows(n, min(max(n // _SHARE, 1), _MOST), rng)] = True
        self.seed = int(rng.integers(2**31))
        self.learned = samples._replace(X=samples.X[~judging], labels=samples.labels[~judging])
        self.X, self.labels = samples.X[judging], samples.labels[judging]
        self._recipe, self._start = recipe, start

    def linear(self, hidden: HiddenModes) -> Linear:
        """Class modes that training starts from."""
        samples = self.learned._replace(hidden=hidden)
        return solve_linear(samples, np.random.default_rng(self.seed))

    def accuracy(self, hidden: HiddenModes) -> float:
        """Accuracy of a memory of the codes of hidden modes, 0 if there can be none."""
        rng = np.random.default_rng(self.seed)  # the same examples for all
        some = some_rows(len(self.learned.labels), _MEMORIZED, rng)
        samples = self.learned._replace(
            hidden=hidden, X=self.learned.X[some], labels=self.learned.labels[some]
        )
        few = samples.codes(np.arange(min(len(some), 100)))
        if not np.isfinite(few).all() or not np.ptp(few, axis=0).any():
            return 0.0  # diverged: codes that say nothing
        try:
            with contextlib.closing(open_batches(samples)) as batches:
                readout, _ = pipeline.learn(
                    batches,
                    self._recipe.plan,
                    n_components=self._recipe.n_components,
                    rng=rng,
                    start=self._start,
                )
        except (ValueError, np.linalg.LinAlgError):
            return 0.0
        found = readout.criticality(hidden.codes(self.X)).argmax(axis=1)
        return float(np.mean(found == self.labels))


def refine(
    samples: Samples, recipe: Recipe, rng: np.random.Generator, start: StartStage
) -> Refined:
    """Train hidden modes for a given time.

    Parameters
    ----------
    samples : Samples
        Rows in memory, and the hidden modes constructed for them.
    recipe : Recipe
    rng : numpy Generator
        Draws the samples that judge, and the seed of training.
    start : callable
        Starts a stage of the progress.
    """
    began, hidden = time.perf_counter(), samples.hidden
    judge = _Judge(samples, recipe, rng=rng, start=start)
    constructed = judge.accuracy(hidden)
    took = time.perf_counter() - began  # and will take once more
    linear = judge.linear(hidden)
    trainer = Trainer(
        hidden,
        linear.modes,
        inverse_temperature=linear.inverse_temperature,
        images=hidden.images(judge.learned.X),
        labels=judge.learned.labels,
        validation=(hidden.images(judge.X), judge.labels),
        augmentation=recipe.augmentation,
        rate=recipe.rate,
        seed=judge.seed,
    )
    spent = time.perf_counter() - began + took
    final, evaluations = _train(trainer, recipe, spent, start)
    n = len(judge.learned.labels)
    some = np.sort(rng.choice(n, min(NUM_STANDARDISING, n), replace=False))
    layers = trainer.hidden_of(final.average)
    other = hidden.with_layers(layers, np.asarray(trainer.images[some]))
    trained = judge.accuracy(other)
    return Refined(
        hidden=other if trained > constructed else hidden,
        constructed=constructed,
        trained=trained,
        evaluations=evaluations,
        seconds=time.perf_counter() - began,
        complete=int(final.step) == int(final.steps),
    )


def _train(
    trainer: Trainer, recipe: Recipe, spent: float, start: StartStage
) -> tuple[Any, list[EvaluationPoint]]:
    """Train, or go on from the checkpoint; `spent` seconds are needed before and after."""
    checkpoint = Checkpoint(recipe.checkpoint, trainer)
    state = checkpoint.read()
    if state is None:
        left = 60 * recipe.minutes - spent
        if left <= 0:
            warnings.warn(
                f"hardly any training: of {60 * recipe.minutes:.3g} s, judging before and after "
                f"takes {spent:.3g} s; give more train_minutes, or choose a "
                "smaller budget",
                stacklevel=5,
            )
        start("how long a step takes")
        state = trainer.start(fit_to_time(trainer, left))
    advance = start("training", int(state.steps))
    advance(int(state.step))
    first, evaluations = int(state.step), []

    def tell(point: EvaluationPoint) -> None:
        earlier = evaluations[-1].step if evaluations else first
        advance(point.step - earlier, f"loss {point.loss:.3f}, validation {point.accuracy:.4f}")
        evaluations.append(point)

    return train(trainer, state, checkpoint.write, tell), evaluations


def refine_classifier(
    classifier: Any, samples: Samples, plan: Plan, rng: np.random.Generator, start: StartStage
) -> Refined:
    """Train the hidden modes that were constructed for a classifier.

    Parameters
    ----------
    classifier : WaveClassifier
        Its parameters and settings say how.
    samples : Samples
        Rows, and the hidden modes constructed for them.
    plan : Plan
        Of the memories to judge by.
    rng, start
        As for `refine`.

    Raises
    ------
    ValueError
        For Dask arrays.
    """
    if is_dask(samples.X):
        raise ValueError("training needs rows in memory; Dask arrays are only constructed from")
    recipe = Recipe(
        minutes=classifier.train_minutes,
        augmentation=check_augmentation(classifier.augmentation),
        rate=classifier.learning_rate,
        checkpoint=classifier.checkpoint,
        plan=plan,
        n_components=classifier.settings_.n_components,
    )
    return refine(samples, recipe, rng, start)
