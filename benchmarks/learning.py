"""Compare WaveClassifier with its peers on images, side by side on this machine.

    python benchmarks/learning.py --data mnist fashion-mnist --json learning.json

Each method has a process of its own, one after the other: its peak memory is its own, and a method
that fails or takes too long costs one row. Ctrl-C keeps the rows that are complete.
"""

from __future__ import annotations

import argparse
import datetime
import json
import pathlib
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Any

# Nothing large: on Linux, peak memory is passed on to the processes that are started from here.
from peers import METHODS
from rich.console import Console
from rich.table import Table

from wetcow.cli.output import (
    FAILED,
    INTERRUPTED,
    STDOUT,
    check_json,
    console,
    machine,
    versions,
    write_json,
)

_MEASURE = pathlib.Path(__file__).with_name("measure.py")
_PEERS = ("torch", "lightgbm", "reservoirpy", "snntorch")

# Of a row; all null unless the status is "ok".
_MEASURED = (
    "n_train",
    "n_judged",
    "accuracy",
    "fit_seconds",
    "predict_seconds",
    "single_seconds",
    "peak_memory_mb",
    "baseline_memory_mb",
)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    about = "\n".join(f"  {name:<13}{method.about}" for name, method in METHODS.items())
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog=f"methods:\n{about}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--data", nargs="+", default=["digits"], choices=("digits", "mnist", "fashion-mnist"))
    add(
        "--split",
        default="validation",
        choices=("validation", "test"),
        help="judge by the end of the training images (default), or by the test images",
    )
    add("--data-dir", help="folder of the data; see wetcow.datasets.load")
    add("--n-train", type=_positive, metavar="N", help="learn only the first N images")
    add("--methods", nargs="+", default=[*METHODS], choices=METHODS, metavar="METHOD")
    add(
        "--epochs",
        type=_positive,
        default=3,
        help="of the convolutional network; more for fewer than 10,000 images (default: 3)",
    )
    add(
        "--minutes",
        type=float,
        default=2.0,
        help="of those that are trained for a given time (default: 2)",
    )
    add("--seed", type=int, default=0)
    add(
        "--limit",
        type=float,
        default=1200.0,
        metavar="SECONDS",
        help="for one method on one data set (default: 1200)",
    )
    add("--json", metavar="FILE", help="write the rows there, after each; - is stdout, at the end")
    options = parser.parse_args(arguments)
    try:
        check_json(options.json)
    except ValueError as error:
        parser.error(str(error))
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def measure_apart(task: dict[str, Any], limit: float | None) -> dict[str, Any]:
    """Run `measure.py` in a process of its own.

    Parameters
    ----------
    task : dict
        See `measure.py`.
    limit : float or None
        Seconds after which the process is ended.

    Returns
    -------
    dict
        What it found; or `status` "over limit" or "failed", and `detail`.
    """
    command = [sys.executable, str(_MEASURE), json.dumps(task)]
    try:
        # Ends the process also when this one is interrupted.
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=limit
        )
    except subprocess.TimeoutExpired:
        return {"status": "over limit", "detail": f"more than {limit:g} s"}
    if done.returncode < 0:
        return {"status": "failed", "detail": f"ended by signal {-done.returncode}"}
    if done.returncode > 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return {"status": "failed", "detail": lines[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def peer_versions() -> dict[str, str | None]:
    """Return versions of the optional peers, null for those not installed."""
    found: dict[str, str | None] = {}
    for name in _PEERS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def sort(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of the highest accuracy first, those without one last."""
    return sorted(rows, key=lambda row: 1 if row["accuracy"] is None else -row["accuracy"])


def _short(number: float) -> str:
    """Three digits, and all those before the point."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def table(rows: list[dict[str, Any]], *, header: bool = True) -> Table:
    """Make a table of rows, as wide for one row as for all."""
    result = Table(box=None, show_header=header, pad_edge=False)
    result.add_column("method", min_width=max(map(len, METHODS)), no_wrap=True)
    result.add_column("accuracy", min_width=len("not installed"), justify="right", no_wrap=True)
    for name in ("fit [s]", "predict [s]", "single [ms]", "peak [MB]"):
        result.add_column(name, min_width=len("predict [s]"), justify="right", no_wrap=True)
    for row in rows:
        if row["status"] != "ok":
            result.add_row(row["method"], row["status"])
            continue
        memory = row["peak_memory_mb"]
        result.add_row(
            row["method"],
            f"{row['accuracy']:.4f}",
            _short(row["fit_seconds"]),
            _short(row["predict_seconds"]),
            _short(1e3 * row["single_seconds"]),
            "" if memory is None else f"{memory:.0f}",
        )
    return result


def compare(
    data: str, options: argparse.Namespace, report: dict[str, Any], screen: Console
) -> None:
    """Measure all methods on one data set; add a row to the report, and write it, after each.

    Raises
    ------
    ValueError
        If the data cannot be loaded.
    """
    task = {
        "data": data,
        "split": options.split,
        "data_dir": options.data_dir,
        "n_train": options.n_train,
        "seed": options.seed,
        "epochs": options.epochs,
        "minutes": options.minutes,
    }
    # Before any method, and without a limit: the files may have to be downloaded.
    sizes = measure_apart({**task, "method": None}, None)
    if "n_train" not in sizes:
        raise ValueError(f"{data} could not be loaded: {sizes['detail']}")
    screen.print(
        f"\n{data}: {sizes['n_train']} images to learn, {sizes['n_judged']} to judge by "
        f"({options.split})\n"
    )
    rows = []
    try:
        for name in options.methods:
            with screen.status(f"{name}: {METHODS[name].about}"):
                found = measure_apart({**task, "method": name}, options.limit)
            row = {"data": data, "method": name, "status": "", "detail": None}
            row |= dict.fromkeys(_MEASURED) | found
            screen.print(table([row], header=not rows))
            rows.append(row)
            report["rows"].append(row)
            if options.json != STDOUT:
                write_json(report, options.json)
    finally:
        if rows:
            screen.print(f"\n{data}, the best first:\n")
            screen.print(table(sort(rows)))
        for row in rows:
            if row["detail"]:
                line = f"{row['method']}: {row['status']}: {row['detail']}"
                screen.print(line, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison and return the exit code."""
    options = parse(arguments)
    screen = console(options.json)
    report: dict[str, Any] = {
        "command": shlex.join(["python", *sys.argv]),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions() | peer_versions(),
        "split": options.split,
        "seed": options.seed,
        "epochs": options.epochs,
        "minutes": options.minutes,
        "limit_seconds": options.limit,
        "methods": {name: METHODS[name].about for name in options.methods},
        "complete": False,
        "rows": [],
    }
    code = 0
    try:
        for data in options.data:
            compare(data, options, report, screen)
        report["complete"] = True
    except KeyboardInterrupt:
        screen.print("interrupted; the rows above are kept")
        code = INTERRUPTED
    except ValueError as error:
        screen.print(f"error: {error}", soft_wrap=True)
        code = FAILED
    if report["rows"]:
        write_json(report, options.json)
    return code


if __name__ == "__main__":
    # Whoever ends this process means the one that measures too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
