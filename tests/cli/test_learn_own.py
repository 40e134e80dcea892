"""``wetcow learn FILE.npz``: images of the user's own."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from wetcow.cli import app
from wetcow.cli.own_images import load_own
from wetcow.learning.classifier import WaveClassifier


def colours(n=60, side=8):
    """Images whose classes have one of three channels brighter than the others."""
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=n)
    light = 0.4 * rng.random((n, side, side, 1))
    return (light + 0.3 * np.eye(3)[y][:, None, None]).astype(np.float32), y


def run(*arguments):
    return CliRunner().invoke(app, ["learn", *map(str, arguments)])


def test_images_in_colour_are_learned_from_a_file(tmp_path):
    X, y = colours()
    path, model = tmp_path / "own.npz", tmp_path / "own.wetcow"
    np.savez(path, X=X.transpose(0, 3, 1, 2), y=np.array(["red", "green", "blue"])[y])
    refused = run(path, "--n-modes", "8")
    assert refused.exit_code == 2 and "say which by channel_axis" in refused.stderr
    done = run(path, "--n-modes", "8", "--channel-axis", "1", "--save", model, "--json", "-")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert (report["n_train"], report["n_test"]) == (48, 12)
    assert report["test_accuracy"] == 1
    loaded = WaveClassifier.load(model)
    assert loaded.image_shape_ == (8, 8, 3) and {*loaded.classes_} == {"red", "green", "blue"}
    assert "own.npz, learned by `wetcow learn`, seed 0." in loaded.card()


def test_samples_to_test_with_are_those_of_the_file_or_a_fifth(tmp_path):
    X, y = colours()
    np.savez(tmp_path / "all.npz", X=X, y=y, X_test=X[:7], y_test=y[:7])
    own = load_own(tmp_path / "all.npz")
    np.testing.assert_array_equal(own.X, X)
    np.testing.assert_array_equal(own.y_test, y[:7])
    np.savez(tmp_path / "some.npz", X=np.arange(60)[:, None], y=y)
    one, other = (load_own(tmp_path / "some.npz", seed) for seed in (0, 1))
    assert sorted([*one.X[:, 0], *one.X_test[:, 0]]) == [*range(60)]
    np.testing.assert_array_equal(one.y_test, y[one.X_test[:, 0]])
    assert len(one.y_test) == 12 and not np.array_equal(one.X_test, other.X_test)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.zeros((20, 8, 8))}, r"has arrays \['X'\]; expected are X and y"),
        ({"X": np.zeros((20, 8, 8)), "y": np.zeros(19)}, "each of the 20 samples"),
        ({"X": np.zeros((20, 8, 8)), "y": np.zeros((20, 2))}, r"got shape \(20, 2\)"),
        ({"X": np.zeros((9, 8, 8)), "y": np.zeros(9)}, "9 samples, too few"),
        ({"X": np.array([None] * 20), "y": np.zeros(20)}, "no arrays of numbers or text"),
    ],
)
def test_other_files_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        load_own(tmp_path / "own.npz")


def test_what_is_no_data_set_is_named(tmp_path):
    result = run("cifar")
    assert result.exit_code == 2 and "there is no data set 'cifar'" in result.stderr
    (tmp_path / "own.npz").write_bytes(b"text")
    result = run(tmp_path / "own.npz")
    assert result.exit_code == 2 and "has no arrays of numbers or text" in result.stderr
    result = run(tmp_path / "missing.npz")
    assert result.exit_code == 2 and "missing.npz" in result.stderr
