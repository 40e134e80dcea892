"""A finished run goes on to a later end."""

import conftest
import numpy as np
import pytest

import wetcow as wc
from wetcow.simulation import chunks
from wetcow.simulation.files.checkpoint import CHECKPOINT
from wetcow.simulation.files.store import ZarrStore


@pytest.fixture
def net(rng):
    return wc.Network(0.6, [0.8, 1.0, 1.3], wc.Dense(conftest.random_coupling(rng, 3)))


SETTINGS = [
    pytest.param({"noise": 0.05, "seed": 2}, 1e-10, id="noise"),
    pytest.param({"dt": 0.05}, 1e-10, id="fixed"),
    pytest.param({}, 1e-6, id="adaptive"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("how", "error"), SETTINGS)
def test_it_is_as_one_run(net, how, error, tmp_path):
    path, drive = tmp_path / "run.zarr", wc.pulse(8.0, 4.0, gamma=0.5)
    how = {**how, "drive": drive, "reduce": {"size": wc.synchrony.MeanAmplitude()}}
    short = wc.simulate(net, 10.0, num_samples=101, path=path, **how).load()
    longer = wc.simulate(net, 25.0, num_samples=251, path=path, **how).load()
    whole = wc.simulate(net, 25.0, num_samples=251, **how)
    np.testing.assert_array_equal(longer.a[:101], short.a)
    np.testing.assert_allclose(longer.a, whole.a, atol=error)
    np.testing.assert_allclose(longer["size"], whole["size"], atol=error)
    assert longer.attrs["t1"] == 25.0 and longer.attrs["num_samples"] == 251
    assert wc.simulate(net, 25.0, num_samples=251, path=path, **how).identical(longer)


@pytest.mark.slow
def test_delays_remember_what_was(net, tmp_path):
    delayed = net.replace(coupling=wc.Delayed(net.coupling.r, 0.7 * (1 - np.eye(3))))
    wc.simulate(delayed, 10.0, num_samples=101, path=tmp_path / "run.zarr")
    longer = wc.simulate(delayed, 20.0, num_samples=201, path=tmp_path / "run.zarr")
    whole = wc.simulate(delayed, 20.0, num_samples=201)
    np.testing.assert_allclose(longer.a, whole.a, atol=1e-10)


@pytest.mark.slow
def test_sweeps_go_on(net, tmp_path):
    settings = {"path": tmp_path / "runs.zarr", "gamma": [0.2, 0.8], "seed": [0, 1], "dt": 0.05}
    wc.sweep(net, 10.0, num_samples=101, **settings)
    longer = wc.sweep(net, 20.0, num_samples=201, **settings)
    settings.pop("path")
    whole = wc.sweep(net, 20.0, num_samples=201, **settings)
    np.testing.assert_allclose(longer.a, whole.a, atol=1e-10)


@pytest.mark.slow
def test_an_extension_that_is_interrupted_goes_on(net, tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "STEPS_PER_CHUNK", 100.0)
    path = tmp_path / "run.zarr"
    wc.simulate(net, 5.0, num_samples=51, dt=0.05, path=path)
    with conftest.interrupted(monkeypatch, ZarrStore, "checkpoint", 2, after=True):
        wc.simulate(net, 20.0, num_samples=201, dt=0.05, path=path)
    with pytest.warns(UserWarning, match="unfinished"):
        assert wc.load_run(path).sizes["time"] > 51
    longer = wc.simulate(net, 20.0, num_samples=201, dt=0.05, path=path)
    np.testing.assert_allclose(
        longer.a, wc.simulate(net, 20.0, num_samples=201, dt=0.05).a, atol=1e-10
    )


def test_what_cannot_go_on_says_why(tmp_path):
    mode, path = wc.Mode(gamma=0.5), tmp_path / "run.zarr"
    kept = {"dt": 0.05, "path": path}
    wc.simulate(mode, 10.0, num_samples=101, **kept)
    with pytest.raises(FileExistsError, match=r"t1=20 and num_samples=201"):
        wc.simulate(mode, 20.0, **kept)
    with pytest.raises(FileExistsError, match="gamma"):
        wc.simulate(wc.Mode(gamma=0.6), 20.0, num_samples=201, **kept)
    with pytest.raises(FileExistsError, match="t1"):  # earlier than what there is
        wc.simulate(mode, 5.0, num_samples=51, **kept)
    (path / CHECKPOINT).unlink()
    with pytest.raises(FileExistsError, match="not kept"):
        wc.simulate(mode, 20.0, num_samples=201, **kept)
    assert wc.simulate(mode, 10.0, num_samples=101, **kept).sizes["time"] == 101
