"""Old names of what users see: they still work, say so, and are what files call things."""

import importlib

import numpy as np
import pytest

from wetcow import WaveClassifier, datasets
from wetcow.learning.io.container import read_model
from wetcow.learning.settings.presets import DATASET_DEFAULTS

RENAMED = {
    "sharpness_": "inverse_temperature_",
    "noise_": "residual_variance_",
    "usual_uncertainty_": "uncertainty_threshold_",
}


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.load("digits")
    return X[:200], y[:200]


@pytest.fixture(scope="module")
def fitted(digits):
    return WaveClassifier(n_modes=4).fit(*digits)


# Known answers


@pytest.mark.parametrize("old, new", RENAMED.items())
def test_old_attributes(fitted, old, new):
    with pytest.warns(FutureWarning, match=f"{old} is called {new} now"):
        assert getattr(fitted, old) == getattr(fitted, new)
    assert not hasattr(WaveClassifier(), old)  # nor does it warn
    assert not hasattr(WaveClassifier(), new)


def test_old_constant():
    presets = importlib.import_module("wetcow.learning.settings.presets")
    with pytest.warns(FutureWarning, match="DATASET_DEFAULTS"):
        assert presets.RECIPES is DATASET_DEFAULTS


# Files


def test_files_keep_the_names_of_the_first_version(digits, fitted, tmp_path):
    """Of attributes; parameters are called as they are now."""
    X, _ = digits
    fitted.set_params(cache_size=7e9).save(tmp_path / "model")
    header, _ = read_model(tmp_path / "model")
    assert set(RENAMED) < set(header) and "ground" in header["convention"]
    assert header["parameters"]["cache_size"] == 7e9
    loaded = WaveClassifier.load(tmp_path / "model")
    assert loaded.cache_size == 7e9
    for new in RENAMED.values():
        assert getattr(loaded, new) == getattr(fitted, new)
    np.testing.assert_allclose(loaded.criticality(X), fitted.criticality(X), atol=1e-9)
    fitted.set_params(cache_size=8e9)
