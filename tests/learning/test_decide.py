"""Decisions about views: what is computed, when nothing is decided, and what is known."""

import numpy as np
import pytest

import wetcow as wc
from wetcow.images.frame import HANDWRITING
from wetcow.learning.data.samples import targets_of
from wetcow.learning.model.geometry import encoded
from wetcow.learning.model.memory.memorize import memorize_examples
from wetcow.learning.model.memory.projection import fit_projection
from wetcow.learning.views import decide
from wetcow.learning.views.decide import View, decide_view

FEW = 240


@pytest.fixture(scope="module")
def digits():
    return wc.datasets.load("digits", flat=True)


def rng():
    return np.random.default_rng(0)


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("response", ["amplitude", "rate", "both", "analytic"])
def test_shared_codes_are_those_of_the_view(digits, mirror, response):
    X, y = digits
    tried = decide._Trials(X[:20], y[:20], (8, 8), np.arange(20) % 4, both=True)
    found = tried._features(View(mirror=mirror, response=response, encoding="both"))
    hidden = decide._modes((8, 8), None, False, response)
    geometries = encoded(
        tuple(one._replace(mirrored=mirror, root=False) for one in hidden.geometries), "both"
    )
    roots = decide._modes((8, 8), None, True, response)
    layers = (*hidden.layers, *roots.layers)
    expected = wc.learning.model.encoder.features(
        X[:20].reshape(-1, 8, 8), layers, geometries, response
    )
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_recognised_by_the_memory_of_other_parts(digits):
    X, y = digits
    X, y, parts = X[:300], y[:300], np.arange(300) % 3
    found = decide.share_recognised(X, y, parts)
    rows = fit_projection(X, 300)(X)
    expected = np.zeros(300)
    for part in range(3):
        memory = memorize_examples(
            rows[parts == part], targets_of(y[parts == part], 10), tolerance=1e-6
        )
        expected += (parts != part) * (memory.criticality(rows).argmax(axis=1) == y)
    np.testing.assert_array_equal(found, expected / 2)


def mirrored_pairs(count, *, apart):
    """Images of patterns and their mirror images, which are two classes or one."""
    draw = rng()
    patterns = draw.normal(size=(4, 12, 12))
    labels = draw.integers(4, size=count)
    flipped = draw.integers(2, size=count).astype(bool)
    images = patterns[labels] + 2.0 * draw.normal(size=(count, 12, 12))
    images[flipped] = images[flipped, :, ::-1]
    return images.reshape(count, -1), labels + 4 * flipped if apart else labels


@pytest.mark.slow
@pytest.mark.parametrize("apart", [False, True])
def test_mirror_follows_the_labels(apart):
    X, y = mirrored_pairs(400, apart=apart)
    found = decide_view(X, y, (12, 12), rng(), frame=(None,), encoding=("brightness",))
    assert found.view.mirror is not apart


@pytest.mark.slow
def test_digits_are_seen_as_they_are(digits):
    X, y = digits
    found = decide_view(X, y, (8, 8), rng())
    assert not found.view.mirror
    by_view = {one.view: one.accuracy for one in found.trials}
    assert by_view[found.view] >= by_view[View()]


# Alternatives


@pytest.mark.slow
def test_what_is_given_stays(digits):
    X, y = digits
    found = decide_view(
        X[:FEW],
        y[:FEW],
        (8, 8),
        rng(),
        frame=(None,),
        mirror=(True,),
        response=("amplitude",),
    )
    assert {one.view.frame for one in found.trials} == {None}
    assert all(one.view.mirror for one in found.trials)
    assert {one.view.encoding for one in found.trials} == {"brightness", "both"}
    assert f"decided on {FEW} images" in found.describe()


def test_roots_are_not_tried_in_a_frame(digits):
    X, y = (part[:FEW] for part in digits)
    some = {"frame": (HANDWRITING,), "response": ("amplitude",)}
    found = decide_view(X, y, (8, 8), rng(), mirror=(False, True), **some)
    assert {one.view.encoding for one in found.trials} == {"brightness"}
    assert decide_view(X, y, (8, 8), rng(), mirror=(True,), **some).reason == "all is given"


def test_nothing_is_decided_where_nothing_can_be(digits):
    X, y = digits
    nothing = [
        decide_view(X, y, None, rng()),
        decide_view(X[:199], y[:199], (8, 8), rng()),
        decide_view(X, np.zeros_like(y), (8, 8), rng()),
        decide_view(X, y, (2, 32), rng()),
    ]
    for found, word in zip(nothing, ("table", "200", "class", "2×32"), strict=True):
        assert found.view == View()
        assert not found.trials
        assert word in found.reason
        assert found.reason in found.describe()
    given = decide_view(
        X,
        y,
        (8, 8),
        rng(),
        frame=(HANDWRITING,),
        mirror=(True,),
        response=("both",),
        encoding=("root",),
    )
    assert given.view == View(HANDWRITING, True, "both", "root")
    assert given.reason == "all is given"


def test_no_alternative_is_an_error(digits):
    X, y = digits
    with pytest.raises(ValueError, match="at least one"):
        decide_view(X, y, (8, 8), rng(), frame=())


@pytest.mark.slow
def test_labels_of_any_kind_and_rare_classes(digits):
    X, y = digits
    names = np.array([f"digit {one}" for one in y[:FEW]])
    names[7] = "rare"
    arguments = dict(frame=(None,), response=("amplitude",), encoding=("brightness",))
    found = decide_view(X[:FEW], names, (8, 8), rng(), **arguments)
    assert 0.5 < found.trials[0].accuracy < 1


@pytest.mark.slow
def test_constant_images_leave_it_at_the_simplest():
    labels = np.arange(FEW) % 2
    found = decide_view(np.ones((FEW, 64)), labels, (8, 8), rng())
    assert found.view == View()
