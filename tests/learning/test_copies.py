"""Deformed copies: they help, and neither order, blocks nor where data are matters."""

import copy

import jax
import numpy as np
import pytest

from wetcow import WaveClassifier, datasets
from wetcow.images.augmentation import Augmentation, augment
from wetcow.learning.data import samples
from wetcow.learning.data.copies import Copies, encoded

OF_DIGITS = Augmentation(shift=0.1, rotation=8.0)


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


def classifier(**parameters):
    parameters = {"n_modes": 24, "copies": 2, "augmentation": OF_DIGITS, **parameters}
    return WaveClassifier(**parameters)


# Known answers


@pytest.mark.slow
def test_learning_copies_helps(digits):
    """With images that are deformed like them; of others the memory knows as much without."""
    X, y = digits
    few = slice(0, 200)
    keys = jax.random.split(jax.random.key(0), len(X) - 200)
    moved = np.asarray(augment(X[200:], keys, OF_DIGITS))
    plain = classifier(copies=0).fit(X[few], y[few])
    with_copies = classifier(copies=4).fit(X[few], y[few])
    assert len(with_copies.memory_.rows) == 1000
    assert with_copies.score(moved, y[200:]) > plain.score(moved, y[200:]) + 0.005
    assert with_copies.score(X[200:], y[200:]) > plain.score(X[200:], y[200:]) - 0.015


@pytest.mark.slow
def test_copies_differ_from_each_other_and_by_hidden_modes(digits):
    X, y = digits
    clf, other = (classifier(random_state=seed).fit(X[:100], y[:100]) for seed in (0, 1))
    rows = X[:7].reshape(7, -1).astype(np.float32)
    found = [*encoded(clf.hidden_, rows, Copies(2, OF_DIGITS))]
    np.testing.assert_array_equal(found[0], clf.hidden_.codes(rows))
    assert np.abs(found[1] - found[2]).max() > 0.1
    # Of each image the same copies, whatever comes with it.
    again = [*encoded(clf.hidden_, rows[3:4], Copies(1, OF_DIGITS))]
    np.testing.assert_allclose(again[1], found[1][3:4], atol=1e-5)
    elsewhere = [*encoded(other.hidden_, rows, Copies(1, OF_DIGITS))]
    assert np.abs(elsewhere[1] - found[1]).max() > 0.1


@pytest.mark.slow
def test_copies_are_the_same_of_all_kinds_of_numbers(digits):
    X = np.round(digits[0][:200].reshape(200, 64) * 16)
    hidden = classifier(copies=0).fit(X, digits[1][:200]).hidden_
    some = Copies(1, OF_DIGITS)
    expected = list(encoded(hidden, X[:20].astype(np.float32), some))
    for kind in (np.uint8, np.int64, np.float64):
        for one, other in zip(encoded(hidden, X[:20].astype(kind), some), expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("n_memories", [None, 100])
def test_result_does_not_depend_on_blocks_or_what_is_kept(digits, n_memories, monkeypatch):
    X, y = digits[0][:200], digits[1][:200]
    solved = dict(n_memories=n_memories, tolerance=1e-5, n_modes=8)
    clf = classifier(**solved).fit(X, y)
    wanted = clf.criticality(X)
    for size, other in ((89, {}), (70, {"cache_size": 0})):
        monkeypatch.setattr(samples, "BATCH_SIZE", size)
        found = classifier(**solved, **other).fit(X, y)
        np.testing.assert_allclose(found.criticality(X), wanted, atol=1e-4)
        assert found.inverse_temperature_ == pytest.approx(clf.inverse_temperature_, rel=1e-3)


# Properties


@pytest.mark.slow
@pytest.mark.parametrize(
    "first, then", [(slice(100, 150), slice(100)), (slice(100), slice(100, 150))]
)
def test_partial_fit_in_any_order_is_fit(digits, first, then):
    X, y = digits[0][:150], digits[1][:150]
    parts = classifier(tolerance=1e-7, n_modes=8).fit(X[first], y[first])
    # The same hidden modes, and the same projection.
    whole = copy.deepcopy(parts).partial_fit(X[then], y[then])
    other = copy.deepcopy(parts)
    for low in range(0, len(y[then]), 40):
        other.partial_fit(X[then][low : low + 40], y[then][low : low + 40])
    np.testing.assert_allclose(other.criticality(X), whole.criticality(X), atol=1e-5)


# Errors


def test_copies_are_of_images_and_must_be_told_how(digits):
    X, y = digits
    with pytest.raises(ValueError, match="copies=2 needs an augmentation"):
        classifier(augmentation=None).fit(X, y)
    with pytest.raises(ValueError, match=r"'copies' .* must be an int"):
        classifier(copies=-1).fit(X, y)
    table = classifier(image_shape=None).fit(X.reshape(len(X), -1), y)
    assert len(table.memory_.rows) == len(X)
