"""Work shared between JAX's devices: the tests have two, see conftest.py."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest

from wetcow import datasets
from wetcow.learning.classifier import WaveClassifier

FIT = """
import sys, jax, numpy as np
from wetcow import datasets, WaveClassifier
X, y = (part[:600] for part in datasets.load("digits"))
clf = WaveClassifier(n_modes=16, mirror=True).fit(X, y)
np.savez(sys.argv[1], devices=len(jax.devices()), criticality=clf.criticality(X),
         sharpness=clf.inverse_temperature_, uncertainty=clf.uncertainty(X[:100]))
"""


@pytest.mark.slow
def test_a_fit_on_two_devices_is_one_on_one(tmp_path):
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=1"}
    command = [sys.executable, "-c", FIT, str(tmp_path / "one.npz")]
    subprocess.run(command, env=environment, check=True)
    one = np.load(tmp_path / "one.npz")
    assert one["devices"] == 1 and len(jax.devices()) == 2

    X, y = (part[:600] for part in datasets.load("digits"))
    clf = WaveClassifier(n_modes=16, mirror=True).fit(X, y)
    found, expected = clf.criticality(X), one["criticality"]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    np.testing.assert_allclose(clf.inverse_temperature_, one["sharpness"], rtol=1e-5)
    np.testing.assert_allclose(clf.uncertainty(X[:100]), one["uncertainty"], rtol=1e-4)


TRAIN = """
import sys, jax, numpy as np
from wetcow import datasets, WaveClassifier
from wetcow.learning.data.samples import Samples
from wetcow.learning.finetune import training
from wetcow.learning.finetune.linear import solve_linear
from wetcow.images.augmentation import HANDWRITING
X, y = (part[:600] for part in datasets.load("digits"))
clf = WaveClassifier(n_modes=8).fit(X, y)
images = clf.hidden_.images(X)
samples = Samples(clf.hidden_, X.reshape(len(X), -1), labels=y, n_classes=10)
linear = solve_linear(samples, np.random.default_rng(0))
trainer = training.Trainer(
    clf.hidden_, linear.modes, inverse_temperature=linear.inverse_temperature, images=images,
    labels=y, validation=(images, y), augmentation=HANDWRITING, rate=0.004, seed=0,
)
end, loss = trainer.advance(trainer.start(16), 16)
np.savez(sys.argv[1], *jax.tree.leaves(end.network), devices=trainer.plan.mesh.size, loss=loss)
"""


@pytest.mark.slow
def test_training_on_two_devices_is_that_on_one(tmp_path):
    found = []
    for count in (1, 2):
        flags = f"--xla_force_host_platform_device_count={count}"
        path = str(tmp_path / f"{count}.npz")
        command = [sys.executable, "-c", TRAIN, path]
        subprocess.run(command, env={**os.environ, "XLA_FLAGS": flags}, check=True)
        found.append(dict(np.load(path)))
    one, two = found
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
