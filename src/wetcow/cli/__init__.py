"""The ``wetcow`` command.

Commands import what they need when they run, so that help is shown at once.
"""

from __future__ import annotations

import enum
import pathlib
from typing import Annotated, Any

import typer

import wetcow
from wetcow.cli.benching import bench
from wetcow.cli.doctoring import doctor
from wetcow.cli.examples import epilog
from wetcow.cli.exploring import explore
from wetcow.cli.output import (
    DataDir,
    Json,
    Seed,
    check_json,
    console,
    note,
    plainly,
    use_all_cores,
    write_json,
)
from wetcow.reports.reproduce import ALL, FIGURES, SECTIONS, chosen_items, known_items

app = typer.Typer(
    name="wetcow",
    help="Weakly evanescent cortical waves: modes, synchronized memories, one-shot learning.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


class Dataset(enum.StrEnum):
    """Data sets to learn."""

    DIGITS = "digits"
    MNIST = "mnist"
    FASHION_MNIST = "fashion-mnist"


class Time(enum.StrEnum):
    """Time for the construction of a classifier."""

    SECONDS = "seconds"
    MINUTE = "minute"
    MINUTES = "minutes"


class Mapping(enum.StrEnum):
    """From diffusion to conductivity."""

    LINEAR = "linear"
    VOLUME_NORMALISED = "volume-normalised"


Out = Annotated[
    pathlib.Path, typer.Option("--out", metavar="DIR", help="Folder of the page and its figures.")
]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wetcow {wetcow.__version__}")
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
    pass


def _report(result: dict[str, Any], json_file: str | None) -> None:
    screen = console(json_file)
    for claim in result["claims"]:
        screen.print(f"{claim['verdict']}: {claim['claim']}. {claim['measured']}")
    for finding in result["findings"]:
        screen.print(finding)
    screen.print(f"wrote {result['html']}", soft_wrap=True)
    write_json(result, json_file)


@app.command(epilog=epilog("demo"))
def demo(out: Out = pathlib.Path("wetcow-report"), seed: Seed = 0, json_file: Json = None) -> None:
    """See it work: embedded digits learned, a synchronized memory replayed; an HTML page."""
    with plainly():
        check_json(json_file)
        from wetcow.reports.demo import run_demo

        _report(run_demo(out, seed, note), json_file)


def _items_like(incomplete: str) -> list[str]:
    return [item for item in known_items() if item.startswith(incomplete)]


@app.command(epilog=epilog("reproduce"))
def reproduce(
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
        from wetcow.reports.reproduce import reproduce as run

        result = run(items or [ALL], out, seed, note, quick=quick, older=older, data_dir=data_dir)
        _report(result, json_file)
        for section, reason in result["skipped"].items():
            typer.secho(f"not done: {section}: {reason}", fg="red", err=True)
        if result["skipped"]:
            raise typer.Exit(1)


@app.command(epilog=epilog("simulate"))
def simulate(
    config: Annotated[
        pathlib.Path,
        typer.Argument(metavar="CONFIG.toml", help="System, coupling, and how to run them."),
    ],
    out: Annotated[
        pathlib.Path | None,
        typer.Option(
            metavar="run.nc|run.zarr",
            help="Where to save the trajectory. A run to .zarr that was interrupted is continued "
            "by the same command; a .nc file is replaced.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Replaces simulation.seed of the configuration."),
    ] = None,
    json_file: Json = None,
    plot: Annotated[
        pathlib.Path | None,
        typer.Option(metavar="FILE.png", help="Draw the run, or what the sweep came to."),
    ] = None,
    progress: Annotated[
        bool, typer.Option("--progress/--no-progress", help="Show a bar on a terminal.")
    ] = True,
    restart: Annotated[
        bool, typer.Option("--restart", help="Replace the run in --out run.zarr by a new one.")
    ] = False,
) -> None:
    r"""Simulate a mode, a network or a baseline from a file.

    Prints the spiking frequency of each mode beside the exact and analytic one, where they are
    defined, the order parameter, and the time to synchrony.

    A configuration has the tables [bold]system[/bold] (kind = mode, network, kuramoto, lif,
    connectome), [bold]coupling[/bold] (kind = dense, sparse, sheet, lowrank, delayed, memory),
    [bold]simulation[/bold] (t1, num_samples, seed, …) and [bold]sweep[/bold] (values of
    parameters). For example:

    [dim]\[system]
    kind = "mode"
    gamma = 1.9[/dim]
    """
    resumable = out is not None and out.suffix == ".zarr"
    with plainly(
        "the same command continues where it stopped"
        if resumable
        else "nothing was saved; with --out run.zarr the same command can continue a run"
    ):
        from wetcow.cli.simulating import run

        run(config, out, seed, json_file, plot, progress, restart)


@app.command(epilog=epilog("learn"))
def learn(
    dataset: Annotated[Dataset, typer.Argument(help="digits (8×8 pixels) are embedded.")],
    budget: Annotated[
        Time, typer.Option(help="Time to take, which decides the size of the network.")
    ] = Time.SECONDS,
    n_modes: Annotated[
        int | None,
        typer.Option(min=1, help="Hidden modes for each patch size.", show_default="by budget"),
    ] = None,
    copies: Annotated[
        int, typer.Option(min=0, help="Deformed copies of each image to learn beside it.")
    ] = 0,
    train_minutes: Annotated[
        float, typer.Option(min=0, help="Time to train what was constructed, by gradient.")
    ] = 0.0,
    n_members: Annotated[
        int, typer.Option(min=1, help="Networks constructed and trained apart, read together.")
    ] = 1,
    resume: Annotated[
        pathlib.Path | None,
        typer.Option(
            metavar="FILE",
            help="Keeps the state of training; if it is there, training goes on from it.",
        ),
    ] = None,
    restart: Annotated[
        bool,
        typer.Option(
            "--restart", help="Train from the start; the file of --resume is kept as FILE.old."
        ),
    ] = False,
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
        from wetcow.cli.learning import run, set_aside

        if restart:
            set_aside(resume)

        run(
            *(dataset.value, budget.value, data_dir, save, seed, json_file),
            n_modes=n_modes,
            copies=copies,
            train_minutes=train_minutes,
            n_members=n_members,
            checkpoint=resume,
        )


@app.command(epilog=epilog("predict"))
def predict(
    model: Annotated[
        pathlib.Path, typer.Argument(metavar="MODEL", help="A file of WaveClassifier.save.")
    ],
    images: Annotated[
        list[pathlib.Path],
        typer.Argument(metavar="IMAGE...", help="Pictures, PNG or JPEG, of any size and colours."),
    ],
    crop: Annotated[
        bool,
        typer.Option(
            "--crop/--no-crop",
            help="Find the ink and centre it as in MNIST, or take the whole picture as it is.",
        ),
    ] = True,
    json_file: Json = None,
) -> None:
    """Classify pictures with a saved wave classifier; says which are unlike what it learned.

    Pictures that cannot be read are named, the others are classified, and the exit code is 1.
    """
    with plainly():
        from wetcow.cli.predicting import run

        run(model, images, crop, json_file)


@app.command(epilog=epilog("card"))
def card(
    model: Annotated[
        pathlib.Path, typer.Argument(metavar="MODEL", help="A file of WaveClassifier.save.")
    ],
    json_file: Json = None,
) -> None:
    """Show the card of a saved wave classifier: its data, what was measured, use and limits.

    Prints Markdown, which is in the file as README.md, too.
    """
    with plainly():
        from wetcow.cli.models import show_card

        show_card(model, json_file)


@app.command(epilog=epilog("export"))
def export(
    model: Annotated[
        pathlib.Path, typer.Argument(metavar="MODEL", help="A file of WaveClassifier.save.")
    ],
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
        from wetcow.cli.models import run

        run(model, onnx, json_file)


@app.command(epilog=epilog("tissue"))
def tissue(
    dwi: Annotated[
        pathlib.Path, typer.Argument(metavar="DWI.nii.gz", help="4-D diffusion-weighted image.")
    ],
    bvals: Annotated[pathlib.Path, typer.Option(metavar="FILE", help="b-values, s/mm².")],
    bvecs: Annotated[
        pathlib.Path, typer.Option(metavar="FILE", help="b-vectors, in FSL's convention.")
    ],
    mask: Annotated[
        pathlib.Path | None,
        typer.Option(
            metavar="MASK.nii.gz",
            help="Where there is tissue; give one for images with air or bone.",
            show_default="all voxels with signal",
        ),
    ] = None,
    out: Annotated[
        pathlib.Path, typer.Option("--out", metavar="DIR", help="Folder of the maps.")
    ] = pathlib.Path("wetcow-tissue"),
    wave_number: Annotated[
        list[float] | None,
        typer.Option(
            "--wave-number",
            "-k",
            min=0,
            help="rad/m; may be repeated.",
            show_default="100, 300 and 1000",
        ),
    ] = None,
    mapping: Annotated[
        Mapping, typer.Option(help="linear (Tuch et al. 2001) or volume-normalised.")
    ] = Mapping.LINEAR,
    slope: Annotated[
        float | None,
        typer.Option(help="Of the linear mapping, S·s/mm³.", show_default="0.844"),
    ] = None,
    mean_conductivity: Annotated[
        float | None,
        typer.Option(help="Of the volume-normalised mapping, S/m.", show_default="0.33"),
    ] = None,
    permittivity: Annotated[
        float, typer.Option(help="Relative, ε/ε₀; it falls with frequency. 4e7: 10 Hz.")
    ] = 4e7,
    b0_threshold: Annotated[
        float, typer.Option(min=0, help="b-values up to this count as unweighted, s/mm².")
    ] = 50.0,
    shell: Annotated[
        list[float] | None,
        typer.Option(help="Use only volumes with about this b-value, s/mm²; may be repeated."),
    ] = None,
    exclude_non_positive: Annotated[
        bool,
        typer.Option(
            "--exclude-non-positive",
            help="Leave out voxels whose tensor is not positive definite, which else is an error.",
        ),
    ] = False,
    json_file: Json = None,
) -> None:
    r"""Map wave frequency, damping and longest-surviving direction from diffusion MRI.

    Writes NIfTI images (conductivity, direction, gamma, omega, ratio) and a figure for each wave
    number. Needs the extra mri: pip install "wetcow\[mri]".
    """
    with plainly():
        from wetcow.cli.tissue import run

        settings: dict[str, Any] = {
            "mapping": mapping.value,
            "relative_permittivity": permittivity,
            "non_positive": "exclude" if exclude_non_positive else "raise",
            "b0_threshold": b0_threshold,
            "shells": shell or None,
        }
        for name, value, of in (
            ("slope", slope, Mapping.LINEAR),
            ("mean_conductivity", mean_conductivity, Mapping.VOLUME_NORMALISED),
        ):
            if value is not None and mapping != of:
                option = name.replace("_", "-")
                raise ValueError(f"--{option} belongs to --mapping {of.value}")
            if value is not None:
                settings[name] = value
        numbers = wave_number or [100.0, 300.0, 1000.0]
        run((dwi, bvals, bvecs, mask), out, numbers, settings, json_file)


app.command(epilog=epilog("bench"))(bench)
app.command(epilog=epilog("explore"))(explore)
app.command(epilog=epilog("doctor"))(doctor)
