"""Many memories in one network: known exponents, and input that selects one."""

import jax
import numpy as np
import pytest

import wetcow as wc
from wetcow.memory.many import exponents, selecting

OMEGA = np.linspace(0.7, 1.3, 6)
SUBSETS = [[0, 1, 2, 3], [2, 3, 4, 5]]
TARGETS = [wc.Mode(gamma=1.0), wc.Mode(gamma=1.5)]


@pytest.fixture(scope="module")
def net():
    return wc.memorize(TARGETS, OMEGA, 0.3, subsets=SUBSETS)


def test_exponents_are_those_of_the_members_alone(net):
    found = exponents(net, SUBSETS)
    for members, exponent in zip(SUBSETS, found, strict=True):
        r = np.asarray(net.coupling.matrix())[np.ix_(members, members)]
        alone = wc.Network(0.3, OMEGA[members], wc.Dense(r))
        assert exponent == pytest.approx(wc.stability(alone).largest, rel=1e-6)


def test_selecting_holds_all_others(net):
    drive = selecting(6, SUBSETS, [0.0, 10.0, 30.0], depth=5.0)
    np.testing.assert_array_equal(drive.times, [0, 10, 10, 30])
    assert np.all(drive.gamma[:2, [4, 5]] == -5) and np.all(drive.gamma[:2, SUBSETS[0]] == 0)
    assert np.all(drive.gamma[2:, [0, 1]] == -5) and np.all(drive.gamma[2:, SUBSETS[1]] == 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((6, SUBSETS, [0.0, 1.0]), "between 3 times"),
        ((5, SUBSETS, [0.0, 1.0, 2.0]), "subsets"),
        ((6, SUBSETS, [0.0, 2.0, 1.0]), "times"),
    ],
)
def test_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        selecting(*arguments)


@pytest.mark.slow
def test_a_cue_is_completed_and_an_input_switches(net):
    a0 = np.full(6, 1e-3, complex)
    a0[0] = 0.5
    drive = selecting(6, SUBSETS, [0.0, 100.0, 200.0], depth=100.0)
    with jax.numpy_dtype_promotion("standard"):  # a drive adds real numbers to complex ones
        run = wc.simulate(net, 200.0, num_samples=2001, a0=a0, drive=drive, rtol=1e-5, atol=1e-7)
    for target, members, start in zip(TARGETS, SUBSETS, (40.0, 140.0), strict=True):
        late = run.sel(time=slice(start, start + 60)).isel(mode=members)
        np.testing.assert_allclose(
            wc.spiking_frequency(late), float(target.spiking_frequency()), rtol=0.03
        )
        assert wc.order_parameter(late).min() > 0.99
        others = np.setdiff1d(range(6), members)
        held = np.abs(run.a.sel(time=slice(start, start + 60)).isel(mode=others))
        assert held.max() < 0.05
