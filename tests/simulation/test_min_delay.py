"""Short delays interpolated: beside exact ones, and beside what is known of waves."""

import itertools

import numpy as np
import pytest

import wetcow as wc
from wetcow.simulation.plan import choose_stepping

LINEAR = {"w_a": 0.0, "w_phi": 0.0, "alpha": 1e-9}


def links(rng, min_delay, shortest=0.02):
    r = 0.1 * rng.normal(size=(5, 5)) + 0.1j * rng.normal(size=(5, 5))
    np.fill_diagonal(r, 0)
    delay = rng.uniform(shortest, 1.5, (5, 5))
    delay[0, 1] = shortest
    return wc.Delayed(r, delay, min_delay=min_delay)


def run_of(min_delay, **settings):
    coupling = links(np.random.default_rng(3), min_delay)
    network = wc.Network(1.0, np.linspace(0.9, 1.1, 5), coupling)
    return wc.simulate(network, 10.0, num_samples=51, **settings)


class TestError:
    @pytest.mark.slow
    def test_falls_with_min_delay(self):
        """By the third power: a share m of all links is wrong by m² each."""
        exact = run_of(0.0).a
        errors = [float(abs(run_of(m).a - exact).max()) for m in (0.8, 0.4, 0.2)]
        assert 1e-3 < errors[0] < 0.1
        assert all(later < earlier / 4 for earlier, later in itertools.pairwise(errors))

    @pytest.mark.slow
    def test_is_what_arrives_of_a_wave(self):
        """A mode of constant amplitude, e^{it}, drives one that is damped: a stationary answer."""
        r, delay = np.array([[0, 0], [0.3, 0]]), np.array([[0, 0], [0.1, 0]])
        answers = []
        for min_delay in (0.0, 0.4):
            coupling = wc.Delayed(r, delay, min_delay=min_delay)
            network = wc.Network([0.0, -2.0], [1.0, 1.0], coupling, **LINEAR)
            run = wc.simulate(network, 12.0, num_samples=13, a0=[1.0, 0.0], dt=0.02)
            answers.append(run.a.values[-1, 1])
        error = abs(answers[1] / answers[0] - 1)
        np.testing.assert_allclose(error, coupling.min_delay_error(1.0), rtol=1e-5)
        assert coupling.min_delay_error(1.0) <= 0.4**2 / 8

    def test_none_where_no_delay_is_shorter(self, rng):
        assert links(rng, 0.3, shortest=0.3).min_delay_error(2.0) == 0
        assert links(rng, 0.0).min_delay_error(2.0) == 0


class TestCoupling:
    def test_steps_are_as_long(self):
        with pytest.raises(ValueError, match="shortest delay"):
            run_of(0.0, dt=0.1)
        network = wc.Network(1.0, 1.0, links(np.random.default_rng(3), 0.2))
        chosen = choose_stepping(network, np.array([0, 0.2]), 0.1, None, None, False, "double")
        assert chosen.dt == pytest.approx(0.1)

    def test_is_kept(self, rng):
        coupling = links(rng, 0.2)
        network = wc.Network(1.0, 1.0, coupling)
        assert network.replace(coupling_strength=2.0).coupling.min_delay == 0.2
        assert wc.networks.baselines.phase_only(network).coupling.min_delay == 0.2
        assert network.parameters()["coupling_min_delay"] == 0.2
        assert "coupling_min_delay" not in links(rng, 0.0).parameters()

    @pytest.mark.slow
    def test_a_sweep_over_it_is_run_by_run(self):
        network = wc.Network(1.0, np.linspace(0.9, 1.1, 5), links(np.random.default_rng(3), 0.0))
        couplings = [links(np.random.default_rng(3), m) for m in (0.1, 0.4)]
        runs = wc.sweep(network, 10.0, num_samples=51, dt=0.05, coupling=couplings)
        for index, min_delay in enumerate((0.1, 0.4)):
            one = run_of(min_delay, dt=0.05)
            np.testing.assert_allclose(runs.a[index], one.a, rtol=0, atol=1e-8)

    @pytest.mark.parametrize("wrong", [-0.1, np.nan, "short"])
    def test_wrong_ones(self, rng, wrong):
        with pytest.raises(ValueError, match="min_delay"):
            links(rng, wrong)


class TestConnectome:
    pair = wc.Connectome([[0, 1.0], [1.0, 0]], tract_lengths=[[0, 3.0], [30.0, 0]], speed=3.0)

    def test_is_in_milliseconds(self):
        network = self.pair.to_network(delays="exact", min_delay=2.0)
        expected = np.array([2.0, 10.0]) * 1e-3 / self.pair.time_unit
        np.testing.assert_allclose(network.delays, expected)

    def test_is_for_exact_delays(self):
        with pytest.raises(ValueError, match="delays='exact'"):
            self.pair.to_network(min_delay=2.0)
