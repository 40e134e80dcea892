"""Filters of time series: waves of known frequencies, and errors."""

import numpy as np
import pytest
import xarray as xr

import wetcow as wc

INTERVAL = 0.01


def waves(*frequencies, length=20.0):
    """A series of two regions: a sum of cosines, and the same times two."""
    time = np.arange(0, length, INTERVAL)
    value = sum(np.cos(2 * np.pi * f * time) for f in frequencies)
    return xr.DataArray(
        np.stack([value, 2 * value], axis=1),
        {"time": ("time", time, {"units": "s"}), "region": ("mode", ["V1", "V2"])},
        ("time", "mode"),
        "series",
    )


def test_a_band_is_kept_without_a_shift():
    middle = slice(500, 1500)
    found = wc.band_pass(waves(1.0, 10.0, 30.0), 5.0, 20.0).isel(time=middle)
    np.testing.assert_allclose(found, waves(10.0).isel(time=middle), atol=0.08)
    assert list(found.region.values) == ["V1", "V2"]
    low = wc.band_pass(waves(1.0, 30.0), None, 5.0).isel(time=middle)
    np.testing.assert_allclose(low, waves(1.0).isel(time=middle), atol=0.01)
    high = wc.band_pass(waves(1.0, 30.0), 10.0, None).isel(time=middle)
    np.testing.assert_allclose(high, waves(30.0).isel(time=middle), atol=0.06)


def test_analytic_signal_has_envelope_and_phase():
    found = wc.analytic_signal(waves(10.0)).isel(time=slice(200, 1800))
    time = found.time.values[:, None]
    expected = np.exp(2j * np.pi * 10 * time) * [1, 2]
    np.testing.assert_allclose(found, expected, atol=1e-8)
    with pytest.raises(ValueError, match="complex already"):
        wc.analytic_signal(found)


@pytest.mark.parametrize("rate", [50.0, 37.0, 250.0])
def test_other_sampling_rate(rate):
    found = wc.resample(waves(3.0), rate)
    assert found.time.attrs["units"] == "s" and found.name == "series"
    middle = found.sel(time=slice(2, 18))
    np.testing.assert_allclose(np.diff(found.time), 1 / rate, rtol=1e-6)
    np.testing.assert_allclose(middle[:, 0], np.cos(6 * np.pi * middle.time), atol=0.01)


def test_what_a_rate_cannot_hold_is_left_out():
    found = wc.resample(waves(3.0, 40.0), 20.0).sel(time=slice(2, 18))
    np.testing.assert_allclose(found[:, 0], np.cos(6 * np.pi * found.time), atol=0.02)


def test_global_signal(rng):
    shared, own = rng.normal(size=(500, 1)), rng.normal(size=(500, 6))
    time = ("time", np.arange(500.0), {"units": "s"})
    series = xr.DataArray(shared * np.arange(1, 7) + own, {"time": time}, ("time", "mode"))
    found = wc.regress_global(series)
    mean = (series - series.mean("time")).mean("mode").values
    np.testing.assert_allclose(mean @ found.values, 0, atol=1e-9)
    np.testing.assert_allclose(found.mean("mode"), 0, atol=1e-12)
    # The same as least squares, region by region.
    centred = series.values - series.values.mean(axis=0)
    by_lstsq = centred - np.outer(mean, np.linalg.lstsq(mean[:, None], centred)[0][0])
    np.testing.assert_allclose(found, by_lstsq, atol=1e-10)
    flat = series.copy(data=np.outer(own[:, 0], [1, -1, 1, -1, 1, -1]))
    np.testing.assert_allclose(wc.regress_global(flat), flat - flat.mean("time"), atol=1e-12)


@pytest.mark.slow
def test_a_labelled_run_is_a_series():
    brain = wc.Connectome([[0, 1.0], [1.0, 0]], frequency=10.0)
    run = brain.label(wc.simulate(brain.to_network(gamma=0.5), t1=100.0, num_samples=1001))
    found = wc.band_pass(run.a.real, 5.0, 15.0)
    assert found.shape == (1001, 2)
    interval = float(run.seconds[1] - run.seconds[0])
    slower = wc.resample(run.a.real, 0.25 / interval)
    assert slower.shape == (251, 2) and "seconds" not in slower.coords


def test_errors():
    series = waves(3.0)
    with pytest.raises(ValueError, match="half the sampling rate"):
        wc.band_pass(series, 1.0, 60.0)
    with pytest.raises(ValueError, match="below high"):
        wc.band_pass(series, 5.0, 2.0)
    with pytest.raises(ValueError, match="a border"):
        wc.band_pass(series, None, None)
    with pytest.raises(ValueError, match="too few"):
        wc.band_pass(series.isel(time=slice(10)), 1.0, 5.0)
    with pytest.raises(ValueError, match="not known to be seconds"):
        wc.band_pass(series.drop_attrs(), 1.0, 5.0)
    with pytest.raises(ValueError, match="evenly"):
        wc.resample(series.isel(time=[0, 1, 5]), 5.0)
    with pytest.raises(ValueError, match="times the sampling rate"):
        wc.resample(series, 1e9)
    with pytest.raises(TypeError, match="time series"):
        wc.band_pass(series.to_dataset(), 1.0, 5.0)
    with pytest.raises(ValueError, match="mode or sensor"):
        wc.regress_global(series.rename(mode="voxel"))
