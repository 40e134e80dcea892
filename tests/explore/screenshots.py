"""Pictures of the explorer for the documentation: python tests/explore/screenshots.py [FOLDER].

Needs what the tests of the page need: Chromium, its driver, and the extras explore and test.
"""

import io
import pathlib
import sys
import time

import browser
import numpy as np
from PIL import Image

SETTLED = 2  # seconds, for plots to be drawn
WIDTH = 1200  # pixels, of the window
MARGIN, WHITE = 20, 250  # pixels, and values from which they count as white


def three():
    """A handwritten 3, in units of the canvas."""
    turn = np.linspace(-0.8 * np.pi, 0.5 * np.pi, 12)
    upper = [(0.48 + 0.2 * np.cos(t), 0.32 + 0.17 * np.sin(t)) for t in turn]
    lower = [(0.48 + 0.23 * np.cos(t), 0.68 + 0.19 * np.sin(t)) for t in -turn[::-1]]
    return upper + lower


def whole_page(driver):
    """A picture of all of a page, without the empty part below, which other tabs may make high."""
    hidden = driver.execute_script(
        "return document.documentElement.scrollHeight - window.innerHeight"
    )
    driver.set_window_size(WIDTH, driver.get_window_size()["height"] + hidden)
    time.sleep(SETTLED)
    picture = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    return without_empty_bottom(picture)


def without_empty_bottom(picture):
    """Cut a picture off below what is not white."""
    rows = np.flatnonzero(np.any(np.asarray(picture) < WHITE, axis=(1, 2)))
    return picture.crop((0, 0, picture.width, min(rows[-1] + MARGIN, picture.height)))


def main(folder):
    """Write the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with browser.serving() as (url, _):
        page = browser.Page(url)
        try:
            for name, tab, said in (
                ("mode", "a mode", "criticality cr"),
                ("network", "a network", "its mean over the second half"),
                ("memory", "a memory", "modes that replay it"),
                ("brain", "a brain", "mean spiking frequency, Hz"),
                ("tissue", "tissue", "energy left"),
                ("digit", "draw a digit", "comes with wetcow"),
            ):
                page.open_tab(tab)
                page.wait_for(said)
                if name == "digit":
                    page.draw(three())
                    page.wait_for("uncertainty / usual")
                time.sleep(SETTLED)
                whole_page(page.driver).save(folder / f"explore_{name}.png")
                print(f"wrote {folder / f'explore_{name}.png'}")
        finally:
            page.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
