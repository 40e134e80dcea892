"""Series: codes beside definitions, what changes nothing, and what is refused."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import wetcow as wc
from wetcow.learning.model.activation import respond
from wetcow.learning.model.series_modes import LENGTH, N_FILTERS, filters


def waves(rng, number=40, times=80, channels=1):
    """Series whose frequency tells their class."""
    y = np.arange(number) % 2
    phase = rng.uniform(0, 6, (number, channels, 1))
    turn = np.where(y, 0.6, 0.4)[:, None, None] * np.arange(times)
    X = np.sin(phase + turn) + rng.normal(size=(number, channels, times))
    return (X[:, 0] if channels == 1 else X), y


@parametrize_with_checks([wc.SeriesFeatures(n_modes=84)])
def test_estimator_checks(estimator, check):
    check(estimator)


# Analytic.


def test_filters_sum_to_zero_and_differ():
    weights = filters()
    assert weights.shape == (N_FILTERS, LENGTH) and len(np.unique(weights, axis=0)) == N_FILTERS
    assert not weights.sum(axis=1).any()


@pytest.mark.slow
def test_codes_by_their_definition(rng):
    X, _ = waves(rng, number=6, times=60)
    features = wc.SeriesFeatures(n_modes=300).fit(X)
    modes = features.modes_
    shares, amplitudes = np.split(features.transform(X), 2, axis=1)
    shape = (len(X), *modes.threshold.shape)
    shares, amplitudes = shares.reshape(shape), amplitudes.reshape(shape)
    for d, f, q in [(0, 0, 0), (2, 17, 0), (-1, 83, -1), (-1, 40, 0)]:
        step = int(modes.dilation[d])
        half = LENGTH // 2 * step
        weight = modes.channels[d, f, 0] * filters()[f]
        padded = np.pad(X[3], half)
        drive = np.array([padded[t : t + 2 * half + 1 : step] @ weight for t in range(X.shape[1])])
        if (f + step) % 2 == 1:
            drive = drive[half : X.shape[1] - half]
        gamma = (drive - modes.threshold[d, f, q]) / modes.spread[d, f]
        assert shares[3, d, f, q] == pytest.approx(np.mean(gamma > 0), abs=1e-6)
        mean = np.mean(respond(gamma.astype(np.float32), features.omega, "amplitude")[0])
        assert amplitudes[3, d, f, q] == pytest.approx(np.sqrt(max(mean, 0)), abs=2e-3)


@pytest.mark.slow
def test_segments_have_the_means_of_their_moments(rng):
    """Parts of each series' own length; the mean of two halves is the whole."""
    X, _ = waves(rng, number=6, times=60)
    whole, halves = (wc.SeriesFeatures(n_modes=100, n_segments=count).fit(X) for count in (1, 2))
    ragged = [X[0], X[1, :40]]
    wanted, found = whole.transform(ragged), halves.transform(ragged)
    assert found.shape[1] == 2 * wanted.shape[1] == len(set(halves.get_feature_names_out()))
    assert halves.get_feature_names_out()[0] == "share_segment0_dilation1_filter0_threshold0"
    shares = found[:, : wanted.shape[1]].reshape(2, 2, -1)
    wide = (np.arange(N_FILTERS) + whole.modes_.dilation[:, None]) % 2 == 0
    wide = np.broadcast_to(wide[:, :, None], whole.modes_.threshold.shape).ravel()
    expected = wanted[:, : wide.size][:, wide]
    np.testing.assert_allclose(shares.mean(axis=1)[:, wide], expected, atol=1e-6)


# What changes nothing.


@pytest.mark.slow
def test_a_series_has_the_same_codes_beside_longer_ones(rng):
    X, _ = waves(rng, number=12, times=70)
    features = wc.SeriesFeatures(n_modes=200).fit(X)
    ragged = [X[0, :50], X[1], X[2, :20]]
    together = features.transform(ragged)
    for row, one in zip(together, ragged, strict=True):
        np.testing.assert_allclose(row, features.transform([one])[0], atol=1e-5)
        np.testing.assert_allclose(row, features.transform(one[None, None])[0], atol=1e-5)


def test_a_constant_is_not_heard_where_filters_are_inside(rng):
    X, _ = waves(rng, number=8, times=70)
    features = wc.SeriesFeatures(n_modes=200).fit(X)
    odd = (np.arange(N_FILTERS) + features.modes_.dilation[:, None]) % 2 == 1
    inside = np.broadcast_to(odd[:, :, None], features.modes_.threshold.shape).ravel()
    inside = np.concatenate([inside, inside])
    shifted = features.transform(X + 3.0)
    # A drive within rounding of its threshold may be on the other side of it.
    np.testing.assert_allclose(shifted[:, inside], features.transform(X)[:, inside], atol=0.03)


def test_forms_of_the_same_series(rng):
    X, _ = waves(rng, number=8, times=40)
    wanted = wc.SeriesFeatures(n_modes=100).fit_transform(X)
    for form in (X[:, None, :], X.tolist(), list(X), [one[None] for one in X]):
        found = wc.SeriesFeatures(n_modes=100).fit_transform(form)
        np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.slow
def test_one_seed_one_answer(rng):
    X, _ = waves(rng, number=30, channels=3)
    features = wc.SeriesFeatures(n_modes=100)
    assert np.array_equal(features.fit_transform(X), clone(features).fit_transform(X))
    other = clone(features).set_params(random_state=1).fit_transform(X)
    assert not np.array_equal(other, features.transform(X))


# Learning.


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_a_memory_tells_frequencies_apart(rng, channels):
    X, y = waves(rng, number=80, channels=channels)
    model = make_pipeline(wc.SeriesFeatures(n_modes=2000), wc.WaveClassifier(image_shape=None))
    assert model.fit(X[:40], y[:40]).score(X[40:], y[40:]) >= 0.9


def test_names_of_codes(rng):
    X, _ = waves(rng, number=8)
    features = wc.SeriesFeatures(n_modes=100).fit(X)
    names = features.get_feature_names_out()
    assert len(set(names)) == len(names) == features.transform(X).shape[1]
    assert names[0] == "share_dilation1_filter0_threshold0"


# Errors.


def test_axes_name_what_was_given_and_what_is_right(rng):
    X, _ = waves(rng, number=8, channels=2)
    features = wc.SeriesFeatures(n_modes=84)
    with pytest.raises(ValueError, match=r"shape \(1, 8, 2, 80\).*\(n, channels, time\)"):
        features.fit(X[None])
    with pytest.raises(ValueError, match=r"shape \(80,\).*single series"):
        features.fit(X[0, 0])
    features.fit(X)
    with pytest.raises(ValueError, match=r"got 80 channels, shape \(8, 80, 2\).*swap"):
        features.transform(X.transpose(0, 2, 1))
    with pytest.raises(ValueError, match=r"got 1 channels, shape \(8, 1, 80\)$"):
        features.transform(X[:, 0])


def test_mixed_lengths_are_taken_as_lists_and_named_where_they_do_not_fit(rng):
    X, _ = waves(rng, number=8, channels=2)
    features = wc.SeriesFeatures(n_modes=84).fit(X)
    lists = [X[0].tolist(), X[1, :, :30].tolist()]
    wanted = features.transform([X[0], X[1, :, :30]])
    np.testing.assert_array_equal(features.transform(lists), wanted)
    with pytest.raises(ValueError, match=r"number 1 has 1 channels.*the first 2"):
        features.fit([X[0], X[1, 0]])
    with pytest.raises(ValueError, match="no samples"):
        features.fit([X[0], X[1, :, :0]])


def test_gaps_are_named(rng):
    X, _ = waves(rng, number=8, channels=2)
    features = wc.SeriesFeatures(n_modes=84).fit(X)
    X[2, 1, 5:9] = np.nan
    named = r"1 series .*NaN.* number 2, in channel 1, from sample 5 on, 4 in a row.*interpolate"
    for form in (X, list(X)):
        with pytest.raises(ValueError, match=named):
            features.fit(form)
        with pytest.raises(ValueError, match=named):
            features.transform(form)
    X[2, 1, 5:] = np.nan
    with pytest.raises(ValueError, match=r"from sample 5 on, 75 in a row.*list of arrays"):
        features.fit(X)
    with pytest.raises(ValueError, match="NaN"):
        features.fit(X[:, 1])
    with pytest.raises(ValueError, match="too large"):
        features.fit(1e300 * np.ones((3, 9)))


@pytest.mark.slow
def test_one_moment_and_constant_channels_are_no_news(rng):
    """A channel that never changes, in units of its own, leaves what the others say."""
    X, y = waves(rng, number=40, channels=2)
    single = wc.SeriesFeatures(n_modes=84).fit_transform(X[:, :, :1])
    assert np.all(np.isfinite(single))
    X[:, 1] = 5.0
    model = make_pipeline(wc.SeriesFeatures(500), wc.WaveClassifier(image_shape=None))
    assert model.fit(X[:20], y[:20]).score(X[20:], y[20:]) >= 0.9


def test_constant_and_very_short_series_are_heard_as_nothing(rng):
    X, _ = waves(rng, number=8)
    features = wc.SeriesFeatures(n_modes=100).fit(X)
    assert np.all(np.isfinite(features.transform([np.ones(1), np.zeros(3)])))
    still = wc.SeriesFeatures(n_modes=100).fit_transform(np.ones((5, 30)))
    assert np.all(np.isfinite(still)) and np.ptp(still, axis=0).max() < 1e-6


# Differences from sample to sample.


@pytest.mark.parametrize("channels", [1, 3])
def test_differences_are_heard_as_series_of_their_own(rng, channels):
    X, _ = waves(rng, number=12, channels=channels)  # few, so that thresholds are of all of them
    X = X.reshape(12, channels, -1)
    features = wc.SeriesFeatures(n_modes=84, differences=True).fit(X)
    found = features.transform(X)
    assert found.shape[1] == len(features.get_feature_names_out()) == features._n_features_out
    assert features.get_feature_names_out()[-1].startswith("differences_amplitude_")
    own = 2 * features.modes_.threshold.size
    if channels == 1:
        alone = wc.SeriesFeatures(n_modes=84).fit_transform(np.diff(X))
        np.testing.assert_allclose(found[:, own:], alone, atol=1e-6)
    # Zeros after the ends of shorter series are no changes.
    cut = [x[:, : 80 - k] for k, x in enumerate(X)]
    each = np.vstack([features.transform([x]) for x in cut])
    np.testing.assert_allclose(features.transform(cut), each, atol=1e-6)


def test_differences_are_heard_where_a_memory_errs_less_with_them(rng):
    """Small steps on a slow wave tell the class; or its height does."""
    y = np.arange(40) % 2
    slow = 3 * np.cumsum(rng.normal(size=(40, 60)), axis=1)
    steps = np.sin(np.where(y, 2.0, 1.5)[:, None] * np.arange(60) + rng.uniform(0, 6, (40, 1)))
    features = wc.SeriesFeatures(n_modes=84)
    assert features.fit(slow + steps, y).difference_modes_ is not None
    names = np.array(["one", "other"], object)[y]
    assert features.fit(slow + steps, names).difference_modes_ is not None
    assert features.fit(slow + steps).difference_modes_ is None  # without labels
    assert features.fit(slow + steps, np.zeros(40)).difference_modes_ is None  # of one class
    assert clone(features).set_params(differences=False).fit(slow, y).difference_modes_ is None
    heights = rng.normal(size=(40, 60)) + np.where(y, 3.0, 0.0)[:, None] * (np.arange(60) > 30)
    assert features.fit(heights, y).difference_modes_ is None
    values = heights[:, 30:].mean(axis=1)
    assert features.fit(heights, values).difference_modes_ is None


def test_series_of_one_sample_have_no_differences(rng):
    X, y = rng.normal(size=(10, 1, 1)), np.arange(10) % 2
    assert wc.SeriesFeatures(n_modes=84).fit(X, y).difference_modes_ is None
    with pytest.raises(ValueError, match="one sample"):
        wc.SeriesFeatures(n_modes=84, differences=True).fit(X, y)
    features = wc.SeriesFeatures(n_modes=84, differences=True).fit(rng.normal(size=(10, 1, 30)))
    short = features.transform(X)
    assert np.isfinite(short).all() and not short[:, 2 * features.modes_.threshold.size :].any()
    with pytest.raises(ValueError, match="inconsistent"):
        wc.SeriesFeatures(n_modes=84).fit(X, y[:-1])
