"""simulate and integrate against known solutions and an independent integrator."""

import itertools

import conftest
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import wetcow as wc
from wetcow.modes.response import silent_amplitude
from wetcow.synchrony import Frequency, MeanAmplitude, MeanOrder, SynchronyTime

# Runs of three uncoupled or four coupled modes with these settings share one compilation.
SETTINGS = {"t1": 30.0, "num_samples": 301}
START = np.array([0.3, 0.2j, -0.1 + 0.4j])
LINEAR = {"w_a": 0.0, "w_phi": 0.0, "psi": 0.0, "alpha": 1e-12}


@pytest.fixture
def network(rng):
    coupling = wc.Dense(conftest.random_coupling(rng, 4, strength=0.8))
    return wc.Network(rng.uniform(0.5, 1.5, 4), rng.uniform(0.5, 2, 4), coupling)


DELAYED = wc.Network(0.5, 1.0, wc.Delayed([[0, 1], [1, 0]], np.full((2, 2), 0.1)))


# Known answers


class TestKnownSolutions:
    @pytest.mark.slow
    def test_modes_as_scipy_integrates_them(self):
        mode = wc.Mode(gamma=[0.5, 1.9, 2.2])
        run = wc.simulate(mode, a0=START, **SETTINGS)
        for index, gamma in enumerate(mode.gamma):
            expected = conftest.polar_solution(wc.Mode(gamma), START[index], run.time.values)
            np.testing.assert_allclose(run.a[:, index], expected[:, 0], atol=1e-6)

    @pytest.mark.slow
    def test_network_as_scipy_integrates_it(self, network, rng):
        a0 = conftest.random_amplitudes(rng, 4)
        run = wc.simulate(network, a0=a0, **SETTINGS)
        r = np.asarray(network.coupling.matrix())
        expected = conftest.polar_solution(network.modes, a0, run.time.values, r)
        np.testing.assert_allclose(run.a, expected, atol=1e-6)

    @pytest.mark.slow
    def test_linear_modes_ring_down(self):
        mode = wc.Mode(gamma=[-0.1, -0.5, 0.02], omega=1.3, **LINEAR)
        run = wc.simulate(mode, a0=START, **SETTINGS)
        rates = mode.gamma + 1.3j
        np.testing.assert_allclose(
            run.a, START * np.exp(rates * run.time.values[:, None]), atol=1e-7
        )

    @pytest.mark.slow
    def test_measured_frequency_is_the_exact_one(self):
        mode = wc.Mode(gamma=[0.5, 1.0, 1.9])
        run = wc.simulate(mode, a0=START, t1=120.0, num_samples=4801)
        np.testing.assert_allclose(wc.spiking_frequency(run), mode.spiking_frequency(), rtol=1e-4)

    def test_silence_beyond_criticality(self):
        gamma = np.array([2.0002, 2.5, 6.0])
        run = wc.simulate(wc.Mode(gamma), t1=3000.0, num_samples=301)
        expected = [float(silent_amplitude(c, wc.CANONICAL)) for c in gamma]
        np.testing.assert_allclose(abs(run.a[-1]), expected, rtol=1e-5)
        np.testing.assert_allclose(np.diff(run.a[-5:], axis=0), 0, atol=1e-7)
        assert float(abs(run.a[-1, 0])) == pytest.approx(0.5, rel=0.02), "ω/2 at criticality"
        np.testing.assert_allclose(wc.Mode(gamma[1:]).mean_amplitude(), expected[1:], rtol=1e-6)

    def test_scaling(self):
        """a → sa and t → t/s turn the mode (γ, ω) into (sγ, sω)."""
        gamma = np.array([0.5, 1.9, 2.2])
        unit = wc.simulate(wc.Mode(gamma), a0=START, **SETTINGS)
        fast = wc.simulate(wc.Mode(4 * gamma, 4.0), a0=4 * START, t1=7.5, num_samples=301)
        np.testing.assert_allclose(fast.a, 4 * unit.a.values, atol=1e-6)

    @pytest.mark.slow
    def test_global_phase(self, network, rng):
        """Coupling keeps the symmetry of a global phase; the canonical constants break it."""
        a0, turn = conftest.random_amplitudes(rng, 4), np.exp(0.7j)
        free = network.replace(w_a=0.0, w_phi=0.0)
        run, turned = (wc.simulate(free, a0=one, **SETTINGS) for one in (a0, turn * a0))
        np.testing.assert_allclose(turned.a, turn * run.a, atol=1e-6)
        run, turned = (wc.simulate(network, a0=one, **SETTINGS) for one in (a0, turn * a0))
        assert np.abs(turned.a - turn * run.a).max() > 0.1


class TestDelays:
    # Multiples of the steps, so that kinks of the solution fall on steps.
    delay = np.array([[0, 0.7], [1.0, 0]])
    r = np.array([[0, 0.5 - 0.3j], [-0.4j, 0]])
    a0 = np.array([0.3, -0.2j])

    def error(self, dt):
        rates = np.array([-0.2 + 1j, -0.1 + 2j])
        network = wc.Network(rates.real, rates.imag, wc.Delayed(self.r, self.delay), **LINEAR)
        run = wc.simulate(network, t1=3.5, num_samples=36, a0=self.a0, dt=dt)
        pieces = []

        def before(t, index):
            if t <= 0:
                return self.a0[index]
            return next(piece.sol(t)[index] for piece in pieces if t <= piece.t[-1] + 1e-12)

        def change(t, a):
            arriving = [self.r[0, 1] * before(t - 0.7, 1), self.r[1, 0] * before(t - 1.0, 0)]
            return rates * a + arriving

        a, ends = self.a0.astype(complex), np.sort([0, 0.7, 1.0, 1.4, 1.7, 2.1, 2.4, 2.8, 3.1, 3.5])
        for low, high in itertools.pairwise(ends):
            pieces.append(
                solve_ivp(
                    change, (low, high), a, "DOP853", dense_output=True, rtol=1e-11, atol=1e-12
                )
            )
            a = pieces[-1].y[:, -1]
        expected = [[before(t, index) for index in (0, 1)] for t in run.time.values]
        return np.abs(run.a.values - expected).max()

    @pytest.mark.slow
    def test_method_of_steps(self):
        coarse, fine = self.error(0.1), self.error(0.05)
        assert fine < 2e-7
        assert coarse / fine > 8, "third order at least"

    @pytest.mark.slow
    def test_zero_delay_is_dense_coupling(self, network):
        delayed = network.replace(coupling=wc.Delayed(network.coupling.r, np.zeros((4, 4))))
        expected = wc.simulate(network, **SETTINGS).a
        np.testing.assert_allclose(wc.simulate(delayed, **SETTINGS).a, expected, atol=1e-7)

    @pytest.mark.slow
    def test_undelayed_links_beside_delayed_ones(self, network):
        delay = np.zeros((4, 4))
        delay[0, 1] = 0.01
        delayed = network.replace(coupling=wc.Delayed(network.coupling.r, delay))
        run = wc.simulate(delayed, t1=3.0, num_samples=301)
        expected = wc.simulate(network, t1=3.0, num_samples=301)
        assert 0 < np.abs(run.a - expected.a).max() < 0.01


class TestNoise:
    @pytest.mark.slow
    def test_damped_mode_is_an_ornstein_uhlenbeck_process(self):
        """E|a|² = σ²/(2|γ|), correlated as e^{(γ+iω)τ}; the same again for the same seed."""
        mode = wc.Mode(gamma=np.full(1000, -0.5), omega=2.0, **LINEAR)
        settings = {"t1": 40.0, "num_samples": 81, "a0": 0.0, "noise": 0.3}
        run = wc.simulate(mode, seed=1, **settings)
        settled = run.a.sel(time=slice(15, None)).values
        variance = 0.3**2 / (2 * 0.5)
        assert np.mean(abs(settled) ** 2) == pytest.approx(variance, rel=0.03)
        assert np.mean(settled.real**2) == pytest.approx(variance / 2, rel=0.05)
        assert abs(np.mean(settled)) < 0.02
        lagged = np.mean(settled[2:] * settled[:-2].conj()) / variance
        np.testing.assert_allclose(lagged, np.exp(-0.5 + 2j), atol=0.03)
        np.testing.assert_array_equal(wc.simulate(mode, seed=1, **settings).a, run.a)
        assert np.abs(wc.simulate(mode, seed=2, **settings).a - run.a).max() > 0.1


class TestWhatIsKept:
    @pytest.mark.slow
    def test_reducers_and_selected_modes(self, network):
        reduce = {
            "frequency": Frequency(after=15.0),
            "amplitude": MeanAmplitude(after=15.0),
            "order": MeanOrder(),
            "synchrony": SynchronyTime(threshold=0.5),
        }
        whole = wc.simulate(network, seed=1, reduce=reduce, dt=0.05, **SETTINGS)
        late = whole.sel(time=slice(15, None))
        np.testing.assert_allclose(whole.frequency, wc.spiking_frequency(whole, 15.0), rtol=1e-9)
        np.testing.assert_allclose(whole.amplitude, abs(late.a).mean("time"), rtol=1e-12)
        np.testing.assert_allclose(whole.order, wc.order_parameter(whole).mean(), rtol=1e-12)
        expected = wc.time_to_synchrony(whole, threshold=0.5, period=1)
        np.testing.assert_allclose(whole.synchrony, expected, rtol=1e-12)
        reduced = wc.simulate(network, seed=1, reduce=reduce, record=False, dt=0.05, **SETTINGS)
        assert "a" not in reduced
        for name in reduce:
            np.testing.assert_allclose(reduced[name], whole[name], rtol=1e-9)
        part = wc.simulate(network, seed=1, modes=[2, 0], dt=0.05, **SETTINGS)
        np.testing.assert_array_equal(part.mode, [2, 0])
        np.testing.assert_allclose(part.a, whole.a[:, [2, 0]], atol=1e-9)

    def test_progress(self, capsys):
        wc.simulate(wc.Mode(gamma=[0.5, 1.9, 2.2]), progress=True, **SETTINGS)
        assert "simulating" in capsys.readouterr().out

    def test_seed_gives_random_phases(self, network):
        first = [wc.simulate(network, seed=seed, **SETTINGS).a[0] for seed in (1, 1, 2)]
        np.testing.assert_allclose(abs(first[0]), 0.1)
        np.testing.assert_array_equal(first[0], first[1])
        assert np.abs(first[0] - first[2]).max() > 0.01


# Properties


class TestSteps:
    @pytest.fixture
    def reference(self):
        return wc.simulate(wc.Mode(gamma=[0.5, 1.9, 2.2]), a0=START, **SETTINGS).a

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("options", "tolerance"),
        [
            ({"precision": "single"}, 2e-3),
            ({"dt": 0.02}, 1e-6),
            ({"rtol": 1e-12, "atol": 1e-13}, 1e-6),
        ],
    )
    def test_agree(self, reference, options, tolerance):
        run = wc.simulate(wc.Mode(gamma=[0.5, 1.9, 2.2]), a0=START, **SETTINGS, **options)
        assert run.a.dtype == (np.complex64 if "precision" in options else np.complex128)
        np.testing.assert_allclose(run.a, reference, atol=tolerance)

    def test_integrate_refuses_what_needs_fixed_steps(self):
        neurons = wc.LeakyIntegrateAndFire(1.0, wc.LowRank.uniform(2, 1.0))
        with pytest.raises(ValueError, match="simulate"):
            wc.integrate(neurons, np.zeros(2, complex), np.linspace(0, 5, 6))


# Errors


class TestErrors:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"t1": -1.0}, "later than t0"),
            ({"t0": np.nan}, "t0 must be a finite"),
            ({"t1": "soon"}, "t1 must be a number"),
            ({"num_samples": 1}, "num_samples"),
            ({"num_samples": 10.5}, "num_samples"),
            ({"a0": np.ones(3)}, r"shape \(2,\)"),
            ({"a0": np.nan}, "a0 must be finite"),
            ({"noise": 0.1}, "seed"),
            ({"noise": -0.1, "seed": 0}, "noise must not be negative"),
            ({"noise": 0.1, "seed": 0, "rtol": 1e-6}, "fixed steps"),
            ({"seed": -1}, "seed"),
            ({"dt": 10.0}, "use dt ≤"),
            ({"dt": 0.0}, "dt must be finite and positive"),
            ({"dt": 0.01, "rtol": 1e-6}, "give dt only"),
            ({"rtol": 1e-17}, "rounding"),
            ({"rtol": 1e-8, "precision": "single"}, "single precision"),
            ({"atol": -1.0}, "atol must be finite and positive"),
            ({"precision": "half"}, "precision"),
            ({"precision": "single", "t0": 1e6, "t1": 1e6 + 1}, "precision='double', or fixed"),
            ({"record": False}, "reduce"),
            ({"modes": [5]}, r"must lie in \[0, 2\)"),
            ({"modes": []}, "indices"),
            ({"modes": [0.5]}, "indices"),
            ({"path": "x.nc"}, ".zarr"),
        ],
    )
    def test_nonsense_is_refused_before_integration(self, options, message, monkeypatch):
        monkeypatch.setattr("wetcow.simulation.run._chunk", None)
        with pytest.raises(ValueError, match=message):
            wc.simulate(wc.Mode(gamma=[0.5, 1.0]), **({"t1": 1.0, "num_samples": 11} | options))

    def test_step_longer_than_a_delay(self):
        with pytest.raises(ValueError, match="shortest delay"):
            wc.simulate(DELAYED, t1=1.0, num_samples=2, dt=0.2)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("options", "where"),
        [({}, ""), ({"dt": 0.05}, r" in modes \[1\]"), ({"precision": "single"}, "")],
    )
    def test_singular_solution(self, options, where):
        mode = wc.Mode(gamma=[0.2, 0.2, 0.2], w_a=[0.0, 10.0, 0.0], w_phi=0.0, psi=0.0, alpha=1.0)
        with pytest.raises(wc.SimulationError, match=f"between t=0 and t=30{where}:"):
            wc.simulate(mode, a0=1.0, **SETTINGS, **options)
