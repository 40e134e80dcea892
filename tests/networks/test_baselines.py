"""Baselines against what is known of them: Kuramoto's transition, firing rates, parts of R."""

import conftest
import jax
import numpy as np
import pytest
from scipy.optimize import brentq

import wetcow as wc
from wetcow.synchrony import Frequency, MeanOrder

NUM_OSCILLATORS = 400


@pytest.fixture(scope="module")
def order():
    """Mean order parameter by K for Lorentzian frequencies of half-width 1: K_c = 2.

    Oscillators beyond 20 half-widths drift in any case; they are slowed down to 20.
    """
    share = (np.arange(NUM_OSCILLATORS) + 0.5) / NUM_OSCILLATORS
    omega = np.clip(np.tan(np.pi * (share - 0.5)), -20, 20)
    system = wc.Kuramoto(omega, wc.LowRank.uniform(NUM_OSCILLATORS, 1.0))
    settings = {"t1": 40.0, "num_samples": 401, "dt": 0.02, "seed": 3, "record": False}

    def settled(strength):
        reduce = {"order": MeanOrder(after=20.0)}
        run = wc.simulate(system.replace(coupling_strength=strength), reduce=reduce, **settings)
        return float(run.order)

    return {strength: settled(strength) for strength in (1.0, 4.0)}


def neuron(current, coupling=None, **parameters):
    return wc.LeakyIntegrateAndFire(current, coupling or wc.Dense(np.zeros((1, 1))), **parameters)


# Known answers


class TestKuramoto:
    @pytest.mark.slow
    def test_transition(self, order):
        assert order[1.0] < 0.1
        assert order[4.0] == pytest.approx(np.sqrt(1 - 2 / 4), abs=0.03)

    def test_field_is_the_phase_equation(self, rng):
        r, omega = conftest.random_coupling(rng, 5), rng.normal(size=5)
        phase = rng.uniform(-np.pi, np.pi, 5)
        difference = phase[None, :] - phase[:, None] + np.angle(r)
        turning = omega + np.sum(np.abs(r) * np.sin(difference), axis=1)
        with jax.enable_x64(True):
            a = np.exp(1j * phase)
            field = wc.Kuramoto(omega, wc.Dense(r)).field(a)
        np.testing.assert_allclose(field, 1j * turning * a, atol=1e-14)

    def test_limit_of_wave_modes(self, rng):
        """[20] of modes of one small amplitude turns phases as Kuramoto's model does."""
        r, omega = 1j * np.abs(conftest.random_coupling(rng, 5)), rng.normal(size=5)
        unit = np.exp(1j * rng.uniform(-np.pi, np.pi, 5))
        a = 1e-8 * unit
        with jax.enable_x64(True):
            wave = np.asarray(wc.Network(0.0, omega, coupling=wc.Dense(r)).field(a))
            kuramoto = np.asarray(wc.Kuramoto(omega, wc.Dense(r)).field(unit))
        np.testing.assert_allclose(np.imag(wave / a), np.imag(kuramoto / unit), atol=1e-7)

    @pytest.mark.slow
    def test_two_oscillators_lock_at_the_known_angle(self):
        """θ' = Δω − 2w sin θ settles at arcsin(Δω/2w)."""
        system = wc.Kuramoto([1.0, 1.6], wc.Dense([[0, 0.5], [0.5, 0]]))
        run = wc.simulate(system, t1=60.0, num_samples=601)
        apart = np.angle(run.a[-1, 1] * np.conj(run.a[-1, 0]))
        assert apart == pytest.approx(np.arcsin(0.6), abs=1e-7)
        np.testing.assert_allclose(abs(run.a), 1, atol=1e-7)
        np.testing.assert_allclose(wc.spiking_frequency(run), 1.3, rtol=1e-5)


class TestLeakyIntegrateAndFire:
    @pytest.mark.slow
    def test_rate_and_convergence(self):
        """T = τ ln((I + U_rest − U_reset)/(I + U_rest − Θ)) between spikes."""
        system = neuron(3.0, tau_m=2.0, rest=-0.5, threshold=1.5, reset=0.25)
        exact = 2 * np.pi / (2.0 * np.log((2.5 - 0.25) / (2.5 - 1.5)))

        def error(dt):
            run = wc.simulate(
                system,
                t1=100.0,
                num_samples=round(100 / dt) + 1,
                dt=dt,
                record=False,
                reduce={"frequency": Frequency()},
            )
            return abs(float(run.frequency[0]) / exact - 1)

        assert error(0.1) < 1e-4
        assert error(0.025) < 2e-5

    @pytest.mark.slow
    def test_silent_below_threshold(self):
        run = wc.simulate(neuron([0.9]), t1=20.0, num_samples=201)
        expected = np.exp(2j * np.pi * 0.9 * (1 - np.exp(-run.time)))
        np.testing.assert_allclose(run.a[:, 0], expected, atol=1e-6)
        assert wc.spike_times(run)[0].size == 0

    def test_a_spike_kicks_the_current_of_its_targets(self):
        coupling = wc.Dense([[0, 0], [0.7, 0]])
        system = wc.LeakyIntegrateAndFire([2.0, 0.0], coupling)
        state = system.after_step(np.array([1.1 + 0.2j, 0.3 + 0.1j]))
        # The time since the crossing, 0.1/(2.2 − 1), is spent rising from the reset at 2.2 − 0;
        # the current of the target rises by its weight.
        np.testing.assert_allclose(state, [0.1 * 2.2 / 1.2 + 0.2j, 0.3 + 0.8j], atol=1e-6)
        untouched = np.array([0.9 + 0.2j, 0.3 + 0.1j])
        np.testing.assert_allclose(system.after_step(untouched), untouched, atol=1e-7)

    @pytest.mark.slow
    def test_equal_neurons_fire_together(self):
        """Their period solves U(T) = Θ with the settled synaptic current s₀ e^{−t/τ_s}."""
        kick, current = 0.4, 2.0
        network = neuron(current, wc.LowRank.uniform(5, 5 / 4 * kick))
        run = wc.simulate(network, t1=40.0, num_samples=4801)
        np.testing.assert_allclose(wc.order_parameter(run), 1, atol=1e-12)

        def beyond_threshold(period):
            synaptic = kick / (1 - np.exp(-5 * period))
            filtered = synaptic * (np.exp(-period) - np.exp(-5 * period)) / 4
            return current * (1 - np.exp(-period)) + filtered - 1

        expected = 2 * np.pi / brentq(beyond_threshold, 0.1, 2.0)
        np.testing.assert_allclose(wc.spiking_frequency(run), expected, rtol=2e-3)

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"current": np.nan}, "current must be finite"),
            ({"current": [1.0, 2.0]}, "current must be a number or have length 1"),
            ({"current": 1.0, "tau_m": 0.0}, "must be positive"),
            ({"current": 1.0, "threshold": -1.0}, "threshold must exceed reset"),
            (
                {"current": 1.0, "coupling": wc.Delayed([[0, 1], [1, 0]], np.ones((2, 2)))},
                "instant",
            ),
        ],
    )
    def test_nonsense_is_refused(self, parameters, message):
        with pytest.raises(ValueError, match=message):
            neuron(**parameters)


class TestParts:
    def test_phase_and_amplitude_parts_add_up(self, rng):
        r = conftest.random_coupling(rng, 4)
        network = wc.Network(0.3, 1.0, coupling=wc.Dense(r))
        turning = np.asarray(wc.phase_only(network).coupling.matrix())
        exciting = np.asarray(wc.amplitude_only(network).coupling.matrix())
        np.testing.assert_array_equal(turning + exciting, r)
        np.testing.assert_allclose(np.abs(np.angle(turning[r != 0])), np.pi / 2)
        assert np.all(exciting.imag == 0)

    def test_parts_keep_the_kind_of_coupling(self):
        for coupling in (
            wc.Sparse(2, target=[0], source=[1], value=[1 + 2j]),
            wc.Sheet((1, 3), [[1j, 0, 1.0]]),
            wc.Delayed([[0, 1j], [1, 0]], np.ones((2, 2))),
        ):
            part = wc.phase_only(wc.Network(0.1, 1.0, coupling=coupling)).coupling
            assert type(part) is type(coupling)
        low_rank = wc.phase_only(
            wc.Network(0.1, 1.0, coupling=wc.LowRank.uniform(3, 1 + 3j))
        ).coupling
        np.testing.assert_allclose(low_rank.matrix(), 1j * (1 - np.eye(3)), atol=1e-6)

    def test_a_coupling_that_has_no_parts_is_written_out(self):
        """Of somebody's own kind."""
        network = wc.Network(0.1, 1.0, coupling=conftest.Ring(3, 2 + 1j))
        part = wc.amplitude_only(network).coupling
        assert isinstance(part, wc.Dense)
        np.testing.assert_allclose(part.r, 2 * np.roll(np.eye(3), 1, axis=0), atol=1e-6)
        with pytest.raises(NotImplementedError, match="part_of"):
            network.coupling.part(np.real)


# Errors


def test_unknown_parameters_are_named():
    for system in (wc.Kuramoto(1.0, wc.LowRank.uniform(2, 1.0)), neuron(1.0)):
        with pytest.raises(ValueError, match="no parameter"):
            system.replace(gamma=1.0)
        assert isinstance(system.parameters()["coupling"], str)
