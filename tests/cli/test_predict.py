"""The command ``wetcow predict``: with a model that answers as told, and with a real one."""

import json
import pathlib

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from wetcow import datasets
from wetcow.cli import app
from wetcow.learning.classifier import WaveClassifier


class Told:
    """A model of images whose label is given by where their ink is: left, middle or right."""

    image_shape_ = (28, 28)
    convention_ = None
    classes_ = np.array(["left", "[middle]", "right"])
    uncertainty_threshold_ = 0.5
    seen = ()

    def predict_proba(self, X):
        self.seen = X
        third = np.stack([part.mean((1, 2)) for part in np.array_split(X, 3, axis=2)], axis=1)
        return (third + 1e-6) / (third + 1e-6).sum(1, keepdims=True)

    def uncertainty(self, X):
        return np.linspace(0.1, 1.0, len(X))


@pytest.fixture
def wetcow(tmp_path, monkeypatch):
    """Run ``wetcow predict`` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")

    def run(*arguments):
        return CliRunner().invoke(app, ["predict", *map(str, arguments)])

    return run


@pytest.fixture
def told(monkeypatch):
    model = Told()
    monkeypatch.setattr(WaveClassifier, "load", staticmethod(lambda path: model), raising=False)
    return model


def draw(name, left, size=84):
    """Save a picture with dark ink in one of the columns."""
    page = np.full((size, size), 255, np.uint8)
    page[20:60, left : left + 12] = 0
    Image.fromarray(page).save(name)


@pytest.fixture(scope="module")
def digits_model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "digits.wetcow"
    X, y = datasets.load("digits")
    WaveClassifier(n_modes=16).fit(X, y).save(path)
    return path


# Known answers


def test_table_and_json(wetcow, told):
    draw("a.png", 5)
    draw("b.png", 64)
    result = wetcow("digits.wetcow", "a.png", "b.png", "--no-crop", "--json", "out.json")
    assert result.exit_code == 0, result.output
    first, second = (line for line in result.stdout.splitlines() if ".png" in line)
    assert "left" in first and "1.000" in first and "0.20" in first and "unlike" not in first
    assert "right" in second and "2.00" in second and "unlike the training images" in second
    assert "[middle]" in result.stdout
    report = json.loads(pathlib.Path("out.json").read_text())
    assert report["model"] == "digits.wetcow" and report["errors"] == [] and report["versions"]
    assert [image["label"] for image in report["images"]] == ["left", "right"]
    image = report["images"][1]
    assert set(image["probabilities"]) == {"left", "[middle]", "right"}
    assert sum(image["probabilities"].values()) == pytest.approx(1)
    assert (image["file"], image["uncertainty"], image["usual_uncertainty"]) == ("b.png", 1, 0.5)
    assert image["unlike_training"] and not report["images"][0]["unlike_training"]


def test_json_alone_on_stdout(wetcow, told):
    draw("a.png", 5)
    result = wetcow("model", "a.png", "--json", "-")
    assert json.loads(result.stdout)["images"][0]["file"] == "a.png"
    assert "a.png" in result.stderr


def test_crop_is_the_default(wetcow, told):
    draw("a.png", 5)
    wetcow("model", "a.png")
    cropped = told.seen
    assert np.flatnonzero(cropped[0].max(0) > 0.5).mean() == pytest.approx(13.5, abs=0.6)
    wetcow("model", "a.png", "--no-crop")
    assert np.flatnonzero(told.seen[0].max(0) > 0.5).mean() < 5


def test_no_picture_can_be_read(wetcow, told):
    result = wetcow("model", "missing.png", "--json", "-")
    assert result.exit_code == 1 and "missing.png" in result.stderr
    assert json.loads(result.stdout)["images"] == []


def test_one_class_and_numbers_as_labels(wetcow, told):
    told.classes_ = np.array([7])
    told.uncertainty_threshold_ = 0.0
    told.predict_proba = lambda X: np.ones((len(X), 1))
    draw("a.png", 5)
    result = wetcow("model", "a.png", "--json", "-")
    assert result.exit_code == 0, result.output
    (image,) = json.loads(result.stdout)["images"]
    assert image["label"] == 7 and image["probabilities"] == {"7": 1.0}


def test_model_of_a_table(wetcow, told):
    told.image_shape_ = None
    draw("a.png", 5)
    result = wetcow("iris.wetcow", "a.png")
    assert result.exit_code == 2
    assert "iris.wetcow is a model of tables" in result.stderr and "Traceback" not in result.output


# Files


def test_bad_pictures_are_named_and_the_others_classified(wetcow, told, tmp_path):
    draw("a.png", 5)
    draw("b.png", 64)
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "folder").mkdir()
    files = ("a.png", "text.png", "folder", "missing.png", "b.png")
    result = wetcow("model", *files, "--json", "out.json")
    assert result.exit_code == 1
    assert "3 of 5 pictures" in result.stderr
    assert all(name in result.stderr for name in files[1:4])
    assert "a.png" in result.stdout and "b.png" in result.stdout
    report = json.loads(pathlib.Path("out.json").read_text())
    assert [image["file"] for image in report["images"]] == ["a.png", "b.png"]
    assert [error["file"] for error in report["errors"]] == list(files[1:4])


def test_large_pictures_and_other_files_do_not_lose_the_others(wetcow, told, monkeypatch):
    """A line of 171 bytes asked for 26 GB; a picture that claims to be larger is not decoded."""
    draw("a.png", 5)
    page = Image.new("1", (60_000, 1), 1)
    page.paste(0, (100, 0, 59_000, 1))
    page.save("line.png")
    Image.new("1", (9_000, 9_000)).save("large.png")
    np.save("array.npy", np.zeros((3, 28, 28)))
    pathlib.Path("empty.npy").write_bytes(b"")
    files = ("line.png", "large.png", "array.npy", "empty.npy")
    result = wetcow("model", *files, "a.png", "--json", "out.json")
    assert result.exit_code == 1
    report = json.loads(pathlib.Path("out.json").read_text())
    assert [image["label"] for image in report["images"]] == ["[middle]"]
    said = {error["file"]: error["error"] for error in report["errors"]}
    assert set(said) == {*files}
    assert "60,000 × 1 pixels" in said["line.png"] and "9,000 × 9,000" in said["large.png"]
    assert "give a PNG or JPEG" in said["array.npy"] and "PNG" in said["empty.npy"]

    def read(path, *_, **__):
        raise MemoryError

    monkeypatch.setattr("wetcow.images.colours.read_picture", read)
    result = wetcow("model", "a.png")
    assert result.exit_code == 1 and "a.png is too large for the memory" in result.stderr


@pytest.mark.slow
def test_large_inverted_pictures_of_digits(wetcow, digits_model):
    X, y = datasets.load("digits", split="test")
    files = [f"{number}.png" for number in range(40)]
    for file, row in zip(files, X, strict=False):
        page = np.kron(255 * (1 - row.reshape(8, 8)), np.ones((30, 30)))
        Image.fromarray(np.round(page).astype(np.uint8)).save(file)
    # These fill their images, unlike those of MNIST.
    result = wetcow(digits_model, *files, "--no-crop", "--json", "-")
    assert result.exit_code == 0, result.output
    images = json.loads(result.stdout)["images"]
    assert np.mean([image["label"] == label for image, label in zip(images, y, strict=False)]) > 0.9
    assert np.mean([image["unlike_training"] for image in images]) < 0.2


@pytest.mark.slow
def test_what_is_no_model_and_what_is_no_digit(wetcow, digits_model):
    board = np.pad(np.indices((6, 6)).sum(axis=0) % 2, 1)
    Image.fromarray(np.kron(board, np.full((9, 9), 255)).astype("u1")).save("board.png")
    result = wetcow(digits_model, "board.png", "--no-crop", "--json", "-")
    assert json.loads(result.stdout)["images"][0]["unlike_training"], result.output
    result = wetcow("board.png", "board.png")
    assert result.exit_code == 2 and "not a wetcow model" in result.stderr
    result = wetcow("missing.wetcow", "board.png")
    assert result.exit_code == 2 and "missing.wetcow" in result.stderr


@pytest.mark.slow
def test_learned_by_the_command(wetcow):
    arguments = ("digits", "--budget", "seconds", "--n-modes", "8", "--save", "digits.wetcow")
    learned = CliRunner().invoke(app, ["learn", *arguments])
    assert learned.exit_code == 0, learned.output
    card = WaveClassifier.load("digits.wetcow").card()
    assert "The training part of digits, learned by `wetcow learn digits`, seed 0." in card
    X, _ = datasets.load("digits", split="test")
    for number, row in enumerate(X[:10]):
        page = np.kron(255 * (1 - row.reshape(8, 8)), np.ones((30, 30)))
        Image.fromarray(np.round(page).astype(np.uint8)).save(f"{number}.png")
    files = [f"{number}.png" for number in range(10)]
    result = wetcow("digits.wetcow", *files, "--no-crop", "--json", "-")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["errors"] == [] and [image["file"] for image in report["images"]] == files
    # The pictures are enlarged exactly, but for their resolution of 8 bits.
    expected = WaveClassifier.load("digits.wetcow").predict(X[:10])
    assert [image["label"] for image in report["images"]] == expected.tolist()


# Errors


def test_json_that_cannot_be_written_is_said_first(wetcow, tmp_path):
    assert "is a folder" in wetcow("model", "a.png", "--json", tmp_path).stderr


def test_arguments_are_needed(wetcow):
    assert wetcow().exit_code == wetcow("model").exit_code == 2
