"""The command ``wetcow reproduce``: the paper's figures and claims beside ours."""

from __future__ import annotations

import pathlib
from typing import Annotated

import typer

from wetcow.cli.output import (
    INCOMPLETE,
    DataDir,
    Json,
    Out,
    Seed,
    check_json,
    note,
    plainly,
    show_report,
    use_all_cores,
)
from wetcow.reports.reproduce import ALL, FIGURES, SECTIONS, chosen_items, known_items

EXAMPLES = ("wetcow reproduce fig1 figS --out report", "wetcow reproduce all --quick")


def _items_like(incomplete: str) -> list[str]:
    return [item for item in known_items() if item.startswith(incomplete)]


def command(
    items: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ITEM...",
            autocompletion=_items_like,
            help=f"Figures: {', '.join(FIGURES)}. Claims: {', '.join(SECTIONS)}, or claims for all "
            "of these.",
            show_default="all",
        ),
    ] = None,
    out: Out = pathlib.Path("wetcow-report"),
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer images, draws and repetitions: minutes.")
    ] = False,
    older: Annotated[
        bool,
        typer.Option(
            "--older",
            help="Show what other versions of the package found, too; the page says so at its top.",
        ),
    ] = False,
    data_dir: DataDir = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Reproduce the paper's figures and test its claims; an HTML page has them beside ours.

    Claims are kept in DIR/evidence as they are done: after an interruption the same command goes
    on from there. They are computed again when any file of the package, or a library, has changed.
    If data are missing, what needs them is skipped, and the exit code is 1.
    """
    with plainly("claims that were complete are kept; the same command goes on from there"):
        check_json(json_file)
        chosen_items(items or [])
        use_all_cores()
        from wetcow.reports.reproduce import reproduce

        result = reproduce(
            items or [ALL], out, seed, note, quick=quick, older=older, data_dir=data_dir
        )
        show_report(result, json_file)
        for section, reason in result["skipped"].items():
            typer.secho(f"not done: {section}: {reason}", fg="red", err=True)
        if result["skipped"]:
            raise typer.Exit(INCOMPLETE)
