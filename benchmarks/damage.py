"""Damaged files and strange numbers, family by family: how many are refused, and what is not.

    python benchmarks/damage.py --number 2000                         # every family
    python benchmarks/damage.py volumes models --number 500 --seed 1
    python benchmarks/damage.py --results docs/results/7_damage.json  # for the results page

The families are the modules of ``tests/fuzz`` that have ``cases`` and ``check``. The exit code is 1
if a case was neither refused nor answered as it should be; each of those is printed.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import importlib
import json
import os
import pathlib
import platform
import sys
import time

TESTS = pathlib.Path(__file__).parents[1] / "tests"
FAMILIES = (
    *("arguments", "configurations", "kills", "matrices", "measures", "models", "pictures"),
    *("results", "volumes"),
)


def measure(family: str, seed: int, number: int) -> dict[str, object]:
    """Check `number` cases of one family, and count what became of them."""
    sys.path[:0] = [str(TESTS), str(TESTS / "fuzz")]
    module = importlib.import_module(f"fuzz.{family}")
    began, found = time.perf_counter(), collections.Counter()
    for case in module.cases(seed, number):
        said = module.check(case)
        found[said if said in ("ok", "refused") else "wrong"] += 1
        if said not in ("ok", "refused"):
            print(f"{family}: {said}: {str(case)[:200]}", file=sys.stderr)
    return {
        "family": family,
        "cases": number,
        "refused": found["refused"],
        "answered as it should be": found["ok"],
        "wrong": found["wrong"],
        "seconds": round(time.perf_counter() - began, 1),
    }


def main() -> None:
    """Print the table, and keep it if asked."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("families", nargs="*", metavar="FAMILY", help=", ".join(FAMILIES))
    parser.add_argument("--number", type=int, default=1000, help="cases of each family")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=pathlib.Path, metavar="FILE", help="a results table")
    given = parser.parse_args()
    unknown = set(given.families) - set(FAMILIES)
    if unknown:
        parser.error(f"unknown families {sorted(unknown)}; choose from {', '.join(FAMILIES)}")
    rows = [measure(one, given.seed, given.number) for one in given.families or FAMILIES]
    columns = list(rows[0])
    for line in (columns, *(list(row.values()) for row in rows)):
        print("  ".join(f"{cell!s:>24}" for cell in line))
    if given.results:
        from wetcow.files import write_whole

        content = {
            "title": "Damaged files and strange numbers",
            "command": f"python benchmarks/damage.py --number {given.number} --seed {given.seed}",
            "machine": f"{os.cpu_count()} cores, {platform.machine()}",
            "date": datetime.date.today().isoformat(),
            "seed": given.seed,
            "before": "Cases are drawn from a seed: files with flipped bits, cuts and mutations, "
            "arguments that no one should give, writers that are killed. Each is refused by an "
            "error that says why, or answered as it should be.",
            "columns": columns,
            "rows": [[str(cell) for cell in row.values()] for row in rows],
            "after": "",
        }
        write_whole(given.results, json.dumps(content, indent=1, ensure_ascii=False).encode())
    sys.exit(any(row["wrong"] for row in rows))


if __name__ == "__main__":
    main()
