"""The regressor: a Gaussian process with the wave kernel, calibrated, in files and in ONNX."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_linnerud, make_friedman1
from sklearn.linear_model import RidgeCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from wetcow import WaveClassifier, WaveRegressor, datasets
from wetcow.learning.io.container import ModelFileError, read_model, write_model
from wetcow.learning.memory.noise import left_out_errors
from wetcow.learning.model.memory.stored import Kernel
from wetcow.modes.kernel_matrix import kernel_matrix, unit_rows


@pytest.fixture(scope="module")
def friedman():
    return make_friedman1(260, noise=1.0, random_state=1)


@pytest.fixture(scope="module")
def fitted(friedman):
    X, y = friedman
    return WaveRegressor().fit(X[:200], y[:200])


def standardised(X, learned, scale=1.0):
    """Rows of a table as the kernel compares them, by the formula."""
    columns = scale * (X - learned.mean(axis=0)) / learned.std(axis=0) / np.sqrt(X.shape[1])
    return unit_rows(np.column_stack([columns, np.ones(len(X))]))


def rewritten(path, change):
    header, arrays = read_model(path)
    for own in ("format", "format_version", "wetcow", "arrays"):
        del header[own]
    change(header, arrays)
    write_model(path, header, arrays)


# Known answers


def test_it_is_a_gaussian_process_with_the_wave_kernel(friedman, fitted):
    X, y = friedman
    series, noise = Kernel().series, fitted.settings_.noise
    scale = X[:200].std(axis=0) / fitted.hidden_.scale
    rows, new = (standardised(part, X[:200], scale) for part in (X[:200], X[200:]))
    inner = kernel_matrix(rows, None, series) + noise * np.eye(200)
    between = kernel_matrix(new, rows, series)
    wanted = between @ np.linalg.solve(inner, y[:200] - y[:200].mean()) + y[:200].mean()
    variance = 1 - (between * np.linalg.solve(inner, between.T).T).sum(axis=1)
    mean, std = fitted.predict(X[200:], return_std=True)
    np.testing.assert_allclose(mean, wanted, atol=2e-3 * y.std())
    np.testing.assert_allclose(fitted.predict(X[200:]), mean, rtol=1e-12)
    np.testing.assert_allclose(fitted.uncertainty(X[200:]), variance, atol=2e-4)
    spread = std**2 / (variance + noise)
    np.testing.assert_allclose(spread, spread.mean(), rtol=0.02)


def test_noise_is_that_of_least_left_out_error(friedman, fitted):
    """Errors by the eigenvalues are those of solutions without each example."""
    X, y = friedman
    rows, values = standardised(X[:40], X[:40]), (y[:40] - y[:40].mean())[:, None]
    weights = np.random.default_rng(0).integers(1, 4, 40).astype(float)
    centred = values - np.average(values, axis=0, weights=weights)
    found = left_out_errors(rows, values, weights, Kernel(), [0.01, 0.3])
    matrix = kernel_matrix(rows, None, Kernel().series)
    for noise, error in zip([0.01, 0.3], found, strict=True):
        inner = matrix + np.diag(noise / weights)
        squares = []
        for one in range(40):
            rest = np.arange(40) != one
            alone = np.linalg.solve(inner[np.ix_(rest, rest)], centred[rest])
            squares.append(float((matrix[one, rest] @ alone - centred[one])[0]) ** 2)
        assert error == pytest.approx(np.average(squares, weights=weights), rel=1e-8)
    assert fitted.settings_.noise == fitted.memory_.kernel.noise


@pytest.mark.parametrize("relation", ["none", "exact"])
def test_noise_follows_the_values(relation):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((150, 4))
    y = rng.standard_normal(150) if relation == "none" else X @ [1.0, 2.0, -1.0, 0.5]
    noise = WaveRegressor().fit(X, y).settings_.noise
    assert noise >= 10 if relation == "none" else noise <= 1e-3


@pytest.mark.parametrize("n_memories", [None, 120])
def test_intervals_cover_what_they_say(n_memories):
    """Of new values, 68 and 95 in a hundred, within three standard errors and a little."""
    X, y = make_friedman1(900, noise=1.0, random_state=5)
    model = WaveRegressor(n_memories=n_memories).fit(X[:300], y[:300])
    mean, std = model.predict(X[300:], return_std=True)
    off = np.abs(y[300:] - mean) / std
    assert np.mean(off < 1) == pytest.approx(0.683, abs=0.07)
    assert np.mean(off < 1.96) == pytest.approx(0.95, abs=0.04)
    assert np.all(std > 0.8)  # of noise, whose standard deviation is 1


def test_weights_of_values_are_repetition(friedman):
    X, y = (part[:80] for part in friedman)
    weights = np.random.default_rng(2).integers(0, 3, 80)
    found = WaveRegressor().fit(X, y, sample_weight=weights)
    expected = WaveRegressor().fit(X.repeat(weights, axis=0), y.repeat(weights))
    for one, other in zip(
        found.predict(X, return_std=True), expected.predict(X, return_std=True), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_several_outputs_are_each_alone(friedman):
    X, y = friedman
    both = np.column_stack([y, 100 - 3 * y])
    model = WaveRegressor(noise=0.01).fit(X[:150], both[:150])
    one = WaveRegressor(noise=0.01).fit(X[:150], y[:150])
    mean, std = model.predict(X[150:], return_std=True)
    assert mean.shape == std.shape == (110, 2)
    np.testing.assert_allclose(mean[:, 0], one.predict(X[150:]), rtol=1e-3)
    np.testing.assert_allclose(std[:, 1], 3 * std[:, 0], rtol=1e-3)
    column = WaveRegressor(noise=0.01).fit(X[:150], y[:150, None]).predict(X[150:])
    assert column.shape == (110, 1)


def test_learning_on_is_learning_at_once(friedman):
    X, y = friedman
    on = WaveRegressor(noise=0.01).partial_fit(X[:100], y[:100]).partial_fit(X[100:200], y[100:200])
    assert len(on.memory_.rows) == 200 and on.record_.counts == (200,)
    again = WaveRegressor(noise=0.01).fit(X[:200], y[:200])
    again.hidden_, again.values_ = on.hidden_, on.values_  # units of the first hundred
    rows = standardised(X[:200], X[:100])
    inner = kernel_matrix(rows, None, Kernel().series) + 0.01 * np.eye(200)
    between = kernel_matrix(standardised(X[200:], X[:100]), rows, Kernel().series)
    wanted = between @ np.linalg.solve(inner, y[:200] - y[:200].mean()) + y[:200].mean()
    np.testing.assert_allclose(on.predict(X[200:]), wanted, atol=2e-3 * y.std())


# Data that packages bring, and images


def test_it_is_no_worse_than_ridge():
    X, y = load_diabetes(return_X_y=True)
    ridge = RidgeCV(np.logspace(-3, 3, 13)).fit(X[::2], y[::2]).score(X[1::2], y[1::2])
    assert WaveRegressor().fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > ridge - 0.01


@pytest.mark.slow
def test_values_of_images():
    """How much of the ink of a digit is in its upper half, from the digit."""
    X, _ = datasets.load("digits")
    y = X[:, :4].sum(axis=(1, 2)) / X.sum(axis=(1, 2))
    model = WaveRegressor(n_modes=8).fit(X[:400], y[:400])
    assert model.score(X[400:600], y[400:600]) > 0.8
    assert model.image_shape_ == (8, 8) and model.decision_.trials


def test_dask_is_numpy(friedman):
    da = pytest.importorskip("dask.array")
    import dask

    X, y = friedman
    with dask.config.set(scheduler="threads"):
        array = da.from_array(X, chunks=(100, 10))
        model = WaveRegressor(noise=0.01).fit(array[:200], da.from_array(y[:200]))
        mean, std = model.predict(array, return_std=True)
        expected = WaveRegressor(noise=0.01).fit(X[:200], y[:200]).predict(X, return_std=True)
        np.testing.assert_allclose(mean.compute(), expected[0], rtol=1e-4)
        np.testing.assert_allclose(std.compute(), expected[1], rtol=1e-4)


# Files


@pytest.mark.parametrize("n_memories", [None, 50])
def test_files_and_cards(tmp_path, n_memories):
    X, y = load_linnerud(return_X_y=True)
    X, y = np.concatenate([X] * 5) + np.random.default_rng(0).standard_normal((100, 3)), [*y] * 5
    model = WaveRegressor(n_memories=n_memories).fit(X, y)
    model.save(tmp_path / "model", updatable=True, notes="Men in a fitness club.")
    loaded = WaveRegressor.load(tmp_path / "model")
    for one, other in zip(
        loaded.predict(X, return_std=True), model.predict(X, return_std=True), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    card = loaded.card()
    assert "# WaveRegressor: rows of 3 columns to 3 values" in card
    assert "Men in a fitness club." in card and "100 samples" in card
    assert f"R² {model.record_.left_out_accuracy:.4f}" in card
    loaded.partial_fit(X[:9], y[:9])
    loaded.save(tmp_path / "small")
    assert WaveRegressor.load(tmp_path / "small").readout_.updatable is (n_memories is None)


def test_onnx_answers_the_same(fitted, friedman, tmp_path):
    session = pytest.importorskip("onnxruntime").InferenceSession
    X, y = friedman
    fitted.to_onnx(tmp_path / "model.onnx")
    value, std = session(str(tmp_path / "model.onnx")).run(None, {"X": X.astype(np.float32)})
    expected = fitted.predict(X, return_std=True)
    np.testing.assert_allclose(value[:, 0], expected[0], atol=2e-3 * y.std())
    np.testing.assert_allclose(std[200:, 0], expected[1][200:], rtol=1e-3)


def test_models_of_another_kind_are_named(fitted, friedman, tmp_path):
    X, y = friedman
    fitted.save(tmp_path / "values")
    WaveClassifier().fit(X[:60], y[:60] > 14).save(tmp_path / "classes")
    with pytest.raises(ModelFileError, match=r"of a WaveRegressor.*wetcow.WaveRegressor.load"):
        WaveClassifier.load(tmp_path / "values")
    with pytest.raises(ModelFileError, match=r"of a WaveClassifier.*wetcow.WaveClassifier.load"):
        WaveRegressor.load(tmp_path / "classes")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("values/scale", np.zeros(1), "not positive"),
        ("values/spread", -np.ones(1), "not positive"),
        ("values/center", np.zeros(2), "values/center"),
        ("examples/labels", np.zeros((200, 2)), "examples/labels"),
    ],
)
def test_files_that_contradict_themselves(fitted, tmp_path, name, value, message):
    fitted.save(tmp_path / "model")
    rewritten(tmp_path / "model", lambda _, arrays: arrays.update({name: value}))
    with pytest.raises(ModelFileError, match=message):
        WaveRegressor.load(tmp_path / "model")


# Limits and errors


def test_constant_values_are_said_again(friedman):
    X, _ = friedman
    model = WaveRegressor().fit(X[:20], np.full(20, 7.0))
    mean, std = model.predict(X[20:30], return_std=True)
    np.testing.assert_allclose(mean, 7)
    np.testing.assert_allclose(std, 0, atol=1e-9)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array([["a"], ["b"]] * 10), "could not convert|dtype"),
        (np.full(20, np.inf), "infinity"),
        (np.full(20, np.nan), "NaN"),
        (np.array([-1e200, 1e200] * 10), "too large to compute with; divide y"),
    ],
)
def test_values_that_are_none(friedman, y, message):
    with pytest.raises(ValueError, match=message):
        WaveRegressor().fit(friedman[0][:20], y)


def test_other_outputs_are_refused(friedman):
    X, y = friedman
    model = WaveRegressor().fit(X[:30], y[:30])
    with pytest.raises(ValueError, match="y has 2 columns, but 1 were learned"):
        model.partial_fit(X[:30], np.column_stack([y[:30]] * 2))


@pytest.mark.slow
@parametrize_with_checks([WaveRegressor()])
def test_scikit_learn_knows_the_regressor(estimator, check):
    check(estimator)
