"""The memory of examples beside the linear read-out, on the same pooled codes; validation images.

    python benchmarks/kernel_memory.py --data-dir DIR --json kernel_memory.json
    python benchmarks/kernel_memory.py --data mnist --n-train 50000 --budget minutes

Learned are the first ``--n-train`` of the first 50,000 training images, judged by are the last
10,000. Test images are never loaded. Rows are written after each one, below those of earlier
runs.
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
from wetcow.cli.output import machine, versions
from wetcow.files import plain, write_whole
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data.samples import Samples, targets_of
from wetcow.learning.finetune.linear import solve_linear
from wetcow.learning.model.memory.memorize import memorize_examples
from wetcow.learning.model.memory.projection import fit_projection
from wetcow.learning.model.memory.stored import Kernel
from wetcow.learning.settings.presets import BUDGETS, DATASET_DEFAULTS
from wetcow.modes.kernel_series import CODES

N_VALIDATION = 10_000
N_SAMPLE = 6_000  # images that the projection is made from
FROM_DEFAULTS = ("frame", "mirror")


def main() -> None:
    """Parse the command line, measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--data", nargs="+", choices=["mnist", "fashion-mnist"], default=["fashion-mnist", "mnist"]
    )
    parser.add_argument("--data-dir", type=pathlib.Path)
    parser.add_argument("--n-train", type=int, nargs="+", default=[10_000])
    parser.add_argument("--budget", choices=BUDGETS, default="minute")
    parser.add_argument("--codes", nargs="+", choices=CODES, default=["amplitude"])
    parser.add_argument("--noise", type=float, nargs="+", default=[0.03])
    parser.add_argument("--ridge", type=float, default=1e-3, help="of the linear read-out")
    parser.add_argument("--components", type=int, default=600)
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--cache-size", type=float, default=8e9, help="bytes of K kept")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=pathlib.Path, default=pathlib.Path("kernel_memory.json"))
    options = parser.parse_args()
    about = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "options": vars(options),
    }
    rows: list[dict[str, Any]] = []
    if options.json.exists():
        rows = json.loads(options.json.read_text())["rows"]
    for data in options.data:
        for count in options.n_train:
            for row in measure(data, count, options):
                rows.append(row)
                content = json.dumps(plain({**about, "rows": rows}), indent=1)
                write_whole(options.json, content.encode())
                Console(highlight=False).print(
                    *(f"{name} {_short(value)}" for name, value in row.items()), soft_wrap=True
                )


def measure(data: str, count: int, options: argparse.Namespace) -> Any:
    """Yield a row for the linear read-out and one for each memory, on the same codes."""
    X, y = datasets.load(data, "train", flat=True, data_dir=options.data_dir)
    judged, labels = X[-N_VALIDATION:], y[-N_VALIDATION:]
    X, y = X[:-N_VALIDATION][:count], y[:-N_VALIDATION][:count]
    defaults = DATASET_DEFAULTS[data]
    chosen = {name: defaults[name] for name in FROM_DEFAULTS if name in defaults}
    # Of the classifier only the hidden modes count here: a memory of a few landmarks is enough.
    small = WaveClassifier(options.budget, n_memories=100, random_state=options.seed, **chosen)
    hidden = small.fit(X, y).hidden_
    n_classes = len(small.classes_)
    common = {"data": data, "n_train": len(y), "budget": options.budget, "seed": options.seed}
    start = time.perf_counter()
    samples = Samples(hidden, X, labels=y, n_classes=n_classes)
    modes = solve_linear(samples, np.random.default_rng(options.seed), options.ridge).modes
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    codes, new = hidden.codes(X), hidden.codes(judged)
    yield {
        **common,
        "read_out": f"linear, ridge {options.ridge:g}",
        "accuracy": float(
            (modes.criticality(hidden.standardised(new)).argmax(axis=1) == labels).mean()
        ),
        "fit_seconds": seconds,
    }
    code_seconds = (time.perf_counter() - start) * len(y) / (len(y) + N_VALIDATION)
    start = time.perf_counter()
    some = np.linspace(0, len(codes) - 1, min(N_SAMPLE, len(codes))).astype(int)
    projection = fit_projection(codes[some], options.components, options.seed)
    examples, unseen = projection(codes), projection(new)
    projection_seconds = time.perf_counter() - start
    targets = targets_of(y, n_classes)
    for code in options.codes:
        for noise in options.noise:
            start = time.perf_counter()
            memory = memorize_examples(
                examples,
                targets,
                Kernel(code, noise=noise),
                tolerance=options.tolerance,
                cache_size=options.cache_size,
                seed=options.seed,
            )
            solve_seconds = time.perf_counter() - start
            found = memory.criticality(unseen).argmax(axis=1)
            yield {
                **common,
                "read_out": f"memory, {code}, noise {noise:g}",
                "components": examples.shape[1],
                "accuracy": float((small.classes_[found] == labels).mean()),
                "code_seconds": code_seconds,
                "projection_seconds": projection_seconds,
                "solve_seconds": solve_seconds,
                "recall_seconds": time.perf_counter() - start - solve_seconds,
                "iterations": memory.iterations,
                "residual": memory.residual,
                "cached": memory.cached,
            }


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
