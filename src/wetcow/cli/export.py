"""The command ``wetcow export``: a saved classifier as ONNX."""

from __future__ import annotations

import pathlib
from typing import Annotated, Any

import typer

from wetcow.cli.output import Json, ModelFile, check_json, console, plainly, versions, write_json

EXAMPLES = ("wetcow export digits.wetcow --onnx digits.onnx",)


def command(
    model: ModelFile,
    onnx: Annotated[
        pathlib.Path, typer.Option(metavar="FILE.onnx", help="File to write; replaced if there.")
    ],
    json_file: Json = None,
) -> None:
    r"""Write a saved wave classifier as ONNX, to run it without Python.

    From rows of float32 to labels, probabilities and criticalities, its frame included. Needs the
    extra onnx: pip install "wetcow\[onnx]".
    """
    with plainly():
        check_json(json_file)
        report = export(model, onnx)
        _print(report, json_file)
        write_json(report, json_file)


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
    from wetcow.learning.classifier import WaveClassifier

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


def _print(report: dict[str, Any], json_file: str | None) -> None:
    shape = report["image_shape"]
    rows = f"{report['n_features']} numbers"
    if shape is not None:
        rows += f", images of {shape[0]}×{shape[1]} pixels"
        rows += f" with {shape[2]} channels, those of a pixel together" if shape[2:] else ""
    console(json_file).print(
        f"wrote {report['onnx']}, {report['bytes'] / 1e6:.1f} MB: from X, rows of {rows}, to "
        f"label, probabilities and criticality of {len(report['classes'])} classes",
        soft_wrap=True,
    )
