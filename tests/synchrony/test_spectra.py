"""Power spectra, spectrograms, dynamics of connectivity, metastability."""

import numpy as np
import pytest
import xarray as xr

import wetcow as wc


def series(x, interval=0.01, unit="s"):
    time = ("time", interval * np.arange(len(x)), {"units": unit})
    return xr.DataArray(x, {"time": time}, ("time", "mode"))


# Known answers


@pytest.mark.parametrize("method", ["welch", "multitaper"])
def test_white_noise_has_its_variance_at_all_frequencies(rng, method):
    found = wc.power_spectrum(series(rng.normal(size=(20_000, 2))), method=method)
    assert found.dims == ("frequency", "mode") and found.frequency.attrs["units"] == "Hz"
    step = float(found.frequency[1])
    np.testing.assert_allclose(found.sum("frequency") * step, 1, atol=0.05)
    # One-sided, of variance 1 up to 50 Hz; each of five bands.
    bands = found.isel(frequency=slice(1, -1)).groupby_bins("frequency", 5).mean()
    np.testing.assert_allclose(bands, 0.02, rtol=0.1)


@pytest.mark.parametrize("method", ["welch", "multitaper"])
def test_noise_at_rest_has_the_spectrum_in_closed_form(method):
    mode = wc.Mode(gamma=-0.3, omega=[1.0])
    # Noise so weak that the mode is linear, for so long that chance is a percent.
    run = wc.simulate(mode, t1=24e3, num_samples=120_001, noise=1e-6, seed=0, dt=0.2, a0=0)
    settings = {"welch": {"window": 200.0}, "multitaper": {"bandwidth": 0.01}}[method]
    found = wc.power_spectrum(run, method=method, **settings)[:, 0]
    nu = 2 * np.pi * found.frequency.values
    rest = wc.resting(mode, noise=1e-6)
    exact = (rest.spectrum(nu) + rest.spectrum(-nu))[:, 0] / 2
    where = (nu > 0.3) & (nu < 2)
    ratio = found.values[where] / exact[where]
    assert np.mean(ratio) == pytest.approx(1, abs=0.05)
    assert np.std(ratio) < 0.25
    assert found.frequency.attrs["units"] == "1"


def test_spectrogram_follows_a_chirp():
    time = 0.01 * np.arange(6000)
    chirp = np.sin(2 * np.pi * (5 + 0.25 * time) * time)  # 5 to 35 Hz
    found = wc.spectrogram(series(chirp[:, None]), window=2.0, step=1.0)
    assert found.dims == ("frequency", "time", "mode")
    peak = found.frequency.values[found.values[..., 0].argmax(axis=0)]
    np.testing.assert_allclose(peak, 5 + 0.5 * found.time.values, atol=0.6)


def test_dynamics_tell_two_states_apart(rng):
    shared = rng.normal(size=(600, 2))
    first = shared[:, [0, 0, 1, 1]] + 0.3 * rng.normal(size=(600, 4))
    second = shared[:, [0, 1, 0, 1]] + 0.3 * rng.normal(size=(600, 4))
    switching = np.concatenate([first, second])
    found = wc.connectivity_dynamics(series(switching, 1.0), window=100.0, step=50.0)
    middle = found.window.values
    early, late = middle < 540, middle > 660
    assert found.values[np.ix_(early, early)].min() > 0.9
    assert found.values[np.ix_(early, late)].max() < 0
    np.testing.assert_allclose(np.diagonal(found), 1)
    # By hand, of two windows.
    pairs = np.triu_indices(4, 1)
    one, other = (np.corrcoef(switching[low : low + 100].T)[pairs] for low in (0, 600))
    assert float(found[0, 12]) == pytest.approx(np.corrcoef(one, other)[0, 1])
    steady = wc.connectivity_dynamics(series(np.tile(first, (2, 1)), 1.0), 100.0, 50.0)
    assert wc.compare_dynamics(found, steady) > 0.3
    assert wc.compare_dynamics(found, found.values) == 0


def test_metastability_of_beats():
    """Two waves of equal amplitude: r = |cos(Δω t/2)|, of standard deviation (1/2 − 4/π²)^½."""
    time = np.linspace(0, 200 * np.pi, 20_001)
    a = np.exp(1j * np.outer(time, [1.0, 1.5]))
    expected = np.sqrt(0.5 - 4 / np.pi**2)
    found = wc.metastability(series(a, time[1], "1"))
    assert float(found) == pytest.approx(expected, abs=1e-3)
    run = xr.Dataset({"a": (("time", "mode"), a)}, {"time": time})
    assert float(wc.metastability(run)) == pytest.approx(expected, abs=1e-2)
    locked = np.exp(1j * np.outer(time, [1.0, 1.0]))
    assert float(wc.metastability(series(locked))) == pytest.approx(0, abs=1e-12)


def test_connectivity_of_series_is_that_of_a_run(rng):
    a = rng.normal(size=(300, 4)) + 1j * rng.normal(size=(300, 4))
    x = series(a)
    run = xr.Dataset({"a": x})
    for measure in ("phase_locking", "phase_lag_index", "imaginary_coherency", "envelope"):
        found = wc.functional_connectivity(x, measure)
        np.testing.assert_allclose(found, wc.functional_connectivity(run, measure, after=0.0))
    real = wc.functional_connectivity(x.real, "correlation")
    np.testing.assert_allclose(real, np.corrcoef(a.real.T))
    late = wc.functional_connectivity(x.real, "correlation", after=1.5)
    np.testing.assert_allclose(late, np.corrcoef(a.real[150:].T))
    sensors = x.real.rename(mode="sensor").assign_coords(sensor=["Oz", "Cz", "Fz", "Pz"])
    found = wc.functional_connectivity(sensors, "correlation")
    assert found.mode_from.values.tolist() == ["Oz", "Cz", "Fz", "Pz"]


# Pictures


def test_all_are_drawn(rng):
    x = series(rng.normal(size=(400, 4)), 1.0).assign_coords(region=("mode", list("ABCD")))
    figure = wc.plot(wc.power_spectrum(x))
    assert figure.axes[0].get_xlabel() == "frequency (Hz)"
    assert figure.axes[0].get_ylabel() == "power spectral density (1/Hz)"
    assert len(figure.axes[0].lines) == 4
    many = wc.power_spectrum(series(rng.normal(size=(400, 40)), 1.0))
    assert len(wc.plot(many).axes[0].lines) == 1
    assert len(wc.plot(wc.power_spectrum(x), modes=["A", "C"]).axes[0].lines) == 2
    figure = wc.plot(wc.spectrogram(x, window=50.0))
    assert figure.axes[0].get_ylabel() == "frequency (Hz)"
    figure = wc.plot(wc.connectivity_dynamics(x, 60.0, 10.0))
    assert figure.axes[0].get_xlabel() == "time of the window (s)"
    assert wc.plot(x.rename(mode="sensor").drop_vars("region")).axes[0].lines


# Errors


def test_errors(rng):
    x = series(rng.normal(size=(200, 4)), 1.0)
    with pytest.raises(ValueError, match="method"):
        wc.power_spectrum(x, method="fft")
    with pytest.raises(ValueError, match="bandwidth of method"):
        wc.power_spectrum(x, bandwidth=1.0)
    with pytest.raises(ValueError, match="window=1"):
        wc.power_spectrum(x, window=1.0)
    with pytest.raises(ValueError, match="bandwidth must be"):
        wc.power_spectrum(x, method="multitaper", bandwidth=1e-3)
    with pytest.raises(ValueError, match="5 samples are too few for tapers"):
        wc.power_spectrum(x[:5], method="multitaper")
    with pytest.raises(ValueError, match="evenly"):
        wc.power_spectrum(x.isel(time=[0, 1, 5, 6, 7]))
    with pytest.raises(ValueError, match="step="):
        wc.spectrogram(x, 20.0, step=30.0)
    with pytest.raises(ValueError, match="three regions"):
        wc.connectivity_dynamics(x.isel(mode=[0, 1]))
    with pytest.raises(ValueError, match="window="):
        wc.connectivity_dynamics(x, window=500.0)
    with pytest.raises(ValueError, match="square matrix"):
        wc.compare_dynamics(np.ones((2, 3)), np.eye(2))
    with pytest.raises(ValueError, match="no phases"):
        wc.metastability(x)
    with pytest.raises(ValueError, match="complex series"):
        wc.functional_connectivity(x)
