"""Weights of samples are repetition: of tables and images, in every part of learning."""

import numpy as np
import pytest
from sklearn.datasets import load_wine, make_multilabel_classification
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier

from wetcow import WaveClassifier, datasets
from wetcow.learning.data.weights import distinct
from wetcow.learning.io import container
from wetcow.learning.io.container import ModelFileError, read_model, write_model
from wetcow.learning.memory.calibration import LeftOut, calibrate, weighted_quantile
from wetcow.learning.model import ridge
from wetcow.learning.model.memory.direct import memorize_directly
from wetcow.learning.model.memory.landmarks import Landmarks, Variance
from wetcow.learning.model.memory.memorize import memorize_examples
from wetcow.learning.model.memory.recall import leave_one_out
from wetcow.learning.model.memory.stored import Kernel
from wetcow.learning.model.statistics import Statistics
from wetcow.modes.kernel_matrix import unit_rows


@pytest.fixture(scope="module")
def wine():
    return load_wine(return_X_y=True)


@pytest.fixture(scope="module")
def problem():
    """Forty rows with weights from 1 to 3, and new ones."""
    rng = np.random.default_rng(5)
    rows = unit_rows(rng.standard_normal((48, 6)).astype(np.float32))
    weights = rng.integers(1, 4, 40).astype(float)
    return rows[:40], rng.standard_normal((40, 2)), weights, rows[40:]


def same(found, expected, X):
    """All answers to 1e-6 of the largest."""
    for name in ("criticality", "predict_proba", "uncertainty"):
        one, other = getattr(found, name)(X), getattr(expected, name)(X)
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6 * np.abs(other).max())
    for name in ("inverse_temperature_", "residual_variance_", "uncertainty_threshold_"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-6), name


# Known answers: repetition


@pytest.mark.parametrize("n_memories", [None, 60])
def test_weights_of_a_table_are_repetition(wine, n_memories):
    X, y = wine
    rng = np.random.default_rng(0)
    weights = rng.integers(0, 4, len(X))
    order = rng.permutation(weights.sum())
    parameters = {"n_memories": n_memories}
    found = WaveClassifier(**parameters).fit(X, y, sample_weight=weights)
    many, labels = X.repeat(weights, axis=0)[order], y.repeat(weights)[order]
    same(found, WaveClassifier(**parameters).fit(many, labels), X)
    plain = WaveClassifier(**parameters).fit(X, y)
    assert np.abs(plain.criticality(X) - found.criticality(X)).max() > 0.01


@pytest.mark.parametrize("couplings", ["sampled", pytest.param("innate", marks=pytest.mark.slow)])
def test_weights_of_images_are_repetition(couplings):
    X, y = (part[:150] for part in datasets.load("digits"))
    weights = np.random.default_rng(1).integers(0, 3, len(X))
    parameters = {"n_modes": 4, "patch_size": 3, "n_regions": 2, "couplings": couplings}
    found = WaveClassifier(**parameters).fit(X, y, sample_weight=weights)
    expected = WaveClassifier(**parameters).fit(X.repeat(weights, axis=0), y.repeat(weights))
    same(found, expected, X)


def test_a_weight_of_zero_is_no_sample(wine):
    X, y = wine
    weights = np.ones(len(X))
    weights[y == 1] = 0
    found = WaveClassifier().fit(X, y, sample_weight=weights)
    assert found.classes_.tolist() == [0, 2]
    same(found, WaveClassifier().fit(X[y != 1], y[y != 1]), X)
    assert found.record_.counts == (59, 48)


def test_couplings_are_sums_over_repetitions(problem):
    """In double precision, of the repeated system itself; λ becomes λ/w."""
    rows, targets, weights, new = problem
    each, kernel = weights.astype(int), Kernel(noise=0.05)
    many, wanted = rows.repeat(each, axis=0), targets.repeat(each, axis=0)
    found, without, variance = memorize_directly(rows, targets, kernel, weights)
    matrix = kernel.series(unit_rows(many.astype(float)) @ unit_rows(many.astype(float)).T)
    system = matrix + 0.05 * np.eye(len(many))
    coupling = np.linalg.solve(system, wanted - wanted.mean(axis=0))
    starts = np.cumsum(each) - each
    np.testing.assert_allclose(found.bias, wanted.mean(axis=0))
    np.testing.assert_allclose(found.coupling, np.add.reduceat(coupling, starts), rtol=1e-6)
    iterated = memorize_examples(rows, targets, kernel, weights=weights, tolerance=1e-8)
    close = 2e-5 * np.abs(found.coupling).max()
    np.testing.assert_allclose(iterated.coupling, found.coupling, atol=close)
    repeated = memorize_examples(many, wanted, kernel, tolerance=1e-8)
    np.testing.assert_allclose(iterated.criticality(new), repeated.criticality(new), atol=2e-5)
    # Left out are all repetitions of an example.
    for one in (0, 7):
        rest = np.repeat(np.arange(40) != one, each)
        gone = starts[one]
        alone = np.linalg.solve(system[np.ix_(rest, rest)], matrix[rest, gone])
        expected = alone @ (wanted[rest] - found.bias) + found.bias
        np.testing.assert_allclose(without[one], expected, rtol=1e-6)
        assert variance[one] == pytest.approx(1 - alone @ matrix[rest, gone], rel=1e-6)
    some = np.array([0, 7])
    again, predictive_variance = leave_one_out(
        iterated, targets, some, weights=weights, tolerance=1e-8
    )
    np.testing.assert_allclose(again, without[some], atol=1e-4)
    np.testing.assert_allclose(predictive_variance, variance[some], atol=1e-4)


def test_sums_of_landmarks_are_over_repetitions(problem):
    rows, targets, weights, new = problem
    each, kernel = weights.astype(int), Kernel(noise=0.05)
    landmarks = Landmarks(rows[:10], kernel.series)
    features = landmarks.features(rows)
    found = Statistics.of(features, targets, weights)
    many, wanted = features.repeat(each, axis=0), targets.repeat(each, axis=0)
    expected = Statistics.of(many, wanted)
    assert found.count == expected.count == each.sum()
    for name in ("x", "y", "xy", "yy"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=2e-5)
    np.testing.assert_allclose(np.tril(found.xx), np.tril(expected.xx), atol=2e-5)
    # And of an example that is left out, all repetitions are.
    modes = ridge.solve(found, kernel.noise / found.count)
    one, rest = 20, np.repeat(np.arange(40) != 20, each)
    without, _ = ridge.leave_one_out(modes, features[[one], None], targets[[one]], weights[[one]])
    others = Statistics.of(many[rest], wanted[rest])
    alone = ridge.solve(others, kernel.noise / others.count)
    np.testing.assert_allclose(without, alone.criticality(features[[one]]), atol=1e-4)
    predictive_variance = Variance.of(landmarks, found.xx, kernel.noise)
    of_others = Variance.of(landmarks, others.xx, kernel.noise)
    np.testing.assert_allclose(
        predictive_variance.left_out(rows[[one]], weights[[one]]), of_others(rows[[one]]), rtol=1e-4
    )
    assert np.all(predictive_variance(new) > 0)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.99, 1.0])
def test_quantiles_are_those_of_repeated_values(share):
    rng = np.random.default_rng(2)
    values, weights = rng.standard_normal(30), rng.integers(1, 6, 30)
    expected = np.quantile(values.repeat(weights), share)
    assert weighted_quantile(values, weights, share) == pytest.approx(expected, abs=1e-12)


def test_calibration_is_that_of_repeated_examples():
    rng = np.random.default_rng(3)
    weights = rng.integers(1, 5, 50)
    targets = np.eye(3)[rng.integers(0, 3, 50)]
    one = LeftOut(
        criticality=targets + 0.6 * rng.standard_normal((50, 3)),
        variance=rng.random(50),
        targets=targets,
        weights=weights.astype(float),
        unseen=rng.random(50) < 0.8,
        together=True,
    )
    many = LeftOut(*(part.repeat(weights, axis=0) for part in one[:3]), None, None, True)
    many = many._replace(weights=np.ones(weights.sum()), unseen=one.unseen.repeat(weights))
    found, expected = calibrate(one), calibrate(many)
    assert found._replace(n_left_out=0) == pytest.approx(expected._replace(n_left_out=0))
    assert found.n_left_out == 50


def test_learning_on_is_repetition(wine):
    X, y = wine
    weights = np.random.default_rng(4).integers(1, 4, len(X))
    parts = [slice(0, None, 2), slice(1, None, 2)]
    found, expected = WaveClassifier(), WaveClassifier()
    for part in parts:
        some = X[part], y[part]
        found.partial_fit(*some, classes=range(3), sample_weight=weights[part])
        repeated = [values.repeat(weights[part], axis=0) for values in some]
        expected.partial_fit(*repeated, classes=range(3))
    same(found, expected, X)
    np.testing.assert_array_equal(
        np.sort(found.readout_.examples.weights), np.sort(weights.astype(float))
    )


def test_dask_is_repetition(wine):
    da = pytest.importorskip("dask.array")
    import dask

    X, y = wine
    weights = np.random.default_rng(6).integers(0, 3, len(X))
    with dask.config.set(scheduler="threads"):
        array = da.from_array(X, chunks=(50, 13))
        found = WaveClassifier().fit(array, y, sample_weight=da.from_array(weights, chunks=80))
        expected = WaveClassifier().fit(X, y, sample_weight=weights)
        close = 5e-5 * np.abs(expected.criticality(X)).max()  # rows come in another order
        np.testing.assert_allclose(found.criticality(X), expected.criticality(X), atol=close)


@pytest.mark.slow
@pytest.mark.parametrize("n_memories", [None, 60])
def test_a_cluster_is_repetition(wine, n_memories):
    distributed = pytest.importorskip("distributed")
    import dask.array as da

    X, y = wine
    weights = np.random.default_rng(6).integers(1, 3, len(X))
    cluster = distributed.LocalCluster(1, processes=False, dashboard_address=None)
    with cluster, distributed.Client(cluster):
        array = da.from_array(X, chunks=(50, 13))
        found = WaveClassifier(n_memories=n_memories).fit(array, y, sample_weight=weights)
    if n_memories is None:
        expected = WaveClassifier().fit(X, y, sample_weight=weights).criticality(X)
        np.testing.assert_allclose(found.criticality(X), expected, atol=1e-4)
    else:
        assert found.readout_.sums.count == weights.sum()


# Properties


def test_equal_samples_are_one_example(wine):
    X, y = wine
    twice = np.concatenate([X, X[:3]]), np.concatenate([y, y[:3]])
    clf = WaveClassifier().fit(*twice)
    assert len(clf.memory_.rows) == len(X)
    assert sorted(clf.readout_.examples.weights)[-4:] == [1, 2, 2, 2]
    assert sum(clf.record_.counts) == len(X) + 3
    unchanged = distinct(X, y, None)
    assert unchanged[0] is X and unchanged[2] is None


@pytest.mark.parametrize("kind", ["uint8", "bool", "float16", "float32", ">f8", "longdouble"])
@pytest.mark.parametrize("kind_of_labels", ["int8", "int64", "float32", "object"])
def test_equal_samples_are_found_and_sorted_alike_in_all_kinds_of_numbers(kind, kind_of_labels):
    """Else the same digits would make another classifier as whole numbers and as fractions."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(2, size=(60, 5)).astype(float), rng.integers(3, size=60)
    X[0, 0] = -0.0
    expected = distinct(X, y, None)
    assert len(expected[0]) < 60
    found = distinct(X.astype(kind), y.astype(kind_of_labels), None)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.astype(float), other)


def test_networks_know_weights(wine):
    X, y = wine
    weights = np.where(y == 0, 5.0, 1.0)
    clf = WaveClassifier().fit(X, y, sample_weight=weights)
    from wetcow.learning.dynamics.random_modes import draw_random_modes

    modes = draw_random_modes(clf.readout_, 2048)
    found = modes.criticality(clf.memory_.rows)
    error = found - clf.memory_.criticality(clf.memory_.rows)
    plain = clf.__sklearn_clone__().fit(X, y)
    other = found - plain.memory_.criticality(clf.memory_.rows)
    assert np.linalg.norm(error) < np.linalg.norm(other)


def test_balanced_classes_weigh_the_same(wine):
    X, y = wine
    rare = (y != 2) | (np.arange(len(y)) % 8 == 0)
    X, y = X[rare], y[rare]
    counts = np.bincount(y)
    weights = (len(y) / 3 / counts)[y]
    found = WaveClassifier(class_weight="balanced").fit(X, y)
    np.testing.assert_allclose(found.memory_.bias, 1 / 3)
    same(found, WaveClassifier().fit(X, y, sample_weight=weights), X)
    given = WaveClassifier(class_weight={0: 2, 2: 0.5})
    expected = WaveClassifier().fit(X, y, sample_weight=np.array([2, 1, 0.5])[y])
    same(given.fit(X, y), expected, X)
    same(WaveClassifier(**given.get_params()).partial_fit(X, y), expected, X)


def test_score_counts_weights(wine):
    X, y = wine
    clf = WaveClassifier().fit(X[::2], y[::2])
    weights = np.arange(len(X))
    right = clf.predict(X) == y
    assert clf.score(X, y, sample_weight=weights) == pytest.approx(right @ weights / weights.sum())


# Files


@pytest.mark.parametrize("n_memories", [None, 60])
def test_files_keep_weights(wine, tmp_path, n_memories):
    X, y = wine
    weights = np.linspace(0.5, 2.25, len(X))
    half = slice(0, None, 2), slice(1, None, 2)
    clf = WaveClassifier(n_memories=n_memories, class_weight={1: 1.5})
    clf.partial_fit(X[half[0]], y[half[0]], sample_weight=weights[half[0]])
    clf.save(tmp_path / "model", updatable=True)
    loaded = WaveClassifier.load(tmp_path / "model")
    for model in (clf, loaded):
        model.partial_fit(X[half[1]], y[half[1]], sample_weight=weights[half[1]])
    np.testing.assert_array_equal(loaded.criticality(X), clf.criticality(X))
    assert loaded.class_weight == {1: 1.5}


def test_files_of_the_third_format_have_no_weights(wine, tmp_path, monkeypatch):
    X, y = wine
    clf = WaveClassifier().fit(X[:, :5], y)
    clf.save(tmp_path / "model")
    header, arrays = read_model(tmp_path / "model")
    for own in ("format", "format_version", "wetcow", "arrays"):
        del header[own]
    del header["parameters"]["class_weight"], arrays["examples/weights"]
    monkeypatch.setattr(container, "FORMAT_VERSION", 3)
    write_model(tmp_path / "old", header, arrays)
    monkeypatch.undo()
    loaded = WaveClassifier.load(tmp_path / "old")
    np.testing.assert_array_equal(loaded.criticality(X[:, :5]), clf.criticality(X[:, :5]))
    np.testing.assert_array_equal(loaded.readout_.examples.weights, 1)


def test_files_with_wrong_weights_are_refused(wine, tmp_path):
    X, y = wine
    WaveClassifier().fit(X, y).save(tmp_path / "model")
    header, arrays = read_model(tmp_path / "model")
    for own in ("format", "format_version", "wetcow", "arrays"):
        del header[own]
    arrays["examples/weights"] = -arrays["examples/weights"]
    write_model(tmp_path / "model", header, arrays)
    with pytest.raises(ModelFileError, match="weights of examples are not positive"):
        WaveClassifier.load(tmp_path / "model")


# Errors


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(178), "zero for all samples|at least one non-zero"),
        (np.arange(178) == 5, "only 1 of 178 samples have a weight above zero"),
        (-np.ones(178), "[Nn]egative"),
        (np.full(178, np.nan), "NaN"),
        (np.ones(5), "sample_weight.shape"),
    ],
)
def test_weights_that_are_none(wine, weights, message):
    with pytest.raises(ValueError, match=message):
        WaveClassifier().fit(*wine, sample_weight=weights)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"class_weight": {7: 2}}, r"has a weight for 7, which is not among the classes \[0, 1, 2"),
        ({"class_weight": {1: -2}}, "at least 0"),
        ({"class_weight": "even"}, "class_weight"),
        ({"class_weight": {1: 2}, "train_minutes": 1}, "training by gradient knows no weights"),
    ],
)
def test_weights_of_classes_that_are_none(wine, parameters, message):
    with pytest.raises(ValueError, match=message):
        WaveClassifier(**parameters).fit(*wine)


def test_balanced_needs_all_at_once(wine):
    with pytest.raises(ValueError, match="needs all samples at once: use fit"):
        WaveClassifier(class_weight="balanced").partial_fit(*wine)


def test_several_labels_have_wrappers():
    X, y = make_multilabel_classification(60, 6, n_classes=3, random_state=0)
    with pytest.raises(ValueError, match=r"shape \(60, 3\).*OneVsRestClassifier.*MultiOutputCl"):
        WaveClassifier().fit(X, y)
    wrapped = OneVsRestClassifier(WaveClassifier()).fit(X, y)
    assert wrapped.predict(X).shape == (60, 3) and wrapped.score(X, y) > 0.5
    two = MultiOutputClassifier(WaveClassifier()).fit(X, y[:, :2])
    assert two.predict(X).shape == (60, 2)
