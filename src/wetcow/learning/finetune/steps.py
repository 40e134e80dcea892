"""Steps of training, compiled: deform images, follow the gradient, average."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import PartitionSpec

from wetcow.images.augmentation import augment
from wetcow.learning.finetune.trainable import Plan, Scaling, Trainable, logits
from wetcow.learning.model.encoder import group_elements

WARM_UP = 0.05  # share of the steps in which the rate rises
AVERAGED = 0.02  # share of the steps over which the running average reaches back


class TrainingState(NamedTuple):
    """Everything that a step changes; a checkpoint has it.

    Attributes
    ----------
    network, average : Trainable
        In training, and its running average.
    optimiser : pytree
    step, steps : int32 scalars
        Done, and in all.
    """

    network: Trainable
    average: Trainable
    optimiser: Any
    step: Any
    steps: Any


def optimiser(steps: Any, largest: float) -> optax.GradientTransformation:
    """Adam with a learning rate that rises and falls once in so many steps."""

    def rate(step: Any) -> Any:
        done = (step + 1) / steps
        falling = 0.5 * (1 + jnp.cos(jnp.pi * (done - WARM_UP) / (1 - WARM_UP)))
        return largest * jnp.where(done < WARM_UP, done / WARM_UP, falling)

    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate, b2=0.99))


@functools.partial(jax.jit, static_argnames="plan")
def advance(
    state: TrainingState,
    scaling: Scaling,
    images: Any,
    labels: Any,
    rows: Any,
    key: Any,
    plan: Plan,
) -> tuple[TrainingState, Any]:
    """As many steps as there are rows (steps, batch) of images; their mean loss.

    Deformations follow from the key: training with another seed does not compile anew.
    """
    whole, parts = PartitionSpec(), PartitionSpec(None, plan.mesh.axis_names[0])
    run = jax.shard_map(
        functools.partial(_advance_part, plan=plan),
        mesh=plan.mesh,
        in_specs=(whole, whole, whole, whole, parts, whole),
        out_specs=(whole, whole),
        check_vma=False,
    )
    return run(state, scaling, images, labels, rows, key)


def _advance_part(
    state: TrainingState,
    scaling: Scaling,
    images: Any,
    labels: Any,
    rows: Any,
    key: Any,
    plan: Plan,
) -> tuple[TrainingState, Any]:
    """Steps with this device's part of each batch; the state is the same on all."""

    def one(state: TrainingState, chosen: Any) -> tuple[TrainingState, Any]:
        some = _deformed(images[chosen], jax.random.fold_in(key, state.step), plan)
        value, gradient = _gradient(state.network, scaling, some, labels[chosen], plan)
        return _updated(state, gradient, plan), value / plan.batch

    state, losses = jax.lax.scan(one, state, rows)
    return state, losses.mean()


def _deformed(images: Any, now: Any, plan: Plan) -> Any:
    """Deform this device's part of a batch, as follows from the step's key and places in it."""
    if plan.augmentation is None:
        return images
    (axis,), part = plan.mesh.axis_names, plan.batch // plan.mesh.size
    places = jax.lax.axis_index(axis) * part + jnp.arange(part)
    keys = jax.vmap(jax.random.fold_in, (None, 0))(now, places)
    return augment(images, keys, plan.augmentation)


def _gradient(
    network: Trainable, scaling: Scaling, images: Any, labels: Any, plan: Plan
) -> tuple[Any, Trainable]:
    """Summed loss of the whole batch, and the gradient of its mean."""
    (axis,), size = plan.mesh.axis_names, _group_size(plan, network)

    def loss(network: Trainable, some: Any, wanted: Any) -> Any:
        found = logits(network, scaling, some, plan)
        return jnp.sum(optax.softmax_cross_entropy_with_integer_labels(found, wanted))

    # A group at a time, forth and back, so that codes never leave the cache.
    def group(total: Any, part: Any) -> tuple[Any, None]:
        change = jax.value_and_grad(loss)(network, *part)
        return jax.tree.map(jnp.add, total, change), None

    parts = images.reshape(-1, size, *images.shape[1:]), labels.reshape(-1, size)
    nothing = jnp.zeros(()), jax.tree.map(jnp.zeros_like, network)
    value, gradient = jax.lax.psum(jax.lax.scan(group, nothing, parts, unroll=2)[0], axis)
    return value, jax.tree.map(lambda g: g / plan.batch, gradient)


def _updated(state: TrainingState, gradient: Trainable, plan: Plan) -> TrainingState:
    """State after a step."""
    kept = 1 - 1 / jnp.maximum(AVERAGED * state.steps, 1)
    chosen = optimiser(state.steps, plan.rate)
    update, inner = chosen.update(gradient, state.optimiser, state.network)
    network: Any = optax.apply_updates(state.network, update)
    return TrainingState(
        network=network,
        average=jax.tree.map(lambda a, b: kept * a + (1 - kept) * b, state.average, network),
        optimiser=inner,
        step=state.step + 1,
        steps=state.steps,
    )


def _group_size(plan: Plan, network: Trainable) -> int:
    """Images that are encoded together; a divisor of a device's part of the batch."""
    largest = max(
        int(np.prod(geometry.positions)) * (1 + geometry.mirrored) * layer.gamma.size
        for geometry, layer in zip(plan.geometries, network.layers, strict=True)
    )
    size, part = max(group_elements() // largest, 1), plan.batch // plan.mesh.size
    return max(n for n in range(1, part + 1) if part % n == 0 and n <= size)


@functools.partial(jax.jit, static_argnames="plan")
def classes(network: Trainable, scaling: Scaling, images: Any, plan: Plan) -> Any:
    """Classes of groups of images (groups, n, height, width)."""
    return jax.lax.map(lambda some: logits(network, scaling, some, plan).argmax(axis=1), images)
