"""The command ``wetcow predict``: classify pictures with a saved model."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetcow.cli.output import (
    INCOMPLETE,
    Json,
    ModelFile,
    check_json,
    console,
    plainly,
    versions,
    write_json,
)

if TYPE_CHECKING:
    import numpy as np

    from wetcow.learning.classifier import WaveClassifier

EXAMPLES = (
    "wetcow predict digits.wetcow photo.png",
    "wetcow predict digits.wetcow one.png two.png --no-crop --json -",
)


def command(
    model: ModelFile,
    images: Annotated[
        list[pathlib.Path],
        typer.Argument(metavar="IMAGE...", help="Pictures, PNG or JPEG, of any size and colours."),
    ],
    crop: Annotated[
        bool,
        typer.Option(
            "--crop/--no-crop",
            help="Find the ink and centre it as in MNIST, or take the whole picture as it is, as "
            "always with models of images in colour.",
        ),
    ] = True,
    json_file: Json = None,
) -> None:
    """Classify pictures with a saved wave classifier; says which are unlike what it learned.

    Pictures that cannot be read are named, the others are classified, and the exit code is 1.
    """
    with plainly():
        check_json(json_file)
        report = predict(model, images, crop)
        _print(report, json_file)
        write_json(report, json_file)
        if report["errors"]:
            raise typer.Exit(INCOMPLETE)  # the others were classified


def predict(model: pathlib.Path, images: list[pathlib.Path], crop: bool = True) -> dict[str, Any]:
    """Classify pictures with a saved model.

    Parameters
    ----------
    model : path
        A file of `WaveClassifier.save`.
    images : list of paths
        Pictures; those that cannot be read are left out and named. Their background and ink get the
        values that these have in the images the model learned. For a model of images in colour
        they are read with their colours, as a whole.
    crop : bool
        See `wetcow.images.pictures.read_picture`; without meaning for images in colour.

    Returns
    -------
    dict
        The fields of ``wetcow predict --json``. ``images`` has what was classified, in order, with
        ``unlike_training`` where the uncertainty exceeds the usual one, which 1 % of images like
        those for training do; ``errors`` has what could not be read.

    Raises
    ------
    ValueError
        If the model is not of images, or of images with other channels than pictures have.
    """
    from wetcow.images.colours import reader
    from wetcow.learning.classifier import WaveClassifier
    from wetcow.learning.data.picture_values import check_takes_pictures

    classifier = WaveClassifier.load(model)
    if classifier.image_shape_ is None:
        raise ValueError(
            f"{model} is a model of tables, which cannot take pictures; give one that was fitted "
            "to images, or use WaveClassifier.load(…).predict for rows of a table"
        )
    try:
        read = reader(classifier.image_shape_, crop=crop)
        check_takes_pictures(classifier)
    except ValueError as error:
        raise ValueError(f"{model}: {error}") from None
    # Everything is read first: what is wrong with files is known before the work.
    pictures, files, errors = [], [], []
    for file in images:
        try:
            pictures.append(read(file))
        except (ValueError, OSError) as error:
            errors.append({"file": file, "error": str(error)})
        except MemoryError:
            errors.append({"file": file, "error": f"{file} is too large for the memory there is"})
        else:
            files.append(file)
    found = []
    # Colours that are plainly unlike those learned are refused: each picture is asked for itself.
    size = max(len(files), 1) if len(classifier.image_shape_) == 2 else 1
    for start in range(0, len(files), size):
        some = slice(start, start + size)
        try:
            found += _classify(classifier, files[some], pictures[some])
        except ValueError as error:
            errors.append({"file": files[start], "error": f"{files[start]}: {error}"})
    return {
        "model": model,
        "images": found,
        "errors": errors,
        "versions": versions(),
    }


def _classify(
    classifier: WaveClassifier, files: list[pathlib.Path], pictures: list[np.ndarray]
) -> list[dict[str, Any]]:
    """Return the entries of ``images`` in the report."""
    if not files:
        return []
    import numpy as np

    from wetcow.learning.data.picture_values import given_to

    X = given_to(classifier, np.stack(pictures))
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
    (_, first), (second, next_to_it) = (*ranked, ("", None))[:2]
    usual = image["usual_uncertainty"]
    return (
        str(image["file"]),
        str(image["label"]),
        f"{first:.3f}",
        second,
        "" if next_to_it is None else f"{next_to_it:.3f}",
        f"{image['uncertainty'] / usual:.2f}" if usual > 0 else "–",
        "unlike the training images" if image["unlike_training"] else "",
    )
