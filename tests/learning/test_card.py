"""A model's card says what the model knows, in the file too, and nothing else."""

import json
import re
import zipfile

import numpy as np
import pytest
from sklearn.datasets import load_wine
from typer.testing import CliRunner

import wetcow
from wetcow import datasets
from wetcow.cli import app
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.io.container import read_model, write_model
from wetcow.learning.memory import examples as memory


@pytest.fixture(scope="module")
def digits():
    return datasets.load("digits")


@pytest.fixture(scope="module")
def fitted(digits):
    X, y = digits
    return WaveClassifier(n_modes=8).fit(X[:300], y[:300])


def table(card):
    """Numbers of samples by class."""
    rows = re.findall(r"^\| (\S+) \| ([\d,]+) \|$", card, re.MULTILINE)
    return {label: int(count.replace(",", "")) for label, count in rows}


# Known answers


def test_counts_sizes_and_measures_are_those_of_the_model(fitted, digits):
    card = fitted.card()
    wanted = np.bincount(digits[1][:300])
    assert table(card) == {str(label): count for label, count in enumerate(wanted)}
    assert "300 samples, images of 8×8 pixels:" in card
    assert f"wetcow {wetcow.__version__}" in card and fitted.record_.date in card
    assert "patches of 5×5 pixels at 8×8 positions" in card
    assert f"{fitted.hidden_.n_codes:,} in all" in card
    assert f"a memory of 300 examples in {fitted.memory_.rows.shape[1]} principal" in card
    assert f"(noise 0.03, relative residual {fitted.memory_.residual:.1g})" in card
    for number in (
        fitted.residual_variance_,
        fitted.inverse_temperature_,
        fitted.uncertainty_threshold_,
    ):
        assert f": {number:.4g}\n" in card
    assert "Parameters that are not the default: `n_modes=8`." in card
    assert "Where the data are from was not said" in card
    assert not re.search(r"nan|None\b|deformed|trained for|centred", card)


@pytest.mark.slow
def test_of_many_some_are_left_out_together(digits, monkeypatch):
    monkeypatch.setattr(memory, "FEW", 1_000)
    X, y = digits
    clf = WaveClassifier(n_modes=8).fit(X[:1100], y[:1100])
    assert clf.record_.left_out == 220 and clf.record_.together
    assert (
        "on 220 of the samples, by class modes that were solved without all of these" in clf.card()
    )
    assert 0.7 < clf.record_.left_out_accuracy <= 1


def test_tables_and_rare_classes():
    import pandas  # comes with xarray

    X, y = load_wine(return_X_y=True)
    keep = (y != 1) | (np.arange(len(y)) < 80)
    names = [f"column {number}" for number in range(13)]
    frame = pandas.DataFrame(X[keep], columns=names)
    clf = WaveClassifier(n_modes=8, image_shape=None).fit(
        frame, np.array(["a", "b|", "c"])[y[keep]]
    )
    card = clf.card()
    assert "rows of 13 columns to 3 classes" in card and "`column 12`." in card
    assert "`b|` has the fewest samples, 21; the most of one class are 59" in card
    assert r"| b\| | 21 |" in card
    assert "pixels" not in card


def test_many_classes_end_with_a_summary(fitted):
    import copy

    many = copy.copy(fitted)
    many.classes_ = np.arange(150)
    many.record_ = fitted.record_._replace(counts=tuple(range(1, 151)))
    card = many.card()
    assert len(table(card)) == 100
    assert f"| 50 more, of 101 to 150 each | {sum(range(101, 151)):,} |" in card


# Properties


def test_left_out_accuracy_is_that_of_class_modes_solved_without(digits):
    """Without one sample, solved again."""
    X, y = digits[0][:60], digits[1][:60]
    clf = WaveClassifier(n_modes=8).fit(X, y)
    rows = clf.memory_.rows.astype(float)
    matrix = clf.memory_.kernel.series(rows @ rows.T)
    np.fill_diagonal(matrix, 1 + clf.memory_.kernel.noise)
    right, bias = 0, np.eye(10)[y].mean(axis=0)
    for one in range(60):
        rest = np.arange(60) != one
        coupling = np.linalg.solve(matrix[np.ix_(rest, rest)], np.eye(10)[y[rest]] - bias)
        right += (matrix[one, rest] @ coupling + bias).argmax() == y[one]
    assert clf.record_.left_out == 60
    assert clf.record_.left_out_accuracy == pytest.approx(right / 60)
    assert f"accuracy {right / 60:.4f} on 60 of the samples" in clf.card()


# Files


def test_learning_on_adds_to_the_counts(digits, tmp_path):
    X, y = digits[0][:200], digits[1][:200]
    few = y < 7
    clf = WaveClassifier(n_modes=8, n_memories=150).partial_fit(X[few], y[few])
    assert "can learn on" in clf.card()
    clf.save(tmp_path / "model", updatable=True, notes="Made for a test.")
    loaded = WaveClassifier.load(tmp_path / "model")
    assert "Made for a test." in loaded.card()
    loaded.partial_fit(X[~few], y[~few], classes=range(10))
    assert table(loaded.card()) == {str(label): int((y == label).sum()) for label in range(10)}


def test_file_holds_the_card_of_what_is_loaded(fitted, tmp_path):
    path = tmp_path / "model.wetcow"
    fitted.save(path, notes="Digits of scikit-learn.")
    loaded = WaveClassifier.load(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist()[:2] == ["header.json", "README.md"]
        written = archive.read("README.md").decode()
    assert written == loaded.card()
    assert "Digits of scikit-learn." in written
    assert "As kept here it can learn on (`partial_fit`)." in written
    assert "not said" not in written and "not said" in fitted.card()
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_files_without_a_record(fitted, digits, tmp_path):
    path = tmp_path / "old.wetcow"
    fitted.save(path, updatable=True)
    header, arrays = read_model(path)
    for own in ("format", "format_version", "wetcow", "arrays", "record"):
        del header[own]
    write_model(path, header, arrays)
    old = WaveClassifier.load(path)
    card = old.card()
    assert "kept no record" in card and "not known how many samples" in card
    assert "accuracy" not in card and table(card) == {}
    old.partial_fit(digits[0][300:400], digits[1][300:400])
    assert old.record_ is None  # the earlier ones are still not known
    old.save(path)
    assert WaveClassifier.load(path).record_ is None


def test_command(fitted, tmp_path):
    path = tmp_path / "model.wetcow"
    fitted.save(path)
    result = CliRunner().invoke(app, ["card", str(path)])
    assert result.exit_code == 0
    assert result.stdout == WaveClassifier.load(path).card()
    result = CliRunner().invoke(app, ["card", str(path), "--json", "-"])
    found = json.loads(result.stdout)
    assert found["record"]["counts"] == list(fitted.record_.counts)
    assert found["banks"][0]["modes"] == 8 and found["updatable"] is True
    (tmp_path / "other").write_text("other")
    assert CliRunner().invoke(app, ["card", str(tmp_path / "other")]).exit_code == 2


# Errors


@pytest.mark.slow
def test_copies_frame_and_mirror_are_told(digits):
    X, y = digits
    settings = {"copies": 2, "augmentation": "handwriting", "frame": "seven", "mirror": True}
    clf = WaveClassifier(n_modes=8, **settings).fit(X[:100], y[:100])
    card = clf.card()
    assert sum(table(card).values()) == 100
    assert "100 samples, images of 8×8 pixels, and 2 deformed copies of each" in card
    assert "centred, scaled (strength 1), deskewed, made rounder (0.5), and seen at 7×7" in card
    assert "An image and its mirror image are the same to it." in card


def test_training_is_told():
    from wetcow.learning.io.record import Trained

    clf = WaveClassifier(n_modes=4).fit(*(part[:100] for part in datasets.load("digits")))
    for trained, kept in ((0.97, "trained"), (0.9, "constructed")):
        clf.record_ = clf.record_._replace(trained=(Trained(0.95, trained, 61.2, False),))
        assert (
            "trained for 61 s, interrupted: accuracy on samples that were not learned 0.9500 "
            f"constructed, {trained:.4f} trained; the {kept} modes were kept"
        ) in clf.card()
