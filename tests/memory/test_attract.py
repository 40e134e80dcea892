"""Memories that attract: what is kept, what is changed and how far, and what cannot be had."""

import functools
import warnings

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import wetcow as wc
from wetcow.memory import UnstableMemoryError, UnstableMemoryWarning, residual
from wetcow.memory.attract import MARGIN, Judge

OMEGA = np.linspace(0.1, 1.9, 8)
TARGET = wc.Mode(gamma=1.8)
PAPERS = {"max_weight": 0.35, "max_phase": np.pi / 2}
WIDE = {"max_weight": 2.0}


def matrix(**arguments):
    arguments = {"target": TARGET, "omega": OMEGA, "background": 0.4, **arguments}
    return np.asarray(wc.memorize(**arguments).coupling.matrix())


def largest(r):
    return wc.stability(wc.Network(0.4, OMEGA, wc.Dense(r))).largest


# Known answers


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_draws_that_attract_stay_as_they_are(seed):
    drawn = matrix(seed=seed, unstable="ignore", **PAPERS)
    assert largest(drawn) < 0
    assert np.array_equal(matrix(seed=seed, **PAPERS), drawn)


def test_others_go_towards_the_minimum_norm_as_far_as_needed():
    drawn = matrix(seed=1, unstable="ignore", **WIDE)
    assert largest(drawn) > 0.5
    least = matrix(unstable="ignore", **WIDE)
    found = matrix(seed=1, **WIDE)
    assert residual(wc.Network(0.4, OMEGA, wc.Dense(found)), TARGET) <= 1e-12
    assert np.all(np.abs(found) <= 2.0 * (1 + 1e-12))
    way = least - drawn
    share = np.vdot(way, found - drawn).real / np.vdot(way, way).real
    np.testing.assert_allclose(found, drawn + share * way, atol=1e-12)
    assert 0 < share < 1
    assert largest(found) < -MARGIN
    assert largest(drawn + (share - 1 / 64) * way) > -MARGIN


def test_a_margin_is_kept():
    found = matrix(seed=1, margin=0.4, **WIDE)
    assert -0.6 < largest(found) < -0.4


@pytest.mark.slow
def test_optimised_couplings_synchronize_faster_within_the_bounds():
    fastest = matrix(seed=0, optimise=True, **PAPERS)
    drawn, least = matrix(seed=0, **PAPERS), matrix(**PAPERS)
    assert largest(fastest) < min(largest(drawn), largest(least)) - 0.01
    assert np.all(np.abs(fastest) <= 0.35 * (1 + 1e-12))
    assert np.all(np.abs(np.angle(fastest)) <= np.pi / 2 + 1e-12)
    assert residual(wc.Network(0.4, OMEGA, wc.Dense(fastest)), TARGET) <= 1e-12


def test_every_memory_attracts_by_itself():
    subsets = [np.arange(5), np.arange(3, 8)]
    targets = [wc.Mode(gamma=1.8), wc.Mode(gamma=1.5, omega=1.2)]
    network = wc.memorize(targets, OMEGA, 0.4, subsets=subsets, seed=2, **WIDE)
    assert residual(network, targets, subsets) <= 1e-12
    for members in subsets:
        assert wc.stability(network, members=members).attracts


def test_silent_targets_rest():
    found = wc.memorize(wc.Mode(gamma=2.3), OMEGA, 0.4, seed=1, **WIDE)
    assert wc.stability(found).attracts


# An independent integrator or library


def test_changed_memories_are_replayed_from_random_starts():
    found = matrix(seed=1, **WIDE)
    linear, turned = 0.4 + 1j * OMEGA, np.exp(-1j * wc.CANONICAL.psi)

    def field(t, a):
        bend = np.sqrt(5) * (a * turned).real - 3 * np.abs(a) + 1j * np.sqrt(5) * a.real
        return a * (linear + bend) + found @ a

    for seed in range(3):
        start = 0.1 * np.exp(2j * np.pi * np.random.default_rng(seed).uniform(size=8))
        run = solve_ivp(field, (0, 250), start, "DOP853", np.linspace(200, 250, 500), rtol=1e-8)
        late = run.y / np.abs(run.y)
        assert np.min(np.abs(late.mean(axis=0))) > 0.999


def test_derivative_of_the_smooth_bound_is_that_of_finite_differences():
    rng = np.random.default_rng(0)
    subsets = [np.arange(5), np.arange(3, 8)]
    targets = [wc.Mode(gamma=1.8), wc.Mode(gamma=2.3, omega=1.2)]
    network = wc.memorize(targets, OMEGA, 0.4, subsets=subsets, unstable="ignore")
    r = np.asarray(network.coupling.matrix())
    judge = Judge.of(network.modes, targets, subsets, patient=True)
    change = np.zeros((8, 8), dtype=complex)
    for members in (np.arange(3), np.arange(5, 8)):  # in one memory each
        for i in members:
            others = members[members != i]
            change[i, others] = np.array([1, -1]) * complex(*rng.normal(size=2))

    def bound(step):
        return judge.slope(r + step * change, 20.0).bound

    slope = np.sum(judge.slope(r, 20.0).derivative * change).real
    assert slope == pytest.approx((bound(1e-5) - bound(-1e-5)) / 2e-5, rel=1e-3)


# Errors


def test_where_there_is_no_choice_the_exponent_is_told():
    # Two modes have one link each: R = −1, and M = [[2.5, −1], [−1, 2.5]], which is real, has
    # the eigenvalue 3.5 = 1.5 + 2.
    request = functools.partial(wc.memorize, wc.Mode(gamma=1.5), np.ones(2), 2.5)
    with pytest.warns(UnstableMemoryWarning, match=r"largest exponent of 2\b"):
        network = request()
    with pytest.raises(UnstableMemoryError) as error:
        request(unstable="raise")
    assert error.value.exponent == pytest.approx(2.0, abs=1e-5)
    assert wc.stability(network).largest == pytest.approx(2.0, abs=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ignored = request(unstable="ignore")
    np.testing.assert_allclose(ignored.coupling.r, network.coupling.r, atol=1e-15)


def test_a_margin_out_of_reach_is_told():
    # One link each again: R = 0.5, and the exponent −1.
    request = functools.partial(wc.memorize, wc.Mode(gamma=1.5), np.ones(2), 1.0)
    assert wc.stability(request(margin=0.9)).largest == pytest.approx(-1.0, abs=1e-5)
    with pytest.warns(UnstableMemoryWarning, match="by the margin 1.1"):
        request(margin=1.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"margin": -0.1}, "margin must not be negative"),
        ({"unstable": "maybe"}, "unstable must be"),
        ({"optimise": True}, "needs a finite max_weight"),
    ],
)
def test_bad_arguments_raise(arguments, message):
    with pytest.raises(ValueError, match=message):
        matrix(**arguments)
