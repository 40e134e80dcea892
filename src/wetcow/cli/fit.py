"""The command ``wetcow fit``: parameters of a brain from its functional connectivity."""

from __future__ import annotations

import pathlib
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetcow.cli.output import (
    PICTURES,
    Json,
    Seed,
    check_json,
    console,
    machine,
    plainly,
    versions,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from wetcow.fit.result import Fitted
    from wetcow.networks.connectome import Connectome

EXAMPLES = (
    "wetcow fit connectome.zip fc.csv --null shuffled --null random --json fit.json",
    "wetcow fit weights.csv one.csv two.csv --held-out three.csv --fit gamma=region --out fit.nc",
)


def command(
    connectome: Annotated[
        pathlib.Path,
        typer.Argument(
            metavar="CONNECTOME",
            help="A zip of The Virtual Brain, .mat, HDF5, .npz, GraphML, .pconn.nii or a matrix.",
        ),
    ],
    fc: Annotated[
        list[pathlib.Path],
        typer.Argument(
            metavar="FC...",
            help="Functional connectivity of each subject, which are averaged: a matrix as text or "
            ".npy, or a file with one in it: .mat, HDF5, .npz, .pconn.nii.",
        ),
    ],
    held_out: Annotated[
        list[pathlib.Path] | None,
        typer.Option(
            metavar="FC", help="Of a subject on which the fit is judged; may be repeated."
        ),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--fit",
            metavar="NAME=global|region",
            help="What is fitted; may be repeated. Of all: coupling_scale, delay_scale, margin; of "
            "regions: gamma, omega, gain, noise. Default: coupling_scale and margin.",
        ),
    ] = None,
    null: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="Connectomes that are wrong on purpose and fitted alike: shuffled, random, "
            "distance, rewired; may be repeated.",
        ),
    ] = None,
    prior: Annotated[
        float | None,
        typer.Option(min=0, help="Standard deviation of regional parameters, about the start."),
    ] = None,
    normalisation: Annotated[
        str, typer.Option(help="Of the weights: none, max, mean, row or spectral.")
    ] = "spectral",
    weight: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which array or attribute of CONNECTOME is the weights."),
    ] = None,
    length: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which is the lengths of tracts, mm."),
    ] = None,
    array: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which array of the files FC is meant."),
    ] = None,
    frequency: Annotated[float, typer.Option(help="Of the waves, Hz.")] = 10.0,
    speed: Annotated[float | None, typer.Option(help="Of conduction, m/s.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Of the optimiser.")] = 120,
    starts: Annotated[int, typer.Option(min=1, help="Places to start from.")] = 1,
    seed: Seed = 0,
    out: Annotated[
        pathlib.Path | None,
        typer.Option(metavar="fit.nc", help="Where to save the result, for Fitted.load."),
    ] = None,
    json_file: Json = None,
    plot: Annotated[
        pathlib.Path | None, typer.Option(metavar="FILE.png", help="Draw the fit beside the data.")
    ] = None,
    progress: Annotated[
        bool, typer.Option("--progress/--no-progress", help="Show steps on a terminal.")
    ] = True,
) -> None:
    """Fit a brain at rest to functional connectivity, in closed form.

    Prints the correlation with the data, with subjects that were held out, and of the nulls: what
    the connectome itself explains is the lead over the best of them.
    """
    from wetcow.networks.connectome import load_connectome

    with plainly():
        check_json(json_file)
        for name, path, suffixes in (("--out", out, (".nc",)), ("--plot", plot, PICTURES)):
            if path is not None and path.suffix not in suffixes:
                raise ValueError(f"{name} must end in {' or '.join(suffixes)}, got {path.name!r}")
        chosen = _parameters(parameter or [])
        scaling: Any = normalisation
        brain = load_connectome(
            connectome,
            frequency=frequency,
            normalisation=scaling,
            weight=weight,
            length=length,
        )
        brain = brain if speed is None else brain.replace(speed=speed)
        target, judged = (_matrices(paths, brain, array) for paths in (fc, held_out or []))
        start = time.perf_counter()
        fitted = _fit(
            brain,
            target,
            parameters=chosen,
            priors=None if prior is None else _priors(prior, chosen),
            held_out=judged,
            nulls=tuple(null or ()),
            steps=steps,
            starts=starts,
            seed=seed,
            progress=progress and sys.stderr.isatty(),
        )
        seconds = time.perf_counter() - start
        if out is not None:
            fitted.save(out)
        if plot is not None:
            from wetcow.files import save_figure

            assert target is not None
            save_figure(fitted.plot(target.mean(axis=0)), plot, dpi=150)
        report = _report(fitted, brain, seconds=seconds, seed=seed, steps=steps)
        report |= {"connectome": connectome, "fc": fc, "held_out_files": held_out or []}
        _print(fitted, report, json_file, [path for path in (out, plot) if path is not None])
        write_json(report, json_file)


def _parameters(given: list[str]) -> dict[str, str] | None:
    """What is fitted, by name; None for the default."""
    from wetcow.fit.parameters import NAMES, SYNONYMS
    from wetcow.validation import did_you_mean

    found = {}
    for one in given:
        name, _, kind = one.partition("=")
        if name not in NAMES:
            raise ValueError(f"--fit {one!r}: unknown name{did_you_mean(name, NAMES, SYNONYMS)}")
        if kind not in ("global", "region"):
            raise ValueError(f"--fit {one!r}: write NAME=global or NAME=region")
        found[name] = kind
    return found or None


def _priors(prior: float, parameters: dict[str, str] | None) -> dict[str, float]:
    regional = [name for name, kind in (parameters or {}).items() if kind == "region"]
    if not regional:
        raise ValueError("--prior is of regional parameters, such as --fit gamma=region")
    return dict.fromkeys(regional, prior)


def _matrices(paths: list[pathlib.Path], brain: Connectome, array: str | None) -> np.ndarray | None:
    """Functional connectivity (subjects, n, n) in the order of regions; None of no files."""
    import numpy as np

    from wetcow.networks.connectome.contents import read_matrix

    found = []
    for path in paths:
        table = read_matrix(path, name=array, argument="--array")
        matrix, names = np.asarray(table.matrix, float), table.regions
        if matrix.shape != (brain.size, brain.size):
            raise ValueError(
                f"{path} is {matrix.shape[0]} by {matrix.shape[1]}, but the connectome has "
                f"{brain.size} regions"
            )
        if names is not None and set(names) == set(brain.regions or ()):
            order = [names.index(name) for name in brain.regions or ()]
            matrix = matrix[np.ix_(order, order)]
        elif names is not None and not _counted(names):
            raise ValueError(
                f"{path} names other regions than the connectome, or numbers them in another "
                f"order: {', '.join(names[:3])}, …"
            )
        found.append(matrix)
    return np.stack(found) if found else None


def _counted(names: Sequence[str]) -> bool:
    """Whether names only count the regions, from 0 or 1 on."""
    return any(list(names) == [str(first + i) for i in range(len(names))] for first in (0, 1))


def _fit(brain: Connectome, target: Any, **settings: Any) -> Fitted:
    from wetcow.fit import fit

    network = brain.to_network(gamma=-1.2, coupling_strength=1.0)
    return fit(network, target, distance=brain.tract_lengths, **settings)


def _report(fitted: Fitted, brain: Connectome, **settings: Any) -> dict[str, Any]:
    values = {name: one.values for name, one in fitted.parameters.data_vars.items()}
    return {
        **fitted.report(),
        "regions": brain.regions,
        "parameters": values,
        **settings,
        "machine": machine(),
        "versions": versions(),
    }


def _print(
    fitted: Fitted, report: dict[str, Any], json_file: str | None, written: list[pathlib.Path]
) -> None:
    from rich.table import Table

    screen = console(json_file)
    title = f"{fitted.num_parameters} parameters, {fitted.network.size} regions"
    table = Table("connectome", title=title, title_justify="left")
    table.add_column("correlation", justify="right")
    judged = fitted.held_out is not None
    if judged:
        table.add_column("other subjects", justify="right")
    for one in (fitted.outcomes[0], *fitted.nulls.values()):
        other = [f"{one.held_out:.3f}"] if one.held_out is not None else []
        table.add_row(one.name, f"{one.score:.3f}", *other)
    if judged and fitted.ceiling is not None:
        table.add_row("ceiling of the data", "", f"{fitted.ceiling:.3f}")
    screen.print(table)
    if fitted.lead is not None:
        screen.print(fitted.summary().rpartition("\n")[2], soft_wrap=True)
    else:
        screen.print("without --null nobody knows what the connectome has to do with it")
    screen.print(f"margin from criticality {fitted.resting.margin:.3g} per unit of time")
    screen.print(f"fitted in {report['seconds']:.1f} s")
    for path in written:
        screen.print(f"wrote {path}", soft_wrap=True)
