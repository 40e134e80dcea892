"""The steps of the pipeline, each alone: against explicit formulas, and against each other."""

import contextlib

import jax
import numpy as np
import pytest

from wetcow import WaveClassifier, datasets
from wetcow.learning import pipeline
from wetcow.learning.data.batches import PairBatches, open_batches
from wetcow.learning.data.samples import Samples


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.load("digits")
    return X[:500], y[:500]


@pytest.fixture(scope="module")
def problem():
    """Features, already standardised, and targets of three classes."""
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=60)
    features = rng.standard_normal((60, 5)) + np.eye(3, 5)[labels]
    return features, np.eye(3)[labels]


def least_squares(features, targets, ridge):
    """Couplings and excitations by the normal equations of centred data."""
    x, y = features - features.mean(axis=0), targets - targets.mean(axis=0)
    gram = x.T @ x + len(x) * ridge * np.eye(x.shape[1])
    coupling = np.linalg.solve(gram, x.T @ y)
    return coupling, targets.mean(axis=0) - features.mean(axis=0) @ coupling


def parts_of(problem, *edges):
    parts = zip(*(np.split(array, edges) for array in problem), strict=True)
    return PairBatches(lambda parts=list(parts): parts)


# Known answers


@pytest.mark.parametrize("edges", [(), (7, 30)])
def test_statistics_and_solve_are_the_normal_equations(problem, edges):
    sums = pipeline.statistics(parts_of(problem, *edges))
    modes = pipeline.solve(sums, ridge=0.3)
    coupling, gamma = least_squares(*problem, ridge=0.3)
    np.testing.assert_allclose(modes.coupling, coupling, rtol=1e-10)
    np.testing.assert_allclose(modes.gamma, gamma, rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {"response": "both", "patch_size": (3, 5)},
        {"response": "amplitude", "frame": "handwriting", "mirror": True},
        {"response": "analytic", "n_members": 2},
    ],
)
def test_framed_encoded_and_pooled_images_are_features(digits, parameters):
    X, y = digits
    hidden = WaveClassifier(n_modes=6, ridge=0.1, **parameters).fit(X, y).hidden_
    rows, labels, image = pipeline.validate(X[:20], y[:20])
    assert rows.shape == (20, 64) and labels is not None and image == (8, 8)
    images = pipeline.frame(rows, hidden)
    features = pipeline.pool(pipeline.encode(images, hidden), hidden)
    np.testing.assert_allclose(features, hidden.features(rows), atol=2e-3)
    assert np.abs(features - hidden.features(rows)).mean() < 1e-5


@pytest.mark.slow
def test_what_is_learned_is_a_pytree(digits):
    X, y = digits
    clf = WaveClassifier(n_modes=6, ridge=0.1).fit(X, y)
    same = jax.tree.map(np.array, clf.hidden_)
    np.testing.assert_array_equal(
        same.features(X[:9].reshape(9, -1)), clf.hidden_.features(X[:9].reshape(9, -1))
    )
    doubled = jax.tree.map(lambda leaf: 2 * leaf, clf.statistics_)
    assert doubled.count == 1000
    np.testing.assert_allclose(pipeline.solve(doubled, 0.1).coupling, clf.class_modes_.coupling)


@pytest.mark.parametrize("margin_passes", [0, 3])
def test_learning_is_fitting(digits, margin_passes):
    """The class modes of `fit` from its hidden modes, by hand."""
    X, y = digits
    clf = WaveClassifier(n_modes=6, ridge=0.1, margin_passes=margin_passes).fit(X, y)
    samples = Samples(clf.hidden_, X.reshape(len(X), -1), labels=y, n_classes=10, batch_size=90)
    with contextlib.closing(open_batches(samples)) as batches:
        learned = pipeline.learn(
            batches, ridge=0.1, margin_passes=margin_passes, rng=np.random.default_rng(0)
        )
    np.testing.assert_allclose(learned.modes.coupling, clf.class_modes_.coupling, atol=2e-5)


def test_learning_on_is_learning_all(digits):
    X, y = digits
    clf = WaveClassifier(n_modes=6, ridge=0.1).fit(X, y)
    samples = Samples(clf.hidden_, X.reshape(len(X), -1), labels=y, n_classes=10)
    earlier = None
    for part in (slice(200), slice(200, None)):
        some = samples._replace(X=samples.X[part], labels=y[part])
        with contextlib.closing(open_batches(some)) as batches:
            earlier, modes, _ = pipeline.learn(
                batches,
                ridge=0.1,
                margin_passes=0,
                rng=np.random.default_rng(0),
                earlier=earlier,
            )
    assert earlier.count == 500
    np.testing.assert_allclose(modes.coupling, clf.class_modes_.coupling, atol=2e-5)


# Properties


def test_calibration_is_that_of_samples_left_out_one_by_one(problem):
    """Solved again without each sample, with the same penalty in all."""
    features, targets = problem
    modes = pipeline.solve(pipeline.statistics(parts_of(problem)), ridge=0.3)
    known = pipeline.calibrate(modes, features[:, None], targets)
    left_out = np.empty_like(targets)
    for row in range(60):
        others = np.arange(60) != row
        coupling, gamma = least_squares(features[others], targets[others], 0.3 * 60 / 59)
        left_out[row] = features[row] @ coupling + gamma
    assert known.residual_variance == pytest.approx(np.mean((left_out - targets) ** 2), rel=1e-8)
    right = left_out.argmax(axis=1) == targets.argmax(axis=1)
    assert (known.n_left_out, known.left_out_accuracy) == (60, np.mean(right))


# Errors


def test_what_is_not_finite_is_refused(digits):
    X, y = digits
    spoiled = X.copy()
    spoiled[3, 4, 5] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        pipeline.validate(spoiled, y)
