"""The steps of the pipeline, each alone: against explicit formulas, and against each other."""

import contextlib

import jax
import numpy as np
import pytest

from wetcow import WaveClassifier, datasets
from wetcow.learning import pipeline
from wetcow.learning.data.batches import open_batches
from wetcow.learning.data.progress import silent
from wetcow.learning.data.samples import Samples
from wetcow.learning.memory.examples import Plan
from wetcow.learning.model.memory.landmarks import Landmarks
from wetcow.learning.model.memory.stored import Kernel


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.load("digits")
    return X[:500], y[:500]


def plan(n_memories):
    return Plan(kernel=Kernel(), n_memories=n_memories, tolerance=1e-4, cache_size=1e9)


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {"response": "both", "patch_size": (3, 5)},
        {"response": "amplitude", "frame": "handwriting", "mirror": True},
        {"response": "analytic"},
    ],
)
def test_framed_encoded_and_pooled_images_are_features(digits, parameters):
    X, y = digits
    hidden = WaveClassifier(n_modes=8, **parameters).fit(X, y).hidden_
    rows, labels, image = pipeline.validate(X[:20], y[:20])
    assert rows.shape == (20, 64) and labels is not None and image == (8, 8)
    images = pipeline.frame(rows, hidden)
    features = pipeline.pool(pipeline.encode(images, hidden), hidden)
    np.testing.assert_allclose(features, hidden.codes(rows), atol=2e-3)
    assert np.abs(features - hidden.codes(rows)).mean() < 1e-5


@pytest.mark.slow
def test_what_is_learned_is_a_pytree(digits):
    X, y = digits
    clf = WaveClassifier(n_modes=8).fit(X, y)
    same = jax.tree.map(np.array, clf.hidden_)
    np.testing.assert_array_equal(
        same.codes(X[:9].reshape(9, -1)), clf.hidden_.codes(X[:9].reshape(9, -1))
    )


@pytest.mark.parametrize("n_memories", [None, 120])
def test_learning_is_fitting(digits, n_memories):
    """The memory of `fit` from its hidden modes and projection, by hand."""
    X, y = digits
    clf = WaveClassifier(n_modes=8, n_memories=n_memories, tolerance=1e-4).fit(X, y)
    samples = Samples(clf.hidden_, X.reshape(len(X), -1), labels=y, n_classes=10, batch_size=90)
    with contextlib.closing(open_batches(samples)) as batches:
        readout, known = pipeline.memorize(
            batches,
            clf.readout_.projection,
            plan(n_memories),
            rng=np.random.default_rng(0),
            start=silent,
        )
    assert len(known.targets) == 500 - (n_memories or 0)
    if n_memories is not None:  # `fit` leaves those out that the projection was made from
        assert 0 < clf.record_.left_out < len(known.targets)
    if n_memories is None:
        np.testing.assert_allclose(readout.memory.rows, clf.memory_.rows, atol=1e-6)
        codes = samples.codes(np.arange(50))
        found, wanted = readout.criticality(codes), clf.criticality(X[:50])
        np.testing.assert_allclose(found, wanted, atol=2e-4)


def test_steps_by_hand_are_the_memory(digits):
    X, y = digits
    clf = WaveClassifier(n_modes=8, tolerance=1e-7).fit(X, y)
    rows = clf.memory_.rows.astype(float)
    codes = clf.hidden_.codes(X.reshape(len(X), -1))
    np.testing.assert_allclose(pipeline.project(codes, clf.readout_.projection), rows, atol=1e-6)
    matrix = clf.memory_.kernel.series(rows @ rows.T)
    np.fill_diagonal(matrix, 1)
    targets = np.eye(10)[y]
    coupling = np.linalg.solve(matrix + 0.03 * np.eye(500), targets - targets.mean(axis=0))
    np.testing.assert_allclose(
        clf.criticality(X), matrix @ coupling + targets.mean(axis=0), atol=2e-5
    )


@pytest.mark.parametrize("n_memories", [None, 300, 120])
def test_learning_on_is_learning_all(digits, n_memories):
    """All examples, landmarks that take the place of examples on the way, landmarks from afar."""
    X, y = digits
    clf = WaveClassifier(n_modes=8).fit(X[:200], y[:200])
    samples = Samples(clf.hidden_, X.reshape(len(X), -1), labels=y, n_classes=10)
    readout = columns = None
    for part in (slice(200), slice(200, None)):
        some = samples._replace(X=samples.X[part], labels=y[part])
        with contextlib.closing(open_batches(some)) as batches:
            readout, _ = pipeline.learn(
                batches,
                plan(n_memories),
                n_components=600,
                rng=np.random.default_rng(0),
                earlier=readout,
                columns=columns,
            )
        columns = np.arange(10)
    codes = samples.codes(np.arange(500))
    rows = pipeline.project(codes, readout.projection)
    if n_memories is None:
        landmarks = rows
    else:
        landmarks = readout.memory.rows
        assert len(landmarks) == n_memories and readout.sums.count == 500
    features = Landmarks(landmarks, readout.memory.kernel.series).features(rows).astype(float)
    centred, targets = features - features.mean(axis=0), np.eye(10)[y]
    gram = centred.T @ centred + 0.03 * np.eye(len(landmarks))
    coupling = np.linalg.solve(gram, centred.T @ (targets - targets.mean(axis=0)))
    wanted = centred @ coupling + targets.mean(axis=0)
    # All examples have b from the mean of targets instead.
    np.testing.assert_allclose(readout.criticality(codes), wanted, atol=1e-3)


# Properties


def test_calibration_is_that_of_samples_left_out_one_by_one(digits):
    """Solved again without each sample, b given."""
    X, y = digits[0][:60], digits[1][:60]
    clf = WaveClassifier(n_modes=8, tolerance=1e-8).fit(X, y)
    rows = clf.memory_.rows.astype(float)
    matrix = clf.memory_.kernel.series(rows @ rows.T) + 0.03 * np.eye(60)
    np.fill_diagonal(matrix, 1.03)
    targets = np.eye(10)[y]
    left_out, variance = np.empty_like(targets), np.empty(60)
    for row in range(60):
        others = np.arange(60) != row
        known = np.linalg.inv(matrix[np.ix_(others, others)])
        seen = matrix[row, others]
        left_out[row] = seen @ known @ (targets[others] - clf.memory_.bias) + clf.memory_.bias
        variance[row] = 1 - seen @ known @ seen
    mean = np.mean((left_out - targets) ** 2)
    assert clf.residual_variance_ == pytest.approx(mean, rel=1e-3)
    assert clf.uncertainty_threshold_ == pytest.approx(
        np.quantile(variance[~clf.readout_.examples.projected], 0.99), rel=1e-3
    )
    assert clf.readout_.examples.projected.sum() == 48
    right = left_out.argmax(axis=1) == targets.argmax(axis=1)
    assert clf.record_.left_out_accuracy == pytest.approx(np.mean(right))


# Errors


def test_what_is_not_finite_is_refused(digits):
    X, y = digits
    spoiled = X.copy()
    spoiled[3, 4, 5] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        pipeline.validate(spoiled, y)
