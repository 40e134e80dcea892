"""Class modes with one-sided targets against the problem that they minimise."""

import functools

import numpy as np
import pytest
import scipy.optimize

from wetcow.learning.model import ridge
from wetcow.learning.model.hinge import hinge_sums, minimise_hinge, satisfied
from wetcow.learning.model.statistics import Statistics

RIDGE = 0.02


@pytest.fixture(scope="module")
def problem():
    """Three classes that overlap, so that some samples violate and some do not."""
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=90)
    return rng.standard_normal((90, 6)) + 2 * np.eye(3, 6)[labels], np.eye(3)[labels]


@pytest.fixture(scope="module")
def closed(problem):
    return ridge.solve(Statistics.of(*problem), RIDGE)


def objective(coupling, gamma, problem):
    """Σ violations² + nλ|w|², all classes together."""
    features, targets = problem
    criticality = features @ coupling + gamma
    violation = np.where(targets == 1, np.maximum(1 - criticality, 0), np.maximum(criticality, 0))
    return (violation**2).sum() + len(features) * RIDGE * (coupling**2).sum()


def minimum(problem):
    """Couplings and excitations by SciPy, from a numerical value and an explicit slope."""
    features, targets = problem
    shape = (features.shape[1] + 1, targets.shape[1])

    def value(flat):
        coupling, gamma = np.split(flat.reshape(shape), [-1])
        criticality = features @ coupling + gamma
        slack = np.where(targets == 1, np.minimum(criticality - 1, 0), np.maximum(criticality, 0))
        slope = 2 * features.T @ slack + 2 * len(features) * RIDGE * coupling
        slope = np.vstack([slope, 2 * slack.sum(axis=0)])
        return objective(coupling, gamma[0], problem), slope.ravel()

    options = {"maxiter": 10_000, "ftol": 1e-16, "gtol": 1e-10}
    start = np.zeros(np.prod(shape))
    found = scipy.optimize.minimize(value, start, jac=True, method="L-BFGS-B", options=options)
    return found.x.reshape(shape)


def widen_margins(modes, batches, passes):
    return minimise_hinge(modes, functools.partial(hinge_sums, batches=batches), passes)


def test_passes_reach_the_minimum(problem, closed):
    found = widen_margins(closed, [problem], 300)
    expected = minimum(problem)
    np.testing.assert_allclose(found.coupling, expected[:-1], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.gamma, expected[-1], rtol=1e-4, atol=1e-6)
    # The solution differs from the closed form, else nothing would be tested.
    assert np.abs(closed.coupling - expected[:-1]).max() > 0.05


def test_objective_falls(problem, closed):
    after = [widen_margins(closed, [problem], passes) for passes in (0, 1, 2, 5, 20, 100)]
    values = [objective(modes.coupling, modes.gamma, problem) for modes in after]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.95 * values[0]


def test_no_pass_changes_nothing(problem, closed):
    same = widen_margins(closed, [problem], 0)
    np.testing.assert_array_equal(same.coupling, closed.coupling)
    np.testing.assert_array_equal(same.gamma, closed.gamma)


@pytest.mark.parametrize("edges", [[1, 2, 50], [30, 60], [89]])
def test_batches_do_not_matter(problem, closed, edges):
    batches = list(zip(*(np.split(array, edges) for array in problem), strict=True))
    whole, parted = (widen_margins(closed, parts, 10) for parts in ([problem], batches))
    np.testing.assert_allclose(parted.coupling, whole.coupling, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(parted.gamma, whole.gamma, rtol=1e-9, atol=1e-12)


def test_what_is_met_stays(problem):
    """What is beyond its target stays; what is not is asked for the target."""
    _, targets = problem
    np.testing.assert_array_equal(satisfied(targets, targets), targets)
    np.testing.assert_array_equal(satisfied(3 * targets - 1, targets), 3 * targets - 1)
    np.testing.assert_array_equal(satisfied(np.full_like(targets, 0.5), targets), targets)
