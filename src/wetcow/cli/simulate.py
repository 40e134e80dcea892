"""The command ``wetcow simulate``: run a configuration, save it, and say what came out."""

from __future__ import annotations

import math
import pathlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetcow.cli.output import PICTURES, Json, check_json, console, plainly, versions, write_json

if TYPE_CHECKING:
    import xarray as xr

    from wetcow.config import Config
    from wetcow.modes.system import System

EXAMPLES = (
    "wetcow simulate examples/one_mode.toml --plot mode.png",
    "wetcow simulate examples/memory.toml --out run.zarr --json run.json",
)
MOST_SHOWN = 20  # modes in the table; the JSON has all


def command(
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
        bool,
        typer.Option(
            "--restart",
            help="Replace the run in --out run.zarr by a new one; a damaged one is kept as "
            "run.zarr.old.",
        ),
    ] = False,
) -> None:
    r"""Simulate a mode, a network or a baseline from a file.

    Prints the spiking frequency of each mode beside the exact and analytic one, where they are
    defined, the order parameter, and the time to synchrony.

    A configuration has the tables [bold]system[/bold] (kind = mode, network, kuramoto, lif,
    connectome), [bold]coupling[/bold] (kind = dense, sparse, sheet, lowrank, delayed, memory),
    [bold]drive[/bold] (kind = arrays, pulse), [bold]simulation[/bold] (t1, num_samples, seed, …)
    and [bold]sweep[/bold] (values of parameters). For example:

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
        run(
            config,
            out=out,
            seed=seed,
            json_file=json_file,
            plot=plot,
            progress=progress,
            restart=restart,
        )


def run(
    path: pathlib.Path,
    *,
    out: pathlib.Path | None = None,
    seed: int | None = None,
    json_file: str | None = None,
    plot: pathlib.Path | None = None,
    progress: bool = False,
    restart: bool = False,
) -> None:
    """Simulate the configuration at `path`; see the command's help for the other parameters."""
    check_json(json_file)
    if out is not None and out.suffix not in (".nc", ".zarr"):
        raise ValueError(f"--out must end in .nc or .zarr, got {out.name!r}")
    if plot is not None and plot.suffix not in PICTURES:
        raise ValueError(f"--plot must end in one of {', '.join(PICTURES)}, got {plot.name!r}")
    from wetcow.cli.summary import summarize_run, summarize_sweep
    from wetcow.config import load_config
    from wetcow.simulation.files.store import discard_run

    config = load_config(path, seed)
    system = config.build()
    drive = config.build_drive(system)
    if restart and out is not None and out.suffix == ".zarr":
        if aside := discard_run(out):
            typer.echo(f"{out} is damaged: it is kept as {aside.name}", err=True)
    results, seconds = _simulate(config, system, drive, out, progress)
    summary = summarize_sweep(results, system) if config.sweep else summarize_run(results, system)
    report = {
        "config": path,
        "out": out,
        "plot": plot,
        **summary,
        "seed": config.simulation.seed,
        "seconds": seconds,
        "versions": versions(),
    }
    if plot is not None:
        from wetcow.files import save_figure
        from wetcow.plotting import plot as draw

        save_figure(draw(results), plot, dpi=150)
    (_print_sweep if config.sweep else _print)(report, json_file)
    write_json(report, json_file)


def _simulate(
    config: Config, system: System, drive: Any, out: pathlib.Path | None, progress: bool
) -> tuple[xr.Dataset, float]:
    """Run and save; a zarr folder grows while running, and is continued if it is unfinished."""
    import numpy as np

    from wetcow.simulation.files.results import save_run
    from wetcow.simulation.simulate import simulate
    from wetcow.simulation.sweep import sweep

    if progress := progress and sys.stderr.isatty():
        import rich

        rich.reconfigure(stderr=True)  # stdout is for results
    growing = out if out is not None and out.suffix == ".zarr" else None
    start = time.perf_counter()
    settings = {**config.simulation.arguments(system.size), "drive": drive}
    if config.sweep:
        del settings["modes"]
        if np.ndim(settings["noise"]):
            settings["noise"] = [settings["noise"]]  # of all runs
        settings |= config.swept()
        results = sweep(system, path=growing, progress=progress, **settings)
    else:
        results = simulate(system, path=growing, progress=progress, **settings)
    seconds = time.perf_counter() - start
    if out is not None and growing is None:
        out.parent.mkdir(parents=True, exist_ok=True)
        save_run(results, out)
    return results, seconds


def _print_sweep(report: dict[str, Any], json_file: str | None) -> None:
    from rich.table import Table

    screen = console(json_file)
    table = Table(title=f"{report['system']}, {len(report['runs'])} runs", title_justify="left")
    columns = (*report["swept"], "frequency", "order_parameter")
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    for one in report["runs"][:MOST_SHOWN]:
        table.add_row(*("" if one[name] is None else f"{one[name]:.6g}" for name in columns))
    screen.print(table)
    if len(report["runs"]) > MOST_SHOWN:
        screen.print(f"and {len(report['runs']) - MOST_SHOWN} more runs; --json has all")
    for name in ("out", "plot"):
        if report[name] is not None:
            screen.print(f"wrote {report[name]}", soft_wrap=True)


def _print(report: dict[str, Any], json_file: str | None) -> None:
    from rich.table import Table

    from wetcow.cli.summary import KNOWN

    screen = console(json_file)
    several = "modes" if report["n_modes"] > 1 else "mode"
    heading = (
        f"{report['system']}, {report['n_modes']} {several}, t = {report['t0']:g}…{report['t1']:g}"
    )
    table = Table("mode", title=heading, title_justify="left")
    columns = {"frequency_measured": "frequency"}
    if report["exact_frequencies_of"]:
        columns |= {name: name.removeprefix("frequency_") for name in KNOWN}
    for title in columns.values():
        table.add_column(title, justify="right")
    for mode in report["modes"][:MOST_SHOWN]:
        table.add_row(str(mode["mode"]), *(f"{mode[name]:.5f}" for name in columns))
    screen.print(table)
    for line in _lines(report):
        screen.print(line, soft_wrap=True)


def _lines(report: dict[str, Any]) -> Iterator[str]:
    """What is said below the table."""
    from wetcow.cli.summary import THRESHOLD

    left_out = len(report["modes"]) - MOST_SHOWN
    if left_out > 0:
        yield f"and {left_out} more modes; --json has all"
    if report["exact_frequencies_of"] == "synchronized motion":
        yield "exact, analytic and criticality are those of the synchronized motion"
    order, reached = report["order_parameter"], report["time_to_synchrony"]
    if order is not None:
        yield (
            f"order parameter: {order['initial']:.4f} at the start, {order['second_half']:.4f} in "
            f"the second half, {order['final']:.4f} at the end"
        )
        unit = {"periods": "linear periods", "time": "time units"}[report["time_to_synchrony_unit"]]
        when = f"after {reached:.2f} {unit}" if math.isfinite(reached) else "not reached"
        when = "not defined, fewer than two modes move" if math.isnan(reached) else when
        yield f"synchrony (order parameter ≥ {THRESHOLD}): {when}"
    yield f"integrated in {report['seconds']:.2f} s"
    for name in ("out", "plot"):
        if report[name] is not None:
            yield f"wrote {report[name]}"
    if report["out"] is None:
        yield "the trajectory was not saved; --out run.nc or run.zarr keeps it"
