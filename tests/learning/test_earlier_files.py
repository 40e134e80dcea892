"""Model files of earlier versions, whose networks could have several members."""

import pathlib

import numpy as np
import pytest

import wetcow as wc
from wetcow.learning.io import container
from wetcow.learning.io.container import ModelFileError, read_model, write_model

SMALL = {"n_modes": 4, "patch_size": (3, 5), "n_regions": 1, "frame": None, "mirror": False}
OF_FORMAT_5 = {"n_members": 1, "warm_start": False, "batch_size": 4096}


@pytest.fixture(scope="module")
def digits():
    return wc.datasets.load("digits")


@pytest.fixture
def as_format_5(tmp_path, monkeypatch):
    """Return a file of a fitted estimator as format 5 had it, after a change of its header."""

    def written(estimator, change):
        estimator.save(tmp_path / "model")
        header, arrays = read_model(tmp_path / "model")
        for own in ("format", "format_version", "wetcow", "arrays"):
            del header[own]
        change(header)
        with monkeypatch.context() as patch:
            patch.setattr(container, "FORMAT_VERSION", 5)
            write_model(tmp_path / "old", header, arrays)
        return tmp_path / "old"

    return written


def test_members_with_sizes_of_their_own_are_one_network(digits, tmp_path):
    """Written by the version of 2026-11-30, with what it answered."""
    folder = pathlib.Path(__file__).parent / "data"
    clf = wc.WaveClassifier.load(folder / "members.wetcow")
    wanted = np.load(folder / "members.npz")["criticality"]
    np.testing.assert_allclose(clf.criticality(digits[0][300:310]), wanted, atol=1e-5)
    assert clf.patch_size == clf.settings_.patch_size == (3, 3, 5)
    assert clf.augmentation == "garments" and not hasattr(clf, "n_members")
    # Each had its banks for brightness, then for roots: (3,), then (3, 5).
    roots = [geometry.root for geometry in clf.hidden_.geometries]
    assert roots == [False, True, False, False, True, True]
    clf.save(tmp_path / "again")
    again = wc.WaveClassifier.load(tmp_path / "again")
    np.testing.assert_array_equal(again.criticality(digits[0]), clf.criticality(digits[0]))
    assert read_model(tmp_path / "again")[0]["format_version"] == 6
    again.partial_fit(digits[0][20:60], digits[1][20:60], classes=range(10))
    assert again.fit(digits[0][:60], digits[1][:60]).hidden_.n_codes == clf.hidden_.n_codes


@pytest.mark.parametrize("given", [[3], 3, None])
def test_members_alike_are_one_network(digits, as_format_5, given):
    X, y = digits[0][:60], digits[1][:60]
    clf = wc.WaveClassifier(**SMALL | {"patch_size": (3, 3)}).fit(X, y)

    def two_members(header):
        header["parameters"] |= OF_FORMAT_5 | {"n_members": 2, "patch_size": given}
        header["settings"]["patch_size"] = [3]

    loaded = wc.WaveClassifier.load(as_format_5(clf, two_members))
    assert loaded.patch_size == loaded.settings_.patch_size == (3, 3)
    np.testing.assert_array_equal(loaded.criticality(X), clf.criticality(X))


@pytest.mark.parametrize("kind", [wc.WaveClassifier, wc.WaveRegressor, wc.WaveFeatures])
@pytest.mark.parametrize("image_shape", ["auto", None])
def test_what_had_no_members_stays_as_it_is(digits, as_format_5, kind, image_shape):
    X, y = digits[0][:60].reshape(60, -1), digits[1][:60]
    model = kind(**SMALL, image_shape=image_shape).fit(X, y)
    own = OF_FORMAT_5 if kind is wc.WaveClassifier else {"batch_size": 70}
    loaded = kind.load(as_format_5(model, lambda header: header["parameters"].update(own)))
    assert loaded.get_params() == model.get_params()
    assert loaded.settings_ == model.settings_


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header["settings"].update(patch_size=[]),
        lambda header: header["settings"].update(patch_size=[[]]),
        lambda header: header["settings"].update(patch_size=[[3], [[5]]]),
        lambda header: header["settings"].update(patch_size=[[3], [5], [5]]),
        lambda header: header["settings"].update(patch_size=[5]),
        lambda header: header["settings"].update(encoding=[]),
        lambda header: header["parameters"].update(augmentation=[1]),
        lambda header: header["parameters"].update(patch_size=[[3], [0]]),
        lambda header: header["hidden"].update(geometries=None),
        lambda header: header["hidden"]["geometries"].pop(),
    ],
)
def test_members_that_contradict_the_modes_are_refused(digits, as_format_5, change):
    clf = wc.WaveClassifier(**SMALL).fit(digits[0][:60], digits[1][:60])

    def damaged(header):
        header["parameters"] |= OF_FORMAT_5
        change(header)

    with pytest.raises(ModelFileError, match="is not a model"):
        wc.WaveClassifier.load(as_format_5(clf, damaged))


def test_files_of_this_version_have_no_members(digits, tmp_path):
    clf = wc.WaveClassifier(**SMALL).fit(digits[0][:60], digits[1][:60])
    clf.save(tmp_path / "model")
    header, arrays = read_model(tmp_path / "model")
    for own in ("format", "format_version", "wetcow", "arrays"):
        del header[own]
    header["settings"]["patch_size"] = [[3], [5]]
    write_model(tmp_path / "model", header, arrays)
    with pytest.raises(ModelFileError, match="at least 1"):
        wc.WaveClassifier.load(tmp_path / "model")


@pytest.mark.parametrize("kind", [["classifier"], {"classifier": 1}, "tree", None])
def test_what_is_no_kind_of_model_is_refused(digits, as_format_5, kind):
    path = as_format_5(
        wc.WaveClassifier(**SMALL).fit(digits[0][:60], digits[1][:60]),
        lambda header: header.update(kind=kind),
    )
    with pytest.raises(ModelFileError, match="not a model"):
        wc.WaveClassifier.load(path)
