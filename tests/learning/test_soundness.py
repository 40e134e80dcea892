"""Files of models whose parts do not fit each other: forged with correct checksums, and refused."""

import io
import json
import zipfile
import zlib

import numpy as np
import pytest
from sklearn.datasets import load_wine

from wetcow import datasets
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.io import container
from wetcow.learning.io.container import ModelFileError, read_model, write_model


@pytest.fixture(scope="module")
def images_model(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "images"
    X, y = datasets.load("digits")
    model = WaveClassifier(n_modes=4, patch_size=(3, 5), frame="handwriting")
    model.fit(X[:100], y[:100]).save(path, updatable=True)
    return path


@pytest.fixture(scope="module")
def table_model(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "table"
    X, y = load_wine(return_X_y=True)
    names = np.array(["a", "b", "c"], dtype=object)[y]
    WaveClassifier().fit(X, names).save(path)
    return path


def forge(path, target, change):
    """Write a model again after a change, with the digest of what it then is."""
    header, arrays = read_model(path)
    for own in ("format", "format_version", "wetcow", "arrays"):
        del header[own]
    change(header, arrays)
    write_model(target, header, arrays)
    return target


def put(*path, value):
    def change(header, _):
        for key in path[:-1]:
            header = header[key]
        header[path[-1]] = value

    return change


def make(name, function):
    def change(_, arrays):
        arrays[name] = function(arrays[name])

    return change


def with_nan(array):
    changed = np.array(array)
    changed.flat[0] = np.nan
    return changed


FORGERIES = {
    "a fraction of a pixel": (put("hidden", "image", value=[8, 8.5]), "image is 8.5"),
    "pixels that are no columns": (put("hidden", "image", value=[4, 8]), "do not have 64 columns"),
    "columns": (put("n_features", value=65), "do not have 65 columns"),
    "another frame": (put("hidden", "frame", "size", value=[9, 9]), "modes see"),
    "a frame of text": (put("hidden", "frame", "strength", value="1"), "strength"),
    "a response": (put("hidden", "response", value="rate"), "settings have response"),
    "no response": (put("hidden", "response", value="tanh"), "response is 'tanh'"),
    "no modes": (put("hidden", "geometries", value=[]), "no hidden modes"),
    "regions": (put("hidden", "geometries", 0, "n_regions", value=2), "settings have patches"),
    "padding": (put("hidden", "geometries", 0, "padding", value=-1), "padding is -1"),
    "not normalised": (put("hidden", "geometries", 0, "normalised", value=False), "normalised"),
    "modes in settings": (put("settings", "n_modes", value=5), "is <f4"),
    "settings": (put("settings", "threshold", value=None), "threshold is None"),
    "a parameter": (put("parameters", "n_modes", value=-1), "n_modes"),
    "noise": (put("memory", "kernel", "noise", value=0.0), "noise"),
    "a sharpness": (put("sharpness_", value=-2.0), "sharpness_"),
    "counts": (put("record", "counts", value=[1, 2]), "not counted"),
    "an accuracy": (put("record", "left_out_accuracy", value=3), "left_out_accuracy"),
    "a date": (put("record", "date", value=20261128), "no text"),
    "a convention": (put("convention", "high", value=-1.0), "range"),
    "names": (put("feature_names", value=["a"]), "not 64 names"),
    "NaN in couplings": (make("memory/coupling", with_nan), "memory/coupling' has NaN"),
    "NaN in hidden modes": (make("layer1/excitation", with_nan), "layer1/excitation' has NaN"),
    "NaN in the projection": (make("projection/axes", with_nan), "projection/axes' has NaN"),
    "a code": (put("memory", "kernel", "code", value="tanh"), "code of the kernel is 'tanh'"),
    "sums": (put("memory", "sums", value=100), "sums beside stored examples"),
    "a factor cut": (make("doubt/factor", lambda a: a[:-1]), "doubt/factor"),
    "no factor": (make("doubt/factor", np.zeros_like), "no Cholesky factor"),
    "precision": (make("memory/coupling", lambda a: a.astype("f4")), "memory/coupling"),
    "a class too many": (make("classes", lambda a: np.arange(len(a) + 1)), "memory/coupling"),
    "another label": (make("examples/labels", lambda a: a + 5), "labels that there are not"),
    "an example less": (make("memory/rows", lambda a: a[:-1]), "memory/coupling"),
    "labels in another order": (make("classes", lambda a: a[::-1]), "not sorted"),
    "labels of fractions": (make("classes", lambda a: a + 1j), "labels are"),
    "no spread": (make("hidden/spread", np.zeros_like), "not positive"),
    "a centre": (make("hidden/center", np.ones_like), "not 0"),
    "large and empty": (make("memory/bias", lambda a: np.empty((2**40, 0))), "memory/bias"),
}


TABLES = {
    "a frame": (put("hidden", "frame", value={"size": None, "spread": 0.2}), "no frame"),
    "columns": (make("memory/rows", lambda a: a[:, 1:]), "there is no projection"),
    "a layer": (lambda _, arrays: arrays.update({"layer0/gamma": np.ones(3)}), "are described"),
    "labels of several kinds": (put("classes", "labels", value=["a", 2, "c"]), "not supported"),
    "a label twice": (put("classes", "labels", value=["a", "a", "c"]), "different"),
}


def repacked(path, target, change, compressed=False):
    """Write members again, with correct checksums, after a change of the header alone."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(content["header.json"])
    change(header, None)
    content["header.json"] = json.dumps(header).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, value in content.items():
            first = compressed and name == "header.json"
            archive.writestr(name, value, zipfile.ZIP_DEFLATED if first else zipfile.ZIP_STORED)
    return target


def _with_body(content: bytes, body: bytes, size: int) -> bytes:
    """Return a zip with one member of deflated bytes in place of the stored {}."""
    head = bytearray(content)
    start = head.index(b"PK\1\2")
    local, central, end = head[:start], head[start : head.index(b"PK\5\6")], head[-22:]
    for part, at in ((local, 8), (central, 10)):
        part[at : at + 2] = (8).to_bytes(2, "little")  # deflated
    for part, at in ((local, 18), (central, 20)):
        part[at : at + 8] = len(body).to_bytes(4, "little") + size.to_bytes(4, "little")
    local = local[:-2] + body
    end[16:20] = len(local).to_bytes(4, "little")
    return bytes(local + central + end)


def _alias(member: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    """Return an entry of another name for the same bytes."""
    other = zipfile.ZipInfo(name)
    for field in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
        setattr(other, field, getattr(member, field))
    return other


# Files


def test_what_changes_nothing_is_loaded(images_model, table_model, tmp_path):
    for path in (images_model, table_model):
        again = forge(path, tmp_path / "model", lambda *_: None)
        assert read_model(again)[0] == read_model(path)[0]
        WaveClassifier.load(again)


def test_files_of_earlier_versions_have_neither_digest_nor_convention(images_model, tmp_path):
    def older(header, _):
        del header["digest"], header["convention"]

    old = WaveClassifier.load(repacked(images_model, tmp_path / "model", older))
    X, _ = datasets.load("digits", split="test")
    expected = WaveClassifier.load(images_model).predict_proba(X[:20])
    np.testing.assert_array_equal(old.predict_proba(X[:20]), expected)


# Errors


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_are_refused_and_named(images_model, tmp_path, name):
    change, said = FORGERIES[name]
    path = forge(images_model, tmp_path / "model", change)
    with pytest.raises(ModelFileError, match=said) as caught:
        WaveClassifier.load(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", TABLES)
def test_forged_tables_are_refused(table_model, tmp_path, name):
    change, said = TABLES[name]
    with pytest.raises(ModelFileError, match=said):
        WaveClassifier.load(forge(table_model, tmp_path / "model", change))


def test_what_was_changed_after_it_was_saved_is_refused(images_model, tmp_path):
    changed = repacked(images_model, tmp_path / "model", put("sharpness_", value=1.0))
    with pytest.raises(ModelFileError, match="not those that were saved"):
        WaveClassifier.load(changed)


def test_a_header_that_would_fill_the_memory_is_not_read(images_model, tmp_path, monkeypatch):
    large = repacked(images_model, tmp_path / "model", put("x", value="x" * 10_000_000), True)
    assert large.stat().st_size < images_model.stat().st_size + 50_000
    with pytest.raises(ModelFileError, match="its header says to be of 10,"):
        WaveClassifier.load(large)
    monkeypatch.setattr(container, "LARGEST_HEADER", 1_000)
    with pytest.raises(ModelFileError, match="more than 1,000"):
        WaveClassifier.load(images_model)
    with pytest.raises(ValueError, match="at most 1,000 are read"):
        write_model(tmp_path / "other", {"x": "x" * 1_000}, {})


def test_a_header_as_a_bomb_of_gigabytes(tmp_path):
    """Refused by the size that it declares, 3.2 GB, not when that has been unpacked."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body, size = packer.compress(bytes(2**20)) + packer.flush(), 3_200_000_000
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("header.json", b"{}")
    (tmp_path / "bomb").write_bytes(_with_body(stream.getvalue(), body, size))
    with pytest.raises(ModelFileError, match="its header says to be of 3,200,000,000 bytes"):
        read_model(tmp_path / "bomb")


def test_arrays_that_share_their_bytes_do_not_fill_the_memory(tmp_path):
    """Many members of one array: more bytes than the file has."""
    array = np.zeros(100_000)
    write_model(tmp_path / "model", {}, {"a": array})
    with zipfile.ZipFile(tmp_path / "model") as archive:
        listed = json.loads(archive.read("header.json"))["arrays"]["a"]
        header = json.loads(archive.read("header.json"))
        member = archive.read("a.npy")
    header["arrays"] = {name: listed for name in "abc"}
    del header["digest"]
    with zipfile.ZipFile(tmp_path / "model", "w") as archive:
        archive.writestr("header.json", json.dumps(header))
        archive.writestr("a.npy", member)
        for name in "bc":
            archive.filelist.append(_alias(archive.getinfo("a.npy"), f"{name}.npy"))
    with pytest.raises(ModelFileError, match=r"stored uncompressed|damaged"):
        read_model(tmp_path / "model")
