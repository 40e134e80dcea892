"""Configuration files: what they build, and what is said of wrong ones."""

import json
import pathlib

import conftest
import jax
import numpy as np
import pytest
from fuzz.configurations import cases, check

import wetcow as wc
from wetcow.cli.simulate import run
from wetcow.config import load_config
from wetcow.config.reference import page
from wetcow.config.writing import configuration_of

EXAMPLES = sorted(pathlib.Path(__file__).parents[2].joinpath("examples").glob("*.toml"))
NETWORK = '[system]\nkind = "network"\ngamma = 0.2\nomega = [0.9, 1.0, 1.1]\n'
R = np.array([[0, 0.1, 0.2], [0.3, 0, 0.4], [0.5, 0.6, 0]])


@pytest.fixture
def build(tmp_path):
    def from_text(text, seed=None):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return load_config(path, seed).build()

    return from_text


def matrix(system):
    with jax.enable_x64(True):
        return np.asarray(system.coupling.matrix())


MODE = '[system]\nkind = "mode"\n'


# Known answers


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_build(path):
    assert load_config(path).build().size in (1, 6, 10)


def test_n_repeats_a_mode(build):
    assert build('[system]\nkind = "mode"\ngamma = 1\nn = 4').size == 4


def test_draws_depend_on_the_seed_and_on_nothing_else(build):
    text = '[system]\nkind = "mode"\nn = 5\ngamma = 0.1\nomega = {uniform = [1, 2]}\n'
    more = text.replace("gamma = 0.1", "gamma = {uniform = [0, 1]}")
    np.testing.assert_array_equal(build(text, 3).omega, build(more, 3).omega)
    assert np.all(build(text, 3).omega != build(text, 4).omega)
    in_file = build(text + "[simulation]\nseed = 3")
    np.testing.assert_array_equal(build(text, 3).omega, in_file.omega)


def test_one_number_couples_all_pairs(build):
    np.testing.assert_array_equal(
        matrix(build(NETWORK + '[coupling]\nkind = "dense"\nr_imag = 0.5')),
        0.5j * (1 - np.eye(3)),
    )


@pytest.mark.slow
def test_sparse_sheet_lowrank_delayed(build):
    sparse = '[coupling]\nkind = "sparse"\ntarget = [0, 2]\nsource = [1, 0]\nweight = [0.5, 0.25]'
    expected = np.zeros((3, 3))
    expected[0, 1], expected[2, 0] = 0.5, 0.25
    np.testing.assert_array_equal(matrix(build(NETWORK + sparse)), expected)
    sheet = '[coupling]\nkind = "sheet"\nshape = [1, 3]\nr_real = [[1.0, 0, 2.0]]\nperiodic = false'
    np.testing.assert_allclose(
        matrix(build(NETWORK + sheet)), [[0, 2, 0], [1, 0, 2], [0, 1, 0]], atol=1e-15
    )
    uniform = '[coupling]\nkind = "lowrank"\nstrength = 0.6\nphase = 0.5'
    np.testing.assert_allclose(
        matrix(build(NETWORK + uniform)), 0.2 * np.exp(-0.5j) * (1 - np.eye(3)), atol=1e-15
    )
    factors = '[coupling]\nkind = "lowrank"\nleft_real = [[1], [2], [3]]\nright_real = [[1, 0, 1]]'
    np.testing.assert_allclose(
        matrix(build(NETWORK + factors)), [[0, 0, 1], [2, 0, 2], [3, 0, 0]], atol=1e-15
    )
    delayed = f'[coupling]\nkind = "delayed"\nweight = {R.tolist()}\ndelay = 0.5'
    assert build(NETWORK + delayed).delays == (0.5, 0.5)


def test_baselines(build):
    coupling = '[coupling]\nkind = "lowrank"\nstrength = 0.6\n'
    kuramoto = build('[system]\nkind = "kuramoto"\nomega = [1, 2]\n' + coupling)
    assert isinstance(kuramoto, wc.Kuramoto) and kuramoto.size == 2
    lif = build('[system]\nkind = "lif"\ncurrent = 1.5\nn = 3\ntau_m = 2\n' + coupling)
    assert isinstance(lif, wc.LeakyIntegrateAndFire) and lif.size == 3 and lif.tau_m == 2


@pytest.mark.parametrize(
    "text, said",
    [
        (MODE + "gama = 1", ["system", "gama", "expected", "gamma"]),
        (MODE + "gamma = 1\n[simulations]\nt1 = 1", ["simulations", "expected", "simulation"]),
        (MODE, ["system.gamma", "missing"]),
        ('[system]\nkind = "mod"', ["system.kind", "'mod'", '"mode"']),
        ("[system]\ngamma = 1", ["system.kind", '"mode"']),
        ("system = 3", ["system", "3"]),
        ("", ["system", "missing"]),
        (MODE + 'gamma = "a"', ["system.gamma", "'a'", "number", "{linspace"]),
        (MODE + "gamma = true", ["system.gamma", "True", "number"]),
        (MODE + 'gamma = [1, "a"]', ["system.gamma", "not numbers"]),
        (MODE + "gamma = [[1, 2], [1]]", ["system.gamma", "differ in length"]),
        (MODE + "gamma = []", ["system.gamma", "empty"]),
        (MODE + "gamma = {from = 1}", ["system.gamma", "expected", "uniform"]),
        (MODE + "gamma = {linspace = [0, 1, 2.5]}", ["system.gamma", "integer"]),
        (MODE + "gamma = {uniform = [1, 0]}", ["system.gamma.uniform", "low ≤ high"]),
        (MODE + "gamma = {uniform = [0, 1]}", ["system.gamma", "Set n"]),
        (MODE + "gamma = {uniform = [0, 1], n = 2}", ["system.gamma", "seed"]),
        (MODE + 'gamma = {file = "none.npy"}', ["system.gamma", "none.npy"]),
        (MODE + 'gamma = {file = "config.toml"}', ["system.gamma", ".npy", ".csv"]),
        (MODE + "gamma = nan", ["system", "gamma", "finite"]),
        (MODE + "gamma = [1, 2]\nn = 3", ["system", "'n': 3", "'gamma': 2"]),
        (MODE + 'gamma = 1\n[coupling]\nkind = "dense"\nweight = 1', ["coupling", "network"]),
        (MODE + 'gamma = 1\n[simulation]\nt1 = "1"', ["simulation.t1", "number", "'1'"]),
        (
            MODE + 'gamma = 1\n[simulation]\nprecision = "half"',
            ["simulation.precision", "'single'"],
        ),
        (MODE + "gamma = 1\n[simulation]\nmodes = [0.5]", ["simulation.modes[0]", "integer"]),
        (MODE + "gamma = 1\n[simulation]\nseed = -1", ["simulation.seed", "-1"]),
        (MODE + "gamma = 1\nomega 2", ["TOML", "line 4"]),
        (MODE + "gamma = [1", ["TOML", "line 3"]),
        (NETWORK, ["coupling", "missing"]),
        (NETWORK + '[coupling]\nkind = "dense"', ["coupling", "r_real", "weight", "random"]),
        (NETWORK + '[coupling]\nkind = "dens"', ["coupling.kind", "'dens'", '"dense"']),
        (NETWORK + '[coupling]\nkind = "dense"\nweight = 1\nr_real = 1', ["coupling", "twice"]),
        (NETWORK + '[coupling]\nkind = "dense"\nweight = [[0, 1]]', ["coupling", "square"]),
        (NETWORK + '[coupling]\nkind = "dense"\nweight = [[0]]', ["system", "3 modes"]),
        (NETWORK + '[coupling]\nkind = "lowrank"', ["coupling", "strength", "left_real"]),
        (
            NETWORK + '[coupling]\nkind = "sparse"\ntarget = [0.5]\nsource = [1]\nweight = 1',
            ["coupling", "target"],
        ),
        (NETWORK + '[coupling]\nkind = "memory"\ntarget = {gamma = 2}', ["background"]),
        (
            NETWORK.replace("gamma = 0.2\n", "")
            + '[coupling]\nkind = "memory"\ntarget = {gamma = 1.9}\nmax_weight = 0.1',
            ["coupling", "max_weight"],
        ),
        (
            NETWORK.replace("[0.9, 1.0, 1.1]", "1") + '[coupling]\nkind = "dense"\nweight = 1',
            ["coupling", "set n"],
        ),
        (
            '[system]\nkind = "kuramoto"\nomega = 1\n[coupling]\nkind = "memory"\n'
            "target = {gamma = 1}",
            ["coupling.kind", "memory", "network"],
        ),
    ],
)
def test_messages_name_the_key(build, text, said):
    with pytest.raises(ValueError) as raised:
        build(text)
    message = str(raised.value)
    assert all(word in message for word in said), message
    assert "pydantic" not in message and "\n" not in message


def test_fuzz():
    """A short form; a longer one finds nothing else."""
    answers = {case: check(case) for case in cases(seed=0, number=60)}
    wrong = {case: answer for case, answer in answers.items() if answer not in ("ok", "refused")}
    assert not wrong
    assert "refused" in answers.values()


def test_distributions(build):
    text = '[system]\nkind = "mode"\nn = 4000\ngamma = {normal = [0.5, 0.1]}\n'
    text += "omega = {lognormal = [0.0, 0.25], seed = 5}"
    mode = build(text, seed=1)
    assert np.mean(mode.gamma) == pytest.approx(0.5, abs=0.01)
    assert np.std(mode.gamma) == pytest.approx(0.1, abs=0.01)
    assert np.std(np.log(mode.omega)) == pytest.approx(0.25, abs=0.02)
    np.testing.assert_array_equal(mode.omega, build(text, seed=2).omega)
    assert np.all(mode.gamma != build(text, seed=2).gamma)


def test_drawn_couplings(build):
    weights = "weight = {uniform = [0.1, 0.2]}\nphase = {normal = [0.0, 0.5]}"
    r = matrix(build(NETWORK + f'[coupling]\nkind = "dense"\n{weights}', seed=0))
    links = r[~np.eye(3, dtype=bool)]
    assert np.all((abs(links) >= 0.1) & (abs(links) <= 0.2)) and np.unique(links).size == 6
    assert np.all(np.diagonal(r) == 0)
    sparse = '[coupling]\nkind = "sparse"\ntarget = [0, 2]\nsource = [1, 0]\n' + weights
    r = matrix(build(NETWORK + sparse, seed=0))
    assert np.count_nonzero(r) == 2 and r[0, 1] != r[2, 0]


def test_page_lists_every_key():
    root = pathlib.Path(__file__).parents[2]
    assert root.joinpath("docs/configuration.md").read_text(encoding="utf-8") == page(), (
        "run python tools/document_configuration.py"
    )


# Properties


def test_memory_is_that_of_memorize(build):
    text = (
        '[system]\nkind = "network"\nomega = [0.8, 1.0, 1.2, 1.1]\n[coupling]\nkind = "memory"\n'
        "target = {gamma = 1.9}\nbackground = 0.2\nmax_weight = 0.9\nmax_phase = 1.5\n"
    )
    options = {"background": 0.2, "max_weight": 0.9, "max_phase": 1.5}
    omega = [0.8, 1.0, 1.2, 1.1]
    nearest = wc.memorize(wc.Mode(1.9), omega, **options)
    np.testing.assert_array_equal(matrix(build(text, seed=1)), matrix(nearest))
    drawn = wc.memorize(wc.Mode(1.9), omega, seed=1, **options)
    np.testing.assert_array_equal(
        matrix(build(text + 'nearest_to = "random"', seed=1)), matrix(drawn)
    )


# Files


def test_mode_takes_all_forms_of_numbers(build, tmp_path):
    np.save(tmp_path / "omega.npy", [1.0, 2.0, 3.0])
    np.savetxt(tmp_path / "alpha.csv", [3.0, 3.1, 3.2], delimiter=",")
    mode = build(
        '[system]\nkind = "mode"\ngamma = {linspace = [0.1, 0.3, 3]}\n'
        'omega = {file = "omega.npy"}\nalpha = {file = "alpha.csv"}\nw_a = [2.0, 2, 2.2]\n'
        "psi = {uniform = [0.1, 0.2], n = 3}",
        seed=1,
    )
    np.testing.assert_allclose(mode.gamma, [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(mode.omega, [1, 2, 3])
    np.testing.assert_allclose(mode.alpha, [3.0, 3.1, 3.2])
    np.testing.assert_array_equal(mode.w_a, [2.0, 2.0, 2.2])
    assert np.all((mode.psi >= 0.1) & (mode.psi <= 0.2)) and np.unique(mode.psi).size == 3


def test_dense_in_three_ways(build, tmp_path):
    np.savetxt(tmp_path / "R.csv", R, delimiter=",")
    cartesian = '[coupling]\nkind = "dense"\nr_real = {file = "R.csv"}\n'
    np.testing.assert_allclose(matrix(build(NETWORK + cartesian)), R)
    complex_ = matrix(build(NETWORK + cartesian + 'r_imag = {file = "R.csv"}'))
    np.testing.assert_allclose(complex_, R * (1 + 1j))
    polar = f'[coupling]\nkind = "dense"\nweight = {R.tolist()}\nphase = 0.5'
    np.testing.assert_allclose(matrix(build(NETWORK + polar)), R * np.exp(-0.5j))
    drawn = '[coupling]\nkind = "dense"\nrandom = {weight = [0.1, 0.2], phase = [-1.5, 1.5]}'
    r = matrix(build(NETWORK + drawn, seed=0))
    links = r[~np.eye(3, dtype=bool)]
    assert np.all((abs(links) >= 0.1) & (abs(links) <= 0.2) & (abs(np.angle(links)) <= 1.5))
    assert np.all(np.diagonal(r) == 0) and np.unique(links).size == 6


def test_connectome(build, tmp_path):
    weights = R + R.T
    np.savetxt(tmp_path / "weights.csv", weights, delimiter=",")
    text = '[system]\nkind = "connectome"\nfile = "weights.csv"\nnormalisation = "max"\n'
    text += "gamma = {linspace = [0.1, 0.3, 3]}\ncoupling_strength = 0.4"
    built = build(text)
    connectome = wc.load_connectome(tmp_path / "weights.csv", normalisation="max")
    expected = connectome.to_network([0.1, 0.2, 0.3], 0.4)
    np.testing.assert_allclose(matrix(built), matrix(expected))
    np.testing.assert_allclose(built.modes.gamma, [0.1, 0.2, 0.3])


def test_sweep_table(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(MODE + "gamma = 1\n[sweep]\ngamma = {linspace = [0.5, 1.5, 3]}\nseed = [1, 2]")
    swept = load_config(path).swept()
    np.testing.assert_allclose(swept["gamma"], [0.5, 1.0, 1.5])
    assert swept["seed"].tolist() == [1, 2]


@pytest.mark.slow
def test_start_of_each_mode(tmp_path):
    path = tmp_path / "config.toml"

    def start(table):
        path.write_text(f"{MODE}gamma = [0.5, 1.0]\n[simulation]\n{table}", encoding="utf-8")
        return load_config(path).simulation.arguments(2)["a0"]

    assert start("") is None and start("a0 = 0.1") == 0.1
    expected = [0.1j, -0.2]
    np.testing.assert_allclose(
        start("a0 = [0.1, 0.2]\na0_phase = [1.5707963267948966, 3.141592653589793]"), expected
    )
    drawn = start("seed = 1\na0 = 1.0\na0_phase = {uniform = [0, 6.28]}")
    np.testing.assert_allclose(np.abs(drawn), [1, 1])
    assert drawn[0] != drawn[1]
    with pytest.raises(ValueError, match=r"simulation\.a0: expected amplitudes"):
        start("a0 = [0.1, -0.2]")
    with pytest.raises(ValueError, match="a0_phase: give a0 too"):
        start("a0_phase = 1.0")


def test_written_configurations_are_read_again(tmp_path, rng):
    path = tmp_path / "config.toml"
    a0 = conftest.random_amplitudes(rng, 3)
    network = wc.Network(0.2, [0.9, 1.0, 1.1], wc.Dense(conftest.random_coupling(rng, 3)))
    path.write_text(configuration_of(network, a0, t1=5.0, dt=0.1), encoding="utf-8")
    config = load_config(path)
    built, arguments = config.build(), config.simulation.arguments(3)
    np.testing.assert_array_equal(matrix(built), matrix(network))
    np.testing.assert_array_equal(built.modes.omega, network.modes.omega)
    np.testing.assert_allclose(arguments["a0"], a0, rtol=1e-14)
    assert (arguments["t1"], arguments["dt"]) == (5.0, 0.1)
    sparse = wc.Network(0.2, [0.9, 1.0], wc.Sparse.from_matrix([[0, 0.5], [0.5, 0]]))
    with pytest.raises(ValueError, match="Dense"):
        configuration_of(sparse, 0.1)


@pytest.mark.slow
def test_command_runs_a_sweep(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(MODE + "gamma = 1\n[simulation]\nt1 = 60.0\n[sweep]\ngamma = [0.5, 1.0]")
    run(path, out=tmp_path / "runs.nc", json_file=str(tmp_path / "report.json"))
    runs = json.loads((tmp_path / "report.json").read_text())["runs"]
    assert [one["gamma"] for one in runs] == [0.5, 1.0]
    exact = wc.Mode([0.5, 1.0]).spiking_frequency()
    np.testing.assert_allclose([one["frequency"] for one in runs], exact, rtol=1e-2)
    assert dict(wc.load_run(tmp_path / "runs.nc").sizes)["gamma"] == 2


@pytest.mark.slow
def test_noise_of_each_mode(tmp_path):
    path = tmp_path / "config.toml"
    several = '[system]\nkind = "mode"\ngamma = [-0.5, -0.5]\n'
    each = "[simulation]\nt1 = 50.0\nnum_samples = 501\nseed = 0\nnoise = [0.0, 0.1]\n"
    path.write_text(several + each)
    run(path, out=tmp_path / "run.nc")
    found = wc.load_run(tmp_path / "run.nc")
    assert found.attrs["noise"].tolist() == [0.0, 0.1]
    silent, moved = np.abs(found.a.isel(time=-1).values)
    assert silent < 1e-10 and moved > 1e-3
    path.write_text(several + each + "[sweep]\nseed = [1, 2]\n")
    run(path, out=tmp_path / "runs.nc")
    runs = wc.load_run(tmp_path / "runs.nc")
    assert dict(runs.sizes)["noise"] == 1 and runs.attrs["noise"].tolist() == [[0.0, 0.1]]
    path.write_text(several + each.replace("[0.0, 0.1]", "[[0.1, 0.05], [0.05, 0.1]]"))
    run(path, out=tmp_path / "run.nc")
    assert wc.load_run(tmp_path / "run.nc").attrs["noise"].shape == (2, 2)


# Errors


@pytest.mark.parametrize("noise", ["-0.1", "[0.1, -0.1]", "[[[0.1]]]"])
def test_noise_that_is_none(tmp_path, noise):
    path = tmp_path / "config.toml"
    path.write_text(MODE + f"gamma = 1\n[simulation]\nseed = 0\nnoise = {noise}\n")
    with pytest.raises(ValueError, match="noise"):
        load_config(path)


def test_complex_files_are_refused(build, tmp_path):
    np.save(tmp_path / "R.npy", R + 0j)
    with pytest.raises(ValueError, match=r"coupling\.r_real.*complex"):
        build(NETWORK + '[coupling]\nkind = "dense"\nr_real = {file = "R.npy"}')


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.toml"):
        load_config(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "text, said",
    [
        (MODE + "gamma = 1\nn = 1099511627776", ["system.n", "10000000"]),
        (MODE + "gamma = {linspace = [0, 1, 1099511627776]}", ["system.gamma", "integer"]),
        (MODE + "gamma = {uniform = [0, 1], n = 1099511627776}", ["system.gamma.n"]),
        (MODE + "gamma = 1e308", ["system.gamma", "1e+100"]),
        (MODE + "gamma = 1\nalpha = [3.0, inf]", ["system.alpha[1]", "finite"]),
        (MODE + "gamma = 1\n[simulation]\nseed = 1208925819614629174706176", ["simulation.seed"]),
        (MODE + "gamma = 1\n[simulation]\nmodes = [1099511627776]", ["simulation.modes", "[0, 1)"]),
        (MODE + "gamma = 1\n[simulation]\nt1 = -1", ["simulation", "t1", "later"]),
        (MODE + "gamma = 1\n[simulation]\nnum_samples = -5", ["simulation.num_samples", "-5"]),
        (MODE + "gamma = 1\n[simulation]\ndt = 0", ["simulation.dt", "0"]),
        (MODE + "gamma = " + "[" * 20 + "]" * 20, ["system.gamma[0]", "deep"]),
        (MODE + "gamma = " + "[" * 20_000 + "]" * 20_000, ["deep"]),
        (MODE + "gamma = {normal = [0, -1]}", ["system.gamma.normal", "negative"]),
        (
            NETWORK + '[coupling]\nkind = "sheet"\nshape = [-1, 3]\nr_real = 1',
            ["coupling.shape[0]", "-1"],
        ),
        (
            NETWORK + '[coupling]\nkind = "sparse"\ntarget = [1099511627776]\nsource = [0]\n'
            "weight = 1",
            ["coupling", "target", "[0, 3)"],
        ),
        (
            '[system]\nkind = "network"\ngamma = 1\nomega = 1\nn = 1000000\n'
            '[coupling]\nkind = "dense"\nweight = 1',
            ["coupling", "1000000", "GB", "sparse"],
        ),
        (
            MODE + "gamma = 1\nn = 10000000\n[simulation]\nnum_samples = 10000000",
            ["simulation", "samples", "GB"],
        ),
        (MODE + "gamma = 1\n[sweep]\n", ["sweep", "empty"]),
        (MODE + 'gamma = 1\n[sweep]\ngamma = ["a"]', ["sweep.gamma", "not numbers"]),
        (MODE + "gamma = 1\n[sweep]\nseed = [0.5]", ["sweep.seed", "whole"]),
        ('[system]\nkind = "connectome"\nfile = "none.csv"', ["system.file", "none.csv"]),
    ],
)
def test_impossible_numbers_are_refused_with_their_key(build, text, said):
    with pytest.raises(ValueError) as raised:
        build(text)
    message = str(raised.value)
    assert all(word in message for word in said), message
    assert len(message) < 1000 and "\n" not in message


def test_npy_that_declares_more_than_it_holds(build, tmp_path):
    with open(tmp_path / "gamma.npy", "wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (2**40,)}
        np.lib.format.write_array_header_1_0(file, header)
    (tmp_path / "empty.npy").touch()
    for name in ("gamma", "empty"):
        with pytest.raises(ValueError, match=rf"system\.gamma.*{name}\.npy cannot be read"):
            build(MODE + f'gamma = {{file = "{name}.npy"}}')


CONNECTOME = '[system]\nkind = "connectome"\nfile = "links.csv"\n'


class TestConnectomeFiles:
    """What errors advise can be done in the file."""

    @pytest.fixture
    def read(self, build, tmp_path):
        """Builds the network of a file of links."""

        def read(links, keys=""):
            (tmp_path / "links.csv").write_text(links, encoding="utf-8")
            return build(CONNECTOME + keys)

        return read

    def test_a_triangle(self, read, tmp_path):
        triangle = "0,2,1\n0,0,3\n0,0,0\n"
        with pytest.raises(ValueError, match=r"system.symmetric = true.*system.symmetric = false"):
            read(triangle)
        for symmetric in (True, False):
            keys = f'symmetric = {str(symmetric).lower()}\nnormalisation = "row"'
            built = read(triangle, keys)
            connectome = wc.load_connectome(
                tmp_path / "links.csv", symmetric=symmetric, normalisation="row"
            )
            np.testing.assert_allclose(matrix(built), matrix(connectome.to_network(0.5)))

    def test_a_list_of_links_and_lengths_of_another_file(self, read, tmp_path):
        links = "from,to,weight\na,b,2\nb,a,2\nb,c,1\nc,b,1\n"
        with pytest.raises(ValueError, match=r'system.file_kind = "edges"'):
            read(links)
        np.savetxt(tmp_path / "lengths.csv", 40 * (1 - np.eye(3)), delimiter=",")
        built = read(links, 'file_kind = "edges"\ntract_lengths = "lengths.csv"\nspeed = 2.0')
        connectome = wc.load_connectome(
            tmp_path / "links.csv",
            kind="edges",
            tract_lengths=tmp_path / "lengths.csv",
            speed=2.0,
        )
        expected = connectome.to_network(0.5)
        assert np.any(np.angle(matrix(expected)) != 0), "lengths make phases"
        np.testing.assert_allclose(matrix(built), matrix(expected))

    def test_attributes_of_graphml(self, build, tmp_path):
        keys = "".join(
            f'<key id="{name}" for="edge" attr.name="{name}" attr.type="double"/>'
            for name in ("streamlines", "mm")
        )
        links = "".join(
            f'<edge source="{link[0]}" target="{link[1]}"><data key="streamlines">{weight}</data>'
            f'<data key="mm">{length}</data></edge>'
            for link, weight, length in (("ab", 3.0, 30.0), ("bc", 1.0, 60.0))
        )
        nodes = "".join(f'<node id="{name}"/>' for name in "abc")
        (tmp_path / "brain.graphml").write_text(
            f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{keys}'
            f'<graph edgedefault="undirected">{nodes}{links}</graph></graphml>',
            encoding="utf-8",
        )
        keys = 'file = "brain.graphml"\nweight = "streamlines"\nlength = "mm"'
        built = build(f'[system]\nkind = "connectome"\n{keys}')
        connectome = wc.load_connectome(
            tmp_path / "brain.graphml", weight="streamlines", length="mm"
        )
        np.testing.assert_allclose(matrix(built), matrix(connectome.to_network(0.5)))
