"""Innate hidden modes: against loops, other data, and the photographs that they are made from."""

import hashlib
import importlib.util
import io
import pathlib

import jax
import numpy as np
import pytest
from sklearn.decomposition import PCA

import wetcow as wc
from wetcow.learning.data.samples import targets_of
from wetcow.learning.model import photographs
from wetcow.learning.model.dictionary import FLOOR, construct_layer, whitening
from wetcow.learning.model.encoder import Geometry
from wetcow.learning.model.geometry import encoded
from wetcow.learning.model.innate import (
    innate_hidden,
    innate_layer,
    innate_patches,
    innate_projection,
)
from wetcow.learning.model.memory.memorize import memorize_examples
from wetcow.learning.model.memory.projection import fit_projection
from wetcow.learning.model.patches import patches
from wetcow.modes.kernel_matrix import unit_rows

SHA256 = "25bcbafe68a3d05b8e6241bb525c4dbe160e1a3f7d462912b73b7fcdae5cbd96"
LEVELS = dict(n_modes=8, threshold=0.1, omega=0.2, response="amplitude")


def small_hidden(encoding="both"):
    geometry = Geometry((8, 8), (5, 5), padding=2, n_regions=3)
    return innate_hidden((8, 8), None, encoded((geometry,), encoding), **LEVELS)


# The photographs


def test_shipped_photographs_are_what_the_tool_makes():
    file = pathlib.Path(__file__).parents[2] / "tools/innate.py"
    spec = importlib.util.spec_from_file_location("innate_tool", file)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    content = tool.TARGET.read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256
    made = tool.content()
    assert made == tool.content()
    shipped, remade = (np.load(io.BytesIO(some)) for some in (content, made))
    # Decoders of JPEG may differ by one level.
    apart = shipped["photographs"].astype(int) - remade["photographs"]
    assert np.abs(apart).max() <= 1
    assert str(shipped["attribution"]) == str(remade["attribution"])
    assert "CC BY 2.0" in str(shipped["attribution"])


def test_crops_are_parts_of_the_photographs():
    found = photographs.crops((9, 7), 8, seed=3)
    for turn, crop in enumerate(found):
        image = photographs.photographs()[turn % 4]
        windows = np.lib.stride_tricks.sliding_window_view(image, (9, 7))
        assert np.any(np.all(windows == np.rint(crop * 255), axis=(2, 3)))
    np.testing.assert_array_equal(found, photographs.crops((9, 7), 8, seed=3))
    assert not np.array_equal(found, photographs.crops((9, 7), 8, seed=4))


def test_crops_larger_than_photographs_are_mirrored():
    (found,) = photographs.crops((300, 400), 1) * 255
    image = photographs.photographs()[0]
    np.testing.assert_allclose(found[:213, :320], image, atol=1e-4)
    np.testing.assert_allclose(found[213:], found[126:213][::-1], atol=1e-4)


# Known answers


@pytest.mark.parametrize("root", [False, True])
def test_relative_patches_against_loops(root):
    image = np.random.default_rng(0).normal(size=(6, 7)).astype(np.float32)
    geometry = Geometry((6, 7), (3, 3), padding=1, relative=True, root=root)
    layer = innate_layer(geometry, 4, threshold=0.1, omega=0.2, response="amplitude")
    plain = np.sqrt(image - image.min()) if root else image
    padded = np.pad(plain.astype(float), 1)
    seen = np.array([padded[i : i + 3, j : j + 3].ravel() for i in range(6) for j in range(7)])
    seen -= seen.mean(axis=1, keepdims=True)
    floor = FLOOR * (seen**2).mean()
    expected = seen / np.sqrt((seen**2).mean(axis=1, keepdims=True) + floor)
    found = patches(plain[None], geometry, layer.floor)
    np.testing.assert_allclose(np.reshape(found, (-1, 9)), expected, atol=1e-5)


@pytest.mark.parametrize("response", ["amplitude", "analytic"])
def test_modes_are_coupled_to_whitened_patches(response):
    geometry = Geometry((28, 28), (5, 5))
    layer = innate_layer(geometry, 20, threshold=0.1, omega=0.2, response=response)
    seen, distinct = innate_patches(geometry)
    mean, white = whitening(seen)
    whitened = (seen - mean) @ white
    if response == "analytic":
        assert layer.frequency.shape == (25, 20)
        return
    scale = np.linalg.norm(whitened, axis=1).mean()
    np.testing.assert_allclose(layer.omega, 0.2 * scale, rtol=1e-5)
    # A mode answers to its own patch with the norm of it, less the threshold.
    driven = seen[distinct] @ layer.excitation + layer.gamma + np.float32(0.1 * scale)
    norm = np.linalg.norm(whitened[distinct], axis=1, keepdims=True)
    np.testing.assert_allclose(np.max(driven / norm, axis=0), 1, rtol=1e-4)


def test_projection_against_singular_values():
    hidden = small_hidden()
    crops = photographs.crops((8, 8), 60)
    crops -= crops.min(axis=(1, 2), keepdims=True)
    middle = (np.arange(8) - 3.5) / 4
    crops *= np.clip((1 - np.hypot(middle[:, None], middle)) / 0.3, 0, 1)
    seen = unit_rows(hidden.codes(crops.reshape(60, -1)).astype(np.float64))
    pca = PCA(20, svd_solver="full").fit(seen)
    scale = (pca.explained_variance_ / pca.explained_variance_[0] + 1e-6) ** -0.25
    new = hidden.codes(np.random.default_rng(0).random((30, 64)))
    expected = unit_rows(pca.transform(unit_rows(new)) * scale)
    found = innate_projection(hidden, 20, n_crops=60)(new)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-3)


def test_small_crops_may_be_blank():
    seen, distinct = innate_patches(Geometry((5, 6), (5, 5), padding=2, n_regions=3))
    assert np.all(np.isfinite(seen)) and distinct.any() and not distinct.all()


# Properties


def test_any_range_of_values_gives_the_same_features():
    X, _ = wc.datasets.load("digits", flat=True)
    rows = X[:20].astype(np.float64)
    hidden = small_hidden()
    expected = hidden.codes(rows)
    for scaled in (16 * rows, 1e6 * rows, 1e-6 * rows, rows.astype(np.float32) / 255):
        np.testing.assert_allclose(hidden.codes(scaled), expected, atol=2e-3)
    roots = small_hidden("root")
    np.testing.assert_allclose(roots.codes(rows), expected[:, expected.shape[1] // 2 :])


def test_roots_do_not_depend_on_where_values_begin():
    X, _ = wc.datasets.load("digits", flat=True)
    hidden = small_hidden("root")
    shifted = X[:20] * 2 - 1
    assert shifted.min() < 0
    np.testing.assert_allclose(hidden.codes(shifted), hidden.codes(X[:20]), atol=2e-3)


@pytest.mark.parametrize("value", [0.0, -3.0, 1e8])
def test_blank_images_have_finite_features(value):
    found = small_hidden().codes(np.full((2, 64), value))
    assert np.all(np.isfinite(found))
    np.testing.assert_array_equal(found[0], found[1])


def test_roots_are_differentiable():
    hidden = small_hidden("root")
    images = np.random.default_rng(0).random((1, 8, 8), np.float32)

    def total(image):
        encode = wc.learning.model.encoder.encode_group
        return encode(image, hidden.layers[0], hidden.geometries[0], "amplitude").sum()

    slope = jax.jit(jax.grad(total))(images)
    assert np.all(np.isfinite(slope))
    assert np.any(slope != 0)


def test_both_encodings_are_side_by_side():
    X, _ = wc.datasets.load("digits", flat=True)
    parts = [small_hidden(encoding).codes(X[:5]) for encoding in ("brightness", "root")]
    np.testing.assert_array_equal(small_hidden().codes(X[:5]), np.hstack(parts))
    assert not np.allclose(*parts, atol=0.01)


def test_sampled_modes_see_roots_as_given():
    images = np.random.default_rng(0).random((50, 8, 8)).astype(np.float32)
    geometry = Geometry((8, 8), (3, 3), 1, 2)
    roots = np.sqrt(images - images.min(axis=(1, 2), keepdims=True))
    rng = np.random.default_rng
    found = construct_layer(images, geometry._replace(root=True), 6, rng(1))
    expected = construct_layer(roots, geometry, 6, rng(1))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5) if one is not None else None
    with pytest.raises(ValueError, match="innate"):
        construct_layer(images, geometry._replace(relative=True), 6, rng(1))


@pytest.mark.slow
def test_class_after_class_in_any_order_is_all_at_once():
    X, y = wc.datasets.load("digits", flat=True)
    X, y, new = X[:400], y[:400], X[400:500]

    def learned(order):
        """Everything constructed anew, and examples seen in this order."""
        hidden = small_hidden()
        projection = innate_projection(hidden, n_crops=150)
        rows = np.concatenate([projection(hidden.codes(X[some])) for some in order])
        labels = np.concatenate([y[some] for some in order])
        memory = memorize_examples(rows, targets_of(labels, 10), tolerance=1e-7)
        return memory.criticality(projection(hidden.codes(new)))

    at_once = learned([np.arange(400)])
    for classes in (range(10), range(9, -1, -1), [3, 1, 4, 5, 9, 2, 6, 8, 7, 0]):
        found = learned([np.flatnonzero(y == one) for one in classes])
        assert np.linalg.norm(found - at_once) < 1e-5 * np.linalg.norm(at_once)


@pytest.mark.slow
def test_innate_modes_are_as_good_as_sampled_ones():
    X, y = wc.datasets.load("digits", flat=True)
    hidden = small_hidden()
    found = hidden.codes(X)
    rows = fit_projection(found[:900], 300)(found)
    memory = memorize_examples(rows[:900], targets_of(y[:900], 10))
    assert np.mean(memory.criticality(rows[900:]).argmax(axis=1) == y[900:]) > 0.98
