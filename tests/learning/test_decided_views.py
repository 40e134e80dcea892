"""How images are looked at: decided by themselves, given, kept, and the same for all who ask."""

import logging

import numpy as np
import pytest
from sklearn.base import clone

import wetcow as wc
from wetcow.cli.learn import learn
from wetcow.images.frame import HANDWRITING, SEVEN, Frame
from wetcow.learning.settings.presets import DATASET_DEFAULTS, settings
from wetcow.learning.settings.view import Decision, Trial, View, decision_from_header
from wetcow.learning.views.construction import look

SMALL = dict(n_modes=8, patch_size=3, n_regions=2)
BOTH = {"frame": (None, HANDWRITING), "mirror": (False, True), "encoding": ("brightness",)}


@pytest.fixture(scope="module")
def digits():
    return wc.datasets.load("digits", flat=True)


def moved_digits(digits, count):
    """Digits at any place of larger pictures, at twice their size."""
    rng = np.random.default_rng(0)
    X, y = digits
    large = np.kron(X[:count].reshape(-1, 8, 8), np.ones((2, 2)))
    found = np.zeros((count, 28, 28))
    for image, digit, (i, j) in zip(found, large, rng.integers(12, size=(count, 2)), strict=True):
        image[i : i + 16, j : j + 16] = digit
    return found, y[:count]


# What is decided


@pytest.mark.slow
def test_digits_anywhere_in_a_picture_need_the_frame(digits, caplog):
    X, y = moved_digits(digits, 400)
    with caplog.at_level(logging.INFO, logger="wetcow"):
        found = wc.WaveClassifier(**SMALL).fit(X[:300], y[:300])
    assert found.hidden_.frame == HANDWRITING
    assert not found.hidden_.geometries[0].mirrored
    assert found.decision_.line() in caplog.text
    plain = wc.WaveClassifier(**SMALL, frame=None).fit(X[:300], y[:300])
    assert plain.hidden_.frame is None
    assert found.score(X[300:], y[300:]) > plain.score(X[300:], y[300:]) + 0.2


def test_what_is_decided_is_what_is_given(digits):
    """To the last bit: what is drawn for hidden modes does not depend on deciding."""
    X, y = digits
    X, y, new = X[:300], y[:300], X[300:320]
    found = wc.WaveClassifier(**SMALL).fit(X, y)
    assert found.decision_.trials and found.decision_.n_images == 300
    given = wc.WaveClassifier(**SMALL, frame=None, mirror=False).fit(X, y)
    assert given.decision_ == Decision(given.decision_.view, reason="all is given")
    assert given.decision_.view == found.decision_.view
    np.testing.assert_array_equal(found.criticality(new), given.criticality(new))


def test_few_images_tables_and_one_class_are_left_as_they_are(digits):
    X, y = digits
    few = wc.WaveClassifier(**SMALL).fit(X[:100], y[:100])
    table = wc.WaveClassifier(image_shape=None, frame="handwriting", mirror=True).fit(X, y)
    single = wc.WaveClassifier(**SMALL).partial_fit(X[:9], np.zeros(9, int), classes=range(10))
    for clf, word in ((few, "200"), (table, "table"), (single, "200")):
        assert clf.hidden_.frame is None and not any(g.mirrored for g in clf.hidden_.geometries)
        assert not clf.decision_.trials
        assert word in clf.decision_.reason or clf is table


@pytest.mark.slow
def test_settings_follow_the_encoding_that_is_decided(digits):
    X, y = moved_digits(digits, 200)  # of fewer nothing is decided
    given = dict(budget="minute", n_modes=4, frame=None, mirror=False)
    found = wc.WaveClassifier(**given).fit(X, y)
    encoding = found.decision_.view.encoding
    assert {one.view.encoding for one in found.decision_.trials} == {"brightness", "both"}
    assert f"encoding {encoding}" in found.decision_.line()
    for one in ("brightness", "both"):
        clf = wc.WaveClassifier(**given, encoding=one).fit(X, y)
        assert not clf.decision_.trials
        assert clf.settings_ == settings("minute", (28, 28), one)._replace(n_modes=4)
        if one == encoding:
            np.testing.assert_array_equal(clf.criticality(X[:9]), found.criticality(X[:9]))


def test_frames_larger_than_images_are_not_tried(digits):
    X, y = digits
    found = look(X[:300], y[:300], (8, 8), BOTH, np.random.default_rng(0))
    assert {one.view.frame for one in found.trials} == {None}
    assert {one.view.mirror for one in found.trials} == {False, True}


def test_numbers_drawn_later_do_not_depend_on_what_is_decided(digits):
    X, y = digits
    rng = np.random.default_rng(3)
    look(X[:250], y[:250], (8, 8), BOTH, rng)
    assert rng.random() == np.random.default_rng(3).random()


# Who asks


@pytest.mark.slow
def test_command_and_estimator_are_the_same(digits, monkeypatch):
    from wetcow import datasets

    X, y = digits
    parts = {"train": (X[:300], y[:300]), "test": (X[300:400], y[300:400])}
    monkeypatch.setattr(datasets, "load", lambda name, split, data_dir: parts[split])
    for name in DATASET_DEFAULTS:
        report = learn(name, **SMALL)
        clf = wc.WaveClassifier(**SMALL).fit(*parts["train"])
        assert report["test_accuracy"] == clf.score(*parts["test"])
        assert report["view"] == clf.decision_.line()


# What is kept


def test_decisions_survive_files_and_clones(digits, tmp_path):
    X, y = digits
    clf = wc.WaveClassifier(**SMALL).fit(X[:300], y[:300])
    clf.save(tmp_path / "model")
    loaded = wc.WaveClassifier.load(tmp_path / "model")
    assert loaded.decision_ == clf.decision_
    assert loaded.frame == loaded.mirror == "auto"
    assert clf.decision_.line() in loaded.card()
    assert clone(loaded).frame == "auto"


@pytest.mark.parametrize("frame", [None, HANDWRITING, SEVEN, Frame(None, 0.2)])
def test_headers_of_decisions(frame):
    view = View(frame, True, "both", "root")
    trial = Trial(view=view, accuracy=0.5, gain=0.25, error=0.125)
    for decision in (Decision(view, (trial, trial), 7), Decision(view, reason="why")):
        assert decision_from_header(decision.header()) == decision
    assert decision_from_header(None) is None


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"frame": "automatic"}, "frame must be one of .*auto"),
        ({"mirror": "yes"}, "mirror"),
        ({"encoding": "roots"}, "encoding"),
        ({"couplings": "inborn"}, "couplings"),
    ],
)
def test_errors(digits, parameters, message):
    X, y = digits
    with pytest.raises(ValueError, match=message):
        wc.WaveClassifier(**parameters).fit(X[:20], y[:20])
