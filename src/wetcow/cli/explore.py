"""The command ``wetcow explore``: a local web page of modes, networks, memories and digits."""

from __future__ import annotations

import pathlib
from typing import Annotated, Any

import typer

from wetcow.cli.output import note, plainly

EXAMPLES = (
    "wetcow explore",
    "wetcow explore --model digits.wetcow --port 8000 --no-show",
)
_PARTS = {"panel", "bokeh", "param"}  # modules of the extra


def command(
    model: Annotated[
        pathlib.Path | None,
        typer.Option(
            metavar="MODEL",
            help="A file of WaveClassifier.save that answers to drawings or pictures.",
            show_default="one of MNIST that comes with wetcow",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of the server; 0: any free one.")
    ] = 5006,
    show: Annotated[
        bool, typer.Option("--show/--no-show", help="Open the page in the browser.")
    ] = True,
) -> None:
    r"""Explore a mode, a network, a memory and drawn digits, live, on a local web page.

    The page is served to this machine alone, until Ctrl-C. Needs the extra explore: pip install
    "wetcow\[explore]".
    """
    with plainly("the page is closed"):
        app = _import()
        from wetcow.explore.model import SharedModel, load_model

        shared = SharedModel(None if model is None else load_model(model))
        server = app.make_server(port, shared)
        url = f"http://{app.ADDRESS}:{server.port}/"
        typer.echo(f"the explorer is at {url}")
        note("Ctrl-C ends it")
        if show:
            typer.launch(url)
        shared.load_ahead()
        app.serve_until_interrupted(server)


def _import() -> Any:
    try:
        from wetcow.explore import app
    except ModuleNotFoundError as error:
        if error.name not in _PARTS:
            raise
        raise ValueError(
            f'the explorer needs {error.name}: pip install "wetcow[explore]"'
        ) from error
    return app
