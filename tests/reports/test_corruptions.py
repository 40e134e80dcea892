"""Corrupted images, and letters from fonts."""

import numpy as np
import pytest

from wetcow.reports.images.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from wetcow.reports.images.letters import fonts, letters


@pytest.fixture(scope="module")
def images():
    return letters(40, seed=3)[0]


# Known answers


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_stronger_is_further_from_the_clean_image(images, kind):
    before = images.copy()
    distances = []
    for strength in STRENGTHS:
        found = corrupt(images, kind, strength, seed=1)
        assert found.shape == images.shape and found.dtype == np.float32
        assert found.min() >= 0 and found.max() <= 1
        distances.append(np.sqrt(np.mean((found - images) ** 2)))
    assert 0 < distances[0] and np.all(np.diff(distances) > 0.002), distances
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_seed_decides_everything(images, kind):
    once, again, other = (corrupt(images, kind, 3, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(once, again)
    drawn = kind not in ("blur", "shrinking", "brightness", "contrast", "pixelation", "JPEG")
    assert np.array_equal(once, other) != drawn


def test_kinds_do_what_they_say():
    square = np.zeros((1, 28, 28))
    square[0, 10:18, 10:18] = 1
    assert corrupt(square, "shrinking", 5, 0).sum() == pytest.approx(64 * (13 / 28) ** 2, rel=0.02)
    assert corrupt(square, "translation", 5, 0).sum() == pytest.approx(64, rel=0.01)
    rows, columns = np.indices((28, 28)) - 13.5
    moved = corrupt(square, "translation", 5, 0)[0]
    distance = np.hypot((moved * rows).sum(), (moved * columns).sum()) / moved.sum()
    assert distance == pytest.approx(7, rel=0.01)
    ones = np.ones((1, 28, 28))
    assert corrupt(ones, "occlusion", 5, 0).sum() == 28**2 - 14**2
    noisy = corrupt(np.full((20, 28, 28), 0.5), "impulse noise", 5, 0)
    assert np.mean(noisy != 0.5) == pytest.approx(0.4, abs=0.02)
    assert np.mean(noisy == 1) == pytest.approx(0.2, abs=0.02)
    half = corrupt(np.full((20, 28, 28), 0.5), "shot noise", 2, 0)
    assert half.std() == pytest.approx(np.sqrt(0.5 / 12), rel=0.1)


def test_letters_sit_like_digits_of_mnist():
    images, names = letters(60, seed=0)
    assert len(fonts()) >= 8 and len(set(names)) > 20 and not set(names) & set("OoIl")
    rows, columns = np.indices((28, 28))
    for image in images:
        mass = image.sum()
        centre = (image * rows).sum() / mass, (image * columns).sum() / mass
        np.testing.assert_allclose(centre, 13.5, atol=0.3)
        ink = np.argwhere(image > 0.02)
        assert 17 <= np.ptp(ink, axis=0).max() <= 22
    np.testing.assert_array_equal(images, letters(60, seed=0)[0])
    assert not np.array_equal(images, letters(60, seed=1)[0])


# Errors


@pytest.mark.parametrize(
    ("images", "kind", "strength", "message"),
    [
        (np.zeros((1, 2, 2)), "rain", 1, "rain"),
        (np.zeros((1, 2, 2)), "fog", 6, "strength"),
        (np.zeros((2, 2)), "fog", 1, "shape"),
        (np.full((1, 2, 2), 2.0), "fog", 1, "0 to 1"),
        (np.full((1, 2, 2), np.nan), "fog", 1, "0 to 1"),
    ],
)
def test_wrong_arguments_are_refused(images, kind, strength, message):
    with pytest.raises(ValueError, match=message):
        corrupt(images, kind, strength, 0)
