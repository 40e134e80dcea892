"""Pictures of the explorer for the documentation: python tests/explore/screenshots.py [FOLDER].

Needs what the tests of the page need: Chromium, its driver, and the extras explore and test.
"""

import pathlib
import sys
import time

import browser
import numpy as np

SETTLED = 2  # seconds, for plots to be drawn
WIDTH = 1200  # pixels, of the window


def three():
    """A handwritten 3, in units of the canvas."""
    turn = np.linspace(-0.8 * np.pi, 0.5 * np.pi, 12)
    upper = [(0.48 + 0.2 * np.cos(t), 0.32 + 0.17 * np.sin(t)) for t in turn]
    lower = [(0.48 + 0.23 * np.cos(t), 0.68 + 0.19 * np.sin(t)) for t in -turn[::-1]]
    return upper + lower


def as_high_as_the_page(driver):
    """Make the window as high as what it shows."""
    driver.set_window_size(WIDTH, 800)
    time.sleep(SETTLED)
    higher = driver.execute_script(
        "return document.documentElement.scrollHeight - window.innerHeight"
    )
    driver.set_window_size(WIDTH, 800 + higher)
    time.sleep(SETTLED)


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
                ("digit", "draw a digit", "constructed in"),
            ):
                page.open_tab(tab)
                page.wait_for(said)
                if name == "digit":
                    page.draw(three())
                    page.wait_for("uncertainty / usual")
                as_high_as_the_page(page.driver)
                page.driver.save_screenshot(str(folder / f"explore_{name}.png"))
                print(f"wrote {folder / f'explore_{name}.png'}")
        finally:
            page.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images"))
