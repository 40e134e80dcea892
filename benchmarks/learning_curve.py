"""Accuracy of a memory against how many examples and components it has; validation images.

    python benchmarks/learning_curve.py --json docs/results/3_learning_curve.json

Hidden modes are those of budget `minutes`. Learned are some of the first 50,000 training images,
judged by are the last 10,000; test images are never loaded. The file is a section of
docs/results.md, which tools/results.py puts there.
"""

from __future__ import annotations

import argparse
import datetime
import json
import pathlib
import time
from typing import Any

import numpy as np
from rich.console import Console

from wetcow import datasets
from wetcow.cli.output import machine
from wetcow.files import write_whole
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data.samples import targets_of
from wetcow.learning.model.memory.memorize import memorize_examples
from wetcow.learning.model.memory.projection import fit_projection
from wetcow.learning.model.memory.stored import Kernel
from wetcow.learning.settings.presets import settings

N_VALIDATION = 10_000
N_SAMPLE = 6_000  # images that the projection is made from
TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
VIEWS = {
    "mnist": {"frame": "handwriting", "mirror": False, "encoding": "brightness"},
    "fashion-mnist": {"frame": None, "mirror": True, "encoding": "brightness"},
}
COMPONENTS, EXAMPLES = 600, 20_000
POINTS = (
    *((count, COMPONENTS) for count in (2_000, 5_000, 10_000, 20_000, 50_000)),
    *((EXAMPLES, components) for components in (100, 300, 1_000)),
)


def measure(data: str, seed: int, data_dir: pathlib.Path | None) -> list[dict[str, Any]]:
    """Return a row for each of `POINTS`, all on the same codes."""
    X, y = datasets.load(data, "train", flat=True, data_dir=data_dir)
    # Only the hidden modes count here: a memory of a few landmarks is enough.
    small = WaveClassifier("minutes", n_memories=100, random_state=seed, **VIEWS[data])
    hidden = small.fit(X[:-N_VALIDATION][:N_SAMPLE], y[:-N_VALIDATION][:N_SAMPLE]).hidden_
    start = time.perf_counter()
    codes = hidden.codes(X)
    each = (time.perf_counter() - start) / len(X)
    codes, new = codes[:-N_VALIDATION], codes[-N_VALIDATION:]
    labels, judged = y[:-N_VALIDATION], y[-N_VALIDATION:]
    kernel = Kernel(noise=settings("minutes", (28, 28)).noise)
    rows = []
    for components in dict.fromkeys(components for _, components in POINTS):
        some = np.linspace(0, len(codes) - 1, N_SAMPLE).astype(int)
        start = time.perf_counter()
        projection = fit_projection(codes[some], components, seed)
        examples, unseen = projection(codes), projection(new)
        projected = time.perf_counter() - start
        for count in [count for count, number in POINTS if number == components]:
            start = time.perf_counter()
            targets = targets_of(labels[:count], len(small.classes_))
            memory = memorize_examples(examples[:count], targets, kernel, tolerance=0.01)
            solved = time.perf_counter() - start
            found = small.classes_[memory.criticality(unseen).argmax(axis=1)]
            row = {
                "data": data,
                "examples": count,
                "components": components,
                "accuracy": float(np.mean(found == judged)),
                "code_seconds": each * count,
                "projection_seconds": projected,
                "solve_seconds": solved,
            }
            rows.append(row)
            Console(highlight=False).print(row, soft_wrap=True)
    return rows


def trend(rows: list[dict[str, Any]]) -> str:
    """How errors fall with the number of examples, and how many a fifth less would take."""
    said = []
    for data in dict.fromkeys(row["data"] for row in rows):
        some = [row for row in rows if (row["data"], row["components"]) == (data, COMPONENTS)]
        errors = [1 - row["accuracy"] for row in some]
        if len(some) < 2 or not all(errors):
            continue
        counts = [row["examples"] for row in some]
        power, _ = np.polyfit(np.log(counts), np.log(errors), 1)
        more = 0.8 ** (1 / power)
        said.append(
            f"{power:.2f} on {TITLES[data]}, where a fifth less takes {more:.1f} times as many"
        )
    if not said:
        return ""
    return f"Errors fall as a power of the number of examples: {'; '.join(said)}."


def table(rows: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    """The section of the results page."""
    about = machine()
    return {
        "title": "Accuracy against examples and components",
        "command": "python benchmarks/learning_curve.py",
        "machine": f"{about['cores']} cores of an {about['cpu']}, beside other work",
        "date": datetime.date.today().isoformat(),
        "seed": str(seed),
        "before": (
            "Hidden modes of budget `minutes`; validation images (the last 10,000 training "
            f"images), learned are the first of the others. Projections are made from {N_SAMPLE:,} "
            "images. Standard errors are 0.0006 on MNIST and 0.0022 on Fashion-MNIST, those of "
            "differences smaller."
        ),
        "columns": [
            *("data", "examples", "components", "accuracy"),
            *("seconds for codes", "for projecting 60,000", "to solve"),
        ],
        "after": trend(rows),
        "rows": [
            [
                TITLES[row["data"]],
                f"{row['examples']:,}",
                f"{row['components']:,}",
                f"{row['accuracy']:.4f}",
                f"{row['code_seconds']:.1f}",
                f"{row['projection_seconds']:.1f}",
                f"{row['solve_seconds']:.1f}",
            ]
            for row in rows
        ],
    }


def main() -> None:
    """Parse the command line, measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", nargs="+", choices=[*TITLES], default=[*TITLES])
    parser.add_argument("--data-dir", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for data in options.data:
        rows += measure(data, options.seed, options.data_dir)
        if options.json:
            text = json.dumps(table(rows, options.seed), indent=1, ensure_ascii=False)
            write_whole(options.json, f"{text}\n".encode())


if __name__ == "__main__":
    main()
