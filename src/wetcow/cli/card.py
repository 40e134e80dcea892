"""The command ``wetcow card``: what a saved classifier is, was measured on, and is for."""

from __future__ import annotations

import typer

from wetcow.cli.output import STDOUT, Json, ModelFile, check_json, plainly, versions, write_json

EXAMPLES = ("wetcow card digits.wetcow", "wetcow card digits.wetcow --json -")


def command(model: ModelFile, json_file: Json = None) -> None:
    """Show the card of a saved wave classifier: its data, what was measured, use and limits.

    Prints Markdown, which is in the file as README.md, too.
    """
    with plainly():
        from wetcow.learning.classifier import WaveClassifier
        from wetcow.learning.io.card import facts

        check_json(json_file)
        classifier = WaveClassifier.load(model)
        if json_file != STDOUT:
            typer.echo(classifier.card(), nl=False)
        write_json({"model": model, **facts(classifier), "versions": versions()}, json_file)
