"""The classifier as a whole: learning on, uncertainty, saving, budgets, and scikit-learn."""

import copy
import json
import pathlib
import zipfile

import jax
import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from wetcow import datasets
from wetcow.images.frame import SEVEN, Frame
from wetcow.learning import pipeline
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data.batches import open_batches
from wetcow.learning.data.progress import silent
from wetcow.learning.data.samples import Samples
from wetcow.learning.io.container import ModelFileError, read_model, write_model
from wetcow.learning.model import dictionary, encoder
from wetcow.learning.settings.checks import find_settings
from wetcow.learning.settings.presets import BUDGETS, Settings


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.load("digits")
    return X[:600], y[:600]


@pytest.fixture(scope="module")
def held_out():
    return datasets.load("digits", split="test")


def enlarge(images, times=3):
    """Digits of 8×8 pixels at 24×24, or 16×16, in the middle of 28×28."""
    large = np.kron(images, np.ones((1, times, times), np.float32))
    border = (28 - 8 * times) // 2
    return np.pad(large, ((0, 0), (border, border), (border, border)))


@pytest.fixture(scope="module")
def large(digits):
    return enlarge(digits[0][:120]), digits[1][:120]


def close(first, second, tolerance):
    """Equal to a tolerance relative to the largest."""
    np.testing.assert_allclose(first, second, rtol=0, atol=tolerance * np.abs(second).max())


@pytest.fixture(scope="module", params=[None, 200], ids=["examples", "landmarks"])
def fitted(request, digits):
    return WaveClassifier(n_modes=16, n_memories=request.param).fit(*digits)


def at_once(learned, X, y):
    """All examples learned together, with the hidden modes and projection of another."""
    samples = Samples(
        learned.hidden_,
        X.reshape(len(X), -1),
        labels=np.searchsorted(learned.classes_, y),
        n_classes=len(learned.classes_),
    )
    plan = learned._plan()
    once = copy.copy(learned)
    once.readout_, _ = pipeline.memorize(
        open_batches(samples),
        learned.readout_.projection,
        plan,
        rng=np.random.default_rng(0),
        start=silent,
    )
    return once


def same_answers(loaded, saved, X):
    assert loaded.get_params() == saved.get_params()
    for name in ("settings_", "image_shape_", "n_features_in_", "uncertainty_threshold_"):
        assert getattr(loaded, name) == getattr(saved, name), name
    assert loaded.classes_.dtype == saved.classes_.dtype
    for answer in ("predict", "predict_proba", "decision_function", "uncertainty"):
        np.testing.assert_array_equal(getattr(loaded, answer)(X), getattr(saved, answer)(X))


@pytest.fixture(scope="module")
def saved(digits, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "model"
    WaveClassifier(n_modes=8).fit(digits[0][:100], digits[1][:100]).save(path)
    return path


def rewrite(saved, path, change):
    header, arrays = read_model(saved)
    for own in ("format", "format_version", "wetcow", "arrays"):
        del header[own]
    change(header, arrays)
    write_model(path, header, arrays)


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize("elements", [2**10, 2**14, 2**18])
def test_features_do_not_depend_on_groups_runs_and_devices(digits, monkeypatch, elements):
    """With 2¹⁰ elements, runs of 256, 16 and 1 groups of two images on two devices."""
    images = digits[0][:579]
    geometry = encoder.Geometry((8, 8), (3, 3), 1, 2)
    layer = dictionary.construct_layer(images, geometry, 8, np.random.default_rng(0))
    expected = encoder.features(images, [layer], [geometry], "both")
    monkeypatch.setattr(encoder, "group_elements", lambda: elements)
    found = encoder.features(images, [layer], [geometry], "both")
    # Roots of small means magnify what single precision rounds, on some processors differently.
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=3e-5)
    for index in (0, 300, 511, 512, 544, 578):
        alone = encoder.features(images[index : index + 1], [layer], [geometry], "both")
        np.testing.assert_array_equal(alone[0], found[index])
    one_device = jax.devices()[:1]
    monkeypatch.setattr(jax, "devices", lambda: one_device)
    np.testing.assert_array_equal(encoder.features(images, [layer], [geometry], "both"), found)


@pytest.mark.slow
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [0, 3, 1, 2]])
def test_learning_on_is_learning_at_once(digits, order):
    X, y = digits
    parts = [slice(0, 150), slice(150, 151), slice(151, 400), slice(400, 600)]
    on = WaveClassifier(n_modes=8, tolerance=1e-8)
    for number in order:
        on.partial_fit(X[parts[number]], y[parts[number]])
    once = at_once(on, X, y)
    np.testing.assert_array_equal(on.hidden_.codes(X[:9]), once.hidden_.codes(X[:9]))
    assert len(on.memory_.rows) == len(once.memory_.rows) == 600
    close(on.criticality(X), once.criticality(X), 1e-5)
    np.testing.assert_allclose(on.memory_.bias, once.memory_.bias, rtol=1e-6)


@pytest.mark.slow
def test_learning_on_begins_where_the_memory_stood(digits, monkeypatch):
    monkeypatch.setattr("wetcow.learning.memory.examples.FEW", 100)
    X, y = digits
    clf = WaveClassifier(n_modes=8).fit(X[:-5], y[:-5])
    iterations = clf.memory_.iterations
    assert clf.partial_fit(X[-5:], y[-5:]).memory_.iterations < iterations
    assert clf.memory_.residual < 1e-2


@pytest.mark.slow
@pytest.mark.parametrize("declared", ["first", "later"])
def test_classes_one_after_the_other(digits, declared):
    X, y = digits[0], np.array([f"digit {label}" for label in digits[1]])
    first = y <= "digit 4"
    names = np.unique(y)
    on = WaveClassifier(n_modes=8, tolerance=1e-8)
    on.partial_fit(X[first], y[first], classes=names if declared == "first" else None)
    assert len(on.classes_) == (10 if declared == "first" else 5)
    for name in names[:4:-1]:  # the last first, so that classes come between others
        on.partial_fit(X[y == name], y[y == name], classes=[name] if declared == "later" else None)
    once = at_once(on, X, y)
    np.testing.assert_array_equal(on.classes_, names)
    close(on.criticality(X), once.criticality(X), 1e-5)
    assert on.score(X, y) > 0.9


def test_probabilities_sum_to_one(fitted, held_out):
    probability = fitted.predict_proba(held_out[0].astype(np.float32))
    assert probability.dtype == np.float64
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-14)
    found = fitted.classes_[probability.argmax(axis=1)]
    np.testing.assert_array_equal(found, fitted.predict(held_out[0]))


def test_uncertainty_is_its_formula(fitted, digits, held_out):
    """That of all examples; landmarks know less, but not much."""
    project, series = fitted.readout_.projection, fitted.memory_.kernel.series
    rows, seen = (
        project(fitted.hidden_.codes(X)).astype(float) for X in (digits[0], held_out[0][:50])
    )
    matrix = series(rows @ rows.T)
    np.fill_diagonal(matrix, 1 + fitted.memory_.kernel.noise)
    between = series(seen @ rows.T)
    variance = 1 - (between * np.linalg.solve(matrix, between.T).T).sum(axis=1)
    found = fitted.uncertainty(held_out[0][:50])
    assert found.dtype == np.float64
    if fitted.n_memories is None:
        np.testing.assert_allclose(found, variance, atol=1e-4)
    else:
        assert np.all(found > variance - 1e-4)
        assert np.corrcoef(found, variance)[0, 1] > 0.8  # measured: 0.886


def test_uncertainty_tells_digits_from_what_is_none(fitted, held_out, rng):
    X = held_out[0]
    usual = fitted.uncertainty_threshold_
    assert np.mean(fitted.uncertainty(X) > usual) < 0.05
    noise = rng.random((100, 8, 8))
    board = np.indices((8, 8)).sum(axis=0)[None] % 2.0
    for other in (noise, board, 1 - X[:100]):
        assert np.mean(fitted.uncertainty(other) > usual) > 0.85  # measured: 0.89 to 1


def test_model_file_holds_no_pickle(saved):
    with zipfile.ZipFile(saved) as archive:
        names = archive.namelist()
        assert json.loads(archive.read("header.json"))["parameters"]["n_modes"] == 8
    assert all(name.endswith((".json", ".md", ".npy")) for name in names)


@pytest.mark.parametrize("budget", BUDGETS)
def test_numbers_win_over_the_budget(large, budget):
    given = {"n_modes": 8, "patch_size": (3,), "n_regions": 1, "threshold": 0.0, "omega": 0.7}
    given |= {"noise": 0.5, "n_memories": 50, "response": "both"}
    clf = WaveClassifier(budget, **given).fit(*large)
    assert clf.settings_._asdict().items() >= given.items()
    assert clf.memory_.kernel.noise == 0.5 and len(clf.memory_.rows) == 50
    assert np.size(clf.hidden_.layers[0].gamma) == 8


def test_budgets_choose(large):
    found = [find_settings(WaveClassifier(budget), (28, 28)) for budget in BUDGETS]
    sizes = [one.n_modes * len(one.patch_size) * one.n_regions**2 for one in found]
    assert sizes == sorted(set(sizes))
    examples = [one.n_examples or np.inf for one in found]
    assert examples == sorted(examples)
    only = find_settings(WaveClassifier("minute", n_modes=8), (28, 28))
    assert only == found[1]._replace(n_modes=8)


@pytest.mark.slow
def test_seven_by_seven(digits):
    X, y = enlarge(digits[0][:120], times=2), digits[1][:120]
    clf = WaveClassifier(n_modes=8, patch_size=3, n_regions=1, frame="seven").fit(X, y)
    assert clf.image_shape_ == (28, 28) and clf.hidden_.frame == SEVEN
    assert clf.hidden_.geometries[0].image == (7, 7)
    assert clf.criticality(X[:3]).shape == (3, 10)
    shifted = np.roll(X, (1, -2), axis=(1, 2))  # with a margin that is background still
    close(clf.criticality(shifted), clf.criticality(X), 1e-3)


@pytest.mark.slow
def test_pipeline_and_grid_search():
    X, y = load_wine(return_X_y=True)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), WaveClassifier()),
        {"waveclassifier__noise": [1e3, 0.03]},
        cv=3,
    ).fit(X, y)
    assert search.best_params_ == {"waveclassifier__noise": 0.03}
    assert search.best_score_ > 0.95
    assert search.predict_proba(X).shape == (len(X), 3)


# Limits


@pytest.mark.slow
def test_one_large_image_is_as_in_its_batch(large):
    images = np.concatenate([large[0]] * 3)
    geometry = encoder.Geometry((28, 28), (5, 5), 2, 4)
    layer = dictionary.construct_layer(images, geometry, 16, np.random.default_rng(0))
    # 20 images are a group: a run of 16 groups and two of one.
    together = encoder.features(images, [layer], [geometry], "both")
    for index in (0, 319, 320, 359):
        alone = encoder.features(images[index : index + 1], [layer], [geometry], "both")
        np.testing.assert_array_equal(alone[0], together[index])


# Properties


@pytest.mark.slow
def test_mirror_images_have_the_same_features(digits):
    images = digits[0][:50]
    geometry = encoder.Geometry((8, 8), (3, 3), 1, 3, mirrored=True)
    layer = dictionary.construct_layer(images, geometry, 8, np.random.default_rng(0))
    one, other = (
        encoder.features(seen, [layer], [geometry], "both") for seen in (images, images[:, :, ::-1])
    )
    np.testing.assert_allclose(one, other, atol=3e-6)  # other modes see them in another order
    plain = encoder.features(images, [layer], [geometry._replace(mirrored=False)], "both")
    assert np.abs(plain - one).max() > 0.01


@pytest.mark.slow
def test_mirror_images_have_the_same_class(digits):
    X, y = digits
    clf = WaveClassifier(n_modes=8, mirror=True).fit(X[:200], y[:200])
    close(clf.criticality(X[:, :, ::-1]), clf.criticality(X), 1e-5)


# Files


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"patch_size": (3, 5), "n_regions": 2, "n_memories": 60},
        {"response": "analytic"},
        {"response": "rate", "mirror": True, "image_shape": (8, 8)},
        {"frame": "handwriting"},
        {"frame": Frame((6, 7), 0.2, 0.5, roundness=0.3), "patch_size": 3},
        {"noise": 0.3, "threshold": 0, "omega": 1},
    ],
    ids=lambda parameters: ",".join(parameters) or "default",
)
def test_saved_images_models_answer_the_same(digits, tmp_path, parameters):
    X, y = digits[0][:150], digits[1][:150]
    clf = WaveClassifier(n_modes=8, **parameters).fit(X, y)
    clf.save(tmp_path / "model")
    same_answers(WaveClassifier.load(tmp_path / "model"), clf, X)


@pytest.mark.parametrize("kind", ["int", "str", "object", "two"])
def test_saved_models_of_tables_answer_the_same(tmp_path, kind):
    X, y = load_wine(return_X_y=True)
    names = np.array(["first", "second", "größer"])[y]
    if kind == "two":
        X, names = X[y < 2], names[y < 2]
    labels = {"int": y, "object": names.astype(object)}.get(kind, names)
    clf = WaveClassifier(n_modes=8).fit(X, labels)
    clf.save(str(tmp_path / "model"))
    loaded = WaveClassifier.load(str(tmp_path / "model"))
    assert loaded.image_shape_ is None
    same_answers(loaded, clf, X)


@pytest.mark.slow
@pytest.mark.parametrize("n_memories", [None, 60])
def test_saved_models_learn_on(digits, tmp_path, n_memories):
    """Those of landmarks only if their sums were kept."""
    X, y = digits[0][:200], digits[1][:200]
    few = y < 7
    clf = WaveClassifier(n_modes=8, patch_size=(3, 5), n_memories=n_memories)
    clf.partial_fit(X[few], y[few])
    clf.save(tmp_path / "small")
    clf.save(tmp_path / "updatable", updatable=True)
    sizes = [(tmp_path / name).stat().st_size for name in ("small", "updatable")]
    assert sizes[0] < sizes[1] if n_memories else sizes[0] == sizes[1]
    loaded, small = (WaveClassifier.load(tmp_path / name) for name in ("updatable", "small"))
    for model in (clf, loaded):
        model.partial_fit(X[~few], y[~few], classes=range(10))
    np.testing.assert_array_equal(loaded.criticality(X), clf.criticality(X))
    assert small.readout_.updatable is (n_memories is None)
    if n_memories is None:
        return
    with pytest.raises(ValueError, match="updatable=True"):
        small.partial_fit(X[few], y[few])


@pytest.mark.parametrize("name", ["images", "table"])
def test_files_with_linear_class_modes_answer_as_they_did(digits, tmp_path, name):
    """Written by the version of 2026-11-29, with what it answered."""
    folder = pathlib.Path(__file__).parent / "data"
    X = datasets.load("digits")[0][300:310] if name == "images" else load_wine().data[:10]
    old, wanted = WaveClassifier.load(folder / f"{name}.wetcow"), np.load(folder / f"{name}.npz")
    np.testing.assert_allclose(old.predict_proba(X), wanted["proba"], rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(old.uncertainty(X), wanted["uncertainty"], rtol=1e-4)
    assert "(ridge" in old.card() and "cannot learn on" in old.card()
    with pytest.raises(ValueError, match="earlier version, without a memory; fit again"):
        old.partial_fit(X, old.predict(X))
    with pytest.raises(ValueError, match="keep its file, or fit again"):
        old.save(tmp_path / "new")
    with pytest.raises(ValueError, match="fit it again"):
        old.to_network(X[0])


# Limits: few, equal and too many examples


@pytest.mark.parametrize("count", [2, 3, 9])
def test_hardly_any_examples(digits, count):
    X, y = digits
    clf = WaveClassifier(n_modes=4, n_memories=count - 1).fit(X[:count], y[:count])
    for model in (clf, WaveClassifier(n_modes=4).fit(X[:count], y[:count])):
        assert model.memory_.rows.shape[1] <= count - 1
        assert np.isfinite(model.criticality(X[:50])).all()
        assert np.isfinite(model.uncertainty_threshold_)
    np.testing.assert_array_equal(model.predict(X[:count]), y[:count])


def test_duplicates_count_as_often_as_they_come(digits):
    X, y = digits[0][:100], digits[1][:100]
    clf = WaveClassifier(n_modes=4).fit(np.repeat(X, 3, axis=0), np.repeat(y, 3))
    # As if the noise had been a third.
    once = WaveClassifier(n_modes=4, noise=0.01, tolerance=1e-6)
    once.fit(X, y)
    assert clf.memory_.reached and np.mean(clf.predict(X) == once.predict(X)) > 0.95
    assert np.all(clf.uncertainty(X) < 0.05)


def test_one_class(digits):
    X = digits[0][:40]
    clf = WaveClassifier(n_modes=4).fit(X, np.full(40, "one"))
    np.testing.assert_allclose(clf.criticality(X), 1)
    assert set(clf.predict(X)) == {"one"}


def test_constant_images_teach_class_frequencies(digits):
    y = np.array([0, 1, 1, 1] * 10)
    with pytest.warns(UserWarning, match="all samples look the same to the hidden modes"):
        clf = WaveClassifier(n_modes=4).fit(np.ones((40, 8, 8)), y)
    np.testing.assert_allclose(clf.criticality(np.ones((1, 8, 8))), [[0.25, 0.75]], atol=1e-3)


def test_too_many_examples_say_so_before_work_starts(digits, monkeypatch):
    X, y = digits
    monkeypatch.setattr("wetcow.learning.model.memory.memorize.available_memory", lambda: 1e6)
    monkeypatch.setattr(pipeline, "construct", None)  # which would be the first work
    with pytest.raises(ValueError, match=r"8n\(d \+ m\).*n=600.*n_memories"):
        WaveClassifier(n_modes=4).fit(X, y)
    monkeypatch.setattr("wetcow.learning.memory.examples.available_memory", lambda: 1e6)
    with pytest.raises(ValueError, match=r"32m².*m=500.*n_memories"):
        WaveClassifier(n_modes=4, n_memories=500).fit(X, y)


def test_budgets_learn_some_of_many_but_all_classes(digits, monkeypatch):
    X, y = digits
    some = find_settings(WaveClassifier(), (8, 8))._replace(n_examples=100)
    monkeypatch.setattr(
        "wetcow.learning.settings.checks.settings", lambda *_, **__: Settings(*some)
    )
    labels = y.copy()
    labels[17] = 77
    clf = WaveClassifier(n_modes=8).fit(X, labels)
    assert 100 <= len(clf.memory_.rows) <= 111 and 77 in clf.classes_
    assert sum(clf.record_.counts) == len(clf.memory_.rows)


# Errors


def test_undeclared_labels_are_named_and_change_nothing(digits):
    X, y = digits
    few = y < 5
    with pytest.raises(ValueError, match=r"label .*7.* is not among the classes.*pass all"):
        WaveClassifier(n_modes=8).partial_fit(X[y > 6], y[y > 6], classes=[8, 9])
    clf = WaveClassifier(n_modes=8).partial_fit(X[few], y[few])
    before = clf.criticality(X[:20])
    with pytest.raises(ValueError, match=r"label .*6.* is not among the classes \[0, 1, 2, 3, 4\]"):
        clf.partial_fit(X[y == 6], y[y == 6])
    assert len(clf.memory_.rows) == few.sum() and len(clf.classes_) == 5
    np.testing.assert_array_equal(clf.criticality(X[:20]), before)


def test_damaged_and_foreign_files(saved, tmp_path):
    path = tmp_path / "model"
    whole = saved.read_bytes()
    for content in (whole[:-200], whole[: len(whole) // 2], b"", b"hello", b"\x89PNG" + bytes(99)):
        path.write_bytes(content)
        with pytest.raises(ModelFileError):
            WaveClassifier.load(path)
    write_model(path, {"parameters": {}}, {})
    with pytest.raises(ModelFileError, match="not a model of a WaveClassifier"):
        WaveClassifier.load(path)


@pytest.mark.parametrize(
    "part",
    [
        *("parameters", "settings", "hidden", "memory", "n_features", "classes"),
        *("sharpness_", "memory/coupling", "doubt/factor", "hidden/mean", "projection/origin"),
        *("layer0/excitation", "layer0/gamma", "layer0/floor"),
    ],
)
def test_missing_parts(saved, tmp_path, part):
    def remove(header, arrays):
        del (arrays if part in arrays else header)[part]

    rewrite(saved, tmp_path / "model", remove)
    with pytest.raises(ModelFileError):
        WaveClassifier.load(tmp_path / "model")


@pytest.mark.parametrize("name", ["frame", "image_shape"])
def test_missing_and_unknown_parameters(saved, tmp_path, name):
    rewrite(saved, tmp_path / "missing", lambda header, _: header["parameters"].pop(name))
    rewrite(saved, tmp_path / "new", lambda header, _: header["parameters"].update(spin=1))
    for path, said in (("missing", name), ("new", "spin")):
        with pytest.raises(ModelFileError, match=said):
            WaveClassifier.load(tmp_path / path)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"budget": "hours"}, "'budget' .* must be a str among .*'seconds'.* Got 'hours'"),
        ({"frame": "eight"}, "frame must be one of.*'handwriting'.*got 'eight'"),
        ({"frame": Frame(None, 4.0)}, "spread must be above 0"),
    ],
)
def test_invalid_budgets_and_frames(digits, parameters, message):
    with pytest.raises(ValueError, match=message):
        WaveClassifier(**parameters).fit(*digits)


def test_an_interrupted_fit_keeps_the_earlier_model(digits, monkeypatch):
    X, y = digits[0][:300], digits[1][:300]
    clf = WaveClassifier(n_modes=8).fit(X, y)
    before = clf.criticality(X)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("wetcow.learning.memory.examples.memorize_directly", interrupt)
    for learn in (clf.fit, clf.partial_fit):
        with pytest.raises(KeyboardInterrupt):
            learn(X[:150], y[:150])
        np.testing.assert_array_equal(clf.criticality(X), before)
