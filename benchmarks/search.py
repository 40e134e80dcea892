"""Compare settings of the wave classifier on validation images: the last 10,000 training images.

    python benchmarks/search.py --data mnist --data-dir DIR --json search.json
    python benchmarks/search.py --data mnist --set patch_size=[5,9] n_modes=96 --seed 0 1 2

Without ``--set`` the table of named candidates below is gone through. Rows that are in the JSON
file already are not run again, so an interrupted search goes on. Test images are never loaded.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import time
from typing import Any

from rich.console import Console

from wetcow import datasets
from wetcow.cli.output import use_all_cores, versions
from wetcow.files import plain, write_whole
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.settings.presets import settings, training_defaults

N_VALIDATION = 10_000
IMAGE = (28, 28)

CANDIDATES: dict[str, list[dict[str, Any]]] = {
    "mnist": [
        {"budget": "seconds"},
        {"budget": "minute"},
        {"budget": "minutes"},
        {"budget": "hour"},
        {"response": "both", "n_modes": 64},
        {"threshold": 0.2, "omega": 0.4},
        {"threshold": 0.2, "omega": 0.2},
        {"frame": None},
        {"frame": "seven", "n_modes": 256, "patch_size": [3, 5], "n_regions": 1},
    ],
    "fashion-mnist": [
        {"budget": "seconds"},
        {"budget": "minute"},
        {"budget": "minutes"},
        {"budget": "hour"},
        {"response": "both", "n_modes": 64},
        {"mirror": False},
        {"patch_size": 5},
        {"patch_size": [3, 5, 7], "n_modes": 96},
    ],
}


def main() -> None:
    """Parse the command line and go through the candidates."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", choices=[*CANDIDATES], nargs="+", default=[*CANDIDATES])
    parser.add_argument("--data-dir", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path, default=pathlib.Path("search.json"))
    parser.add_argument("--seed", type=int, nargs="+", default=[0])
    parser.add_argument("--set", nargs="+", metavar="NAME=JSON", help="one candidate of your own")
    options = parser.parse_args()
    use_all_cores()
    rows = json.loads(options.json.read_text()) if options.json.exists() else []
    for data in options.data:
        own = [dict(map(setting, options.set))] if options.set else CANDIDATES[data]
        X, y = datasets.load(data, split="train", data_dir=options.data_dir)
        for parameters in own:
            for seed in options.seed:
                preset = settings(parameters.get("budget", "seconds"), IMAGE)
                key = plain(
                    {
                        "data": data,
                        "seed": seed,
                        "parameters": parameters,
                        "preset": preset._asdict(),  # what is not among the parameters
                    }
                )
                if any(key == {name: row[name] for name in key} for row in rows):
                    continue
                rows.append(key | _measure(X, y, training_defaults(data) | parameters, seed))
                write_whole(options.json, json.dumps(plain(rows), indent=1).encode())
                _show(rows[-1])


def setting(text: str) -> tuple[str, Any]:
    """Return the name and value of NAME=JSON; what is no JSON is text."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _measure(X: Any, y: Any, parameters: dict[str, Any], seed: int) -> dict[str, Any]:
    classifier = WaveClassifier(random_state=seed, **parameters)
    start = time.perf_counter()
    classifier.fit(X[:-N_VALIDATION], y[:-N_VALIDATION])
    seconds = time.perf_counter() - start
    accuracy = classifier.score(X[-N_VALIDATION:], y[-N_VALIDATION:])
    return {
        "validation_accuracy": accuracy,
        "construct_seconds": seconds,
        "view": classifier.decision_ and classifier.decision_.line(),
        "settings": classifier.settings_._asdict(),
        "n_codes": classifier.hidden_.n_codes,
        "n_memories": len(classifier.memory_.rows),
        "residual": classifier.memory_.residual,
        "cores": os.cpu_count(),
        "date": datetime.date.today().isoformat(),
        "versions": versions(),
    }


def _show(row: dict[str, Any]) -> None:
    Console(highlight=False).print(
        f"{row['data']}  seed {row['seed']}  {row['validation_accuracy']:.4f}  "
        f"{row['construct_seconds']:.1f} s  {row['n_codes']} codes, {row['n_memories']} memories  "
        f"{row['parameters']}",
        soft_wrap=True,
    )


if __name__ == "__main__":
    main()
