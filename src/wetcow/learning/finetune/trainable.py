"""What is trained: all numbers of hidden and class modes, in units in which they change alike."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from wetcow.images.augmentation import Augmentation
from wetcow.learning.model.activation import Response
from wetcow.learning.model.encoder import Geometry, Layer, encode_group
from wetcow.learning.model.hidden_modes import HiddenModes
from wetcow.learning.model.ridge import ClassModes


class Trainable(NamedTuple):
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


class Scaling(NamedTuple):
    """What stays fixed while training.

    Attributes
    ----------
    scales, floors : pytrees
        Of the arrays that are trained, and of contrast normalisation.
    mean, spread : arrays (d,)
        Of the features.
    """

    scales: Trainable
    floors: tuple[Any, ...]
    mean: Any
    spread: Any


class Plan(NamedTuple):
    """What is fixed at compilation."""

    geometries: tuple[Geometry, ...]
    response: Response
    augmentation: Augmentation | None
    batch: int
    rate: float  # largest learning rate, in units of the root mean square of each array
    seed: int
    mesh: jax.sharding.Mesh  # each of whose devices takes its part of a batch


def _has_frequencies(response: Response) -> bool:
    """Whether frequencies matter and are positive, so that their logarithms are trained."""
    return response not in ("analytic", "relu")


def start_trainable(
    hidden: HiddenModes, modes: ClassModes, inverse_temperature: float
) -> tuple[Trainable, Scaling]:
    """Return the constructed network in the units of training."""
    raw = Trainable(
        layers=tuple(
            layer._replace(omega=jnp.log(jnp.abs(layer.omega)), floor=None)
            if _has_frequencies(hidden.response)
            else layer._replace(floor=None)
            for layer in hidden.layers
        ),
        coupling=jnp.asarray(inverse_temperature * modes.coupling, jnp.float32),
        gamma=jnp.asarray(inverse_temperature * modes.gamma, jnp.float32),
    )
    scales = jax.tree.map(lambda value: jnp.sqrt(jnp.mean(value**2)) + 1e-12, raw)
    # A logarithm is its own scale, and what shifts a drive is measured by what drives it.
    scales = scales._replace(
        layers=tuple(
            layer._replace(omega=jnp.ones(()), gamma=jnp.sqrt(jnp.mean(given.gamma**2)) + 1e-12)
            for layer, given in zip(scales.layers, raw.layers, strict=True)
        )
    )
    scaling = Scaling(
        scales=scales,
        floors=tuple(jnp.asarray(layer.floor) for layer in hidden.layers),
        mean=jnp.asarray(hidden.mean),
        spread=jnp.asarray(hidden.spread),
    )
    return jax.tree.map(jnp.divide, raw, scales), scaling


def layers_of(network: Trainable, scaling: Scaling, response: Response) -> tuple[Layer, ...]:
    """Hidden modes of a network in training."""
    layers = jax.tree.map(jnp.multiply, network.layers, scaling.scales.layers)
    logarithmic = _has_frequencies(response)
    return tuple(
        layer._replace(floor=floor, omega=jnp.exp(layer.omega) if logarithmic else layer.omega)
        for layer, floor in zip(layers, scaling.floors, strict=True)
    )


def logits(network: Trainable, scaling: Scaling, images: Any, plan: Plan) -> Any:
    """Class probabilities as logarithms, up to a constant, of a few images.

    Parameters
    ----------
    network : Trainable
    scaling : Scaling
    images : float32 array (n, height, width), or with channels (n, height, width, channels)
        As the hidden modes see them.
    plan : Plan

    Returns
    -------
    float32 array (n, classes)
    """
    layers = layers_of(network, scaling, plan.response)
    found = [
        encode_group(images, layer, geometry, plan.response)
        for layer, geometry in zip(layers, plan.geometries, strict=True)
    ]
    features = (jnp.concatenate(found, axis=1) - scaling.mean) / scaling.spread
    coupling = network.coupling * scaling.scales.coupling
    return features @ coupling + network.gamma * scaling.scales.gamma
