"""The background of images: what is taken away, and what is not."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wetcow import datasets
from wetcow.images.background import without_background

SIDE = 28


# Known answers


@pytest.mark.parametrize("noise", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("level", [0.0, 0.4])
def test_noise_on_the_ground_goes_and_ink_stays(rng, noise, level):
    image = np.zeros((200, SIDE, SIDE), np.float32)
    image[:, 8:20, 12:16] = 1.0
    noisy = image + level + noise * rng.standard_normal(image.shape)
    left = np.asarray(without_background(noisy.astype(np.float32)))
    around = np.ones((SIDE, SIDE), bool)
    around[6:22, 10:18] = False
    assert left[:, around].mean() < 0.05 * noise
    np.testing.assert_allclose(left[:, 9:19, 13:15].mean(), 1, atol=0.05)


@pytest.mark.slow
def test_something_is_left_of_ink_that_has_no_margin():
    image = np.zeros((1, SIDE, SIDE), np.float32)
    image[:, :20, :20] = 1.0  # on most of two sides
    assert np.mean(without_background(image)[image > 0]) > 0.9


@pytest.mark.slow
def test_digits_of_mnist_stay_as_they_are():
    try:
        X, _ = datasets.load("mnist")
    except OSError as error:
        pytest.skip(str(error))
    parts = np.split(np.asarray(X, np.float32).reshape(-1, SIDE, SIDE), 10)
    changed = [np.any(without_background(part) != part, axis=(1, 2)).sum() for part in parts]
    assert sum(changed) <= 10  # of 60,000: those that fill much of the border


# Properties


@pytest.mark.slow
@given(seed=st.integers(0, 99), inked=st.integers(0, SIDE // 2))
def test_what_has_a_margin_stays_as_it_is(seed, inked):
    image = np.zeros((SIDE, SIDE), np.float32)
    image[4:-4, 4:-4] = np.random.default_rng(seed).uniform(size=(20, 20))
    image[:4, :inked] = 1.0  # some of the border may be inked
    np.testing.assert_array_equal(without_background(image[None])[0], image)
