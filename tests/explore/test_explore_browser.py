"""The explorer in a headless browser: what a person does, and what others cannot."""

import contextlib
import http.client
import pathlib
import socket
import urllib.request

import browser
import numpy as np
import pytest
from PIL import Image, ImageDraw

from wetcow import datasets
from wetcow.explore.views.network import look_at_network
from wetcow.learning.classifier import WaveClassifier

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(browser.missing()),
        reason=f"missing: {browser.missing()} (apt-get install chromium chromium-driver; "
        'pip install "wetcow[explore,test]")',
    ),
]

TWO = [(0.25, 0.3), (0.35, 0.15), (0.6, 0.12), (0.72, 0.28), (0.6, 0.5), (0.25, 0.88), (0.8, 0.88)]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A saved model of the embedded digits, small."""
    path = tmp_path_factory.mktemp("explore") / "digits.wetcow"
    X, y = datasets.load("digits")
    WaveClassifier(n_modes=24).fit(X, y).save(path)
    return path


@pytest.fixture(scope="module")
def server(model):
    with browser.serving("--model", model) as (url, process):
        yield url, process


@pytest.fixture(scope="module")
def chromium(server):
    """One browser for all tests; to start one takes seconds."""
    page = browser.Page(server[0])
    yield page
    page.close()


@pytest.fixture
def page(chromium, server):
    """The page anew: each tab that is open takes time whenever another changes."""
    chromium.driver.get(server[0])
    return chromium


def names_and_faults(page):
    """Name of the first slider, and serious faults by the rules of axe, once all have names."""
    page.wait(lambda: all(one.get_attribute("aria-label") for one in page.find(".noUi-handle")))
    return page.find(".noUi-handle")[0].get_attribute("aria-label"), page.faults()


def test_slider_moves_the_mode(page):
    page.wait_for("criticality cr")
    assert page.driver.title == "wetcow explorer"
    assert page.value_of("criticality cr") == "0.9500" and "below criticality" in page.text()
    before = page.wait(lambda: page.column("motion", "amplitude"))
    assert len(before) == 4001 and max(before) > 1  # long enough for slow spikes: 200 time units
    picture = page.find(".bk-Figure, .bk-figure")[0].screenshot_as_png
    page.drag_slider(0, 60)  # γ beyond its critical value
    page.wait(lambda: page.value_of("regime").startswith("beyond criticality"))
    assert float(page.value_of("criticality cr")) > 1
    assert page.value_of("ωs, integrated") == "0.0000 (silent)"
    after = page.wait(lambda: page.column("motion", "amplitude"))
    assert np.ptp(after[-500:]) < 1e-6  # silent
    page.wait(lambda: page.find(".bk-Figure, .bk-figure")[0].screenshot_as_png != picture)
    assert names_and_faults(page) == ("excitation γ", [])


def network_opens(page):
    page.wait_for("its mean over the second half")
    # test_views.py compares what is looked at with other integrators; this is what a page says.
    view = look_at_network(10, 1.0)
    assert page.value_of("order parameter r at the end") == f"{view.order[-1]:.3f}"
    assert page.value_of("its mean over the second half") == f"{view.mean_order:.3f}"


def memory_opens(page):
    page.wait_for("modes that replay it")
    assert page.value_of("modes that replay it") == "10 of 10"


def brain_opens(page):
    page.wait_for("mean spiking frequency, Hz")
    page.wait(lambda: len(page.column("regions", "hertz") or ()) == 76)


def tissue_opens(page):
    page.wait_for("energy left")


@pytest.mark.parametrize(
    "opening",
    [
        {"a network": network_opens, "a memory": memory_opens},
        {"a brain": brain_opens, "tissue": tissue_opens},
    ],
    ids=" and ".join,
)
def test_other_pages_open_and_tell_all_to_whoever_has_them_read(page, opening):
    for tab, opens in opening.items():
        page.open_tab(tab)
        opens(page)
        assert names_and_faults(page) == ("excitation γ", [])  # of the first tab, which stays


def test_drawn_digit_is_answered(page, model, tmp_path):
    page.open_tab("draw a digit")
    page.wait_for(f"loaded from {model}")
    page.draw(TWO)
    # It answers while the pen still moves; what counts is what it says of the whole.
    page.wait(lambda: [one.text for one in page.find(".answer")] == ["2"])
    probabilities = page.column("probabilities", "probability")
    assert np.argmax(probabilities) == 2 and sum(probabilities) == pytest.approx(1)
    assert float(page.value_of("uncertainty / usual")) > 0
    clear = next(button for button in page.find("button") if button.text == "clear")
    clear.click()
    page.wait(lambda: page.column("probabilities", "probability") == [])
    page.draw([(0.5, 0.1), (0.5, 0.9)])
    page.wait(lambda: [one.text for one in page.find(".answer")] == ["1"])
    # A picture takes the place of the drawing; a drawing that of the picture.
    paper = Image.new("L", (300, 200), 240)
    ImageDraw.Draw(paper).ellipse((110, 50, 190, 150), outline=30, width=14)
    paper.save(tmp_path / "zero.png")
    (given,) = page.find("input[type=file]")
    given.send_keys(str(tmp_path / "zero.png"))
    page.wait(lambda: [one.text for one in page.find(".answer")] == ["0"])
    page.draw([(0.5, 0.1), (0.5, 0.9)])
    page.wait(lambda: [one.text for one in page.find(".answer")] == ["1"])


def test_address_leads_back_and_presets_show_something(chromium, server):
    chromium.driver.get(f"{server[0]}?mode-gamma=2.5")
    page = chromium
    page.wait(lambda: page.value_of("criticality cr") == "1.2500")
    next(one for one in page.find("button") if one.text == "spike slowly").click()
    page.wait(lambda: page.value_of("criticality cr") == "0.9900")
    page.wait(lambda: "mode-gamma=1.98" in page.driver.current_url)
    assert [one.text for one in page.find("mark")] in ([], ["γ"], ["ω"])
    # The code that can be copied gives the numbers of the page.
    (code,) = [one.get_attribute("value") for one in page.find("textarea")]
    names = {}
    exec(code, names)
    assert f"{names['rates']['integrated']:.4f}" == page.value_of("ωs, integrated")
    assert f"{float(names['criticality']):.4f}" == "0.9900"
    assert page.errors() == []


def test_narrow_window_has_everything_below_each_other(chromium, server):
    usual = chromium.driver.get_window_size()
    chromium.driver.set_window_size(390, 1000)
    chromium.driver.get(server[0])
    page = chromium
    page.wait_for("criticality cr")
    script = "return [document.scrollingElement.scrollWidth, window.innerWidth]"
    page.wait(lambda: page.find(".bk-Figure, .bk-figure"))
    across, window = page.driver.execute_script(script)
    assert across <= window
    slider, figure = page.find(".noUi-target")[0], page.find(".bk-Figure, .bk-figure")[0]
    assert figure.rect["y"] > slider.rect["y"] + 100
    assert figure.rect["x"] < 60
    chromium.driver.set_window_size(usual["width"], usual["height"])


def test_nothing_went_wrong_and_nothing_left_this_machine(chromium, server):
    assert chromium.errors() == []
    requests = chromium.requests()
    elsewhere = [
        url for url in requests if not url.startswith((server[0], "blob:", "data:", "chrome:"))
    ]
    assert server[0] in requests and elsewhere == []


def test_only_loopback_listens(server):
    url, process = server
    port = int(url.rsplit(":", 1)[1].rstrip("/"))
    assert urllib.request.urlopen(url).status == 200
    with pytest.raises(OSError):  # another address of this machine, if a near one
        socket.create_connection(("127.0.0.2", port), timeout=5).close()
    tables = [pathlib.Path(f"/proc/{process.pid}/net/{name}") for name in ("tcp", "tcp6")]
    if not tables[0].exists():
        pytest.skip("this system does not list sockets in /proc")
    listening = []
    for table in tables:
        with contextlib.suppress(FileNotFoundError):  # no IPv6
            rows = [line.split() for line in table.read_text().splitlines()[1:]]
            listening += [row[1] for row in rows if row[3] == "0A"]
    assert [at for at in listening if at.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def test_other_names_of_this_machine_get_nothing(server):
    address = server[0].removeprefix("http://").rstrip("/")

    def status(path, host):
        connection = http.client.HTTPConnection(address, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Host": host})
            return connection.getresponse().status

    port = address.split(":")[1]
    assert status("/", address) == status("/", f"localhost:{port}") == 200
    assert status("/", f"example.org:{port}") == status("/", "example.org") == 403
    assert status("/autoload.js?bokeh-autoload-element=1", address) == 403


def test_pages_of_others_cannot_connect(server):
    """What another page opens in a browser on this machine must not reach the sessions."""
    address = server[0].removeprefix("http://").rstrip("/")

    def connect(origin):
        connection = http.client.HTTPConnection(address, timeout=30)
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Protocol": "bokeh, token",
            "Origin": origin,
        }
        with contextlib.closing(connection):
            connection.request("GET", "/ws", headers=headers)
            return connection.getresponse().status

    assert connect("http://example.org") == 403
    # A name of theirs that leads to this machine does not help them.
    assert connect(f"http://example.org:{address.split(':')[1]}") == 403
    assert connect(f"http://{address}") != 403


# Another server: last, as what the first page asked for is looked at above


def test_without_a_model_or_data_one_answers_that_comes_with_wetcow(
    chromium, tmp_path, monkeypatch
):
    monkeypatch.setenv("WETCOW_DATA_DIR", str(tmp_path))  # no images there
    page = chromium
    with browser.serving() as (url, _):
        page.driver.get(url)
        page.open_tab("draw a digit")
        page.wait_for("that comes with wetcow, constructed from 50,000")
        empty = canvas_of(page)
        page.draw(TWO)
        page.wait(lambda: [one.text for one in page.find(".answer")] == ["2"])
        assert float(page.value_of("uncertainty / usual")) < 1
        clear = next(button for button in page.find("button") if button.text == "clear")
        clear.click()
        page.wait(lambda: not page.find(".answer"))
        page.wait(lambda: canvas_of(page) == empty)  # with its prompt
        assert page.errors() == [] and page.faults() == []


def canvas_of(page):
    """What is drawn, as a PNG in text."""
    (canvas,) = page.find("canvas[aria-label='draw here']")
    return page.driver.execute_script("return arguments[0].toDataURL()", canvas)
