"""Compare what hidden modes answer with: wave codes and the ReLU, at equal size and equal cost.

    python benchmarks/responses.py --data-dir DIR --json responses.json

The classifier is constructed by the plain closed form (no margin passes), with everything equal but
the answer of its hidden modes and the couplings that set it:

- ``both``, ``amplitude``, ``rate``: codes of the integrated mode; ``analytic``: the paper's [28];
  ``relu``: no wave, the control.
- ``relu, both signs``: max(γ̄, 0) and the same of the opposite couplings, two features of one
  product as ``both`` has: its control.
- ``amplitude, Im R``: the drive also turns the mode, ω̄ = ω + s·drive, at no further product.
- ``amplitude, other Im R``: ω̄ is driven by couplings of its own, which costs a second product.
- ``amplitude, many ω``: frequencies ω_k spread log-uniformly over a factor of 16.
- ``amplitude, lateral``: modes at a place inhibit each other, γ̄ ← γ̄ − κ·mean over modes of their
  amplitudes (one step towards the fixed point of the coupled modes, not the fixed point itself).

Each has its threshold, ω and further number chosen on the validation split, the last 10,000
training images, having learned 5,000 others with seed 0; what is reported is learned from all
training images and scored once on the test images, for each seed. Products are those of a patch
with couplings; features are what class modes see. Rows that are in the JSON file already are not
run again.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import itertools
import json
import pathlib
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from learning import machine
from rich.console import Console
from rich.table import Table

from wetcow import datasets
from wetcow.cli.output import versions
from wetcow.files import plain, write_whole
from wetcow.images.frame import align
from wetcow.learning.model import dictionary, ridge
from wetcow.learning.model.activation import Response, respond
from wetcow.learning.model.encoder import Geometry, Layer, drive, pool
from wetcow.learning.model.statistics import accumulate
from wetcow.learning.settings.checks import find_frame

N_VALIDATION, N_TUNING = 10_000, 5_000
N_STANDARDISING = 2_000
RIDGE = 1e-3
PATCH, REGIONS = 7, 4
FRAMES = {"mnist": "handwriting", "fashion-mnist": None}
PADDING = {20: 3, 28: 1}  # by the side of framed images; regions of whole positions are faster
GROUP = 2**18  # images × positions × modes that fit the cache
BATCH = 4096


class Variant(NamedTuple):
    """One kind of answer.

    Attributes
    ----------
    response : str
        Of `wetcow.learning.model.activation`.
    products : int
        Of a patch with couplings, for each mode.
    extra : tuple of float
        Values of the further number to choose among; its meaning is that of the name.
    has_omega : bool
        Whether ω matters.
    codes : int
        Features of each mode and region.
    """

    response: Response
    products: int = 1
    extra: tuple[float, ...] = (0.0,)
    has_omega: bool = True
    codes: int = 1


VARIANTS = {
    "both": Variant("both", codes=2),
    "amplitude": Variant("amplitude"),
    "rate": Variant("rate"),
    "analytic": Variant("analytic", products=2, has_omega=False),
    "relu": Variant("relu", has_omega=False),
    "relu, both signs": Variant("relu", has_omega=False, codes=2),
    "amplitude, Im R": Variant("amplitude", extra=(-0.3, 0.3)),
    "amplitude, other Im R": Variant("amplitude", products=2, extra=(0.3, 1.0)),
    "amplitude, many ω": Variant("amplitude", extra=(16.0,)),
    "amplitude, lateral": Variant("amplitude", extra=(0.5, 1.5)),
    "relu, lateral": Variant("relu", extra=(0.5, 1.5), has_omega=False),
}
THRESHOLDS, OMEGAS = (0.05, 0.1, 0.2), (0.1, 0.2, 0.4)


class Setting(NamedTuple):
    """Numbers of a variant."""

    threshold: float
    omega: float
    extra: float


def sizes(variant: Variant) -> list[int]:
    """Numbers of modes: one for 2,048 features, one for 128 products (the same for most)."""
    return sorted({2048 // REGIONS**2 // variant.codes, 128 // variant.products})


def layer_of(
    name: str, images: np.ndarray, geometry: Geometry, n_modes: int, setting: Setting, seed: int
) -> Layer:
    """Hidden modes of a variant."""
    rng = np.random.default_rng(seed)
    make = functools.partial(dictionary.construct_layer, images, geometry, n_modes, rng)
    numbers: dict[str, Any] = {"threshold": setting.threshold, "omega": setting.omega}
    layer = make(response=VARIANTS[name].response, **numbers)
    if name == "relu, both signs":
        again = np.random.default_rng(seed)
        zero = dictionary.construct_layer(images, geometry, n_modes, again, threshold=0.0)
        level = zero.gamma - layer.gamma
        return layer._replace(
            excitation=np.hstack([layer.excitation, -layer.excitation]),
            gamma=np.concatenate([layer.gamma, -zero.gamma - level]),
            omega=np.tile(layer.omega, 2),
        )
    if name == "amplitude, Im R":
        # The constant part of the drive turns the mode as well.
        drive = layer.gamma - layer.gamma.max()
        return layer._replace(
            frequency=setting.extra * layer.excitation, omega=layer.omega + setting.extra * drive
        )
    if name == "amplitude, other Im R":
        other = make(response="amplitude", **numbers)
        return layer._replace(frequency=setting.extra * other.excitation)
    if name == "amplitude, many ω":
        spread = np.sqrt(setting.extra) ** rng.uniform(-1, 1, n_modes)
        return layer._replace(omega=(layer.omega * spread).astype(np.float32))
    return layer


@functools.partial(jax.jit, static_argnames=("geometry", "response", "lateral"))
def encode(
    groups: Any, layer: Layer, geometry: Geometry, response: Response, lateral: bool, k: Any
):
    """Features (groups, n, features) of images (groups, n, height, width)."""

    def one(images: Any) -> Any:
        gamma, omega = drive(images, layer, geometry)
        if lateral:
            (others,) = respond(gamma, omega, response)
            gamma = gamma - k * others.mean(axis=-1, keepdims=True)
        codes = respond(gamma, omega, response)
        pooled = jnp.stack([pool(code, geometry) for code in codes], axis=1)
        return jnp.sqrt(jnp.maximum(pooled, 0)).reshape(len(images), -1)

    return jax.lax.map(one, groups)


def features(
    name: str, images: np.ndarray, layer: Layer, geometry: Geometry, setting: Setting
) -> np.ndarray:
    """Features of images, float32 (n, features)."""
    positions = int(np.prod(geometry.positions))
    size = max(GROUP // (positions * len(layer.gamma)), 1)
    groups = -(-BATCH // size)
    found = []
    for start in range(0, len(images), groups * size):
        part = images[start : start + groups * size]
        padded = np.pad(part, ((0, groups * size - len(part)), (0, 0), (0, 0)))
        encoded = encode(
            padded.reshape(groups, size, *images.shape[1:]),
            layer=layer,
            geometry=geometry,
            response=VARIANTS[name].response,
            lateral="lateral" in name,
            k=np.float32(setting.extra),
        )
        found.append(np.asarray(encoded).reshape(groups * size, -1)[: len(part)])
    return np.concatenate(found)


def judge(
    name: str,
    n_modes: int,
    setting: Setting,
    seed: int,
    learned: tuple[np.ndarray, np.ndarray],
    judged: tuple[np.ndarray, np.ndarray],
) -> float:
    """Accuracy of the closed form on other images."""
    images, labels = learned
    padding = PADDING[images.shape[1]]
    geometry = Geometry(
        image=images.shape[1:], patch=(PATCH, PATCH), padding=padding, n_regions=REGIONS
    )
    rng = np.random.default_rng(seed)
    some = np.sort(rng.choice(len(images), N_TUNING, replace=False))
    layer = layer_of(name, images[some], geometry, n_modes, setting, seed)
    raw = features(name, images[some[:N_STANDARDISING]], layer, geometry, setting)
    spread = raw.std(axis=0)
    spread = np.where(spread > 1e-3 * spread.max(), spread, 1)
    mean, targets = raw.mean(axis=0), np.eye(10, dtype=np.float32)

    def pairs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(images), BATCH):
            part = slice(start, start + BATCH)
            found = (features(name, images[part], layer, geometry, setting) - mean) / spread
            yield found, targets[labels[part]]

    modes = ridge.solve(accumulate(pairs()), RIDGE)
    found = (features(name, judged[0], layer, geometry, setting) - mean) / spread
    return float(np.mean(modes.criticality(found).argmax(axis=1) == judged[1]))


def tune(name: str, n_modes: int, images: np.ndarray, labels: np.ndarray) -> tuple[Setting, float]:
    """Choose the numbers of a variant on the validation split."""
    variant = VARIANTS[name]
    learned = images[:N_TUNING], labels[:N_TUNING]
    judged = images[-N_VALIDATION:], labels[-N_VALIDATION:]
    omegas = OMEGAS if variant.has_omega else OMEGAS[:1]
    grid = [Setting(*one) for one in itertools.product(THRESHOLDS, omegas, variant.extra)]
    scores = [judge(name, n_modes, setting, 0, learned, judged) for setting in grid]
    best = int(np.argmax(scores))
    return grid[best], scores[best]


def load(data: str, split: Any, data_dir: Any) -> tuple[np.ndarray, np.ndarray]:
    """Images in their frame, in units of their spread, and labels."""
    images, labels = datasets.load(data, split, data_dir=data_dir)
    frame = find_frame(FRAMES[data])
    images = align(images, frame) if frame else images.astype(np.float32)
    return images, labels


def main() -> None:
    """Parse the command line, choose, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", choices=[*FRAMES], nargs="+", default=[*FRAMES])
    parser.add_argument("--variants", choices=[*VARIANTS], nargs="+", default=[*VARIANTS])
    parser.add_argument("--data-dir", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path, default=pathlib.Path("responses.json"))
    options = parser.parse_args()
    rows = json.loads(options.json.read_text())["rows"] if options.json.exists() else []
    for data in options.data:
        images, labels = load(data, "train", options.data_dir)
        scale = images.std()
        test = load(data, "test", options.data_dir)
        images, test = images / scale, (test[0] / scale, test[1])
        for name in options.variants:
            for n_modes in sizes(VARIANTS[name]):
                key = {"data": data, "variant": name, "n_modes": n_modes}
                if any(row == {**row, **key} and len(row["test"]) >= options.seeds for row in rows):
                    continue
                start = time.perf_counter()
                setting, validation = tune(name, n_modes, images, labels)
                scores = [
                    judge(name, n_modes, setting, seed, (images, labels), test)
                    for seed in range(options.seeds)
                ]
                row = {
                    **key,
                    "features": VARIANTS[name].codes * n_modes * REGIONS**2,
                    "products": n_modes * VARIANTS[name].products,
                    "setting": setting._asdict(),
                    "validation": validation,
                    "test": scores,
                    "seconds": time.perf_counter() - start,
                    "date": datetime.date.today().isoformat(),
                }
                rows = [one for one in rows if one != {**one, **key}] + [row]
                report = {"machine": machine(), "versions": versions(), "rows": rows}
                write_whole(options.json, (json.dumps(plain(report), indent=1) + "\n").encode())
                _show(row)
    table = Table(
        "data", "answer", "features", "products", "threshold, ω, further", "test (spread)"
    )
    for row in rows:
        chosen = ", ".join(f"{value:g}" for value in row["setting"].values())
        mean, spread = np.mean(row["test"]), np.std(row["test"], ddof=1)
        counts = (str(row[name]) for name in ("features", "products"))
        table.add_row(row["data"], row["variant"], *counts, chosen, f"{mean:.4f} ({spread:.4f})")
    Console().print(table)


def _show(row: dict[str, Any]) -> None:
    Console(highlight=False).print(
        f"{row['data']}  {row['variant']}  {row['n_modes']} modes  validation "
        f"{row['validation']:.4f}  test {np.mean(row['test']):.4f}  {row['seconds']:.0f} s",
        soft_wrap=True,
    )


if __name__ == "__main__":
    main()
