"""The ``wetcow`` command, run in this process."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import wetcow as wc
from wetcow.cli import app

SHORT = "[simulation]\nt1 = 5.0\nnum_samples = 51\n"
NETWORK = '[system]\nkind = "network"\ngamma = 0.2\nomega = [0.9, 1.0, 1.1]\n'
MODE = '[system]\nkind = "mode"\ngamma = 1.0\n'
DENSE = '[coupling]\nkind = "dense"\nr_real = 0.2\n'
CONFIGS = {
    "mode": MODE,
    "dense": NETWORK + DENSE,
    "sparse": NETWORK
    + '[coupling]\nkind = "sparse"\ntarget = [0, 2]\nsource = [1, 0]\nweight = 0.2\n',
    "sheet": NETWORK + '[coupling]\nkind = "sheet"\nshape = [1, 3]\nr_real = [[0.1, 0, 0.1]]\n',
    "lowrank": NETWORK + '[coupling]\nkind = "lowrank"\nstrength = 0.4\n',
    "delayed": NETWORK + '[coupling]\nkind = "delayed"\nweight = 0.2\ndelay = 0.5\n',
    "memory": '[system]\nkind = "network"\nomega = [0.9, 1.0, 1.1]\n[coupling]\nkind = "memory"\n'
    "target = {gamma = 1.9}\n",
    "kuramoto": '[system]\nkind = "kuramoto"\nomega = [0.9, 1.1]\n' + DENSE,
    "lif": '[system]\nkind = "lif"\ncurrent = [1.5, 1.6]\n' + DENSE,
}


@pytest.fixture
def wetcow(tmp_path, monkeypatch):
    """Run the command in an empty folder; a text as first argument of simulate is its file."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, config=None):
        if config is not None:
            (tmp_path / "config.toml").write_text(config, encoding="utf-8")
            arguments = ("simulate", "config.toml", *arguments)
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def reports(monkeypatch):
    calls = []

    def reproduce(items, out, seed, say, **options):
        calls.append((items, out, seed, options))
        say("Figure 1")
        tables = {"x": [np.float64(1.5), np.nan]}
        claim = {"verdict": "holds", "claim": "Waves wave", "measured": "1 of 1"}
        skipped = {} if out.name != "lacking" else {"energy": "no images"}
        return {
            "html": out / "index.html",
            "findings": ["it works"],
            "tables": tables,
            "claims": [claim],
            "skipped": skipped,
        }

    monkeypatch.setattr(
        "wetcow.reports.demo.run_demo", lambda out, seed, say: reproduce(None, out, seed, say)
    )
    monkeypatch.setattr("wetcow.reports.reproduce.reproduce", reproduce)
    return calls


# Known answers


@pytest.mark.slow
def test_exact_frequency_stands_beside_the_measured_one(wetcow):
    result = wetcow("--json", "-", config=MODE + "[simulation]\nt1 = 100\nnum_samples = 1001")
    assert result.exit_code == 0, result.output
    (mode,) = json.loads(result.stdout)["modes"]
    assert mode["frequency_measured"] == pytest.approx(mode["frequency_exact"], rel=1e-3)
    assert mode["frequency_analytic"] == pytest.approx(np.sqrt(0.75))
    assert "exact" in result.stderr and "not saved" in result.stderr


@pytest.mark.slow
def test_learn_digits(wetcow):
    result = wetcow("learn", "digits", "--n-modes", 8, "--seed", 3, "--json", "-")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert set(report) == {
        *("dataset", "n_train", "n_test", "test_accuracy", "test_errors", "construct_seconds"),
        *("train_seconds", "predict_seconds_per_image", "n_memories", "n_modes", "n_parameters"),
        *("view", "peak_memory_mb", "seed", "versions"),
    }
    assert (report["n_train"], report["n_test"], report["n_modes"]) == (1347, 450, 8)
    assert report["test_accuracy"] == 1 - report["test_errors"] / 450 > 0.9
    assert report["seed"] == 3
    # 8 modes on 5×5 pixels with gamma and omega, one floor; 2 codes × 9 regions to 10 class modes.
    assert report["n_memories"] == 1347
    # Those of hidden modes, and at least a coupling of each memory to each class.
    assert report["n_parameters"] > 8 * (25 + 2) + 1 + 1347 * 10


@pytest.mark.parametrize("command", [[], ["simulate"], ["learn"], ["demo"], ["reproduce"]])
def test_help(wetcow, command):
    result = wetcow(*command, "--help")
    assert result.exit_code == 0 and "--help" in result.stdout
    if command:
        assert "--json" in result.stdout and "--seed" in result.stdout


def test_version(wetcow):
    result = wetcow("--version")
    assert result.exit_code == 0 and wc.__version__ in result.stdout


def test_as_a_module_and_without_heavy_imports():
    # Help must not wait for the numerical libraries.
    code = (
        "import sys, runpy; sys.argv = ['wetcow', '--help']\n"
        "try: runpy.run_module('wetcow', run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code\n"
        "heavy = {'jax', 'numpy', 'xarray', 'sklearn', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "simulate" in result.stdout


@pytest.mark.slow
def test_all_cores_are_devices_unless_they_were_chosen():
    code = "from wetcow.cli.output import use_all_cores; use_all_cores(); use_all_cores()\n"
    code += "import jax, os; print(len(jax.devices()) == os.cpu_count(), len(jax.devices()))"
    for flags, wanted in (("", "True"), ("--xla_force_host_platform_device_count=3", "3")):
        environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert wanted in done.stdout.split()


# Files


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*still move but spiked")  # both say NaN then
@pytest.mark.parametrize("kind", CONFIGS)
def test_each_kind_runs_and_its_file_can_be_read(wetcow, tmp_path, kind):
    drawn = ["--plot", "figures/run.png"] if kind == "memory" else []
    result = wetcow("--out", "run.nc", "--json", "run.json", *drawn, config=CONFIGS[kind] + SHORT)
    assert result.exit_code == 0, result.output
    if drawn:
        assert (tmp_path / "figures/run.png").read_bytes().startswith(b"\x89PNG")
    report = json.loads((tmp_path / "run.json").read_text())
    run = wc.load_run("run.nc")
    assert run.sizes["time"] == 51 and run.sizes["mode"] == report["n_modes"]
    assert run.attrs["system"] == report["system"]
    measured = [mode["frequency_measured"] for mode in report["modes"]]
    np.testing.assert_array_equal(np.array(measured, float), wc.spiking_frequency(run))
    if kind != "mode":
        assert report["order_parameter"]["final"] == float(wc.order_parameter(run)[-1])
    known = {"mode": "each mode", "memory": "synchronized motion"}
    assert report["exact_frequencies_of"] == known.get(kind)
    assert report["time_to_synchrony_unit"] == {"mode": None, "lif": "time"}.get(kind, "periods")


@pytest.mark.slow
def test_seed_of_the_command_replaces_that_of_the_file(wetcow):
    config = NETWORK + DENSE + SHORT + "seed = 1\n"
    for number in (1, 2):
        assert wetcow("--seed", number, "--out", f"{number}.nc", config=config).exit_code == 0
    first, second = wc.load_run("1.nc"), wc.load_run("2.nc")
    assert (first.attrs["seed"], second.attrs["seed"]) == (1, 2)
    assert np.all(first["a"][0] != second["a"][0])
    assert wetcow("--out", "3.nc", config=config).exit_code == 0
    np.testing.assert_array_equal(wc.load_run("3.nc")["a"], first["a"])


@pytest.mark.slow
def test_interrupted_run_is_continued(wetcow, monkeypatch):
    from wetcow.simulation.run import Run

    config = NETWORK + DENSE + "[simulation]\nt1 = 20\nnum_samples = 1027\nseed = 0\n"
    check, calls = Run.check, []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        check(*arguments)

    monkeypatch.setattr(Run, "check", interrupted)
    result = wetcow("--out", "run.zarr", config=config)
    assert result.exit_code == 130 and "the same command continues" in result.stderr
    assert wetcow("--out", "run.zarr", config=config).exit_code == 0
    assert len(calls) == 4  # three segments, the second of them twice
    assert wetcow("--out", "whole.zarr", config=config).exit_code == 0
    np.testing.assert_array_equal(wc.load_run("run.zarr")["a"], wc.load_run("whole.zarr")["a"])
    other = wetcow("--out", "run.zarr", "--seed", 1, config=config)
    assert other.exit_code == 2 and "other arguments" in other.stderr


def test_demo_arguments(wetcow, reports, tmp_path):
    result = wetcow("demo", "--out", "report", "--seed", 7, "--json", "deep/demo.json")
    assert result.exit_code == 0, result.output
    ((items, out, seed, _),) = reports
    assert (items, str(out), seed) == (None, "report", 7)
    assert "report/index.html" in result.stdout and "it works" in result.stdout
    assert "holds: Waves wave. 1 of 1" in result.stdout
    assert "Figure 1" in result.stderr
    written = json.loads((tmp_path / "deep/demo.json").read_text())
    assert written["html"] == "report/index.html" and written["tables"] == {"x": [1.5, None]}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["demo.json"]


def test_reproduce_arguments(wetcow, reports, tmp_path):
    result = wetcow("reproduce", "fig1", "figS", "--data-dir", "images", "--json", "-")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["tables"] == {"x": [1.5, None]}
    assert wetcow("reproduce", "--quick", "--data-dir", "images").exit_code == 0
    folder = pathlib.Path("images")
    assert [(items, str(out), seed, options) for items, out, seed, options in reports] == [
        (
            ["fig1", "figS"],
            "wetcow-report",
            0,
            {"quick": False, "older": False, "data_dir": folder},
        ),
        (["all"], "wetcow-report", 0, {"quick": True, "older": False, "data_dir": folder}),
    ]
    wrong = wetcow("reproduce", "fig9")
    assert wrong.exit_code == 2 and "fig9" in wrong.stderr and len(reports) == 2
    lacking = wetcow("reproduce", "--out", "lacking", "--json", "lacking.json")
    assert lacking.exit_code == 1 and "energy: no images" in lacking.stderr
    assert "lacking/index.html" in lacking.stdout and (tmp_path / "lacking.json").exists()


# Errors


@pytest.mark.parametrize(
    "config, options, said",
    [
        (MODE + "gama = 1\n", [], ["config.toml", "system", "gama"]),
        (MODE + "omega = 1 2\n", [], ["config.toml", "line 4"]),
        (MODE + "alpha = -1\n", [], ["alpha must be positive"]),
        (MODE + "[simulation]\nt1 = -1\n", [], ["t1"]),
        (MODE + "[simulation]\nnoise = 0.1\n", [], ["seed"]),
        (MODE, ["--out", "run.txt"], ["--out", ".nc"]),
        (MODE, ["--plot", "run.txt"], ["--plot", ".png"]),
        (MODE, ["--json", "."], ["--json", "folder"]),
    ],
)
def test_errors_are_one_line_and_exit_code_2(wetcow, config, options, said):
    result = wetcow(*options, config=config)
    assert result.exit_code == 2, result.output
    assert result.stdout == "" and result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
    assert all(word in result.stderr for word in said), result.stderr


def test_missing_configuration(wetcow):
    result = wetcow("simulate", "none.toml")
    assert result.exit_code == 2 and "none.toml" in result.stderr


def test_unknown_data_set(wetcow):
    result = wetcow("learn", "imagenet")
    assert result.exit_code == 2 and "digits" in result.stderr


@pytest.mark.parametrize(("given", "read"), [(None, "4"), ("20", "20")])
def test_threads_of_openblas_sleep_before_numpy_is_imported(monkeypatch, given, read):
    monkeypatch.delenv("OPENBLAS_THREAD_TIMEOUT", raising=False)
    if given is not None:
        monkeypatch.setenv("OPENBLAS_THREAD_TIMEOUT", given)
    code = (
        "import os, sys\n"
        "from wetcow.cli import app\n"
        "@app.command('look')\n"
        "def look(): print(os.environ['OPENBLAS_THREAD_TIMEOUT'], 'numpy' in sys.modules)\n"
        "app(['look'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == [read, "False"], done.stderr
