"""Model files: what was written comes back, and what was damaged is refused."""

import io
import json
import os
import pathlib
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

import wetcow
from wetcow.learning.io.container import FORMAT_VERSION, ModelFileError, read_model, write_model
from wetcow.learning.io.labels import pack_labels, unpack_labels

HEADER = {"params": {"ridge": 0.1, "padding": None}, "name": "größer"}
ARRAYS = {"coupling": np.arange(6.0).reshape(2, 3), "layers/0/gamma": np.array([1, 2], np.int16)}
DTYPES = hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.floating_dtypes(sizes=(16, 32, 64))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.wetcow"


@pytest.fixture
def written(path):
    write_model(path, HEADER, ARRAYS)
    return path


def same(left, right):
    np.testing.assert_array_equal(left, right)
    return left.dtype == right.dtype and left.shape == right.shape


def rewrite(path, change=lambda header: None, **members):
    """Write the members again after a change of the header; bytes of members replace theirs."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(content["header.json"])
    change(header)
    content["header.json"] = json.dumps(header).encode()
    content |= {f"{name}.npy": value for name, value in members.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in content.items():
            if value is not None:
                archive.writestr(name, value)


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def set_shape(header):
    header["arrays"]["coupling"]["shape"] = [3, 2]


def set_dtype(header):
    header["arrays"]["coupling"]["dtype"] = "<f4"


# Known answers


def test_header_and_arrays_come_back(written):
    header, arrays = read_model(written)
    assert {name: header[name] for name in HEADER} == HEADER
    assert (header["format"], header["format_version"]) == ("wetcow-model", FORMAT_VERSION)
    assert header["wetcow"] == wetcow.__version__
    assert list(arrays) == list(ARRAYS)
    assert all(same(arrays[name], ARRAYS[name]) for name in ARRAYS)
    with zipfile.ZipFile(written) as archive:  # readable by others
        assert archive.namelist()[0] == "header.json" and archive.testzip() is None
        assert same(np.load(archive.open("coupling.npy")), ARRAYS["coupling"])


def test_values_of_numpy_and_paths_in_the_header(path):
    write_model(
        path, {"n": np.int64(3), "x": np.float32(0.5), "v": np.ones(2), "p": pathlib.Path("a")}, {}
    )
    header, _ = read_model(path)
    assert [header[name] for name in "nxvp"] == [3, 0.5, [1, 1], "a"]


@pytest.mark.parametrize(
    "header, arrays, error, said",
    [
        ({"a": {"b": [float("nan")]}}, {}, ValueError, "NaN"),
        ({"a": np.array([np.inf])}, {}, ValueError, "infinity"),
        ({"a": {1, 2}}, {}, TypeError, "set"),
        ({"format": 1}, {}, ValueError, "format"),
        ({}, {"a": np.array([None])}, TypeError, "'a' has dtype object"),
        ({}, {"a": np.zeros(2, "f4,i4")}, TypeError, "dtype"),
        ({}, {"../a": np.zeros(2)}, ValueError, "'../a'"),
    ],
)
def test_what_cannot_be_saved_leaves_the_old_file(written, header, arrays, error, said):
    before = written.read_bytes()
    with pytest.raises(error, match=said):
        write_model(written, header, arrays)
    assert written.read_bytes() == before
    assert os.listdir(written.parent) == [written.name]


def test_interrupted_writing_leaves_the_old_file(written, monkeypatch):
    before = written.read_bytes()

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(np.lib.format, "write_array", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_model(written, {}, {"a": np.zeros(3)})
    assert written.read_bytes() == before
    assert os.listdir(written.parent) == [written.name]


@pytest.mark.parametrize(
    "labels",
    [
        np.array([1, 2, 2**40]),
        np.array([0, 255], np.uint8),
        np.array([-0.5, 1e-300]),
        np.array([False, True]),
        np.array(["cat", "größer"]),
        np.array(["cat", "a\0b"], dtype=object),
        np.array([1, 2.5, True, None, "x", 2**80, np.int64(4), np.str_("y")], dtype=object),
        np.array([], dtype=object),
    ],
)
def test_labels_of_any_kind_come_back(path, labels):
    packed = pack_labels(labels)
    if isinstance(packed, np.ndarray):
        write_model(path, {}, {"classes": packed})
        labels_read = unpack_labels(read_model(path)[1]["classes"])
    else:
        write_model(path, {"classes": packed}, {})
        labels_read = unpack_labels(read_model(path)[0]["classes"])
    assert same(labels_read, labels)
    if labels.dtype == object:
        wanted = [getattr(label, "item", lambda label=label: label)() for label in labels]
        assert [type(label) for label in labels_read] == [type(label) for label in wanted]


# Limits


def test_large_array_is_not_copied_in_memory(path):
    import tracemalloc

    array = np.zeros(8_000_000)
    tracemalloc.start()
    write_model(path, {}, {"a": array})
    assert tracemalloc.get_traced_memory()[1] < array.nbytes / 2  # NumPy's buffer has 16 MB
    tracemalloc.stop()
    assert same(read_model(path)[1]["a"], array)


# Files


@given(array=hnp.arrays(DTYPES | hnp.unicode_string_dtypes(), hnp.array_shapes(min_dims=0)))
def test_any_array_comes_back(array, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.wetcow"
    write_model(path, {}, {"a": array, "transposed": array.T, "none": array.ravel()[:0]})
    _, arrays = read_model(path)
    assert same(arrays["a"], array) and same(arrays["transposed"], array.T)
    assert same(arrays["none"], array.ravel()[:0])


def test_equal_models_give_equal_files(written, tmp_path):
    write_model(tmp_path / "again", HEADER, ARRAYS)
    assert (tmp_path / "again").read_bytes() == written.read_bytes()


# Errors


def test_missing_file(path):
    with pytest.raises(FileNotFoundError):
        read_model(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"hello" * 50, b"\x80\x04\x95", npy(np.ones(3))])
def test_foreign_files(path, content):
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model\.wetcow is .*WaveClassifier\.save"):
        read_model(path)


def test_other_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("header.json", "{}")
    with pytest.raises(ModelFileError, match="not a wetcow model"):
        read_model(path)


def test_truncated_anywhere(written):
    content = written.read_bytes()
    for length in range(len(content)):
        written.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match=r"damaged|empty|not a wetcow model"):
            read_model(written)


@pytest.mark.slow
@pytest.mark.parametrize("flip", [0xFF, 0x01, 0x80])
def test_damage_is_refused_or_harmless(written, flip):
    """Bytes that no one reads, such as dates, may differ; the contents never do."""
    content, refused = bytearray(written.read_bytes()), 0
    whole, _ = read_model(written)
    for position in range(len(content)):
        content[position] ^= flip
        written.write_bytes(content)
        content[position] ^= flip
        try:
            header, arrays = read_model(written)
        except ModelFileError:
            refused += 1
        else:
            assert header == whole
            assert all(same(arrays[name], ARRAYS[name]) for name in ARRAYS)
    assert refused > 0.8 * len(content)


@pytest.mark.parametrize(
    "change, members, said",
    [
        (lambda header: header.update(format="other"), {}, "not a wetcow model"),
        (lambda header: header.update(format_version="1"), {}, "format_version is '1'"),
        (lambda header: header.update(arrays=None), {}, "lists no arrays"),
        (lambda header: header["arrays"].update(more={}), {}, "'more' is missing"),
        (set_shape, {}, "coupling.*lists"),
        (set_dtype, {}, "coupling.*lists"),
        (lambda header: None, {"coupling": None}, "'coupling' is missing"),
        (lambda header: None, {"coupling": npy(np.ones((3, 2)))}, "lists"),
        (lambda header: None, {"coupling": npy(ARRAYS["coupling"]) + b"\0"}, "not as long"),
        (lambda header: None, {"coupling": npy(ARRAYS["coupling"])[:-1]}, "not as long"),
        (
            lambda header: header["arrays"]["coupling"].update(shape=[1], dtype="|O"),
            {"coupling": npy(np.array([{}]), allow_pickle=True)},
            "dtype object",
        ),
    ],
)
def test_contents_that_disagree(written, change, members, said):
    rewrite(written, change, **members)
    with pytest.raises(ModelFileError, match=said) as caught:
        read_model(written)
    assert str(written) in str(caught.value)


def test_newer_format_names_the_version_that_wrote_it(written):
    newer = {"format_version": FORMAT_VERSION + 1, "wetcow": "9.1", "arrays": []}
    rewrite(written, lambda header: header.update(newer))
    with pytest.raises(ModelFileError, match=r"written by wetcow 9\.1.*pip install -U"):
        read_model(written)


@pytest.mark.parametrize(
    "labels, said",
    [
        (np.array([(1, 2), "a"], dtype=object), "tuple"),
        (np.array([float("nan"), "a"], dtype=object), "nan"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "datetime64"),
        (np.array([b"a"]), "dtype"),
    ],
)
def test_labels_that_cannot_be_saved(labels, said):
    with pytest.raises(TypeError, match=f"labels that can be saved are.*{said}"):
        pack_labels(labels)


@pytest.mark.parametrize("packed", [None, {}, {"labels": 3}, {"labels": [[1]]}])
def test_damaged_labels(packed):
    with pytest.raises(ModelFileError, match="labels"):
        unpack_labels(packed)
