"""Data of every kind that users have: the same result as from NumPy, without needless copies."""

import tracemalloc

import h5py
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
import zarr
from sklearn.exceptions import NotFittedError

from wetcow import datasets
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data import samples, validation
from wetcow.learning.io.container import ModelFileError, read_model, write_model
from wetcow.learning.memory import landmarks as landmark_memory


@pytest.fixture(scope="module")
def images():
    """Digits as cameras give them: whole numbers, here 0 to 16."""
    X, y = datasets.load("digits")
    return np.round(X[:200] * 16).astype(np.uint8), y[:200]


def fitted(X, y, **parameters):
    return WaveClassifier(n_modes=8, **parameters).fit(X, y)


@pytest.fixture(scope="module")
def expected(images):
    """Criticalities from float64, the kind that needs no conversion."""
    X, y = images
    return fitted(X.astype(np.float64), y).criticality(X)


def check(X, y, expected, seen=None):
    clf = fitted(X, y)
    seen = X if seen is None else seen
    assert clf.image_shape_ == (8, 8)
    for answer in (clf.criticality, clf.predict, clf.predict_proba, clf.uncertainty):
        assert type(answer(seen)) is np.ndarray
    assert type(clf.classes_) is np.ndarray
    np.testing.assert_array_equal(clf.criticality(seen), expected)


NUMBERS = ["uint8", "int16", "int64", "float16", "float32", "float64", "longdouble", ">f4", ">i2"]


class DLPack:
    """An array with nothing but DLPack's protocol."""

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, **keywords):
        return self._array.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()


def peak_of(function):
    """Most bytes that NumPy and Python had at a time."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("flat", [False, True])
def test_numbers_of_all_kinds(images, expected, dtype, flat):
    X = images[0].astype(dtype)
    check(X.reshape(200, 64) if flat else X, images[1], expected)


@pytest.mark.slow
def test_black_and_white(images):
    X, y = images[0] > 8, images[1]
    assert X.dtype == bool
    expected = fitted(X.astype(float), y).criticality(X.astype(float))
    np.testing.assert_array_equal(fitted(X, y).criticality(X), expected)


@pytest.mark.slow
@pytest.mark.parametrize("cache_size", [0, 2e5, 1e9])
def test_labels_are_one_hot_block_by_block_whatever_is_kept(images, cache_size, monkeypatch):
    one = fitted(*images)
    monkeypatch.setattr(samples, "BATCH_SIZE", 30)
    many = fitted(*images, cache_size=cache_size)
    found, expected = many.criticality(images[0]), one.criticality(images[0])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    assert many.inverse_temperature_ == pytest.approx(one.inverse_temperature_, rel=1e-4)


def test_floats_are_converted_only_if_they_must():
    x = np.ones((2, 2), np.float32)
    assert validation.as_floats(x) is x
    assert validation.as_floats(np.ones(2, np.longdouble)).dtype == np.float64


def test_a_failed_fit_keeps_what_was_learned(images):
    """Also of data of another shape, whose number of features would not fit the old modes."""
    X, y = images
    clf = fitted(X, y)
    before = {name: value for name, value in vars(clf).items() if name.endswith("_")}
    for bad in (X[:, 1:].astype(float) * [np.nan], X[:, :2]):  # no numbers; smaller than a patch
        with pytest.raises(ValueError):
            clf.fit(bad, y)
        assert all(vars(clf)[name] is value for name, value in before.items())
    assert clf.predict(X).shape == (200,)


# An independent integrator or library


@pytest.mark.slow
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize(
    "kind", ["jax", "bfloat16", "torch", "h5py", "zarr", "xarray", "list", "nested", "dlpack"]
)
def test_arrays_of_other_libraries(images, expected, tmp_path, kind, flat):
    X, y = images
    X = X.reshape(200, 64) if flat else X
    if kind == "jax":
        check(jnp.asarray(X), jnp.asarray(y), expected)
    elif kind == "bfloat16":  # exact for whole numbers up to 256
        check(jnp.asarray(X, jnp.bfloat16), y, expected)
    elif kind == "torch":
        torch = pytest.importorskip("torch")
        check(torch.as_tensor(X), torch.as_tensor(y), expected)
    elif kind == "h5py":
        with h5py.File(tmp_path / "images.h5", "w") as file:
            file["X"], file["y"] = X, y
            check(file["X"], file["y"], expected)
    elif kind == "zarr":
        check(zarr.array(X), zarr.array(y), expected)
    elif kind == "xarray":
        check(xr.DataArray(X), xr.DataArray(y), expected)
    elif kind == "list":
        check(list(X), list(y), expected)
    elif kind == "nested":
        check(X.tolist(), y.tolist(), expected)
    else:
        check(DLPack(X), y, expected)


# Files


def test_labels_that_are_strings_and_data_frames(images, expected, tmp_path):
    pandas = pytest.importorskip("pandas")
    names = [f"pixel {i}" for i in range(64)]
    frame = pandas.DataFrame(images[0].reshape(200, 64), columns=names)
    labels = pandas.Series([f"digit {label}" for label in images[1]])
    clf = fitted(frame, labels)
    np.testing.assert_array_equal(clf.criticality(frame), expected)
    assert clf.predict(frame)[0].startswith("digit ")

    clf.save(tmp_path / "model")
    loaded = WaveClassifier.load(tmp_path / "model")
    assert loaded.feature_names_in_.dtype == object
    np.testing.assert_array_equal(loaded.feature_names_in_, names)
    np.testing.assert_array_equal(loaded.predict(frame), clf.predict(frame))
    with pytest.raises(ValueError, match="feature names should match"):
        loaded.predict(frame[names[::-1]])
    fitted(*images).save(tmp_path / "nameless")
    assert not hasattr(WaveClassifier.load(tmp_path / "nameless"), "feature_names_in_")


@pytest.mark.slow
def test_a_memory_map_is_neither_copied_nor_converted(images, tmp_path, monkeypatch):
    monkeypatch.setattr(landmark_memory, "NUM_CALIBRATING", 100)
    monkeypatch.setattr(samples, "BATCH_SIZE", 100)
    X = np.kron(images[0], np.ones((30, 3, 3), np.uint8))  # 6,000 of 24×24 pixels
    y = np.repeat(images[1], 30)
    np.save(tmp_path / "images.npy", X)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap) and not mapped.flags.writeable
    clf = WaveClassifier(n_modes=2, patch_size=3, n_regions=1, n_memories=100)
    clf.partial_fit(X[::20], y[::20])  # hidden modes and landmarks are made and compiled
    for learn in (lambda: clf.partial_fit(mapped, y), lambda: clf.predict(mapped)):
        assert peak_of(learn) < X.nbytes  # measured: 0.67; a copy in float32 alone would be 4
    here = clf.criticality(mapped[:50])
    np.testing.assert_array_equal(here, clf.criticality(X[:50]))


# Errors


def test_unfit_data_are_refused(images):
    X, y = images
    clf = fitted(X, y)
    with pytest.raises(ValueError, match="of 5 axes, but images are"):
        clf.predict(X[..., None, None])
    with pytest.raises(ValueError, match="64 features"):
        clf.predict(X.reshape(200, 64)[:, 1:])
    for other in (X[:, 1:], X.reshape(200, 4, 16)):
        with pytest.raises(ValueError, match=r"stack of images of shape .*, but .* \(8, 8\)"):
            clf.predict(other)
        with pytest.raises(ValueError, match="stack of images"):
            clf.partial_fit(other, y)
    with pytest.raises(ValueError, match="0 sample"):
        clf.predict(X[:0])
    with pytest.raises(ValueError, match="NaN"):
        clf.predict(np.where(np.arange(64) == 5, np.nan, X.reshape(200, 64)))
    with pytest.raises(ValueError, match=r"[Cc]omplex"):
        clf.fit(X * 1j, y)
    with pytest.raises(ValueError, match="numeric"):
        clf.fit(X.astype(str), y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        clf.fit(jnp.asarray(X), y[:-1])


@pytest.mark.parametrize("kind", ["array", "rows in a list", "labels"])
def test_masked_entries_are_no_numbers(images, kind):
    X, y = images
    masked = np.ma.masked_greater(X, 15)
    learned, labels = {
        "array": (masked, y),
        "rows in a list": ([*masked], y),
        "labels": (X, np.ma.masked_equal(y, 3)),
    }[kind]
    for learn in (WaveClassifier().fit, WaveClassifier().partial_fit):
        with pytest.raises(ValueError, match="masked entries, which are not numbers"):
            learn(learned, labels)
    if kind != "labels":
        clf = fitted(X, y)
        for answer in (clf.predict, clf.uncertainty, clf.decision_function):
            with pytest.raises(ValueError, match="masked"):
                answer(learned)
        with pytest.raises(ValueError, match="masked"):
            clf.to_network(masked[:1])
        whole = np.ma.masked_greater(X, 99)  # nothing is masked
        np.testing.assert_array_equal(clf.predict(whole), clf.predict(X))


@pytest.mark.slow
@pytest.mark.parametrize("factor", [1e20, 1e38, 1e300])
def test_numbers_that_are_too_large_have_no_answer(images, factor):
    """They had one of p = 0.99999, or class 0 from NaN."""
    X, y = images
    table = X.reshape(200, 64).astype(float)
    for parameters in ({"image_shape": None}, {"frame": "seven", "patch_size": 3}, {}):
        clf = fitted(X, y, n_regions=1, **parameters)
        for answer in (clf.predict, clf.predict_proba, clf.uncertainty):
            with pytest.raises(ValueError, match=r"too large|learned images with"):
                answer(table * factor)
            if factor < 1e38:
                with pytest.raises(ValueError, match=r"too large|learned images with"):
                    answer((table * factor).astype(np.float32))
        with pytest.raises(ValueError, match=r"too large|learned images with"):
            answer(np.where(np.arange(64) == 9, factor, table))
    if factor == 1e300:
        for shape in ("auto", None):
            with pytest.raises(ValueError, match="values that are too large"):
                WaveClassifier(image_shape=shape).fit(table * factor, y)


@pytest.mark.parametrize("shape", [(0, 64), (0, 8, 8), (5, 0), (5, 0, 8), (5, 8, 0), (0,), ()])
def test_empty_arrays(images, shape):
    clf = fitted(*images)
    for learn in (WaveClassifier().fit, clf.fit, clf.partial_fit):
        with pytest.raises(ValueError):
            learn(np.empty(shape), np.zeros(shape[0] if shape else 0, int))
    with pytest.raises(ValueError):
        clf.predict(np.empty(shape))
    assert clf.predict(images[0]).shape == (200,)


@pytest.mark.parametrize("shape", [(8.5, 8), (8.0, 8), (np.float64(8), 8), (8, -8), (True, 64)])
def test_fractional_and_other_image_shapes(images, shape):
    with pytest.raises(ValueError, match=r"must be 'auto', \(height, width\), \(height, width, ch"):
        WaveClassifier(image_shape=shape).fit(*images)


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ([], "a list of labels"),
        ([[1, 2]], "a list of labels"),
        ({1, 2}, "a list of labels"),
        ([0.0, np.nan], "NaN"),
        (np.ma.masked_equal([1, 2, 3], 2), "masked"),
        (["0", "1"], "one is text"),
    ],
)
def test_declared_classes_that_are_none(images, classes, said):
    with pytest.raises(ValueError, match=said):
        WaveClassifier().partial_fit(*images, classes=classes)


def test_every_missing_parameter_is_named(images, tmp_path):
    fitted(*images).save(tmp_path / "model")
    parameters = WaveClassifier().get_params()
    del parameters["progress"], parameters["checkpoint"]
    for name in parameters:
        header, arrays = read_model(tmp_path / "model")
        for own in ("format", "format_version", "wetcow", "arrays"):
            del header[own]
        del header["parameters"][name]
        write_model(tmp_path / "partial", header, arrays)
        with pytest.raises(ModelFileError, match=f"partial is not a model.*{name}.*missing"):
            WaveClassifier.load(tmp_path / "partial")


@pytest.mark.slow
@pytest.mark.parametrize("flat", [False, True])
def test_network_of_one_image(images, flat):
    clf = WaveClassifier(n_modes=4, n_regions=1, response="amplitude").fit(*images)
    image = images[0][0]
    network = clf.to_network(image.ravel() if flat else image)
    assert network.size > 64 * 4 + 2 * network.n_random + 10
    with pytest.raises(NotFittedError):
        WaveClassifier().to_network(image)
