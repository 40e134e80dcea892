"""Make src/wetcow/explore/digits.wetcow, the classifier that answers to drawings in the explorer.

    python tools/explorer_model.py [--data-dir DIR] [--check]

It is constructed from MNIST's training images but for the last 10,000, with seed 0, and is kept
small: fewer hidden modes than usual, and landmarks in place of all examples. Its accuracy on the
10,000 is printed. With --check nothing is written; that of the shipped file is printed.
"""

import argparse
import pathlib
import tempfile
import time

import numpy as np

from wetcow import datasets
from wetcow.explore.model import SHIPPED
from wetcow.files import write_whole
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.settings.presets import DATASET_DEFAULTS

N_VALIDATION = 10_000
SIZES = {"budget": "seconds", "n_modes": 16, "n_memories": 700}
NOTES = """\
Made by tools/explorer_model.py from training images of MNIST (Y. LeCun, C. Cortes, \
C. J. C. Burges), which are under the Creative Commons Attribution-ShareAlike 3.0 licence \
(CC BY-SA 3.0, https://creativecommons.org/licenses/by-sa/3.0/), and so is this file."""


def construct(X: np.ndarray, y: np.ndarray) -> bytes:
    """Bytes of a model of images."""
    start = time.perf_counter()
    classifier = WaveClassifier(random_state=0, **SIZES, **DATASET_DEFAULTS["mnist"]).fit(X, y)
    print(f"constructed in {time.perf_counter() - start:.0f} s")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, SHIPPED.name)
        classifier.save(path, notes=NOTES)
        return path.read_bytes()


def main() -> None:
    """Write the file, or with --check judge the one that is there."""
    parser = argparse.ArgumentParser(description="Make the explorer's classifier.")
    parser.add_argument("--data-dir", help="holds mnist/; default: WETCOW_DATA_DIR, or downloaded")
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args()
    X, y = datasets.load("mnist", data_dir=given.data_dir)
    if not given.check:
        write_whole(SHIPPED, construct(X[:-N_VALIDATION], y[:-N_VALIDATION]))
    classifier = WaveClassifier.load(SHIPPED)
    accuracy = classifier.score(X[-N_VALIDATION:], y[-N_VALIDATION:])
    print(f"{SHIPPED}: {SHIPPED.stat().st_size:,} bytes, validation accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
