"""Observables on trajectories whose spikes, frequencies and synchrony are known."""

import jax
import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.simulation.reduce import fold
from wetcow.synchrony import Frequency, MeanAmplitude, MeanOrder, SynchronyTime, phase

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
        # Too slow to spike twice: phase over time.
        slow = trajectory(0.01 * TIME[:, None])
        np.testing.assert_allclose(wc.spiking_frequency(slow), 0.01, rtol=1e-10)
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


class TestReducers:
    """Sample by sample they find what the functions of recorded runs do."""

    def reduced(self, reducer, run):
        with jax.enable_x64(True):
            t, a = run.time.values, run.a.values
            start = {"value": reducer.init(t[0], jax.numpy.asarray(a[0]))}
            folded = jax.jit(lambda s, t, a: fold({"value": reducer}, s, t, a))(start, t[1:], a[1:])
            return np.asarray(reducer.result(folded["value"]))

    @pytest.mark.parametrize("after", [0.0, 20.0])
    def test_frequency(self, phasors, after):
        expected = wc.spiking_frequency(phasors, after=after)
        np.testing.assert_allclose(self.reduced(Frequency(after), phasors), expected, rtol=1e-10)
        slow = trajectory(0.01 * TIME[:, None])
        np.testing.assert_allclose(self.reduced(Frequency(after), slow), 0.01, rtol=1e-10)

    def test_frequency_of_a_wobbling_phase(self):
        """Passing through a multiple of 2π again after going back is no spike."""
        speeds = np.linspace(0.45, 0.75, 40)
        run = trajectory(speeds * TIME[:, None] - 1 + 2 * np.sin(1.7 * TIME)[:, None])
        for after in (0.0, 7.0):
            expected = wc.spiking_frequency(run, after=after)
            found = self.reduced(Frequency(after), run)
            np.testing.assert_allclose(found, expected, rtol=1e-10)

    def test_means(self, phasors):
        amplitude = self.reduced(MeanAmplitude(after=20.0), phasors)
        np.testing.assert_allclose(amplitude, [1, 2, 3], rtol=1e-12)
        order = self.reduced(MeanOrder(after=20.0), phasors)
        expected = wc.order_parameter(phasors).sel(time=slice(20, None)).mean()
        np.testing.assert_allclose(order, expected, rtol=1e-12)

    def test_synchrony_time(self, joining, phasors):
        expected = wc.time_to_synchrony(joining, period=1)
        np.testing.assert_allclose(self.reduced(SynchronyTime(), joining), expected)
        assert np.isinf(self.reduced(SynchronyTime(), phasors))
