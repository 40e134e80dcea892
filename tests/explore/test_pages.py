"""Pages of the explorer without a browser, and the command that serves them."""

import builtins
import concurrent.futures
import io
import queue
import sys
import threading
import types

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import wetcow
from wetcow.cli import app as command

pytest.importorskip("panel", reason='panel is missing: pip install "wetcow[explore]"')

import panel as pn
import param
from bokeh.models import ColumnDataSource

from wetcow import datasets
from wetcow.explore import app
from wetcow.explore.model import Model, SharedModel
from wetcow.explore.pages.brain import brain_page
from wetcow.explore.pages.digit import digit_page
from wetcow.explore.pages.memory import memory_page
from wetcow.explore.pages.mode import mode_page
from wetcow.explore.pages.network import network_page
from wetcow.explore.pages.tissue import tissue_page
from wetcow.explore.parts import following
from wetcow.explore.parts.canvas import Canvas
from wetcow.learning.classifier import WaveClassifier


class Seen:
    """A page with its widgets by label, its text, and the data of its plots."""

    def __init__(self, page):
        self.page = page
        self.model = page.get_root()  # what a browser would be sent

    def __getitem__(self, name):
        """The widget whose label starts so."""
        found = [one for one in self.page.select(pn.widgets.Widget) if one.label.startswith(name)]
        return found[0]

    def text(self):
        """All HTML."""
        return " ".join(one.object for one in self.page.select(pn.pane.HTML))

    def errors(self):
        """Messages that are shown."""
        return [one.object for one in self.page.select(pn.pane.Alert) if one.visible]

    def data(self, source):
        """Columns of a source, by its name."""
        return self.model.select_one({"type": ColumnDataSource, "name": source}).data


@pytest.fixture(scope="module")
def model():
    X, y = datasets.load("digits")
    return Model(
        classifier=WaveClassifier(n_modes=64).fit(X, y), origin="made for a test", fill=1.0
    )


# Known answers


@pytest.mark.slow
def test_mode_follows_its_sliders():
    seen = Seen(mode_page())
    assert "0.9500" in seen.text() and "below criticality" in seen.text()
    before = seen.data("motion")["amplitude"]
    seen["excitation"].value = 2.5
    assert "beyond criticality" in seen.text() and seen.data("here")["rate"][0] == pytest.approx(0)
    assert not np.array_equal(seen.data("motion")["amplitude"], before)
    toml = seen["configuration"]
    assert toml.visible and b"gamma = 2.5" in toml.callback().read()
    seen["the paper"].clicks += 1
    assert "0.9500" in seen.text()
    np.testing.assert_array_equal(seen.data("motion")["amplitude"], before)


@pytest.mark.slow
def test_network_follows_its_sliders():
    seen = Seen(network_page())
    assert seen.data("waves")["image"][0].shape == (10, 501)
    seen["modes N"].value = 4
    seen["coupling strength"].value = 0.0
    assert seen.data("waves")["image"][0].shape == (4, 501)
    assert seen.data("order")["r"][-1] < 0.95 and "not in 100 time units" in seen.text()
    assert len(seen.data("rates")["spiking"]) == 4
    seen["excitation"].value = 2.9
    assert "not defined: fewer than two modes move" in seen.text() and "4 of 4" in seen.text()
    assert "beyond criticality" in seen.text() and "nan" not in seen.text()
    assert not len(seen.data("pulse")["start"])
    seen["silenced for a while"].clicks += 1
    assert seen.data("pulse")["start"] == [40.0] and seen.data("pulse")["end"] == [70.0]
    assert b"[drive]" in seen["configuration"].callback().read()


@pytest.mark.slow
def test_brain_and_tissue_follow_their_sliders():
    seen = Seen(brain_page())
    assert len(seen.data("regions")["hertz"]) == 76 and "partly synchronous" in seen.text()
    seen["coupling strength"].value = 0.8
    seen["excitation"].value = 0.8
    assert "beyond criticality" in seen.text() and "76 of 76" in seen.text()
    assert set(seen.data("regions")["hertz"]) == {0.0}

    seen = Seen(tissue_page())
    first = seen.data("potential")["image"][0]
    seen["time"].value = 40
    assert not np.array_equal(seen.data("potential")["image"][0], first)
    last = seen.data("now")["here"][0]
    assert f"{last:.2g}" in seen.text() and seen.data("now")["time"][0] == pytest.approx(
        5.05, abs=0.01
    )
    seen["direction"].value = 135.0
    assert seen.data("now")["here"][0] < 0.01 * last


@pytest.mark.slow
def test_memory_is_built_from_typed_frequencies():
    seen = Seen(memory_page())
    assert "10 of 10" in seen.text() and not seen.errors()
    seen["frequencies"].value = "0.8 1 1.2"
    seen["largest weight"].value = 1.0
    assert "3 of 3" in seen.text() and len(seen.data("modes")["wave"]) == 3
    seen["equally spaced"].value = (0.5, 1.5)
    assert seen["frequencies"].value.startswith("0.5, 0.6111") and "10 of 10" in seen.text()
    seen["draw ten"].clicks += 1
    typed = [float(word) for word in seen["frequencies"].value.split(",")]
    assert len(typed) == 10 and 0.5 <= min(typed) < max(typed) <= 1.5
    seen["largest weight"].value = 0.02
    assert "Raise max_weight" in seen.errors()[0] and seen.data("modes")["wave"] == []
    seen["largest weight"].value = 0.4
    assert not seen.errors() and len(seen.data("modes")["wave"]) == 10


def loaded(model):
    """A future that has come."""
    future = concurrent.futures.Future()
    future.set_result(model)
    return future


@pytest.mark.slow
def test_drawing_is_answered(model):
    seen = Seen(digit_page(loaded(model)))
    assert "made for a test" in seen.text() and seen.data("probabilities")["label"] == []
    (canvas,) = seen.page.select(Canvas)
    canvas.value = [[[0.5, 0.1], [0.5, 0.9]]]
    probabilities = np.array(seen.data("probabilities")["probability"])
    assert probabilities.argmax() == 1 and '<div class="answer">1</div>' in seen.text()
    assert seen.data("picture")["image"][0].shape == (8, 8)
    seen["clear"].clicks += 1
    assert canvas.value == [] and seen.data("probabilities")["label"] == []
    assert '<div class="answer">' not in seen.text()


def png(image):
    """Bytes of a picture."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    return file.getvalue()


@pytest.mark.slow
def test_picture_is_answered_instead_of_a_drawing(model):
    seen = Seen(digit_page(loaded(model)))
    (canvas,) = seen.page.select(Canvas)
    canvas.value = [[[0.2, 0.5], [0.8, 0.5]]]
    page = np.full((90, 60), 250, np.uint8)
    page[10:80, 28:33] = 20  # a 1, dark on light
    seen["or give"].value = png(page)
    assert canvas.value == [] and '<div class="answer">1</div>' in seen.text()
    seen["or give"].value = b"no picture"
    assert seen.errors() == ["the picture is no picture that can be read; give a PNG or JPEG"]
    assert seen.data("probabilities")["label"] == [] and "made for a test" in seen.text()
    # The same picture once more, after a drawing took its place.
    seen["or give"].value = png(page)
    canvas.value = [[[0.2, 0.5], [0.8, 0.5]]]
    assert seen["or give"].value is None
    seen["or give"].value = png(page)
    assert canvas.value == [] and '<div class="answer">1</div>' in seen.text()
    seen["clear"].clicks += 1
    assert not seen.errors() and seen["or give"].value is None and canvas.visible


def test_models_of_colours_answer_to_pictures_in_colour():
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    X = np.full((80, 8, 8, 3), 0.2) + rng.uniform(0, 0.1, (80, 8, 8, 3))
    X[np.arange(80), ..., 2 * y] += 0.6
    classifier = WaveClassifier(n_modes=8).fit(X, np.array(["red", "blue"])[y])
    coloured = Model(classifier=classifier, origin="of a test", fill=1.0)
    seen = Seen(digit_page(loaded(coloured)))
    assert not seen.page.select(Canvas)[0].visible
    picture = np.full((20, 20, 3), 60, np.uint8)
    picture[..., 2] = 210
    seen["or give"].value = png(picture)
    assert '<div class="answer">blue</div>' in seen.text()
    (image,) = seen.data("picture")["image"]
    pixel = image.view(np.uint8).reshape(8, 8, 4)[3, 3]
    assert pixel.tolist() == [60, 60, 210, 255]
    tabs = app.explorer_page(SharedModel(coloured)).select(pn.Tabs)[0]
    assert tabs._names[-1] == "show a picture"


def test_a_model_that_cannot_be_loaded_is_explained():
    future = concurrent.futures.Future()
    future.set_exception(ValueError("it is damaged"))
    seen = Seen(digit_page(future))
    assert seen.errors() == ["no classifier answers: it is damaged"]
    assert "being loaded" not in seen.text()


class Knob(param.Parameterized):
    """A widget, as far as followers know."""

    value = param.Number(default=0)


class Document:
    """Keeps what is to be called, as the event loop of a session would."""

    def __init__(self):
        self.timeouts, self.ticks, self.ends = [], queue.Queue(), []

    def add_timeout_callback(self, call, after):
        self.timeouts.append((after, call))

    def add_next_tick_callback(self, call):
        self.ticks.put(call)


def test_what_lasts_is_dimmed_and_the_newest_values_win(monkeypatch):
    document, going = Document(), threading.Event()
    state = types.SimpleNamespace(curdoc=document, on_session_destroyed=document.ends.append)
    monkeypatch.setattr(following, "pn", types.SimpleNamespace(state=state))
    knob, part, shown, failed = Knob(), types.SimpleNamespace(loading=False), [], []

    def look(value):
        assert going.wait(60)
        if value < 0:
            raise ValueError(f"{value} is negative")
        return value

    following.Follower({"value": knob}, look, shown.append, fail=failed.append, parts=[part])
    after, dim = document.timeouts.pop()
    assert after == 200 and not part.loading
    dim()
    assert part.loading and shown == []
    for value in (1, 2, 3):  # while it works
        knob.value = value
    going.set()
    document.ticks.get(timeout=60)()
    assert shown == [0] and part.loading  # what is shown is of earlier values
    document.ticks.get(timeout=60)()
    assert shown == [0, 3] and not part.loading
    dim()  # comes late: this work is done
    assert not part.loading
    knob.value = -1
    document.ticks.get(timeout=60)()
    assert [str(error) for error in failed] == ["-1 is negative"] and shown == [0, 3]
    (end,) = document.ends
    end(None)


@pytest.mark.slow
def test_tabs_are_filled_when_they_are_opened(model):
    page = app.explorer_page(SharedModel(model))
    (tabs,) = page.select(pn.Tabs)
    assert [len(place) for place in tabs] == [1, 0, 0, 0, 0, 0]
    tabs.active = 5
    assert [len(place) for place in tabs] == [1, 0, 0, 0, 0, 1]
    assert any("made for a test" in one.object for one in page.select(pn.pane.HTML))


# Files


@pytest.mark.slow
def test_command_serves_until_interrupted(monkeypatch, model, tmp_path):
    def interrupted(server):
        server.unlisten()
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "serve_until_interrupted", interrupted)
    opened = []
    monkeypatch.setattr("typer.launch", opened.append)
    path = tmp_path / "digits.wetcow"
    model.classifier.save(path)
    result = CliRunner().invoke(command, ["explore", "--model", str(path), "--port", "0"])
    assert result.exit_code == 130 and "the page is closed" in result.stderr
    assert opened[0] in result.stdout and opened[0].startswith("http://127.0.0.1:")
    result = CliRunner().invoke(command, ["explore", "--no-show", "--port", "0"])
    assert result.exit_code == 130 and len(opened) == 1


# Errors


def test_server_listens_on_loopback_and_a_taken_port_is_an_error(model):
    server = app.make_server(0, SharedModel(model))
    try:
        assert server.address == "127.0.0.1" and server.port > 0
        result = CliRunner().invoke(command, ["explore", "--no-show", "--port", str(server.port)])
        assert (
            result.exit_code == 2 and "error" in result.stderr and "Traceback" not in result.stderr
        )
    finally:
        server.stop()
        server.unlisten()


@pytest.mark.parametrize("name", ["panel", "bokeh"])
def test_missing_panel_is_named_with_the_command(monkeypatch, name):
    real = builtins.__import__

    def absent(module, *rest):
        if module.split(".")[0] == name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(module, *rest)

    for loaded in [one for one in sys.modules if one.startswith("wetcow.explore")]:
        monkeypatch.delitem(sys.modules, loaded)
    # Importing it again replaces the attribute of the package too, which this puts back.
    monkeypatch.setattr(wetcow, "explore", wetcow.explore)
    monkeypatch.setattr(builtins, "__import__", absent)
    result = CliRunner().invoke(command, ["explore"])
    assert result.exit_code == 2
    assert f'needs {name}: pip install "wetcow[explore]"' in result.stderr


def test_missing_model_is_an_error_before_anything_is_served(tmp_path):
    result = CliRunner().invoke(command, ["explore", "--model", str(tmp_path / "none")])
    assert result.exit_code == 2 and "none" in result.stderr
