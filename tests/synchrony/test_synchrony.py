"""Observables on trajectories whose spikes, frequencies and synchrony are known."""

import re
import warnings

import jax
import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.simulation.reduce import fold
from wetcow.synchrony import (
    Frequency,
    MeanAmplitude,
    MeanOrder,
    Silent,
    SilentShare,
    SynchronyTime,
    linear_period,
    phase,
    silent_modes,
)
from wetcow.synchrony.connectivity import MEASURES

TIME = np.linspace(0.0, 40.0, 801)
OMEGA = np.array([1.0, 1.5, 2.25])


def trajectory(phases, amplitude=1.0, time=TIME, **attrs):
    """A run with given phases (time, mode)."""
    a = amplitude * np.exp(1j * phases)
    coords = {"time": time, "mode": np.arange(a.shape[1])}
    return xr.Dataset({"a": (("time", "mode"), a)}, coords, attrs)


@pytest.fixture
def phasors():
    """Modes of constant frequencies, starting at phase −1, with amplitudes 1, 2, 3."""
    return trajectory(OMEGA * TIME[:, None] - 1, np.array([1.0, 2.0, 3.0]), omega=OMEGA)


@pytest.fixture
def joining():
    """Two modes half a turn apart that come together from t = 10 to t = 20 and stay."""
    apart = np.clip((20 - TIME) / 10, 0, 1) * np.pi
    return trajectory(np.stack([TIME, TIME + apart], axis=1), omega=2.0)


def network(gamma, size=10, spread=0.2, strength=0.0):
    omega = np.linspace(1 - spread, 1 + spread, size)
    return wc.Network(gamma, omega, wc.LowRank.uniform(size, strength))


@pytest.fixture(scope="module", params=[0.0, 0.01])
def silent(request):
    """Beyond criticality and not coupled; with noise, modes tremble at rest."""
    return wc.simulate(network(2.5), t1=150.0, seed=0, noise=request.param)


@pytest.fixture(scope="module")
def runs():
    return wc.sweep(
        network(0.5, 4), t1=60.0, num_samples=601, dt=0.05, seed=[0, 1], gamma=[0.5, 1.0]
    )


@pytest.fixture(scope="module")
def mixed():
    """Modes that move, spike too seldom, fall silent and are damped; synchronous or not."""
    modes = wc.Mode([0.5, 0.5, 1.99, 2.5, -0.4], [1.0, 1.2, 1.0, 1.0, 1.0])
    return wc.simulate(modes, t1=90.0, seed=3, num_samples=1801)


# Known answers


class TestSpikes:
    def test_times(self, phasors):
        for omega, times in zip(OMEGA, wc.spike_times(phasors), strict=True):
            expected = (1 + 2 * np.pi * np.arange(100)) / omega
            np.testing.assert_allclose(times, expected[expected <= 40], rtol=1e-12)

    def test_going_back_and_forth_through_zero_is_one_spike(self):
        wobble = 0.2 * TIME - 1 + 0.5 * np.sin(TIME)
        (times,) = wc.spike_times(trajectory(wobble[:, None]))
        assert times.size == 2
        assert np.interp(times[0], TIME, wobble) == pytest.approx(0, abs=1e-10)

    def test_frequency(self, phasors):
        np.testing.assert_allclose(wc.spiking_frequency(phasors), OMEGA, rtol=1e-10)
        np.testing.assert_allclose(wc.spiking_frequency(phasors, after=30), OMEGA, rtol=1e-10)
        with pytest.raises(ValueError, match="fewer than two samples"):
            wc.spiking_frequency(phasors, after=40.0)

    def test_frequency_changes_half_way(self):
        phases = np.where(TIME < 20, TIME, 20 + 3 * (TIME - 20))
        run = trajectory(phases[:, None])
        np.testing.assert_allclose(wc.spiking_frequency(run), 3, rtol=1e-10)

    def test_singular_mode_has_no_frequency(self, phasors):
        phasors.a[-1, 1] = np.nan
        frequency = wc.spiking_frequency(phasors)
        assert np.isnan(frequency[1])
        np.testing.assert_allclose(frequency[[0, 2]], OMEGA[[0, 2]], rtol=1e-10)

    def test_phase_is_accumulated(self, phasors):
        np.testing.assert_allclose(phase(phasors), OMEGA * TIME[:, None] - 1, atol=1e-10)

    def test_undersampling_warns(self):
        run = trajectory(2.6 / 0.05 * TIME[:, None])
        with pytest.warns(UserWarning, match="more samples"):
            wc.spiking_frequency(run)
        with pytest.warns(UserWarning, match="more samples"):
            wc.spike_times(run)


class TestOrder:
    def test_order_parameters(self, phasors):
        turns = np.exp(1j * OMEGA * TIME[:, None])
        expected = abs(turns.mean(axis=1))
        np.testing.assert_allclose(wc.order_parameter(phasors), expected, atol=1e-12)
        expected = abs(turns @ [1, 2, 3]) / 6
        np.testing.assert_allclose(wc.amplitude_order_parameter(phasors), expected, atol=1e-12)

    def test_locking(self, phasors, joining):
        np.testing.assert_allclose(wc.phase_locking(joining), 1, atol=1e-12)
        value = wc.phase_locking(phasors, after=0.0)
        np.testing.assert_allclose(np.diag(value), 1)
        expected = abs(np.exp(0.5j * TIME).mean())
        assert float(value[0, 1]) == pytest.approx(expected, abs=1e-12)
        assert float(value[1, 0]) == pytest.approx(expected, abs=1e-12)

    def test_time_to_synchrony(self, joining):
        """r = cos(difference/2) passes 0.99 when the difference is 2 arccos 0.99."""
        exact = 20 - 10 * 2 * np.arccos(0.99) / np.pi
        reached = float(wc.time_to_synchrony(joining, period=1))
        assert exact <= reached < exact + 0.05
        assert float(wc.time_to_synchrony(joining)) == pytest.approx(reached / np.pi)
        assert float(wc.time_to_synchrony(joining, threshold=1e-9, period=1)) == pytest.approx(
            10.0, abs=0.051
        )

    def test_synchrony_lost_or_always_there(self, phasors):
        assert np.isinf(wc.time_to_synchrony(phasors))
        together = trajectory(np.stack([TIME, TIME], axis=1))
        assert float(wc.time_to_synchrony(together, period=1)) == 0
        with pytest.raises(ValueError, match="no omega"):
            wc.time_to_synchrony(together)
        with pytest.raises(ValueError, match="threshold"):
            wc.time_to_synchrony(together, threshold=1.5, period=1)

    def test_several_runs_at_once(self, phasors, joining):
        pair = phasors.isel(mode=[0, 1])
        runs = xr.concat([joining, pair], "seed", combine_attrs="drop").transpose(
            "seed", "time", "mode"
        )
        expected = [float(wc.time_to_synchrony(one, period=1)) for one in (joining, pair)]
        np.testing.assert_allclose(wc.time_to_synchrony(runs, period=1), expected)
        np.testing.assert_allclose(wc.spiking_frequency(runs)[1], OMEGA[:2], rtol=1e-10)

    def test_recording_is_required(self):
        for function in (wc.order_parameter, wc.spike_times, wc.phase_locking):
            with pytest.raises(ValueError, match="record=True"):
                function(xr.Dataset())


class TestTooFewSpikes:
    """A rate needs two spikes; what the issue measured is 0.2001, 0.1310 and 0.1213."""

    @pytest.mark.parametrize(
        "gamma, t1, needed", [(1.95, 60.0, 189), (1.95, 100.0, 189), (1.99, 100.0, 438)]
    )
    def test_rate_is_not_known_and_the_warning_says_when_it_will_be(self, gamma, t1, needed):
        run = wc.simulate(wc.Mode(gamma), t1=t1)
        with pytest.warns(UserWarning, match=f"spiked less than twice.* t1={needed} or longer"):
            assert np.isnan(wc.spiking_frequency(run)).all()
        run = wc.simulate(wc.Mode(gamma), t1=float(needed), num_samples=8001)
        exact = {1.95: 0.16664, 1.99: 0.07184}[gamma]
        np.testing.assert_allclose(wc.spiking_frequency(run), exact, rtol=1e-3)

    @pytest.mark.slow
    def test_rates_of_theory(self):
        """The table of integrated limit cycles, at criticality cr = γ/2."""
        known = {0.125: 0.97773, 0.5: 0.78478, 0.945: 0.25353, 0.99: 0.10295, 0.995: 0.07184}
        gamma = 2 * np.array([*known])
        run = wc.simulate(wc.Mode(gamma), t1=450.0, num_samples=9001)
        np.testing.assert_allclose(wc.spiking_frequency(run), [*known.values()], rtol=1e-3)

    @pytest.mark.slow
    def test_advice_for_sweeps_selections_and_networks(self):
        runs = wc.sweep(wc.Mode(0.0), t1=100.0, dt=0.05, gamma=[0.5, 1.99])
        with pytest.warns(UserWarning, match="1 of 2 modes.*t1=244 or longer"):
            found = wc.spiking_frequency(runs, after=25.0)
        assert np.isnan(found.values[1]) and found.values[0] == pytest.approx(0.92728, rel=1e-4)
        row = wc.simulate(wc.Mode([0.5, 1.5, 1.99]), t1=100.0, dt=0.05).isel(mode=[2, 0])
        with pytest.warns(UserWarning, match="1 of 2 modes.*t1=438 or longer"):
            found = wc.spiking_frequency(row)
        assert np.isnan(found[0]) and float(found[1]) == pytest.approx(0.92728, rel=1e-4)
        # Neither of networks nor with input in time is the rate known.
        for changed in ({"system": "Network"}, {"drive_gamma": "function f, 0123456789abcdef"}):
            with pytest.warns(UserWarning, match="Run longer, until each has spiked several times"):
                wc.spiking_frequency(row.assign_attrs(changed))

    def test_still_falling_silent(self):
        run = wc.simulate(wc.Mode(2.002), t1=100.0)
        with pytest.warns(UserWarning, match="beyond criticality: run until they are at rest"):
            assert np.isnan(wc.spiking_frequency(run)).all()
        run = wc.simulate(wc.Mode(2.002), t1=800.0)
        assert float(wc.spiking_frequency(run)[0]) == 0


class TestSilence:
    """Modes that do not move have no phase."""

    @pytest.mark.slow
    def test_silent_modes_do_not_lock(self, silent):
        assert silent_modes(silent).all() and np.all(wc.spiking_frequency(silent) == 0)
        for order in (wc.order_parameter(silent), wc.amplitude_order_parameter(silent)):
            assert np.isnan(order[-1]) and float(order.silent_share[-1]) == 1
        locking = wc.phase_locking(silent)
        assert np.isnan(locking).all() and float(locking.silent_share) == 1
        for measure in MEASURES:
            assert np.isnan(wc.functional_connectivity(silent, measure)).all()
        time = wc.time_to_synchrony(silent)
        assert np.isnan(time) and float(time.silent_share) == 1

    @pytest.mark.slow
    def test_a_slice_at_rest_has_no_order_at_all(self, silent):
        late = silent.sel(time=slice(110, None))
        if not silent.attrs["noise"]:
            assert np.isnan(wc.order_parameter(late)).all()
        assert silent_modes(late).all()

    @pytest.mark.slow
    def test_damped_modes(self):
        run = wc.simulate(network(-0.3), t1=100.0, seed=0)
        assert silent_modes(run).all() and np.all(wc.spiking_frequency(run) == 0)
        assert np.isnan(wc.time_to_synchrony(run)) and np.isnan(wc.phase_locking(run)).all()
        assert max(times.max() for times in wc.spike_times(run)) < 60  # then |a| < 1e-7
        # What rings down is seen as long as there is something.
        ringing = wc.simulate(wc.Mode(-0.3), t1=30.0)
        np.testing.assert_allclose(wc.spiking_frequency(ringing, after=0.0), 1, rtol=0.01)
        assert silent_modes(run.isel(time=slice(1900, None))).all()  # by its tolerance
        assert np.isnan(wc.order_parameter(run * 0)).all()

    def test_noise_below_onset_has_phases(self):
        run = wc.simulate(network(-0.2), t1=100.0, seed=0, noise=1e-4)
        assert not silent_modes(run).any() and np.isfinite(wc.order_parameter(run)).all()

    @pytest.mark.parametrize("gamma", [1.9, 1.99, 1.999, 1.9999])
    def test_modes_that_dwell_near_criticality_move(self, gamma):
        """Also in any part of the run, much shorter than a period."""
        run = wc.simulate(wc.Mode(gamma), t1=400.0, num_samples=4001)
        assert np.isfinite(wc.order_parameter(run)).all()
        for start in np.arange(0.0, 380.0, 10.0):
            part = run.sel(time=slice(start, start + 20))
            assert not silent_modes(part).any() and not silent_modes(part, after=start).any()

    @pytest.mark.slow
    def test_order_is_that_of_the_modes_that_move(self):
        modes = wc.Mode([0.5, 0.5, 2.5, 2.6], [1.0, 1.0, 1.0, 1.1])
        run = wc.simulate(modes, t1=100.0, dt=0.05, a0=0.1 * np.exp(1j * np.array([0, 1, 2, 3])))
        order = wc.order_parameter(run)
        assert float(order.silent_share[-1]) == 0.5 and float(order[-1]) == pytest.approx(
            abs(np.exp(1j * np.angle(run.a.values[-1, :2])).mean())
        )
        locking = wc.phase_locking(run)
        np.testing.assert_array_equal(np.isnan(locking[0]), [False, False, True, True])
        assert float(locking.silent_share) == 0.5
        # One that is left agrees with nothing.
        assert np.isnan(wc.order_parameter(run.isel(mode=[0, 2, 3]))[-1])
        assert np.isfinite(wc.order_parameter(run.isel(mode=[0]))).all()

    @pytest.mark.slow
    def test_modes_that_others_shake_are_silent(self):
        """A mode beyond criticality, coupled to one that spikes, goes back as far as forth."""
        coupling = wc.Dense([[0, 0], [0.05, 0]])
        run = wc.simulate(wc.Network([1.0, 2.5], 1.0, coupling), t1=300.0, dt=0.05)
        assert silent_modes(run).values.tolist() == [False, True]
        assert np.ptp(np.angle(run.a.values[3000 // 2 :, 1])) > 1e-3
        assert wc.spiking_frequency(run).values[1] == 0

    @pytest.mark.slow
    def test_oscillators_at_rest_are_not_silent(self):
        """Kuramoto's synchronized oscillators rest in the frame that turns with them."""
        system = wc.Kuramoto(np.linspace(-0.5, 0.5, 20), wc.LowRank.uniform(20, 3.0))
        run = wc.simulate(system, t1=100.0, dt=0.05, seed=0, reduce={"order": MeanOrder(50.0)})
        assert not silent_modes(run).any() and float(wc.order_parameter(run)[-1]) > 0.9
        assert float(run.order) == pytest.approx(float(wc.order_parameter(run)[-1]), abs=1e-6)
        with pytest.raises(ValueError, match="has no period"):
            wc.time_to_synchrony(run)

    @pytest.mark.slow
    def test_modes_that_come_to_rest_have_no_order(self):
        """Beyond criticality they slow down exponentially: 4e-4 rad in the second half."""
        network = wc.Network(2.5, np.linspace(0.8, 1.2, 10), wc.Dense(np.zeros((10, 10))))
        run = wc.simulate(network, t1=50.0, dt=0.05, reduce={"silent": Silent()})
        angle = np.angle(run.a.values[1000:])
        assert np.ptp(angle, axis=0).max() > 3e-4
        assert silent_modes(run, after=0.0).all() and run.silent.all()
        assert np.isnan(wc.order_parameter(run)[-1])

    @pytest.mark.parametrize("farthest", [1.5e-4, 3e-4, 1e-3])
    def test_what_crawls_through_a_narrow_place_moves(self, farthest):
        """Near criticality a phase falls behind like 1/t: in the half as far as is given."""
        time = np.linspace(0.0, 1.0, 2001)
        phase = -farthest / (time + 1e-3)
        angles = np.stack([phase, 4 * farthest * time], axis=1)
        run = xr.Dataset(
            {"a": (("time", "mode"), np.exp(1j * angles))}, {"time": time, "mode": [0, 1]}
        )
        assert np.ptp(angles[1000:], axis=0).min() > 0.99 * farthest
        assert not silent_modes(run, after=0.0).any()

    def test_singular_modes_are_not_dropped(self, phasors):
        phasors.a[-1, 1] = np.nan
        assert np.isnan(wc.order_parameter(phasors)[-1])
        assert np.isnan(wc.phase_locking(phasors)[1]).all()
        assert np.isnan(wc.functional_connectivity(phasors, "phase_lag_index")[1]).all()
        assert wc.spike_times(phasors)[1].size > 2


@pytest.mark.slow
class TestSweeps:
    @pytest.mark.slow
    @pytest.mark.parametrize("measure", MEASURES)
    def test_connectivity(self, runs, measure):
        found = wc.functional_connectivity(runs, measure)
        assert found.dims == ("gamma", "seed", "mode", "mode_from") and found.name == measure
        for gamma in (0, 1):
            one = wc.functional_connectivity(runs.isel(gamma=gamma, seed=1), measure)
            np.testing.assert_allclose(found[gamma, 1], one, rtol=1e-12)
        assert found.gamma.values.tolist() == [0.5, 1.0]

    @pytest.mark.slow
    def test_correlation_is_numpys(self, runs):
        one = runs.isel(gamma=0, seed=0)
        found = wc.functional_connectivity(one, "correlation", after=0.0)
        np.testing.assert_allclose(found, np.corrcoef(one.a.values.real.T), rtol=1e-9)

    def test_comparison(self, runs, rng):
        weights = rng.uniform(size=(4, 4))
        stack = wc.functional_connectivity(runs)
        found = wc.compare_connectivity(weights, stack)
        assert found.pearson.dims == ("gamma", "seed")
        assert found.pearson.gamma.values.tolist() == [0.5, 1.0]
        one = wc.compare_connectivity(weights, stack[1, 0])
        assert float(found.pearson[1, 0]) == pytest.approx(one.pearson)
        assert float(found.spearman[1, 0]) == pytest.approx(one.spearman)
        assert int(found.num_pairs[1, 0]) == 6
        plain = wc.compare_connectivity(stack, stack.values)
        np.testing.assert_allclose(plain.pearson, 1)
        assert plain.pearson.dims == ("gamma", "seed")
        stack[0, 0] = np.nan  # as of silent modes
        found = wc.compare_connectivity(weights, stack)
        assert np.isnan(found.pearson[0, 0]) and np.isfinite(found.pearson[1, 1])
        with pytest.raises(ValueError, match="masked"):
            wc.compare_connectivity(np.ma.masked_equal(weights, weights[0, 0]), weights)

    def test_spike_times(self, runs):
        found = wc.spike_times(runs)
        assert found.dims == ("gamma", "seed", "mode", "spike")
        for mode, times in enumerate(wc.spike_times(runs.isel(gamma=1, seed=0))):
            row = found[1, 0, mode].values
            np.testing.assert_array_equal(row[: times.size], times)
            assert np.isnan(row[times.size :]).all()


class TestReducers:
    """Sample by sample they find what the functions of recorded runs do."""

    def reduced_all(self, reducers, run):
        named = {str(place): reducer for place, reducer in enumerate(reducers)}
        with jax.enable_x64(True):
            t, a = run.time.values, run.a.values
            start = {key: one.init(t[0], jax.numpy.asarray(a[0])) for key, one in named.items()}
            folded = jax.jit(lambda s, t, a: fold(named, s, t, a))(start, t[1:], a[1:])
            return [np.asarray(one.result(folded[key])) for key, one in named.items()]

    def reduced(self, reducer, run):
        (value,) = self.reduced_all([reducer], run)
        return value

    @pytest.mark.slow
    @pytest.mark.parametrize("after", [0.0, 20.0])
    def test_frequency(self, phasors, after):
        expected = wc.spiking_frequency(phasors, after=after)
        np.testing.assert_allclose(self.reduced(Frequency(after), phasors), expected, rtol=1e-10)
        slow = trajectory(0.01 * TIME[:, None])
        assert np.isnan(self.reduced(Frequency(after), slow)).all()
        assert np.isnan(self.reduced(Frequency(41.0), phasors)).all()  # beyond the end

    @pytest.mark.slow
    def test_frequency_of_a_wobbling_phase(self):
        """Passing through a multiple of 2π again after going back is no spike."""
        speeds = np.linspace(0.45, 0.75, 40)
        run = trajectory(speeds * TIME[:, None] - 1 + 2 * np.sin(1.7 * TIME)[:, None])
        for after in (0.0, 7.0):
            expected = wc.spiking_frequency(run, after=after)
            found = self.reduced(Frequency(after), run)
            np.testing.assert_allclose(found, expected, rtol=1e-10)

    @pytest.mark.slow
    def test_means(self, phasors):
        amplitude = self.reduced(MeanAmplitude(after=20.0), phasors)
        np.testing.assert_allclose(amplitude, [1, 2, 3], rtol=1e-12)
        order = self.reduced(MeanOrder(after=20.0), phasors)
        expected = wc.order_parameter(phasors).sel(time=slice(20, None)).mean()
        np.testing.assert_allclose(order, expected, rtol=1e-12)

    @pytest.mark.slow
    @pytest.mark.parametrize("chosen, after", [([0, 1, 2, 3, 4], 30.0), ([0, 3], 0.0), ([3], 30.0)])
    def test_silent_modes(self, mixed, chosen, after):
        run = mixed.isel(mode=chosen)
        silent = silent_modes(run, after)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rate = wc.spiking_frequency(run, after)
        expected = {
            Silent(after): silent,
            SilentShare(after): silent.mean(),
            Frequency(after): rate,
            MeanOrder(after): wc.order_parameter(run)
            .sel(time=slice(after, None))
            .mean(skipna=False),
            SynchronyTime(0.3): wc.time_to_synchrony(run, threshold=0.3, period=1),
        }
        found = self.reduced_all([*expected], run)
        for value, wanted in zip(found, expected.values(), strict=True):
            np.testing.assert_allclose(value, wanted, rtol=1e-9)

    @pytest.mark.slow
    def test_synchrony_time(self, joining, phasors):
        expected = wc.time_to_synchrony(joining, period=1)
        np.testing.assert_allclose(self.reduced(SynchronyTime(), joining), expected)
        assert np.isinf(self.reduced(SynchronyTime(), phasors))


# Errors


class TestWhatCanBeMeasured:
    """What is no run, or no time, is refused before anything is computed."""

    EACH = (
        wc.order_parameter,
        wc.amplitude_order_parameter,
        wc.phase_locking,
        wc.spiking_frequency,
        wc.spike_times,
        wc.time_to_synchrony,
        wc.functional_connectivity,
        silent_modes,
        phase,
    )

    @pytest.mark.parametrize("measure", EACH)
    def test_runs(self, phasors, measure):
        for value in (phasors.a, phasors.a.values):
            with pytest.raises(ValueError, match=r"the Dataset of simulate.*time.*mode"):
                measure(value)
        for damaged, said in (
            (phasors.isel(time=[3]), "at least two samples"),
            (phasors.isel(mode=slice(0)), "empty"),
            (phasors.isel(mode=0), r"isel\(mode=\[0\]\)"),
            (phasors.isel(time=slice(None, None, -1)), "must increase"),
            (phasors.drop_vars("time"), "has no times"),
            (phasors.assign_coords(time=np.where(TIME > 3, np.nan, TIME)), "time must be finite"),
            (phasors.assign(a=phasors.a.astype(str)), "complex numbers"),
        ):
            with pytest.raises(ValueError, match=said):
                measure(damaged)

    @pytest.mark.parametrize("after", [50.0, 40.0, np.inf, np.nan, "x", True, [1.0, 2.0]])
    def test_after(self, phasors, after):
        for measure in (
            wc.phase_locking,
            wc.spiking_frequency,
            silent_modes,
            lambda run, after: wc.functional_connectivity(run, "envelope", after),
        ):
            with pytest.raises(ValueError, match="after"):
                measure(phasors, after=after)

    @pytest.mark.parametrize("kind", [Frequency, MeanAmplitude, MeanOrder, Silent, SilentShare])
    def test_after_of_reducers(self, kind):
        for after in (np.inf, np.nan, "x", True, [1.0, 2.0], np.ma.masked):
            with pytest.raises(ValueError, match="after"):
                kind(after=after)
        late, settings = {"late": kind(after=10.5)}, {"t1": 10.0, "num_samples": 3}
        mode = wc.Mode(gamma=1.0)
        for run in (wc.simulate, wc.sweep):
            varied = {} if run is wc.simulate else {"gamma": [1.0, 1.5]}
            with pytest.raises(ValueError, match=r"after 10\.5; the run ends at 10"):
                run(mode, **settings, reduce=late, **varied)

    def test_period_and_threshold(self, phasors):
        for period in (0, -1.0, np.nan, np.inf, "x"):
            with pytest.raises(ValueError, match="period must be"):
                wc.time_to_synchrony(phasors, period=period)
        for threshold in (0, -1, 1.5, np.nan, None):
            with pytest.raises(ValueError, match="threshold"):
                wc.time_to_synchrony(phasors, threshold)
            with pytest.raises(ValueError, match="threshold"):
                SynchronyTime(threshold)
        with pytest.raises(ValueError, match="no period"):
            linear_period(phasors.assign_attrs(omega=[-1.0, 1.0]))


class TestPeriodsOfSweeps:
    def test_each_run_of_a_sweep_over_omega_has_its_own(self):
        """Phases agree from t = 10 on; the linear periods are 2π/ω."""
        time, omega = np.linspace(0, 40, 401), np.array([1.0, 2.0])
        lag = np.where(time < 10, 2.0, 0.0)
        phases = omega[:, None, None] * time[:, None] + lag[:, None] * [0, 1]
        run = xr.Dataset(
            {"a": (("omega", "time", "mode"), np.exp(1j * phases))},
            {"omega": omega, "time": time, "mode": [0, 1]},
        )
        found = wc.time_to_synchrony(run)
        np.testing.assert_allclose(found, 10 / (2 * np.pi / omega), rtol=1e-12)
        np.testing.assert_allclose(wc.time_to_synchrony(run.sel(omega=2.0)), 10 / np.pi)
        both = wc.time_to_synchrony(run.expand_dims(gamma=[1.0, 1.5, 1.7]).transpose(..., "omega"))
        assert dict(both.sizes) == {"gamma": 3, "omega": 2}
        np.testing.assert_allclose(both[2], found)
        with pytest.raises(ValueError, match="no omega"):
            wc.time_to_synchrony(run.assign_coords(omega=[0, 1]))  # the number of a row


@pytest.mark.slow
@pytest.mark.parametrize("record", [True, False])
def test_reduced_frequency_says_how_long_it_needs(record):
    mode, reduce = wc.Mode(gamma=1.95), {"f": Frequency()}
    with pytest.warns(UserWarning, match="f: 1 of 1 modes still move but spiked") as told:
        run = wc.simulate(mode, t1=60, record=record, reduce=reduce)
    assert np.isnan(run.f).all()
    (length,) = re.findall(r"t1=(\d+)", str(told[0].message))
    run = wc.simulate(mode, t1=float(length), record=record, reduce=reduce)
    np.testing.assert_allclose(run.f, mode.spiking_frequency(), rtol=1e-4)
    with pytest.warns(UserWarning, match=r"1 of 2 modes still move"):
        wc.sweep(mode, t1=60, record=record, reduce=reduce, gamma=[1.0, 1.95])
