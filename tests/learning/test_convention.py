"""Images are answered in the values they were learned in, brought there, or refused."""

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_wine
from typer.testing import CliRunner

from wetcow import datasets
from wetcow.cli import app
from wetcow.explore.views.drawing import answer_drawing
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data.convention import Convention, from_header, learned
from wetcow.learning.io.container import read_model, write_model
from wetcow.reports.images.corruptions import CORRUPTIONS, corrupt

CONVENTIONS = {
    "0 to 1": lambda X: X,
    "0 to 255": lambda X: np.round(X * 255).astype(np.uint8),
    "0 to 16": lambda X: X * 16,
    "-1 to 1": lambda X: 2 * X - 1,
    "dark on light": lambda X: 1 - X,
    "dark on light, 0 to 255": lambda X: (255 - np.round(X * 255)).astype(np.uint8),
}
PLAIN = [  # learned, asked
    ("0 to 1", "0 to 255"),
    ("0 to 1", "0 to 16"),
    ("0 to 1", "-1 to 1"),
    ("0 to 1", "dark on light"),
    ("0 to 1", "dark on light, 0 to 255"),
    ("0 to 255", "0 to 1"),
    ("0 to 255", "0 to 16"),
    ("0 to 255", "dark on light"),
    ("0 to 255", "dark on light, 0 to 255"),
    ("0 to 16", "0 to 1"),
    ("dark on light", "0 to 1"),
    ("dark on light", "dark on light, 0 to 255"),
    ("dark on light, 0 to 255", "dark on light"),
    ("dark on light, 0 to 255", "0 to 255"),
]


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.load("digits")
    return X[:400], y[:400]


@pytest.fixture(scope="module")
def held_out():
    X, y = datasets.load("digits", split="test")
    return X[:100], y[:100]


@pytest.fixture(scope="module")
def models(digits):
    X, y = digits
    return {
        name: WaveClassifier(n_modes=8, patch_size=3).fit(change(X), y)
        for name, change in CONVENTIONS.items()
    }


# Known answers


@pytest.mark.parametrize("name", CONVENTIONS)
def test_the_values_learned_are_known_and_answered(models, held_out, name):
    model, X = models[name], CONVENTIONS[name](held_out[0])
    assert model.convention_.light_on_dark != name.startswith("dark")
    assert model.score(X, held_out[1]) > 0.85
    for row in X[:20]:  # each image by itself, too
        model.predict(row[None])


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_what_is_only_worse_is_answered(models, held_out, kind):
    worst = corrupt(held_out[0], kind, 5, 0)
    for model in (models["0 to 1"], models["0 to 255"]):
        model.predict(worst * np.float32(model.convention_.high))


def test_images_that_say_nothing_are_answered(models, held_out):
    model, X = models["0 to 255"], np.round(255 * held_out[0][:5])
    for some in (np.zeros((3, 8, 8)), np.full((1, 8, 8), 255), np.concatenate([X, X / 255])[:9]):
        assert model.predict(some).shape == (len(some),)


def test_tables_are_not_touched():
    X, y = load_wine(return_X_y=True)
    model = WaveClassifier(n_modes=4).fit(X, y)
    assert model.convention_ is None
    for other in (X * 255, X / 255, -X):
        model.predict(other)


def test_learned_from_mixed_images_all_backgrounds_are_answered(digits):
    X, y = digits
    mixed = np.where(np.arange(len(X))[:, None, None] % 2, X, 1 - X)
    model = WaveClassifier(n_modes=4, patch_size=3).fit(mixed, y)
    model.predict(X)
    model.predict(1 - X)


def test_pictures_are_as_they_were_for_images_from_0_to_1(models):
    pictures = np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 8, 8)
    found = models["0 to 1"].convention_.of_pictures(pictures)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, pictures)


def test_a_convention_of_blank_images():
    blank = learned(np.full((3, 9), 7), (3, 3))
    assert blank == Convention(7, 7, (7, 7, 7), 7)
    blank.check(np.arange(18).reshape(2, 9), (3, 3), background=True)


# An independent integrator or library


def test_onnx_says_in_which_values_images_are(models, held_out, tmp_path):
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    model = models["dark on light, 0 to 255"]
    X = CONVENTIONS["dark on light, 0 to 255"](held_out[0]).astype(np.float32)
    model.to_onnx(tmp_path / "model.onnx")
    metadata = {one.key: one.value for one in onnx.load(tmp_path / "model.onnx").metadata_props}
    said = json.loads(metadata["convention"])
    assert from_header(said) == model.convention_
    labels, *_ = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(
        None, {"X": X.reshape(len(X), -1)}
    )
    np.testing.assert_array_equal(labels, model.predict(X))


# Files


def test_saved_with_the_model_and_not_needed_of_older_files(models, held_out, tmp_path):
    model, X = models["0 to 255"], CONVENTIONS["0 to 255"](held_out[0])
    model.save(tmp_path / "model")
    loaded = WaveClassifier.load(tmp_path / "model")
    assert loaded.convention_ == model.convention_
    assert "values from 0 to 255, light on dark" in loaded.card()
    with pytest.raises(ValueError, match="learned images with"):
        loaded.predict(held_out[0])

    header, arrays = read_model(tmp_path / "model")
    for own in ("format", "format_version", "wetcow", "arrays", "convention"):
        del header[own]
    write_model(tmp_path / "old", header, arrays)
    old = WaveClassifier.load(tmp_path / "old")
    assert old.convention_ is None
    np.testing.assert_array_equal(old.predict_proba(X), model.predict_proba(X))
    old.predict(held_out[0])  # nothing is known that would contradict
    assert "values from" not in old.card()


@pytest.mark.parametrize("name", CONVENTIONS)
def test_pictures_and_drawings_get_the_values_learned(models, held_out, tmp_path, name):
    """Dark ink on white paper and the reverse: as good as images of the convention learned."""
    model = models[name]
    model.save(tmp_path / "model")
    files = []
    for number, image in enumerate(held_out[0][:20]):
        page = np.kron(255 * (image if number % 2 else 1 - image), np.ones((20, 20)))
        files.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(np.round(page).astype(np.uint8)).save(files[-1])
    arguments = ["predict", str(tmp_path / "model"), *files, "--no-crop", "--json", "-"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    found = [image["label"] for image in json.loads(result.stdout)["images"]]
    # Pixels of 8 bits stand for those of digits, up to rounding.
    assert np.mean(found == model.predict(CONVENTIONS[name](held_out[0][:20]))) >= 0.95

    strokes = [[(0.5, 0.1), (0.5, 0.9)]]
    drawn = answer_drawing(model, strokes, 1.0)
    assert drawn.image.min() == 0 and drawn.image.max() == 1
    assert drawn.label == "1" and not drawn.unlike_training


# Errors


@pytest.mark.parametrize(("known", "asked"), PLAIN)
def test_other_values_are_refused_with_what_to_do(models, held_out, known, asked):
    X = CONVENTIONS[asked](held_out[0])
    for some in (X, X[:1], X.reshape(len(X), -1)):
        with pytest.raises(ValueError, match=r"the model learned images with values from .* light"):
            models[known].predict(some)
    with pytest.raises(ValueError, match="learned images with"):
        models[known].to_network(X[0])


def test_a_part_of_the_range_and_standardised_images_are_refused(digits, models, held_out):
    X = held_out[0]
    standardised = (X - digits[0].mean()) / digits[0].std()
    for other in (X * 1.5, X * 2, X * 4, standardised * 16):
        with pytest.raises(ValueError, match="bring X into that range"):
            models["0 to 16"].predict(other)
    # What to do is said where it is plain: not by a factor where values are negative.
    with pytest.raises(ValueError, match=r"by \(X \+ 1\) \* 8 if it is from -1 to 1"):
        models["0 to 16"].predict(X / X.max() * 2 - 1)
    with pytest.raises(ValueError, match=r"into that range$"):
        models["0 to 16"].predict(standardised * 16)
    models["0 to 16"].predict(X * 8)
    model = WaveClassifier(n_modes=8, patch_size=3).fit(
        (digits[0] - digits[0].mean()) / digits[0].std(), digits[1]
    )
    assert model.score(standardised, held_out[1]) > 0.85
    with pytest.raises(ValueError, match="dark on light"):
        model.predict(-standardised)


def test_what_errors_say_to_do_helps(models, held_out):
    X, y = held_out
    expected = models["0 to 255"].predict(CONVENTIONS["0 to 255"](X))
    with pytest.raises(ValueError, match=r"by X \* \(255 / 1\) if it is from 0 to 1"):
        models["0 to 255"].predict(X)
    np.testing.assert_array_equal(models["0 to 255"].predict(np.round(X * (255 / 1))), expected)
    with pytest.raises(ValueError, match="invert X, as by 1 - X"):
        models["0 to 1"].predict(1 - X)
    assert models["0 to 1"].score(1 - (1 - X), y) > 0.85


def test_only_uncertainty_answers_to_another_background(models, held_out):
    model = models["0 to 1"]
    usual, other = model.uncertainty(held_out[0]), model.uncertainty(1 - held_out[0])
    # With eight modes not above the threshold: what codes lack, their components cannot tell.
    assert np.quantile(other, 0.1) > np.quantile(usual, 0.6)
    with pytest.raises(ValueError, match="0 to 255"):
        model.uncertainty(255 * held_out[0])


def test_learning_on_is_checked_as_well(digits, held_out):
    X, y = digits
    model = WaveClassifier(n_modes=4, patch_size=3).partial_fit(X, y)
    before = model.predict_proba(held_out[0])
    for other in (255 * X, 1 - X):
        with pytest.raises(ValueError, match="learned images with"):
            model.partial_fit(other, y)
    np.testing.assert_array_equal(model.predict_proba(held_out[0]), before)
    model.fit(255 * X, y)  # all anew
    assert model.convention_.high == 255


@pytest.mark.slow
def test_a_frame_takes_away_the_background_but_not_the_range(digits, held_out):
    X, y = (np.pad(part, ((0, 0), (2, 2), (2, 2))) for part in (digits[0], held_out[0]))
    model = WaveClassifier(n_modes=8, patch_size=3, frame="handwriting")
    model.fit(X, digits[1])
    np.testing.assert_array_equal(model.predict(1 - y), model.predict(y))
    with pytest.raises(ValueError, match="from 0 to 255"):
        model.predict(255 * y)


def test_dask_arrays_are_checked_chunk_by_chunk(models, held_out):
    da = pytest.importorskip("dask.array")
    import dask

    with dask.config.set(scheduler="synchronous"):
        X = da.from_array(held_out[0], chunks=(30, 8, 8))
        found = models["0 to 1"].predict(X).compute()
        np.testing.assert_array_equal(found, models["0 to 1"].predict(held_out[0]))
        with pytest.raises(ValueError, match="learned images with"):
            models["0 to 1"].predict(255 * X).compute()
        np.testing.assert_array_equal(models["0 to 1"].predict(X[..., None]).compute(), found)
        with pytest.raises(TypeError, match="masked"):
            models["0 to 1"].predict(da.ma.masked_greater(X, 0.5))


def test_one_channel_needs_no_axis(digits, held_out, models):
    X, y = digits
    model, asked = models["0 to 1"], held_out[0]
    expected = model.predict_proba(asked)
    for one in (asked[..., None], asked[:, None], asked[..., None].tolist()):
        np.testing.assert_array_equal(model.predict_proba(one), expected)
    other = WaveClassifier(n_modes=8, patch_size=3).fit(X[..., None], y)
    assert other.image_shape_ == (8, 8)
    np.testing.assert_array_equal(other.predict_proba(asked), expected)


def test_models_of_grey_images_say_how_to_make_colours_grey(held_out, models):
    coloured = np.stack([held_out[0]] * 3, axis=-1)
    with pytest.raises(
        ValueError, match=r"\(100, 8, 8, 3\).*learned have shape \(8, 8\)"
    ) as caught:
        models["0 to 1"].predict(coloured)
    said = str(caught.value).split("; ")[1].removesuffix(" is brightness")
    grey = eval(said, {"numpy": np, "X": coloured})  # what it says to do, word for word
    np.testing.assert_allclose(grey, held_out[0], rtol=1e-6)
