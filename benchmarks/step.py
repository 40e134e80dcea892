"""What a step of training costs, beside a forward pass and the machine's matrix products.

    python benchmarks/step.py --data mnist fashion-mnist --data-dir DIR --json step.json

Operations counted are those of the products of patches with couplings and of features with class
modes: once forward, and once more in a step for the gradient of the couplings (twice for features).
"Products alone" are these of a patch, forth and back, and nothing else.
The best of several repetitions is taken, all in one process. Nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import datetime
import math
import os
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from wetcow import datasets
from wetcow.cli.output import console, use_all_cores, versions, write_json
from wetcow.images.augmentation import check_augmentation
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data.samples import Samples
from wetcow.learning.finetune.linear import solve_linear
from wetcow.learning.finetune.training import STEPS_PER_CALL, Trainer
from wetcow.learning.model.encoder import group_elements
from wetcow.learning.settings.presets import DATASET_DEFAULTS

_IMAGES, _SIDE, _REPETITIONS, _PRODUCTS = 4_096, 2_048, 5, 256


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", choices=[*DATASET_DEFAULTS], nargs="+", default=["mnist"])
    parser.add_argument("--data-dir")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    use_all_cores()
    rows = _products() + [row for data in options.data for row in _measure(data, options.data_dir)]
    screen = console(options.json)
    for row in rows:
        screen.print(
            f"{row['data']} {row['what']}: {row['microseconds_per_image']:.0f} µs per image, "
            f"{row['flops'] / 1e9:.0f} GFLOP/s"
            if "data" in row
            else f"{row['what']}: {row['flops'] / 1e9:.0f} GFLOP/s"
        )
    write_json(
        {
            "date": datetime.date.today().isoformat(),
            "cores": os.cpu_count(),
            "devices": len(jax.devices()),
            "versions": versions(),
            "rows": rows,
        },
        options.json,
    )


def _best(run: Callable[[], Any]) -> float:
    """Seconds, compilation aside."""
    jax.block_until_ready(run())
    seconds = []
    for _ in range(_REPETITIONS):
        start = time.perf_counter()
        jax.block_until_ready(run())
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _products() -> list[dict[str, Any]]:
    rows = []
    product = jax.jit(jnp.matmul)
    for dtype in ("float32", "bfloat16"):
        square = jnp.asarray(np.random.default_rng(0).random((_SIDE, _SIDE)), dtype)
        seconds = _best(lambda square=square: product(square, square))
        rows.append({"what": f"matrix product, {dtype}", "flops": 2 * _SIDE**3 / seconds})
    return rows


def _measure(data: str, data_dir: str | None) -> list[dict[str, Any]]:
    X, y = datasets.load(data, "train", flat=True, data_dir=data_dir)
    X, y = X[:_IMAGES].astype(np.float32), y[:_IMAGES]
    recipe = DATASET_DEFAULTS[data]
    clf = WaveClassifier(n_memories=1_000, **recipe).fit(X, y)
    hidden, labels = clf.hidden_, np.searchsorted(clf.classes_, y)
    images = hidden.images(X)
    deformed = check_augmentation(recipe["augmentation"])
    samples = Samples(hidden, X, labels=labels, n_classes=len(clf.classes_))
    linear = solve_linear(samples, np.random.default_rng(0))
    trainer = Trainer(
        hidden=hidden,
        modes=linear.modes,
        inverse_temperature=linear.inverse_temperature,
        images=images,
        labels=labels,
        validation=(images[:256], labels[:256]),
        augmentation=deformed,
        rate=clf.learning_rate,
        seed=0,
    )
    state = trainer.start(1_000)
    encoding = sum(
        2 * layer.excitation.size * math.prod(geometry.positions) * (1 + geometry.mirrored)
        for layer, geometry in zip(hidden.layers, hidden.geometries, strict=True)
    )
    reading = 2 * linear.modes.coupling.size
    per_call = STEPS_PER_CALL * trainer.plan.batch
    rows = [{"data": data, "what": "products alone", **_products_alone(trainer)}]
    for what, operations, count, run in (
        ("forward", encoding, len(images), lambda: hidden.codes_of(images)),
        (
            "step",
            2 * encoding + 3 * reading,
            per_call,
            lambda: trainer.advance(state, STEPS_PER_CALL),
        ),
    ):
        seconds = _best(run) / count
        rows.append(
            {
                "data": data,
                "what": what,
                "microseconds_per_image": 1e6 * seconds,
                "flops": operations / seconds,
            }
        )
    return rows


def _products_alone(trainer: Trainer) -> dict[str, float]:
    """Patches with couplings and with slopes, as in a step, of groups that stay in the cache."""
    (layer, *_), mesh = trainer.hidden.layers, trainer.plan.mesh
    pixels, n_modes = layer.excitation.shape
    seen = np.random.default_rng(0).random((group_elements() // n_modes, pixels + 1), np.float32)

    def forth_and_back(coupling: Any) -> Any:
        def one(coupling: Any, _: Any) -> Any:
            return coupling + 1e-9 * (seen.T @ (seen @ coupling)), None

        return jax.lax.scan(one, coupling, length=_PRODUCTS)[0]

    on_each = jax.sharding.PartitionSpec(mesh.axis_names)
    run = jax.jit(jax.shard_map(forth_and_back, mesh=mesh, in_specs=on_each, out_specs=on_each))
    couplings = jnp.ones((mesh.size * (pixels + 1), n_modes))
    seconds = _best(lambda: run(couplings)) / (_PRODUCTS * mesh.size)
    places = math.prod(trainer.hidden.geometries[0].positions)
    places *= 1 + trainer.hidden.geometries[0].mirrored
    return {
        "microseconds_per_image": 1e6 * seconds * places / len(seen),
        "flops": 4 * seen.size * n_modes / seconds,
    }


if __name__ == "__main__":
    main()
