"""Images with channels: in colour, multispectral, volumes as channels."""

import json

import dask
import dask.array as da
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import wetcow as wc
from wetcow.cli import app
from wetcow.cli.predict import predict
from wetcow.explore.model import load_model
from wetcow.explore.views.drawing import answer_picture
from wetcow.images.augmentation import Augmentation, augment
from wetcow.learning.data.channels import channels_last
from wetcow.learning.finetune import refine
from wetcow.learning.finetune.training import STEPS_PER_CALL
from wetcow.learning.io import container
from wetcow.learning.io.container import ModelFileError, read_model, write_model
from wetcow.learning.model.dictionary import sample_patches, whitening
from wetcow.learning.model.encoder import Geometry, Layer, encode_group, features
from wetcow.learning.model.patches import extract, normalise, patches

SMALL = {"n_modes": 8, "patch_size": 3, "n_regions": 2}
SIDE, N_HUES = 10, 4
# Two directions without luminance: whatever is added along them, the sum of channels stays.
HUES = np.array([[1, -1, 0], [0.5, 0.5, -1]]) / np.sqrt([[2], [1.5]])


def hues(n, seed=0):
    """Images whose classes differ in hue alone; red, green and blue have the same sum in all."""
    rng = np.random.default_rng(seed)
    y = rng.integers(N_HUES, size=n)
    angle = 2 * np.pi * y / N_HUES
    tint = 0.3 * np.stack([np.cos(angle), np.sin(angle)], axis=1) @ HUES
    light = 0.4 + 0.2 * rng.random((n, SIDE, SIDE, 1))
    return (light + tint[:, None, None]).astype(np.float32), y


@pytest.fixture(scope="module")
def learned():
    X, y = hues(160)
    return wc.WaveClassifier(**SMALL, mirror=False).fit(X, y)


@pytest.fixture(scope="module")
def unseen():
    return hues(60, seed=1)


# Known answers


def test_hues_of_the_same_luminance_are_told_apart(learned, unseen):
    X, y = unseen
    assert learned.image_shape_ == (SIDE, SIDE, 3)
    assert learned.score(X, y) == 1
    learn, labels = hues(160)
    np.testing.assert_allclose(X.mean(axis=-1).mean(axis=(1, 2)), 0.5, atol=0.04)
    grey = wc.WaveClassifier(**SMALL, mirror=False).fit(learn.mean(axis=-1), labels)
    assert grey.score(X.mean(axis=-1), y) < 0.5


def test_channels_first_are_channels_last_to_the_bit(learned, unseen):
    X, y = hues(160)
    first = wc.WaveClassifier(**SMALL, mirror=False, channel_axis=1).fit(X.transpose(0, 3, 1, 2), y)
    assert first.image_shape_ == learned.image_shape_
    asked = unseen[0]
    expected = learned.predict_proba(asked)
    np.testing.assert_array_equal(first.predict_proba(asked.transpose(0, 3, 1, 2)), expected)
    rows = wc.WaveClassifier(**SMALL, mirror=False, image_shape=(SIDE, SIDE, 3))
    rows.fit(X.reshape(len(X), -1), y)
    np.testing.assert_array_equal(rows.predict_proba(asked.reshape(len(asked), -1)), expected)
    for one in (asked[0].transpose(2, 0, 1), asked[0].transpose(2, 0, 1)[None]):
        np.testing.assert_array_equal(
            first.to_network(one, n_random=32).hidden.gamma,
            learned.to_network(asked[0], n_random=32).hidden.gamma,
        )


def test_the_order_of_channels_does_not_matter(learned, unseen):
    X, y = hues(160)
    order = [2, 0, 1]
    other = wc.WaveClassifier(**SMALL, mirror=False).fit(X[..., order], y)
    asked = unseen[0]
    np.testing.assert_allclose(
        other.predict_proba(asked[..., order]), learned.predict_proba(asked), atol=0.02
    )


def test_patches_have_all_channels_of_a_pixel_one_after_the_other(rng):
    images = rng.random((2, 6, 5, 4), np.float32)
    geometry = Geometry((6, 5), (3, 2), padding=1, channels=4)
    found = np.asarray(extract(images, geometry))
    assert found.shape == (2, 6, 6, 24)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for row, column in np.ndindex(6, 6):
        part = padded[:, row : row + 3, column : column + 2]
        np.testing.assert_array_equal(found[:, row, column], part.reshape(2, -1))
    np.testing.assert_allclose(
        patches(images, geometry, 0.1), normalise(found, 0.1), rtol=1e-4, atol=1e-5
    )
    every = sample_patches(images, geometry, 72, np.random.default_rng(0))
    as_rows = {row.tobytes() for row in found.reshape(-1, 24)}
    assert {row.tobytes() for row in every} == as_rows


def test_whitening_is_across_channels(rng):
    light = rng.normal(size=(4000, 4, 1))
    seen = (light + 0.1 * rng.normal(size=(4000, 4, 3))).reshape(4000, -1)  # channels go together
    mean, white = whitening(seen)
    covariance = np.cov((seen - mean) @ white, rowvar=False)
    of_light = np.tile(np.eye(4).repeat(3, axis=0), 1) / np.sqrt(3)
    strength = np.trace(of_light.T @ covariance @ of_light) / 4
    assert 0.85 < strength < 1  # what is common has unit variance, up to the floor
    before = np.corrcoef(seen, rowvar=False)[0, 1]
    after = np.corrcoef((seen - mean) @ white, rowvar=False)[0, 1]
    assert before > 0.98 and after < 0.8 * before


@pytest.mark.parametrize("root", [False, True])
def test_equal_channels_are_seen_as_one(rng, root):
    """Couplings to one channel, shared among three that are equal, are driven the same."""
    images = rng.random((3, 8, 8), np.float32)
    grey = Geometry((8, 8), (3, 3), padding=1, n_regions=2, root=root)
    coupling = rng.normal(size=(9, 5)).astype(np.float32)
    layer = Layer(
        excitation=coupling,
        frequency=None,
        gamma=np.full(5, -0.1, np.float32),
        omega=np.full(5, 0.2, np.float32),
        floor=np.float32(0.01),
    )
    expected = encode_group(images, layer, grey, "amplitude")
    shared = layer._replace(excitation=np.repeat(coupling / 3, 3, axis=0))
    coloured = np.repeat(images[..., None], 3, axis=-1)
    found = encode_group(coloured, shared, grey._replace(channels=3), "amplitude")
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-4)
    groups = features(coloured, [shared], [grey._replace(channels=3)], "amplitude")
    np.testing.assert_allclose(groups, found, rtol=1e-4, atol=1e-5)


def test_channels_have_units_of_their_own(rng):
    """Multispectral: what one channel tells is not lost beside one of far larger values."""
    y = rng.integers(2, size=120)
    X = rng.random((120, 8, 8, 6))
    X[..., 4] += 0.8 * y[:, None, None]
    X[..., 1] = 1e6 + 1e5 * X[..., 1]
    clf = wc.WaveClassifier(**SMALL, channel_axis=-1).fit(X[:80], y[:80])
    assert clf.image_shape_ == (8, 8, 6)
    assert clf.score(X[80:], y[80:]) > 0.95
    shifted = X[80:].copy()
    shifted[..., 4] *= 100
    with pytest.raises(ValueError, match=r"channel 4 of X .* has values from"):
        clf.predict(shifted)


def test_deformed_copies_move_all_channels_alike(rng):
    import jax

    images = rng.random((2, 9, 9), np.float32)
    keys = jax.random.split(jax.random.key(0), 2)
    how = Augmentation(shift=0.2, rotation=20.0, elastic=0.02, mirror=True, erased=0.5)
    expected = np.asarray(augment(images, keys, how))
    found = np.asarray(augment(np.stack([images, 2 * images], axis=-1), keys, how))
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-6)
    np.testing.assert_allclose(found[..., 1], 2 * expected, atol=1e-6)


@pytest.mark.slow
def test_copies_are_learned_beside_images_in_colour():
    X, y = hues(60)
    how = Augmentation(shift=0.1, mirror=True)
    clf = wc.WaveClassifier(**SMALL, copies=1, augmentation=how).fit(X, y)
    assert len(clf.memory_.rows) == 120
    assert clf.score(*hues(40, seed=2)) > 0.9


@pytest.mark.slow
def test_features_and_values_of_images_in_colour(unseen):
    X, _ = hues(120)
    shade = X[:, :, :, 0].mean(axis=(1, 2))  # how red an image is
    model = wc.WaveRegressor(**SMALL).fit(X, shade)
    asked = unseen[0]
    assert model.score(asked, asked[:, :, :, 0].mean(axis=(1, 2))) > 0.95
    codes = wc.WaveFeatures(**SMALL).fit(X)
    assert codes.transform(asked).shape == (60, len(codes.get_feature_names_out()))


@pytest.mark.slow
def test_learning_on_and_chunks(learned, unseen):
    X, y = hues(160)
    parts = wc.WaveClassifier(**SMALL, mirror=False, tolerance=1e-6)
    parts.partial_fit(X[:100], y[:100]).partial_fit(X[100:], y[100:])
    assert parts.score(*unseen) == 1
    with dask.config.set(scheduler="synchronous"):
        chunked = da.from_array(unseen[0], chunks=(25, 5, 10, 3))
        found = learned.predict_proba(chunked).compute()
        np.testing.assert_allclose(found, learned.predict_proba(unseen[0]), atol=1e-5)
        again = wc.WaveClassifier(**SMALL, mirror=False, channel_axis=1)
        first = da.from_array(X.transpose(0, 3, 1, 2), chunks=(80, 3, 10, 10))
        assert again.fit(first, y).score(unseen[0].transpose(0, 3, 1, 2), unseen[1]) == 1


@pytest.mark.slow
def test_training_sees_channels(monkeypatch):
    monkeypatch.setattr(refine, "fit_to_time", lambda *_: STEPS_PER_CALL)
    how = {"train_minutes": 60, "augmentation": Augmentation(shift=0.1), "mirror": False}
    clf = wc.WaveClassifier(**SMALL, **how).fit(*hues(120))
    assert clf.refined_.trained > 0.9 and clf.refined_.complete
    assert clf.score(*hues(40, seed=2)) > 0.9


@pytest.mark.slow
def test_mirror_images_in_colour_are_decided_on():
    X, y = hues(220)
    decision = wc.WaveClassifier(**SMALL).fit(X, y).decision_
    assert decision.view.frame is None
    assert {one.view.mirror for one in decision.trials} == {False, True}
    assert all(one.accuracy > 0.9 for one in decision.trials)


# Files


def test_files_keep_channels(learned, unseen, tmp_path):
    learned.save(tmp_path / "model")
    loaded = wc.WaveClassifier.load(tmp_path / "model")
    assert loaded.image_shape_ == (SIDE, SIDE, 3)
    assert loaded.convention_ == learned.convention_ and len(loaded.convention_.channels) == 3
    np.testing.assert_array_equal(loaded.predict_proba(unseen[0]), learned.predict_proba(unseen[0]))
    assert loaded.card() == learned.card()
    assert "10×10 pixels with 3 channels" in loaded.card()
    assert "(n, 10, 10, 3)" in loaded.card()


def test_files_of_the_fourth_format_are_of_grey_images(tmp_path, monkeypatch):
    X, y = wc.datasets.load("digits")
    clf = wc.WaveClassifier(**SMALL).fit(X[:60], y[:60])
    clf.save(tmp_path / "model")
    header, arrays = read_model(tmp_path / "model")
    for own in ("format", "format_version", "wetcow", "arrays"):
        del header[own]
    del header["parameters"]["channel_axis"]
    for geometry in header["hidden"]["geometries"]:
        assert geometry.pop("channels") == 1
    monkeypatch.setattr(container, "FORMAT_VERSION", 4)
    write_model(tmp_path / "old", header, arrays)
    monkeypatch.undo()
    loaded = wc.WaveClassifier.load(tmp_path / "old")
    assert loaded.channel_axis == "auto"
    np.testing.assert_array_equal(loaded.criticality(X[60:99]), clf.criticality(X[60:99]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header: header["hidden"].update(image=[10, 30, 1]), "channels of the image"),
        (lambda header: header["hidden"].update(image=[10, 30]), "images of"),
        (lambda header: header["hidden"].update(image=[10, 5, 6]), "images of|channels"),
        (lambda header: header["hidden"]["geometries"][0].update(channels=2), "channels"),
        (lambda header: header["convention"].pop("channels"), "of 0 channels"),
        (lambda header: header["convention"]["channels"].pop(), "of 2 channels"),
        (lambda header: header["convention"]["channels"][0].update(low="a"), "low"),
    ],
)
def test_files_that_contradict_themselves_are_refused(learned, tmp_path, change, message):
    path = tmp_path / "model"
    learned.save(path)
    header, arrays = read_model(path)
    for own in ("format", "format_version", "wetcow", "arrays"):
        del header[own]
    change(header)
    write_model(path, header, arrays)
    with pytest.raises(ModelFileError, match=message):
        wc.WaveClassifier.load(path)


@pytest.mark.parametrize("encoding", ["brightness", "root"])
def test_onnx_has_the_same_answers(unseen, tmp_path, encoding):
    onnxruntime = pytest.importorskip("onnxruntime")
    X, y = hues(80)
    clf = wc.WaveClassifier(**SMALL, mirror=True, encoding=encoding).fit(X, y)
    clf.to_onnx(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    rows = unseen[0].reshape(len(unseen[0]), -1)
    labels, probabilities, _ = session.run(None, {"X": rows})
    np.testing.assert_array_equal(labels, clf.predict(unseen[0]))
    np.testing.assert_allclose(probabilities, clf.predict_proba(unseen[0]), atol=2e-5)
    known = session.get_modelmeta().custom_metadata_map
    assert json.loads(known["image_shape"]) == [SIDE, SIDE, 3]


def test_pictures_in_colour_are_classified_by_the_command(tmp_path):
    X, y = hues(120)
    clf = wc.WaveClassifier(**SMALL, channel_axis=1)
    clf.fit(np.rint(255 * X).astype(np.uint8).transpose(0, 3, 1, 2), y).save(tmp_path / "hues")
    asked, labels = hues(4, seed=3)
    files = []
    for number, image in enumerate(asked):
        files.append(str(tmp_path / f"{number}.png"))
        large = np.rint(255 * image).astype(np.uint8).repeat(3, axis=0).repeat(3, axis=1)
        Image.fromarray(large).save(files[-1])
    result = CliRunner().invoke(
        app, ["predict", str(tmp_path / "hues"), *files, "--json", str(tmp_path / "found.json")]
    )
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "found.json").read_text())
    assert [one["label"] for one in report["images"]] == labels.tolist()
    # Values that are none of pictures are found out before any is read.
    wc.WaveClassifier(**SMALL).fit(2 * X - 1, y).save(tmp_path / "below")
    for load in (load_model, lambda path: predict(path, [tmp_path / "none.png"])):
        with pytest.raises(ValueError, match=r"below: .*not those of pictures"):
            load(tmp_path / "below")
    model = load_model(tmp_path / "hues")  # of the explorer
    for file, image in zip(files, report["images"], strict=True):
        answer = answer_picture(model.classifier, file)
        assert answer.label == str(image["label"]) and answer.image.shape == X.shape[1:]


@pytest.mark.slow
def test_a_picture_in_colour_is_refused_alone(tmp_path):
    """Light pages where dark ones were learned: whatever is asked beside them."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = rng.uniform(0, 20, (60, 12, 12, 3))
    X[y == 0, 2:10, 3:5] += 200
    X[y == 1, 3:5, 2:10] += 200
    dark, light = tmp_path / "dark.png", tmp_path / "light.png"
    wc.WaveClassifier(n_modes=8, patch_size=3, frame=None, mirror=False).fit(X, y).save(
        tmp_path / "model"
    )
    page = X[0].astype(np.uint8)
    Image.fromarray(page).save(dark)
    Image.fromarray(255 - page).save(light)
    report = predict(tmp_path / "model", [dark, light, tmp_path / "none.png"])
    assert [(one["file"], one["label"]) for one in report["images"]] == [(dark, 0)]
    said = {one["file"]: one["error"] for one in report["errors"]}
    assert "dark on light" in said[light] and len(said) == 2


# What arrays mean


@pytest.mark.parametrize(
    ("shape", "how", "expected"),
    [
        ((9, 64), {}, (9, 64)),
        ((9, 8, 7), {}, (9, 8, 7)),
        ((9, 8, 7, 1), {}, (9, 8, 7)),
        ((9, 1, 8, 7), {}, (9, 8, 7)),
        ((9, 8, 7, 2), {}, (9, 8, 7, 2)),
        ((9, 8, 7, 3), {}, (9, 8, 7, 3)),
        ((9, 8, 7, 4), {}, (9, 8, 7, 4)),
        ((9, 3, 8, 7), {"channel_axis": 1}, (9, 8, 7, 3)),
        ((9, 3, 8, 7), {"channel_axis": -3}, (9, 8, 7, 3)),
        ((9, 3, 8, 3), {"channel_axis": -1}, (9, 3, 8, 3)),
        ((9, 3, 8, 3), {"channel_axis": 1}, (9, 8, 3, 3)),
        ((9, 13, 64, 64), {"channel_axis": 1}, (9, 64, 64, 13)),
        ((9, 64, 64, 13), {"channel_axis": 3}, (9, 64, 64, 13)),
        ((9, 64, 64, 13), {"image_shape": (64, 64, 13)}, (9, 64, 64, 13)),
        ((9, 3, 8, 3), {"image_shape": (3, 8, 3), "channel_axis": -1}, (9, 3, 8, 3)),
        ((9, 8, 7), {"channel_axis": -1, "learned": (8, 7)}, (9, 8, 7)),
        ((9, 8, 3), {"channel_axis": None}, (9, 8, 3)),
        ((9, 8, 3), {"image_shape": (8, 3)}, (9, 8, 3)),
        ((9, 8, 3), {"image_shape": None}, (9, 8, 3)),
        ((9, 8, 7, 1), {"image_shape": (8, 7)}, (9, 8, 7)),
        ((9, 1, 8, 7), {"learned": (8, 7)}, (9, 8, 7)),
        ((9, 8, 7, 5), {"learned": (8, 7, 5)}, (9, 8, 7, 5)),
    ],
)
def test_axes_are_plain_or_said(shape, how, expected):
    X = np.arange(np.prod(shape)).reshape(shape)
    found = channels_last(X, **how)
    assert found.shape == expected
    if how.get("channel_axis") in (1, -3):
        np.testing.assert_array_equal(found[0, :, :, 1], X[0, 1])


BOTH = r"could be images of .* \(channel_axis=-1\) or of .* \(channel_axis=1\): say which"


@pytest.mark.parametrize(
    ("shape", "how", "message"),
    [
        ((9, 3, 32, 3), {}, BOTH),
        ((9, 3, 32, 32), {}, BOTH),
        ((9, 32, 32, 13), {}, BOTH),
        ((9, 32, 32, 32), {}, BOTH),
        ((9, 1, 8, 3), {}, BOTH),
        ((9, 3, 32, 1), {}, BOTH),
        ((9, 3, 3, 3), {"learned": (3, 3, 3)}, "channels could be first"),
        ((9, 7, 7, 7), {"image_shape": (7, 7, 7)}, "channels could be first"),
        (
            (9, 3, 8, 7),
            {"image_shape": (3, 8, 7)},
            r"3×8 pixels with 7 channels",
        ),
        ((9, 168), {"image_shape": (3, 8, 7)}, r"3×8 pixels with 7 channels"),
        ((9, 3, 8, 7), {"image_shape": (8, 7, 3)}, "channel_axis=1"),
        ((9, 3, 8, 7), {"learned": (8, 7, 3)}, r"X.transpose\(0, 2, 3, 1\)$"),
        ((9, 8, 7, 3), {"image_shape": (7, 7, 3)}, r"image_shape is \(7, 7, 3\): give \(n, 7, 7"),
        ((9, 8, 7, 3), {"learned": (9, 7, 3)}, r"\(9, 8, 7, 3\).*learned have shape \(9, 7, 3\)"),
        ((9, 8, 7, 3), {"channel_axis": 1, "learned": (8, 7, 3)}, r"7×3 pixels with 8 channels"),
        ((9, 8, 7, 3), {"channel_axis": None}, "channel_axis=None says that images are grey"),
        ((9, 8, 3), {}, r"9 grey images of 8×3 pixels .*channel_axis=None.*X\[None\]"),
        ((32, 32, 3), {"learned": (32, 32, 3)}, r"stack of its own, X\[None\]"),
        ((9, 8, 7), {"channel_axis": -1}, "without an axis for channels"),
        ((9, 2, 8, 7, 3), {}, r"of 5 axes, but images are \(n, height, width\)"),
        ((9, 168), {"channel_axis": 1, "image_shape": (8, 7, 3)}, "give a stack"),
        ((9, 8, 7, 3), {"image_shape": (8, 7, 3, 1)}, "image_shape must be"),
    ],
)
def test_what_could_mean_two_things_is_asked(shape, how, message):
    with pytest.raises(ValueError, match=message):
        channels_last(np.zeros(shape), **how)


# Bad input


def test_wrong_shapes_are_named_with_those_expected(learned, unseen):
    X, _ = unseen
    for wrong in (X[:, :-1], X[..., :2], X[..., 0], X.transpose(0, 3, 1, 2)):
        with pytest.raises(ValueError, match=r"\(10, 10, 3\)") as caught:
            learned.predict(wrong)
        assert str(wrong.shape) in str(caught.value)
    with pytest.raises(ValueError, match=r"X\[None\]"):
        wc.WaveClassifier(image_shape=(10, 10, 3)).fit(X[0], np.arange(10))
    with pytest.raises(ValueError, match="300 features"):
        learned.predict(X[:, :, :5].reshape(len(X), -1))


@pytest.mark.parametrize("value", [2, "last", 0, True, 1.5, (1,)])
def test_other_channel_axes_are_refused(value):
    X, y = hues(20)
    with pytest.raises(ValueError, match=r"channel_axis must be 'auto', None"):
        wc.WaveClassifier(channel_axis=value).fit(X, y)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"frame": "handwriting"}, r"frame='handwriting' is for grey images, but X has images of"),
        ({"couplings": "innate"}, "grey photographs, which know no channels"),
        ({"patch_size": 11}, "patches of 11×11 on images of 10×10"),
    ],
)
def test_what_knows_no_channels_says_so_before_work_starts(how, message):
    X, y = hues(20)
    with pytest.raises(ValueError, match=message):
        wc.WaveClassifier(**how).fit(X, y)


def test_a_constant_channel_is_named_and_not_seen(unseen):
    X, y = hues(80)
    opaque = np.concatenate([X, np.ones_like(X[..., :1])], axis=-1)
    with pytest.warns(UserWarning, match="channel 3 of X .* same value in all pixels"):
        clf = wc.WaveClassifier(**SMALL).fit(opaque, y)
    asked = unseen[0]
    found = [
        clf.predict_proba(np.concatenate([asked, np.full_like(asked[..., :1], v)], axis=-1))
        for v in (1, 0, 0.5)
    ]
    np.testing.assert_array_equal(found[0].argmax(axis=1), unseen[1])
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])
    with pytest.raises(ValueError, match=r"X has values from .* to 255"):
        clf.predict(np.concatenate([asked, np.full_like(asked[..., :1], 255)], axis=-1))


def test_constant_images_warn_as_grey_ones_do():
    with pytest.warns(UserWarning, match="look the same to the hidden modes"):
        clf = wc.WaveClassifier(**SMALL).fit(np.ones((20, 8, 8, 3)), np.arange(20) % 2)
    np.testing.assert_allclose(clf.predict_proba(np.ones((2, 8, 8, 3))), 0.5, atol=1e-6)


def test_values_of_another_convention_are_refused(learned, unseen):
    for other in (255 * unseen[0], unseen[0] - 1):
        with pytest.raises(ValueError, match="3 channels: bring X into that range"):
            learned.predict(other)


def test_the_place_of_what_is_missing_is_named(learned, unseen):
    X = unseen[0].copy()
    X[7, 2, 3, 1] = np.nan
    with pytest.raises(ValueError, match=r"NaN, first in image 7 at \(2, 3, 1\)"):
        learned.predict(X)
    X[7, 2, 3, 1] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        learned.predict(X)
    with pytest.raises(ValueError, match="masked"):
        learned.predict(np.ma.masked_greater(unseen[0], 0.5))
