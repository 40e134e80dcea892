"""Connectomes: files of The Virtual Brain and others, delays, normalisation, networks, labels."""

import bz2
import importlib.util
import io
import pathlib
import tracemalloc
import zipfile

import jax
import numpy as np
import pytest
import xarray as xr
from fuzz import matrices
from hypothesis import given, strategies as st

import wetcow as wc
from wetcow.networks.connectome import Connectome, ConnectomeError, load_connectome
from wetcow.networks.connectome.contents import read_matrix

SPEC = importlib.util.find_spec("tvb_data")
assert SPEC is not None and SPEC.origin is not None, "the test extra has tvb-data"
FOLDER = pathlib.Path(SPEC.origin).parent / "connectivity"


def random_weights(rng, size, density=0.5):
    weights = rng.uniform(0.1, 2, (size, size)) * (rng.random((size, size)) < density)
    np.fill_diagonal(weights, 0)
    return weights


def matrix_text(matrix):
    return "\n".join(" ".join(f"{value:.17g}" for value in row) for row in matrix)


def write_zip(path, folder="", **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            name = name.replace("__", ".")
            archive.writestr(f"{folder}{name}", content)
    return path


@pytest.fixture(scope="module")
def raw():
    return load_connectome(FOLDER / "connectivity_76.zip", normalisation="none")


@pytest.fixture(scope="module")
def brain():
    return load_connectome(FOLDER / "connectivity_76.zip", speed=6.0)


@pytest.fixture(scope="module")
def three(brain):
    return brain.select(["rV1", "lV1", "rFEF"])


# The layout that the Connectome Mapper writes and braingraph.org publishes.
GRAPHML = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns
 http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
  <key attr.name="fiber_length_mean" attr.type="double" for="edge" id="d12" />
  <key attr.name="FA_mean" attr.type="double" for="edge" id="d10" />
  <key attr.name="number_of_fibers" attr.type="int" for="edge" id="d9" />
  <key attr.name="dn_hemisphere" attr.type="string" for="node" id="d7" />
  <key attr.name="dn_name" attr.type="string" for="node" id="d6" />
  <key attr.name="dn_fsname" attr.type="string" for="node" id="d5" />
  <key attr.name="dn_position_z" attr.type="double" for="node" id="d2" />
  <key attr.name="dn_position_y" attr.type="double" for="node" id="d1" />
  <key attr.name="dn_position_x" attr.type="double" for="node" id="d0" />
  <graph edgedefault="EDGES">
NODES
    <edge source="1" target="2">
      <data key="d9">11</data><data key="d10">0.45</data><data key="d12">21.5</data>
    </edge>
    <edge source="3" target="1">
      <data key="d9">4</data><data key="d10">0.31</data><data key="d12">88.25</data>
    </edge>
  </graph>
</graphml>
"""
NODES = "\n".join(
    f"""    <node id="{number}">
      <data key="d0">{x}</data><data key="d1">80.5</data><data key="d2">11.1</data>
      <data key="d5">{name}</data><data key="d6">rh.{name}</data><data key="d7">right</data>
    </node>"""
    for number, (name, x) in enumerate(
        [("lateralorbitofrontal", 33.97), ("parsorbitalis", 23.67), ("insula", 40.5)], start=1
    )
)


# Known answers


class TestNormalisation:
    @given(st.integers(2, 8), st.integers(0, 2**32 - 1))
    def test_what_each_promises(self, size, seed):
        rng = np.random.default_rng(seed)
        brain = Connectome(random_weights(rng, size, 1.0))
        assert brain.normalised("max").weights.max() == pytest.approx(1)
        assert brain.normalised("mean").weights.sum(axis=1).mean() == pytest.approx(1)
        np.testing.assert_allclose(brain.normalised("row").weights.sum(axis=1), 1)
        spectral = brain.normalised("spectral")
        assert abs(np.linalg.eigvals(spectral.weights)).max() == pytest.approx(1)
        np.testing.assert_array_equal(brain.normalised("none").weights, brain.weights)
        # All but "row" only rescale, and doing one again changes nothing.
        for how in ("max", "mean", "spectral"):
            ratio = brain.normalised(how).weights[brain.links] / brain.weights[brain.links]
            assert np.ptp(ratio) < 1e-12 * ratio.max()
            again = brain.normalised(how).normalised(how)
            np.testing.assert_allclose(again.weights, brain.normalised(how).weights)
            assert again.normalisation == how

    @pytest.mark.parametrize("how", ["max", "mean", "row", "spectral"])
    def test_when_asked(self, rng, how):
        counts = 1e6 * random_weights(rng, 6, 1.0)
        brain = Connectome(counts, normalisation=how)
        np.testing.assert_array_equal(brain.weights, Connectome(counts).normalised(how).weights)
        np.testing.assert_allclose(
            Connectome(brain.weights, normalisation=how).weights, brain.weights
        )
        # Another speed leaves the last digit as it is, and parts and new weights are as they are.
        assert brain.replace(speed=2.0).normalisation == how
        np.testing.assert_array_equal(brain.replace(speed=2.0).weights, brain.weights)
        part = brain.select([3, 1])
        assert part.normalisation == "none" and part.weights[0, 1] == brain.weights[3, 1]
        assert brain.replace(weights=counts).normalisation == "none"
        assert brain.replace(weights=counts, normalisation=how).weights == pytest.approx(
            brain.weights
        )
        huge = Connectome(counts / counts.max() * 1.7e308, normalisation=how)
        np.testing.assert_allclose(huge.weights, brain.weights)

    def test_unknown_or_undefined(self):
        with pytest.raises(ConnectomeError, match="normalisation must be one of"):
            Connectome([[0, 1], [1, 0]], normalisation="l2")
        with pytest.raises(ConnectomeError, match="too few links"):
            Connectome(np.zeros((3, 3)), normalisation="max")

    def test_rows_without_links_stay_empty(self):
        brain = Connectome([[0, 2.0, 2.0], [0, 0, 0], [5.0, 0, 0]]).normalised("row")
        assert brain.weights.tolist() == [[0, 0.5, 0.5], [0, 0, 0], [1, 0, 0]]

    def test_no_cycle(self):
        with pytest.raises(ConnectomeError, match="not defined"):
            Connectome(
                [[0, 1.0, 1.0], [0, 0, 1.0], [0, 0, 0]], normalisation="spectral", symmetric=False
            )

    def test_spectral_strength_is_the_growth_rate(self):
        """Small waves of equal modes without delay grow at γ + strength [19]."""
        brain = load_connectome(FOLDER / "connectivity_76.zip")
        network = brain.to_network(gamma=-0.3, coupling_strength=0.2, delays="none")
        linear = network.coupling.matrix() + np.diag(network.modes.gamma + 1j * np.ones(76))
        assert np.linalg.eigvals(linear).real.max() == pytest.approx(-0.1)


class TestNetworks:
    def test_phase_coupling_is_that_of_the_equations(self, brain):
        r = np.asarray(brain.coupling(0.3).matrix())
        tau = brain.tract_lengths / 6.0 / 1000  # s
        expected = 0.3 * brain.weights * np.exp(-2j * np.pi * 10 * tau)
        np.testing.assert_allclose(r, expected, atol=1e-15)

    def test_kinds(self, brain, rng):
        assert isinstance(brain.coupling(), wc.Dense)
        assert isinstance(brain.coupling(delays="exact"), wc.Delayed)
        sparse = Connectome(random_weights(rng, 40, 0.04), tract_lengths=np.full((40, 40), 20.0))
        assert isinstance(sparse.coupling(), wc.Sparse)
        np.testing.assert_allclose(
            sparse.coupling(2.0).matrix(), 2 * sparse.weights * np.exp(-1j * sparse.phase_delays())
        )
        network = brain.to_network(gamma=np.full(76, 0.1), omega=1.1, alpha=4.0)
        assert network.modes.alpha == 4.0 and network.modes.omega == 1.1

    def test_exact_delay_of_a_harmonic_wave_is_the_phase_delay(self, brain):
        """In the limit of a wave e^{iωt}, Σ w_ij a_j(t − τ_ij) = Σ w_ij e^{−iωτ_ij} a_j(t)."""
        rng = np.random.default_rng(0)
        start = rng.normal(size=76) + 1j * rng.normal(size=76)
        with jax.enable_x64(True):

            def past(delay):
                return start[None, :] * np.exp(-1j * delay)

            exact = brain.coupling(delays="exact")(start, past)
            np.testing.assert_allclose(exact, brain.coupling()(start), atol=1e-12)

    @pytest.mark.slow
    def test_phase_delays_approximate_exact_ones(self, brain):
        """Two modes close to harmonic: frequencies agree to second order in the coupling."""
        pair = Connectome([[0, 1.0], [1.0, 0]], tract_lengths=[[0, 24.0], [24.0, 0]], speed=3.0)
        settled = {}
        for name, options in {
            "exact": {"delays": "exact"},
            "phase": {},
            "none": {"delays": "none"},
        }.items():
            network = pair.to_network(0.05, 0.04, omega=[1.0, 1.01], **options)
            run = wc.simulate(network, t1=400.0, num_samples=4001, seed=0)
            settled[name] = float(wc.spiking_frequency(run)[0])
        # ω = 1 − 0.04 sin δ with δ = 8 ms · 2π · 10 Hz = 0.503
        assert settled["exact"] == pytest.approx(settled["phase"], abs=2e-3)
        assert settled["phase"] - settled["none"] == pytest.approx(-0.04 * np.sin(0.503), abs=2e-3)

    @pytest.mark.slow
    def test_memory_on_the_links_of_a_brain(self, brain):
        linked = brain.select(np.flatnonzero(brain.links.any(axis=1)).tolist())
        omega = np.random.default_rng(1).normal(1, 0.2, linked.size)
        network = wc.memorize(
            wc.Mode(gamma=1.5), omega, 0.5, links=linked.links, max_phase=np.pi / 2, seed=0
        )
        r = np.asarray(network.coupling.matrix())
        assert np.all(r[~linked.links] == 0)
        np.testing.assert_allclose(network.synchronized().gamma, 1.5)
        run = wc.simulate(network, t1=100.0, num_samples=2001, seed=0, rtol=1e-6, atol=1e-8)
        wanted = float(wc.Mode(gamma=1.5).spiking_frequency())
        assert abs(wc.spiking_frequency(run) / wanted - 1).max() < 0.005
        assert float(wc.order_parameter(run)[-1]) > 0.999


# Files


class TestGraphML:
    def write(self, path, edges="undirected", nodes=NODES, **changes):
        text = GRAPHML.replace("EDGES", edges).replace("NODES", nodes)
        for old, new in changes.values():
            assert old in text
            text = text.replace(old, new)
        path.write_text(text)
        return path

    def test_contents(self, tmp_path):
        brain = load_connectome(self.write(tmp_path / "a.graphml"), normalisation="none")
        assert brain.weights.tolist() == [[0, 11, 4], [11, 0, 0], [4, 0, 0]]
        assert brain.tract_lengths.tolist() == [[0, 21.5, 88.25], [21.5, 0, 0], [88.25, 0, 0]]
        assert brain.regions == ("rh.lateralorbitofrontal", "rh.parsorbitalis", "rh.insula")
        assert brain.positions[1].tolist() == [23.67, 80.5, 11.1]

    def test_direction_and_other_weights(self, tmp_path):
        path = self.write(tmp_path / "a.graphml", edges="directed")
        brain = load_connectome(path, normalisation="none", weight="FA_mean")
        assert brain.weights.tolist() == [[0, 0, 0.31], [0.45, 0, 0], [0, 0, 0]]

    def test_parallel_edges_are_one(self, tmp_path):
        second = """</edge><edge source="2" target="1"><data key="d9">33</data>
            <data key="d12">101.5</data></edge>"""
        path = self.write(tmp_path / "a.graphml", change=("</edge>", second))
        path.write_text(path.read_text().replace(second, second, 1))
        brain = load_connectome(self.once(path, second), normalisation="none")
        assert brain.weights[0, 1] == brain.weights[1, 0] == 44
        assert brain.tract_lengths[0, 1] == (11 * 21.5 + 33 * 101.5) / 44

    def once(self, path, text):
        """Keep the first occurrence."""
        first, *rest = path.read_text().split(text)
        path.write_text(first + text + "</edge>".join(rest))
        return path

    def test_names_and_defaults_of_other_programs(self, tmp_path):
        """As igraph writes names, and networkx leaves out the namespace of defaults."""
        text = """<graphml><key id="v" for="node" attr.name="name"/>
            <key id="w" for="edge" attr.name="weight"><default>2.5</default></key>
            <graph edgedefault="directed"><node id="n0"><data key="v">rV1</data></node>
            <node id="n1"><data key="v">lV1</data></node>
            <edge source="n0" target="n1"/><edge source="n1" target="n0"><data key="w">1</data>
            </edge></graph></graphml>"""
        (tmp_path / "a.graphml").write_text(text)
        brain = load_connectome(tmp_path / "a.graphml", normalisation="none", weight="weight")
        assert brain.regions == ("rV1", "lV1") and brain.weights.tolist() == [[0, 1], [2.5, 0]]
        assert brain.tract_lengths is None

    def test_networkx_reads_what_we_read(self, tmp_path):
        networkx = pytest.importorskip("networkx")
        path = self.write(tmp_path / "a.graphml")
        graph = networkx.read_graphml(path)
        brain = load_connectome(path, normalisation="none")
        for name, matrix in (
            ("number_of_fibers", brain.weights),
            ("fiber_length_mean", brain.tract_lengths),
        ):
            expected = networkx.to_numpy_array(graph, weight=name)
            np.testing.assert_array_equal(matrix, expected)

    @pytest.mark.parametrize(
        "change, message",
        [
            (("</graph>", ""), "damaged or truncated"),
            (('target="2"', 'target="9"'), "edge 1-9 joins an unknown node"),
            (('<data key="d9">11</data>', ""), "edge 1-2 has no 'number_of_fibers'; it has"),
            (('<data key="d9">11</data>', '<data key="d9">many</data>'), "has values"),
            (('<data key="d12">21.5</data>', ""), "tract_lengths must be finite"),
            (("33.97", "nan"), "positions must be finite"),
        ],
    )
    def test_damage(self, tmp_path, change, message):
        path = self.write(tmp_path / "a.graphml", change=change)
        with pytest.raises(ConnectomeError, match=message):
            load_connectome(path)

    def test_without_nodes_or_graph(self, tmp_path):
        with pytest.raises(ConnectomeError, match="no nodes"):
            load_connectome(self.write(tmp_path / "a.graphml", nodes=""))
        (tmp_path / "b.graphml").write_text("<svg></svg>")
        with pytest.raises(ConnectomeError, match="no <graph>"):
            load_connectome(tmp_path / "b.graphml")


class TestMatrices:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", " "])
    @pytest.mark.parametrize("names", ["none", "columns", "rows", "both", "corner"])
    def test_text(self, tmp_path, rng, delimiter, names):
        weights = random_weights(rng, 4)
        regions = ["V1", "V2", "MT", "FEF"]
        lines = [delimiter.join(repr(float(value)) for value in row) for row in weights]
        if names in ("rows", "both", "corner"):
            pairs = zip(regions, lines, strict=True)
            lines = [f"{name}{delimiter}{line}" for name, line in pairs]
        if names in ("columns", "both", "corner"):
            lines.insert(0, delimiter.join(["to/from"] * (names == "corner") + regions))
        suffix = ".tsv" if delimiter == "\t" else ".txt" if delimiter == " " else ".csv"
        path = tmp_path / f"weights{suffix}"
        path.write_text("# comment\n" + "\n".join(lines) + "\n\n", encoding="utf-8-sig")
        brain = load_connectome(path, normalisation="none")
        np.testing.assert_array_equal(brain.weights, weights)
        assert brain.regions == (
            tuple(f"region_{i:03d}" for i in range(4)) if names == "none" else tuple(regions)
        )

    def test_lengths_positions_and_names_beside(self, tmp_path, rng):
        weights, lengths = random_weights(rng, 3, 1.0), rng.uniform(10, 90, (3, 3))
        np.save(tmp_path / "weights.npy", weights)
        np.savetxt(tmp_path / "lengths.csv", lengths, delimiter=",")
        brain = load_connectome(
            tmp_path / "weights.npy",
            tract_lengths=tmp_path / "lengths.csv",
            regions=["a", "b", "c"],
            positions=rng.normal(size=(3, 3)),
            normalisation="none",
        )
        np.testing.assert_allclose(brain.tract_lengths, lengths * (weights > 0))
        assert brain.regions == ("a", "b", "c")
        np.testing.assert_array_equal(read_matrix(tmp_path / "weights.npy").matrix, weights)

    def test_errors(self, tmp_path):
        (tmp_path / "a.npy").write_bytes(b"\x93NUMPY")
        with pytest.raises(ConnectomeError, match="damaged or no numeric array"):
            load_connectome(tmp_path / "a.npy")
        (tmp_path / "a.xlsx").write_bytes(b"")
        with pytest.raises(ConnectomeError, match="a connectome is a"):
            load_connectome(tmp_path / "a.xlsx")
        (tmp_path / "a.csv").write_text(",x,y\na,0,1\nb,1,0\n")
        with pytest.raises(ConnectomeError, match="rows and columns differently"):
            load_connectome(tmp_path / "a.csv")


class TestLabels:
    @pytest.mark.slow
    def test_run(self, three, tmp_path):
        run = three.label(
            wc.simulate(three.to_network(), t1=10.0, num_samples=11, dt=0.05, modes=[2, 0])
        )
        assert run.region.values.tolist() == ["rFEF", "rV1"]
        assert run.x.values.tolist() == three.positions[[2, 0], 0].tolist()
        assert run.x.attrs["units"] == "mm" and run.seconds.attrs["units"] == "s"
        assert float(run.seconds[-1]) == pytest.approx(10 / (2 * np.pi * 10))
        one = run.swap_dims(mode="region").sel(region="rV1")
        np.testing.assert_array_equal(one.a, run.a[:, 1])
        # Names and positions survive in files.
        for suffix in (".nc", ".zarr"):
            wc.save_run(run, tmp_path / f"run{suffix}")
            loaded = wc.load_run(tmp_path / f"run{suffix}")
            assert loaded.region.values.tolist() == ["rFEF", "rV1"]
            np.testing.assert_array_equal(loaded.z, run.z)
            np.testing.assert_array_equal(loaded.a, run.a)

    @pytest.mark.slow
    def test_measures_and_sweeps(self, three):
        run = wc.simulate(three.to_network(), t1=10.0, num_samples=101, dt=0.05)
        locking = three.label(wc.phase_locking(run))
        assert locking.region_from.values.tolist() == ["rV1", "lV1", "rFEF"]
        runs = wc.sweep(three.to_network(), t1=5.0, num_samples=6, dt=0.05, gamma=[0.1, 0.2])
        assert three.label(runs).region.dims == ("mode",)
        assert three.label(runs.isel(mode=[0])).region.values.tolist() == ["rV1"]
        assert three.label(wc.phase_locking(run.isel(mode=[2, 0]))).region.values[0] == "rFEF"
        assert "region" not in wc.order_parameter(three.label(run)).coords

    @pytest.mark.slow
    @pytest.mark.parametrize("suffix", [".nc", ".zarr"])
    def test_files_can_be_turned_into_hertz(self, three, tmp_path, suffix):
        brain = three.replace(frequency=40.0, speed=6.0)
        wanted = {
            "connectome_frequency": 40.0,
            "connectome_speed": 6.0,
            "connectome_normalisation": brain.normalisation,
            "connectome_time_unit": 1 / (2 * np.pi * 40),
        }
        run = wc.simulate(brain.to_network(), t1=10.0, num_samples=101, dt=0.05)
        wc.save_run(brain.label(run), tmp_path / f"run{suffix}")
        loaded = wc.load_run(tmp_path / f"run{suffix}")
        for one in (loaded, brain.label(wc.phase_locking(run))):
            assert {name: one.attrs[name] for name in wanted} == wanted

    @pytest.mark.slow
    def test_what_a_sweep_varies_is_no_attribute(self, three):
        def build(speed):
            return three.replace(speed=speed).to_network()

        runs = three.label(wc.sweep(build, t1=1.0, num_samples=3, dt=0.05, speed=[3, 6]))
        assert "connectome_speed" not in runs.attrs and runs.speed.values.tolist() == [3, 6]
        assert runs.attrs["connectome_frequency"] == three.frequency and "seconds" in runs.coords

        def other(frequency):
            return three.replace(frequency=frequency).to_network()

        runs = three.label(wc.sweep(other, t1=1.0, num_samples=3, dt=0.05, frequency=[10, 40]))
        assert not {"connectome_frequency", "connectome_time_unit"} & set(runs.attrs)
        assert "seconds" not in runs.coords
        with pytest.raises(ValueError, match=r"connectome.replace\(speed=speed\).to_network"):
            wc.sweep(three.to_network(), t1=1.0, num_samples=3, speed=[3, 6])

    @pytest.mark.slow
    def test_errors(self, three):
        with pytest.raises(TypeError, match=r"got a ndarray.*xarray\.DataArray"):
            three.label(np.zeros(3))
        other = wc.simulate(wc.Mode(gamma=[0.1] * 4), t1=1.0, num_samples=3)
        with pytest.raises(ValueError, match="mode 3, but the connectome has 3 regions"):
            three.label(other)
        # What was recorded of another system is told by what is known of it, or by its modes.
        with pytest.raises(ValueError, match="of 4 modes, but the connectome has 3 regions"):
            three.label(other.isel(mode=[0]))
        with pytest.raises(ValueError, match="of 1 modes"):
            three.label(wc.phase_locking(other.isel(mode=[0])))
        with pytest.raises(ValueError, match="no modes to label"):
            three.label(wc.order_parameter(other))


# Errors


class TestTheVirtualBrain:
    def test_the_76_regions_against_numpy(self, raw):
        with zipfile.ZipFile(FOLDER / "connectivity_76.zip") as archive:
            with archive.open("weights.txt") as file:
                weights = np.loadtxt(file)
            with archive.open("tract_lengths.txt") as file:
                lengths = np.loadtxt(file)
            with archive.open("centres.txt") as file:
                centres = np.loadtxt(file, usecols=(1, 2, 3))
        np.fill_diagonal(weights, 0)
        np.testing.assert_array_equal(raw.weights, weights)
        np.testing.assert_array_equal(raw.tract_lengths, lengths * (weights > 0))
        np.testing.assert_array_equal(raw.positions, centres)
        assert raw.size == 76 and raw.links.sum() == 1494
        assert raw.regions[:2] == ("rA1", "rA2") and raw.regions[-1] == "lCC"

    @pytest.mark.parametrize(
        "name, size",
        [
            ("connectivity_66.zip", 66),  # lines of centres end with a fifth column
            ("connectivity_68.zip", 68),  # members are compressed once more
            ("connectivity_96.zip", 96),
            ("connectivity_192.zip", 192),  # members in a folder; some tracts have no length
            ("paupau.zip", 4),
        ],
    )
    def test_all_that_tvb_ships(self, name, size):
        brain = load_connectome(FOLDER / name)
        assert brain.size == size and len(set(brain.regions)) == size
        assert brain.positions.shape == (size, 3)
        assert np.all(np.diagonal(brain.weights) == 0)
        assert abs(np.linalg.eigvals(brain.weights)).max() == pytest.approx(1)

    def test_it_is_immutable(self, raw):
        with pytest.raises(ValueError, match="read-only"):
            raw.weights[0, 1] = 1.0
        with pytest.raises(AttributeError):
            raw.speed = 1.0

    def test_nothing_is_written_to_disk(self, tmp_path, monkeypatch):
        copy = tmp_path / "brain.zip"
        copy.write_bytes((FOLDER / "connectivity_68.zip").read_bytes())
        monkeypatch.chdir(tmp_path)
        load_connectome("brain.zip")
        assert [one.name for one in tmp_path.iterdir()] == ["brain.zip"]

    def test_only_weights_are_required(self, tmp_path):
        path = write_zip(tmp_path / "one.zip", weights__txt="0 1\n2 0\n")
        brain = load_connectome(path, normalisation="max")
        assert brain.weights.tolist() == [[0, 0.5], [1, 0]]
        assert brain.regions == ("region_000", "region_001")
        with pytest.raises(ConnectomeError, match="tract lengths"):
            brain.phase_delays()
        assert brain.to_network().coupling.matrix()[1, 0] == 0.5

    @pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
    def test_truncated(self, tmp_path, keep):
        content = (FOLDER / "connectivity_76.zip").read_bytes()
        path = tmp_path / "cut.zip"
        path.write_bytes(content[: int(keep * len(content))])
        with pytest.raises(ConnectomeError, match=r"cut\.zip is damaged or truncated"):
            load_connectome(path)

    def test_flipped_bits(self, tmp_path):
        content = bytearray((FOLDER / "connectivity_76.zip").read_bytes())
        content[len(content) // 2] ^= 0xFF
        path = tmp_path / "bad.zip"
        path.write_bytes(content)
        with pytest.raises(ConnectomeError, match="damaged"):
            load_connectome(path)

    @pytest.mark.parametrize(
        "members, message",
        [
            ({"centres__txt": "a 0 0 0"}, "has no weights"),
            ({"weights__txt": "0 1\n1"}, "row 2 has 1 entries where row 1 has 2"),
            ({"weights__txt": "0 1\n1 x"}, r"'x' in row 2, column 2 is not a number"),
            ({"weights__txt": "0 1 2\n1 0 2"}, r"square matrix \(n, n\), got shape \(2, 3\)"),
            (
                {"weights__txt": "0 nan\n1 0"},
                r"weights must be finite; 1 .* row 1 \(region_000\), column 2",
            ),
            ({"weights__txt": "0 -1\n1 0"}, "must not be negative; the link from region 1 to 0"),
            ({"weights__txt": ""}, "is empty"),
            ({"weights__txt": b"\xff\xfe\x00"}, "not a text file"),
            ({"weights__txt__bz2": bz2.compress(b"0 1\n1 0")[:20]}, "is damaged"),
            ({"weights__txt": "0 0\n0 0"}, "too few links"),
            (
                {"weights__txt": "0 1\n1 0", "tract_lengths__txt": "0 1 1\n1 0 1\n1 1 0"},
                r"tract_lengths must have shape \(2, 2\)",
            ),
            (
                {"weights__txt": "0 1\n1 0", "tract_lengths__txt": "0 inf\n1 0"},
                "tract_lengths must be finite",
            ),
            (
                {"weights__txt": "0 1\n1 0", "tract_lengths__txt": "0 -5\n1 0"},
                "tract_lengths must not be negative",
            ),
            ({"weights__txt": "0 1\n1 0", "centres__txt": "a 0 0 0"}, "1 region names for 2"),
            ({"weights__txt": "0 1\n1 0", "centres__txt": "a 0 0\nb 1 1 1"}, "line 1 is not 'name"),
            ({"weights__txt": "0 1\n1 0", "centres__txt": "a 0 0 0\na 1 1 1"}, "repeated: .*'a'"),
            (
                {"weights__txt": "0 1\n1 0", "centres__txt": "a 0 0 nan\nb 1 1 1"},
                "positions must be finite",
            ),
        ],
    )
    def test_damaged_contents_are_named(self, tmp_path, members, message):
        path = write_zip(tmp_path / "brain.zip", **members)
        with pytest.raises(ConnectomeError, match=message) as caught:
            load_connectome(path)
        assert "brain.zip" in str(caught.value)

    def test_missing_file(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"no connectome at .*none\.zip"):
            load_connectome(tmp_path / "none.zip")


class TestForms:
    """What programs write: each is read to the same matrix, or refused with what to do."""

    def read(self, folder, content, name="a.csv", **options):
        content = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(content)
        return load_connectome(folder / name, normalisation="none", **options)

    @pytest.mark.parametrize(
        "content, regions",
        [
            ('"","V 1","V 2"\n"V 1",0,0.5\n"V 2",2,0\n', ("V 1", "V 2")),  # R: write.csv
            ('"V 1" "V 2"\n"1" 0 0.5\n"2" 2 0\n', ("V 1", "V 2")),  # R: write.table
            (",0,1\n0,0,0.5\n1,2,0\n", None),  # pandas, without names
            ("1,2\n0,0.5\n2,0\n", None),
            (",7,9\n7,0,0.5\n9,2,0\n", ("7", "9")),  # numbers of an atlas
            ("V1;V2\n0;0,5\n2;0\n", ("V1", "V2")),
            ("0\t0,5\n2\t0\n", None),
            ("0,0.5,\r\n2,0,\r\n", None),
            ("0 0.5 # from b to a\n2 0 # and back\n% end\n", None),
            (",0.5\n2,\n", None),  # nothing on the diagonal
            ("1001,1010\n0,0.5\n2,0\n", ("1001", "1010")),  # numbers of an atlas alone
            ("1001 0 0.5\n1010 2 0\n", ("1001", "1010")),
            ("0 0,5\n2,0 0\n", None),  # decimal commas between spaces
            ("0,0 0,5\n2,0 0,0\n", None),
            ("V1 V2\n0 0,5\n2 0\n", ("V1", "V2")),
            ('"V #1","V 2" # names\n0,0.5\n2,0\n', ("V #1", "V 2")),
            ("V1 V2 # names\n0 0.5\n2 0 # a, b\n", ("V1", "V2")),
            ("V1,V2 # names\n0,0.5\n2,0 #a, b\n", ("V1", "V2")),
            ("Füß,b\n0,0.5\n2,0\n".encode("latin-1"), ("Füß", "b")),
            ("Füß,b\n0,0.5\n2,0\n".encode("utf-16"), ("Füß", "b")),
        ],
    )
    def test_text(self, tmp_path, content, regions):
        brain = self.read(tmp_path, content)
        assert brain.weights.tolist() == [[0, 0.5], [2, 0]]
        assert brain.regions == (regions or ("region_000", "region_001"))

    @pytest.mark.parametrize(
        "content, message",
        [
            ("V1,V2\n0,NA\n1,0\n", r"row 1 \(V1\), column 2 \(V2\)"),
            ("0,1\n,0\n", r"row 2 \(region_001\), column 1"),
            ("V1,V2\n0,x\n1,0\n", r"'x' in row 1, column 2 \(V2\) is not a number"),
            ("0;1,500\n2,500;0\n", "may be a decimal one or divide thousands"),
            ("1,2,0.5\n1,3,0.2\n2,3,0.9\n", "looks like a list of links.*kind='edges'"),
            ("a,b,3\nb,c,4\nc,a,4\na,c,1\n", "looks like a list of links"),
            ("0 1 2\n1 0 2\n", "looks like a list of links"),
            # Four links with lengths, three with one to itself, a ring: squares by chance.
            ("0 1 5 30\n0 2 3 40\n1 2 7 20\n2 3 1 50\n", "kind='edges'.*kind='matrix'"),
            ("0 0 1\n0 1 2\n1 0 3\n", "kind='edges'.*kind='matrix'"),
            ("1 2 3\n2 3 1\n3 1 2\n", "kind='edges'.*kind='matrix'"),
            ("0 0 1\n0 1 2\n", "looks like a list of links"),
            ("0 1 5 30\n1 0 5 30\n", "looks like a list of links"),
            ("from,to,weight\n0,1,1\n1,2,2\n2,0,3\n", "looks like a list of links"),
            (",from,to,weight\n0,0,1,1\n1,1,2,2\n2,2,0,3\n", "looks like a list of links"),
            ('"from" "to" "w"\n"1" 0 1 1\n"2" 1 2 2\n"3" 2 0 3\n', "looks like a list of links"),
            ("V #1,b,c\n0,1,1\n1,0,1\n1,1,0\n", "'#1,b,c' may be a comment.*quote"),
            ("a,b,c #1\n0,1,1\n1,0,1\n1,1,0\n", "'#1' may be a comment.*quote"),
            ("0 1,500\n2,500 0\n", "may be a decimal one or divide thousands"),
            ("0 1\n0 0\n", "symmetric=True"),
            (b"PK\x03\x04\x00", "damaged or truncated"),
            (b"\x03\x04\x00", "not a text file"),
        ],
    )
    def test_refused(self, tmp_path, content, message):
        with pytest.raises(ConnectomeError, match=message):
            self.read(tmp_path, content)

    def test_edges(self, tmp_path):
        text = "from,to,weight\nc,a,4\na,b,1\na,b,2\n"
        one_way = self.read(tmp_path, text, kind="edges", symmetric=False)
        assert one_way.regions == ("c", "a", "b")
        assert one_way.weights.tolist() == [[0, 0, 0], [4, 0, 0], [0, 3, 0]]
        both = self.read(tmp_path, text, kind="edges", symmetric=True, regions=tuple("abcd"))
        assert both.weights.tolist() == [[0, 3, 4, 0], [3, 0, 0, 0], [4, 0, 0, 0], [0, 0, 0, 0]]
        with pytest.raises(ConnectomeError, match="one direction only"):
            self.read(tmp_path, text, kind="edges")
        with pytest.raises(ConnectomeError, match="not among regions"):
            self.read(tmp_path, text, kind="edges", symmetric=True, regions=("a", "b"))
        with pytest.raises(ConnectomeError, match=r"link 1, a to b, has the weight 'NA'"):
            self.read(tmp_path, "a,b,NA\n", kind="edges", symmetric=True)
        with pytest.raises(ConnectomeError, match="fourth column 'sd'"):
            self.read(tmp_path, "a,b,weight,sd\nb,a,3,1\n", kind="edges", symmetric=True)
        with pytest.raises(ConnectomeError, match="has the length 'NA'"):
            self.read(tmp_path, "a,b,3,NA\n", kind="edges", symmetric=True)
        numbered = self.read(tmp_path, "10 2 5\n2 10 5\n", kind="edges")
        assert numbered.regions == ("2", "10")

    @pytest.mark.parametrize(
        "text",
        [
            "0 1 5 30\n0 2 3 40\n1 2 7 20\n0 1 5 10\n",
            "from,to,weight,length\n0,1,5,30\n0,2,3,40\n1,2,7,20\n0,1,5,10\n",
            ",a,b,n,length_mm\n0,0,1,5,30\n1,0,2,3,40\n2,1,2,7,20\n3,0,1,5,10\n",  # pandas
            '"a" "b" "n" "length"\n"1" 0 1 5 30\n"2" 0 2 3 40\n"3" 1 2 7 20\n"4" 0 1 5 10\n',  # R
        ],
    )
    def test_lengths_of_edges(self, tmp_path, text):
        brain = self.read(tmp_path, text, kind="edges", symmetric=True)
        assert brain.weights.tolist() == [[0, 10, 3], [10, 0, 7], [3, 7, 0]]
        assert brain.tract_lengths.tolist() == [[0, 20, 40], [20, 0, 20], [40, 20, 0]]

    def test_what_is_a_matrix_for_all_that(self, tmp_path):
        whole = "1 2 3\n4 5 6\n7 8 9\n"
        assert self.read(tmp_path, whole, kind="matrix").weights[2, 0] == 7
        assert self.read(tmp_path, "0 2 3\n4 0 6\n7 8 0\n").weights[2, 0] == 7
        named = ",a,b,c\na,1,2,3\nb,4,5,6\nc,7,8,9\n"
        assert self.read(tmp_path, named).regions == ("a", "b", "c")
        assert self.read(tmp_path, ",0,1,2\n0,1,2,3\n1,4,5,6\n2,7,8,9\n").weights[2, 0] == 7

    @pytest.mark.parametrize("content", ["0\n" * 10**6, "0 " * 10**6, "0," * 10**6 + "\n1,2\n"])
    def test_texts_of_many_cells_are_not_split(self, tmp_path, content):
        tracemalloc.start()
        try:
            with pytest.raises(ConnectomeError, match="more than 16384"):
                self.read(tmp_path, content)
            assert tracemalloc.get_traced_memory()[1] < 2e7
        finally:
            tracemalloc.stop()

    def test_large_graphs_of_few_links(self, tmp_path, monkeypatch):
        nodes = "".join(f'<node id="{i}"/>' for i in range(9000))
        for found, message in ((nodes, "9000 regions; 8192"), ('<node id="0"/>', "has no edges")):
            text = f"<graphml><graph>{found}</graph></graphml>"
            with pytest.raises(ConnectomeError, match=message):
                self.read(tmp_path, text, "a.graphml")
        monkeypatch.setattr("wetcow.networks.connectome.edges.MOST_LINKED", 3)
        with pytest.raises(ConnectomeError, match="4 regions; 3 is the limit"):
            self.read(tmp_path, "a,b,1\nc,d,1\n", kind="edges", symmetric=True)

    def test_members_of_archives(self, tmp_path):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("__MACOSX/._weights_2.txt", "x")
            archive.writestr("b/._centers_2.txt", "x")
            archive.writestr("b/weights_2.txt", "0 1\n2 0\n")
            archive.writestr("b/tract_lengths_2.txt", " \n")
            archive.writestr("b/Centers_2.txt", '"V 1" 1 2 3\n"V 2" 4 5 6\n')
        brain = load_connectome(path, normalisation="none")
        assert brain.weights.tolist() == [[0, 1], [2, 0]] and brain.regions == ("V 1", "V 2")
        assert brain.tract_lengths is None and brain.positions[1].tolist() == [4, 5, 6]
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("c/weights_3.txt", "0 1\n3 0\n")
        with pytest.raises(ConnectomeError, match="several weights"):
            load_connectome(path)

    def test_bombs_are_not_unpacked(self, tmp_path, monkeypatch):
        path = tmp_path / "a.zip"
        monkeypatch.setattr("wetcow.networks.connectome.archive.LARGEST_TEXT", 10**6)
        for members in (
            {"weights__txt": b"0 " * 10**6},
            {"weights__txt__bz2": bz2.compress(b"0 " * 10**6)},
        ):
            with pytest.raises(ConnectomeError, match="more than 1 MB of text"):
                load_connectome(write_zip(path, **members))
        with pytest.raises(ConnectomeError, match="more than 1 MB of text"):
            self.read(tmp_path, b"0 " * 10**6)
        laughs = '<!DOCTYPE a [<!ENTITY b "b">]><graphml/>'
        with pytest.raises(ConnectomeError, match="document type"):
            self.read(tmp_path, laughs, "a.graphml")

    @pytest.mark.parametrize(
        "array, message",
        [
            (None, "damaged or no numeric array"),
            (np.array([[None, 1]]), "real numbers"),
            (np.eye(2) + 1j, "real numbers"),
            (np.ones((2, 3)), "square matrix"),
            (np.ones((0, 0)), "two or more regions"),
        ],
    )
    def test_npy(self, tmp_path, array, message):
        path = tmp_path / "a.npy"
        path.write_bytes(b"")
        if array is not None:
            np.save(path, array)
        with pytest.raises(ConnectomeError, match=message):
            load_connectome(path)

    def test_declared_size_of_npy(self, tmp_path):
        for size, message in ((10**8, "is the limit"), (41, "declares"), (-4, "square")):
            header = io.BytesIO()
            shape = {"descr": "<f8", "fortran_order": False, "shape": (size, size)}
            np.lib.format.write_array_header_1_0(header, shape)
            with pytest.raises(ConnectomeError, match=message):
                self.read(tmp_path, header.getvalue() + bytes(16 * 8), "a.npy")

    def test_home_and_arrays(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        (tmp_path / "A.CSV").write_text("0,1\n1,0\n")
        assert load_connectome("~/A.CSV").size == 2
        with pytest.raises(TypeError, match=r"got a ndarray.*Connectome\(weights"):
            load_connectome(np.eye(2))

    def test_names_of_frames(self):
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame([[0, 1.0], [2.0, 0]], index=["a", "b"], columns=["a", "b"])
        assert Connectome(frame).regions == ("a", "b")
        assert Connectome(frame.reset_index(drop=True)).regions == ("a", "b")
        assert Connectome(pandas.DataFrame(frame.values)).regions[0] == "region_000"
        with pytest.raises(ConnectomeError, match="differently"):
            Connectome(frame[["b", "a"]])
        with pytest.raises(ConnectomeError, match="tract_lengths are of the regions"):
            Connectome(frame, tract_lengths=30 * frame.loc[["b", "a"], ["b", "a"]])

    def test_names_of_data_arrays(self):
        names = {"to": ["a", "b"], "from": ["a", "b"]}
        found = xr.DataArray([[0, 1.0], [2.0, 0]], names, ("to", "from"))
        assert Connectome(found).regions == ("a", "b")
        assert Connectome(found.drop_vars("to")).regions == ("a", "b")
        assert Connectome(found.drop_vars(["to", "from"])).regions[0] == "region_000"
        with pytest.raises(ConnectomeError, match="differently"):
            Connectome(found.assign_coords(to=["b", "a"]))
        with pytest.raises(ConnectomeError, match="tract_lengths are of the regions"):
            Connectome(found, tract_lengths=30 * found.isel({"to": [1, 0], "from": [1, 0]}))
        labelled = Connectome(found).label(
            xr.DataArray(found.values, {"mode": [0, 1], "mode_from": [0, 1]})
        )
        assert Connectome(labelled).regions == ("a", "b")

    def test_texts_without_an_end(self, tmp_path):
        """libhdf5 would read them for ever."""
        h5py = pytest.importorskip("h5py")
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["weights"] = np.array([[0, 1.0], [2.0, 0]])
            file["labels"] = ["a", "b"]
        content = bytearray((tmp_path / "a.h5").read_bytes())
        at = content.index(b"GCOL") + 16
        while content[at : at + 2] != b"\x00\x00":  # to the free space
            at += 16 + (int.from_bytes(content[at + 8 : at + 16], "little") + 7) // 8 * 8
        assert load_connectome(tmp_path / "a.h5").regions == ("a", "b")
        content[at + 8 : at + 16] = bytes(8)
        (tmp_path / "b.h5").write_bytes(content)
        with pytest.raises(ConnectomeError, match="no end"):
            load_connectome(tmp_path / "b.h5")

    def test_many_mutations(self):
        found = {case: matrices.check(case) for case in matrices.cases(seed=0, number=400)}
        wrong = {case: said for case, said in found.items() if said not in ("ok", "refused")}
        assert not wrong
        assert sum(said == "ok" for said in found.values()) > 80


class TestFields:
    @pytest.mark.parametrize(
        "weights, message",
        [
            (np.ma.masked_equal([[0, 1], [2, 0]], 2), "1 masked|2 masked|masked entries"),
            ([[0, 1j], [1, 0]], "must be real"),
            ([[0, None], [1, 0]], "array of numbers"),
            ([["a", "b"], ["c", "d"]], "array of numbers"),
            ([[0, np.nan], [1, 0]], r"row 1 \(region_000\), column 2"),
            ([[0, 1, 2]], "square matrix"),
            (np.zeros((0, 0)), "two or more regions"),
            ([[0, 1], [0]], "array of numbers"),
        ],
    )
    def test_what_are_no_weights(self, weights, message):
        with pytest.raises(ConnectomeError, match=message):
            Connectome(weights)

    def test_units_that_cannot_be(self):
        links = [[0, 1.0], [1.0, 0]]
        for length, unit in ((0.08, "metres"), (80_000.0, "micrometres")):
            with pytest.raises(ConnectomeError, match=f"In {unit}"):
                Connectome(links, tract_lengths=[[0, length], [length, 0]])
        with pytest.raises(ConnectomeError, match="In metres"):
            Connectome(links, positions=[[0, 0, 0], [0.05, 0.01, 0]])

    @pytest.mark.parametrize("side", [np.tril, np.triu])
    def test_triangular(self, rng, side):
        full = rng.uniform(1, 2, (5, 5))
        full = full + full.T - np.diag(2 * np.diagonal(full))
        half, lengths = side(full), 30 * full
        for how in ("none", "max", "mean", "spectral"):
            with pytest.raises(ConnectomeError, match=r"symmetric=True.*symmetric=False"):
                Connectome(half, normalisation=how)
        with pytest.raises(ConnectomeError, match="tract_lengths hold each pair"):
            Connectome(full, tract_lengths=side(lengths))
        both = Connectome(half, tract_lengths=side(lengths), symmetric=True)
        np.testing.assert_array_equal(both.weights, full)
        np.testing.assert_array_equal(both.tract_lengths, lengths)
        one_way = Connectome(half, symmetric=False, tract_lengths=lengths)
        np.testing.assert_array_equal(one_way.weights, half)
        again = one_way.replace(speed=1.0).replace(tract_lengths=2 * lengths).select([0, 1, 2])
        np.testing.assert_array_equal(again.weights, half[:3, :3])
        with pytest.raises(ConnectomeError, match=r"symmetric=True, but weights have"):
            Connectome([[0, 1.0], [2.0, 0]], symmetric=True)

    def test_example(self):
        brain = wc.Connectome.example()
        assert brain.size == 76 and brain.regions[0] == "l01" and brain.regions[-1] == "r38"
        np.testing.assert_allclose(brain.weights, brain.weights.T)
        assert np.all(brain.positions[:38, 0] < 0) and np.all(brain.positions[38:, 0] > 0)
        assert brain.links.any(axis=1).all() and 0.2 < brain.links.mean() < 0.3
        linked = brain.links
        np.testing.assert_allclose(brain.tract_lengths[linked], 1.3 * brain.distances()[linked])
        # Weights fall with distance.
        within = np.ix_(range(38), range(38))
        many = wc.Connectome.example(normalisation="none").weights[within]
        far = brain.distances()[within]
        slope = np.polyfit(far[many > 0], np.log(many[many > 0]), 1)[0]
        assert -1 / 20 < slope < -1 / 60
        assert not np.array_equal(wc.Connectome.example(seed=1).weights, brain.weights)
        np.testing.assert_array_equal(wc.Connectome.example().weights, brain.weights)
        with pytest.raises(ValueError, match="even"):
            wc.Connectome.example(7)

    def test_names_of_arguments(self):
        with pytest.raises(TypeError, match="did you mean coupling_strength"):
            wc.Connectome.example(4).to_network(coupling=0.5)
        with pytest.raises(TypeError, match="did you mean gamma"):
            wc.Connectome.example(4).to_network(gama=0.5)
        with pytest.raises(ValueError, match="too large"):
            Connectome([[0, 1e308], [1e308, 0]]).to_network(coupling_strength=10)

    def test_units(self):
        brain = Connectome(
            [[0, 1], [1, 0]], tract_lengths=[[0, 60], [60, 0]], speed=6.0, frequency=25.0
        )
        assert brain.delays_ms()[0, 1] == 10.0  # 60 mm at 6 m/s
        assert brain.phase_delays()[0, 1] == pytest.approx(np.pi / 2)  # a quarter of 40 ms
        # The unit of time is 1/ω, so that at the connectome's frequency they are equal.
        np.testing.assert_allclose(brain.delays(), brain.phase_delays())
        assert brain.phase_delays(5.0)[0, 1] == pytest.approx(np.pi / 10)
        assert brain.time_unit == pytest.approx(1 / (2 * np.pi * 25))

    def test_distances(self):
        brain = Connectome([[0, 1], [1, 0]], positions=[[0, 0, 0], [3, 4, 12]])
        assert brain.distances().tolist() == [[0, 13], [13, 0]]
        assert brain.replace(tract_lengths=brain.distances()).delays_ms()[0, 1] == 13 / 3

    @pytest.mark.parametrize(
        "changes, message",
        [
            ({"speed": 0.0}, "speed must be finite and positive"),
            ({"speed": 1e-320}, "speed must be at least 1e-09"),
            ({"frequency": 1e308}, r"frequency must be at most 1e\+09"),
            ({"frequency": np.nan}, "frequency must be a finite number"),
            ({"weights": [[0.0]]}, "two or more regions"),
            ({"positions": [[0, 0, 0]]}, r"positions must have shape \(2, 3\)"),
            ({"regions": ("a",)}, "1 region names for 2 regions"),
        ],
    )
    def test_errors(self, changes, message):
        arguments = {"weights": [[0, 1], [1, 0]]} | changes
        with pytest.raises(ConnectomeError, match=message):
            Connectome(**arguments)

    def test_unknown_choices(self):
        brain = Connectome([[0, 1], [1, 0]], tract_lengths=[[0, 9], [9, 0]])
        with pytest.raises(ValueError, match="no field"):
            brain.replace(weight=1)
        with pytest.raises(ValueError, match="normalisation must be one of"):
            brain.normalised("l2")
        with pytest.raises(ValueError, match="delays must be"):
            brain.coupling(delays="some")
        with pytest.raises(ValueError, match="frequency is that of phase delays"):
            brain.coupling(delays="exact", frequency=5.0)
        with pytest.raises(ValueError, match="frequency must not be negative"):
            brain.phase_delays(-1)
        with pytest.raises(ValueError, match="frequency must be at most"):
            brain.phase_delays(1e308)
        with pytest.raises(ConnectomeError, match="positions"):
            brain.distances()

    def test_select(self, rng):
        weights = random_weights(rng, 5, 1.0)
        brain = Connectome(weights, regions=tuple("abcde"), positions=rng.normal(size=(5, 3)))
        part = brain.select(["d", 1, "a"])
        assert part.regions == ("d", "b", "a")
        assert part.weights[0, 2] == weights[3, 0]
        assert part.positions[1].tolist() == brain.positions[1].tolist()
        with pytest.raises(ValueError, match="no regions are called"):
            brain.select(["z"])
        for wrong, message in (
            ([0.7, 1], "whole numbers"), ([-1, 1], r"in \[0, 5\)"), ([0, 5], r"in \[0, 5\)"),
            ([], "sequence of names or indices"), ([True, False], "names or indices"),
            ([[0, 1]], "names or indices"), ("ab", r"a single one: \['ab'\]"),
        ):  # fmt: skip
            with pytest.raises(ValueError, match=message):
                brain.select(wrong)
        assert brain.select(np.array([2, 0])).regions == ("c", "a")


def test_unknown_fields_are_named():
    with pytest.raises(TypeError, match="'centres'; did you mean positions"):
        wc.Connectome(np.ones((3, 3)), centres=np.zeros((3, 3)))


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [2, 0, 4, 1, 3], [4, 3, 2, 1, 0]])
def test_triangles_in_any_order_are_asked_about(order):
    weights = np.triu(np.arange(1.0, 26).reshape(5, 5), 1)
    mixed = weights[np.ix_(order, order)]
    with pytest.raises(ConnectomeError, match="symmetric=True"):
        wc.Connectome(mixed)
    np.testing.assert_array_equal(wc.Connectome(mixed, symmetric=False).weights, mixed)
    both = wc.Connectome(mixed, symmetric=True).weights
    np.testing.assert_array_equal(both, (weights + weights.T)[np.ix_(order, order)])


def test_a_circle_is_directed():
    ring = np.roll(np.eye(8), 1, axis=1)
    np.testing.assert_array_equal(wc.Connectome(ring).weights, ring)
