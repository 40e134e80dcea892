import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import LeaveOneGroupOut, LeaveOneOut, cross_val_predict
from sklearn.utils.estimator_checks import parametrize_with_checks

from wetcow import WaveFeatures, WaveRegressor, datasets
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data import samples
from wetcow.learning.model import (
    activation,
    dictionary,
    encoder as features,
    patches,
    ridge as closed_form,
)
from wetcow.learning.model.activation import CODE_ERROR, RESPONSES, analytic_rate, codes, respond
from wetcow.learning.model.ridge import RIDGES
from wetcow.learning.model.statistics import Statistics, accumulate
from wetcow.modes.criticality import CANONICAL
from wetcow.modes.response import response


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    return rng.standard_normal((60, 12)) + 0.5, np.eye(3)[rng.integers(3, size=60)]


# Known answers


@pytest.mark.slow
def test_codes_at_a_frequency_that_is_not_positive():
    amplitude, rate = codes(jnp.array([-1.0, 2.0]), jnp.array([0.0, -1.0]))
    assert rate[0] == amplitude[0] == 0
    assert 0 <= rate[1] < 1e-6 and np.isfinite(amplitude[1])


@pytest.mark.slow
def test_codes_have_finite_slopes():
    slope = jax.jit(jax.vmap(jax.grad(lambda gamma: sum(codes(gamma, 1.0)))))
    assert np.all(np.isfinite(slope(jnp.array([-1.0, 0.0, 1.0, 2.0, 3.0]))))


@pytest.mark.slow
def test_slopes_are_those_of_the_codes():
    """Of each code by γ̄ and by ω̄, away from the critical point, where they are bounded."""
    below, beyond = np.linspace(0.01, 1.99, 100), np.linspace(2.01, 9, 100)
    c, step = np.concatenate([-below, below, beyond]), 1e-6
    along, compiled = jax.jit(lambda at, moved: jax.jvp(codes, at, moved)[1]), jax.jit(codes)
    with jax.enable_x64(True):
        at = jnp.asarray(c), jnp.ones_like(c)
        for moved in ((1.0, 0.0), (0.0, 1.0)):
            slopes = along(at, tuple(jnp.full_like(c, direction) for direction in moved))
            before, after = (
                compiled(c + sign * step * moved[0], 1 + sign * step * moved[1]) for sign in (-1, 1)
            )
            for slope, one, other in zip(slopes, before, after, strict=True):
                np.testing.assert_allclose(slope, (other - one) / (2 * step), atol=1e-6)


def test_analytic_rate_is_equation_28():
    gamma, omega = np.array([0.6, -0.6, 2.5, 0.0]), np.array([1.0, 1.0, 1.0, -1.0])
    expected = [np.sqrt(1 - 0.09), np.sqrt(1 - 0.09), 0, 0]
    np.testing.assert_allclose(analytic_rate(gamma, omega), expected, atol=1e-6)


@pytest.mark.slow
def test_respond_chooses():
    gamma = jnp.linspace(-1, 3, 9)
    amplitude, rate = respond(gamma, 1.0, "both")
    np.testing.assert_array_equal(respond(gamma, 1.0, "amplitude")[0], amplitude)
    np.testing.assert_array_equal(respond(gamma, 1.0, "rate")[0], rate)


def test_patches_are_where_they_should_be(digits):
    images = digits[0][:3]
    geometry = features.Geometry((8, 8), (3, 3), padding=1)
    seen = patches.extract(images, geometry)
    assert seen.shape == (3, 8, 8, 9)
    np.testing.assert_array_equal(seen[2, 4, 5], images[2, 3:6, 4:7].ravel())
    assert np.all(seen[:, 0, :, :3] == 0)


@pytest.mark.slow
@pytest.mark.parametrize("padding", [0, 1, 3])
@pytest.mark.parametrize("bright", [0, 1000])
def test_patches_are_normalised_as_one_by_one(padding, bright):
    images = np.random.default_rng(0).random((2, 9, 7)).astype("f4") + np.float32(bright)
    geometry = features.Geometry((9, 7), (5, 3), padding)
    floor = np.float32(0.01)
    seen = patches.patches(images, geometry, floor)
    extracted = np.asarray(patches.extract(images, geometry), np.float64)
    centred = extracted - extracted.mean(axis=-1, keepdims=True)
    expected = centred / np.sqrt(extracted.var(axis=-1, keepdims=True) + 0.01)
    np.testing.assert_allclose(seen, expected, atol=1e-3 if bright else 1e-5)


def test_sampled_patches_are_patches(digits):
    images = digits[0][:2]
    geometry = features.Geometry((8, 8), (3, 3))
    sampled = dictionary.sample_patches(images, geometry, 10**6, np.random.default_rng(0))
    every = np.asarray(patches.extract(images, geometry)).reshape(-1, 9)
    assert len(sampled) == len(every)
    np.testing.assert_array_equal(np.sort(sampled, axis=0), np.sort(every, axis=0))


def test_whitening_whitens(monkeypatch):
    monkeypatch.setattr(dictionary, "WHITENING_FLOOR", 0.0)
    rng = np.random.default_rng(0)
    seen = rng.standard_normal((500, 6)) @ rng.standard_normal((6, 6)) + 3
    mean, white = dictionary.whitening(seen)
    covariance = np.cov((seen - mean) @ white, rowvar=False, bias=True)
    np.testing.assert_allclose(covariance, np.eye(6), atol=1e-10)
    np.testing.assert_allclose(white, white.T)


@pytest.mark.slow
def test_features_are_the_pooled_codes_of_whitened_unit_couplings(digits):
    """The folded, pooled, compiled features against the definition, step by step."""
    images = digits[0][:40]
    geometry = features.Geometry((8, 8), (4, 4), padding=1, n_regions=2)
    layer = dictionary.construct_layer(images, geometry, 5, np.random.default_rng(0), omega=0.3)
    found = features.features(images, [layer], [geometry], "both")

    seen = np.asarray(patches.normalise(patches.extract(images, geometry), layer.floor))
    gamma = layer.gamma + seen @ layer.excitation
    expected = []
    for code in codes(gamma, layer.omega):
        quarters = [code[:, :4, :4], code[:, :4, 3:], code[:, 3:, :4], code[:, 3:, 3:]]
        shares = np.array([1, 1, 1, 0.5])  # seven positions: the middle one belongs to both
        for index, quarter in enumerate(quarters):
            rows = shares if index < 2 else shares[::-1]
            columns = shares if index % 2 == 0 else shares[::-1]
            weighted = quarter * rows[:, None, None] * columns[:, None]
            expected.append(np.sqrt(weighted.sum(axis=(1, 2)) / 3.5**2))
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), rtol=1e-3, atol=1e-3)


def test_features_do_not_depend_on_company(digits):
    images = digits[0][:300]
    geometry = features.Geometry((8, 8), (5, 5), padding=2, n_regions=3)
    layer = dictionary.construct_layer(images, geometry, 8, np.random.default_rng(0))
    together = features.features(images, [layer], [geometry], "both")
    alone = features.features(images[299:], [layer], [geometry], "both")
    np.testing.assert_array_equal(together[299:], alone)


def test_solution_is_ridge_regression(problem):
    features, targets = problem
    modes = closed_form.solve(Statistics.of(features, targets), ridge=0.1)
    expected = Ridge(alpha=0.1 * len(features), solver="svd").fit(features, targets)
    np.testing.assert_allclose(modes.coupling, expected.coef_.T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(modes.gamma, expected.intercept_, rtol=1e-9)


def test_merged_statistics_equal_one_pass(problem):
    features, targets = problem
    parts = [slice(0, 7), slice(7, 40), slice(40, 60)]
    whole = Statistics.of(features, targets)
    for order in ([0, 1, 2], [2, 0, 1]):
        merged = accumulate((features[parts[i]], targets[parts[i]]) for i in order)
        for name, value in vars(whole).items():
            np.testing.assert_allclose(getattr(merged, name), value, rtol=1e-12, err_msg=name)


def test_leave_one_out_is_refitting_without_each(problem):
    features, targets = problem
    features = features - features.mean(axis=0)
    modes = closed_form.solve(Statistics.of(features, targets), ridge=0.2)
    # The penalty is n λ of all samples.
    ridge = Ridge(alpha=0.2 * len(features), solver="svd")
    expected = cross_val_predict(ridge, features, targets, cv=LeaveOneOut())
    found, _ = closed_form.leave_one_out(modes, features[:, None], targets)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


def test_leave_one_out_is_refitting_without_a_sample_and_its_copies(problem, rng):
    features, targets = problem
    copies = features[:, None] + 0.1 * rng.standard_normal((len(features), 3, features.shape[1]))
    flat, repeated = copies.reshape(len(features) * 3, -1), np.repeat(targets, 3, axis=0)
    modes = closed_form.solve(Statistics.of(flat, repeated), ridge=0.2)
    ridge = Ridge(alpha=0.2 * len(flat), solver="svd")
    groups = np.repeat(np.arange(len(features)), 3)
    expected = cross_val_predict(ridge, flat, repeated, cv=LeaveOneGroupOut(), groups=groups)
    found, variance = closed_form.leave_one_out(modes, copies, targets)
    np.testing.assert_allclose(found, expected[::3], rtol=1e-8, atol=1e-10)
    assert np.all(variance > closed_form.leverage(modes, copies[:, 0]))


def test_generalised_cross_validation_is_its_definition(problem):
    features, targets = problem
    _, scores = closed_form.cross_validate(Statistics.of(features, targets), [0.1, 1.0])
    centred = features - features.mean(axis=0)
    for ridge, score in scores.items():
        gram = centred.T @ centred + ridge * len(features) * np.eye(12)
        hat = centred @ np.linalg.solve(gram, centred.T) + 1 / len(features)
        residual = targets - hat @ targets
        expected = (residual**2).sum() / len(features) / (1 - np.trace(hat) / len(features)) ** 2
        np.testing.assert_allclose(score, expected, rtol=1e-9)


def test_walking_over_penalties_finds_the_best(problem):
    statistics = Statistics.of(*problem)
    every = {ridge: closed_form.cross_validate(statistics, [ridge])[1][ridge] for ridge in RIDGES}
    for end in range(1, len(RIDGES) + 1):  # the walk starts elsewhere
        found, _ = closed_form.cross_validate(statistics, RIDGES[:end])
        assert found == min(RIDGES[:end], key=every.__getitem__)


@pytest.mark.slow
@parametrize_with_checks([WaveClassifier()])
def test_scikit_learn_compatible(estimator, check):
    check(estimator)


@pytest.mark.slow
def test_digits_accuracy_and_calibration(digits):
    X, y = digits
    test, labels = datasets.load("digits", split="test")
    clf = WaveClassifier().fit(X, y)
    assert clf.score(test, labels) > 0.985  # measured: 0.9956 to 1 over five seeds
    probability = clf.predict_proba(test)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-14)
    assert log_loss(labels, probability) < 0.15
    assert probability.max(axis=1).mean() == pytest.approx(clf.score(test, labels), abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("kind", RESPONSES)
def test_every_response_learns(digits, kind):
    X, y = digits
    clf = WaveClassifier(n_modes=32, response=kind, n_regions=2).fit(X[:900], y[:900])
    assert clf.score(X[900:], y[900:]) > 0.9


def test_borders_of_batches_do_not_change_the_result(digits, monkeypatch):
    X, y = digits[0][:300], digits[1][:300]
    one = WaveClassifier(n_modes=8).fit(X, y).criticality(X)
    monkeypatch.setattr(samples, "BATCH_SIZE", 37)
    many = WaveClassifier(n_modes=8).fit(X, y).criticality(X)
    np.testing.assert_allclose(one, many, atol=1e-4)


@pytest.mark.slow
def test_several_patch_sizes_and_images_that_are_not_square(digits):
    X, y = digits[0][:200, 1:], digits[1][:200]
    clf = WaveClassifier(n_modes=8, patch_size=(3, 5)).fit(X, y)
    assert clf.image_shape_ == (7, 8) and len(clf.hidden_.layers) == 2
    assert clf.hidden_.n_codes == 2 * 2 * 9 * 8
    assert clf.memory_.coupling.shape == (200, 10)


def test_tables_and_labels_of_any_kind():
    X, y = load_wine(return_X_y=True)  # columns of very different units
    names = np.array(["first", "second", "third"])[y]
    clf = WaveClassifier(n_modes=64).fit(X[::2], names[::2])
    assert clf.image_shape_ is None
    assert clf.score(X[1::2], names[1::2]) > 0.9
    two = y < 2
    clf = WaveClassifier(n_modes=8).fit(X[two], names[two])
    decision = clf.decision_function(X[two])
    assert decision.shape == (two.sum(),)
    np.testing.assert_array_equal(clf.predict(X[two]) == "second", decision > 0)


# Properties


@pytest.mark.parametrize(("positions", "regions"), [(8, 3), (24, 4), (7, 7), (5, 1)])
def test_regions_are_symmetric_and_cover_evenly(positions, regions):
    weights = features.region_weights(positions, regions)
    np.testing.assert_allclose(weights, weights[::-1, ::-1], atol=1e-6)
    np.testing.assert_allclose(weights.sum(axis=0), regions / positions, rtol=1e-5)


def test_seed_determines_the_result(digits):
    X, y = digits[0][:200], digits[1][:200]
    first, again, other = (
        WaveClassifier(n_modes=8, random_state=seed).fit(X, y).criticality(X) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01


@pytest.mark.slow
def test_flat_rows_and_stacks_are_the_same_images(digits):
    X, y = digits[0][:200], digits[1][:200]
    rows = X.reshape(200, 64)
    stack = WaveClassifier(n_modes=8).fit(X, y)
    flat = WaveClassifier(n_modes=8, image_shape=(8, 8)).fit(rows, y)
    assert stack.image_shape_ == flat.image_shape_ == (8, 8)
    np.testing.assert_array_equal(stack.criticality(rows), flat.criticality(X))


# Errors


@pytest.mark.parametrize("omega", [0.3, 1.0])
def test_codes_are_those_of_a_mode_within_the_stated_error(omega):
    near = np.geomspace(1e-6, 1, 500)
    c = np.concatenate([np.linspace(-2, 12, 5001), near, 2 - near, 2 + near]).astype(np.float32)
    with jax.enable_x64(True):
        frequency, amplitude = (np.asarray(code) for code in response(c.astype(float)))
    frequency = np.where(c <= 0, 0, frequency)  # silent: no rate as a code
    found = jax.jit(codes)(c * np.float32(omega), np.float32(omega))
    assert found[0].dtype == np.float32
    # c is itself rounded on the way, which the square root at criticality enlarges.
    rounding = np.where(np.abs(c - 2) < 1e-5, 2e-3, 0)
    assert np.all(np.abs(found[0] / omega - amplitude) < CODE_ERROR * np.maximum(1, c / 2))
    assert np.all(np.abs(found[1] / omega - frequency) < CODE_ERROR + rounding)


def test_stored_polynomials_are_those_that_are_fitted():
    for stored, fitted in zip(
        activation._CANONICAL_FIT, activation._polynomials(CANONICAL), strict=True
    ):
        np.testing.assert_allclose(stored, fitted, rtol=1e-6)


def test_an_undetermined_solution_says_so():
    features = np.ones((4, 3)) * np.arange(4)[:, None]
    statistics = Statistics.of(features, np.eye(2)[[0, 1, 0, 1]])
    with pytest.raises(ValueError, match="increase ridge"):
        closed_form.solve(statistics, ridge=1e-30)
    with pytest.raises(ValueError, match="none of the penalties"):
        closed_form.cross_validate(statistics, [1e-30])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_modes": 0}, r"'n_modes' .* an int in the range \[1, inf\) .* Got 0"),
        ({"n_modes": 2.5}, "'n_modes' .* must be an int"),
        ({"n_regions": 0}, "'n_regions' .* must be"),
        ({"n_modes": True}, "n_modes must be a number"),
        ({"patch_size": ()}, "empty sequence"),
        ({"patch_size": (3, 0)}, "patch_size must be an integer of at least 1"),
        ({"patch_size": 20}, "patches of 20×20 on images of 8×8.*change patch_size"),
        ({"patch_size": 1}, "larger than a pixel"),
        ({"n_regions": 9}, "at least n_regions=9 positions"),
        ({"response": "tanh"}, "'response' .* must be a str among .*'tanh'"),
        ({"threshold": float("nan")}, r"'threshold' .* a float in the range \(-inf, inf\)"),
        ({"omega": 0.0}, r"'omega' .* a float in the range \(0.0, inf\)"),
        ({"noise": 0}, r"'noise' .* a float in the range \(0.0, inf\) .* Got 0"),
        ({"n_memories": 0}, r"'n_memories' .* an int in the range \[1, inf\) .* Got 0"),
        ({"tolerance": 1}, r"'tolerance' .* a float in the range \(0.0, 1.0\). Got 1"),
        ({"image_shape": "square"}, "image_shape must be 'auto'"),
        ({"image_shape": (8,)}, "image_shape must be 'auto'"),
        ({"image_shape": (4, 16)}, "does not fit X, which has images of shape"),
    ],
)
def test_nonsense_raises(digits, parameters, message):
    X, y = digits[0][:20], digits[1][:20]
    with pytest.raises(ValueError, match=message):
        WaveClassifier(**parameters).fit(X, y)


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("ridge", "noise="),
        ("margin_passes", "needs none"),
        ("block_size", "is fixed"),
        ("batch_size", "is fixed"),
        ("n_members", "n_modes= or patch_size="),
        ("warm_start", "partial_fit"),
    ],
)
def test_what_is_in_the_place_of_removed_parameters(name, instead):
    with pytest.raises(TypeError, match=f"no parameter {name} any more.*{instead}"):
        WaveClassifier(**{name: 1})


@pytest.mark.parametrize("kind", [WaveRegressor, WaveFeatures])
def test_errors_of_removed_parameters_name_the_estimator(kind):
    with pytest.raises(TypeError, match=f"{kind.__name__} has no parameter batch_size any more"):
        kind(batch_size=100)
    with pytest.raises(TypeError, match="unexpected keyword argument 'batches'"):
        kind(batches=100)


def test_image_shape_must_fit_rows(digits):
    with pytest.raises(ValueError, match="which has 64 columns"):
        WaveClassifier(image_shape=(7, 8)).fit(digits[0][:20].reshape(20, 64), digits[1][:20])
