"""How disturbed memories may be and still replay, beside Kuramoto's networks of the same couplings.

    python benchmarks/robustness.py --json docs/results/8_robust.json \
        --figure docs/images/robust_memories.png  # for the results page
    python benchmarks/robustness.py --draws 2 --starts 2

The report's claim has the same, with fewer memories: `wetcow reproduce claims`.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pathlib
import platform
import time

from rich.console import Console
from rich.table import Table

from wetcow.files import write_whole
from wetcow.reports.claims.robust_memories import draw, evidence_of


def main() -> None:
    """Parse the command line, measure and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--size", type=int, default=10, help="modes")
    parser.add_argument("--draws", type=int, default=4, help="memories")
    parser.add_argument("--starts", type=int, default=5, help="random starts of each")
    parser.add_argument("--time", type=float, default=240.0, help="time units of a run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--figure", type=pathlib.Path)
    given = parser.parse_args()
    began = time.perf_counter()
    evidence = evidence_of(given.size, given.draws, given.starts, given.time, given.seed)
    table, seconds = evidence.tables[0], time.perf_counter() - began
    shown = Table(*table.labels.values())
    rows = [[_short(row[name]) for name in table.labels] for row in table.rows]
    for row in rows:
        shown.add_row(*row)
    Console().print(shown, evidence.claims[0].measured, f"{seconds:.0f} s")
    if given.figure:
        draw(evidence)["robust_memories"].savefig(given.figure, dpi=150)
    if given.json:
        content = {
            "title": "Memories that are disturbed",
            "command": f"python benchmarks/robustness.py --size {given.size} --draws {given.draws} "
            f"--starts {given.starts} --time {given.time:g} --seed {given.seed}",
            "machine": f"{os.cpu_count()} cores, {platform.machine()}, beside other work",
            "date": datetime.date.today().isoformat(),
            "seed": given.seed,
            "before": table.caption,
            "columns": [*table.labels.values()],
            "rows": rows,
            "after": f"{evidence.claims[0].measured} {evidence.texts[0]}",
        }
        write_whole(given.json, json.dumps(content, indent=1, ensure_ascii=False).encode())


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"


if __name__ == "__main__":
    main()
