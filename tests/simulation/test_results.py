"""Results survive saving, interruption and resumption, exactly."""

import conftest
import numpy as np
import pytest
import xarray as xr

import wetcow as wc
from wetcow.simulation import chunks
from wetcow.simulation.files.results import attributes
from wetcow.simulation.files.store import ZarrStore
from wetcow.synchrony import Frequency, MeanAmplitude, MeanOrder

pytestmark = pytest.mark.filterwarnings("ignore:.*still move but spiked")  # short runs
NUM_SAMPLES = 97  # three chunks of 32 below
KINDS = ["smooth", "noisy", "delayed", "firing"]


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr(chunks, "LONGEST_CHUNK", 32)


def arguments(kind):
    """System and settings of one run of each kind of stepping."""
    rng = np.random.default_rng(1)
    r = conftest.random_coupling(rng, 4)
    settings = {"t1": 9.6, "num_samples": NUM_SAMPLES, "seed": 5}
    if kind == "firing":
        return wc.LeakyIntegrateAndFire(1.5, wc.Dense(r)), settings
    if kind == "noisy":
        settings |= {"noise": 0.2, "reduce": {"order": MeanOrder(), "rate": Frequency(after=2.0)}}
    if kind == "delayed":
        coupling = wc.Delayed(r, rng.uniform(0.1, 1.0, (4, 4)))
        settings |= {"dt": 0.05, "reduce": {"amplitude": MeanAmplitude()}, "modes": [0, 3]}
    else:
        coupling = wc.Dense(r)
    return wc.Network(1.0, [1.0, 1.2, 0.8, 1.5], coupling), settings


@pytest.fixture(scope="module")
def whole():
    """The runs held in memory."""
    kept = {}

    def get(kind):
        if kind not in kept:
            system, settings = arguments(kind)
            kept[kind] = wc.simulate(system, **settings)
        return kept[kind]

    return get


class TestResumption:
    @pytest.mark.slow
    @pytest.mark.parametrize("kind", KINDS)
    def test_run_in_pieces_is_the_run_in_memory(self, kind, whole, tmp_path, monkeypatch):
        """Cut off after the second segment is written but before it is certain, then resumed."""
        system, settings = arguments(kind)
        path = tmp_path / "run.zarr"
        with conftest.interrupted(monkeypatch, ZarrStore, "checkpoint", 2):
            wc.simulate(system, path=path, **settings)
        with pytest.warns(UserWarning, match="unfinished run: 33 of 97"):
            part = wc.load_run(path)
        np.testing.assert_array_equal(part.a, whole(kind).a[:33])
        resumed = wc.simulate(system, path=path, **settings)
        xr.testing.assert_identical(resumed, whole(kind))
        xr.testing.assert_identical(wc.load_run(path), whole(kind))

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("method", "call"), [("write", 1), ("write", 3), ("checkpoint", 1), ("finish", 1)]
    )
    def test_wherever_it_is_cut(self, method, call, whole, tmp_path, monkeypatch):
        system, settings = arguments("noisy")
        path = tmp_path / "run.zarr"
        with conftest.interrupted(monkeypatch, ZarrStore, method, call):
            wc.simulate(system, path=path, **settings)
        xr.testing.assert_identical(wc.simulate(system, path=path, **settings), whole("noisy"))

    @pytest.mark.slow
    def test_finished_run_is_read(self, whole, tmp_path, monkeypatch):
        system, settings = arguments("noisy")
        path = tmp_path / "new" / "run.zarr"
        xr.testing.assert_identical(wc.simulate(system, path=path, **settings), whole("noisy"))
        monkeypatch.setattr("wetcow.simulation.run._chunk", None)
        xr.testing.assert_identical(wc.simulate(system, path=path, **settings), whole("noisy"))
        for change in (
            {"noise": 0.1},
            {"seed": 6},
            {"t1": 9.7},
            {"modes": [0]},
            {"reduce": {"order": MeanOrder(after=1.0), "rate": Frequency(after=2.0)}},
            {"reduce": {}},
        ):
            with pytest.raises(FileExistsError, match="other arguments") as raised:
                wc.simulate(system, path=path, **(settings | change))
            named = {"modes": "mode", "reduce": "reduce['order']"}
            assert all(named.get(name, f"{name} (") in str(raised.value) for name in change)
        with pytest.raises(FileExistsError, match=r"gamma \(1\.0 there, 1\.1 now\)"):
            wc.simulate(system.replace(gamma=1.1), path=path, **settings)

    def test_folder_of_something_else(self, tmp_path):
        path = tmp_path / "mine.zarr"
        path.mkdir()
        (path / "note.txt").write_text("keep me")
        with pytest.raises(FileExistsError, match="not a run"):
            wc.simulate(wc.Mode(gamma=1.0), path=path)
        assert (path / "note.txt").read_text() == "keep me"


class TestFiles:
    @pytest.mark.slow
    @pytest.mark.parametrize("suffix", [".nc", ".zarr"])
    @pytest.mark.parametrize("kind", KINDS)
    def test_round_trip(self, kind, suffix, whole, tmp_path):
        run = whole(kind)
        path = tmp_path / f"sub/run{suffix}"
        wc.save_run(run, path)
        loaded = wc.load_run(path)
        xr.testing.assert_identical(loaded, run)
        assert loaded.a.dtype == run.a.dtype
        wc.save_run(run.isel(time=slice(5)), path)
        assert wc.load_run(path).sizes["time"] == 5, "an older file is replaced"
        assert [one.name for one in path.parent.iterdir()] == [path.name]

    @pytest.mark.parametrize("suffix", [".nc", ".zarr"])
    def test_any_number_and_any_attribute(self, suffix, tmp_path):
        """Infinite and missing parts, single precision, and every kind of coupling."""
        a = np.array([[1, complex(np.inf, 2)], [complex(np.nan, -1), complex(0.5, -np.inf)]])
        couplings = [
            wc.Sparse(2, [0], [1], [0.5j]),
            wc.Sheet((1, 2), [[0.0]], False),
            wc.LowRank.uniform(2, 1j),
        ]
        for coupling in couplings:
            attrs = attributes({"system": "Network", "z": 1 + 2j, **coupling.parameters()})
            coords = {"time": [0.0, 1.0], "mode": [0, 1]}
            variable = (("time", "mode"), a.astype(np.complex64))
            run = xr.Dataset({"a": variable}, coords=coords, attrs=attrs)
            wc.save_run(run, tmp_path / f"run{suffix}")
            loaded = wc.load_run(tmp_path / f"run{suffix}")
            xr.testing.assert_identical(loaded, run)
            assert loaded.a.dtype == np.complex64

    @pytest.mark.slow
    def test_attributes_hold_every_parameter(self, whole):
        system, settings = arguments("noisy")
        attrs = whole("noisy").attrs
        for name, value in system.parameters().items():
            np.testing.assert_array_equal(attrs[name], value)
        np.testing.assert_array_equal(attrs["coupling_r"], system.coupling.matrix())
        for name in ("t1", "num_samples", "seed", "noise"):
            assert attrs[name] == settings[name]
        assert attrs["system"] == "Network"
        assert attrs["wetcow_version"] == wc.__version__
        assert attrs["precision"] == "double"
        assert attrs["stepping_dt"] > 0
        np.testing.assert_array_equal(attrs["a0"], whole("noisy").a[0])
        modes = {name: attrs[name] for name in system.modes.parameters()}
        rebuilt = wc.Network(coupling=wc.Dense(attrs["coupling_r"]), **modes)
        assert rebuilt.parameters().keys() == system.parameters().keys()

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
    def test_truncated_file_is_named(self, share, whole, tmp_path):
        path = tmp_path / "short.nc"
        wc.save_run(whole("smooth"), path)
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(ValueError, match=r"short\.nc is damaged"):
            wc.load_run(path)

    def test_other_files(self, whole, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"none\.nc"):
            wc.load_run(tmp_path / "none.nc")
        xr.Dataset({"x": ("y", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
        with pytest.raises(ValueError, match="not a result of wetcow"):
            wc.load_run(tmp_path / "other.nc")
        with pytest.raises(ValueError, match=r"\.nc or \.zarr"):
            wc.save_run(whole("smooth"), tmp_path / "run.csv")

    def test_failed_save_leaves_the_old_file(self, whole, tmp_path, monkeypatch):
        path = tmp_path / "run.nc"
        wc.save_run(whole("smooth"), path)
        monkeypatch.setattr("h5netcdf.File.create_variable", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            wc.save_run(whole("noisy"), path)
        xr.testing.assert_identical(wc.load_run(path), whole("smooth"))
        assert [one.name for one in tmp_path.iterdir()] == ["run.nc"]
