"""Networks of several kinds that learn the same images, are scored, and have operations counted."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from wetcow import simulate
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.dynamics.build import build_network
from wetcow.learning.dynamics.network import SETTLING_TIME, LearnedNetwork
from wetcow.learning.dynamics.random_modes import draw_random_modes
from wetcow.learning.dynamics.readout import read_class
from wetcow.learning.model.readout import MemoryReadout
from wetcow.reports.evidence import Effort
from wetcow.reports.images.data import Images, Part, accuracy, wave
from wetcow.reports.metrics import operations, peer_operations
from wetcow.reports.metrics.operations import Count
from wetcow.reports.peers.descent import DESCENT_BATCH, Learner, descend
from wetcow.reports.peers.layers import initial_weights
from wetcow.reports.peers.line_up import CONVNET_BATCH, has_torch, small_network
from wetcow.reports.peers.perceptron import Perceptron
from wetcow.reports.peers.spiking import STEPS, scores_and_spikes
from wetcow.simulation.simulate import SimulationError

WAVES, INTEGRATED = "waves, closed form", "waves, integrated"
PERCEPTRON, SPIKING, CONVNET = "perceptron", "LIF neurons", "convnet"
_BACKWARD = 3.0  # forth and back again takes about three times the operations of forth alone
_SPIKING_RATE = 0.001
_SAMPLES_PER_TIME = 4
_FINEST = 16  # part of the longest step
_SCORED_AT_ONCE = 500


class EnergySizes(NamedTuple):
    """How much is done.

    Attributes
    ----------
    train, test : int or None
        Images; None: all.
    modes : tuple of int
        Hidden modes of wave classifiers; the first is integrated too.
    integrated : int
        Test images for which that is done.
    passes : int
        Of perceptrons and LIF neurons over the images learned.
    steps : int
        Of convolutional networks.
    widths : tuple of int
        Units in both layers of perceptrons, and of LIF neurons.
    maps : tuple of (int, int, int)
        Of convolutional networks.
    """

    train: int | None
    test: int | None
    modes: tuple[int, ...]
    integrated: int
    passes: int
    steps: int
    widths: tuple[int, ...]
    maps: tuple[tuple[int, int, int], ...]


def _in_rows(part: Part) -> Part:
    return Part(part.images.reshape(len(part.labels), -1), part.labels)


def _row(
    network: str,
    size: str,
    *,
    count: Count,
    learning: float,
    parameters: float,
    reached: float,
) -> dict[str, Any]:
    return {
        "network": network,
        "size": size,
        "accuracy": reached,
        "parameters": parameters,
        **{f"{name}_count": value for name, value in count._asdict().items()},
        "operations": count.operations,
        "bytes": 4 * count.memory_words,
        "chip_bytes": 4 * count.chip_words,
        "microjoules": count.microjoules,
        "learning": learning,
    }


def learning_waves(model: WaveClassifier, count: Count, images: int) -> float:
    """Operations of constructing a wave classifier; the sampling of patches is not counted.

    Codes of all images, components of these, the kernel of all pairs, and iterations that multiply
    it with couplings, for two columns a class; the projection and the preconditioner are not
    counted either.
    """
    memory = model.memory_
    stored, d = memory.rows.shape
    classes = memory.coupling.shape[1]
    codes = images * (count.operations + 2.0 * model.hidden_.n_codes * d)
    pairs = stored**2 / 2
    return codes + pairs * 2 * d + memory.iterations * 4.0 * stored**2 * classes


def _memory(model: WaveClassifier) -> MemoryReadout:
    assert isinstance(model.readout_, MemoryReadout)
    return model.readout_


def _waves(data: Images, sizes: EnergySizes, effort: Effort) -> list[dict[str, Any]]:
    rows, smallest, pixels = [], None, data.train.images[0].size
    for modes in sizes.modes:
        effort.say(f"energy: waves, {modes} hidden modes")
        model = wave(data.name, effort.seed, n_modes=modes)
        model.fit(data.train.images, data.train.labels)
        count = operations.waves(model.hidden_, _memory(model))
        encoding = operations.encoding(model.hidden_)
        learning = learning_waves(model, encoding, sum(model.record_.counts))
        row = _row(
            WAVES,
            f"{modes} modes",
            count=count,
            learning=learning,
            parameters=count.memory_words - pixels,
            reached=accuracy(model, data.test),
        )
        rows.append({**row, "features": model.hidden_.n_codes})
        smallest = smallest or (model, row)
    assert smallest is not None
    rows.append(_integrated(*smallest, data.test, sizes.integrated, effort))
    return rows


def _integrated(
    model: WaveClassifier, closed: dict[str, Any], test: Part, images: int, effort: Effort
) -> dict[str, Any]:
    """Integrate the network of a classifier for the first test images."""
    effort.say(f"energy: integrated, {images} images")
    said, counts, finer = [], [], 1
    random = draw_random_modes(model.readout_)
    for image in test.images[:images]:
        network = build_network(model.hidden_, random, model.classes_, image)
        label, steps, finer = _settle(network, finer)
        counts.append(operations.integrated(model.hidden_, network, steps))
        said.append(label)
    count = Count(*np.mean(counts, axis=0).tolist())
    reached = float(np.mean(np.array(said) == test.labels[:images]))
    agreement = float(np.mean(np.array(said) == model.predict(test.images[:images])))
    row = _row(
        INTEGRATED,
        closed["size"],
        count=count,
        learning=closed["learning"],
        parameters=closed["parameters"],
        reached=reached,
    )
    return {**row, "images": images, "agreement": agreement}


def _settle(network: LearnedNetwork, finer: int) -> tuple[Any, int, int]:
    """Label and number of steps; these are halved where class modes are driven too hard for them.

    Returned is also by what the longest step was divided, for the next image.
    """
    while True:
        try:
            run = simulate(
                network,
                SETTLING_TIME,
                num_samples=math.ceil(SETTLING_TIME * _SAMPLES_PER_TIME) + 1,
                dt=network.step / finer,
                precision="single",
                modes=network.class_indices,
            )
        except SimulationError:
            if finer >= _FINEST:
                raise
            finer *= 2
            continue
        steps = run.attrs["stepping_steps_per_sample"] * (run.sizes["time"] - 1)
        return read_class(network, run).label, steps, finer


def _perceptron(data: Images, width: int, sizes: EnergySizes, effort: Effort) -> dict[str, Any]:
    effort.say(f"energy: perceptron, {width} units")
    peer = Perceptron(data.n_classes, passes=sizes.passes, width=width, seed=effort.seed)
    peer.fit(*data.train)
    widths = (data.train.images[0].size, width, width, data.n_classes)
    count = peer_operations.layers(widths)
    learning = _BACKWARD * count.operations * sizes.passes * len(data.train.labels)
    parameters = count.memory_words - widths[0]
    reached = accuracy(peer, data.test)
    return _row(
        PERCEPTRON,
        f"2 × {width} units",
        count=count,
        learning=learning,
        parameters=parameters,
        reached=reached,
    )


def _spiking(data: Images, width: int, sizes: EnergySizes, effort: Effort) -> dict[str, Any]:
    """Train by the surrogate slope; score, and count spikes, on the test images."""
    effort.say(f"energy: LIF, {width} neurons")
    widths = (data.train.images[0].size, width, width, data.n_classes)
    weights = initial_weights(np.random.default_rng(effort.seed), widths)
    learner = Learner(
        scores=lambda w, rows: scores_and_spikes(w, rows)[0],
        weights=weights,
        hidden=lambda w: w[:-1],
    )
    train, test = _in_rows(data.train), _in_rows(data.test)
    each = max(len(train.labels) // DESCENT_BATCH, 1)
    steps = sizes.passes * each, each, _SPIKING_RATE, effort.seed
    weights = descend(learner, train, *steps, lambda step, loss, weights: None)
    reached, fired = _answers(weights, test)
    count = peer_operations.spiking(widths, fired)
    # Training goes through all synapses in all steps, whether there are spikes or not.
    currents = operations.products(*widths[:2]).operations
    dense = currents + STEPS * peer_operations.layers(widths[1:]).operations
    learning = _BACKWARD * dense * sizes.passes * len(train.labels)
    parameters = peer_operations.layers(widths).memory_words - widths[0]
    row = _row(
        SPIKING,
        f"2 × {width}, {STEPS} steps",
        count=count,
        learning=learning,
        parameters=parameters,
        reached=reached,
    )
    return {**row, "rate": sum(fired) / (STEPS * sum(widths[1:-1])), "spikes": fired}


def _answers(weights: Any, test: Part) -> tuple[float, list[float]]:
    """Accuracy, and the mean number of spikes of each layer for an image."""
    answer = jax.jit(scores_and_spikes)
    right, fired = 0, np.zeros(len(weights) - 1)
    for start in range(0, len(test.labels), _SCORED_AT_ONCE):
        some = slice(start, start + _SCORED_AT_ONCE)
        scores, spikes = answer(weights, jnp.asarray(test.images[some]))
        right += int(np.sum(np.asarray(scores).argmax(axis=1) == test.labels[some]))
        fired += [float(layer.sum()) for layer in spikes]
    return right / len(test.labels), (fired / len(test.labels)).tolist()


def _convnet(
    data: Images, maps: tuple[int, int, int], sizes: EnergySizes, effort: Effort
) -> dict[str, Any]:
    """Train on deformed images, as this network does best."""
    named = ", ".join(map(str, maps))
    effort.say(f"energy: convnet, {named} maps")
    peer = small_network(data.name, sizes.steps, effort.seed, maps)
    peer.fit(*_in_rows(data.train))
    count = peer_operations.small_convnet(maps, data.train.images.shape[1], data.n_classes)
    learning = _BACKWARD * count.operations * sizes.steps * CONVNET_BATCH
    parameters = count.memory_words - data.train.images[0].size
    reached = accuracy(peer, _in_rows(data.test))
    return _row(
        CONVNET,
        f"{named} maps",
        count=count,
        learning=learning,
        parameters=parameters,
        reached=reached,
    )


def measure(data: Images, sizes: EnergySizes, effort: Effort) -> list[dict[str, Any]]:
    """Learn with every network, score test images once, and count.

    Returns
    -------
    list of dict
        "network", "size", "accuracy", "operations", "bytes" from memory, "chip_bytes",
        "microjoules", "parameters", "learning" (operations in all); counts of each kind. Of LIF
        neurons also "rate" (spikes per neuron and step), of the integrated network "images" and
        "agreement" with the closed form in these.
    """
    rows = _waves(data, sizes, effort)
    rows += [_perceptron(data, width, sizes, effort) for width in sizes.widths]
    rows += [_spiking(data, width, sizes, effort) for width in sizes.widths]
    if has_torch():
        rows += [_convnet(data, maps, sizes, effort) for maps in sizes.maps]
    return rows
