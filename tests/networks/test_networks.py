"""Networks of modes [19, 20] and their synchronized state [28-30]."""

import conftest
import jax
import numpy as np
import pytest
from hypothesis import given, strategies as st

import wetcow as wc


@pytest.mark.slow
@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_cartesian_field_is_the_polar_one(size, seed):
    rng = np.random.default_rng(seed)
    r = conftest.random_coupling(rng, size, strength=2.0)
    mode = wc.Mode(rng.normal(size=size), rng.uniform(0.2, 3, size), psi=rng.uniform(-1, 1, size))
    network = wc.Network(coupling=wc.Dense(r), **mode.parameters())
    amplitude, phase = rng.uniform(0.05, 2, size), rng.uniform(-np.pi, np.pi, size)
    growth, turning = conftest.polar_rates(amplitude, phase, mode, r)
    expected = (growth + 1j * amplitude * turning) * np.exp(1j * phase)
    with jax.enable_x64(True):
        field = network.field(amplitude * np.exp(1j * phase))
    np.testing.assert_allclose(field, expected, rtol=1e-12, atol=1e-12)


class TestSynchronized:
    def test_excitation_and_frequency_are_row_sums(self, rng):
        r = conftest.random_coupling(rng, 5)
        weight, delta = np.abs(r), -np.angle(r)
        gamma, omega = rng.uniform(0.5, 1, 5), rng.uniform(1, 2, 5)
        modes = wc.Network(gamma, omega, coupling=wc.Dense(r)).synchronized()
        np.testing.assert_allclose(modes.gamma, gamma + np.sum(weight * np.cos(delta), axis=1))
        # The sign that follows from [20], not the one printed in [30].
        np.testing.assert_allclose(modes.omega, omega - np.sum(weight * np.sin(delta), axis=1))

    @pytest.mark.parametrize(
        "coupling",
        [
            wc.LowRank.uniform(4, 0.4 + 0.2j),
            wc.Sheet((1, 4), [[0.1, 0, 0.2j]]),
            wc.Sparse(4, target=[0, 1, 2, 3], source=[1, 2, 3, 0], value=[0.1j] * 4),
            wc.Delayed(0.1 * (1 - np.eye(4)), np.full((4, 4), 0.5)),
        ],
    )
    def test_any_coupling(self, coupling):
        modes = wc.Network(0.5, 1.0, coupling=coupling).synchronized()
        total = np.asarray(coupling.matrix()).sum(axis=1)
        np.testing.assert_allclose(modes.gamma + 1j * modes.omega, 0.5 + 1j + total, rtol=1e-6)

    @pytest.mark.slow
    def test_equal_modes_stay_together_and_spike_as_predicted(self):
        r = 0.25 * np.exp(-0.3j) * (1 - np.eye(3))
        network = wc.Network(1.0, 1.0, coupling=wc.Dense(r))
        run = wc.simulate(network, t1=150.0, num_samples=3001, a0=0.2)
        np.testing.assert_allclose(run.a[:, 0], run.a[:, 2], atol=1e-9)
        expected = network.synchronized().spiking_frequency()
        np.testing.assert_allclose(wc.spiking_frequency(run), expected, rtol=1e-4)


class TestConstruction:
    def test_sizes_must_agree(self):
        with pytest.raises(ValueError, match="joins 3 modes"):
            wc.Network([1.0, 2.0], 1.0, coupling=wc.LowRank.uniform(3, 1.0))
        with pytest.raises(TypeError, match="Dense"):
            wc.Network(1.0, 1.0, coupling=np.zeros((3, 3)))

    def test_replace(self):
        network = wc.Network(1.0, [1.0, 2.0], coupling=wc.LowRank.uniform(2, 1.0))
        assert network.replace(gamma=2.0).modes.gamma == 2.0
        np.testing.assert_allclose(
            network.replace(coupling_strength=3.0).coupling.matrix(), [[0, 1.5], [1.5, 0]]
        )
        with pytest.raises(ValueError, match="gama"):
            network.replace(gama=2.0)
        with pytest.raises(ValueError, match="joins 3 modes"):
            network.replace(coupling=wc.LowRank.uniform(3, 1.0))

    def test_parameters_name_everything(self):
        parameters = wc.Network(
            1.0, 2.0, coupling=wc.Sheet((2, 3), [[0.5, 0, 0.5]], periodic=False)
        ).parameters()
        assert {"gamma", "omega", "w_a", "w_phi", "psi", "alpha", "coupling"} < set(parameters)
        assert parameters["coupling"] == "Sheet"
        assert parameters["coupling_periodic"] is False
        np.testing.assert_array_equal(parameters["coupling_kernel"], [[0.5, 0, 0.5]])
