"""Models of series in files and in ONNX: the same answers, damage named, others refused."""

import re

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import wetcow as wc
from wetcow.learning import load_series_model, save_series_model, series_card, series_to_onnx
from wetcow.learning.io.container import ModelFileError, read_model, write_model


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 12)
    turn = np.where(y, 0.5, 0.4)[:, None, None] * np.arange(50)
    X = np.sin(rng.uniform(0, 6, (24, 1, 1)) + turn) + 0.3 * rng.normal(size=(24, 2, 50))
    return X, y


@pytest.fixture(scope="module")
def classes(series):
    X, y = series
    model = make_pipeline(wc.SeriesFeatures(300), wc.WaveClassifier(image_shape=None))
    return model.fit(X, np.array(["slow", "fast"])[y])


@pytest.fixture(scope="module")
def values(series):
    X, y = series
    model = make_pipeline(wc.SeriesFeatures(300), wc.WaveRegressor(image_shape=None))
    return model.fit(X, y + X[:, 0, 0])


def rewritten(path, change):
    header, arrays = read_model(path)
    for own in ("format", "format_version", "wetcow", "arrays"):
        del header[own]
    change(header, arrays)
    write_model(path, header, arrays)


# The same answers.


def test_a_pipeline_answers_as_before(series, classes, values, tmp_path):
    X, _ = series
    save_series_model(classes, tmp_path / "classes", notes="made up")
    again = load_series_model(tmp_path / "classes")
    assert np.array_equal(again.predict(X), classes.predict(X))
    np.testing.assert_array_equal(again.predict_proba(X[:5]), classes.predict_proba(X[:5]))
    assert again[0].get_params() == classes[0].get_params()
    save_series_model(values, tmp_path / "values")
    again = load_series_model(tmp_path / "values")
    np.testing.assert_array_equal(again.predict(X), values.predict(X))


def test_features_alone_keep_what_fit_was_given(series, tmp_path):
    X, _ = series
    flat = wc.SeriesFeatures(100, omega=0.3, n_segments=2, differences=True).fit(X[:, 0])
    save_series_model(flat, tmp_path / "model")
    again = load_series_model(tmp_path / "model")
    assert (
        again.omega == 0.3
        and again.n_segments == 2
        and again.differences is True
        and again.n_features_in_ == 50
        and again.n_channels_ == 1
    )
    np.testing.assert_array_equal(again.transform(X[:, 0]), flat.transform(X[:, 0]))
    assert "420 more hear in the same way by how much series change" in series_card(again)
    rewritten(tmp_path / "model", lambda header, arrays: arrays.pop("series/differences/spread"))
    with pytest.raises(ModelFileError, match="series/differences/spread"):
        load_series_model(tmp_path / "model")


@pytest.mark.parametrize(
    ("length", "n_segments", "differences"),
    [(50, 1, False), (20, 3, False), (3, 1, False), (50, 1, True), (20, 2, True)],
)
def test_onnx_has_the_same_codes(series, classes, tmp_path, length, n_segments, differences):
    """Also where filters reach beyond all of a series, and are heard nevertheless."""
    runtime = pytest.importorskip("onnxruntime")
    X = series[0][:6, :, :length].astype(np.float32)
    features = classes[0]
    if n_segments > 1 or differences:
        features = wc.SeriesFeatures(300, n_segments=n_segments, differences=differences)
        features.fit(series[0])
    series_to_onnx(features, tmp_path / "model.onnx")
    (found,) = runtime.InferenceSession(tmp_path / "model.onnx").run(None, {"X": X})
    wanted = features.transform(X)
    # A drive within rounding of its threshold may be on the other side of it.
    off = np.abs(found - wanted)
    assert np.mean(off > 1e-4) < 0.002 and off.max() < 1.01 * n_segments / (length - 2) + 0.02


def test_onnx_answers_as_pipelines_do(series, classes, values, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    X = series[0].astype(np.float32)
    series_to_onnx(classes, tmp_path / "classes.onnx")
    session = runtime.InferenceSession(tmp_path / "classes.onnx")
    labels, probabilities, _ = session.run(None, {"X": X})
    assert np.array_equal(labels, classes.predict(X))
    np.testing.assert_allclose(probabilities, classes.predict_proba(X), atol=2e-3)
    series_to_onnx(values, tmp_path / "values.onnx")
    found, std = runtime.InferenceSession(tmp_path / "values.onnx").run(None, {"X": X})
    np.testing.assert_allclose(found[:, 0], values.predict(X), atol=5e-3)
    assert np.all(std > 0)


# Cards.


def test_cards_say_what_is_heard_and_what_was_learned(classes, tmp_path):
    save_series_model(classes, tmp_path / "model", notes="Two tones that were made up.")
    card = series_card(load_series_model(tmp_path / "model"))
    assert "Series of 2 channels" in card and "Two tones that were made up." in card
    assert re.search(r"^## WaveClassifier: .* to 2 classes$", card, flags=re.M)
    assert "What answers" not in series_card(classes[0])


# Errors.


def test_other_models_are_refused(series, classes, tmp_path):
    X, y = series
    other = make_pipeline(wc.SeriesFeatures(84), StandardScaler(), RidgeClassifier()).fit(X, y)
    with pytest.raises(TypeError, match=r"SeriesFeatures, StandardScaler, RidgeClassifier"):
        save_series_model(other, tmp_path / "model")
    with pytest.raises(TypeError, match="got WaveClassifier"):
        series_card(classes[1])
    classes[1].save(tmp_path / "table")
    with pytest.raises(ModelFileError, match=r"no model of series.*WaveClassifier\.load"):
        load_series_model(tmp_path / "table")
    save_series_model(classes, tmp_path / "model")
    with pytest.raises(ModelFileError, match=r"wetcow\.learning\.load_series_model"):
        wc.WaveClassifier.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda h, a: a.update({"series/spread": -a["series/spread"]}), "spread"),
        (lambda h, a: a.update({"series/dilation": a["series/dilation"][::-1].copy()}), "grow"),
        (lambda h, a: a.pop("series/threshold"), "threshold"),
        (lambda h, a: a["series/threshold"].fill(np.nan), "NaN"),
        (lambda h, a: h["series"].update(n_channels=3), "channels"),
        (lambda h, a: h["series"].update(n_channels="two"), "two"),
        (lambda h, a: h["series"]["parameters"].update(omega=-1.0), "omega"),
        (lambda h, a: h["answers"].update(kind="features"), "features"),
        (lambda h, a: h.update(series=None), "not a model of series"),
        (lambda h, a: a.update({"series/threshold": a["series/threshold"][..., :0]}), "one number"),
    ],
)
def test_parts_that_do_not_fit_are_named(classes, tmp_path, change, named):
    save_series_model(classes, tmp_path / "model")
    rewritten(tmp_path / "model", change)
    with pytest.raises(ModelFileError, match=named):
        load_series_model(tmp_path / "model")


def test_a_memory_of_other_features_is_refused(series, classes, tmp_path):
    fewer = wc.SeriesFeatures(300).fit(series[0][:, :, :20])
    save_series_model(make_pipeline(fewer, classes[1]), tmp_path / "model")
    with pytest.raises(ModelFileError, match="what answers wants"):
        load_series_model(tmp_path / "model")
