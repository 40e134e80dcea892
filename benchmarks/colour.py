"""Images in colour: the wave classifier beside others, settings untouched.

    pip install scikit-image
    python benchmarks/colour.py --json docs/results/4_colour.json    # for the results page
    python benchmarks/colour.py --data faces --seeds 0

``photographs``: of which of ten photographs in colour, eight that come with scikit-image and two
with scikit-learn, a part of 32×32 pixels is. Each photograph is cut into 4×4 regions; half of
them, at random, have the parts to learn, and the others those to test with, so that no pixel is in
both. ``faces``: scikit-image's `lfw_subset`, 100 grey faces and 100 parts of pictures that are no
faces, 25×25 pixels; half of each to learn.

Peers are histograms of oriented gradients (`skimage.feature.hog`), or pixels, with scikit-learn's
`SVC`, standardised, and a small convolutional network (`convnet.py`).
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import platform
import time
from typing import Any

import numpy as np
from beside import standard_error
from convnet import ConvNet
from rich.console import Console
from sklearn.datasets import load_sample_images
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

import wetcow as wc
from wetcow.files import write_whole

WAVES, GREY, HOG, PIXELS, CONVOLUTIONS = (
    "waves",
    "waves in grey",
    "HOG + SVC",
    "pixels + SVC",
    "small convolutional network",
)
DATA = {
    "photographs": (WAVES, GREY, HOG, PIXELS, CONVOLUTIONS),
    "faces": (WAVES, HOG, PIXELS, CONVOLUTIONS),
}
PHOTOGRAPHS = (
    *("astronaut", "chelsea", "coffee", "hubble_deep_field"),
    *("immunohistochemistry", "retina", "rocket"),
)
SIDE, REGIONS, EACH = 32, 4, 40  # pixels, regions along each side, parts of each photograph
_LUMINANCE = np.float32([0.299, 0.587, 0.114])

Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def photographs() -> list[np.ndarray]:
    """Photographs in colour, uint8 (height, width, 3)."""
    import skimage.data

    found = [getattr(skimage.data, name)() for name in PHOTOGRAPHS]
    return [*found, skimage.data.stereo_motorcycle()[0], *load_sample_images().images]


def parts_of(images: list[np.ndarray], seed: int) -> Split:
    """Parts of photographs and which they are of, to learn and to test with."""
    rng = np.random.default_rng(seed)
    found: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    for image in images:
        height, width = (side // REGIONS for side in image.shape[:2])
        regions = rng.permutation(REGIONS**2)
        for split, some in zip(found, np.split(regions, 2), strict=True):
            for region in rng.choice(some, EACH):
                row, column = divmod(int(region), REGIONS)
                top = row * height + rng.integers(height - SIDE + 1)
                left = column * width + rng.integers(width - SIDE + 1)
                split.append(image[top : top + SIDE, left : left + SIDE])
    labels = np.repeat(np.arange(len(images)), EACH)
    return np.array(found[0]), labels, np.array(found[1]), labels


def faces(seed: int) -> Split:
    """Faces and other things, grey, half of each to learn."""
    import skimage.data

    images = skimage.data.lfw_subset()
    labels = np.repeat(["face", "other"], 100)
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(100), 100 + rng.permutation(100)])
    learned = np.arange(200) % 100 < 50
    first, second = order[learned], order[~learned]
    return images[first], labels[first], images[second], labels[second]


def gradients(X: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients, with the settings of scikit-image."""
    from skimage.feature import hog

    axis = -1 if X.ndim == 4 else None
    return np.stack([hog(image, channel_axis=axis) for image in X])


def flat(X: np.ndarray) -> np.ndarray:
    """Pixels of images as rows."""
    return np.asarray(X, np.float32).reshape(len(X), -1)


def brightness(X: np.ndarray) -> np.ndarray:
    """Grey images of images in colour."""
    return X @ _LUMINANCE


def method(name: str, seed: int) -> Any:
    """A classifier by its name, as a new user would call it."""
    if name == WAVES:
        return wc.WaveClassifier(random_state=seed)
    if name == GREY:
        return make_pipeline(FunctionTransformer(brightness), wc.WaveClassifier(random_state=seed))
    if name == CONVOLUTIONS:
        return ConvNet(seed)
    seen = FunctionTransformer(gradients if name == HOG else flat)
    return make_pipeline(seen, StandardScaler(), SVC())


def measure(name: str, split: Split, seed: int) -> dict[str, float]:
    """Learn some images and answer to the others."""
    X, y, unseen, wanted = split
    model = method(name, seed)
    start = time.perf_counter()
    model.fit(X, y)
    fitted = time.perf_counter()
    found = model.predict(unseen)
    answered = time.perf_counter()
    return {
        "accuracy": float(np.mean(found == wanted)),
        "fit_seconds": fitted - start,
        "answer_seconds": answered - fitted,
    }


def row_of(data: str, name: str, seeds: list[dict[str, float]]) -> list[str]:
    """One line of the table."""
    scores = np.array([one["accuracy"] for one in seeds])
    error = f"{standard_error(scores):.4f}" if len(scores) > 1 else ""
    fit, answer = (
        float(np.median([one[key] for one in seeds])) for key in ("fit_seconds", "answer_seconds")
    )
    return [data, name, f"{scores.mean():.4f}", error, f"{fit:.1f}", f"{answer:.2f}"]


def table(rows: list[list[str]], given: argparse.Namespace) -> dict[str, Any]:
    """The section of the results page."""
    seeds = " ".join(map(str, given.seeds))
    return {
        "title": "Images in colour, beside peers with settings untouched",
        "command": f"python benchmarks/colour.py --data {' '.join(given.data)} --seeds {seeds}",
        "machine": given.machine,
        "date": datetime.date.today().isoformat(),
        "seed": ", ".join(map(str, given.seeds)),
        "before": (
            "Accuracy on images that were not learned. Photographs: of which of ten a part of "
            "32×32 pixels is, in colour, 400 parts to learn and 400 from other regions to test "
            "with. Faces: 50 grey faces and 50 other things of 25×25 pixels to learn, as many to "
            "test with. The error is that of the mean of seeds, each with another split. Seconds "
            "are medians, compilation included."
        ),
        "columns": ["data", "method", "accuracy", "error", "seconds to fit", "to answer"],
        "rows": rows,
        "after": "",
    }


def main() -> None:
    """Parse the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", nargs="+", default=[*DATA], choices=[*DATA])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--machine", default=f"{os.cpu_count()} cores, {platform.machine()}")
    parser.add_argument("--json", type=pathlib.Path)
    given = parser.parse_args()
    images = photographs() if "photographs" in given.data else []
    rows = []
    for data in given.data:
        splits = {
            seed: parts_of(images, seed) if data == "photographs" else faces(seed)
            for seed in given.seeds
        }
        for name in DATA[data]:
            found = [measure(name, split, seed) for seed, split in splits.items()]
            rows.append(row_of(data, name, found))
            Console().print(*rows[-1])
            if given.json:
                content = json.dumps(table(rows, given), indent=1, ensure_ascii=False)
                write_whole(given.json, content.encode())


if __name__ == "__main__":
    main()
