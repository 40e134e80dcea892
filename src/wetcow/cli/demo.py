"""The command ``wetcow demo``: what the package can do, on one page."""

from __future__ import annotations

import pathlib

from wetcow.cli.output import Json, Out, Seed, check_json, note, plainly, show_report

EXAMPLES = ("wetcow demo", "wetcow demo --out report --json -")


def command(
    out: Out = pathlib.Path("wetcow-report"), seed: Seed = 0, json_file: Json = None
) -> None:
    """See it work: embedded digits learned, a synchronized memory replayed; an HTML page."""
    with plainly():
        check_json(json_file)
        from wetcow.reports.demo import run_demo

        show_report(run_demo(out, seed, note), json_file)
