"""The built site in a headless browser, wide and as a phone shows it.

It takes minutes to build, which continuous integration does anyway: WETCOW_SITE names its folder.
"""

import functools
import http.server
import os
import pathlib
import shutil
import threading
import time

import pytest

import wetcow

SITE = os.environ.get("WETCOW_SITE")
PROGRAMS = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SITE, reason="WETCOW_SITE names no folder of a built site"),
    pytest.mark.skipif(bool(PROGRAMS), reason=f"missing: {PROGRAMS}"),
]
pytest.importorskip("selenium", reason='pip install "wetcow[test]"')

WAIT = 60  # seconds
PAGES = ("index", "howto", "theory", "results", "explorer", "gallery/index", "api/index", "cite")
# What does not fit beside what has to be seen: pages that move sideways, equations that begin
# before their frame, pictures without words.
FAULTS = """
const wide = document.scrollingElement.scrollWidth - document.documentElement.clientWidth;
const lost = Array.from(document.querySelectorAll("mjx-container[display=true]")).filter(
  (one) => one.querySelector("mjx-math").getBoundingClientRect().left
    < one.getBoundingClientRect().left - 1);
const silent = Array.from(document.querySelectorAll(".bd-article img")).filter(
  (one) => !one.closest(".sphx-glr-thumbcontainer") && !/ /.test(one.alt));
return [wide, lost.length, silent.map((one) => one.src)];
"""


@pytest.fixture(scope="module")
def address():
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=SITE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def driver():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
    )
    yield driver
    driver.quit()


def look(driver, width):
    """Let the window be of a width, a phone's if it is narrow."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def waited_for(condition):
    """What a condition returns, once that is true."""
    end = time.monotonic() + WAIT
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_and_say_what_they_show(driver, address, name, width):
    page = pathlib.Path(SITE, f"{name}.html")
    look(driver, width)
    driver.get(f"{address}/{name}.html")
    if 'class="math' in page.read_text("utf-8"):
        waited_for(lambda: driver.execute_script("return !!document.querySelector('mjx-math')"))
        time.sleep(1)  # for the others
    assert driver.execute_script(FAULTS) == [0, 0, []]
    said = [one["message"] for one in driver.get_log("browser") if one["level"] == "SEVERE"]
    assert [one for one in said if "theme mode" not in one] == []  # of the first visit


def test_versions_are_listed_without_a_server_of_theirs(driver, address):
    look(driver, 1440)
    driver.get(f"{address}/index.html")
    script = "return document.querySelector('.version-switcher__button').innerText"
    waited_for(lambda: wetcow.__version__ in driver.execute_script(script))


def test_pictures_open_and_close(driver, address):
    look(driver, 1440)
    driver.get(f"{address}/index.html")
    shown = "return document.querySelector('dialog.enlarged').open"
    image = waited_for(lambda: driver.find_elements("css selector", "img.enlarge"))[0]
    image.click()
    assert driver.execute_script(shown)
    driver.find_element("css selector", "dialog.enlarged img").click()
    assert not driver.execute_script(shown)
