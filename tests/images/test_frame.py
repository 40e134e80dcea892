"""Alignment against moments that are known, computed here in NumPy and float64."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from wetcow.images import frame as module
from wetcow.images.frame import HANDWRITING, SEVEN, Frame, align, check_frame

SIDE = 28
UPRIGHT = Frame(None, 4 / 28, deskew=True)
FRAMES = [HANDWRITING, UPRIGHT, SEVEN, Frame(None, 4 / 28, 0), Frame((14, 10), 0.2, 1.0, True, 1.0)]


def gaussian(*, centre=(13.5, 13.5), sigma=(3.0, 3.0), skew=0.0, shape=(SIDE, SIDE)):
    """A Gaussian blob; σ and centre in order (y, x), in pixels; x is shifted by skew·y.

    With a margin: zero where it is fainter than 1e-4, and on four pixels at the border.
    """
    y, x = np.ogrid[: shape[0], : shape[1]]
    y, x = y - centre[0], x - centre[1]
    blob = np.exp(-((y / sigma[0]) ** 2 + ((x - skew * y) / sigma[1]) ** 2) / 2)
    return np.pad(np.where(blob < 1e-4, 0, blob)[4:-4, 4:-4], 4)


def moments(image):
    """Centre (y, x), variances (y, x) and covariance of an image, in its pixels."""
    mass = image.astype(float) / image.sum(dtype=float)
    y, x = np.indices(image.shape)
    centre = np.array([(mass * y).sum(), (mass * x).sum()])
    y, x = y - centre[0], x - centre[1]
    variances = np.array([(mass * y**2).sum(), (mass * x**2).sum()])
    return centre, variances, (mass * x * y).sum()


def aligned(image, frame):
    return align(image[None], frame)[0]


# Known answers


def test_size_does_not_depend_on_that_of_the_result():
    image = gaussian(sigma=(5.0, 4.0))
    _, variances, _ = moments(aligned(image, Frame((7, 7), 4 / 28, 1.0)))
    # A cell of the result spreads the mass by its own variance, 1/12.
    np.testing.assert_allclose(variances.mean(), 1 + 1 / 12, rtol=0.05)


@pytest.mark.parametrize("roundness", [0.0, 0.5, 1.0])
def test_roundness_removes_its_share_of_the_anisotropy(roundness):
    image = gaussian(sigma=(3.2, 1.6))
    _, (y, x), _ = moments(aligned(image, Frame(None, 4 / 28, 0.0, roundness=roundness)))
    np.testing.assert_allclose(np.sqrt(y / x), 2 ** (1 - roundness), rtol=0.03)
    np.testing.assert_allclose(y * x, 3.2**2 * 1.6**2, rtol=0.06)  # areas stay


@pytest.mark.slow
def test_coarse_result_is_the_mean_of_a_fine_one(rng):
    images = rng.uniform(size=(3, SIDE, SIDE))
    fine = align(images, SEVEN._replace(size=None))
    means = fine.reshape(3, 7, 4, 7, 4).mean(axis=(2, 4))
    np.testing.assert_allclose(align(images, SEVEN), means, atol=1e-6)


@pytest.mark.slow
def test_coarse_result_keeps_the_mass():
    image = gaussian()
    small = aligned(image, Frame((7, 7), 4 / 28, 0.0))
    np.testing.assert_allclose(small.mean(), image.mean(), rtol=1e-3)
    odd = aligned(image, Frame((9, 5), 4 / 28, 0.0))  # no divisors of 28
    np.testing.assert_allclose(odd.mean(), image.mean(), rtol=0.01)


def test_identity():
    image = gaussian()
    np.testing.assert_allclose(aligned(image, Frame(None, 0.1, 0.0)), image, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("shape", [(28, 28), (12, 20), (1, 9), (9, 1), (1, 1)])
def test_blank_images_stay_blank(frame, shape):
    result = align(np.zeros((2, *shape)), frame)
    assert result.dtype == np.float32
    assert result.shape == (2, *(frame.size or shape))
    assert not result.any()


@pytest.mark.parametrize("count", [0, 1, 3, 4, 11])
def test_chunks_change_nothing(monkeypatch, rng, count):
    images = rng.uniform(size=(11, 10, 12))
    whole = align(images, UPRIGHT)
    monkeypatch.setattr(module, "_CHUNK_ELEMENTS", 4 * 10 * 12 + 7)  # four at once
    np.testing.assert_allclose(align(images[:count], UPRIGHT), whole[:count], atol=1e-5)


@pytest.mark.slow
def test_few_are_padded_to_a_power_of_two_and_a_rest_to_a_chunk(monkeypatch, rng):
    sizes = []
    original = module._align
    monkeypatch.setattr(module, "_CHUNK_ELEMENTS", 5 * 36)
    monkeypatch.setattr(
        module, "_align", lambda part, frame: sizes.append(len(part)) or original(part, frame)
    )
    for count in (1, 3, 9):
        align(rng.uniform(size=(count, 6, 6)), UPRIGHT)
    assert sizes == [1, 4, 4, 4, 4]


@pytest.mark.parametrize("frame", [HANDWRITING, SEVEN])
def test_frames_are_static(frame):
    check_frame(frame)
    assert hash(frame) == hash(Frame(*frame))


# Properties


@pytest.mark.slow
@pytest.mark.parametrize("frame", FRAMES)
@given(down=st.integers(4, 14), right=st.integers(4, 16), seed=st.integers(0, 9))
def test_translation_changes_nothing(frame, down, right, seed):
    shape = np.random.default_rng(seed).uniform(size=(SIDE - 18, SIDE - 20))
    images = np.zeros((2, SIDE, SIDE))
    images[0, 4:14, 4:12] = shape
    images[1, down : down + 10, right : right + 8] = shape
    first, second = align(images, frame)
    np.testing.assert_allclose(second, first, atol=2e-4)


@pytest.mark.slow
@pytest.mark.parametrize("frame", [HANDWRITING, Frame(None, 0.15, 1.0), Frame((7, 7), 0.15)])
@given(y=st.floats(9, 18), x=st.floats(9, 18), skew=st.floats(-0.6, 0.6))
def test_centre_is_in_the_middle(frame, y, x, skew):
    result = aligned(gaussian(centre=(y, x), sigma=(2.5, 2.0), skew=skew), frame)
    np.testing.assert_allclose(moments(result)[0], (len(result) - 1) / 2, atol=0.05)


@pytest.mark.slow
@given(sigma=st.floats(1.5, 5.0), strength=st.sampled_from([0.0, 0.5, 1.0]))
def test_size_is_scaled(sigma, strength):
    image = gaussian(sigma=(sigma, sigma), shape=(41, 41), centre=(20, 20))
    old = np.sqrt(moments(image)[1].mean())
    new = np.sqrt(moments(aligned(image, Frame(None, 4 / 41, strength)))[1])
    # Bilinear interpolation widens a blob by up to 1/4 pixel² of variance, before it is scaled.
    np.testing.assert_allclose(new, old ** (1 - strength) * 4**strength, rtol=0.06)


@pytest.mark.slow
@given(sigma=st.floats(1.5, 2.6))
def test_equal_shapes_of_different_size_become_equal(sigma):
    small = aligned(gaussian(sigma=(2.0, 2.5)), Frame(None, 4 / 28, 1.0))
    other = aligned(gaussian(sigma=(sigma, 1.25 * sigma)), Frame(None, 4 / 28, 1.0))
    np.testing.assert_allclose(other, small, atol=0.06)


@pytest.mark.slow
@given(skew=st.floats(-0.8, 0.8))
def test_deskewed_bar_is_upright(skew):
    bar = gaussian(sigma=(4.0, 1.5), skew=skew)
    upright = aligned(bar, UPRIGHT)
    # Of up to 13 pixel²: interpolating along slanted lines leaves little.
    assert abs(moments(upright)[2]) < 0.3
    np.testing.assert_allclose(upright, aligned(gaussian(sigma=(4.0, 1.5)), UPRIGHT), atol=0.1)
    kept = aligned(bar, UPRIGHT._replace(deskew=False, strength=0))
    np.testing.assert_allclose(moments(kept)[2], moments(bar)[2], atol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("frame", FRAMES)
@given(
    image=hnp.arrays(
        np.float32,
        st.sampled_from([(28, 28), (5, 9), (1, 6), (6, 1), (1, 1)]),
        elements=st.sampled_from([0.0, 1.0, -1.0, 255.0, 1e-40, 1e30]),
        fill=st.sampled_from([0.0, 1.0, -1.0]),
    )
)
def test_always_finite(frame, image):
    """Constants, single pixels, lines, negative values and any brightness included."""
    assert np.isfinite(aligned(image, frame)).all()


@pytest.mark.parametrize("frame", FRAMES)
@given(level=st.floats(-10, 10), factor=st.sampled_from([-2.0, -1.0, 0.5]))
def test_level_of_the_background_and_which_is_darker_change_nothing(frame, level, factor):
    image = gaussian(centre=(11.0, 15.0), sigma=(3.0, 2.0), skew=0.4)
    result = aligned(level + factor * image, frame)
    np.testing.assert_allclose(result, abs(factor) * aligned(image, frame), atol=1e-3)


@given(factor=st.sampled_from([1e-30, 1e-6, 255.0, 1e30]))
def test_brightness_is_only_a_factor(factor):
    image = gaussian(centre=(11.0, 15.0), sigma=(4.0, 2.0), skew=0.4)
    result = aligned(image * factor, HANDWRITING) / factor
    np.testing.assert_allclose(result, aligned(image, HANDWRITING), atol=1e-4)


# Errors


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": (0, 7)}, "size"),
        ({"size": (7,)}, "size"),
        ({"size": 7}, "size"),
        ({"size": (7.0, 7.0)}, "size"),
        ({"spread": 0.0}, "spread"),
        ({"spread": -0.1}, "spread"),
        ({"spread": 4.0}, "share of the image's side"),
        ({"spread": np.nan}, "spread"),
        ({"strength": -0.1}, "strength"),
        ({"strength": 1.1}, "strength"),
        ({"roundness": -0.1}, "roundness"),
        ({"roundness": np.nan}, "roundness"),
    ],
)
def test_senseless_frames_are_refused(change, message):
    frame = HANDWRITING._replace(**change)
    with pytest.raises(ValueError, match=message):
        check_frame(frame)
    with pytest.raises(ValueError, match=message):
        align(np.zeros((1, 4, 4)), frame)


@pytest.mark.parametrize("shape", [(4, 4), (2, 4, 4, 1), (2, 0, 4)])
def test_only_stacks_of_images(shape):
    with pytest.raises(ValueError, match="height, width"):
        align(np.zeros(shape), HANDWRITING)
