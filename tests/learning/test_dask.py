"""Dask arrays: what NumPy arrays give, without bringing the data to this process."""

import contextlib
import copy
import functools
import os
import subprocess
import sys
import time
import weakref

import numpy as np
import pytest

from wetcow import datasets
from wetcow.learning import pipeline
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data import batches, dask_cluster, samples
from wetcow.learning.memory import examples as memory, landmarks as landmark_memory
from wetcow.learning.model.statistics import Statistics
from wetcow.learning.views import construction

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

# Of the scheduler's status page, which nobody looks at, if several tests run at once.
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*Port \d+ is already in use:UserWarning")

# How images are seen is decided from the first rows in one test alone.
AS_THEY_ARE = {"frame": None, "mirror": False}
PARAMETERS = {"n_modes": 8, "patch_size": 3, "tolerance": 1e-7, **AS_THEY_ARE}
UNEVEN = (130, 200, 0, 45, 25, 200)  # chunks of 600 images


@pytest.fixture(scope="module", autouse=True)
def several_batches():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(samples, "BATCH_SIZE", 150)
        yield


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.load("digits")
    return X[:600], y[:600]


@functools.cache
def fitted(how="as they are", **parameters):
    """A classifier of these images as NumPy arrays, fitted once; who changes it takes a copy."""
    X, y = datasets.load("digits")
    X, y = X[:600], y[:600]
    seen = {"as they are": X, "whole numbers": np.round(X * 16), "without a row": X[:, 1:]}[how]
    return WaveClassifier(**PARAMETERS | parameters).fit(seen, y)


@contextlib.contextmanager
def two_workers(*, processes):
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=processes, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def threads():
    """Two workers which are threads: all of the cluster but what is between processes."""
    with two_workers(processes=False) as client:
        yield client


@pytest.fixture(params=["here", "cluster"])
def where(request):
    """Run without a cluster, whatever else there is, or on two workers."""
    if request.param == "here":
        with dask.config.set(scheduler="threads"):
            yield None
    else:
        client = request.getfixturevalue("threads")
        with client.as_current():
            yield client


def close(first, second, tolerance=1e-5):
    """Equal to a tolerance relative to the largest."""
    np.testing.assert_allclose(first, second, rtol=0, atol=tolerance * np.abs(second).max())


def forgotten(client):
    """Whether the client wants nothing from the cluster any longer; it says so in its own time."""
    for _ in range(200):
        if not client.futures:
            return True
        time.sleep(0.05)
    return False


def same_model(found, expected, X):
    assert type(found.classes_) is np.ndarray
    np.testing.assert_array_equal(found.classes_, expected.classes_)
    assert found.settings_ == expected.settings_ and found.image_shape_ == expected.image_shape_
    assert found.n_features_in_ == expected.n_features_in_
    assert len(found.memory_.rows) == len(expected.memory_.rows)
    # The hidden modes are from the same rows, drawn by the same numbers.
    np.testing.assert_array_equal(found.hidden_.codes(X[:9]), expected.hidden_.codes(X[:9]))
    close(found.criticality(X), expected.criticality(X))
    for name in ("inverse_temperature_", "residual_variance_", "uncertainty_threshold_"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-4), name


def made_on_a_worker(driver, start):
    """A chunk of images that the driver cannot have had."""
    assert os.getpid() != driver, "the driver computed a chunk"
    return datasets.load("digits")[0][start : start + 200]


# Known answers


@pytest.mark.slow
@pytest.mark.parametrize("n_memories", [None, 100])
def test_samples_stand_for_all(digits, where, n_memories, monkeypatch):
    """Hidden modes, the projection and the calibration are made from some of the rows."""
    for module in (memory, landmark_memory):
        monkeypatch.setattr(module, "NUM_CALIBRATING", 50)
    monkeypatch.setattr(construction, "_NUM_SEEN", 300)
    monkeypatch.setattr(pipeline, "_SAMPLES_EACH", 1)
    X, y = digits
    parameters = PARAMETERS | {"response": "amplitude", "n_memories": n_memories}
    parameters |= {"frame": "auto", "mirror": "auto"}
    expected = WaveClassifier(**parameters).fit(X, y)
    array = da.from_array(X, chunks=(UNEVEN, 8, 8))
    same_model(WaveClassifier(**parameters).fit(array, y), expected, X)


@pytest.mark.slow
def test_rows_stay_with_their_workers(digits, threads, monkeypatch):
    """Of landmarks, what comes back is of the size of their sums, however many rows there are."""
    X, y = digits
    clf = WaveClassifier(**PARAMETERS, n_memories=20)
    came_back = []
    original = dask_cluster.ClusterBatches.sum

    def watched(self, *arguments):
        came_back.append(original(self, *arguments))
        return came_back[-1]

    monkeypatch.setattr(dask_cluster.ClusterBatches, "sum", watched)
    with threads.as_current():
        clf.fit(da.from_array(X, chunks=(100, 8, 8)), y)
    (sums,) = came_back
    assert isinstance(sums, Statistics) and sums.count == 600 and sums.xx.shape == (20, 20)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rows", "columns apart", "uint8", "labels"])
def test_kinds_of_arrays_and_labels(digits, where, kind):
    X, y = np.round(digits[0] * 16), digits[1]
    array, labels = da.from_array(X, chunks=(150, 8, 8)), da.from_array(y, chunks=100)
    if kind == "rows":
        array = array.reshape(600, 64)
    elif kind == "columns apart":
        array = array.rechunk((150, 3, 8))
    elif kind == "uint8":
        array = array.astype(np.uint8)
    else:
        y = np.array([f"digit {label}" for label in y])
        labels = y.tolist()
    if kind == "labels":
        expected = WaveClassifier(**PARAMETERS).fit(X, y)
    else:
        expected = fitted("whole numbers")
    found = WaveClassifier(**PARAMETERS).fit(array, labels)
    same_model(found, expected, X)
    np.testing.assert_array_equal(found.predict(array).compute(), found.predict(X))


@pytest.mark.slow
def test_learning_on(digits, where):
    X, y = digits
    few = y < 5
    on, expected = WaveClassifier(**PARAMETERS), WaveClassifier(**PARAMETERS)
    for rows in (few, ~few):
        on.partial_fit(da.from_array(X[rows], chunks=(70, 8, 8)), y[rows], classes=range(10))
        expected.partial_fit(X[rows], y[rows], classes=range(10))
    same_model(on, expected, X)


@pytest.mark.slow
def test_an_xarray_of_dask_chunks(digits, where):
    xr = pytest.importorskip("xarray")
    X, y = digits
    array = xr.DataArray(da.from_array(X, chunks=(150, 8, 8)), dims=("image", "y", "x"))
    found = WaveClassifier(**PARAMETERS).fit(array, xr.DataArray(y))
    same_model(found, fitted(), X)
    assert isinstance(found.predict(array), da.Array)


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [2, 10])
def test_answers_are_dask_arrays(digits, where, n_classes):
    X, y = digits[0][:300], digits[1][:300]
    X, y = X[y < n_classes], y[y < n_classes]
    clf = WaveClassifier(**PARAMETERS).fit(X, y)
    for chunks in [(50, 8, 8), (50, 64)]:
        seen = X if len(chunks) == 3 else X.reshape(len(X), 64)
        array = da.from_array(seen, chunks=chunks)
        for name in ("criticality", "decision_function", "predict", "predict_proba", "uncertainty"):
            found, expected = getattr(clf, name)(array), getattr(clf, name)(X)
            assert isinstance(found, da.Array), name
            assert found.shape == expected.shape and found.dtype == expected.dtype, name
            assert found.chunks[0] == array.chunks[0], name
            np.testing.assert_allclose(
                found.compute(), expected, rtol=1e-5, atol=1e-5, err_msg=name
            )
        assert clf.score(array, da.from_array(y, chunks=70)) == clf.score(X, y)


def test_one_chunk_at_a_time(digits, monkeypatch):
    """Without a cluster, what was loaded of one chunk is let go before the next."""
    X, y = digits
    loaded_so_far = []
    most = 0

    class Loaded(np.ndarray):
        pass

    original = batches._pieces

    def watched(X):
        def load(piece):
            nonlocal most
            loaded = piece.load().view(Loaded)
            loaded_so_far.append(weakref.ref(loaded))
            most = max(most, sum(reference() is not None for reference in loaded_so_far))
            return loaded

        for piece in original(X):
            yield piece._replace(load=lambda piece=piece: load(piece))

    monkeypatch.setattr(batches, "_pieces", watched)
    monkeypatch.setattr(samples, "BATCH_SIZE", 40)
    with dask.config.set(scheduler="threads"):
        array = da.from_array(X, chunks=(100, 8, 8))
        WaveClassifier(**PARAMETERS).fit(array, y)
    assert len(loaded_so_far) == 6 and most == 1


def test_an_interruption_leaves_nothing_behind(digits, threads, monkeypatch):
    X, y = digits
    clf = copy.deepcopy(fitted())
    before = clf.criticality(X)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("wetcow.learning.memory.examples.memorize_directly", interrupt)
    with threads.as_current(), pytest.raises(KeyboardInterrupt) as interruption:
        clf.fit(da.from_array(X[:300], chunks=(50, 8, 8)), y[:300])
    assert interruption.tb is not None  # which a notebook would keep, and all that it refers to
    assert forgotten(threads)
    np.testing.assert_array_equal(clf.criticality(X), before)


def test_the_cluster_keeps_nothing(digits, threads):
    X, y = digits
    with threads.as_current():
        array = da.from_array(X, chunks=(100, 8, 8))
        WaveClassifier(**PARAMETERS).fit(array, y)
    assert forgotten(threads)


@pytest.mark.slow
def test_dask_is_not_imported_for_other_arrays():
    code = (
        "import sys; from wetcow import datasets, WaveClassifier\n"
        "X, y = datasets.load('digits')\n"
        "WaveClassifier(n_modes=2).fit(X[:50], y[:50]).predict(X[:5])\n"
        "print('dask' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.fixture(scope="module")
def processes():
    """Two workers which are processes, as users have them."""
    with two_workers(processes=True) as client:
        yield client


@pytest.mark.slow
@pytest.mark.parametrize("n_memories", [None, 100])
def test_processes(digits, processes, n_memories):
    X, y = digits
    parameters = PARAMETERS | {"n_memories": n_memories}
    expected = fitted(n_memories=n_memories)
    with processes.as_current():
        chunk = dask.delayed(made_on_a_worker, pure=False)
        parts = [
            da.from_delayed(chunk(os.getpid(), start), (200, 8, 8), X.dtype)
            for start in (0, 200, 400)
        ]
        array = da.concatenate(parts)
        found = WaveClassifier(**parameters).fit(array, da.from_array(y, chunks=100))
        same_model(found, expected, X)
        np.testing.assert_array_equal(found.predict(array).compute(), expected.predict(X))
        close(found.uncertainty(array).compute(), expected.uncertainty(X), 1e-4)
        assert forgotten(processes)


# An independent integrator or library


def test_tables(where):
    from sklearn.datasets import load_wine

    X, y = load_wine(return_X_y=True)
    expected = WaveClassifier(n_modes=16).fit(X, y)
    found = WaveClassifier(n_modes=16).fit(da.from_array(X, chunks=(50, 13)), y)
    assert found.image_shape_ is None
    same_model(found, expected, X)


# Properties


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chunks", "parameters"),
    [
        (UNEVEN, {"n_memories": 100}),
        (600, {}),
        (150, {"mirror": True}),
        (UNEVEN, {"copies": 1, "augmentation": "handwriting"}),
    ],
)
def test_fit_is_that_of_numpy(digits, where, chunks, parameters):
    X, y = digits
    expected, parameters = fitted(**parameters), PARAMETERS | parameters
    array = da.from_array(X, chunks=(chunks, 8, 8))
    same_model(WaveClassifier(**parameters).fit(array, y), expected, X)


# Errors


def test_nothing_is_computed_before_it_is_wanted(digits):
    X, clf = digits[0], fitted()

    def fail(block):
        raise AssertionError("a chunk was computed")

    array = da.from_array(X, chunks=(200, 8, 8)).map_blocks(fail, dtype=X.dtype, meta=X[:0])
    clf.predict(array)
    with pytest.raises(AssertionError, match="a chunk was computed"):
        clf.predict(array).compute()


@pytest.mark.slow
@pytest.mark.parametrize("row", [450, 3])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_named(digits, where, row, bad, monkeypatch):
    """Whether it is among the rows from which hidden modes are made or not."""
    old, good = copy.deepcopy(fitted("without a row")), copy.deepcopy(fitted())
    monkeypatch.setattr(construction, "_NUM_SEEN", 20)
    X, y = digits
    spoiled = X.copy()
    spoiled[row, 2, 5] = bad
    array = da.from_array(spoiled, chunks=(150, 8, 8))
    number = row // 150
    said = (
        f"chunk {number} of X, rows {150 * number} to {150 * number + 149}, has NaN or infinity, "
        f"first in row {row}"
    )
    new = WaveClassifier(**PARAMETERS)
    with pytest.raises(ValueError, match=said):
        new.fit(array, y)
    assert not [name for name in vars(new) if name.endswith("_")]
    before = old.criticality(X[:, 1:])
    with pytest.raises(ValueError, match=said):
        old.fit(array, y)
    np.testing.assert_array_equal(old.criticality(X[:, 1:]), before)
    for learn in (good.partial_fit, lambda X, _: good.predict(X).compute()):
        with pytest.raises(ValueError, match=said):
            learn(array, y)
    assert len(good.memory_.rows) == 600


def test_unfit_arrays(digits):
    X, y = digits
    array = da.from_array(X, chunks=(150, 8, 8))
    new = WaveClassifier(**PARAMETERS)
    unknown = array.reshape(600, 64)[da.from_array(y, chunks=150) < 9]
    with pytest.raises(ValueError, match=r"unknown sizes; call X\.compute_chunk_sizes\(\)"):
        new.fit(unknown, y[y < 9])
    new.fit(unknown.compute_chunk_sizes(), y[y < 9])
    with pytest.raises(ValueError, match=r"unknown sizes; call X\.compute_chunk_sizes\(\)"):
        new.predict(array.reshape(600, 64)[da.from_array(y, chunks=150) < 9])
    with pytest.raises(ValueError, match="600 and 599"):
        new.fit(array, y[1:])
    with pytest.raises(ValueError, match="got 1 dimensions"):
        new.fit(array[:, 0, 0], y)
    with pytest.raises(ValueError, match="real numbers, got dtype complex128"):
        new.fit(array.astype(complex), y)
    with pytest.raises(ValueError, match="minimum of 2"):
        new.fit(array[:1], y[:1])
    with pytest.raises(ValueError, match="63 features"):
        new.predict(array.reshape(600, 64)[:, 1:])
    with pytest.raises(ValueError, match="NaN"):
        new.fit(array, np.where(y == 3, np.nan, y))
    with pytest.raises(ValueError, match="Unknown label type"):
        new.fit(array, np.linspace(0, 1, 600))


def test_chunks_that_are_not_what_they_say(digits, where):
    X, y = digits
    array = da.from_array(X, chunks=(150, 8, 8))
    short = array.map_blocks(lambda block: block[:-1], dtype=X.dtype, meta=X[:0])
    with pytest.raises(ValueError, match=r"chunk . of X, rows .* to .*, has 149 rows"):
        WaveClassifier(**PARAMETERS).fit(short, y)


def test_data_frames_are_told_what_to_do(digits):
    kind = type("DataFrame", (), {"__module__": "dask.dataframe.dask_expr._collection"})
    with pytest.raises(ValueError, match=r"to_dask_array\(lengths=True\)"):
        WaveClassifier(**PARAMETERS).fit(kind(), digits[1])


def test_data_frames(digits):
    dataframe = pytest.importorskip("dask.dataframe")
    pandas = pytest.importorskip("pandas")
    X, y = digits
    frame = dataframe.from_pandas(pandas.DataFrame(X.reshape(600, 64)), npartitions=3)
    new = WaveClassifier(**PARAMETERS)
    with pytest.raises(ValueError, match=r"to_dask_array\(lengths=True\)"):
        new.fit(frame, y)
    labels = dataframe.from_pandas(pandas.Series(y), npartitions=3)
    new.fit(frame.to_dask_array(lengths=True), labels)
    same_model(new, WaveClassifier(**PARAMETERS).fit(X.reshape(600, 64), y), X)
