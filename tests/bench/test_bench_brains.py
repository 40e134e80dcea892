"""Brains with delays beside other simulators: each integrates what is said of it."""

import numpy as np
import pytest

from wetcow.bench import brains
from wetcow.bench.brains import BRAIN_PEERS, GROWTH, START, STRENGTH, beside_ours, random_brain

TURN = 2 * np.pi * brains.FREQUENCY * 1e-3
STEP, SECONDS = 0.5, 0.05  # ms, s


@pytest.fixture(scope="module")
def brain():
    return random_brain(5, density=0.8, seed=1)


def own_run(brain, method):
    """Stuart-Landau oscillators with delays rounded to steps: Euler, x alone; or Heun, both."""
    steps = np.round(brain.delays_ms() / STEP).astype(int)
    weights, number = STRENGTH * TURN * brain.weights, round(1e3 * SECONDS / STEP)
    past = np.full((steps.max() + 1, brain.size), START, complex)
    path = np.concatenate([past, np.zeros((number, brain.size), complex)])
    every = np.arange(brain.size)

    def rate(z, heard):
        return (GROWTH * TURN + 1j * TURN - np.abs(z) ** 2) * z + heard

    for now in range(len(past) - 1, len(path) - 1):
        heard = (weights * path[now - steps, every[None]]).sum(axis=1)
        z = path[now]
        if method == "euler":
            path[now + 1] = z + STEP * rate(z, heard.real)
        else:
            guess = rate(z, heard)
            path[now + 1] = z + STEP / 2 * (guess + rate(z + STEP * guess, heard))
    return path[-1]


def prepared(name, brain):
    try:
        return BRAIN_PEERS[name].prepare(brain)
    except ImportError as error:
        pytest.skip(str(error))


# Known answers


@pytest.mark.slow
def test_neurolib_takes_euler_s_steps_of_stuart_landau_oscillators(brain):
    found = prepared("neurolib", brain)(SECONDS, STEP)
    np.testing.assert_allclose(found, own_run(brain, "euler"), atol=1e-12)


@pytest.mark.slow
def test_tvboptim_takes_heun_s_steps_of_stuart_landau_oscillators(brain):
    """Up to its own rounding of delays: it corrects them for the stages of a step."""
    found = prepared("tvboptim", brain)(SECONDS, STEP)
    np.testing.assert_allclose(found, own_run(brain, "heun"), atol=0.02 * np.abs(found).max())


# Properties


@pytest.mark.slow
def test_errors_fall_with_steps():
    rows = [row for row in brains.brains([5], 0.05) if "error" in row]
    for name in {row["method"] for row in rows}:
        errors = [row["error"] for row in rows if row["method"] == name]
        assert errors == sorted(errors, reverse=True) and errors[-1] < 0.05
    assert all(row["seconds"] > 0 for row in rows)


def test_times_are_compared_at_errors_that_are_no_larger():
    ours = [
        {"method": "wetcow", "n": 76, "seconds": seconds, "error": error}
        for seconds, error in ((1.0, 1e-2), (2.0, 1e-4))
    ]
    others = [
        {"method": "other", "n": n, "seconds": 8.0, "error": error}
        for n, error in ((76, 1e-1), (76, 1e-3), (76, 1e-5), (94, 1.0))
    ]
    ratios = [row.get("ratio") for row in beside_ours([*ours, *others])]
    assert ratios == [1.0, 1.0, 8.0, 4.0, None, None]
