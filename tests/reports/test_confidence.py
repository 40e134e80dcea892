"""Measures of confidence beside known answers."""

import numpy as np
import pytest

from wetcow.reports.metrics.confidence import (
    calibration_bins,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    risk_by_coverage,
    tempered,
    told_apart,
)

# Known answers


def test_certainty_falls_into_the_last_bin():
    assert calibration_bins(np.array([1.0, 0.99]), np.array([1, 0])) == [(0.995, 0.5, 1.0)]


def test_likelihood_of_what_was_excluded_is_bounded():
    found = negative_log_likelihood(np.array([[1.0, 0.0]]), np.array([1]))
    assert found == pytest.approx(12 * np.log(10))


def test_risk_of_the_best_order_the_worst_and_none():
    correct = np.arange(10) < 8
    best = risk_by_coverage(np.arange(10, 0, -1.0), correct)
    assert best.tolist() == [0] * 8 + [1 / 9, 0.2]
    worst = risk_by_coverage(np.arange(10.0), correct)
    assert worst[:2].tolist() == [1, 1] and worst[-1] == pytest.approx(0.2)
    np.testing.assert_allclose(risk_by_coverage(np.ones(10), correct), 0.2)


def test_equal_confidences_do_not_depend_on_order(rng):
    confidence, correct = rng.integers(0, 5, 100) / 4, rng.random(100) < 0.7
    order = rng.permutation(100)
    np.testing.assert_allclose(
        risk_by_coverage(confidence, correct), risk_by_coverage(confidence[order], correct[order])
    )


def test_temperature_that_was_applied_is_found(rng):
    right = rng.dirichlet(np.ones(4), 20_000)
    labels = np.array([rng.choice(4, p=p) for p in right])
    assert fit_temperature(right, labels) == pytest.approx(1, abs=0.03)
    assert fit_temperature(tempered(right, 0.4), labels) == pytest.approx(2.5, rel=0.03)
    np.testing.assert_allclose(tempered(right, 1.0), right, atol=1e-9)


# Errors


def test_calibrated_answers_have_no_calibration_error(rng):
    confidence = rng.uniform(0.3, 1, 200_000)
    correct = rng.random(200_000) < confidence
    assert expected_calibration_error(confidence, correct) < 0.005
    # Answers that are sure by half as much again as they may be.
    less = rng.random(200_000) < confidence - 0.25
    assert expected_calibration_error(confidence, less) == pytest.approx(0.25, abs=0.005)
    assert sum(share for *_, share in calibration_bins(confidence, correct)) == pytest.approx(1)


def test_normal_scores_are_told_apart_as_known(rng):
    known, unknown = rng.normal(0, 1, 20_000), rng.normal(1, 1, 20_000)
    assert told_apart(known, unknown) == pytest.approx(0.7602, abs=0.01)  # Φ(1/√2)
    assert told_apart(np.zeros(3), np.zeros(4)) == 0.5
