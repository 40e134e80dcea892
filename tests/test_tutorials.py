"""The code of the tutorials runs from top to bottom, and shows what their text says."""

import pathlib
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

PAGES = pathlib.Path(__file__).parents[1] / "docs" / "tutorials"

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tmp_path, monkeypatch):
    def run(page):
        monkeypatch.chdir(tmp_path)
        names = {}
        for block in re.findall(
            r"```python\n(.*?)```", (PAGES / page).read_text(), flags=re.DOTALL
        ):
            exec(compile(block, page, "exec"), names)
        plt.close("all")
        return names

    return run


def test_every_page_has_a_test():
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {page.stem for page in PAGES.glob("*.md")} <= tested


def test_first_wave(run):
    names = run("first_wave.md")
    wc, mode = names["wc"], names["mode"]
    found = float(wc.spiking_frequency(names["run"], after=50.0)[0])
    assert abs(found / float(mode.spiking_frequency()) - 1) < 1e-3
    error = names["runs"]["frequency"].values[:, 0] / names["exact"] - 1
    assert np.abs(error).max() < 0.02


def test_first_memory(run):
    names = run("first_memory.md")
    wanted = float(names["target"].spiking_frequency())
    assert abs(names["rates"] / wanted - 1).max() < 0.005
    assert float(names["wc"].time_to_synchrony(names["run"])) < 2 * np.pi
    assert np.abs(names["R"]).max() <= 0.2 + 1e-9


def test_first_classifier(run):
    names = run("first_classifier.md")
    X, y = names["X_test"], names["y_test"]
    assert names["clf"].score(X, y) > 0.98
    assert names["learner"].score(X, y) > 0.95
    assert np.median(names["clf"].uncertainty(names["noise"])) > names["clf"].usual_uncertainty_
    assert names["read"] == names["clf"].predict(X[:1])[0]


def test_your_own_mri(run):
    names = run("your_own_mri.md")
    assert np.isfinite(names["maps"]["omega"]).any()
