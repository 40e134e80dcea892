"""The command ``wetcow predict``: classify pictures with a saved model."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import typer

from wetcow.cli.output import check_json, console, versions, write_json
from wetcow.images.pictures import read_picture
from wetcow.learning.classifier import WaveClassifier
from wetcow.learning.data.convention import given

INCOMPLETE = 1  # exit code: some pictures could not be read, the others were classified


def run(model: pathlib.Path, images: list[pathlib.Path], crop: bool, json_file: str | None) -> None:
    """Classify pictures; see the command's help for the parameters.

    Raises
    ------
    typer.Exit
        With code 1 if a picture could not be read, after all else is done.
    """
    check_json(json_file)
    report = predict(model, images, crop)
    _print(report, json_file)
    write_json(report, json_file)
    if report["errors"]:
        raise typer.Exit(INCOMPLETE)


def predict(model: pathlib.Path, images: list[pathlib.Path], crop: bool = True) -> dict[str, Any]:
    """Classify pictures with a saved model.

    Parameters
    ----------
    model : path
        A file of `WaveClassifier.save`.
    images : list of paths
        Pictures; those that cannot be read are left out and named. Their background and ink get the
        values that these have in the images the model learned.
    crop : bool
        See `wetcow.images.pictures.read_picture`.

    Returns
    -------
    dict
        The fields of ``wetcow predict --json``. ``images`` has what was classified, in order, with
        ``unlike_training`` where the uncertainty exceeds the usual one, which 1 % of images like
        those for training do; ``errors`` has what could not be read.

    Raises
    ------
    ValueError
        If the model is not of images.
    """
    classifier = WaveClassifier.load(model)
    if classifier.image_shape_ is None:
        raise ValueError(
            f"{model} is a model of tables, which cannot take pictures; give one that was fitted "
            "to images, or use WaveClassifier.load(…).predict for rows of a table"
        )
    # Everything is read first: what is wrong with files is known before the work.
    pictures, files, errors = [], [], []
    for file in images:
        try:
            pictures.append(read_picture(file, classifier.image_shape_, crop=crop))
        except (ValueError, OSError) as error:
            errors.append({"file": file, "error": str(error)})
        except MemoryError:
            errors.append({"file": file, "error": f"{file} is too large for the memory there is"})
        else:
            files.append(file)
    return {
        "model": model,
        "images": _classify(classifier, files, pictures),
        "errors": errors,
        "versions": versions(),
    }


def _classify(
    classifier: WaveClassifier, files: list[pathlib.Path], pictures: list[np.ndarray]
) -> list[dict[str, Any]]:
    """Return the entries of ``images`` in the report."""
    if not files:
        return []
    X = given(classifier.convention_, np.stack(pictures))
    labels = classifier.classes_.tolist()
    usual = float(classifier.uncertainty_threshold_)
    rows = zip(files, classifier.predict_proba(X), classifier.uncertainty(X), strict=True)
    return [
        {
            "file": file,
            "label": labels[int(probabilities.argmax())],
            "probabilities": dict(zip(map(str, labels), probabilities.tolist(), strict=True)),
            "uncertainty": float(uncertainty),
            "usual_uncertainty": usual,
            "unlike_training": bool(uncertainty > usual),
        }
        for file, probabilities, uncertainty in rows
    ]


def _print(report: dict[str, Any], json_file: str | None) -> None:
    from rich.table import Table

    if report["images"]:  # the console takes no markup: labels and names of files are as they are
        table = Table(title=str(report["model"]), title_justify="left")
        table.add_column("file", overflow="fold")
        table.add_column("label")
        table.add_column("probability", justify="right")
        table.add_column("second")
        table.add_column("probability", justify="right")
        table.add_column("uncertainty / usual", justify="right")
        table.add_column("remark")
        for image in report["images"]:
            table.add_row(*_row(image))
        console(json_file).print(table)
    for error in report["errors"]:
        typer.secho(f"error: {error['error']}", fg="red", err=True)
    if report["errors"]:
        count = len(report["errors"])
        typer.secho(
            f"{count} of {count + len(report['images'])} pictures could not be read",
            fg="red",
            err=True,
        )


def _row(image: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of an image in the table."""
    ranked = sorted(image["probabilities"].items(), key=lambda item: -item[1])
    (_, first), (second, next_to_it) = (*ranked, ("", np.nan))[:2]
    usual = image["usual_uncertainty"]
    return (
        str(image["file"]),
        str(image["label"]),
        f"{first:.3f}",
        second,
        "" if np.isnan(next_to_it) else f"{next_to_it:.3f}",
        f"{image['uncertainty'] / usual:.2f}" if usual > 0 else "–",
        "unlike the training images" if image["unlike_training"] else "",
    )
