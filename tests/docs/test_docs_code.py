"""The code of every page runs from top to bottom, and shows what the text says.

What takes long only because runs are long or large is made shorter here, as `SMALLER` says; the
site runs tutorials as they are.
"""

import pathlib
import re
import shutil

import matplotlib.pyplot as plt
import numpy as np
import pytest

DOCS = pathlib.Path(__file__).parents[2] / "docs"
# Lines such as ":mystnb: …" say how the site shows a block.
BLOCK = re.compile(
    r"^```(?:python|{code-cell} python)\n(?::[^\n]*\n)*(.*?)^```", flags=re.DOTALL | re.MULTILINE
)
GENERATED = {"_build", "gallery", "generated", "notebooks"}


def pages_with_code():
    """Names of pages, as in "tutorials/first_wave", by what they have in blocks."""
    pages = {}
    for path in sorted(DOCS.rglob("*.md")):
        name = path.relative_to(DOCS)
        if not GENERATED & set(name.parts) and (blocks := BLOCK.findall(path.read_text("utf-8"))):
            pages[name.with_suffix("").as_posix()] = blocks
    return pages


PAGES = pages_with_code()

# Parts of code by what stands for them here. Fixed steps are compiled several times as fast.
SMALLER = {
    "brain": {"t1=4800.0, num_samples=4801": "t1=480.0, num_samples=481", "slice(60,": "slice(3,"},
    "connectomes": {"t1=600.0, num_samples=12001": "t1=600.0, num_samples=12001, dt=0.05"},
    "howto": {
        "t1=50.0, seed=0": "t1=50.0, dt=0.025, seed=0",
        "t1=75.0, num_samples=3001, seed=0": "t1=75.0, dt=0.025, num_samples=3001, seed=0",
        "t1=60.0, num_samples=601, gamma": "t1=60.0, dt=0.05, num_samples=601, gamma",
        "t1=50.0, drive=kick": "t1=50.0, dt=0.05, drive=kick",
        "t1=50.0, drive=wc.Drive(": "t1=50.0, dt=0.05, drive=wc.Drive(",
        "t1=50.0, drive=slow": "t1=50.0, dt=0.05, drive=slow",
        "t1=50.0, num_samples=501, drive": "t1=50.0, dt=0.05, num_samples=501, drive",
        "simulate(many, 200.0,": "simulate(many, 200.0, dt=0.005,",
        "t1=20.0, devices": "t1=20.0, dt=0.05, devices",
        "label in np.unique(y[:100]):": "label in np.unique(y[:100])[:3]:",
    },
    "tutorials/first_brain": {
        "t1=800.0, num_samples=801, noise=1e-3": "t1=800.0, num_samples=801, dt=0.1, noise=1e-3",
        '"steps": 60': '"steps": 30',
    },
    "tutorials/first_classifier": {"n_modes=64, random_state=0": "n_modes=24, random_state=0"},
}


def code_of(page):
    """Blocks of a page, smaller; all that is to be replaced is there."""
    blocks, smaller = PAGES[page], SMALLER.get(page, {})
    for part, other in smaller.items():
        assert any(part in block for block in blocks), f"{part!r} stands no longer in {page}.md"
        blocks = [block.replace(part, other) for block in blocks]
    return blocks


def check_first_wave(names):
    wc, mode = names["wc"], names["mode"]
    found = float(wc.spiking_frequency(names["run"], after=50.0)[0])
    assert abs(found / float(mode.spiking_frequency()) - 1) < 1e-3
    error = names["runs"]["frequency"].values[:, 0] / names["exact"] - 1
    assert np.abs(error).max() < 0.001


def check_first_memory(names):
    wanted = float(names["target"].spiking_frequency())
    assert abs(names["rates"] / wanted - 1).max() < 0.005
    assert float(names["wc"].time_to_synchrony(names["run"])) < 1  # linear period
    assert np.abs(names["R"]).max() <= 0.2 + 1e-9
    assert names["order"] < 0.9 and set(names["spikes"]) != {9}


def check_first_classifier(names):
    X, y = names["X_test"], names["y_test"]
    assert names["clf"].score(X, y) > 0.98
    assert names["learner"].score(X, y) > 0.95
    assert np.median(names["clf"].uncertainty(names["noise"])) > names["clf"].uncertainty_threshold_
    assert names["read"] == names["clf"].predict(X[:1])[0]


def check_first_brain(names):
    two, regional = names["two"], names["regional"]
    assert two.held_out > 0.5 and two.lead > 0.3
    assert regional.score > two.score and regional.held_out > 0.5
    assert names["agreement"].pearson > 0.5


def check_your_own_mri(names):
    assert np.isfinite(names["maps"]["omega"]).any()


def check_tissue(names):
    assert names["tissue"].mask.sum() == 972
    assert float(names["field"].psi[-1].std()) < float(names["field"].psi[0].std())
    assert names["net"].size == 3


def check_connectomes(names):
    assert names["run"].sizes["mode"] == 76
    assert names["found"].size.max() > 1


def check_theory(names):
    """The sign of [20] replays the target, that of [30] as printed does not."""
    rate = float(names["target"].spiking_frequency())
    ours, printed = (found["rate"].values for found in names["found"].values())
    orders = [found["order"].values for found in names["found"].values()]
    assert np.abs(ours / rate - 1).max() < 1e-3 and orders[0].min() > 0.999
    silent = (printed == 0).any(axis=1)
    assert silent.sum() == 4 and printed[~silent].min() == pytest.approx(0.378, abs=0.002)
    assert printed[~silent].max() == pytest.approx(0.785, abs=0.002)
    fastest = np.nanmax(printed[silent], axis=1)
    assert 0.61 < fastest.min() and fastest.max() < 1.61
    assert 0.48 < orders[1].min() and orders[1].max() < 0.785
    assert names["accuracy"] > 0.95 and abs(names["finite"] - names["limit"]) < 0.02


def check_howto(names):
    certain, unlike = names["certain"], names["unlike"]
    assert certain[:100].mean() >= 0.95
    assert certain[100:].mean() <= 0.05
    assert unlike[:100].mean() <= 0.02 and unlike[100:].mean() >= 0.95
    assert names["runs"]["order"].sizes == {"gamma": 2, "coupling_strength": 2, "seed": 4}
    assert names["reader"].predict([names["image"]])[0] == names["y"][1200]
    assert (names["labels"] == names["clf"].predict(names["rows"])).all()
    assert names["colours"].score(names["photos"][240:], names["hue"][240:]) == 1
    wanted = names["clf"].predict_proba(names["rows"])
    assert np.quantile(np.abs(names["probabilities"] - wanted).max(axis=1), 0.99) < 1e-5


def check_gradients(names):
    assert float(names["slope"]) == pytest.approx(float(names["difference"]), rel=1e-5)
    assert abs(float(names["slope"])) > 0.01


def check_brain(names):
    assert names["rest"].margin > 0 and names["fitted"].score > 0.99
    assert names["fitted"].lead > 0.1 and "leads the best null" in names["fitted"].summary()


def check_explorer(names):
    mode = names["mode"]
    assert mode.criticality == pytest.approx(0.95) and mode.regime == "spiking: below criticality"
    exact, integrated = mode.frequencies["exact"], mode.frequencies["integrated"]
    assert abs(integrated / exact - 1) < 0.005
    assert names["memory"].replaying.all()


def check_learning(names):
    X, y = names["X"], names["y"]
    assert names["model"].score(X[1::2], y[1::2]) > 0.9
    off = np.abs(names["diabetes"][1][300:] - names["progression"])
    assert 0.85 < np.mean(off < 1.96 * names["std"]) < 1


CHECKS = {
    "learning": check_learning,
    "tutorials/first_wave": check_first_wave,
    "tutorials/first_memory": check_first_memory,
    "tutorials/first_classifier": check_first_classifier,
    "tutorials/first_brain": check_first_brain,
    "tutorials/your_own_mri": check_your_own_mri,
    "tissue": check_tissue,
    "connectomes": check_connectomes,
    "theory": check_theory,
    "gradients": check_gradients,
    "brain": check_brain,
    "howto": check_howto,
    "explorer": check_explorer,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The files that pages take for the reader's own."""
    import nibabel
    from dipy.data import get_fnames

    import wetcow as wc

    found, (image, bvals, bvecs) = tmp_path_factory.mktemp("own"), get_fnames(name="small_64D")
    volume = nibabel.load(image)
    nibabel.save(volume, found / "dwi.nii.gz")
    shutil.copy(bvals, found / "bvals")
    shutil.copy(bvecs, found / "bvecs")
    mask = wc.conductivity_from_dwi(image, bvals, bvecs, non_positive="exclude").mask
    nibabel.save(
        nibabel.Nifti1Image(np.asarray(mask, np.uint8), volume.affine), found / "mask.nii.gz"
    )
    return found


@pytest.fixture
def folder(files, tmp_path, monkeypatch):
    """A folder with them, in which pages may write."""
    shutil.copytree(files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


def test_what_pages_say_is_checked():
    assert set(PAGES) == set(CHECKS)


@pytest.mark.filterwarnings("ignore:.*spiked less than twice")  # of [30] as it is printed
@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_page(page, folder):
    names = {}
    try:
        for block in code_of(page):
            exec(compile(block, f"{page}.md", "exec"), names)
    finally:
        plt.close("all")
    CHECKS[page](names)
