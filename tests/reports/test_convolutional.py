"""Networks trained for a number of steps on deformed images."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("torch")

from torch import Generator  # pyright: ignore[reportMissingImports]

from wetcow.reports.peers.convolutional import Small
from wetcow.reports.peers.line_up import small_network
from wetcow.reports.peers.torch_training import TrainedInSteps


def bars(count, seed):
    """Images of horizontal and vertical bars, and which they are."""
    rng = np.random.default_rng(seed)
    images, labels = rng.uniform(0, 0.1, (count, 12, 12)), np.arange(count) % 2
    for image, label, place in zip(images, labels, rng.integers(3, 8, count), strict=True):
        (image.T if label else image)[place : place + 2, 2:10] = 1
    return images.astype(np.float32), labels


def test_fewer_images_than_in_a_step_are_learned():
    few, labels = bars(6, 0)
    network = small_network("mnist", 30, seed=1, few=True)
    network.fit(few, labels)
    test, right = bars(200, 1)
    assert np.mean(network.predict(test) == right) > 0.95
    probabilities = network.predict_proba(test)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    again = small_network("mnist", 30, seed=1, few=True)
    again.fit(few, labels)
    np.testing.assert_allclose(again.predict_proba(test), probabilities, atol=1e-5)
    other = small_network("mnist", 30, seed=2, few=True)
    other.fit(few, labels)
    assert not np.allclose(other.predict_proba(test), probabilities, atol=1e-3)


def test_networks_that_learn_at_once_are_those_that_learn_alone():
    images, labels = bars(6, 0)

    def answers(seed):
        network = small_network("mnist", 20, seed, few=True)
        network.fit(images, labels)
        return network.predict_proba(images)

    with ThreadPoolExecutor(4) as pool:
        together = [*pool.map(answers, range(4))]
    for seed, found in enumerate(together):
        np.testing.assert_allclose(found, answers(seed), atol=1e-5)


@pytest.mark.parametrize("count", [3, 8, 20])
def test_every_step_is_full_and_images_come_equally_often(count):
    network = TrainedInSteps(
        Small, steps=1, learning_rate=1e-3, augmentation=None, seed=0, num_threads=1, batch=8
    )
    steps = network._shuffled(count, Generator())
    assert {len(rows) for rows in steps} == {8} and len(steps) == max(count // 8, 1)
    times = np.bincount(np.concatenate(steps), minlength=count)
    assert times.max() - times.min() <= 1
