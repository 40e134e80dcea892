"""Exported models give what the classifier gives, in another runtime."""

import json
import sys

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.exceptions import NotFittedError
from typer.testing import CliRunner

import wetcow
from wetcow import datasets
from wetcow.cli import app
from wetcow.images.frame import HANDWRITING, Frame
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.settings.presets import DATASET_DEFAULTS

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

TOLERANCE = 1e-5  # of criticalities; that of probabilities is larger by their β, about 20
OF_PROBABILITIES = 5e-5  # measured: 1.7e-5


def run(path, rows):
    rows = np.asarray(rows, np.float32).reshape(len(rows), -1)
    return runtime.InferenceSession(path).run(
        ["label", "probabilities", "criticality"], {"X": rows}
    )


def check(classifier, rows, path):
    """Compare all outputs in all rows."""
    classifier.to_onnx(path)
    rows = np.asarray(rows, np.float32)
    labels, probabilities, criticality = run(path, rows)
    wanted = classifier.predict_proba(rows)
    assert probabilities.dtype == np.float32 and probabilities.shape == wanted.shape
    np.testing.assert_allclose(probabilities, wanted, rtol=0, atol=OF_PROBABILITIES)
    exact = classifier.criticality(rows)
    np.testing.assert_allclose(criticality, exact, rtol=0, atol=TOLERANCE)
    assert labels.tolist() == classifier.predict(rows).tolist()


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


@pytest.fixture(scope="module")
def fitted(digits):
    X, y = digits
    return WaveClassifier(n_modes=32).fit(X[:600], y[:600])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


# Known answers


@pytest.mark.slow
def test_digits_of_any_number(fitted, digits, path):
    check(fitted, digits[0][600:1000], path)
    whole = run(path, digits[0][600:640])
    for count in (1, 7):
        for part, all_of_them in zip(run(path, digits[0][600 : 600 + count]), whole, strict=True):
            np.testing.assert_allclose(part, all_of_them[:count], rtol=0, atol=OF_PROBABILITIES)


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {"response": "rate", "n_regions": 4, "patch_size": (5, 4)},
        {"response": "analytic", "patch_size": 8, "n_regions": 1},
        {"response": "relu", "frame": HANDWRITING._replace(size=None)},
        {"response": "amplitude", "mirror": True, "patch_size": (3, 4), "frame": "seven"},
        {
            "threshold": -0.2,  # many modes beyond criticality
            "frame": Frame((5, 6), 0.2, 1.0, roundness=0.5),
            "patch_size": 3,
        },
    ],
    ids=str,
)
def test_every_kind_of_network(parameters, digits, path):
    X, y = digits
    rows = np.concatenate([X[400:460], np.zeros((1, 8, 8)), -X[:1], 1e-3 * X[1:2]])
    check(WaveClassifier(n_modes=12, **parameters).fit(X[:200], y[:200]), rows, path)


@pytest.mark.slow
def test_images_that_are_not_square(digits, path):
    X, y = digits[0][:, 1:7], digits[1]
    frame = Frame((4, 9), 0.3, 0.7, deskew=True)
    check(
        WaveClassifier(n_modes=12, patch_size=3, frame=frame).fit(X[:200], y[:200]), X[200:], path
    )


@pytest.mark.slow
def test_couplings_to_frequencies(fitted, digits, path):
    """Trained modes may be driven in frequency too."""
    import copy
    import dataclasses

    (layer,) = fitted.hidden_.layers
    rng = np.random.default_rng(0)
    frequency = 0.1 * rng.normal(size=layer.excitation.shape).astype(np.float32)
    hidden = fitted.hidden_.with_layers(
        (layer._replace(frequency=frequency),),
        fitted.hidden_.images(digits[0][:100].reshape(100, -1)),
    )
    driven = copy.copy(fitted)
    driven.hidden_ = dataclasses.replace(hidden, layers=hidden.layers)
    check(driven, digits[0][600:700], path)


def test_tables(path):
    X, y = load_wine(return_X_y=True)
    check(WaveClassifier(n_modes=16, image_shape=None).fit(X[::2], y[::2]), X[1::2], path)


@pytest.mark.parametrize(
    "labels, dtype",
    [
        (np.array([7, -3, 2**40]), np.int64),
        (np.array([0.0, 1.0, -2.0]), np.float64),
        (np.array([False, True]), np.bool_),
        (np.array(["cat", "größer", "dog"]), object),
        (np.array(["cat", "dog"], dtype=object), object),
    ],
)
def test_labels_come_back(labels, dtype, digits, path):
    X, numbers = digits
    y = labels[numbers[:200] % len(labels)]
    classifier = WaveClassifier(n_modes=8).fit(X[:200], y)
    check(classifier, X[200:230], path)
    assert run(path, X[200:230])[0].dtype == dtype
    stored = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert json.loads(stored["classes"]) == classifier.classes_.tolist()


@pytest.mark.slow
def test_metadata(fitted, path):
    fitted.to_onnx(path)
    model = onnx.load(path)
    stored = {entry.key: entry.value for entry in model.metadata_props}
    assert stored["wetcow"] == model.producer_version == wetcow.__version__
    assert json.loads(stored["image_shape"]) == [8, 8] and json.loads(stored["frame"]) is None
    assert [one.domain for one in model.opset_import] == [""]  # no extensions


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_real_images(name, path):
    """With frame, or mirror pairs; a small network, as it is the image that matters here."""
    try:
        X, y = datasets.load(name, split="test")
    except OSError as error:
        pytest.skip(str(error))
    classifier = WaveClassifier(n_modes=8, **DATASET_DEFAULTS[name]).fit(X[:300], y[:300])
    check(classifier, X[300:400], path)


# Files


def test_command(fitted, digits, path, monkeypatch):
    saved = path.with_name("digits.wetcow")
    fitted.save(saved)
    arguments = ["export", str(saved), "--onnx", str(path)]
    result = CliRunner().invoke(app, [*arguments, "--json", "-"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["bytes"] == path.stat().st_size and report["classes"] == list(range(10))
    assert run(path, digits[0][600:650])[0].tolist() == fitted.predict(digits[0][600:650]).tolist()
    monkeypatch.setitem(sys.modules, "onnx", None)  # as if it were not installed
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2 and 'pip install "wetcow[onnx]"' in result.stderr


# Errors


@pytest.mark.parametrize("labels", [[1, "a"], [True, 2], [None, "a"], [2**70, 1]])
def test_labels_without_a_type_are_refused_before_writing(labels, fitted, path):
    import copy

    odd = copy.copy(fitted)
    odd.classes_ = np.array([*labels, *range(8)], dtype=object)
    path.write_text("what was there")
    with pytest.raises(ValueError, match=r"labels in ONNX are.*got"):
        odd.to_onnx(path)
    assert path.read_text() == "what was there" and len(list(path.parent.iterdir())) == 1


def test_too_large_and_not_fitted(fitted, path, monkeypatch):
    with pytest.raises(NotFittedError):
        WaveClassifier().to_onnx(path)
    monkeypatch.setattr("wetcow.learning.io.onnx._LARGEST", 1000)
    with pytest.raises(ValueError, match="fewer modes"):
        fitted.to_onnx(path)
    assert not path.exists()
