"""The encoder as a transformer: its codes, their names, files and ONNX."""

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from wetcow import WaveClassifier, WaveFeatures, datasets
from wetcow.learning.io.container import ModelFileError
from wetcow.learning.model.encoder import codes_at_positions


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


@pytest.fixture(scope="module")
def fitted(digits):
    return WaveFeatures(n_modes=4, patch_size=(3, 5), n_regions=2).fit(digits[0][:250])


# Known answers


def test_features_are_what_the_classifier_sees(digits):
    X, y = (part[:250] for part in digits)
    parameters = {"n_modes": 4, "frame": None, "mirror": False}
    features = WaveFeatures(**parameters).fit(X)
    codes = WaveClassifier(**parameters).fit(X, y).hidden_.codes(X.reshape(250, -1))
    np.testing.assert_array_equal(features.transform(X), codes)


def test_names_say_what_numbers_are(fitted, digits):
    """A name's bank, code, region and mode, computed alone."""
    X = digits[0][:3]
    names = fitted.get_feature_names_out().tolist()
    found = fitted.transform(X)
    assert found.shape == (3, len(names)) and len(set(names)) == len(names) == 2 * 2 * 4 * 4
    assert found.dtype == np.float32
    hidden = fitted.hidden_
    images = hidden.images(X.reshape(3, -1))
    layer, geometry = hidden.layers[1], hidden.geometries[1]
    codes = codes_at_positions(images, layer, geometry, "both")
    assert codes[1].shape == (3, 8, 8, 4)
    mean = np.asarray(codes[1])[:, 4:, :4, 2].mean(axis=(1, 2)) * layer.omega[2]
    place = names.index("bank2_rate_row2_column1_mode3")
    np.testing.assert_allclose(found[:, place], np.sqrt(mean), atol=1e-4)


def test_columns_of_tables_keep_their_names():
    pandas = pytest.importorskip("pandas")
    X, _ = load_wine(return_X_y=True)
    frame = pandas.DataFrame(X, columns=[f"c{number}" for number in range(13)])
    features = WaveFeatures().fit(frame)
    assert features.get_feature_names_out()[-2:].tolist() == ["c12", "constant"]
    wanted = np.column_stack([(X - X.mean(axis=0)) / X.std(axis=0) / 13**0.5, np.ones(178)])
    np.testing.assert_allclose(features.transform(frame), wanted, atol=1e-5)
    table = features.set_output(transform="pandas").transform(frame)
    assert table.columns[0] == "c0"


# Properties


def test_labels_decide_how_images_are_looked_at(digits):
    X, y = (part[:250] for part in digits)
    without, known = (WaveFeatures(n_modes=4).fit(X, labels) for labels in (None, y))
    assert not without.decision_.trials and known.decision_.trials
    values = WaveFeatures(n_modes=4).fit(X, y / 3.0)
    assert values.decision_.trials


def test_others_learn_from_features(digits):
    X, y = datasets.load("digits", flat=True)
    model = make_pipeline(WaveFeatures(n_modes=16), RidgeClassifier(0.01))
    assert model.fit(X[:500], y[:500]).score(X[500:], y[500:]) > 0.9


def test_a_weight_of_zero_is_no_image(digits):
    X = digits[0][:60]
    weights = np.arange(60) % 2
    found = WaveFeatures(n_modes=4).fit(X, sample_weight=weights)
    expected = WaveFeatures(n_modes=4).fit(X[1::2])
    np.testing.assert_array_equal(found.transform(X), expected.transform(X))


# Files


def test_files_cards_and_onnx(fitted, digits, tmp_path):
    X = digits[0][250:300]
    fitted.save(tmp_path / "model")
    loaded = WaveFeatures.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.transform(X), fitted.transform(X))
    assert loaded.get_feature_names_out().tolist() == fitted.get_feature_names_out().tolist()
    assert "# WaveFeatures: images of 8×8 pixels to 64 features" in loaded.card()
    with pytest.raises(ModelFileError, match=r"wetcow\.WaveFeatures\.load"):
        WaveClassifier.load(tmp_path / "model")
    session = pytest.importorskip("onnxruntime").InferenceSession
    loaded.to_onnx(tmp_path / "model.onnx")
    rows = X.reshape(50, -1).astype(np.float32)
    (found,) = session(str(tmp_path / "model.onnx")).run(None, {"X": rows})
    # "rate" jumps where an excitation is within rounding of zero.
    assert np.mean(np.abs(found - fitted.transform(X)) > 1e-4) < 0.001


# Errors


def test_labels_of_another_number(digits):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        WaveFeatures().fit(digits[0][:30], digits[1][:20])


@pytest.mark.slow
@parametrize_with_checks([WaveFeatures()])
def test_scikit_learn_knows_the_features(estimator, check):
    check(estimator)
