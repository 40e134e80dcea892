"""Refine what was constructed by gradient: couplings, thresholds and frequencies.

All numbers of the hidden modes and of the class modes follow the gradient of the cross entropy of
the class probabilities, by Adam with a learning rate that rises and falls once, on randomly
deformed images. What counts in the end is a running average of the hidden modes; the class modes
are solved anew for it, in closed form, by the caller.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from wetcow.images.augmentation import Augmentation
from wetcow.learning.finetune import steps as compiled
from wetcow.learning.finetune.steps import TrainingState
from wetcow.learning.finetune.trainable import Plan, Trainable, layers_of, start_trainable
from wetcow.learning.model.encoder import Layer
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.ridge import ClassModes

BATCH = 256
STEPS_PER_CALL = 16
EVALUATIONS = 20  # on validation images while training, at most
_TIMED = 0.02  # share of the time for finding out how long a step takes


class EvaluationPoint(NamedTuple):
    """How training goes.

    Attributes
    ----------
    step, steps : int
        Done, and in all.
    seconds : float
        Since training began.
    loss : float
        Mean cross entropy since the last evaluation.
    accuracy : float
        Of the averaged network on validation images.
    """

    step: int
    steps: int
    seconds: float
    loss: float
    accuracy: float


class Trainer:
    """Training of one network, a call at a time.

    Parameters
    ----------
    hidden, modes, inverse_temperature
        The constructed network and the inverse temperature of its probabilities.
    images : float32 array (n, height, width), or with channels (n, height, width, channels)
        As the hidden modes see them.
    labels : int array (n,)
    validation : pair of arrays
        Images and labels to judge by.
    augmentation : Augmentation or None
    rate : float
        Largest learning rate, in units of the root mean square of each array.
    seed : int
    """

    def __init__(
        self,
        hidden: HiddenModes,
        modes: ClassModes,
        *,
        inverse_temperature: float,
        images: np.ndarray,
        labels: np.ndarray,
        validation: tuple[np.ndarray, np.ndarray],
        augmentation: Augmentation | None,
        rate: float,
        seed: int,
    ):
        self.hidden = hidden
        self.images, self.labels = jnp.asarray(images), jnp.asarray(labels, jnp.int32)
        self.validation = validation
        batch = min(BATCH, 2 ** int(np.log2(len(labels))))
        devices = jax.devices()[: math.gcd(batch, 2 ** int(np.log2(len(jax.devices()))))]
        self.plan = Plan(
            geometries=hidden.geometries,
            response=hidden.response,
            augmentation=augmentation,
            batch=batch,
            rate=rate,
            seed=seed,
            mesh=jax.sharding.Mesh(np.array(devices), ("images",)),
        )
        # What is compiled is that of any seed.
        self._compiled, self._key = self.plan._replace(seed=0), jax.random.key(seed)
        self.network, self.scaling = start_trainable(hidden, modes, inverse_temperature)

    def start(self, steps: int) -> TrainingState:
        """State before the first of so many steps."""
        state = TrainingState(
            network=self.network,
            average=self.network,
            optimiser=compiled.optimiser(steps, self.plan.rate).init(self.network),
            step=jnp.int32(0),
            steps=jnp.int32(steps),
        )
        # Where a call leaves it, or the second call would be compiled anew.
        return jax.device_put(state, NamedSharding(self.plan.mesh, PartitionSpec()))

    def advance(self, state: TrainingState, steps: int) -> tuple[TrainingState, float]:
        """Do so many steps and return their mean loss. Which images come depends on the step."""
        rows = self._rows(int(state.step), steps)
        state, loss = compiled.advance(
            state, self.scaling, self.images, self.labels, rows, self._key, plan=self._compiled
        )
        return state, float(loss)

    def _rows(self, start: int, count: int) -> np.ndarray:
        """Rows (count, batch) of steps: all images in random order, then again in another."""
        n, batch = len(self.labels), self.plan.batch
        per_pass = n // batch
        orders: dict[int, np.ndarray] = {}
        rows = []
        for step in range(start, start + count):
            turn, place = divmod(step, per_pass)
            if turn not in orders:
                orders[turn] = np.random.default_rng([self.plan.seed, turn]).permutation(n)
            rows.append(orders[turn][place * batch : (place + 1) * batch])
        return np.stack(rows)

    def accuracy(self, network: Trainable) -> float:
        """Share of the validation images that a network in training classifies rightly."""
        images, labels = self.validation
        size = min(self.plan.batch, 64)
        groups = -(-len(images) // size)
        missing = groups * size - len(images)
        padded = np.pad(images, ((0, missing), *[(0, 0)] * (images.ndim - 1)))
        padded = padded.reshape(groups, size, *images.shape[1:])
        found = np.asarray(compiled.classes(network, self.scaling, padded, plan=self._compiled))
        return float(np.mean(found.reshape(-1)[: len(images)] == labels))

    def hidden_of(self, network: Trainable) -> tuple[Layer, ...]:
        """Hidden modes of a network in training, as NumPy arrays."""
        layers = layers_of(network, self.scaling, self.plan.response)
        return jax.tree.map(np.asarray, layers)


def fit_to_time(trainer: Trainer, seconds: float) -> int:
    """How many steps take so many seconds, by doing some for nothing."""
    end = time.perf_counter() + seconds
    state = trainer.start(1)
    trainer.advance(state, STEPS_PER_CALL)  # compiles
    trainer.accuracy(trainer.network)
    start, done = time.perf_counter(), 0
    while not done or time.perf_counter() - start < _TIMED * seconds:
        trainer.advance(state, STEPS_PER_CALL)
        done += 1
    call = (time.perf_counter() - start) / done
    start = time.perf_counter()
    trainer.accuracy(trainer.network)
    now = time.perf_counter()
    left, evaluation = end - now, now - start
    # With fewer calls than evaluations there is one after each.
    calls = max(
        (left - EVALUATIONS * evaluation) / call, min(left / (call + evaluation), EVALUATIONS)
    )
    return max(int(calls), 1) * STEPS_PER_CALL


def train(
    trainer: Trainer,
    state: TrainingState,
    keep: Callable[[TrainingState], None],
    tell: Callable[[EvaluationPoint], None],
) -> TrainingState:
    """Go on to the last step; Ctrl-C ends early with what there is.

    Parameters
    ----------
    trainer : Trainer
    state : TrainingState
        From `Trainer.start` or a checkpoint.
    keep : callable
        Given the state now and then, to write it to a file.
    tell : callable
        Told how it goes.
    """
    began, steps = time.perf_counter(), int(state.steps)
    # Other lengths compile anew.
    every = math.ceil(steps / EVALUATIONS / STEPS_PER_CALL) * STEPS_PER_CALL
    losses: list[float] = []
    try:
        while (step := int(state.step)) < steps:
            count = min(STEPS_PER_CALL, every - step % every, steps - step)
            state, loss = trainer.advance(state, count)
            losses.append(loss)
            step += count
            if step % every == 0 or step == steps:
                keep(state)
                tell(
                    EvaluationPoint(
                        step=step,
                        steps=steps,
                        accuracy=trainer.accuracy(state.average),
                        seconds=time.perf_counter() - began,
                        loss=float(np.mean(losses)),
                    )
                )
                losses.clear()
    except KeyboardInterrupt:
        keep(state)
    return state
