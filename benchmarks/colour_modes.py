"""How hidden modes see images in colour best: across channels, in brightness, or both.

    pip install scikit-image
    python benchmarks/colour_modes.py --seeds 0 1

Parts of 16×16 pixels of eleven photographs, 100 each; a quarter is remembered and recognises
the rest, four times. Nothing is trained, and no test data of other benchmarks are looked at. What
came out is in docs/learning.md, under Channels.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from rich.console import Console
from sklearn.datasets import load_sample_images

from wetcow.learning.model.geometry import image_geometry
from wetcow.learning.model.hidden_modes import construct_hidden
from wetcow.learning.model.innate import innate_hidden
from wetcow.learning.views.decide import share_recognised

PHOTOGRAPHS = (
    *("astronaut", "chelsea", "coffee", "immunohistochemistry"),
    *("stereo_motorcycle", "retina", "rocket", "hubble_deep_field", "colorwheel"),
)
SIDE, EACH, SIZES, REGIONS, N_MODES = 16, 100, (5, 7), 4, 64
LEVELS: dict[str, Any] = {"threshold": 0.1, "omega": 0.2, "response": "amplitude"}


def photographs() -> list[np.ndarray]:
    """Photographs in colour, uint8 (height, width, 3)."""
    import skimage.data

    found = [getattr(skimage.data, name)() for name in PHOTOGRAPHS]
    found = [one[0] if isinstance(one, tuple) else one for one in found]
    return [*(one[..., :3] for one in found), *load_sample_images().images]


def parts_of(images: list[np.ndarray], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Parts of photographs and which they are of."""
    rng, parts = np.random.default_rng(seed), []
    for image in images:
        height, width = image.shape[:2]
        for _ in range(EACH):
            top, left = rng.integers(height - SIDE + 1), rng.integers(width - SIDE + 1)
            parts.append(image[top : top + SIDE, left : left + SIDE])
    return np.array(parts, np.float32), np.repeat(np.arange(len(images)), EACH)


def compared(X: np.ndarray, y: np.ndarray, seed: int) -> dict[str, float]:
    """Share of the parts that is recognised by modes of each kind."""
    split = np.random.default_rng(seed).permutation(len(X)) % 4

    def codes(images: np.ndarray, n_modes: int = N_MODES, innate: bool = False) -> np.ndarray:
        shape = images.shape[1:]
        banks = tuple(image_geometry(shape, size, REGIONS, False) for size in SIZES)
        rows, rng = images.reshape(len(images), -1), np.random.default_rng(0)
        if innate:
            hidden = innate_hidden(shape, None, banks, n_modes=n_modes, **LEVELS)
        else:
            hidden = construct_hidden(rows, shape, None, banks, rng, n_modes=n_modes, **LEVELS)
        return hidden.codes(rows)

    grey, colour = X.mean(axis=-1), codes(X)
    seen = {
        "grey": codes(grey),
        "across channels": colour,
        "and innate ones of brightness": np.hstack([colour, codes(grey, innate=True)]),
        "and sampled ones of brightness": np.hstack([colour, codes(grey)]),
        "twice as many across channels": codes(X, n_modes=2 * N_MODES),
    }
    return {name: float(share_recognised(of, y, split).mean()) for name, of in seen.items()}


def main() -> None:
    """Parse the command line, measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    given = parser.parse_args()
    images = photographs()
    for seed in given.seeds:
        for name, share in compared(*parts_of(images, seed), seed).items():
            Console().print(seed, name, f"{share:.4f}")


if __name__ == "__main__":
    main()
