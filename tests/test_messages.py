"""Errors of frequent slips say what to do."""

import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.tissue.conductivity import Conductivity


@pytest.fixture
def run():
    """Three samples of two modes."""
    a = np.exp(1j * np.arange(6.0).reshape(3, 2))
    return xr.Dataset({"a": (("time", "mode"), a)}, {"time": [0.0, 1.0, 2.0], "mode": [0, 1]})


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [({"duration": 10}, "t1"), ({"gama": [1.0, 2.0]}, "gamma"), ({"num_sample": 3}, "num_samples")],
)
def test_sweep_says_what_was_meant(arguments, meant):
    with pytest.raises(ValueError, match=f"did you mean {meant}\\?"):
        wc.sweep(wc.Mode(gamma=1.0), **arguments)


def test_simulate_field_says_what_was_meant():
    tissue = Conductivity(np.full(8, 0.3), spacing=1e-3)
    with pytest.raises(TypeError, match=r"'duration'; did you mean t1\?"):
        wc.simulate_field(tissue, duration=1.0)  # pyright: ignore[reportCallIssue]
    with pytest.raises(ValueError, match="t1"):
        wc.simulate_field(tissue)


class TestPlot:
    def test_one_mode_is_drawn_as_a_run(self, run):
        alone, listed = wc.plot(run.isel(mode=0)), wc.plot(run.isel(mode=[0]))
        for one, other in zip(alone.axes, listed.axes, strict=True):
            for line, same in zip(one.lines, other.lines, strict=True):
                np.testing.assert_array_equal(line.get_xydata(), same.get_xydata())

    def test_one_time_is_refused_for_that_reason(self, run):
        with pytest.raises(ValueError, match="amplitudes at one time"):
            wc.plot(run.isel(time=0))

    def test_a_single_number(self, run):
        with pytest.raises(TypeError, match=r"single number: time_to_synchrony is (inf|\d)"):
            wc.plot(wc.time_to_synchrony(run, period=1.0))


def test_connectomes_are_compared_by_their_weights():
    brain = wc.Connectome.example(size=6)
    matrix = np.asarray(brain.weights)
    found = wc.compare_connectivity(matrix + 1, brain)
    assert found.pearson == pytest.approx(1)
    assert found == wc.compare_connectivity(matrix + 1, matrix)


@pytest.mark.parametrize("seed", [0.5, -1, "a"])
def test_memorize_names_the_seed(seed):
    with pytest.raises(ValueError, match="seed must"):
        wc.memorize(wc.Mode(gamma=1.9), np.ones(4), background=0.2, max_weight=1.0, seed=seed)


def test_network_of_a_mode():
    coupling = wc.Dense(np.zeros((2, 2)))
    for arguments in ((wc.Mode(gamma=1.0), coupling), (wc.Mode(gamma=1.0), 1.0, coupling)):
        with pytest.raises(TypeError, match=r"Network\(gamma, omega, coupling\)"):
            wc.Network(*arguments)
