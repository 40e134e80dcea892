"""Refine what was constructed by gradient: couplings, thresholds and frequencies.

All numbers of the hidden modes and of the class modes follow the gradient of the cross entropy of
the class probabilities, by Adam with a learning rate that rises and falls once, on randomly
deformed images. What counts in the end is a running average of the hidden modes; the class modes
are solved anew for it, in closed form, by the caller.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import NamedSharding, PartitionSpec

from wetcow.images.augmentation import Augmentation, augment
from wetcow.learning.model.activation import Response
from wetcow.learning.model.encoder import Geometry, Layer, encode_group, group_elements
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.ridge import ClassModes

BATCH = 256
WARM_UP = 0.05  # share of the steps in which the rate rises
AVERAGED = 0.02  # share of the steps over which the running average reaches back
STEPS_PER_CALL = 16
LOOKS = 20  # at validation images while training, at most
_TIMED = 0.02  # share of the time for finding out how long a step takes


class Network(NamedTuple):
    """What is trained; each array divided by its scale.

    Attributes
    ----------
    layers : tuple of Layer
        Without floors; frequencies as logarithms.
    coupling : array (d, classes)
    gamma : array (classes,)
    """

    layers: tuple[Layer, ...]
    coupling: Any
    gamma: Any


class Problem(NamedTuple):
    """What stays fixed while training; hashable parts are static.

    Attributes
    ----------
    scales, floors : pytrees
        Of the network's arrays, and of contrast normalisation.
    mean, spread : arrays (d,)
        Of the features.
    """

    scales: Network
    floors: tuple[Any, ...]
    mean: Any
    spread: Any


class State(NamedTuple):
    """Everything that a step changes; a checkpoint has it."""

    network: Network
    average: Network
    optimiser: Any
    step: Any
    steps: Any  # in all


class Plan(NamedTuple):
    """What is fixed at compilation."""

    geometries: tuple[Geometry, ...]
    response: Response
    augmentation: Augmentation | None
    batch: int
    rate: float  # largest learning rate, in units of the root mean square of each array
    seed: int
    mesh: jax.sharding.Mesh  # each of whose devices takes its part of a batch


class Look(NamedTuple):
    """How training goes.

    Attributes
    ----------
    step, steps : int
        Done, and in all.
    seconds : float
        Since training began.
    loss : float
        Mean cross entropy since the last look.
    accuracy : float
        Of the averaged network on validation images.
    """

    step: int
    steps: int
    seconds: float
    loss: float
    accuracy: float


def start_network(
    hidden: HiddenModes, modes: ClassModes, sharpness: float
) -> tuple[Network, Problem]:
    """Return the constructed network in the units of training."""
    raw = Network(
        tuple(
            layer._replace(omega=jnp.log(jnp.abs(layer.omega)), floor=None)
            if hidden.response not in ("analytic", "relu")
            else layer._replace(floor=None)
            for layer in hidden.layers
        ),
        jnp.asarray(sharpness * modes.coupling, jnp.float32),
        jnp.asarray(sharpness * modes.gamma, jnp.float32),
    )
    scales = jax.tree.map(lambda value: jnp.sqrt(jnp.mean(value**2)) + 1e-12, raw)
    # A logarithm is its own scale, and what shifts a drive is measured by what drives it.
    scales = scales._replace(
        layers=tuple(
            layer._replace(omega=jnp.ones(()), gamma=jnp.sqrt(jnp.mean(given.gamma**2)) + 1e-12)
            for layer, given in zip(scales.layers, raw.layers, strict=True)
        )
    )
    network = jax.tree.map(jnp.divide, raw, scales)
    floors = tuple(jnp.asarray(layer.floor) for layer in hidden.layers)
    return network, Problem(scales, floors, jnp.asarray(hidden.mean), jnp.asarray(hidden.spread))


def layers_of(network: Network, problem: Problem, response: Response) -> tuple[Layer, ...]:
    """Hidden modes of a network in training."""
    layers = jax.tree.map(jnp.multiply, network.layers, problem.scales.layers)
    logarithmic = response not in ("analytic", "relu")
    return tuple(
        layer._replace(floor=floor, omega=jnp.exp(layer.omega) if logarithmic else layer.omega)
        for layer, floor in zip(layers, problem.floors, strict=True)
    )


def logits(network: Network, problem: Problem, images: Any, plan: Plan) -> Any:
    """Class probabilities as logarithms, up to a constant, of a few images.

    Parameters
    ----------
    network : Network
        In training, or like it.
    problem : Problem
    images : float32 array (n, height, width)
        As the hidden modes see them.
    plan : Plan

    Returns
    -------
    float32 array (n, classes)
    """
    layers = layers_of(network, problem, plan.response)
    found = [
        encode_group(images, layer, geometry, plan.response)
        for layer, geometry in zip(layers, plan.geometries, strict=True)
    ]
    features = (jnp.concatenate(found, axis=1) - problem.mean) / problem.spread
    coupling = network.coupling * problem.scales.coupling
    return features @ coupling + network.gamma * problem.scales.gamma


def _group_size(plan: Plan, network: Network) -> int:
    """Images that are encoded together; a divisor of a device's part of the batch."""
    largest = max(
        int(np.prod(geometry.positions)) * (1 + geometry.mirrored) * layer.gamma.size
        for geometry, layer in zip(plan.geometries, network.layers, strict=True)
    )
    size, part = max(group_elements() // largest, 1), plan.batch // plan.mesh.size
    return max(n for n in range(1, part + 1) if part % n == 0 and n <= size)


def _optimiser(steps: Any, largest: float) -> optax.GradientTransformation:
    def rate(step: Any) -> Any:
        done = (step + 1) / steps
        falling = 0.5 * (1 + jnp.cos(jnp.pi * (done - WARM_UP) / (1 - WARM_UP)))
        return largest * jnp.where(done < WARM_UP, done / WARM_UP, falling)

    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate, b2=0.99))


@functools.partial(jax.jit, static_argnames="plan")
def _advance(
    state: State, problem: Problem, images: Any, labels: Any, rows: Any, plan: Plan
) -> tuple[State, Any]:
    """As many steps as there are rows (steps, batch) of images; their mean loss."""
    whole, parts = PartitionSpec(), PartitionSpec(None, plan.mesh.axis_names[0])
    run = jax.shard_map(
        functools.partial(_advance_part, plan=plan),
        mesh=plan.mesh,
        in_specs=(whole, whole, whole, whole, parts),
        out_specs=(whole, whole),
        check_vma=False,
    )
    return run(state, problem, images, labels, rows)


def _advance_part(
    state: State, problem: Problem, images: Any, labels: Any, rows: Any, plan: Plan
) -> tuple[State, Any]:
    """Steps with this device's part of each batch; the state is the same on all."""
    (axis,), part = plan.mesh.axis_names, plan.batch // plan.mesh.size
    places = jax.lax.axis_index(axis) * part + jnp.arange(part)
    size = _group_size(plan, state.network)
    optimiser, key = _optimiser(state.steps, plan.rate), jax.random.key(plan.seed)
    kept = 1 - 1 / jnp.maximum(AVERAGED * state.steps, 1)

    def loss(network, some, wanted):
        found = logits(network, problem, some, plan)
        return jnp.sum(optax.softmax_cross_entropy_with_integer_labels(found, wanted))

    def one(state, chosen):
        some, wanted = images[chosen], labels[chosen]
        if plan.augmentation is not None:
            now = jax.random.fold_in(key, state.step)
            keys = jax.vmap(jax.random.fold_in, (None, 0))(now, places)
            some = augment(some, keys, plan.augmentation)

        # A group at a time, forth and back, so that codes never leave the cache.
        def group(total, part):
            change = jax.value_and_grad(loss)(state.network, *part)
            return jax.tree.map(jnp.add, total, change), None

        parts = some.reshape(-1, size, *some.shape[1:]), wanted.reshape(-1, size)
        nothing = jnp.zeros(()), jax.tree.map(jnp.zeros_like, state.network)
        value, gradient = jax.lax.psum(jax.lax.scan(group, nothing, parts, unroll=2)[0], axis)
        gradient = jax.tree.map(lambda g: g / plan.batch, gradient)
        update, inner = optimiser.update(gradient, state.optimiser, state.network)
        network: Any = optax.apply_updates(state.network, update)
        average = jax.tree.map(lambda a, b: kept * a + (1 - kept) * b, state.average, network)
        state = State(network, average, inner, state.step + 1, state.steps)
        return state, value / plan.batch

    state, losses = jax.lax.scan(one, state, rows)
    return state, losses.mean()


@functools.partial(jax.jit, static_argnames="plan")
def _classes(network: Network, problem: Problem, images: Any, plan: Plan) -> Any:
    """Classes of groups of images (groups, n, height, width)."""
    return jax.lax.map(lambda some: logits(network, problem, some, plan).argmax(axis=1), images)


class Trainer:
    """Training of one network, a call at a time.

    Parameters
    ----------
    hidden, modes, sharpness
        The constructed network and the inverse temperature of its probabilities.
    images : float32 array (n, height, width)
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
        sharpness: float,
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
        mesh = jax.sharding.Mesh(np.array(devices), ("images",))
        self.plan = Plan(hidden.geometries, hidden.response, augmentation, batch, rate, seed, mesh)
        self.network, self.problem = start_network(hidden, modes, sharpness)

    def start(self, steps: int) -> State:
        """State before the first of so many steps."""
        optimiser = _optimiser(steps, self.plan.rate).init(self.network)
        state = State(self.network, self.network, optimiser, jnp.int32(0), jnp.int32(steps))
        # Where a call leaves it, or the second call would be compiled anew.
        return jax.device_put(state, NamedSharding(self.plan.mesh, PartitionSpec()))

    def advance(self, state: State, steps: int) -> tuple[State, float]:
        """Do so many steps and return their mean loss. Which images come depends on the step."""
        rows = self._rows(int(state.step), steps)
        state, loss = _advance(state, self.problem, self.images, self.labels, rows, self.plan)
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

    def accuracy(self, network: Network) -> float:
        """Share of the validation images that a network in training classifies rightly."""
        images, labels = self.validation
        size = min(self.plan.batch, 64)
        groups = -(-len(images) // size)
        padded = np.pad(images, ((0, groups * size - len(images)), (0, 0), (0, 0)))
        padded = padded.reshape(groups, size, *images.shape[1:])
        found = np.asarray(_classes(network, self.problem, padded, self.plan))
        return float(np.mean(found.reshape(-1)[: len(images)] == labels))

    def hidden_of(self, network: Network) -> tuple[Layer, ...]:
        """Hidden modes of a network in training, as NumPy arrays."""
        layers = layers_of(network, self.problem, self.plan.response)
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
    left, look = end - now, now - start
    # With fewer calls than looks there is one after each.
    calls = max((left - LOOKS * look) / call, min(left / (call + look), LOOKS))
    return max(int(calls), 1) * STEPS_PER_CALL


def train(
    trainer: Trainer,
    state: State,
    keep: Callable[[State], None],
    tell: Callable[[Look], None],
) -> State:
    """Go on to the last step; Ctrl-C ends early with what there is.

    Parameters
    ----------
    trainer : Trainer
    state : State
        From `Trainer.start` or a checkpoint.
    keep : callable
        Given the state now and then, to write it to a file.
    tell : callable
        Told how it goes.
    """
    began, steps = time.perf_counter(), int(state.steps)
    every = math.ceil(steps / LOOKS / STEPS_PER_CALL) * STEPS_PER_CALL  # other lengths compile anew
    losses: list[float] = []
    try:
        while (step := int(state.step)) < steps:
            count = min(STEPS_PER_CALL, every - step % every, steps - step)
            state, loss = trainer.advance(state, count)
            losses.append(loss)
            step += count
            if step % every == 0 or step == steps:
                keep(state)
                accuracy, mean = trainer.accuracy(state.average), float(np.mean(losses))
                tell(Look(step, steps, time.perf_counter() - began, mean, accuracy))
                losses.clear()
    except KeyboardInterrupt:
        keep(state)
    return state
