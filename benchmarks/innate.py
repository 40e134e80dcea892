"""Innate hidden modes, projections, encodings and decisions; validation images.

    python benchmarks/innate.py --data-dir DIR --json innate.json
    python benchmarks/innate.py --only-modes --n-train 5000 --n-judged 10000 --json innate_5000.json

For each seed, examples are drawn from the first 50,000 training images and judged by images drawn
from the last 10,000; test images are never loaded. The same examples are remembered with hidden
modes sampled from them or innate, and projected by components of them or of photographs. Then what
`decide_view` says. Rows are written after each one.
"""

from __future__ import annotations

import argparse
import datetime
import json
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from rich.console import Console

from wetcow import datasets
from wetcow.cli.output import machine, versions
from wetcow.files import plain, write_whole
from wetcow.images.frame import HANDWRITING
from wetcow.learning.data.samples import targets_of
from wetcow.learning.model.geometry import Encoding, Geometry, encoded
from wetcow.learning.model.hidden_modes import construct_hidden
from wetcow.learning.model.innate import innate_hidden, innate_projection
from wetcow.learning.model.memory.memorize import memorize_examples
from wetcow.learning.model.memory.projection import Projection, fit_projection
from wetcow.learning.views.decide import decide_view

N_VALIDATION = 10_000
VIEWS = {"mnist": (HANDWRITING, False), "fashion-mnist": (None, True)}
IMAGE = (28, 28)
KINDS: tuple[tuple[str, Encoding], ...] = (
    ("sampled", "brightness"),
    ("innate", "brightness"),
    ("innate", "both"),
)


def main() -> None:
    """Parse the command line, measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", nargs="+", choices=[*VIEWS], default=[*VIEWS])
    parser.add_argument("--data-dir", type=pathlib.Path)
    parser.add_argument("--n-train", type=int, default=2000)
    parser.add_argument("--n-judged", type=int, default=4000)
    parser.add_argument("--n-modes", type=int, default=32)
    parser.add_argument("--patch-sizes", type=int, nargs="+", default=[3, 5, 7])
    parser.add_argument("--n-regions", type=int, default=4)
    parser.add_argument("--components", type=int, default=600)
    parser.add_argument("--crops", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only-modes", action="store_true", help="neither photographs nor roots")
    parser.add_argument("--json", type=pathlib.Path, default=pathlib.Path("innate.json"))
    options = parser.parse_args()
    about = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "options": vars(options),
    }
    rows: list[dict[str, Any]] = []
    for row in every_row(options):
        rows.append(row)
        content = {**about, "rows": rows, "means": means(rows)}
        write_whole(options.json, json.dumps(plain(content), indent=1).encode())
        told = (f"{name} {_short(value)}" for name, value in row.items() if name != "trials")
        Console(highlight=False).print(*told, soft_wrap=True)


def every_row(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield all rows, those that compare before those that decide."""
    sets = {
        data: datasets.load(data, "train", flat=True, data_dir=options.data_dir)
        for data in options.data
    }
    for seed in range(options.seeds):
        for data, (X, y) in sets.items():
            yield from compare(data, X, y, seed, options)
    if options.only_modes:
        return
    sets = {name: (X[:-N_VALIDATION], y[:-N_VALIDATION]) for name, (X, y) in sets.items()}
    sets["digits"] = datasets.load("digits", "train", flat=True)
    for data, (X, y) in sets.items():
        for seed in range(options.seeds):
            yield decided(data, X, y, seed)


def compare(
    data: str, X: np.ndarray, y: np.ndarray, seed: int, options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """Yield a row for each kind of hidden modes, encoding and projection, on the same examples."""
    rng = np.random.default_rng(seed)
    border = len(y) - N_VALIDATION
    chosen = rng.choice(border, options.n_train, replace=False)
    judged = border + rng.choice(N_VALIDATION, options.n_judged, replace=False)
    frame, mirror = VIEWS[data]
    seen = IMAGE if frame is None or frame.size is None else frame.size
    plain_views = tuple(
        Geometry(
            image=seen,
            patch=(size, size),
            padding=size // 2,
            n_regions=options.n_regions,
            mirrored=mirror,
        )
        for size in options.patch_sizes
    )
    levels: Any = dict(n_modes=options.n_modes, threshold=0.1, omega=0.2, response="amplitude")
    for modes, encoding in KINDS[:2] if options.only_modes else KINDS:
        start = time.perf_counter()
        geometries = encoded(plain_views, encoding)
        if modes == "sampled":
            hidden = construct_hidden(X[chosen], IMAGE, frame, geometries, rng, **levels)
        else:
            hidden = innate_hidden(IMAGE, frame, geometries, seed=seed, **levels)
        modes_seconds = time.perf_counter() - start
        codes, new = hidden.codes(X[chosen]), hidden.codes(X[judged])
        for projected in ("examples", "photographs"):
            plainest = modes == "innate" and encoding == "brightness" and not options.only_modes
            if projected == "photographs" and not plainest:
                continue
            start = time.perf_counter()
            projection: Projection
            if projected == "examples":
                projection = fit_projection(codes, options.components, seed)
            else:
                projection = innate_projection(hidden, n_crops=options.crops, seed=seed)
            projection_seconds = time.perf_counter() - start
            targets = targets_of(y[chosen], 10)
            memory = memorize_examples(projection(codes), targets, seed=seed)
            found = memory.criticality(projection(new)).argmax(axis=1)
            yield {
                "data": data,
                "seed": seed,
                "modes": modes,
                "encoding": encoding,
                "projection": projected,
                "components": projection.axes.shape[1],
                "accuracy": float((found == y[judged]).mean()),
                "modes_seconds": modes_seconds,
                "projection_seconds": projection_seconds,
            }


def decided(data: str, X: np.ndarray, y: np.ndarray, seed: int) -> dict[str, Any]:
    """Return what `decide_view` says."""
    image = (8, 8) if data == "digits" else IMAGE
    start = time.perf_counter()
    found = decide_view(X, y, image, np.random.default_rng(seed))
    return {
        "data": data,
        "seed": seed,
        "decided": found.view.describe(),
        "seconds": time.perf_counter() - start,
        "n_images": found.n_images,
        "trials": [{**one._asdict(), "view": one.view.describe()} for one in found.trials],
    }


def means(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return means over seeds, and of differences from sampled modes with their standard error."""
    kinds: dict[tuple[str, ...], dict[int, float]] = {}
    for row in rows:
        if "accuracy" in row:
            kind = tuple(row[name] for name in ("data", "modes", "encoding", "projection"))
            kinds.setdefault(kind, {})[row["seed"]] = row["accuracy"]
    table = []
    for kind, found in kinds.items():
        reference = kinds[(kind[0], "sampled", "brightness", "examples")]
        gains = np.array([found[seed] - reference[seed] for seed in found])
        error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.nan
        table.append(
            {
                "kind": kind,
                "seeds": len(gains),
                "accuracy": float(np.mean([*found.values()])),
                "gain": float(gains.mean()),
                "error": float(error),
            }
        )
    return table


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
