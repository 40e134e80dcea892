"""Encodings and innate couplings in the classifier: all that it promises holds for them, too."""

import numpy as np
import pytest

import wetcow as wc
from wetcow.learning.io import container
from wetcow.learning.io.container import ModelFileError, read_model, write_model

SMALL = dict(n_modes=8, patch_size=3, n_regions=2, frame=None, mirror=False)
KINDS = [
    {"encoding": "root"},
    {"encoding": "both", "patch_size": (3, 5)},
    {"couplings": "innate"},
    {"couplings": "innate", "encoding": "both", "response": "amplitude"},
]


@pytest.fixture(scope="module")
def digits():
    return wc.datasets.load("digits", flat=True)


@pytest.fixture(scope="module", params=KINDS, ids=str)
def model(request, digits):
    X, y = digits
    return wc.WaveClassifier(**(SMALL | request.param)).fit(X[:300], y[:300])


def test_banks_are_encodings_then_sizes(model):
    roots = {"brightness": [False], "root": [True], "both": [False, True]}
    sizes = model.settings_.patch_size
    expected = [((size, size), root) for root in roots[model.settings_.encoding] for size in sizes]
    assert [(one.patch, one.root) for one in model.hidden_.geometries] == expected
    innate = model.settings_.couplings == "innate"
    assert all(one.relative == innate for one in model.hidden_.geometries)


def test_files_keep_them(model, digits, tmp_path):
    X, _ = digits
    model.save(tmp_path / "model")
    loaded = wc.WaveClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(X[300:400]), model.predict_proba(X[300:400]))
    assert loaded.settings_ == model.settings_
    card = model.card()
    assert ("square root" in card) == (model.settings_.encoding != "brightness")
    assert ("innate hidden modes" in card) == (model.settings_.couplings == "innate")


@pytest.mark.slow
def test_onnx_has_them(model, digits, tmp_path):
    session = pytest.importorskip("onnxruntime").InferenceSession
    X, _ = digits
    model.to_onnx(tmp_path / "model.onnx")
    run = session(str(tmp_path / "model.onnx")).run
    rows = np.concatenate([X[300:500], np.zeros((1, 64)), np.ones((1, 64))]).astype(np.float32)
    _, probabilities, criticality = run(None, {"X": rows})
    seen = slice(0, 200)  # values of blank images are refused
    found = model.predict_proba(rows[seen].astype(np.float64))
    np.testing.assert_allclose(probabilities[seen], found, atol=1e-3)
    assert np.all(np.isfinite(criticality))
    right = probabilities[seen].argmax(axis=1) == found.argmax(axis=1)
    assert right.all()


@pytest.mark.slow
def test_networks_are_of_them(model, digits):
    """All hidden modes of a network have the excitations that the codes come from."""
    X, _ = digits
    network = model.to_network(X[300], n_random=64)
    places = sum(np.prod(one.positions) for one in model.hidden_.geometries)
    assert network.n_hidden == 8 * places
    # Codes of settled modes are the formula's.
    from wetcow.learning.model.activation import respond

    omega = np.broadcast_to(network.hidden.omega, network.n_hidden)
    codes = respond(np.asarray(network.hidden.gamma), omega, model.settings_.response)
    start, found = 0, []
    for one in model.hidden_.geometries:
        count = 8 * int(np.prod(one.positions))
        for code in codes:
            part = np.asarray(code[start : start + count]).reshape(*one.positions, 8)
            parts = [np.split(some, 2, axis=1) for some in np.split(part, 2)]
            found += [np.mean(part, axis=(0, 1)) for row in parts for part in row]
        start += count
    found = np.sqrt(np.maximum(np.concatenate(found), 0))
    expected = model.hidden_.codes(X[300:301])[0]
    scale = np.linalg.norm(expected) / np.linalg.norm(found)
    np.testing.assert_allclose(scale * found, expected, atol=0.02 * expected.max())


@pytest.mark.parametrize(
    ("part", "value"),
    [("relative", True), ("root", True), ("root", 1), ("relative", None)],
)
def test_files_that_contradict_themselves_are_refused(digits, tmp_path, part, value):
    X, y = digits
    path = tmp_path / "model"
    wc.WaveClassifier(**SMALL).fit(X[:60], y[:60]).save(path)
    header, arrays = read_model(path)
    for own in ("format", "format_version", "wetcow", "arrays"):
        del header[own]
    header["hidden"]["geometries"][0][part] = value
    write_model(path, header, arrays)
    with pytest.raises(ModelFileError, match=part):
        wc.WaveClassifier.load(path)


def test_files_of_the_second_format_are_loaded(digits, tmp_path, monkeypatch):
    """Those know nothing of encodings, couplings and decisions."""
    X, y = digits
    path = tmp_path / "model"
    clf = wc.WaveClassifier(**SMALL).fit(X[:60], y[:60])
    clf.save(path)
    header, arrays = read_model(path)
    for own in ("format", "format_version", "wetcow", "arrays", "decision"):
        del header[own]
    for name in ("encoding", "couplings"):
        del header["parameters"][name], header["settings"][name]
    monkeypatch.setattr(container, "FORMAT_VERSION", 2)
    write_model(path, header, arrays)
    monkeypatch.undo()
    loaded = wc.WaveClassifier.load(path)
    assert loaded.decision_ is None and loaded.encoding == "brightness"
    np.testing.assert_array_equal(loaded.criticality(X[60:99]), clf.criticality(X[60:99]))
    loaded.save(tmp_path / "again")
    assert wc.WaveClassifier.load(tmp_path / "again").card() == loaded.card()


# Innate


@pytest.mark.slow
def test_class_after_class_in_any_order_is_fit(digits):
    X, y = digits
    X, y, new = X[:300], y[:300], X[500:600]
    settings = dict(**SMALL, couplings="innate", encoding="both", tolerance=1e-7)
    at_once = wc.WaveClassifier(**settings).fit(X, y).criticality(new)
    clf = wc.WaveClassifier(**settings, random_state=5)
    for one in [3, 1, 4, 5, 9, 2, 6, 8, 7, 0]:
        clf.partial_fit(X[y == one], y[y == one], classes=range(10))
    found = clf.criticality(new)
    assert np.linalg.norm(found - at_once) < 1e-5 * np.linalg.norm(at_once)
