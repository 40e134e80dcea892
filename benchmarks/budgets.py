"""What each budget of the learner comes to: `wetcow learn`, each run in a process of its own.

    python benchmarks/budgets.py --json benchmarks/budgets.json
    python benchmarks/budgets.py --json benchmarks/budgets.json --draw

Test images are scored once for each row and seed; what the rows are was chosen on validation
images (benchmarks/search.py). Runs are written one by one, and those in the file are not run again,
so that an interrupted one goes on; take out rows to measure them anew. --draw makes of the file a
section of docs/results.md, which tools/results.py puts there. Seconds are of an idle machine only
if it is one.
"""

from __future__ import annotations

import argparse
import datetime
import json
import pathlib
import subprocess
import sys
from typing import Any

import numpy as np

from wetcow.cli.output import console, machine, versions
from wetcow.files import write_whole

TABLE = pathlib.Path(__file__).parents[1] / "docs" / "results" / "3_one_shot.json"
TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "digits": "digits, 8×8 pixels"}
PLAIN = ("seconds", "minute", "minutes")
# What is measured: data, options of `wetcow learn`, what the table calls them.
RUNS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    *(
        (data, ("--budget", budget), budget)
        for data in ("mnist", "fashion-mnist")
        for budget in PLAIN
    ),
    ("mnist", ("--budget", "minutes", "--copies", "1"), "minutes, a deformed copy of each"),
    ("mnist", ("--budget", "minutes", "--frame", "seven"), "minutes, at 7×7 pixels"),
    ("fashion-mnist", ("--budget", "hour"), "hour"),
    ("digits", ("--budget", "seconds"), "seconds"),
)


def measured(data: str, options: tuple[str, ...], seed: int) -> dict[str, Any]:
    """One run of the command, with its fields."""
    command = [sys.executable, "-m", "wetcow", "learn", data, *options, "--seed", str(seed)]
    done = subprocess.run([*command, "--json", "-"], stdout=subprocess.PIPE, check=True)
    return {"data": data, "options": [*options], "seed": seed, **json.loads(done.stdout)}


def table_of(result: dict[str, Any]) -> dict[str, Any]:
    """The runs as a section of docs/results.md; see tools/results.py."""
    rows, seeds = [], set()
    for data, options, name in RUNS:
        runs = [
            one for one in result["runs"] if (one["data"], one["options"]) == (data, [*options])
        ]
        runs.sort(key=lambda one: one["seed"])
        if not runs:
            continue
        seeds |= {one["seed"] for one in runs}
        accuracy = [one["test_accuracy"] for one in runs]
        seconds = [one["construct_seconds"] for one in runs]
        took = f"{min(seconds):.0f}–{max(seconds):.0f} s"
        rows.append(
            [
                TITLES[data],
                name,
                ", ".join(f"{one:.4f}" for one in accuracy),
                f"{np.floor(1e4 * np.mean(accuracy) + 1e-6) / 1e4:.4f}",  # never rounded up
                took if len(runs) > 1 and round(min(seconds)) < round(max(seconds)) else
                f"{np.median(seconds):.0f} s",
                f"{max(one['peak_memory_mb'] for one in runs) / 1e3:.1f} GB",
                f"{np.median([one['predict_seconds_per_image'] for one in runs]) * 1e3:.2f} ms",
            ]
        )  # fmt: skip
    return {
        "title": "One-shot learning",
        "command": "python benchmarks/budgets.py --json benchmarks/budgets.json",
        "machine": f"{result['machine']['cores']} cores of an {result['machine']['cpu']}",
        "date": result["date"],
        "seed": ", ".join(map(str, sorted(seeds))),
        "before": "Nothing is trained, test images are scored once per seed. The paper's table "
        'has 0.9858–0.9883 for MNIST and 0.9385 for Fashion-MNIST "without training", in several '
        "seconds.",
        "columns": [
            *("data", "budget", "test accuracy, one for each seed", "mean", "constructed in"),
            *("memory", "an image of 10,000"),
        ],
        "rows": rows,
        "after": result.get("remark", ""),
    }


def main() -> None:
    """Parse the command line, measure what is missing, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=pathlib.Path, default=pathlib.Path("budgets.json"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="rows by what the table calls them"
    )
    parser.add_argument("--data", nargs="+", choices=[*TITLES], default=[*TITLES])
    parser.add_argument("--draw", action="store_true", help="make the table, measure nothing")
    options = parser.parse_args()
    result: dict[str, Any] = {"runs": []}
    if options.json.exists():
        result = json.loads(options.json.read_text())
    if options.draw:
        text = json.dumps(table_of(result), indent=1, ensure_ascii=False)
        write_whole(TABLE, f"{text}\n".encode())
        return
    done = {(one["data"], *one["options"], one["seed"]) for one in result["runs"]}
    for seed in options.seeds:
        for data, given, name in RUNS:
            known = (data, *given, seed) in done or data not in options.data
            if known or (options.only and name not in options.only):
                continue
            one = measured(data, given, seed)
            result["runs"].append(one)
            result |= {"date": datetime.date.today().isoformat(), "machine": machine()}
            result["versions"] = versions()
            text = json.dumps(result, indent=1, ensure_ascii=False)
            write_whole(options.json, f"{text}\n".encode())
            console().print(
                f"{TITLES[data]}, {name}, seed {seed}: {one['test_accuracy']:.4f}, "
                f"{one['construct_seconds']:.0f} s"
            )


if __name__ == "__main__":
    main()
