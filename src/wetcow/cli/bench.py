"""The command ``wetcow bench``: speed of networks, beside limits and others."""

from __future__ import annotations

import datetime
import enum
import pathlib
from typing import Annotated, Any

import typer

from wetcow.cli.output import (
    PICTURES,
    STDOUT,
    Json,
    Seed,
    check_json,
    console,
    machine,
    note,
    plainly,
    versions,
    write_json,
)
from wetcow.files import save_figure

EXAMPLES = ("wetcow bench --quick", "wetcow bench growth peers --json speed.json")


class BenchPart(enum.StrEnum):
    """What can be measured."""

    LIMITS = "limits"
    GROWTH = "growth"
    METHODS = "methods"
    DEVICES = "devices"
    SWEEPS = "sweeps"
    PEERS = "peers"
    KURAMOTO = "kuramoto"
    BRAINS = "brains"
    FITS = "fits"
    BOLD = "bold"


def command(
    parts: Annotated[
        list[BenchPart] | None, typer.Argument(help="What to measure.", show_default="all")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small networks: whether it runs, not how fast it is.")
    ] = False,
    plot: Annotated[
        pathlib.Path | None, typer.Option(metavar="PICTURE", help="Draw what was measured.")
    ] = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Measure the speed of networks beside the machine's limits and beside other simulators.

    Nothing else should run meanwhile. JSON is written after each row.
    """
    with plainly("rows that were complete are in the JSON, if one was asked for"):
        check_json(json_file)
        if plot is not None and plot.suffix not in PICTURES:
            raise ValueError(f"--plot must end in one of {', '.join(PICTURES)}, got {plot.name!r}")
        _measure([part.value for part in parts or BenchPart], quick, plot, seed, json_file)


def _measure(
    parts: list[str], quick: bool, plot: pathlib.Path | None, seed: int, json_file: str | None
) -> None:
    from wetcow.bench.drawing import figure
    from wetcow.bench.run import FULL, QUICK, run
    from wetcow.bench.tables import tables

    about = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "quick": quick,
        "seed": seed,
    }

    def keep(found: dict[str, Any]) -> None:
        if json_file != STDOUT:
            write_json({**about, "complete": False, "parts": found}, json_file)

    def tell(done: int) -> None:
        note(f"{done} of {len(parts)} parts")

    found = run(parts, QUICK if quick else FULL, seed, keep, tell)
    write_json({**about, "complete": True, "parts": found}, json_file)
    screen = console(json_file)
    for table in tables(found):
        screen.print(table)
    if plot is not None:
        save_figure(figure(found), plot, dpi=120)
