"""Work shared between JAX's devices: the tests have two, see conftest.py."""

import os
import pathlib
import subprocess
import sys

import jax
import numpy as np
import pytest

from wetcow import datasets
from wetcow.images.augmentation import HANDWRITING
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data.samples import Samples
from wetcow.learning.finetune import training
from wetcow.learning.finetune.linear import solve_linear


def fitted():
    """What a fit says of digits."""
    X, y = (part[:600] for part in datasets.load("digits"))
    clf = WaveClassifier(n_modes=16, mirror=True).fit(X, y)
    return {
        "devices": len(jax.devices()),
        "criticality": clf.criticality(X),
        "sharpness": clf.inverse_temperature_,
        "uncertainty": clf.uncertainty(X[:100]),
    }


def trained():
    """Parameters after 16 steps of training, and their loss."""
    X, y = (part[:600] for part in datasets.load("digits"))
    clf = WaveClassifier(n_modes=8).fit(X, y)
    images = clf.hidden_.images(X)
    samples = Samples(clf.hidden_, X.reshape(len(X), -1), labels=y, n_classes=10)
    linear = solve_linear(samples, np.random.default_rng(0))
    trainer = training.Trainer(
        clf.hidden_,
        linear.modes,
        inverse_temperature=linear.inverse_temperature,
        images=images,
        labels=y,
        validation=(images, y),
        augmentation=HANDWRITING,
        rate=0.004,
        seed=0,
    )
    end, loss = trainer.advance(trainer.start(16), 16)
    leaves = {str(index): leaf for index, leaf in enumerate(jax.tree.leaves(end.network))}
    return {**leaves, "devices": trainer.plan.mesh.size, "loss": loss}


WORK = """
import sys, numpy as np
sys.path.insert(0, sys.argv[1])
import test_devices
for name in ("fitted", "trained"):
    np.savez(f"{sys.argv[2]}/{name}.npz", **getattr(test_devices, name)())
"""


@pytest.fixture(scope="module")
def on_one_device(tmp_path_factory):
    """Both, by a process with one device that is otherwise as this one."""
    folder = tmp_path_factory.mktemp("one")
    flags = os.environ["XLA_FLAGS"].replace("device_count=2", "device_count=1")
    command = [sys.executable, "-c", WORK, str(pathlib.Path(__file__).parent), str(folder)]
    subprocess.run(command, env={**os.environ, "XLA_FLAGS": flags}, check=True)
    return {path.stem: dict(np.load(path)) for path in folder.iterdir()}


@pytest.mark.slow
def test_a_fit_on_two_devices_is_one_on_one(on_one_device):
    one, two = on_one_device["fitted"], fitted()
    assert one["devices"] == 1 and two["devices"] == 2
    found, expected = two["criticality"], one["criticality"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_allclose(two["sharpness"], one["sharpness"], rtol=1e-5)
    np.testing.assert_allclose(two["uncertainty"], one["uncertainty"], rtol=1e-4)


@pytest.mark.slow
def test_training_on_two_devices_is_that_on_one(on_one_device):
    one, two = dict(on_one_device["trained"]), trained()
    assert (one.pop("devices"), two.pop("devices")) == (1, 2)
    for name, value in one.items():
        # Adam divides by the size of the gradient, and so makes rounding large where it is small.
        np.testing.assert_allclose(two[name], value, rtol=0, atol=2e-3 * np.abs(value).max())


def test_both_devices_take_part(monkeypatch):
    """Enough images for many groups are sent to one device and the other."""
    used = set()
    original = jax.device_put

    def put(value, device=None, **keywords):
        placed = original(value, device, **keywords)
        used.update(placed.devices())
        return placed

    monkeypatch.setattr(jax, "device_put", put)
    X, y = (part[:600] for part in datasets.load("digits"))
    WaveClassifier(n_modes=64, n_regions=1).fit(X, y)
    assert used == set(jax.devices())
