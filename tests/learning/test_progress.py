"""Progress of construction: which stages are shown, that they end, and that they can be left."""

import io
import re

import numpy as np
import pytest
import rich

from wetcow import datasets
from wetcow.cli import learn as command
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data import progress, samples

STAGES = ["view", "hidden modes", "projection", "codes", "memory", "calibration"]
SUMS = ["projection", "codes and sums", "memory", "calibration"]  # of landmarks


@pytest.fixture(scope="module")
def digits():
    X, y = datasets.load("digits")
    return X[:300], y[:300]


@pytest.fixture
def terminal():
    """What rich writes to a terminal, here a text."""
    text = io.StringIO()
    rich.reconfigure(file=text, force_terminal=True, width=100)
    yield text
    rich.reconfigure()


def lines(text):
    """Last state of the display, without colours."""
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text.getvalue())
    return [line.strip() for line in plain.replace("\r", "\n").split("\n") if line.strip()]


# Known answers


def test_stages_are_shown_to_their_ends(digits, terminal, monkeypatch):
    monkeypatch.setattr("wetcow.learning.memory.examples.FEW", 100)
    X, y = digits
    monkeypatch.setattr(samples, "BATCH_SIZE", 70)
    clf = WaveClassifier(n_modes=8, progress=True)
    clf.fit(X, y)
    last = lines(terminal)[-len(STAGES) :]
    for stage, line in zip(STAGES, last, strict=True):
        assert line.startswith(stage)
        assert re.search(r"\d:\d\d:\d\d +0:00:00$", line), line  # elapsed, and nothing remaining
    assert " 300/300 " in last[3] and re.search(r"residual \d.\de-0\d +100/100 ", last[4])
    assert "\x1b[?25h" in terminal.getvalue()  # the cursor is back


@pytest.mark.parametrize("n_memories", [None, 100])
def test_only_stages_that_there_are(digits, terminal, n_memories):
    X, y = digits
    clf = WaveClassifier(n_modes=8, n_memories=n_memories)
    clf.fit(X, y).set_params(progress=True)
    assert lines(terminal) == []
    after = SUMS if n_memories else STAGES[2:]
    for learn, expected in ((clf.fit, [*STAGES[:2], *after]), (clf.partial_fit, after)):
        terminal.truncate(0)
        learn(X, y)
        last = lines(terminal)[-len(expected) :]
        assert [line.split("  ")[0].split(" ━")[0].strip() for line in last] == expected


def test_nothing_is_shown_unasked(digits, capfd, terminal):
    WaveClassifier(n_modes=8).fit(*digits)
    assert terminal.getvalue() == "" and capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("at", ["construct_hidden", "fit_projection", "memorize"])
def test_interruptions_free_the_terminal_and_keep_the_model(digits, terminal, monkeypatch, at):
    X, y = digits
    clf = WaveClassifier(n_modes=8, progress=True).fit(X, y)
    before, names = clf.criticality(X), set(vars(clf))

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    module = "views.construction" if at == "construct_hidden" else "pipeline"
    monkeypatch.setattr(f"wetcow.learning.{module}.{at}", interrupt)
    terminal.truncate(0)
    # Other images and labels, whose shapes and settings must not stay.
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X[:, 1:, 1:], y % 3)
    assert terminal.getvalue().endswith("\x1b[?25h")
    np.testing.assert_array_equal(clf.criticality(X), before)
    assert clf.image_shape_ == (8, 8) and set(vars(clf)) == names


def test_steps_add_up_whatever_their_size(terminal):
    with progress.stages(True) as start:
        advance = start("thirds", 2)
        for _ in range(6):
            advance(1 / 3)
        start("something else")
    thirds, other = lines(terminal)[-2:]
    assert thirds.startswith("thirds") and " 2/2 " in thirds
    assert other.startswith("something else")


@pytest.mark.slow
@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_command_shows_it_on_terminals(monkeypatch, capfd, is_terminal):
    """On stderr; stdout is for results."""

    class Stderr(io.StringIO):
        def isatty(self):
            return is_terminal

    monkeypatch.setattr("wetcow.learning.memory.examples.FEW", 100)
    stderr = Stderr()
    monkeypatch.setattr("sys.stderr", stderr)
    monkeypatch.setenv("TERM", "xterm")
    try:
        command.run("digits", json_file="-", n_modes=8)
    finally:
        rich.reconfigure()
    assert ("residual" in stderr.getvalue()) == is_terminal
    assert "residual" not in capfd.readouterr().out


# Properties


def test_the_model_is_the_same(digits, terminal):
    X, y = digits
    shown, silent = (
        WaveClassifier(n_modes=8, progress=progress).fit(X, y) for progress in (True, False)
    )
    np.testing.assert_array_equal(shown.criticality(X), silent.criticality(X))
