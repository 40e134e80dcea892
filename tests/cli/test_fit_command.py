"""The command ``wetcow fit``: known parameters come back, files are read and written."""

import json

import numpy as np
import pytest
import scipy.io
from typer.testing import CliRunner

import wetcow as wc
from wetcow.cli import app


@pytest.fixture(scope="module")
def brain():
    rng = np.random.default_rng(0)
    weights = np.triu(np.exp(rng.normal(0, 1.5, (8, 8))), 1)
    names = [f"R{i}" for i in range(8)]
    return wc.Connectome(weights + weights.T, normalisation="spectral", regions=names)


@pytest.fixture
def folder(tmp_path, monkeypatch, brain):
    """A connectome, the connectivity of two subjects, and one whose regions are in disorder."""
    import pandas as pd

    monkeypatch.chdir(tmp_path)
    names = list(brain.regions)
    pd.DataFrame(brain.weights, names, names).to_csv("weights.csv")
    net = brain.to_network(gamma=-1.2, coupling_strength=1.0)
    truth = wc.resting(net.replace(gamma=-1.1)).correlation
    np.save("one.npy", truth)
    np.savetxt("two.csv", truth, delimiter=",")
    order = np.random.default_rng(1).permutation(8)
    mixed = [names[i] for i in order]
    pd.DataFrame(truth[np.ix_(order, order)], mixed, mixed).to_csv("mixed.csv")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["fit", "weights.csv", *arguments, "--no-progress"])


@pytest.mark.slow  # fits with nulls
def test_fits_and_reports(folder):
    nulls = ["--null", "shuffled", "--null", "random", "--seed", "3", "--steps", "60"]
    files = ["--json", "fit.json", "--out", "fit.nc", "--plot", "fit.png"]
    result = run("one.npy", "two.csv", "--held-out", "mixed.csv", *nulls, *files)
    assert result.exit_code == 0, result.output
    report = json.loads((folder / "fit.json").read_text())
    assert report["score"] > 0.99 and report["held_out"] > 0.99 and report["lead"] > 0
    assert report["regions"][0] == "R0" and report["seed"] == 3
    assert set(report["parameters"]) == {"coupling_scale", "margin"}
    assert [one["name"] for one in report["outcomes"]] == ["connectome", "shuffled", "random"]
    fitted = wc.Fitted.load(folder / "fit.nc")
    assert fitted.score == pytest.approx(report["score"])
    assert (folder / "fit.png").stat().st_size > 10_000
    for text in ("shuffled", "other subjects", "leads the best null", "wrote fit.nc"):
        assert text in result.output


@pytest.mark.slow  # compiles a fit
def test_json_alone_on_stdout(folder):
    result = run(
        "one.npy", "--steps", "3", "--fit", "gamma=region", "--prior", "0.5", "--json", "-"
    )
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["num_parameters"] == 8 and len(report["parameters"]["gamma"]) == 8
    assert report["lead"] is None and "without --null" in result.stderr


@pytest.mark.slow  # compiles a fit
def test_arrays_of_files_are_chosen(folder, brain):
    rng = np.random.default_rng(2)
    one = np.corrcoef(rng.normal(size=(8, 50)))
    scipy.io.savemat("fc.mat", {"rest": one, "task": np.load("one.npy")})
    scipy.io.savemat("brain.mat", {"SC": brain.weights, "labels": np.array(brain.regions, object)})
    result = CliRunner().invoke(app, ["fit", "brain.mat", "fc.mat", "--no-progress"])
    assert result.exit_code == 2 and "--array='rest'" in result.output.replace("\n", " ")
    chosen = ["--array", "task", "--steps", "20", "--json", "-", "--no-progress"]
    result = CliRunner().invoke(app, ["fit", "brain.mat", "fc.mat", *chosen])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["regions"] == list(brain.regions)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["one.npy", "--fit", "gamma=two"], "NAME=global or NAME=region"),
        (["one.npy", "--fit", "speed=global"], "delay_scale"),
        (["one.npy", "--prior", "1"], "regional parameters"),
        (["one.npy", "--null", "zero"], "shuffled"),
        (["one.npy", "--out", "fit.zarr"], "must end in .nc"),
        (["one.npy", "--plot", "fit.gif"], "must end in .png"),
        (["none.npy"], "none.npy"),
        (["small.csv"], "3 by 3"),
        (["other.csv"], "other regions"),
        (["turned.csv"], "in another order"),
    ],
)
def test_errors(folder, arguments, message):
    import pandas as pd

    np.savetxt("small.csv", np.eye(3), delimiter=",")
    names = [f"S{i}" for i in range(8)]
    pd.DataFrame(np.eye(8) + 0.1, names, names).to_csv("other.csv")
    numbers = [str(i) for i in (2, 1, 3, 4, 5, 6, 7, 8)]
    pd.DataFrame(np.eye(8) + 0.1, numbers, numbers).to_csv("turned.csv")
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert message in result.output
