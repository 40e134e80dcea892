"""The explorer in a headless Chromium, as a person would use it."""

import contextlib
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

WAIT = 120  # seconds; what is compiled takes several on a busy machine

# Panel keeps each part of a page in a shadow tree of its own.
_FIND = """
const [selector] = arguments, found = [];
function look(root) {
  found.push(...root.querySelectorAll(selector));
  for (const one of root.querySelectorAll("*")) if (one.shadowRoot) look(one.shadowRoot);
}
look(document);
return found;
"""
_TEXT = """
function text(root) {
  let all = "";
  for (const node of root.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) all += node.textContent;
    else if (node.nodeType === Node.ELEMENT_NODE && !["STYLE", "SCRIPT"].includes(node.tagName))
      all += text(node.shadowRoot ?? node) + " ";
  }
  return all;
}
return text(document.body).replace(/\\s+/g, " ");
"""
_COLUMN = """
for (const document of Bokeh.documents)
  for (const model of document._all_models.values())
    if (model.name === arguments[0] && model.data) return Array.from(model.data[arguments[1]]);
return null;
"""


def missing():
    """What is not here of that which this needs; empty if all is."""
    programs = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    try:
        import axe_core_python  # noqa: F401
        import panel  # noqa: F401
        import selenium  # noqa: F401
    except ModuleNotFoundError as error:
        programs.append(error.name)
    return ", ".join(programs)


@contextlib.contextmanager
def serving(*options):
    """Run ``wetcow explore`` on a free port; yields its address and its process."""
    command = [sys.executable, "-m", "wetcow", "explore", "--no-show", "--port", "0", *options]
    process = subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"http://[\d.]+:\d+/", line):
                yield found[0], process
                return
        raise RuntimeError(f"the explorer did not start: {''.join(said)}")
    finally:
        process.terminate()
        process.wait(WAIT)
        process.stdout.close()


class Page:
    """One page in a browser of its own."""

    def __init__(self, url):
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--window-size=1200,1000",
        ):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.get(url)

    def close(self):
        """End the browser."""
        self.driver.quit()

    def find(self, selector):
        """Elements of a CSS selector, wherever they are."""
        return self.driver.execute_script(_FIND, selector)

    def text(self):
        """All text of the page, without line breaks."""
        return self.driver.execute_script(_TEXT)

    def column(self, source, name):
        """A column of the data that a plot draws, by the name of its source."""
        return self.driver.execute_script(_COLUMN, source, name)

    def wait(self, condition):
        """Return what `condition` returns, once that is true.

        Elements that were drawn anew since they were found are as good as not there yet.
        """
        from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
        from selenium.webdriver.support.ui import WebDriverWait

        ignored = [StaleElementReferenceException]
        try:
            waiting = WebDriverWait(self.driver, WAIT, 0.1, ignored_exceptions=ignored)
            return waiting.until(lambda _: condition())
        except TimeoutException:
            raise TimeoutError(f"waited {WAIT} s; the page says {self.text()!r}") from None

    def wait_for(self, words):
        """Wait until the page says something."""
        self.wait(lambda: words in self.text())

    def value_of(self, name):
        """The value beside a name in the tables of the page."""
        for row in self.find("table.values tr"):
            cells = row.find_elements("css selector", "td")
            if cells[0].text == name and cells[0].is_displayed():
                return cells[1].text
        return None

    def open_tab(self, name):
        """Click on a tab, once it is there."""

        def click():
            for tab in self.find(".bk-tab"):
                if tab.text == name:
                    tab.click()
                    return True
            return False

        self.wait(click)

    def drag_slider(self, index, by):
        """Drag the handle of a slider that can be seen, by pixels to the right."""
        from selenium.webdriver import ActionChains

        handles = [one for one in self.find(".noUi-handle") if one.is_displayed()]
        ActionChains(self.driver).drag_and_drop_by_offset(handles[index], by, 0).perform()

    def draw(self, points):
        """Draw one stroke on the canvas, through points in units of its side."""
        from selenium.webdriver import ActionChains

        (canvas,) = self.find("canvas[aria-label='draw here']")
        width, height = canvas.size["width"], canvas.size["height"]
        places = [(round((x - 0.5) * width), round((y - 0.5) * height)) for x, y in points]
        pen = ActionChains(self.driver, duration=50)
        pen.move_to_element_with_offset(canvas, *places[0]).click_and_hold()
        for before, after in itertools.pairwise(places):
            pen.move_by_offset(after[0] - before[0], after[1] - before[1])
        pen.release().perform()

    def errors(self):
        """Errors that the browser reported since the last call."""
        return [
            one["message"] for one in self.driver.get_log("browser") if one["level"] == "SEVERE"
        ]

    def faults(self):
        """Serious and critical faults that axe finds in what can be seen now, with their places."""
        import axe_core_python

        script = pathlib.Path(axe_core_python.__file__).with_name("axe.min.js")
        self.driver.execute_script(script.read_text("utf-8"))
        found = self.driver.execute_async_script("axe.run().then(arguments[0]);")
        return [
            (one["id"], [node["html"][:200] for node in one["nodes"]])
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]

    def requests(self):
        """Addresses that the page asked for since the last call."""
        events = [json.loads(one["message"]) for one in self.driver.get_log("performance")]
        return {
            event["message"]["params"]["request"]["url"]
            for event in events
            if event["message"]["method"] == "Network.requestWillBeSent"
        }
