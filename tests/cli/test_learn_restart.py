"""``wetcow learn --resume FILE``: goes on, starts over, and refuses what is damaged."""

import json

import pytest
from typer.testing import CliRunner

from wetcow import datasets
from wetcow.cli import app
from wetcow.learning.finetune import refine
from wetcow.learning.finetune.training import STEPS_PER_CALL


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the state of a training of very few steps, its report, and the command."""
    folder = tmp_path_factory.mktemp("training")
    parts = {
        split: tuple(part[:300] for part in datasets.load("digits", split))
        for split in ("train", "test")
    }

    def learn(*arguments):
        command = ["learn", "digits", "--n-modes", "4", "--train-minutes", "1"]
        command += ["--resume", str(folder / "state"), "--json", "-", *arguments]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(refine, "fit_to_time", lambda *_: STEPS_PER_CALL)
            patch.setattr(datasets, "load", lambda name, split, data_dir: parts[split])
            return CliRunner().invoke(app, command)

    first = learn()
    assert first.exit_code == 0, first.output
    return folder, json.loads(first.stdout), learn


def steps(report):
    return [look["step"] for look in report["training"]]


@pytest.mark.slow
def test_restart_starts_over(trained):
    folder, report, learn = trained
    assert steps(report) == [STEPS_PER_CALL]
    (folder / "state.1").write_bytes(b"of someone else")
    state = (folder / "state").read_bytes()

    # Without it nothing is left to train.
    assert steps(json.loads(learn().stdout)) == []

    again = json.loads(learn("--restart").stdout)
    assert steps(again) == [STEPS_PER_CALL]
    assert again["training"][0]["loss"] == report["training"][0]["loss"]
    assert again["test_accuracy"] == report["test_accuracy"]
    assert (folder / "state.old").read_bytes() == state
    assert {path.name for path in folder.iterdir()} == {"state", "state.old", "state.1"}


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "flipped", "other"])
def test_a_damaged_state_is_refused_and_restart_goes_on(trained, damage):
    folder, report, learn = trained
    good = (folder / "state").read_bytes()
    middle = len(good) // 2
    bad = {
        "cut": good[:middle],
        "flipped": good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :],
        "other": b"not a checkpoint",
    }[damage]
    (folder / "state").write_bytes(bad)

    refused = learn()
    said = " ".join(refused.output.split())
    assert refused.exit_code == 2
    assert "damaged" in said and "state" in said and "wetcow learn --restart" in said
    assert (folder / "state").read_bytes() == bad, "it is left as it is"

    if damage == "cut":
        again = learn("--restart")
        assert again.exit_code == 0, again.output
        assert json.loads(again.stdout)["test_accuracy"] == report["test_accuracy"]
        assert (folder / "state.old").read_bytes() == bad
    (folder / "state").write_bytes(good)
