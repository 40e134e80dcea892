"""Whatever is saved comes back identical, lazily if wanted, also from files of earlier versions."""

import hashlib
import tracemalloc

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings, strategies as st

import wetcow as wc
from wetcow.simulation.files.identity import content_digest
from wetcow.simulation.reduce import Reducer
from wetcow.synchrony import MeanOrder

SUFFIXES = [".nc", ".zarr"]


def check_same(found, wanted):
    """Identical, also in what xarray does not compare: types of values and of attributes."""
    assert type(found) is type(wanted)
    xr.testing.assert_identical(found, wanted)
    assert found.xindexes.keys() == wanted.xindexes.keys()
    if isinstance(wanted, xr.DataArray):
        found, wanted = found.to_dataset(name="_"), wanted.to_dataset(name="_")
        found.attrs, wanted.attrs = found["_"].attrs, wanted["_"].attrs
    for name, variable in wanted.variables.items():
        assert found[name].dtype == variable.dtype, name
        check_attributes(found[name].attrs, variable.attrs)
    check_attributes(found.attrs, wanted.attrs)


def check_attributes(found, wanted):
    assert list(found) == list(wanted)
    for name, value in wanted.items():
        assert type(found[name]) is type(value), name
        assert repr(found[name]) == repr(value), name
        if isinstance(value, np.ndarray):
            assert found[name].dtype == value.dtype


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("results")


def round_trip(results, path):
    wc.save_run(results, path)
    check_same(wc.load_run(path), results)


def made():
    """Results of the package, labelled by a connectome."""
    rng = np.random.default_rng(2)
    brain = wc.Connectome(
        rng.uniform(0.5, 1, (4, 4)) * (1 - np.eye(4)),
        regions=("left V1", "right V1", "äußere", ""),
        positions=rng.normal(size=(4, 3)),
    )
    network = brain.to_network(coupling_strength=0.5)
    reducers = {"order": MeanOrder()}
    run = wc.simulate(network, t1=20.0, num_samples=41, dt=0.05, seed=1, reduce=reducers)
    runs = wc.sweep(
        wc.Mode(gamma=1.0), t1=5.0, num_samples=6, dt=0.05, gamma=[0.5, 1.0], seed=[1, 2]
    )
    connectivity = wc.functional_connectivity(brain.label(run))
    return [run, brain.label(run), runs, connectivity, brain.label(connectivity)]


@pytest.fixture(scope="module")
def results():
    return made()


numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.complex_numbers(),
    st.booleans(),
    st.none(),
    st.text(max_size=5),
    st.sampled_from([np.float32(0.1), np.int8(3), np.complex64(1j)]),
)
# Arrays only by themselves: xarray does not compare tuples of arrays.
arrays = st.sampled_from(
    [np.array(["a", "ü"]), np.arange(3), np.array([[True]]), np.array(1.5 + 1j)]
)
values = st.one_of(
    arrays,
    st.recursive(
        numbers,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3).map(tuple),
            st.dictionaries(st.text(max_size=3), inner, max_size=2),
        ),
        max_leaves=5,
    ),
)
names = st.one_of(
    st.text(min_size=1, max_size=6),
    st.sampled_from(
        ["zarr.json", "a_real", "coh_imag", "A", "x/y", "attribute_gamma", "coordinates", "units"]
    ),
)
TYPES = [bool, np.int8, np.uint64, np.float16, ">f4", np.complex64, "U3", object, "M8[ns]", "m8[s]"]


@st.composite
def handled(draw, results):
    """Results after some of what users do with them."""
    found = draw(st.sampled_from(results))
    for dim in found.dims:
        size = found.sizes[dim]
        part = draw(
            st.one_of(
                st.just(slice(None)),
                st.integers(0, size - 1),
                st.builds(slice, st.integers(-3, size), st.none()),
                st.just(slice(None, None, -2)),
                st.lists(st.integers(0, size - 1), max_size=3),
            )
        )
        found = found.isel({dim: part})
    found = found.copy()
    taken = {*found.coords, *found.dims, *getattr(found, "data_vars", ())}
    for name in draw(st.lists(names, max_size=3, unique=True)):
        if name in taken:
            continue
        dims = draw(st.lists(st.sampled_from([*found.dims, None]), max_size=2, unique=True))
        dims = [dim for dim in dims if dim is not None]
        kind = np.dtype(draw(st.sampled_from(TYPES)))
        shape = [found.sizes[dim] for dim in dims]
        array = np.full(shape, draw(st.text(max_size=3)) if kind.kind in "OU" else 1, kind)
        attrs = draw(st.dictionaries(names, values, max_size=2))
        variable = xr.Variable(dims, array, attrs)
        inside = isinstance(found, xr.Dataset) and draw(st.booleans())
        found = found.assign({name: variable}) if inside else found.assign_coords({name: variable})
    labels = st.sampled_from([*found.coords]) if found.coords else st.nothing()
    for name in draw(st.lists(labels, max_size=2, unique=True)):
        # Labels become an index, and indexes mere labels.
        if name in found.xindexes:
            found = found.reset_index(name)
        elif found[name].ndim == 1 and found[name].dtype.kind in "iufU":
            found = found.set_xindex(name)
    return found.assign_attrs(draw(st.dictionaries(names, values, max_size=3)))


class Weighted(Reducer):
    """A mean with weights of the modes, which `repr` does not show."""

    weights: np.ndarray = eqx.field(converter=jnp.asarray)

    def init(self, t, a):
        return jnp.sum(self.weights * a.real)

    def update(self, accumulator, t, a):
        return accumulator + jnp.sum(self.weights * a.real)

    def result(self, accumulator):
        return accumulator


# Files


@pytest.mark.slow
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_results_survive(data, results, folder):
    found = data.draw(handled(results))
    for suffix in SUFFIXES:
        round_trip(found, folder / f"x{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
class TestForms:
    @pytest.mark.slow
    def test_results_of_the_package(self, suffix, results, folder):
        for one in results:
            round_trip(one, folder / f"x{suffix}")

    def test_users_own_parts_are_not_merged(self, suffix, folder):
        part = ("mode", [1.0, 2.0])
        variables = {"coh_real": part, "coh_imag": part, "coh": ("mode", [1j, 2.0])}
        round_trip(xr.Dataset(variables), folder / f"x{suffix}")

    @pytest.mark.parametrize(
        "change",
        [
            lambda run: run.reset_index("mode"),
            lambda run: run.set_xindex("region"),
            lambda run: run.set_xindex("region").reset_index("mode"),
            lambda run: run.a.set_xindex("region"),
            lambda run: run.set_index(mode="region"),
            lambda run: run.stack(place=("time", "mode")),
        ],
    )
    def test_indexes(self, suffix, folder, change):
        run = xr.Dataset(
            {"a": (("time", "mode"), np.ones((3, 2)) * 1j)},
            {"time": [0.0, 1.0, 2.0], "mode": [0, 1], "region": ("mode", ["left", "right"])},
        )
        round_trip(change(run), folder / f"x{suffix}")
        if suffix == ".zarr":
            check_same(wc.load_run(folder / f"x{suffix}", lazy=True), change(run))

    def test_an_array_named_like_its_dimension(self, suffix, folder):
        round_trip(xr.DataArray(np.ones(3), dims="time", name="time"), folder / f"x{suffix}")

    def test_names_of_files_of_zarr(self, suffix, folder):
        values = ("zarr.json", [1.0, 2.0])
        round_trip(
            xr.Dataset({"x": values}, {"zarr.json": ("zarr.json", [3, 4])}), folder / f"x{suffix}"
        )
        round_trip(xr.Dataset({"Zarr.json": ("time", [1.0])}), folder / f"x{suffix}")

    def test_stacked_sweep(self, suffix, results, folder):
        round_trip(results[2].stack(run=("gamma", "seed")), folder / f"x{suffix}")

    def test_long_attributes(self, suffix, folder):
        attrs = {"system": "Mode", "history": "x" * 200_000, "numbers": np.arange(20_000)}
        round_trip(xr.Dataset(attrs=attrs), folder / f"x{suffix}")

    def test_readable_without_wetcow(self, suffix, results, folder):
        wc.save_run(results[1], folder / f"x{suffix}")
        engine = {"engine": "h5netcdf"} if suffix == ".nc" else {"engine": "zarr"}
        options = {"consolidated": False} if suffix == ".zarr" else {}
        with xr.open_dataset(folder / f"x{suffix}", **engine, **options) as stored:
            np.testing.assert_array_equal(stored.a_real, results[1].a.real)
            assert "region" in stored.coords
            assert stored.a_real.attrs["units"] == stored.time.attrs["units"] == "1"

    def test_what_files_cannot_hold(self, suffix, folder):
        for bad in (
            xr.Dataset({"x": ("y", [{1}, 2])}),
            xr.Dataset(attrs={"x": {1, 2}}),
            xr.Dataset({1: ("y", [2.0])}),
            xr.Dataset({"x": ("y", np.zeros(2, np.longdouble))}),
            xr.Dataset(attrs={"x": np.ma.masked_equal([1, 2], 2)}),
        ):
            with pytest.raises(ValueError, match=r"in files|cannot hold|masked"):
                wc.save_run(bad, folder / f"bad{suffix}")
        with pytest.raises(ValueError, match=r"xarray\.Dataset or DataArray"):
            wc.save_run({"a": 1}, folder / f"bad{suffix}")


class TestLazily:
    @pytest.mark.slow
    def test_a_run_is_not_read_back(self, tmp_path):
        """A run of 16 MB is returned, and a part of it used, without 16 MB."""
        settings = {"t1": 1.0, "num_samples": 2049, "dt": 1.0 / 2048}
        system = wc.Mode(gamma=np.full(512, 1.0))
        first = wc.simulate(system, path=tmp_path / "x.zarr", **settings)
        assert first.a.nbytes == 2049 * 512 * 16
        tracemalloc.start()
        run = wc.simulate(system, path=tmp_path / "x.zarr", **settings)
        last = run.a.isel(time=-1).values
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 8e6
        assert last.shape == (512,)

    def test_parts(self, tmp_path):
        rng = np.random.default_rng(1)
        a = rng.normal(size=(2, 600, 3)) + 1j * rng.normal(size=(2, 600, 3))
        run = xr.Dataset({"a": (("gamma", "time", "mode"), a), "n": ("mode", [1, 2, 3])})
        wc.save_run(run, tmp_path / "x.zarr")
        lazy = wc.load_run(tmp_path / "x.zarr", lazy=True)
        for part in (
            {"time": slice(None, None, -7)}, {"mode": [2, 0], "time": slice(5, 300)},
            {"gamma": 1, "time": -1}, {"time": []}, {"time": xr.DataArray([3, 1], dims="picked")},
            {"time": xr.DataArray([3, 1], dims="z"), "mode": xr.DataArray([0, 2], dims="z")},
        ):  # fmt: skip
            xr.testing.assert_identical(lazy.isel(part), run.isel(part))
        lazy["a"][0, 0, 0] = 5.0
        assert lazy.a.values[0, 0, 0] == 5.0
        xr.testing.assert_identical(wc.load_run(tmp_path / "x.zarr"), run)


# Errors


class TestEarlierVersions:
    """Files as version 0.1.0 wrote them: no table of contents."""

    @staticmethod
    def packed(run):
        variables = {}
        for name, variable in run.variables.items():
            if np.iscomplexobj(variable):
                variables[f"{name}_real"] = (variable.dims, variable.values.real)
                variables[f"{name}_imag"] = (variable.dims, variable.values.imag)
            else:
                variables[name] = (variable.dims, variable.values)
        plain = {}
        for name, value in run.attrs.items():
            if isinstance(value, np.ndarray):
                dims = [f"{name}_{axis}" for axis in range(value.ndim)]
                variables[f"attribute_{name}_real"] = (dims, value.real)
                variables[f"attribute_{name}_imag"] = (dims, value.imag)
            else:
                plain[name] = value
        return xr.Dataset(variables, attrs=plain)

    @pytest.fixture
    def run(self):
        return wc.simulate(wc.Mode(gamma=1.0), t1=5.0, num_samples=11, reduce={"r": MeanOrder()})

    @pytest.mark.slow
    def test_files(self, run, tmp_path):
        self.packed(run).to_netcdf(tmp_path / "x.nc", engine="h5netcdf")
        self.packed(run).to_zarr(tmp_path / "x.zarr", mode="w", consolidated=False)
        for suffix in SUFFIXES:
            found = wc.load_run(tmp_path / f"x{suffix}")
            xr.testing.assert_equal(found, run)
            assert list(found.attrs) == [*run.attrs]
            for name, value in run.attrs.items():
                np.testing.assert_array_equal(found.attrs[name], value)
        wc.save_run(run, tmp_path / "x.zarr")
        check_same(wc.load_run(tmp_path / "x.zarr"), run)

    @pytest.mark.slow
    def test_finished_run(self, run, tmp_path):
        """It is read; where something differs, it says what."""
        import zarr

        path = tmp_path / "x.zarr"
        earlier = run.assign_attrs(wetcow_version="0.0.9")
        self.packed(earlier).to_zarr(path, mode="w", consolidated=False)
        digest = hashlib.sha256()
        for name in sorted(earlier.attrs):
            value = np.asarray(earlier.attrs[name])
            digest.update(f"{name} {value.dtype} {value.shape}".encode() + value.tobytes())
        reducers = {"r": MeanOrder()}
        digest.update(np.arange(1).tobytes() + b"{'r': MeanOrder()}")
        known = {"identity": digest.hexdigest(), "samples_done": 11}
        zarr.open_group(path, mode="r+").update_attributes(known)
        same = {"t1": 5.0, "num_samples": 11, "reduce": reducers, "path": path}
        found = wc.simulate(wc.Mode(gamma=1.0), **same)
        xr.testing.assert_equal(found, run)
        assert found.attrs["wetcow_version"] == "0.0.9"
        for change, named in (
            ({"t1": 6.0}, r"t1 \(5.0 there, 6.0 now\)"),
            ({"reduce": {}}, "reduce"),
        ):
            with pytest.raises(FileExistsError, match=named):
                wc.simulate(wc.Mode(gamma=1.0), **same | change)
        zarr.open_group(path, mode="r+").update_attributes({"samples_done": 5})
        with pytest.raises(FileExistsError, match=r"unfinished run of wetcow 0\.0\.9"):
            wc.simulate(wc.Mode(gamma=1.0), **same)

    @pytest.mark.slow
    def test_finished_run_of_another_version_with_a_table(self, tmp_path, monkeypatch):
        settings = {"t1": 5.0, "num_samples": 11, "path": tmp_path / "x.zarr"}
        with monkeypatch.context() as patch:
            patch.setattr("wetcow.simulation.files.results.__version__", "0.0.9")
            first = wc.simulate(wc.Mode(gamma=1.0), **settings).load()
        xr.testing.assert_identical(wc.simulate(wc.Mode(gamma=1.0), **settings), first)
        with pytest.raises(FileExistsError, match="gamma"):
            wc.simulate(wc.Mode(gamma=1.5), **settings)


class TestIdentity:
    @pytest.mark.slow
    def test_reducers_that_differ_in_an_array(self, tmp_path):
        first, second = Weighted(np.array([1.0])), Weighted(np.array([2.0]))
        assert repr(first) == repr(second)
        settings = {"t1": 1.0, "num_samples": 5, "path": tmp_path / "x.zarr"}
        wc.simulate(wc.Mode(gamma=1.0), reduce={"w": first}, **settings)
        with pytest.raises(FileExistsError, match=r"reduce\['w'\]"):
            wc.simulate(wc.Mode(gamma=1.0), reduce={"w": second}, **settings)
        wc.simulate(wc.Mode(gamma=1.0), reduce={"w": Weighted(np.array([1.0]))}, **settings)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "name", ["a", "time", "mode", "a_real", "x/y", "", "1st", "attribute_gamma", 3]
    )
    def test_names_of_reducers(self, name, tmp_path):
        """Those of other results are refused; any other survives a file."""
        reduce, path = {name: MeanOrder()}, tmp_path / "x.zarr"
        system, settings = wc.Mode(gamma=1.0), {"t1": 1.0, "num_samples": 5}
        if name in ("a_real", "attribute_gamma"):
            found = wc.simulate(system, reduce=reduce, path=path, **settings)
            check_same(found.load(), wc.simulate(system, reduce=reduce, **settings))
            return
        with pytest.raises(ValueError, match="reduce: "):
            wc.simulate(system, reduce=reduce, path=path, **settings)
        assert not path.exists()

    def test_what_is_not_a_reducer(self):
        with pytest.raises(ValueError, match=r"did you mean MeanOrder\(\)"):
            wc.simulate(wc.Mode(gamma=1.0), reduce={"order": MeanOrder})
        with pytest.raises(ValueError, match="must be a dict"):
            wc.simulate(wc.Mode(gamma=1.0), reduce=[MeanOrder()])

    def test_contents(self):
        def drive(strength):
            return lambda t: strength * np.sin(t)

        same = [
            (1, 1.0), (np.arange(3, dtype=np.int32), jnp.arange(3, dtype=np.int32)),
            ([1, "a"], (1, "a")),
            ({"a": 1, "b": 2}, {"b": 2, "a": 1}), (drive(1.0), drive(1.0)),
            (wc.Mode(gamma=[1.0, 2.0]), wc.Mode(gamma=np.array([1.0, 2.0]))),
        ]  # fmt: skip
        for first, second in same:
            assert content_digest(first) == content_digest(second), first
        different = [
            (np.zeros(2), np.ones(2)), (np.zeros(2), np.zeros(2, np.float32)), (0.0, -0.0),
            (np.zeros(2), np.zeros((1, 2))), ("1", 1), (None, 0), ({1, 2}, {1, 3}),
            (drive(1.0), drive(2.0)), (np.sin, np.cos), (lambda t: t + 1, lambda t: t + 2),
            (wc.Mode(gamma=[1.0, 2.0]), wc.Mode(gamma=[1.0, 2.5])), (["a", "b"], ["ab"]),
        ]  # fmt: skip
        for first, second in different:
            assert content_digest(first) != content_digest(second), first
        cycle = [1]
        cycle.append(cycle)
        assert content_digest(cycle) == content_digest(cycle)
        with pytest.raises(ValueError, match="generator"):
            content_digest(one for one in [1])
