"""The command ``wetcow learn``: construct a classifier, test it, and say what it took."""

from __future__ import annotations

import enum
import os
import pathlib
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetcow.cli.output import (
    DataDir,
    Json,
    Seed,
    check_json,
    console,
    peak_memory_mb,
    plainly,
    use_all_cores,
    versions,
    write_json,
)

if TYPE_CHECKING:
    from wetcow.learning.classifier import WaveClassifier
    from wetcow.learning.finetune.refine import Refined
    from wetcow.learning.settings.presets import Budget

EXAMPLES = (
    "wetcow learn digits",
    "wetcow learn mnist --save digits.wetcow",
    "wetcow learn photos.npz --save photos.wetcow",
    "wetcow learn fashion-mnist --budget minute --train-minutes 10 --resume state.npz",
)


DATASETS = ("digits", "mnist", "fashion-mnist")


class Time(enum.StrEnum):
    """Time for the construction of a classifier."""

    SECONDS = "seconds"
    MINUTE = "minute"
    MINUTES = "minutes"
    HOUR = "hour"


class Framed(enum.StrEnum):
    """Frames into which images are brought first."""

    AUTO = "auto"
    HANDWRITING = "handwriting"
    SEVEN = "seven"
    NONE = "none"


DatasetArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATASET|FILE.npz",
        help="digits (8×8 pixels, embedded), mnist, fashion-mnist; or a file of numpy.savez with "
        "X, images, grey or in colour, and y, labels, and X_test and y_test if there are any.",
        autocompletion=lambda: [*DATASETS],
    ),
]
ChannelAxis = Annotated[
    int | None,
    typer.Option(
        help="Axis of the channels of X in FILE.npz: -1, last, or 1, which is (n, channels, "
        "height, width).",
        show_default="asked if not plain",
    ),
]
FrameOption = Annotated[
    Framed, typer.Option(help="Frame into which images are brought first; auto: if it helps.")
]
MirrorOption = Annotated[
    bool | None,
    typer.Option(
        "--mirror/--no-mirror",
        help="Whether an image and its mirror image are the same.",
        show_default="if it helps",
    ),
]
NModes = Annotated[
    int | None,
    typer.Option(min=1, help="Hidden modes for each patch size.", show_default="by budget"),
]
CopiesOption = Annotated[
    int, typer.Option(min=0, help="Deformed copies of each image to learn beside it.")
]
TrainMinutes = Annotated[
    float, typer.Option(min=0, help="Time to train what was constructed, by gradient.")
]
Resume = Annotated[
    pathlib.Path | None,
    typer.Option(
        metavar="FILE",
        help="Keeps how far construction, or training, has come; if it is there, goes on from it.",
    ),
]
Restart = Annotated[
    bool,
    typer.Option(
        "--restart", help="Begin anew; what is kept by --resume FILE is renamed to FILE.old."
    ),
]


def command(
    dataset: DatasetArgument,
    budget: Annotated[
        Time, typer.Option(help="Time to take, which decides the size of the network.")
    ] = Time.SECONDS,
    n_modes: NModes = None,
    frame: FrameOption = Framed.AUTO,
    mirror: MirrorOption = None,
    copies: CopiesOption = 0,
    train_minutes: TrainMinutes = 0.0,
    channel_axis: ChannelAxis = None,
    resume: Resume = None,
    restart: Restart = False,
    save: Annotated[
        pathlib.Path | None,
        typer.Option(metavar="MODEL", help="File for the model, for wetcow predict."),
    ] = None,
    data_dir: DataDir = None,
    seed: Seed = 0,
    json_file: Json = None,
) -> None:
    """Construct a wave classifier in one pass over a data set, train it if asked to, and test it.

    Ctrl-C while training ends it early and keeps what there is.
    """
    with plainly():
        if restart:
            set_aside(resume)
        run(
            dataset,
            budget=budget.value,
            data_dir=data_dir,
            save=save,
            seed=seed,
            json_file=json_file,
            n_modes=n_modes,
            frame=None if frame is Framed.NONE else frame.value,
            mirror="auto" if mirror is None else mirror,
            **({} if channel_axis is None else {"channel_axis": channel_axis}),
            copies=copies,
            train_minutes=train_minutes,
            checkpoint=resume,
        )


def run(
    dataset: str,
    *,
    budget: Budget = "seconds",
    data_dir: pathlib.Path | None = None,
    save: pathlib.Path | None = None,
    seed: int = 0,
    json_file: str | None = None,
    **parameters: Any,
) -> None:
    """Learn a data set, showing progress on a terminal; see `learn` and the command's help."""
    from wetcow.cli.own_images import SUFFIX

    check_json(json_file)
    if dataset not in DATASETS and not dataset.endswith(SUFFIX):
        raise ValueError(
            f"there is no data set {dataset!r}; give one of {[*DATASETS]}, or a file {SUFFIX} of "
            "your own"
        )
    if save is not None and not save.parent.is_dir():
        raise ValueError(f"cannot save to {save}: {save.parent} is not a folder; create it first")
    if progress := sys.stderr.isatty():
        import rich

        rich.reconfigure(stderr=True)  # stdout is for results
    use_all_cores()
    report = learn(dataset, budget, data_dir, seed, save, progress=progress, **parameters)
    _print(report, json_file)
    write_json(report, json_file)


def set_aside(checkpoint: pathlib.Path | None) -> None:
    """Rename what an earlier training or construction kept to FILE.old."""
    from wetcow.learning.memory.construction_files import SUFFIXES

    if checkpoint is None:
        raise ValueError("--restart needs --resume FILE, which says what to begin anew")
    for suffix in ("", *SUFFIXES):
        path = checkpoint.with_name(checkpoint.name + suffix)
        if path.is_file():
            os.replace(path, path.with_name(f"{path.name}.old"))


def learn(
    dataset: str,
    budget: Budget = "seconds",
    data_dir: pathlib.Path | None = None,
    seed: int = 0,
    save: pathlib.Path | None = None,
    **parameters: Any,
) -> dict[str, Any]:
    """Construct a classifier on the training part of a data set and test it on the other.

    Parameters
    ----------
    dataset : str
        A name that `wetcow.datasets.load` knows. Only how its images are deformed, in copies and
        while training, follows from it (`presets.training_defaults`). Or a file,
        `wetcow.cli.own_images`.
    budget : {"seconds", "minute", "minutes"}
        See `WaveClassifier`.
    data_dir : path or None
        Folder of the data; see `wetcow.datasets.load`.
    seed : int
        Of the sampled couplings.
    save : path, optional
        File for the model, written before it is tested.
    **parameters
        Others of `WaveClassifier`.

    Returns
    -------
    dict
        The fields of ``wetcow learn --json``.
    """
    from wetcow import datasets
    from wetcow.cli.own_images import SUFFIX, load_own
    from wetcow.learning.classifier import WaveClassifier
    from wetcow.learning.settings.presets import training_defaults

    if dataset.endswith(SUFFIX):
        X, y, X_test, y_test = load_own(pathlib.Path(dataset), seed)
        said = f"{pathlib.Path(dataset).name}, learned by `wetcow learn`, seed {seed}."
    else:
        X, y = datasets.load(dataset, split="train", data_dir=data_dir)
        X_test, y_test = datasets.load(dataset, split="test", data_dir=data_dir)
        said = f"The training part of {dataset}, learned by `wetcow learn {dataset}`, seed {seed}."
        parameters = training_defaults(dataset) | parameters
    classifier = WaveClassifier(budget, random_state=seed, **parameters)
    start = time.perf_counter()
    decision = classifier.fit(X, y).decision_
    refined = classifier.refined_
    train_seconds = 0.0 if refined is None else refined.seconds
    construct_seconds = time.perf_counter() - start - train_seconds
    if save is not None:
        classifier.save(save, notes=said)
    classifier.predict(X_test[:1])  # what is compiled once is not part of the time per image
    start = time.perf_counter()
    wrong = int((classifier.predict(X_test) != y_test).sum())
    predict_seconds = time.perf_counter() - start
    return {
        "dataset": dataset,
        "n_train": len(y),
        "n_test": len(y_test),
        "test_accuracy": 1 - wrong / len(y_test),
        "test_errors": wrong,
        "construct_seconds": construct_seconds,
        "train_seconds": train_seconds,
        **_validation(refined),
        "predict_seconds_per_image": predict_seconds / len(y_test),
        "view": None if decision is None else decision.line(),
        **_size(classifier),
        "peak_memory_mb": peak_memory_mb(),
        "seed": seed,
        "versions": versions(),
    }


def _size(classifier: WaveClassifier) -> dict[str, int]:
    """Numbers of hidden modes, of stored examples or landmarks, and of parameters."""
    import jax
    import numpy as np

    layers = classifier.hidden_.layers
    return {
        "n_modes": sum(np.size(layer.gamma) for layer in layers),
        "n_memories": len(classifier.memory_.rows),
        "n_parameters": classifier.readout_.n_parameters
        + sum(np.size(array) for array in jax.tree.leaves(layers)),
    }


def _validation(refined: Refined | None) -> dict[str, Any]:
    """Fields that only training gives: what it came to, and how it went."""
    if refined is None:
        return {}
    return {
        "validation_accuracy_constructed": refined.constructed,
        "validation_accuracy_trained": refined.trained,
        "training": [point._asdict() for point in refined.evaluations],
    }


def _training(report: dict[str, Any]) -> dict[str, str]:
    if "validation_accuracy_trained" not in report:
        return {}
    constructed, trained = (
        report[f"validation_accuracy_{name}"] for name in ("constructed", "trained")
    )
    steps = report["training"][-1]["step"] if report["training"] else 0
    kept = "kept" if trained > constructed else "no better, not kept"
    return {
        "trained for": f"{report['train_seconds']:.0f} s, {steps} steps",
        "on validation images": f"{constructed:.4f} constructed, {trained:.4f} trained: {kept}",
    }


def _print(report: dict[str, Any], json_file: str | None) -> None:
    from rich.table import Table

    memory = report["peak_memory_mb"]
    rows = {
        "images": f"{report['n_train']} for training, {report['n_test']} for testing",
        "test accuracy": f"{report['test_accuracy']:.4f} (errors: {report['test_errors']})",
        "images seen with": report["view"],
        "constructed in": f"{report['construct_seconds']:.2f} s",
        **_training(report),
        "prediction": f"{report['predict_seconds_per_image'] * 1e6:.0f} µs per image",
        "hidden modes": f"{report['n_modes']}",
        "stored examples": f"{report['n_memories']}",
        "parameters": f"{report['n_parameters']}",
        "peak memory": "unknown" if memory is None else f"{memory:.0f} MB",
    }
    table = Table(title=report["dataset"], show_header=False, title_justify="left")
    for row in rows.items():
        table.add_row(*row)
    console(json_file).print(table)
