"""sweep gives what simulate gives run by run, however the runs are grouped and shared."""

import os
import signal
import threading
import time
from typing import ClassVar

import conftest
import jax
import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.simulation import chunks
from wetcow.simulation.batch import calls as batch_calls, layout
from wetcow.simulation.files import store
from wetcow.synchrony import Frequency, MeanOrder

SETTINGS = {"t1": 8.0, "num_samples": 81}
FIXED = {**SETTINGS, "dt": 0.05}  # compiled several times as fast as adaptive steps
VARIED = {"gamma": np.linspace(0.2, 6.0, 7), "seed": [1]}


@pytest.fixture
def network(rng):
    coupling = wc.Dense(conftest.random_coupling(rng, 3))
    return wc.Network(1.0, rng.uniform(0.5, 2, 3), coupling)


def assert_run_by_run(system, settings, tolerance=1e-7, **values):
    """Every run of a sweep is the run that simulate gives alone."""
    runs = wc.sweep(system, **settings, **values)
    names = [*values]
    assert runs.a.dims == (*names, "time", "mode")
    for position in np.ndindex(*(len(one) for one in values.values())):
        own = {name: values[name][i] for name, i in zip(names, position, strict=True)}
        seed = {"seed": own.pop("seed")} if "seed" in own else {}
        alone = wc.simulate(system.replace(**own), **(settings | seed))
        np.testing.assert_allclose(runs.a.values[position], alone.a, atol=tolerance)
    return runs


# Known answers


class TestAsSimulate:
    @pytest.mark.slow
    def test_parameter_and_seeds(self, network):
        runs = assert_run_by_run(network, SETTINGS, gamma=[0.5, 1.5, 3.0], seed=[1, 2])
        np.testing.assert_array_equal(runs.gamma, [0.5, 1.5, 3.0])
        np.testing.assert_array_equal(runs.seed, [1, 2])
        assert "gamma" not in runs.attrs
        np.testing.assert_array_equal(runs.attrs["coupling_r"], network.coupling.r)

    @pytest.mark.slow
    def test_rows_for_the_modes(self, network, rng):
        runs = assert_run_by_run(network, FIXED, omega=rng.uniform(0.5, 2, (3, 3)))
        np.testing.assert_array_equal(runs.omega, [0, 1, 2])

    @pytest.mark.slow
    def test_couplings_and_their_strength(self, network, rng):
        others = [wc.Dense(conftest.random_coupling(rng, 3)) for _ in range(2)]
        assert_run_by_run(network, FIXED, coupling=others, coupling_strength=[0.0, 2.0])

    @pytest.mark.slow
    def test_noise(self, network):
        settings = {**SETTINGS, "noise": 0.2, "dt": 0.05, "a0": 0.1}
        runs = assert_run_by_run(network, settings, 1e-12, seed=[3, 4])
        assert np.abs(runs.a[0] - runs.a[1]).max() > 0.1

    @pytest.mark.slow
    def test_one_seed_is_no_dimension(self, network):
        runs = wc.sweep(network, seed=7, gamma=[0.5, 1.5, 3.0], **FIXED)
        assert runs.a.dims == ("gamma", "time", "mode")
        assert runs.attrs["seed"] == 7
        np.testing.assert_array_equal(runs.a[0, 0], runs.a[1, 0])

    @pytest.mark.slow
    def test_delays(self):
        """Step and memory serve the shortest and the longest delay of all couplings."""
        r = [[0, 0.5], [0.3j, 0]]
        network = wc.Network(1.0, [1.0, 1.5], wc.Delayed(r, np.ones((2, 2))))
        delays = [wc.Delayed(r, np.full((2, 2), delay)) for delay in (0.2, 3.0)]
        runs = assert_run_by_run(network, {**SETTINGS, "dt": 0.02}, 1e-9, coupling=delays)
        assert np.abs(runs.a[0] - runs.a[1]).max() > 0.01
        with pytest.raises(ValueError, match="shortest delay"):
            wc.sweep(network, dt=0.25, coupling=delays, **SETTINGS)

    @pytest.mark.slow
    def test_baselines(self, rng):
        coupling = wc.Dense(np.abs(conftest.random_coupling(rng, 3)))
        neurons = wc.LeakyIntegrateAndFire([1.2, 1.5, 2.0], coupling)
        settings = {**SETTINGS, "dt": 0.02}
        assert_run_by_run(neurons, settings, 1e-9, tau_m=[0.8, 1.0], seed=[1])
        oscillators = wc.Kuramoto([0.5, 1.0, 1.5], coupling)
        assert_run_by_run(oscillators, FIXED, coupling_strength=[0.5, 4.0])


class TestGrouping:
    @pytest.fixture
    def expected(self, network):
        return wc.sweep(network, devices=jax.devices()[:1], **SETTINGS, **VARIED)

    @pytest.mark.slow
    def test_groups_do_not_matter(self, network, expected, monkeypatch):
        monkeypatch.setattr(layout, "GROUP", 2)
        monkeypatch.setattr(layout, "SMALLEST_GROUP", 1)
        runs = wc.sweep(network, devices=jax.devices()[:1], **SETTINGS, **VARIED)
        xr.testing.assert_allclose(runs, expected, rtol=1e-9, atol=1e-9)

    @pytest.mark.slow
    def test_devices_do_not_matter(self, network, expected):
        assert len(jax.devices()) == 2
        runs = wc.sweep(network, **SETTINGS, **VARIED)
        xr.testing.assert_allclose(runs, expected, rtol=1e-9, atol=1e-9)
        assert runs.attrs.keys() == expected.attrs.keys()

    @pytest.mark.parametrize(("num_runs", "num_devices"), [(1, 1), (1, 2), (7, 2), (600, 2)])
    def test_every_run_is_on_some_device(self, num_runs, num_devices, rng):
        cost = rng.uniform(1, 10, num_runs)
        order, group = layout.execution_order(cost, num_devices)
        assert set(order) == set(range(num_runs))
        assert order.size % (num_devices * group) == 0
        assert group <= layout.GROUP
        for share in order.reshape(num_devices, -1):
            assert np.all(np.diff(cost[share]) >= 0), "slow runs step with slow ones"


class TestReduced:
    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore:.*still move but spiked")  # both say NaN then
    def test_reducers_without_recording(self, network, monkeypatch):
        monkeypatch.setattr(chunks, "LONGEST_CHUNK", 32)  # two of 32 samples and one of 16
        reduce = {"order": MeanOrder(), "frequency": Frequency()}
        values = {"gamma": [0.5, 1.5, 3.0], "seed": [1, 2]}
        recorded = wc.sweep(network, reduce=reduce, **FIXED, **values)
        runs = wc.sweep(network, reduce=reduce, record=False, **FIXED, **values)
        assert "a" not in runs
        assert runs.order.dims == ("gamma", "seed")
        assert runs.frequency.dims == ("gamma", "seed", "mode")
        for name in reduce:
            np.testing.assert_allclose(runs[name], recorded[name], rtol=1e-7)
        np.testing.assert_allclose(
            recorded.order, wc.order_parameter(recorded).mean("time"), rtol=1e-9
        )
        np.testing.assert_allclose(
            recorded.frequency, wc.spiking_frequency(recorded, 0.0), rtol=1e-9
        )

    @pytest.mark.slow
    def test_single_precision_and_files(self, network, tmp_path):
        runs = wc.sweep(network, precision="single", gamma=[0.5, 1.5], seed=[1, 2], **FIXED)
        assert runs.a.dtype == np.complex64
        for suffix in (".nc", ".zarr"):
            wc.save_run(runs, tmp_path / f"runs{suffix}")
            xr.testing.assert_identical(wc.load_run(tmp_path / f"runs{suffix}"), runs)

    @pytest.mark.slow
    def test_singular_runs_warn(self):
        mode = wc.Mode(gamma=0.2, w_a=0.0, w_phi=0.0, psi=0.0, alpha=1.0)
        with pytest.warns(UserWarning, match="1 of 2 runs became singular"):
            runs = wc.sweep(mode, a0=1.0, w_a=[0.0, 10.0], **SETTINGS)
        assert np.isfinite(runs.a[0]).all()
        assert not np.isfinite(runs.a[1, -1]).any()


class TestVaried:
    """Each run of a sweep is that of simulate with the value that its coordinate says."""

    @pytest.mark.slow
    def test_strength_is_absolute(self):
        """0.3 means 0.3, whatever the network was built with."""
        brain = wc.Connectome([[0, 1.0], [1.0, 0]])
        runs = wc.sweep(
            brain.to_network(coupling_strength=0.9), **FIXED, coupling_strength=[0.3, 0.5]
        )
        for strength in (0.3, 0.5):
            built = wc.simulate(brain.to_network(coupling_strength=strength), **FIXED)
            swept = runs.sel(coupling_strength=strength)
            np.testing.assert_allclose(swept.a, built.a, atol=1e-7)
        assert built.attrs["coupling_strength"] == 0.5
        # The matrix beside them is that of strength 1.
        np.testing.assert_allclose(runs.attrs["coupling_r"], [[0, 1], [1, 0]])
        with pytest.raises(ValueError, match="nothing to scale"):
            brain.to_network(coupling_strength=0).replace(coupling_strength=0.5)

    @pytest.mark.slow
    def test_speeds_of_a_connectome(self):
        """Delays differ from run to run; their history is shared."""
        brain = wc.Connectome([[0, 1.0], [1.0, 0]], tract_lengths=[[0, 60.0], [60.0, 0]])

        def network(speed):
            return brain.replace(speed=speed).to_network(delays="exact", coupling_strength=0.9)

        settings = {"t1": 4.0, "num_samples": 41, "dt": 0.02}
        runs = wc.sweep(network, **settings, speed=[3.0, 6.0], noise=[0.0, 0.1], seed=1)
        assert runs.a.dims == ("speed", "noise", "time", "mode")
        np.testing.assert_array_equal(runs.speed, [3.0, 6.0])
        np.testing.assert_array_equal(runs.noise, [0.0, 0.1])
        alone = wc.simulate(network(6.0), **settings, noise=0.1, seed=1)
        np.testing.assert_allclose(runs.a.sel(speed=6.0, noise=0.1), alone.a, atol=1e-9)
        assert np.abs(runs.a[0] - runs.a[1]).max() > 1e-3
        assert "coupling_delay" not in runs.attrs
        with pytest.raises(ValueError, match="needs values of"):
            wc.sweep(network, **settings, gamma=[1.0])

    @pytest.mark.slow
    def test_names_of_couplings(self, network, rng):
        couplings = {name: wc.Dense(conftest.random_coupling(rng, 3)) for name in ("one", "other")}
        runs = wc.sweep(network, t1=2.0, num_samples=5, dt=0.05, coupling=couplings)
        assert runs.coupling.values.tolist() == ["one", "other"]
        assert "coupling_r" not in runs.attrs


# Errors


class TestRows:
    ROWS = ([1.0, 1.1, 1.2], [1.5, 1.6, 1.7])
    SHORT: ClassVar = {"t1": 5.0, "num_samples": 6, "dt": 0.05}

    @pytest.mark.slow
    def test_lists_tuples_and_mappings_are_arrays(self, network):
        expected = wc.sweep(network, gamma=np.array(self.ROWS), **self.SHORT)
        for rows in (
            list(self.ROWS),
            tuple(map(tuple, self.ROWS)),
            [np.array(self.ROWS[0]), [*self.ROWS[1]]],
        ):
            xr.testing.assert_identical(wc.sweep(network, gamma=rows, **self.SHORT), expected)
        named = wc.sweep(network, gamma=dict(zip("ab", self.ROWS, strict=True)), **self.SHORT)
        assert named.gamma.values.tolist() == ["a", "b"]
        np.testing.assert_array_equal(named.a, expected.a)
        alone = wc.simulate(network.replace(gamma=np.array(self.ROWS[1])), **self.SHORT)
        np.testing.assert_allclose(expected.a[1], alone.a, rtol=1e-9)

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ["network", "kuramoto"])
    def test_rows_of_omega(self, network, kind):
        system = network if kind == "network" else wc.Kuramoto(1.0, network.coupling)
        runs = wc.sweep(system, omega=list(self.ROWS), **self.SHORT)
        alone = wc.simulate(system.replace(omega=np.array(self.ROWS[1])), **self.SHORT)
        np.testing.assert_allclose(runs.a[1], alone.a, rtol=1e-7)


class TestInterrupted:
    @pytest.mark.slow
    @pytest.mark.parametrize("record", [True, False])
    def test_killed_and_resumed(self, network, tmp_path, monkeypatch, record):
        """To the same bits, also if it goes on with another number of devices."""
        monkeypatch.setattr(chunks, "LONGEST_CHUNK", 16)
        steps = SETTINGS if record else FIXED
        settings = {**steps, **VARIED, "reduce": {"order": MeanOrder()}, "record": record}
        here = {"devices": jax.devices()[:1]}
        whole = wc.sweep(network, **settings, **here)
        path = tmp_path / "runs.zarr"
        with conftest.interrupted(monkeypatch, store.ZarrStore, "checkpoint", 2, after=True):
            wc.sweep(network, path=path, **settings, **here)
        resumed = wc.sweep(network, path=path, progress=True, **settings, **here)
        for name in whole.data_vars:
            np.testing.assert_array_equal(resumed[name], whole[name])
        again = wc.sweep(network, path=path, **settings)
        np.testing.assert_array_equal(again.order, whole.order)
        with pytest.raises(FileExistsError, match="other arguments"):
            wc.sweep(network, path=path, **(settings | {"gamma": VARIED["gamma"] + 1}))

    @pytest.mark.slow
    def test_ctrl_c_is_answered(self, rng, monkeypatch):
        """A sweep that would take minutes ends soon after the signal."""
        network = wc.Network(1.0, 1.0, wc.Dense(conftest.random_coupling(rng, 100)))
        going, sent = threading.Event(), []
        original = store.MemoryStore.checkpoint

        def checkpoint(*args):
            going.set()
            return original(*args)

        def send():
            going.wait()
            time.sleep(0.5)
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        monkeypatch.setattr(store.MemoryStore, "checkpoint", checkpoint)
        threading.Thread(target=send, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            wc.sweep(network, t1=1e4, gamma=np.linspace(0.5, 2, 20), seed=[1])
        assert time.monotonic() - sent[0] < 8.0  # tenths of a second where the machine is free


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "nothing varies"),
        ({"gama": [1.0]}, "gama"),
        ({"gamma": []}, "gamma must not be empty"),
        ({"gamma": [1.0, np.nan]}, "gamma"),
        ({"alpha": [*np.linspace(1, 3, 200), -1.0, *np.linspace(1, 3, 200)]}, "alpha"),
        ({"gamma": np.ones((2, 4))}, "gamma"),
        ({"gamma": [[1.0, 2.0, 3.0], 1.0]}, "one kind and shape"),
        ({"coupling": [wc.LowRank.uniform(4, 1.0)]}, "joins 4 modes"),
        ({"coupling": [wc.LowRank.uniform(3, 1.0), wc.Dense(np.zeros((3, 3)))]}, "one kind"),
        ({"coupling": [np.zeros((3, 3))]}, "coupling"),
        ({"seed": []}, "seed"),
        ({"seed": [1, -1]}, "seed"),
        ({"gamma": [1.0], "noise": 0.1}, "seed"),
        ({"gamma": [1.0], "record": False}, "reduce"),
        ({"gamma": [1.0, 100.0], "dt": 0.1}, "use dt ≤"),
        ({"gamma": [1.0], "a0": np.ones(2)}, r"shape \(3,\)"),
        ({"gamma": [1.0], "t1": -1.0}, "later than t0"),
        ({"gamma": [1.0, 2.0, 1.0]}, "gamma has 1.0 more than once"),
        ({"gamma": np.ma.masked_equal([1.0, 2.0], 2.0)}, "masked"),
        ({"seed": [3, 3]}, "seed has 3 more than once"),
        ({"noise": [0.1, -0.1], "seed": 1}, "noise"),
        ({"noise": []}, "noise"),
        ({"mode": [1.0]}, "name of something else"),
        ({"gamma": [1.0], "reduce": {"gamma": MeanOrder()}}, "'gamma' is the name"),
        ({"gamma": {}}, "gamma must not be empty"),
    ],
)
def test_nonsense_is_refused(network, options, message, monkeypatch):
    monkeypatch.setattr(batch_calls, "start_group", None)
    with pytest.raises(ValueError, match=message):
        wc.sweep(network, **(SETTINGS | options))
