"""The ``wetcow`` command: one file for each command, with its options, its work and its output.

Each file has a function ``command``, whose parameters are the options and whose docstring is the
help, and ``EXAMPLES``, which end the help. `wetcow.cli.output` has what the commands share. Files
import what a command needs when it runs, so that help is shown at once.
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from wetcow.cli import (
    bench,
    card,
    demo,
    doctor,
    explore,
    export,
    fit,
    learn,
    predict,
    reproduce,
    simulate,
    tissue,
)
from wetcow.cli.output import epilog
from wetcow.version import __version__

COMMANDS = {
    "demo": demo,
    "reproduce": reproduce,
    "simulate": simulate,
    "fit": fit,
    "learn": learn,
    "predict": predict,
    "card": card,
    "export": export,
    "tissue": tissue,
    "bench": bench,
    "explore": explore,
    "doctor": doctor,
}
"""Modules of the commands by name, in the order of the help."""

app = typer.Typer(
    name="wetcow",
    help="Weakly evanescent cortical waves: modes, synchronized memories, one-shot learning.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wetcow {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    # Threads of OpenBLAS look for more work for some milliseconds after each product, on cores that
    # JAX then lacks (docs/speed.md). It is read once, when NumPy is imported, which is not yet.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")


for _name, _module in COMMANDS.items():
    app.command(_name, epilog=epilog(_module.EXAMPLES))(_module.command)
