"""Commands for saved models: ``wetcow card`` describes them, ``wetcow export`` writes ONNX."""

from __future__ import annotations

import pathlib
from typing import Any

import typer

from wetcow.cli.output import STDOUT, check_json, console, versions, write_json
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.io.card import facts


def run(model: pathlib.Path, onnx: pathlib.Path, json_file: str | None) -> None:
    """Export a model; see the command's help for the parameters."""
    check_json(json_file)
    report = export(model, onnx)
    shape = report["image_shape"]
    rows = f"{report['n_features']} numbers"
    if shape is not None:
        rows += f", images of {shape[0]}×{shape[1]} pixels"
    console(json_file).print(
        f"wrote {onnx}, {report['bytes'] / 1e6:.1f} MB: from X, rows of {rows}, to label, "
        f"probabilities and criticality of {len(report['classes'])} classes",
        soft_wrap=True,
    )
    write_json(report, json_file)


def show_card(model: pathlib.Path, json_file: str | None) -> None:
    """Print the card of a saved model."""
    check_json(json_file)
    classifier = WaveClassifier.load(model)
    if json_file != STDOUT:
        typer.echo(classifier.card(), nl=False)
    write_json({"model": model, **facts(classifier), "versions": versions()}, json_file)


def export(model: pathlib.Path, onnx: pathlib.Path) -> dict[str, Any]:
    """Write a saved model as ONNX.

    Parameters
    ----------
    model : path
        A file of `WaveClassifier.save`.
    onnx : path
        File to write.

    Returns
    -------
    dict
        The fields of ``wetcow export --json``.

    Raises
    ------
    ValueError
        If the extra is missing, or see `wetcow.learning.io.onnx.save_onnx`.
    """
    classifier = WaveClassifier.load(model)
    try:
        classifier.to_onnx(onnx)
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise ValueError(str(error)) from error
    return {
        "model": model,
        "onnx": onnx,
        "bytes": onnx.stat().st_size,
        "n_features": classifier.n_features_in_,
        "image_shape": classifier.image_shape_,
        "classes": classifier.classes_.tolist(),
        "versions": versions(),
    }
